package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/streetsafe/streetsafe/internal/store"
)

var _ store.Actions = (*Store)(nil)

const actionColumns = `seq, action_id, number, at, who, change, body`

func actionFields(v *store.ActionVersion) []any {
	return []any{&v.Seq, &v.ID, &v.Number, (*seconds)(&v.At), &v.Who, &v.Change, &v.Body}
}

// AddActionVersion is store.Actions.AddActionVersion.
func (s *Store) AddActionVersion(ctx context.Context, v store.ActionVersion, e store.AuditEntry) (store.ActionVersion, error) {
	if err := store.ValidateActionVersion(v); err != nil {
		return v, err
	}
	if err := store.ValidateAudit(e); err != nil {
		return v, err
	}
	err := s.write(ctx, func(tx *sql.Tx) error {
		last := 0
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(number), 0) FROM action_versions WHERE action_id = ?`, v.ID).Scan(&last); err != nil {
			return err
		}
		if v.Number != last+1 {
			return store.ErrExists
		}
		if err := insertAction(ctx, tx, &v); err != nil {
			return err
		}
		return appendAudit(ctx, tx, &e)
	})
	if err != nil {
		return v, fmt.Errorf("keep action: %w", err)
	}
	return v, nil
}

// insertAction numbers a version and keeps it.
func insertAction(ctx context.Context, tx *sql.Tx, v *store.ActionVersion) error {
	v.At = v.At.UTC().Truncate(time.Second)
	return tx.QueryRowContext(ctx, `INSERT INTO action_versions (`+actionColumns+`)
		SELECT coalesce(max(seq), 0) + 1, ?, ?, ?, ?, ?, ? FROM action_versions RETURNING seq`,
		v.ID, v.Number, v.At.Unix(), v.Who, v.Change, v.Body).Scan(&v.Seq)
}

// ActionVersions is store.Actions.ActionVersions.
func (s *Store) ActionVersions(ctx context.Context, after int64) ([]store.ActionVersion, error) {
	return list(ctx, s.reader, actionFields, `SELECT `+actionColumns+` FROM action_versions WHERE seq > ? ORDER BY seq`, after)
}

// ActionRevision is store.Actions.ActionRevision.
func (s *Store) ActionRevision(ctx context.Context) (n int64, err error) {
	err = s.reader.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM action_versions`).Scan(&n)
	return n, found("actions", err)
}
