package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/streetsafe/streetsafe/internal/store"
)

// Describe is store.Reporters.Describe.
func (s *Store) Describe(ctx context.Context, source, externalID string, d store.Demographics) error {
	err := store.ValidateDemographics(d)
	if err == nil {
		err = s.writeWithin(ctx, submitTimeout, func(ctx context.Context, tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO demographics
				SELECT s.id, $2, $3, $4, $5, $6, $7 FROM sources AS s WHERE s.name = $1 AND (
					EXISTS (SELECT 1 FROM pending AS p WHERE p.source_id = s.id AND p.external_id = $2)
					OR EXISTS (SELECT 1 FROM report_keys AS k WHERE k.source_id = s.id AND k.external_id = $2 AND k.report_id IS NOT NULL))
				ON CONFLICT (source_id, external_id) DO UPDATE SET age = excluded.age, sex = excluded.sex,
					gender = excluded.gender, ethnicity = excluded.ethnicity, disability = excluded.disability`,
				source, externalID, d.Age, d.Sex, d.Gender, d.Ethnicity, d.Disability)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("describe a reporter: %w", err)
	}
	return nil
}

// FreezeDemographics is store.Reporters.FreezeDemographics.
func (s *Store) FreezeDemographics(ctx context.Context, p store.Period, summarise func([]store.Described) ([]byte, error)) (frozen bool, err error) {
	err = store.ValidatePeriod(p)
	if err == nil {
		err = s.writeWithin(ctx, batchTimeout, func(ctx context.Context, tx pgx.Tx) error {
			frozen, err = s.freezeDemographics(ctx, tx, p, summarise)
			return err
		})
	}
	if err != nil {
		return false, fmt.Errorf("freeze the demographics of %s: %w", p.Name, err)
	}
	return frozen, nil
}

func (s *Store) freezeDemographics(ctx context.Context, tx pgx.Tx, p store.Period, summarise func([]store.Described) ([]byte, error)) (bool, error) {
	// One at a time, and no Publish meanwhile, which would move receipts.
	if err := lock(ctx, tx); err != nil {
		return false, err
	}
	_, err := readTables(ctx, tx, p.Name)
	fresh := errors.Is(err, store.ErrNotFound)
	if err != nil && !fresh {
		return false, err
	}
	if fresh {
		said, err := described(ctx, tx, p)
		if err != nil {
			return false, err
		}
		tables, err := summarise(said)
		if err != nil {
			return false, err
		}
		_, err = tx.Exec(ctx, `INSERT INTO demographic_tables VALUES ($1, $2, $3)`, p.Name, s.today().Time(), string(tables))
		if err != nil {
			return false, err
		}
	}
	_, err = tx.Exec(ctx, `DELETE FROM demographics AS d
		WHERE NOT EXISTS (SELECT 1 FROM receipts AS c WHERE c.source_id = d.source_id AND c.external_id = d.external_id
			AND NOT (c.received_on >= $1 AND c.received_on < $2))
		AND NOT EXISTS (SELECT 1 FROM pending AS c WHERE c.source_id = d.source_id AND c.external_id = d.external_id
			AND NOT (c.received_on >= $1 AND c.received_on < $2))`, p.From.Time(), p.To.Time())
	return fresh, err
}

func described(ctx context.Context, tx pgx.Tx, p store.Period) ([]store.Described, error) {
	rows, err := tx.Query(ctx, `SELECT r.cell, d.age, d.sex, d.gender, d.ethnicity, d.disability
		FROM demographics AS d
		JOIN receipts AS c ON c.source_id = d.source_id AND c.external_id = d.external_id
		JOIN report_keys AS k ON k.source_id = d.source_id AND k.external_id = d.external_id
		JOIN reports AS r ON r.id = k.report_id AND r.occurred_on = k.occurred_on
		WHERE c.weight = 1 AND c.received_on >= $1 AND c.received_on < $2`, p.From.Time(), p.To.Time())
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (d store.Described, err error) {
		return d, row.Scan(&d.Cell, &d.Age, &d.Sex, &d.Gender, &d.Ethnicity, &d.Disability)
	})
}

// DemographicTables is store.Reporters.DemographicTables.
func (s *Store) DemographicTables(ctx context.Context, period string) ([]byte, error) {
	b, err := readTables(ctx, s.primary, period)
	if err != nil {
		return nil, fmt.Errorf("demographics of %s: %w", period, err)
	}
	return b, nil
}

func readTables(ctx context.Context, q queryer, period string) ([]byte, error) {
	var text string
	err := q.QueryRow(ctx, `SELECT tables FROM demographic_tables WHERE period = $1`, period).Scan(&text)
	if err != nil {
		return nil, noRows(err)
	}
	return []byte(text), nil
}
