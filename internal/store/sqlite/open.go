// Package sqlite keeps reports in one SQLite file in WAL mode: one writer at a
// time, readers that never wait for it.
package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/mattn/go-sqlite3"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// FileName is the name of the database in a data directory.
const FileName = "streetsafe.db"

const (
	// busyTimeout is how long a writer waits for another process. An import
	// holds the lock for some tenths of a second at a time.
	busyTimeout = 30 * time.Second

	// pollEvery is how soon a batch of another process is seen. Looking takes
	// some 10 microseconds, so ten times a second costs nothing.
	pollEvery = 100 * time.Millisecond

	// maxReaders bounds the reading connections, and so the files open and the
	// memory of their caches.
	maxReaders = 8
)

// Options say how to open a database. The zero value opens one that exists and
// has the program's schema.
type Options struct {
	Create  bool             // make the file and its directory when there are none
	Migrate bool             // bring an older schema up to date; implied by Create
	Now     func() time.Time // for the dates on batches and migrations; nil is time.Now
}

// Store is an open database.
type Store struct {
	path   string
	id     string
	now    func() time.Time
	writer *sql.DB // one connection
	reader *sql.DB
	bulk   bulkStatements
	beacon store.Beacon
}

var _ store.Store = (*Store)(nil)

// Open opens the database in the file path. The error is store.ErrNotExist when
// there is none and it is not to be made, store.ErrOldSchema, or
// store.ErrNewerSchema.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	s, err := open(ctx, path, o)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return s, nil
}

func open(ctx context.Context, path string, o Options) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := ensureFile(path, o.Create); err != nil {
		return nil, err
	}
	s := &Store{path: path, now: o.Now}
	if s.now == nil {
		s.now = time.Now
	}
	s.writer, s.reader = newPool(path, writing), newPool(path, reading)
	s.writer.SetMaxOpenConns(1)
	s.reader.SetMaxOpenConns(maxReaders)
	s.reader.SetMaxIdleConns(maxReaders)
	if err := s.prepare(ctx, o.Create || o.Migrate); err != nil {
		return nil, errors.Join(err, s.closePools())
	}
	return s, nil
}

// prepare brings the schema up to date and readies what every call uses.
func (s *Store) prepare(ctx context.Context, migrate bool) error {
	if err := s.useWAL(ctx); err != nil {
		return err
	}
	if err := s.migrate(ctx, migrate); err != nil {
		return err
	}
	row := s.writer.QueryRowContext(ctx, `SELECT value FROM meta WHERE key = 'store_id'`)
	if err := row.Scan(&s.id); err != nil {
		return fmt.Errorf("read the store's id: %w", err)
	}
	var err error
	s.bulk, err = prepareBulk(ctx, s.writer)
	return err
}

// ensureFile makes an empty file that only its owner can read, which SQLite
// then takes over; the WAL and shared memory files get the same rights.
func ensureFile(path string, create bool) error {
	if create {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return err
		}
		return f.Close()
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return store.ErrNotExist
	case err != nil:
		return err
	case info.Size() == 0:
		return fmt.Errorf("%w: the file is empty", store.ErrNotExist)
	}
	return nil
}

// useWAL turns a new database to WAL. SQLite does not wait for a lock here, so
// programs that start together have to try again.
func (s *Store) useWAL(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, busyTimeout)
	defer cancel()
	for pause := time.Millisecond; ; pause *= 2 {
		var mode string
		err := s.writer.QueryRowContext(ctx, `PRAGMA journal_mode = WAL`).Scan(&mode)
		switch {
		case err == nil && mode == "wal":
			return nil
		case err == nil:
			return fmt.Errorf("this file system allows no write-ahead log (journal mode stays %s)", mode)
		case !isBusy(err):
			return fmt.Errorf("turn on the write-ahead log: %w", err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("turn on the write-ahead log: %w", err)
		case <-time.After(pause):
		}
	}
}

func isBusy(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && (e.Code == sqlite3.ErrBusy || e.Code == sqlite3.ErrLocked)
}

// role is what a connection is for.
type role int

const (
	reading role = iota
	writing
	copying // a file that nobody else has open
)

// pragmas are the settings of each connection.
//
// synchronous FULL makes a commit durable before it is acknowledged, not only
// the file consistent. secure_delete overwrites what is deleted, so that a
// withdrawn report does not linger in free pages, and temp_store keeps sorting
// out of temporary files. The write cache holds the inner pages of the key
// index at ten million reports; with a checkpoint each 64 MB, pages that an
// import touches again and again are copied into the file once.
func pragmas(r role) string {
	const both = `PRAGMA temp_store = MEMORY;`
	switch r {
	case reading:
		return both + `PRAGMA query_only = ON; PRAGMA cache_size = -16384;`
	case copying:
		return both + `PRAGMA synchronous = FULL;`
	}
	return both + `
		PRAGMA page_size = 8192;
		PRAGMA synchronous = FULL;
		PRAGMA secure_delete = ON;
		PRAGMA cache_size = -131072;
		PRAGMA wal_autocheckpoint = 8192;
		PRAGMA journal_size_limit = 67108864;`
}

// connector opens connections without a registered driver name, so that the
// package has no state of its own.
type connector struct {
	driver *sqlite3.SQLiteDriver
	dsn    string
}

var _ driver.Connector = (*connector)(nil)

func (c *connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c *connector) Driver() driver.Driver                        { return c.driver }

func newPool(path string, r role) *sql.DB {
	query := url.Values{
		"mode":          {"rw"}, // never make a file: ensureFile has
		"_busy_timeout": {fmt.Sprint(busyTimeout.Milliseconds())},
	}
	if r == writing {
		// Take the lock at the beginning: a transaction that reads first and
		// writes later could fail instead of waiting.
		query.Set("_txlock", "immediate")
	}
	file := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: query.Encode()}
	return sql.OpenDB(&connector{
		dsn: file.String(),
		driver: &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
			_, err := c.Exec(pragmas(r), nil)
			return err
		}},
	})
}

// ID is store.Store.ID.
func (s *Store) ID() string { return s.id }

// Path returns the absolute path of the database file.
func (s *Store) Path() string { return s.path }

// Close is store.Store.Close.
func (s *Store) Close() error {
	s.beacon.Close()
	return s.closePools()
}

func (s *Store) closePools() error {
	// The writer last: the last connection to close folds the log into the file,
	// which a reading one may not.
	if err := errors.Join(s.reader.Close(), s.writer.Close()); err != nil {
		return fmt.Errorf("close %s: %w", s.path, err)
	}
	return nil
}

// today is the date that batches and migrations bear.
func (s *Store) today() report.Day { return report.DayOf(s.now().UTC()) }

// write runs fn in the one writing transaction. Errors of the disk and of
// waiting are store.ErrUnavailable.
func (s *Store) write(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", unavailable(err))
	}
	if err := fn(tx); err != nil {
		return unavailable(errors.Join(err, tx.Rollback()))
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", unavailable(err))
	}
	return nil
}
