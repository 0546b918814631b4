package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/streetsafe/streetsafe/internal/store"
)

// Sources is store.Store.Sources.
func (s *Store) Sources(ctx context.Context) ([]store.Source, error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT s.name, s.precision, s.synthetic,
			coalesce(sum(r.n), 0), coalesce(min(r.first), 0), coalesce(max(r.last), 0)
		FROM sources AS s LEFT JOIN (
			SELECT source_id, count(*) AS n, min(occurred_on) AS first, max(occurred_on) AS last
			FROM reports GROUP BY source_id
			UNION ALL SELECT source_id, sum(n), min(occurred_on), max(occurred_on)
			FROM `+store.ReducedAsReports+` GROUP BY source_id) AS r ON r.source_id = s.id
		WHERE s.removed = 0 GROUP BY s.id ORDER BY s.name`)
	if err != nil {
		return nil, fmt.Errorf("list sources: %w", err)
	}
	defer rows.Close()
	var all []store.Source
	for rows.Next() {
		var v store.Source
		if err := rows.Scan(&v.Name, &v.Precision, &v.Synthetic, &v.Reports, &v.First, &v.Last); err != nil {
			return nil, fmt.Errorf("read source: %w", err)
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// DescribeSource is store.Store.DescribeSource.
func (s *Store) DescribeSource(ctx context.Context, name string, info store.SourceInfo) error {
	if err := store.ValidateName(name); err != nil {
		return err
	}
	_, err := s.writer.ExecContext(ctx, `INSERT INTO sources (name, precision, synthetic) VALUES (?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET precision = excluded.precision, synthetic = excluded.synthetic, removed = 0`,
		name, string(cmp.Or(info.Precision, store.PrecisionTime)), info.Synthetic)
	if err != nil {
		return fmt.Errorf("describe source %s: %w", name, err)
	}
	return nil
}

// RemoveSource is store.Store.RemoveSource.
func (s *Store) RemoveSource(ctx context.Context, name string) (int64, error) {
	var removed int64
	err := s.write(ctx, func(tx *sql.Tx) error {
		b, err := beginBatch(ctx, tx)
		if err != nil {
			return err
		}
		id, err := knownSource(ctx, tx, name)
		if err != nil {
			return err
		}
		if removed, err = b.retractSource(ctx, id); err != nil {
			return err
		}
		_, err = b.finish(ctx, s.today())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("remove source %s: %w", name, err)
	}
	s.beacon.Light()
	return removed, nil
}

// retractSource retracts all reports of a source and forgets
// those that wait. The keys of withdrawn ones
// stay, so that a new import does not bring those back.
func (b *batch) retractSource(ctx context.Context, id int64) (int64, error) {
	done, err := b.tx.ExecContext(ctx, `INSERT INTO retractions
		SELECT r.id, r.batch, ?, r.source_id, k.external_id, r.cell, r.occurred_on, r.daypart, r.dark, r.factors, ?
		FROM report_keys AS k JOIN reports AS r ON r.id = k.report_id WHERE k.source_id = ?`, b.seq, store.ReasonRemoved, id)
	if err != nil {
		return 0, fmt.Errorf("keep retracted reports: %w", err)
	}
	if b.retracted, err = done.RowsAffected(); err != nil {
		return 0, err
	}
	for _, query := range []string{
		`DELETE FROM reports WHERE source_id = ?`,
		`DELETE FROM report_keys WHERE source_id = ? AND report_id IS NOT NULL`,
		`DELETE FROM pending WHERE source_id = ?`,
		`DELETE FROM receipts WHERE source_id = ?`,
		`DELETE FROM demographics WHERE source_id = ?`,
		`UPDATE sources SET removed = 1 WHERE id = ?`,
	} {
		if _, err := b.tx.ExecContext(ctx, query, id); err != nil {
			return 0, fmt.Errorf("retract reports: %w", err)
		}
	}
	if err := b.takeBackReduced(ctx, id); err != nil {
		return 0, err
	}
	return b.retracted + b.reducedRetracted, nil
}

// Withdraw is store.Store.Withdraw.
func (s *Store) Withdraw(ctx context.Context, source, externalID, reason string) error {
	err := store.ValidateReason(reason)
	if err == nil {
		err = s.write(ctx, func(tx *sql.Tx) error { return s.withdraw(ctx, tx, source, externalID, reason) })
	}
	if err != nil {
		return fmt.Errorf("withdraw a report of %s: %w", source, err)
	}
	s.beacon.Light()
	return nil
}

func (s *Store) withdraw(ctx context.Context, tx *sql.Tx, source, externalID, reason string) error {
	b, err := beginBatch(ctx, tx)
	if err != nil {
		return err
	}
	sourceID, err := knownSource(ctx, tx, source)
	if err != nil {
		return err
	}
	var id int64
	err = tx.QueryRowContext(ctx, `SELECT report_id FROM report_keys
		WHERE source_id = ? AND external_id = ? AND report_id IS NOT NULL`, sourceID, externalID).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return store.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("find the report: %w", err)
	}
	if err := b.retract(ctx, id, externalID, reason); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE report_keys SET report_id = NULL WHERE source_id = ? AND external_id = ?`,
		sourceID, externalID)
	if err != nil {
		return fmt.Errorf("mark the report withdrawn: %w", err)
	}
	for _, table := range store.AsideTables() {
		_, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE source_id = ? AND external_id = ?`, sourceID, externalID)
		if err != nil {
			return fmt.Errorf("forget what was kept beside the report: %w", err)
		}
	}
	_, err = b.finish(ctx, s.today())
	return err
}

func knownSource(ctx context.Context, q queryer, name string) (int64, error) {
	var id int64
	err := q.QueryRowContext(ctx, `SELECT id FROM sources WHERE name = ? AND removed = 0`, name).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, store.ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("find the source: %w", err)
	}
	return id, nil
}
