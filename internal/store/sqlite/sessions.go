package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/streetsafe/streetsafe/internal/store"
)

const sessionColumns = `s.hash, s.account_id, s.created_at, s.seen_at, s.expires_at`

func sessionFields(s *store.Session) []any {
	return []any{(*hashBytes)(&s.Hash), &s.Account, (*seconds)(&s.CreatedAt), (*seconds)(&s.SeenAt), (*seconds)(&s.ExpiresAt)}
}

// AddSession is store.Access.AddSession.
func (s *Store) AddSession(ctx context.Context, v store.Session) error {
	_, err := s.writer.ExecContext(ctx, `INSERT INTO sessions (hash, account_id, created_at, seen_at, expires_at) VALUES (?, ?, ?, ?, ?)`,
		v.Hash[:], v.Account, v.CreatedAt.Unix(), v.SeenAt.Unix(), v.ExpiresAt.Unix())
	if err != nil {
		return fmt.Errorf("add session: %w", err)
	}
	return nil
}

// Session is store.Access.Session.
func (s *Store) Session(ctx context.Context, hash store.SecretHash) (v store.Session, a store.Account, err error) {
	err = s.reader.QueryRowContext(ctx, `SELECT `+sessionColumns+`, `+accountColumns+`
		FROM sessions AS s JOIN accounts AS a ON a.id = s.account_id WHERE s.hash = ?`, hash[:]).
		Scan(append(sessionFields(&v), accountFields(&a)...)...)
	return v, a, found("session", err)
}

// SeeSession is store.Access.SeeSession.
func (s *Store) SeeSession(ctx context.Context, hash store.SecretHash, at time.Time) error {
	if _, err := s.writer.ExecContext(ctx, `UPDATE sessions SET seen_at = ? WHERE hash = ?`, at.Unix(), hash[:]); err != nil {
		return fmt.Errorf("see session: %w", err)
	}
	return nil
}

// Sessions is store.Access.Sessions.
func (s *Store) Sessions(ctx context.Context, account int64) ([]store.Session, error) {
	return list(ctx, s.reader, sessionFields, `SELECT `+sessionColumns+` FROM sessions AS s WHERE s.account_id = ? ORDER BY s.created_at DESC, s.hash`, account)
}

// EndSession is store.Access.EndSession.
func (s *Store) EndSession(ctx context.Context, hash store.SecretHash) error {
	return s.endSessions(ctx, `DELETE FROM sessions WHERE hash = ?`, hash[:])
}

// EndSessions is store.Access.EndSessions.
func (s *Store) EndSessions(ctx context.Context, account int64, keep store.SecretHash) error {
	return s.endSessions(ctx, `DELETE FROM sessions WHERE account_id = ? AND hash <> ?`, account, keep[:])
}

func (s *Store) endSessions(ctx context.Context, query string, args ...any) error {
	err := s.changeAccess(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}

const linkColumns = `hash, account_id, expires_at`

func linkFields(l *store.Link) []any {
	return []any{(*hashBytes)(&l.Hash), &l.Account, (*seconds)(&l.ExpiresAt)}
}

// AddLink is store.Access.AddLink.
func (s *Store) AddLink(ctx context.Context, l store.Link) error {
	_, err := s.writer.ExecContext(ctx, `INSERT INTO links (`+linkColumns+`) VALUES (?, ?, ?)
		ON CONFLICT (account_id) DO UPDATE SET hash = excluded.hash, expires_at = excluded.expires_at`, l.Hash[:], l.Account, l.ExpiresAt.Unix())
	if err != nil {
		return fmt.Errorf("add link: %w", err)
	}
	return nil
}

// Link is store.Access.Link.
func (s *Store) Link(ctx context.Context, hash store.SecretHash) (l store.Link, err error) {
	err = s.reader.QueryRowContext(ctx, `SELECT `+linkColumns+` FROM links WHERE hash = ?`, hash[:]).Scan(linkFields(&l)...)
	return l, found("link", err)
}

// UseLink is store.Access.UseLink.
func (s *Store) UseLink(ctx context.Context, hash store.SecretHash) (l store.Link, err error) {
	err = s.writer.QueryRowContext(ctx, `DELETE FROM links WHERE hash = ? RETURNING `+linkColumns, hash[:]).Scan(linkFields(&l)...)
	return l, found("link", err)
}

// AccessRevision is store.Access.AccessRevision.
func (s *Store) AccessRevision(ctx context.Context) (n int64, err error) {
	err = s.reader.QueryRowContext(ctx, `SELECT revision FROM access_state`).Scan(&n)
	return n, found("revision", err)
}

// AccessSecret is store.Access.AccessSecret.
func (s *Store) AccessSecret(ctx context.Context) (secret string, err error) {
	err = s.reader.QueryRowContext(ctx, `SELECT secret FROM access_state`).Scan(&secret)
	return secret, found("secret", err)
}

// Sweep is store.Access.Sweep.
func (s *Store) Sweep(ctx context.Context, before time.Time) error {
	for _, table := range []string{"sessions", "links"} {
		if _, err := s.writer.ExecContext(ctx, `DELETE FROM `+table+` WHERE expires_at < ?`, before.Unix()); err != nil {
			return fmt.Errorf("sweep %s: %w", table, err)
		}
	}
	return nil
}

const auditColumns = `seq, at, who, what, cell, why, previous, hash`

func auditFields(e *store.AuditEntry) []any {
	return []any{&e.Seq, (*seconds)(&e.At), &e.Who, &e.What, &e.Cell, &e.Why, (*hashBytes)(&e.Previous), (*hashBytes)(&e.Hash)}
}

// AppendAudit is store.Access.AppendAudit.
func (s *Store) AppendAudit(ctx context.Context, e store.AuditEntry) (store.AuditEntry, error) {
	if err := store.ValidateAudit(e); err != nil {
		return e, err
	}
	if err := s.write(ctx, func(tx *sql.Tx) error { return appendAudit(ctx, tx, &e) }); err != nil {
		return e, fmt.Errorf("append to the audit log: %w", err)
	}
	return e, nil
}

// appendAudit chains an entry to the last one and keeps it.
func appendAudit(ctx context.Context, tx *sql.Tx, e *store.AuditEntry) error {
	last, err := auditHead(ctx, tx)
	if err != nil {
		return err
	}
	*e = e.Chain(last)
	_, err = tx.ExecContext(ctx, `INSERT INTO audit_entries (`+auditColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		e.Seq, e.At.Unix(), e.Who, e.What, e.Cell, e.Why, e.Previous[:], e.Hash[:])
	return err
}

// Audit is store.Access.Audit.
func (s *Store) Audit(ctx context.Context, after int64, limit int) ([]store.AuditEntry, error) {
	return list(ctx, s.reader, auditFields, `SELECT `+auditColumns+` FROM audit_entries WHERE seq > ? ORDER BY seq LIMIT ?`, after, limit)
}

// AuditHead is store.Access.AuditHead.
func (s *Store) AuditHead(ctx context.Context) (store.AuditEntry, error) {
	return auditHead(ctx, s.reader)
}

func auditHead(ctx context.Context, q queryer) (e store.AuditEntry, err error) {
	err = q.QueryRowContext(ctx, `SELECT `+auditColumns+` FROM audit_entries ORDER BY seq DESC LIMIT 1`).Scan(auditFields(&e)...)
	if errors.Is(err, sql.ErrNoRows) {
		return store.AuditEntry{}, nil
	}
	return e, found("the last audit entry", err)
}
