package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/streetsafe/streetsafe/internal/store"
)

// pool is a pool of connections whose errors, and those of its transactions,
// are store.ErrUnavailable when the database is at fault.
type pool struct{ *pgxpool.Pool }

var (
	_ queryer = (*pool)(nil)
	_ pgx.Tx  = tx{}
)

// sessionSettings are those of every connection; the URL may overrule them.
//
// The tcp ones and the check of the connection end the session of a program
// that is gone within some ten seconds, and with it the lock on publishing,
// even in the middle of a statement.
func sessionSettings() map[string]string {
	milliseconds := func(d time.Duration) string { return fmt.Sprint(d.Milliseconds()) }
	return map[string]string{
		"application_name":                    "streetsafe",
		"client_min_messages":                 "warning",
		"jit":                                 "off", // measured: compiling takes 1 s for queries of 0.1 s
		"lock_timeout":                        milliseconds(lockTimeout),
		"idle_in_transaction_session_timeout": milliseconds(idleTimeout),
		"client_connection_check_interval":    milliseconds(2 * time.Second),
		"tcp_keepalives_idle":                 "5",
		"tcp_keepalives_interval":             "2",
		"tcp_keepalives_count":                "3",
		"tcp_user_timeout":                    milliseconds(10 * time.Second),
	}
}

func newPool(ctx context.Context, url string, maxConns int32) (*pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		// pgx repeats an address that it cannot read, with the password in it.
		return nil, errors.New("the database URL cannot be read: want postgres://user:password@host:port/name")
	}
	config.MaxConns = defaultMaxConns
	if maxConns > 0 {
		config.MaxConns = maxConns
	}
	config.ConnConfig.ConnectTimeout = connectTimeout
	for name, value := range sessionSettings() {
		if _, set := config.ConnConfig.RuntimeParams[name]; !set {
			config.ConnConfig.RuntimeParams[name] = value
		}
	}
	p, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	return &pool{p}, nil
}

func (p *pool) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	tag, err := p.Pool.Exec(ctx, sql, args...)
	return tag, unavailable(ctx, err)
}

func (p *pool) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	r, err := p.Pool.Query(ctx, sql, args...)
	return rows{r, ctx}, unavailable(ctx, err)
}

func (p *pool) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return row{p.Pool.QueryRow(ctx, sql, args...), ctx}
}

func (p *pool) Begin(ctx context.Context) (pgx.Tx, error) { return p.BeginTx(ctx, pgx.TxOptions{}) }

func (p *pool) BeginTx(ctx context.Context, o pgx.TxOptions) (pgx.Tx, error) {
	t, err := p.Pool.BeginTx(ctx, o)
	return tx{t}, unavailable(ctx, err)
}

// tx is a transaction of a pool.
type tx struct{ pgx.Tx }

// Begin sets a savepoint.
func (t tx) Begin(ctx context.Context) (pgx.Tx, error) {
	nested, err := t.Tx.Begin(ctx)
	return tx{nested}, unavailable(ctx, err)
}

func (t tx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	tag, err := t.Tx.Exec(ctx, sql, args...)
	return tag, unavailable(ctx, err)
}

func (t tx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	r, err := t.Tx.Query(ctx, sql, args...)
	return rows{r, ctx}, unavailable(ctx, err)
}

func (t tx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return row{t.Tx.QueryRow(ctx, sql, args...), ctx}
}

func (t tx) Commit(ctx context.Context) error { return unavailable(ctx, t.Tx.Commit(ctx)) }

type rows struct {
	pgx.Rows
	ctx context.Context
}

func (r rows) Err() error { return unavailable(r.ctx, r.Rows.Err()) }

type row struct {
	pgx.Row
	ctx context.Context
}

func (r row) Scan(dest ...any) error { return unavailable(r.ctx, r.Row.Scan(dest...)) }

// unavailable marks an error that another attempt, later or on another server,
// may well not meet. What the caller has cancelled is no fault of the database.
func unavailable(ctx context.Context, err error) error {
	if err == nil || errors.Is(err, store.ErrUnavailable) {
		return err
	}
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, store.ErrUnavailable): // a stallWatch has cancelled
		return fmt.Errorf("%w: %w", cause, err)
	case errors.Is(cause, context.Canceled) || !isUnavailable(err):
		return err
	}
	return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
}

func isUnavailable(err error) bool {
	var answer *pgconn.PgError
	if errors.As(err, &answer) {
		return passingState(answer.Code)
	}
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || pgconn.SafeToRetry(err) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, context.DeadlineExceeded)
}

// passingState reports whether an SQLSTATE speaks of the server rather than of
// the statement. Source: PostgreSQL 15, appendix A.
func passingState(code string) bool {
	if len(code) != 5 {
		return false
	}
	switch code[:2] {
	case "08", // the connection
		"53", // disk full, out of memory, too many connections
		"58": // the server's files
		return true
	}
	switch code {
	case "25006", // a standby, or a primary that was demoted
		"25P03",          // idle in a transaction for too long
		"40001", "40P01", // serialization failure, deadlock
		"55P03",                            // another writer held the lock for too long
		"57P01", "57P02", "57P03", "57P05": // shut down, crashed, starting, idle for too long
		return true
	}
	return false
}
