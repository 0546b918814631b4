package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
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
	var all []store.Reduced
	err = eachReduced(ctx, s.reader, func(r store.Reduced) error {
		all = append(all, r)
		return nil
	}, `SELECT cell, `+dayNumber("occurred_on")+`, factors, sum(n)::bigint FROM reduced
		WHERE source_id = $1 AND retracted_batch IS NULL GROUP BY 2, 1, 3 ORDER BY 2, 1, 3`, id)
	if err != nil {
		return nil, fmt.Errorf("counts of %s: %w", source, err)
	}
	return all, nil
}

// eachReduced calls fn for each row of a query for cell, day, factors and n.
func eachReduced(ctx context.Context, q queryer, fn func(store.Reduced) error, query string, args ...any) error {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	r := store.Reduced{Report: report.Report{Daypart: report.UnknownDaypart, Dark: report.DarkUnknown}}
	var cell int64
	_, err = pgx.ForEachRow(rows, []any{&cell, &r.Day, &r.Factors, &r.N}, func() error {
		r.Cell = h3.Cell(cell)
		return fn(r)
	})
	return err
}

// SetReduced is store.Retention.SetReduced.
func (s *Store) SetReduced(ctx context.Context, source string, counts []store.Reduced) error {
	err := s.write(ctx, func(tx pgx.Tx) error {
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
		if err := b.addReduced(ctx, id, counts); err != nil {
			return err
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

func (b *batch) addReduced(ctx context.Context, source int64, counts []store.Reduced) error {
	_, err := b.tx.CopyFrom(ctx, pgx.Identifier{"reduced"},
		[]string{"batch", "source_id", "cell", "occurred_on", "factors", "n"},
		pgx.CopyFromSlice(len(counts), func(i int) ([]any, error) {
			r := counts[i]
			b.reducedAdded += r.N
			return []any{b.seq, source, int64(r.Cell), r.Day.Time(), int16(r.Factors), r.N}, nil
		}))
	if err != nil {
		return fmt.Errorf("copy counts: %w", unavailable(ctx, err))
	}
	return nil
}

// takeBackReduced retracts the counts of a source.
func (b *batch) takeBackReduced(ctx context.Context, source int64) error {
	var n int64
	err := b.tx.QueryRow(ctx, `WITH gone AS (UPDATE reduced SET retracted_batch = $1
		WHERE source_id = $2 AND retracted_batch IS NULL RETURNING n)
		SELECT coalesce(sum(n), 0)::bigint FROM gone`, b.seq, source).Scan(&n)
	if err != nil {
		return fmt.Errorf("take counts back: %w", err)
	}
	b.reducedRetracted += n
	return nil
}
