package postgres

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// insertEither inserts records directly, or those that are staged. Directly is
// twice as fast and works only when all are new; nobody else writes keys
// meanwhile, so the first known one says that they are not.
func (b *batch) insertEither(ctx context.Context, source int64, kept []report.Record, direct bool) (store.Result, error) {
	if direct {
		err := b.insertNew(ctx, source, kept)
		if err == nil {
			return store.Result{Accepted: len(kept)}, nil
		}
		var answer *pgconn.PgError
		if !errors.As(err, &answer) || answer.Code != uniqueViolation {
			return store.Result{}, err
		}
		if err := stage(ctx, b.tx, kept); err != nil {
			return store.Result{}, err
		}
	}
	return b.insert(ctx, source, int64(len(kept)))
}

// insertNew copies new records into the tables. When it fails, none of them is
// there and the transaction can go on.
func (b *batch) insertNew(ctx context.Context, source int64, kept []report.Record) error {
	part, err := b.tx.Begin(ctx) // a savepoint
	if err != nil {
		return err
	}
	defer rollback(part)
	err = copyRows(ctx, part, newCopyStream(kept, nil, keyAppender(source, b.nextID)), `report_keys (source_id, external_id, report_id, occurred_on)`)
	if err != nil {
		return err
	}
	err = copyRows(ctx, part, newCopyStream(kept, byMonth(kept), reportAppender(b.seq, source, b.nextID)),
		`reports (id, cell, batch, source_id, occurred_on, daypart, dark, factors)`)
	if err != nil {
		return err
	}
	if err := part.Commit(ctx); err != nil {
		return err
	}
	b.nextID += int64(len(kept))
	b.added += int64(len(kept))
	return nil
}

// byMonth returns the order in which the records lie in the partitions one
// after the other: PostgreSQL writes many rows at once only into the same one.
func byMonth(records []report.Record) []int32 {
	order := make([]int32, len(records))
	months := make([]report.Day, len(records)) // their first days
	first, next := report.Day(0), report.Day(0)
	for i := range records {
		order[i] = int32(i)
		if d := records[i].Day; d < first || d >= next {
			m := monthOfDay(d)
			first, next = m.first, m.next
		}
		months[i] = first
	}
	slices.SortStableFunc(order, func(a, b int32) int { return int(months[a] - months[b]) })
	return order
}
