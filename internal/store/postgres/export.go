package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// Export is store.Store.Export.
func (s *Store) Export(ctx context.Context, source string, fn func([]report.Record) error) error {
	if err := s.export(ctx, source, fn); err != nil {
		return fmt.Errorf("export %s: %w", source, err)
	}
	return nil
}

func (s *Store) export(ctx context.Context, source string, fn func([]report.Record) error) error {
	id, err := knownSource(ctx, s.reader, source)
	if err != nil {
		return err
	}
	rows, err := s.reader.Query(ctx, `SELECT k.external_id, r.batch, r.cell, r.occurred_on, r.daypart, r.dark, r.factors
		FROM report_keys AS k JOIN reports AS r ON r.id = k.report_id AND r.occurred_on = k.occurred_on
		WHERE k.source_id = $1 ORDER BY k.external_id`, id)
	if err != nil {
		return fmt.Errorf("read records: %w", err)
	}
	defer rows.Close()
	buffer := make([]report.Record, 0, store.ExportRows)
	for rows.Next() {
		v := rows.RawValues()
		_, r, err := decode(v[1:])
		if err != nil {
			return err
		}
		buffer = append(buffer, report.Record{Report: r, ExternalID: string(v[0])})
		if len(buffer) == cap(buffer) {
			if err := fn(buffer); err != nil {
				return err
			}
			buffer = buffer[:0]
		}
	}
	if err := rows.Err(); err != nil || len(buffer) == 0 {
		return err
	}
	return fn(buffer)
}

// Withdrawn is store.Store.Withdrawn.
func (s *Store) Withdrawn(ctx context.Context, source string) ([]string, error) {
	id, err := knownSource(ctx, s.reader, source)
	if err != nil {
		return nil, fmt.Errorf("withdrawn of %s: %w", source, err)
	}
	rows, err := s.reader.Query(ctx, `SELECT external_id FROM report_keys
		WHERE source_id = $1 AND report_id IS NULL ORDER BY external_id`, id)
	if err != nil {
		return nil, fmt.Errorf("list withdrawn: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list withdrawn: %w", err)
	}
	return all, nil
}
