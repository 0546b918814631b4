package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/streetsafe/streetsafe/internal/store"
)

const sessionColumns = `s.hash, s.account_id, s.created_at, s.seen_at, s.expires_at`

func sessionFields(s *store.Session) []any {
	return []any{(*hashBytes)(&s.Hash), &s.Account, (*utc)(&s.CreatedAt), (*utc)(&s.SeenAt), (*utc)(&s.ExpiresAt)}
}

// AddSession is store.Access.AddSession.
func (s *Store) AddSession(ctx context.Context, v store.Session) error {
	_, err := s.primary.Exec(ctx, `INSERT INTO sessions (hash, account_id, created_at, seen_at, expires_at) VALUES ($1, $2, $3, $4, $5)`,
		v.Hash[:], v.Account, whole(v.CreatedAt), whole(v.SeenAt), whole(v.ExpiresAt))
	if err != nil {
		return fmt.Errorf("add session: %w", err)
	}
	return nil
}

// Session is store.Access.Session.
func (s *Store) Session(ctx context.Context, hash store.SecretHash) (v store.Session, a store.Account, err error) {
	err = s.primary.QueryRow(ctx, `SELECT `+sessionColumns+`, `+accountColumns+`
		FROM sessions AS s JOIN accounts AS a ON a.id = s.account_id WHERE s.hash = $1`, hash[:]).
		Scan(append(sessionFields(&v), accountFields(&a)...)...)
	return v, a, found("session", err)
}

// SeeSession is store.Access.SeeSession.
func (s *Store) SeeSession(ctx context.Context, hash store.SecretHash, at time.Time) error {
	if _, err := s.primary.Exec(ctx, `UPDATE sessions SET seen_at = $1 WHERE hash = $2`, whole(at), hash[:]); err != nil {
		return fmt.Errorf("see session: %w", err)
	}
	return nil
}

// Sessions is store.Access.Sessions.
func (s *Store) Sessions(ctx context.Context, account int64) ([]store.Session, error) {
	return list(ctx, s.primary, sessionFields, `SELECT `+sessionColumns+` FROM sessions AS s WHERE s.account_id = $1 ORDER BY s.created_at DESC, s.hash`, account)
}

// EndSession is store.Access.EndSession.
func (s *Store) EndSession(ctx context.Context, hash store.SecretHash) error {
	return s.endSessions(ctx, `DELETE FROM sessions WHERE hash = $1`, hash[:])
}

// EndSessions is store.Access.EndSessions.
func (s *Store) EndSessions(ctx context.Context, account int64, keep store.SecretHash) error {
	return s.endSessions(ctx, `DELETE FROM sessions WHERE account_id = $1 AND hash <> $2`, account, keep[:])
}

