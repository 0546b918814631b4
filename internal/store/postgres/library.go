package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/streetsafe/streetsafe/internal/store"
)

var _ store.Library = (*Store)(nil)

// changeLibrary runs a statement and makes every replica read the data sets again.
func (s *Store) changeLibrary(ctx context.Context, fn func(pgx.Tx) error) error {
	return s.write(ctx, func(tx pgx.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE library_state SET revision = revision + 1`)
		return err
	})
}

// PutDataset is store.Library.PutDataset.
func (s *Store) PutDataset(ctx context.Context, d store.Dataset) error {
	if err := store.ValidateDataset(d); err != nil {
		return err
	}
	err := s.changeLibrary(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO datasets (kind, name, about, body, imported_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (kind, name) DO UPDATE SET about = excluded.about, body = excluded.body, imported_at = excluded.imported_at`,
			d.Kind, d.Name, d.About, d.Body, whole(d.ImportedAt))
		return err
	})
	if err != nil {
		return fmt.Errorf("keep %s %s: %w", d.Kind, d.Name, err)
	}
	return nil
}

// Dataset is store.Library.Dataset.
func (s *Store) Dataset(ctx context.Context, kind, name string) (d store.Dataset, err error) {
	err = s.primary.QueryRow(ctx, `SELECT kind, name, about, body, imported_at FROM datasets WHERE kind = $1 AND name = $2`, kind, name).
		Scan(&d.Kind, &d.Name, &d.About, &d.Body, (*utc)(&d.ImportedAt))
	return d, found(kind, err)
}

// Datasets is store.Library.Datasets.
func (s *Store) Datasets(ctx context.Context, kind string) ([]store.Dataset, error) {
	return list(ctx, s.primary, func(d *store.Dataset) []any {
		return []any{&d.Kind, &d.Name, &d.About, (*utc)(&d.ImportedAt)}
	}, `SELECT kind, name, about, imported_at FROM datasets WHERE kind = $1 ORDER BY name`, kind)
}

// RemoveDataset is store.Library.RemoveDataset.
func (s *Store) RemoveDataset(ctx context.Context, kind, name string) error {
	err := s.changeLibrary(ctx, func(tx pgx.Tx) error {
		return one(tx.Exec(ctx, `DELETE FROM datasets WHERE kind = $1 AND name = $2`, kind, name))
	})
	if err != nil {
		return fmt.Errorf("remove %s %s: %w", kind, name, err)
	}
	return nil
}

// LibraryRevision is store.Library.LibraryRevision.
func (s *Store) LibraryRevision(ctx context.Context) (n int64, err error) {
	err = s.primary.QueryRow(ctx, `SELECT revision FROM library_state`).Scan(&n)
	return n, found("library", err)
}

const viewColumns = `v.id, v.account_id, v.name, v.address, v.filter, v.box, v.resolution, v.alert, v.created_at`

func viewFields(v *store.View) []any {
	return []any{&v.ID, &v.Account, &v.Name, &v.Address, &v.Filter, &v.Box, &v.Resolution, &v.Alert, (*utc)(&v.CreatedAt)}
}

// SaveView is store.Library.SaveView.
func (s *Store) SaveView(ctx context.Context, v store.View) (int64, error) {
	var id int64
	err := taken(s.primary.QueryRow(ctx, `INSERT INTO saved_views (account_id, name, address, filter, box, resolution, alert, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id`,
		v.Account, v.Name, v.Address, v.Filter, v.Box, v.Resolution, v.Alert, whole(v.CreatedAt)).Scan(&id))
	if err != nil {
		return 0, fmt.Errorf("save view: %w", err)
	}
	return id, nil
}

// Views is store.Library.Views.
func (s *Store) Views(ctx context.Context, account int64) ([]store.View, error) {
	return list(ctx, s.primary, viewFields, `SELECT `+viewColumns+` FROM saved_views AS v WHERE v.account_id = $1 ORDER BY v.name`, account)
}

// WatchedViews is store.Library.WatchedViews.
func (s *Store) WatchedViews(ctx context.Context) ([]store.View, error) {
	return list(ctx, s.primary, viewFields, `SELECT `+viewColumns+` FROM saved_views AS v
		LEFT JOIN accounts AS a ON a.id = v.account_id
		WHERE v.alert AND (v.account_id = 0 OR NOT a.disabled) ORDER BY v.id`)
}

