package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/streetsafe/streetsafe/internal/store"
)

var _ store.Library = (*Store)(nil)

// changeLibrary runs a statement and makes every replica read the data sets again.
func (s *Store) changeLibrary(ctx context.Context, fn func(*sql.Tx) error) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE library_state SET revision = revision + 1`)
		return err
	})
}

// PutDataset is store.Library.PutDataset.
func (s *Store) PutDataset(ctx context.Context, d store.Dataset) error {
	if err := store.ValidateDataset(d); err != nil {
		return err
	}
	err := s.changeLibrary(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO datasets (kind, name, about, body, imported_at) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (kind, name) DO UPDATE SET about = excluded.about, body = excluded.body, imported_at = excluded.imported_at`,
			d.Kind, d.Name, d.About, d.Body, d.ImportedAt.Unix())
		return err
	})
	if err != nil {
		return fmt.Errorf("keep %s %s: %w", d.Kind, d.Name, err)
	}
	return nil
}

// Dataset is store.Library.Dataset.
func (s *Store) Dataset(ctx context.Context, kind, name string) (d store.Dataset, err error) {
	err = s.reader.QueryRowContext(ctx, `SELECT kind, name, about, body, imported_at FROM datasets WHERE kind = ? AND name = ?`, kind, name).
		Scan(&d.Kind, &d.Name, &d.About, &d.Body, (*seconds)(&d.ImportedAt))
	return d, found(kind, err)
}

// Datasets is store.Library.Datasets.
func (s *Store) Datasets(ctx context.Context, kind string) ([]store.Dataset, error) {
	return list(ctx, s.reader, func(d *store.Dataset) []any {
		return []any{&d.Kind, &d.Name, &d.About, (*seconds)(&d.ImportedAt)}
	}, `SELECT kind, name, about, imported_at FROM datasets WHERE kind = ? ORDER BY name`, kind)
}

// RemoveDataset is store.Library.RemoveDataset.
func (s *Store) RemoveDataset(ctx context.Context, kind, name string) error {
	err := s.changeLibrary(ctx, func(tx *sql.Tx) error {
		return one(tx.ExecContext(ctx, `DELETE FROM datasets WHERE kind = ? AND name = ?`, kind, name))
	})
	if err != nil {
		return fmt.Errorf("remove %s %s: %w", kind, name, err)
	}
	return nil
}

// LibraryRevision is store.Library.LibraryRevision.
func (s *Store) LibraryRevision(ctx context.Context) (n int64, err error) {
	err = s.reader.QueryRowContext(ctx, `SELECT revision FROM library_state`).Scan(&n)
	return n, found("library", err)
}

const viewColumns = `v.id, v.account_id, v.name, v.address, v.filter, v.box, v.resolution, v.alert, v.created_at`

func viewFields(v *store.View) []any {
	return []any{&v.ID, &v.Account, &v.Name, &v.Address, &v.Filter, &v.Box, &v.Resolution, &v.Alert, (*seconds)(&v.CreatedAt)}
}

