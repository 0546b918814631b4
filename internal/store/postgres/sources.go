package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/streetsafe/streetsafe/internal/store"
)

// Sources is store.Store.Sources.
func (s *Store) Sources(ctx context.Context) ([]store.Source, error) {
	rows, err := s.reader.Query(ctx, `SELECT s.name, s.precision, s.synthetic, coalesce(sum(r.n), 0)::bigint,
			coalesce(`+dayNumber("min(r.first)")+`, 0), coalesce(`+dayNumber("max(r.last)")+`, 0)
		FROM sources AS s LEFT JOIN (
			SELECT source_id, count(*) AS n, min(occurred_on) AS first, max(occurred_on) AS last
			FROM reports GROUP BY source_id
			UNION ALL SELECT source_id, sum(n), min(occurred_on), max(occurred_on)
			FROM `+store.ReducedAsReports+` GROUP BY source_id) AS r ON r.source_id = s.id
		WHERE NOT s.removed GROUP BY s.id ORDER BY s.name`)
	if err != nil {
		return nil, fmt.Errorf("list sources: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (v store.Source, err error) {
		return v, row.Scan(&v.Name, &v.Precision, &v.Synthetic, &v.Reports, &v.First, &v.Last)
	})
	if err != nil {
		return nil, fmt.Errorf("list sources: %w", err)
	}
	return all, nil
}

// DescribeSource is store.Store.DescribeSource.
func (s *Store) DescribeSource(ctx context.Context, name string, info store.SourceInfo) error {
	if err := store.ValidateName(name); err != nil {
		return err
	}
	_, err := s.primary.Exec(ctx, `INSERT INTO sources (name, precision, synthetic) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET precision = excluded.precision, synthetic = excluded.synthetic, removed = false`,
		name, string(cmp.Or(info.Precision, store.PrecisionTime)), info.Synthetic)
	if err != nil {
		return fmt.Errorf("describe source %s: %w", name, err)
	}
	return nil
}

// RemoveSource is store.Store.RemoveSource.
func (s *Store) RemoveSource(ctx context.Context, name string) (removed int64, err error) {
	err = s.write(ctx, func(tx pgx.Tx) error {
		b, err := beginBatch(ctx, tx)
		if err != nil {
			return err
		}
		id, err := knownSource(ctx, tx, name)
		if err != nil {
			return err
		}
		removed, err = b.retract(ctx, `SELECT `+retractedColumns+`, 'source removed'
			FROM report_keys AS k JOIN reports AS r ON r.id = k.report_id AND r.occurred_on = k.occurred_on
			WHERE k.source_id = $2`, id)
		if err != nil {
			return err
		}
		// The keys of withdrawn reports stay, so that a new import does not bring
		// those back.
		if _, err := tx.Exec(ctx, `DELETE FROM report_keys WHERE source_id = $1 AND report_id IS NOT NULL`, id); err != nil {
			return fmt.Errorf("forget keys: %w", err)
		}
		for _, table := range append(store.AsideTables(), "pending") {
			if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE source_id = $1`, id); err != nil {
				return fmt.Errorf("forget the rows of %s: %w", table, err)
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE sources SET removed = true WHERE id = $1`, id); err != nil {
			return fmt.Errorf("mark the source: %w", err)
		}
		if err := b.takeBackReduced(ctx, id); err != nil {
			return err
		}
		removed += b.reducedRetracted
		_, err = b.finish(ctx, s.today())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("remove source %s: %w", name, err)
	}
	s.beacon.Light()
	return removed, nil
}

// Withdraw is store.Store.Withdraw.
func (s *Store) Withdraw(ctx context.Context, source, externalID, reason string) error {
	err := store.ValidateReason(reason)
	if err == nil {
		err = s.write(ctx, func(tx pgx.Tx) error { return s.withdraw(ctx, tx, source, externalID, reason) })
	}
	if err != nil {
		return fmt.Errorf("withdraw a report of %s: %w", source, err)
	}
	s.beacon.Light()
	return nil
}

func (s *Store) withdraw(ctx context.Context, tx pgx.Tx, source, externalID, reason string) error {
	b, err := beginBatch(ctx, tx)
	if err != nil {
		return err
	}
	id, err := knownSource(ctx, tx, source)
	if err != nil {
		return err
	}
	n, err := b.retract(ctx, `SELECT `+retractedColumns+`, $4
		FROM report_keys AS k JOIN reports AS r ON r.id = k.report_id AND r.occurred_on = k.occurred_on
		WHERE k.source_id = $2 AND k.external_id = $3`, id, externalID, reason)
	if err != nil {
		return err
	}
	if n == 0 {
		return store.ErrNotFound
	}
	_, err = tx.Exec(ctx, `UPDATE report_keys SET report_id = NULL, occurred_on = NULL
		WHERE source_id = $1 AND external_id = $2`, id, externalID)
	if err != nil {
		return fmt.Errorf("mark the report withdrawn: %w", err)
	}
	for _, table := range store.AsideTables() {
		if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE source_id = $1 AND external_id = $2`, id, externalID); err != nil {
			return fmt.Errorf("forget what was kept beside the report: %w", err)
		}
	}
	_, err = b.finish(ctx, s.today())
	return err
}

func knownSource(ctx context.Context, q queryer, name string) (int64, error) {
	var id int64
	err := q.QueryRow(ctx, `SELECT id FROM sources WHERE name = $1 AND NOT removed`, name).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("find the source: %w", noRows(err))
	}
	return id, nil
}

// Meta is store.Store.Meta.
func (s *Store) Meta(ctx context.Context, key string) (string, bool, error) {
	var value string
	// From the primary: whoever has just set it wants to read it back.
	err := s.primary.QueryRow(ctx, `SELECT value FROM meta WHERE key = $1`, key).Scan(&value)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("read setting %s: %w", key, err)
	}
	return value, true, nil
}

// SetMeta is store.Store.SetMeta.
func (s *Store) SetMeta(ctx context.Context, key, value string) error {
	if err := store.ValidateMetaKey(key); err != nil {
		return err
	}
	return setMeta(ctx, s.primary, key, value)
}

// ClaimMeta is store.Store.ClaimMeta.
func (s *Store) ClaimMeta(ctx context.Context, key, value string) (string, error) {
	if err := store.ValidateMetaKey(key); err != nil {
		return "", err
	}
	var kept string
	// An update that changes nothing, so that the row comes back either way.
	err := s.primary.QueryRow(ctx, `INSERT INTO meta (key, value) VALUES ($1, $2)
		ON CONFLICT (key) DO UPDATE SET value = meta.value RETURNING value`, key, value).Scan(&kept)
	if err != nil {
		return "", fmt.Errorf("claim setting %s: %w", key, err)
	}
	return kept, nil
}