func (s *Store) endSessions(ctx context.Context, query string, args ...any) error {
	err := s.changeAccess(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}

const linkColumns = `hash, account_id, expires_at`

func linkFields(l *store.Link) []any {
	return []any{(*hashBytes)(&l.Hash), &l.Account, (*utc)(&l.ExpiresAt)}
}

// AddLink is store.Access.AddLink.
func (s *Store) AddLink(ctx context.Context, l store.Link) error {
	_, err := s.primary.Exec(ctx, `INSERT INTO links (`+linkColumns+`) VALUES ($1, $2, $3)
		ON CONFLICT (account_id) DO UPDATE SET hash = excluded.hash, expires_at = excluded.expires_at`, l.Hash[:], l.Account, whole(l.ExpiresAt))
	if err != nil {
		return fmt.Errorf("add link: %w", err)
	}
	return nil
}

// Link is store.Access.Link.
func (s *Store) Link(ctx context.Context, hash store.SecretHash) (l store.Link, err error) {
	err = s.primary.QueryRow(ctx, `SELECT `+linkColumns+` FROM links WHERE hash = $1`, hash[:]).Scan(linkFields(&l)...)
	return l, found("link", err)
}

// UseLink is store.Access.UseLink.
func (s *Store) UseLink(ctx context.Context, hash store.SecretHash) (l store.Link, err error) {
	err = s.primary.QueryRow(ctx, `DELETE FROM links WHERE hash = $1 RETURNING `+linkColumns, hash[:]).Scan(linkFields(&l)...)
	return l, found("link", err)
}

// AccessRevision is store.Access.AccessRevision.
func (s *Store) AccessRevision(ctx context.Context) (n int64, err error) {
	err = s.primary.QueryRow(ctx, `SELECT revision FROM access_state`).Scan(&n)
	return n, found("revision", err)
}

// AccessSecret is store.Access.AccessSecret.
func (s *Store) AccessSecret(ctx context.Context) (secret string, err error) {
	err = s.primary.QueryRow(ctx, `SELECT secret FROM access_state`).Scan(&secret)
	return secret, found("secret", err)
}

// Sweep is store.Access.Sweep.
func (s *Store) Sweep(ctx context.Context, before time.Time) error {
	for _, table := range []string{"sessions", "links"} {
		if _, err := s.primary.Exec(ctx, `DELETE FROM `+table+` WHERE expires_at < $1`, before); err != nil {
			return fmt.Errorf("sweep %s: %w", table, err)
		}
	}
	return nil
}

const (
	auditColumns = `seq, at, who, what, cell, why, previous, hash`

	// auditLock is the key of the advisory lock that makes entries follow each
	// other. It is not publishLock: a log-in must not wait for an import.
	auditLock = 0x5374726541756474 // "StreAudt"
)

func auditFields(e *store.AuditEntry) []any {
	return []any{&e.Seq, (*utc)(&e.At), &e.Who, &e.What, &e.Cell, &e.Why, (*hashBytes)(&e.Previous), (*hashBytes)(&e.Hash)}
}

// AppendAudit is store.Access.AppendAudit.
func (s *Store) AppendAudit(ctx context.Context, e store.AuditEntry) (store.AuditEntry, error) {
	if err := store.ValidateAudit(e); err != nil {
		return e, err
	}
	if err := s.write(ctx, func(tx pgx.Tx) error { return appendAudit(ctx, tx, &e) }); err != nil {
		return e, fmt.Errorf("append to the audit log: %w", err)
	}
	return e, nil
}

// lockAudit keeps others from the audit log until the transaction ends.
func lockAudit(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(auditLock))
	return err
}

// appendAudit chains an entry to the last one and keeps it.
func appendAudit(ctx context.Context, tx pgx.Tx, e *store.AuditEntry) error {
	if err := lockAudit(ctx, tx); err != nil {
		return err
	}
	last, err := auditHead(ctx, tx)
	if err != nil {
		return err
	}
	*e = e.Chain(last)
	_, err = tx.Exec(ctx, `INSERT INTO audit_entries (`+auditColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		e.Seq, e.At, e.Who, e.What, e.Cell, e.Why, e.Previous[:], e.Hash[:])
	return err
}

// Audit is store.Access.Audit.
func (s *Store) Audit(ctx context.Context, after int64, limit int) ([]store.AuditEntry, error) {
	return list(ctx, s.primary, auditFields, `SELECT `+auditColumns+` FROM audit_entries WHERE seq > $1 ORDER BY seq LIMIT $2`, after, limit)
}

// AuditHead is store.Access.AuditHead.
func (s *Store) AuditHead(ctx context.Context) (store.AuditEntry, error) {
	return auditHead(ctx, s.primary)
}

func auditHead(ctx context.Context, q queryer) (e store.AuditEntry, err error) {
	err = q.QueryRow(ctx, `SELECT `+auditColumns+` FROM audit_entries ORDER BY seq DESC LIMIT 1`).Scan(auditFields(&e)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return store.AuditEntry{}, nil
	}
	return e, found("the last audit entry", err)
}
