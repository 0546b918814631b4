package sqlite

import (
	"context"
	"fmt"

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
	rows, err := s.reader.QueryContext(ctx, `SELECT k.external_id, r.cell, `+packed+`
		FROM report_keys AS k JOIN reports AS r ON r.id = k.report_id
		WHERE k.source_id = ? ORDER BY k.external_id`, id)
	if err != nil {
		return fmt.Errorf("read records: %w", err)
	}
	defer rows.Close()
	buffer := make([]report.Record, 0, store.ExportRows)
	for rows.Next() {
		var externalID string
		var cell, p int64
		if err := rows.Scan(&externalID, &cell, &p); err != nil {
			return fmt.Errorf("read record: %w", err)
		}
		buffer = append(buffer, report.Record{Report: unpack(cell, p), ExternalID: externalID})
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
	rows, err := s.reader.QueryContext(ctx, `SELECT external_id FROM report_keys
		WHERE source_id = ? AND report_id IS NULL ORDER BY external_id`, id)
	if err != nil {
		return nil, fmt.Errorf("list withdrawn: %w", err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var externalID string
		if err := rows.Scan(&externalID); err != nil {
			return nil, fmt.Errorf("list withdrawn: %w", err)
		}
		all = append(all, externalID)
	}
	return all, rows.Err()
}
