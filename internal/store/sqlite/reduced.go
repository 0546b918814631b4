package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// Reduced is store.Retention.Reduced.
func (s *Store) Reduced(ctx context.Context, source string) ([]store.Reduced, error) {
	id, err := knownSource(ctx, s.reader, source)
	if err != nil {
		return nil, fmt.Errorf("counts of %s: %w", source, err)
	}
	return readReduced(ctx, s.reader, `SELECT cell, occurred_on, factors, sum(n) FROM reduced
		WHERE source_id = ? AND retracted_batch IS NULL GROUP BY 2, 1, 3 ORDER BY 2, 1, 3`, id)
}

func readReduced(ctx context.Context, q queryer, query string, args ...any) ([]store.Reduced, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read counts: %w", err)
	}
	defer rows.Close()
	var all []store.Reduced
	for rows.Next() {
		r := store.Reduced{Report: report.Report{Daypart: report.UnknownDaypart, Dark: report.DarkUnknown}}
		var cell int64
		if err := rows.Scan(&cell, &r.Day, &r.Factors, &r.N); err != nil {
			return nil, fmt.Errorf("read counts: %w", err)
		}
		r.Cell = h3.Cell(cell)
		all = append(all, r)
	}
	return all, rows.Err()
}

// SetReduced is store.Retention.SetReduced.
func (s *Store) SetReduced(ctx context.Context, source string, counts []store.Reduced) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		b, err := beginBatch(ctx, tx)
		if err != nil {
			return err
		}
		id, err := sourceID(ctx, tx, source)
		if err != nil {
			return err
		}
		if err := b.takeBackReduced(ctx, id); err != nil {
			return err
		}
		for _, r := range counts {
			_, err := tx.ExecContext(ctx, `INSERT INTO reduced VALUES (?, NULL, ?, ?, ?, ?, ?)`,
				b.seq, id, int64(r.Cell), r.Day, r.Factors, r.N)
			if err != nil {
				return err
			}
			b.reducedAdded += r.N
		}
		_, err = b.finish(ctx, s.today())
		return err
	})
	if err != nil {
		return fmt.Errorf("set the counts of %s: %w", source, err)
	}
	s.beacon.Light()
	return nil
}

// takeBackReduced retracts the counts of a source.
func (b *batch) takeBackReduced(ctx context.Context, source int64) error {
	var n int64
	err := b.tx.QueryRowContext(ctx, `SELECT coalesce(sum(n), 0) FROM reduced WHERE source_id = ? AND retracted_batch IS NULL`, source).Scan(&n)
	if err != nil || n == 0 {
		return err
	}
	b.reducedRetracted += n
	_, err = b.tx.ExecContext(ctx, `UPDATE reduced SET retracted_batch = ? WHERE source_id = ? AND retracted_batch IS NULL`, b.seq, source)
	if err != nil {
		return fmt.Errorf("take counts back: %w", err)
	}
	return nil
}
