package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/streetsafe/streetsafe/internal/store"
)

var _ store.Actions = (*Store)(nil)

const actionColumns = `seq, action_id, number, at, who, change, body`

func actionFields(v *store.ActionVersion) []any {
	return []any{&v.Seq, &v.ID, &v.Number, (*utc)(&v.At), &v.Who, &v.Change, &v.Body}
}

// AddActionVersion is store.Actions.AddActionVersion.
func (s *Store) AddActionVersion(ctx context.Context, v store.ActionVersion, e store.AuditEntry) (store.ActionVersion, error) {
	if err := store.ValidateActionVersion(v); err != nil {
		return v, err
	}
	if err := store.ValidateAudit(e); err != nil {
		return v, err
	}
	err := s.write(ctx, func(tx pgx.Tx) error {
		// The lock of the audit log comes first, and also makes versions follow each
		// other: whoever has read up to one has read all before it.
		if err := appendAudit(ctx, tx, &e); err != nil {
			return err
		}
		last := 0
		if err := tx.QueryRow(ctx, `SELECT coalesce(max(number), 0) FROM action_versions WHERE action_id = $1`, v.ID).Scan(&last); err != nil {
			return err
		}
		if v.Number != last+1 {
			return store.ErrExists
		}
		return insertAction(ctx, tx, &v)
	})
	if err != nil {
		return v, fmt.Errorf("keep action: %w", err)
	}
	return v, nil
}

// insertAction numbers a version and keeps it. The audit log is locked.
func insertAction(ctx context.Context, tx pgx.Tx, v *store.ActionVersion) error {
	v.At = whole(v.At)
	return tx.QueryRow(ctx, `INSERT INTO action_versions (`+actionColumns+`)
		SELECT coalesce(max(seq), 0) + 1, $1, $2::integer, $3::timestamptz, $4, $5, $6::bytea FROM action_versions RETURNING seq`,
		v.ID, v.Number, v.At, v.Who, v.Change, v.Body).Scan(&v.Seq)
}

// ActionVersions is store.Actions.ActionVersions.
func (s *Store) ActionVersions(ctx context.Context, after int64) ([]store.ActionVersion, error) {
	return list(ctx, s.primary, actionFields, `SELECT `+actionColumns+` FROM action_versions WHERE seq > $1 ORDER BY seq`, after)
}

// ActionRevision is store.Actions.ActionRevision.
func (s *Store) ActionRevision(ctx context.Context) (n int64, err error) {
	err = s.primary.QueryRow(ctx, `SELECT coalesce(max(seq), 0) FROM action_versions`).Scan(&n)
	return n, found("actions", err)
}
