package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/mattn/go-sqlite3"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

var _ store.Access = (*Store)(nil)

const accountColumns = `a.id, a.email, a.role, a.area, a.password, a.issuer, a.subject, a.disabled, a.created_at`

// accountFields are where a row of accountColumns goes.
func accountFields(a *store.Account) []any {
	return []any{&a.ID, &a.Email, &a.Role, &a.Area, &a.Password, &a.Issuer, &a.Subject, &a.Disabled, (*seconds)(&a.CreatedAt)}
}

// seconds reads a time that is kept as seconds since 1970.
type seconds time.Time

// Scan implements sql.Scanner.
func (t *seconds) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("time is a %T, want whole seconds", v)
	}
	*t = seconds(time.Unix(n, 0).UTC())
	return nil
}

// hashBytes reads a hash.
type hashBytes store.SecretHash

// Scan implements sql.Scanner.
func (h *hashBytes) Scan(v any) error {
	b, ok := v.([]byte)
	if !ok || len(b) != len(h) {
		return fmt.Errorf("hash is %T of %d bytes, want %d", v, len(b), len(h))
	}
	copy(h[:], b)
	return nil
}

// changeAccess runs fn in a transaction that makes every replica read again who
// may do what.
func (s *Store) changeAccess(ctx context.Context, fn func(*sql.Tx) error) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE access_state SET revision = revision + 1`)
		return err
	})
}

// AddAccount is store.Access.AddAccount.
func (s *Store) AddAccount(ctx context.Context, a store.Account) (id int64, err error) {
	if err := store.ValidateAccount(a); err != nil {
		return 0, err
	}
	err = s.changeAccess(ctx, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `INSERT INTO accounts (email, role, area, password, issuer, subject, disabled, created_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, a.Email, a.Role, a.Area, a.Password, a.Issuer, a.Subject, a.Disabled, a.CreatedAt.Unix())
		if err != nil {
			return taken(err)
		}
		id, err = r.LastInsertId()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("add account: %w", err)
	}
	return id, nil
}

// taken turns a broken UNIQUE into store.ErrExists.
func taken(err error) error {
	var e sqlite3.Error
	if errors.As(err, &e) && e.ExtendedCode == sqlite3.ErrConstraintUnique {
		return store.ErrExists
	}
	return err
}

// Account is store.Access.Account.
func (s *Store) Account(ctx context.Context, id int64) (store.Account, error) {
	return s.findAccount(ctx, `a.id = ?`, id)
}

// AccountByEmail is store.Access.AccountByEmail.
func (s *Store) AccountByEmail(ctx context.Context, email string) (store.Account, error) {
	return s.findAccount(ctx, `a.email = ?`, email)
}

// AccountBySubject is store.Access.AccountBySubject.
func (s *Store) AccountBySubject(ctx context.Context, issuer, subject string) (store.Account, error) {
	return s.findAccount(ctx, `a.issuer = ? AND a.subject = ? AND a.issuer <> ''`, issuer, subject)
}

func (s *Store) findAccount(ctx context.Context, where string, args ...any) (a store.Account, err error) {
	err = s.reader.QueryRowContext(ctx, `SELECT `+accountColumns+` FROM accounts AS a WHERE `+where, args...).Scan(accountFields(&a)...)
	return a, found("account", err)
}

// found turns the answer of an empty query into store.ErrNotFound.
func found(what string, err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		err = store.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("find %s: %w", what, err)
	}
	return nil
}

// Accounts is store.Access.Accounts.
func (s *Store) Accounts(ctx context.Context) ([]store.Account, error) {
	return list(ctx, s.reader, accountFields, `SELECT `+accountColumns+` FROM accounts AS a ORDER BY a.email`)
}

// list reads all rows of a query.
func list[T any](ctx context.Context, q queryer, fields func(*T) []any, query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		var v T
		if err := rows.Scan(fields(&v)...); err != nil {
			return nil, fmt.Errorf("list: %w", err)
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// UpdateAccount is store.Access.UpdateAccount.
func (s *Store) UpdateAccount(ctx context.Context, a store.Account) error {
	if err := store.ValidateAccount(a); err != nil {
		return err
	}
	err := s.changeAccess(ctx, func(tx *sql.Tx) error {
		return one(tx.ExecContext(ctx, `UPDATE accounts SET email = ?, role = ?, area = ?, password = ?, issuer = ?, subject = ?, disabled = ?
			WHERE id = ?`, a.Email, a.Role, a.Area, a.Password, a.Issuer, a.Subject, a.Disabled, a.ID))
	})
	if err != nil {
		return fmt.Errorf("update account: %w", err)
	}
	return nil
}

// one wants a statement to have changed something.
func one(r sql.Result, err error) error {
	if err != nil {
		return taken(err)
	}
	if n, err := r.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return store.ErrNotFound
}

const tokenColumns = `t.id, t.hash, t.account_id, t.name, t.scopes, t.created_at, t.expires_at, t.used_on, t.revoked`

func tokenFields(t *store.Token) []any {
	return []any{&t.ID, (*hashBytes)(&t.Hash), &t.Account, &t.Name, &t.Scopes, (*seconds)(&t.CreatedAt), (*seconds)(&t.ExpiresAt), &t.UsedOn, &t.Revoked}
}

// AddToken is store.Access.AddToken.
func (s *Store) AddToken(ctx context.Context, t store.Token) (int64, error) {
	r, err := s.writer.ExecContext(ctx, `INSERT INTO tokens (hash, account_id, name, scopes, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
		t.Hash[:], t.Account, t.Name, t.Scopes, t.CreatedAt.Unix(), t.ExpiresAt.Unix())
	if err != nil {
		return 0, fmt.Errorf("add token: %w", taken(err))
	}
	return r.LastInsertId()
}

// TokenByHash is store.Access.TokenByHash.
func (s *Store) TokenByHash(ctx context.Context, hash store.SecretHash) (t store.Token, a store.Account, err error) {
	err = s.reader.QueryRowContext(ctx, `SELECT `+tokenColumns+`, `+accountColumns+`
		FROM tokens AS t JOIN accounts AS a ON a.id = t.account_id WHERE t.hash = ?`, hash[:]).
		Scan(append(tokenFields(&t), accountFields(&a)...)...)
	return t, a, found("token", err)
}

// Tokens is store.Access.Tokens.
func (s *Store) Tokens(ctx context.Context, account int64) ([]store.Token, error) {
	return list(ctx, s.reader, tokenFields, `SELECT `+tokenColumns+` FROM tokens AS t WHERE ?1 = 0 OR t.account_id = ?1 ORDER BY t.id`, account)
}

// UseToken is store.Access.UseToken.
func (s *Store) UseToken(ctx context.Context, id int64, on report.Day) error {
	if _, err := s.writer.ExecContext(ctx, `UPDATE tokens SET used_on = ? WHERE id = ?`, on, id); err != nil {
		return fmt.Errorf("use token: %w", err)
	}
	return nil
}

// RevokeToken is store.Access.RevokeToken.
func (s *Store) RevokeToken(ctx context.Context, id int64) error {
	err := s.changeAccess(ctx, func(tx *sql.Tx) error {
		return one(tx.ExecContext(ctx, `UPDATE tokens SET revoked = 1 WHERE id = ?`, id))
	})
	if err != nil {
		return fmt.Errorf("revoke token: %w", err)
	}
	return nil
}
