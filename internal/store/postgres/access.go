package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

var _ store.Access = (*Store)(nil)

// Everything here asks the primary: a standby might not know yet that an
// account was disabled.

const (
	accountColumns = `a.id, a.email, a.role, a.area, a.password, a.issuer, a.subject, a.disabled, a.created_at`

	// uniqueViolation is the SQLSTATE of a broken UNIQUE.
	uniqueViolation = "23505"
)

// accountFields are where a row of accountColumns goes.
func accountFields(a *store.Account) []any {
	return []any{&a.ID, &a.Email, &a.Role, &a.Area, &a.Password, &a.Issuer, &a.Subject, &a.Disabled, (*utc)(&a.CreatedAt)}
}

// utc reads a timestamptz in UTC.
type utc time.Time

// Scan implements sql.Scanner.
func (t *utc) Scan(v any) error {
	at, ok := v.(time.Time)
	if !ok {
		return fmt.Errorf("time is a %T", v)
	}
	*t = utc(at.UTC())
	return nil
}

// whole is a time as it is kept.
func whole(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// hashBytes reads a hash.
type hashBytes store.SecretHash

// ScanBytes implements pgtype.BytesScanner.
func (h *hashBytes) ScanBytes(b []byte) error {
	if len(b) != len(h) {
		return fmt.Errorf("hash has %d bytes, want %d", len(b), len(h))
	}
	copy(h[:], b)
	return nil
}

// changeAccess runs fn in a transaction that makes every replica read again who
// may do what.
func (s *Store) changeAccess(ctx context.Context, fn func(pgx.Tx) error) error {
	return s.write(ctx, func(tx pgx.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE access_state SET revision = revision + 1`)
		return err
	})
}

// AddAccount is store.Access.AddAccount.
func (s *Store) AddAccount(ctx context.Context, a store.Account) (id int64, err error) {
	if err := store.ValidateAccount(a); err != nil {
		return 0, err
	}
	err = s.changeAccess(ctx, func(tx pgx.Tx) error {
		return taken(tx.QueryRow(ctx, `INSERT INTO accounts (email, role, area, password, issuer, subject, disabled, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id`,
			a.Email, a.Role, a.Area, a.Password, a.Issuer, a.Subject, a.Disabled, whole(a.CreatedAt)).Scan(&id))
	})
	if err != nil {
		return 0, fmt.Errorf("add account: %w", err)
	}
	return id, nil
}

// taken turns a broken UNIQUE into store.ErrExists.
func taken(err error) error {
	var e *pgconn.PgError
	if errors.As(err, &e) && e.Code == uniqueViolation {
		return store.ErrExists
	}
	return err
}

// Account is store.Access.Account.
func (s *Store) Account(ctx context.Context, id int64) (store.Account, error) {
	return s.findAccount(ctx, `a.id = $1`, id)
}

// AccountByEmail is store.Access.AccountByEmail.
func (s *Store) AccountByEmail(ctx context.Context, email string) (store.Account, error) {
	return s.findAccount(ctx, `a.email = $1`, email)
}

// AccountBySubject is store.Access.AccountBySubject.
func (s *Store) AccountBySubject(ctx context.Context, issuer, subject string) (store.Account, error) {
	return s.findAccount(ctx, `a.issuer = $1 AND a.subject = $2 AND a.issuer <> ''`, issuer, subject)
}

func (s *Store) findAccount(ctx context.Context, where string, args ...any) (a store.Account, err error) {
	err = s.primary.QueryRow(ctx, `SELECT `+accountColumns+` FROM accounts AS a WHERE `+where, args...).Scan(accountFields(&a)...)
	return a, found("account", err)
}

func found(what string, err error) error {
	if err != nil {
		return fmt.Errorf("find %s: %w", what, noRows(err))
	}
	return nil
}

// Accounts is store.Access.Accounts.
func (s *Store) Accounts(ctx context.Context) ([]store.Account, error) {
	return list(ctx, s.primary, accountFields, `SELECT `+accountColumns+` FROM accounts AS a ORDER BY a.email`)
}

// list reads all rows of a query.
func list[T any](ctx context.Context, q queryer, fields func(*T) []any, query string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (v T, err error) {
		return v, row.Scan(fields(&v)...)
	})
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	return all, nil
}

// UpdateAccount is store.Access.UpdateAccount.
func (s *Store) UpdateAccount(ctx context.Context, a store.Account) error {
	if err := store.ValidateAccount(a); err != nil {
		return err
	}
	err := s.changeAccess(ctx, func(tx pgx.Tx) error {
		return one(tx.Exec(ctx, `UPDATE accounts SET email = $1, role = $2, area = $3, password = $4, issuer = $5, subject = $6, disabled = $7
			WHERE id = $8`, a.Email, a.Role, a.Area, a.Password, a.Issuer, a.Subject, a.Disabled, a.ID))
	})
	if err != nil {
		return fmt.Errorf("update account: %w", err)
	}
	return nil
}

// one wants a statement to have changed something.
func one(tag pgconn.CommandTag, err error) error {
	if err == nil && tag.RowsAffected() == 0 {
		return store.ErrNotFound
	}
	return taken(err)
}

const tokenColumns = `t.id, t.hash, t.account_id, t.name, t.scopes, t.created_at, t.expires_at, t.used_on, t.revoked`

func tokenFields(t *store.Token) []any {
	return []any{&t.ID, (*hashBytes)(&t.Hash), &t.Account, &t.Name, &t.Scopes, (*utc)(&t.CreatedAt), (*utc)(&t.ExpiresAt), &t.UsedOn, &t.Revoked}
}

// AddToken is store.Access.AddToken.
func (s *Store) AddToken(ctx context.Context, t store.Token) (id int64, err error) {
	err = taken(s.primary.QueryRow(ctx, `INSERT INTO tokens (hash, account_id, name, scopes, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
		t.Hash[:], t.Account, t.Name, t.Scopes, whole(t.CreatedAt), whole(t.ExpiresAt)).Scan(&id))
	if err != nil {
		return 0, fmt.Errorf("add token: %w", err)
	}
	return id, nil
}

// TokenByHash is store.Access.TokenByHash.
func (s *Store) TokenByHash(ctx context.Context, hash store.SecretHash) (t store.Token, a store.Account, err error) {
	err = s.primary.QueryRow(ctx, `SELECT `+tokenColumns+`, `+accountColumns+`
		FROM tokens AS t JOIN accounts AS a ON a.id = t.account_id WHERE t.hash = $1`, hash[:]).
		Scan(append(tokenFields(&t), accountFields(&a)...)...)
	return t, a, found("token", err)
}

// Tokens is store.Access.Tokens.
func (s *Store) Tokens(ctx context.Context, account int64) ([]store.Token, error) {
	return list(ctx, s.primary, tokenFields, `SELECT `+tokenColumns+` FROM tokens AS t WHERE $1 = 0 OR t.account_id = $1 ORDER BY t.id`, account)
}

// UseToken is store.Access.UseToken.
func (s *Store) UseToken(ctx context.Context, id int64, on report.Day) error {
	if _, err := s.primary.Exec(ctx, `UPDATE tokens SET used_on = $1 WHERE id = $2`, int32(on), id); err != nil {
		return fmt.Errorf("use token: %w", err)
	}
	return nil
}

// RevokeToken is store.Access.RevokeToken.
func (s *Store) RevokeToken(ctx context.Context, id int64) error {
	err := s.changeAccess(ctx, func(tx pgx.Tx) error {
		return one(tx.Exec(ctx, `UPDATE tokens SET revoked = true WHERE id = $1`, id))
	})
	if err != nil {
		return fmt.Errorf("revoke token: %w", err)
	}
	return nil
}