// SetViewAlert is store.Library.SetViewAlert.
func (s *Store) SetViewAlert(ctx context.Context, account, id int64, alert bool) error {
	if err := one(s.primary.Exec(ctx, `UPDATE saved_views SET alert = $1 WHERE account_id = $2 AND id = $3`, alert, account, id)); err != nil {
		return fmt.Errorf("change view: %w", err)
	}
	return nil
}

// RemoveView is store.Library.RemoveView.
func (s *Store) RemoveView(ctx context.Context, account, id int64) error {
	err := s.write(ctx, func(tx pgx.Tx) error {
		// Its alerts go with it.
		return one(tx.Exec(ctx, `DELETE FROM saved_views WHERE account_id = $1 AND id = $2`, account, id))
	})
	if err != nil {
		return fmt.Errorf("remove view: %w", err)
	}
	return nil
}

const (
	alertColumns = `l.id, l.view_id, v.name, v.address, coalesce(a.email, ''), l.until, l.reports, l.expected, l.upper, l.sentence, l.raised_at, l.seen, l.sent, l.tries`
	alertTables  = ` FROM view_alerts AS l JOIN saved_views AS v ON v.id = l.view_id LEFT JOIN accounts AS a ON a.id = v.account_id `
)

func alertFields(l *store.ViewAlert) []any {
	return []any{&l.ID, &l.View, &l.Name, &l.Address, &l.Email, &l.Until, &l.Reports, &l.Expected, &l.Upper, &l.Sentence,
		(*utc)(&l.RaisedAt), &l.Seen, &l.Sent, &l.Tries}
}

// RaiseAlert is store.Library.RaiseAlert.
func (s *Store) RaiseAlert(ctx context.Context, l store.ViewAlert, quiet int) (raised bool, err error) {
	err = s.write(ctx, func(tx pgx.Tx) error {
		r, err := tx.Exec(ctx, `INSERT INTO view_alerts (view_id, until, reports, expected, upper, sentence, raised_at)
			SELECT $1::bigint, $2::integer, $3::bigint, $4::double precision, $5::double precision, $6, $7::timestamptz
			WHERE EXISTS (SELECT 1 FROM saved_views WHERE id = $1)
			AND NOT EXISTS (SELECT 1 FROM view_alerts WHERE view_id = $1 AND until >= $2 - $8::integer)
			ON CONFLICT DO NOTHING`,
			l.View, int32(l.Until), l.Reports, l.Expected, l.Upper, l.Sentence, whole(l.RaisedAt), quiet)
		if err != nil {
			return err
		}
		raised = r.RowsAffected() > 0
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("raise alert: %w", err)
	}
	return raised, nil
}

// Alerts is store.Library.Alerts.
func (s *Store) Alerts(ctx context.Context, account int64, limit int) ([]store.ViewAlert, error) {
	return list(ctx, s.primary, alertFields, `SELECT `+alertColumns+alertTables+`WHERE v.account_id = $1 ORDER BY l.id DESC LIMIT $2`, account, limit)
}

// SeeAlerts is store.Library.SeeAlerts.
func (s *Store) SeeAlerts(ctx context.Context, account, upTo int64) error {
	_, err := s.primary.Exec(ctx, `UPDATE view_alerts SET seen = true WHERE id <= $1 AND NOT seen
		AND view_id IN (SELECT id FROM saved_views WHERE account_id = $2)`, upTo, account)
	if err != nil {
		return fmt.Errorf("see alerts: %w", err)
	}
	return nil
}

// ClaimAlert is store.Library.ClaimAlert.
func (s *Store) ClaimAlert(ctx context.Context, now time.Time, retry time.Duration, tries int) (l store.ViewAlert, err error) {
	err = s.write(ctx, func(tx pgx.Tx) error {
		var id int64
		err := tx.QueryRow(ctx, `UPDATE view_alerts SET next_at = $1::timestamptz + make_interval(secs => $2::double precision * power(4, tries)), tries = tries + 1 WHERE id =
			(SELECT id FROM view_alerts WHERE NOT sent AND tries < $3 AND next_at <= $1::timestamptz ORDER BY next_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id`,
			whole(now), retry.Seconds(), tries).Scan(&id)
		if err != nil {
			return err
		}
		return tx.QueryRow(ctx, `SELECT `+alertColumns+alertTables+`WHERE l.id = $1`, id).Scan(alertFields(&l)...)
	})
	return l, found("alert", err)
}

// AlertSent is store.Library.AlertSent.
func (s *Store) AlertSent(ctx context.Context, id int64) error {
	if err := one(s.primary.Exec(ctx, `UPDATE view_alerts SET sent = true WHERE id = $1`, id)); err != nil {
		return fmt.Errorf("alert sent: %w", err)
	}
	return nil
}