// SaveView is store.Library.SaveView.
func (s *Store) SaveView(ctx context.Context, v store.View) (int64, error) {
	r, err := s.writer.ExecContext(ctx, `INSERT INTO saved_views (account_id, name, address, filter, box, resolution, alert, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, v.Account, v.Name, v.Address, v.Filter, v.Box, v.Resolution, v.Alert, v.CreatedAt.Unix())
	if err != nil {
		return 0, fmt.Errorf("save view: %w", taken(err))
	}
	return r.LastInsertId()
}

// Views is store.Library.Views.
func (s *Store) Views(ctx context.Context, account int64) ([]store.View, error) {
	return list(ctx, s.reader, viewFields, `SELECT `+viewColumns+` FROM saved_views AS v WHERE v.account_id = ? ORDER BY v.name`, account)
}

// WatchedViews is store.Library.WatchedViews.
func (s *Store) WatchedViews(ctx context.Context) ([]store.View, error) {
	return list(ctx, s.reader, viewFields, `SELECT `+viewColumns+` FROM saved_views AS v
		LEFT JOIN accounts AS a ON a.id = v.account_id
		WHERE v.alert = 1 AND (v.account_id = 0 OR a.disabled = 0) ORDER BY v.id`)
}

// SetViewAlert is store.Library.SetViewAlert.
func (s *Store) SetViewAlert(ctx context.Context, account, id int64, alert bool) error {
	if err := one(s.writer.ExecContext(ctx, `UPDATE saved_views SET alert = ? WHERE account_id = ? AND id = ?`, alert, account, id)); err != nil {
		return fmt.Errorf("change view: %w", err)
	}
	return nil
}

// RemoveView is store.Library.RemoveView.
func (s *Store) RemoveView(ctx context.Context, account, id int64) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		if err := one(tx.ExecContext(ctx, `DELETE FROM saved_views WHERE account_id = ? AND id = ?`, account, id)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM view_alerts WHERE view_id = ?`, id)
		return err
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
		(*seconds)(&l.RaisedAt), &l.Seen, &l.Sent, &l.Tries}
}

// RaiseAlert is store.Library.RaiseAlert.
func (s *Store) RaiseAlert(ctx context.Context, l store.ViewAlert, quiet int) (raised bool, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `INSERT INTO view_alerts (view_id, until, reports, expected, upper, sentence, raised_at)
			SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
			WHERE EXISTS (SELECT 1 FROM saved_views WHERE id = ?1)
			AND NOT EXISTS (SELECT 1 FROM view_alerts WHERE view_id = ?1 AND until >= ?2 - ?8)`,
			l.View, l.Until, l.Reports, l.Expected, l.Upper, l.Sentence, l.RaisedAt.Unix(), quiet)
		if err != nil {
			return err
		}
		n, err := r.RowsAffected()
		raised = n > 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("raise alert: %w", err)
	}
	return raised, nil
}

// Alerts is store.Library.Alerts.
func (s *Store) Alerts(ctx context.Context, account int64, limit int) ([]store.ViewAlert, error) {
	return list(ctx, s.reader, alertFields, `SELECT `+alertColumns+alertTables+`WHERE v.account_id = ? ORDER BY l.id DESC LIMIT ?`, account, limit)
}

// SeeAlerts is store.Library.SeeAlerts.
func (s *Store) SeeAlerts(ctx context.Context, account, upTo int64) error {
	_, err := s.writer.ExecContext(ctx, `UPDATE view_alerts SET seen = 1 WHERE id <= ? AND seen = 0
		AND view_id IN (SELECT id FROM saved_views WHERE account_id = ?)`, upTo, account)
	if err != nil {
		return fmt.Errorf("see alerts: %w", err)
	}
	return nil
}

// ClaimAlert is store.Library.ClaimAlert.
func (s *Store) ClaimAlert(ctx context.Context, now time.Time, retry time.Duration, tries int) (l store.ViewAlert, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		var id int64
		err := tx.QueryRowContext(ctx, `UPDATE view_alerts SET next_at = ?1 + ?2 * (1 << (2 * tries)), tries = tries + 1 WHERE id =
			(SELECT id FROM view_alerts WHERE sent = 0 AND tries < ?3 AND next_at <= ?1 ORDER BY next_at, id LIMIT 1) RETURNING id`,
			now.Unix(), int64(retry/time.Second), tries).Scan(&id)
		if err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT `+alertColumns+alertTables+`WHERE l.id = ?`, id).Scan(alertFields(&l)...)
	})
	return l, found("alert", err)
}

// AlertSent is store.Library.AlertSent.
func (s *Store) AlertSent(ctx context.Context, id int64) error {
	if err := one(s.writer.ExecContext(ctx, `UPDATE view_alerts SET sent = 1 WHERE id = ?`, id)); err != nil {
		return fmt.Errorf("alert sent: %w", err)
	}
	return nil
}
