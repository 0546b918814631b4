package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// batch is one being written, by the transaction that holds the lock.
type batch struct {
	tx        pgx.Tx
	seq       int64
	firstID   int64 // the first report id that no batch has used
	nextID    int64 // the first that this batch leaves to the next
	added     int64
	retracted int64

	reducedAdded     int64 // reports of the table reduced
	reducedRetracted int64

	coarseBefore report.Day // older reports are coarsened on the way in
}

// beginBatch waits for the lock and takes the next number.
func beginBatch(ctx context.Context, tx pgx.Tx) (*batch, error) {
	if err := lock(ctx, tx); err != nil {
		return nil, err
	}
	b := &batch{tx: tx, seq: 1, firstID: 1}
	row := tx.QueryRow(ctx, `SELECT seq + 1, next_report_id FROM batches ORDER BY seq DESC LIMIT 1`)
	if err := row.Scan(&b.seq, &b.firstID); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("find the last batch: %w", err)
	}
	b.nextID = b.firstID
	value, err := metaOr(ctx, tx, store.MetaCoarseBefore, "")
	if err != nil {
		return nil, err
	}
	b.coarseBefore, err = store.ParseCoarseBefore(value)
	return b, err
}

// finish records and announces the batch, unless it changes nothing, and
// returns the generation.
func (b *batch) finish(ctx context.Context, today report.Day) (uint64, error) {
	if b.added+b.retracted+b.reducedAdded+b.reducedRetracted == 0 {
		return uint64(b.seq - 1), nil
	}
	_, err := b.tx.Exec(ctx, `INSERT INTO batches
		(seq, published_on, first_report_id, next_report_id, added, retracted, reduced_added, reduced_retracted)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		b.seq, today.Time(), b.firstID, b.nextID, b.added, b.retracted, b.reducedAdded, b.reducedRetracted)
	if err != nil {
		return 0, fmt.Errorf("record batch %d: %w", b.seq, err)
	}
	if _, err := b.tx.Exec(ctx, `SELECT pg_notify($1, $2)`, channel, fmt.Sprint(b.seq)); err != nil {
		return 0, fmt.Errorf("announce batch %d: %w", b.seq, err)
	}
	return uint64(b.seq), nil
}

// retract deletes the reports that the query, which returns rows for the table
// retractions with $1 for this batch, has put there.
func (b *batch) retract(ctx context.Context, query string, args ...any) (int64, error) {
	done, err := b.tx.Exec(ctx, `INSERT INTO retractions (report_id, added_batch, retracted_batch, source_id,
		external_id, cell, occurred_on, daypart, dark, factors, reason) `+query, append([]any{b.seq}, args...)...)
	if err != nil {
		return 0, fmt.Errorf("keep retracted reports: %w", err)
	}
	if done.RowsAffected() == 0 {
		return 0, nil
	}
	_, err = b.tx.Exec(ctx, `DELETE FROM reports AS r USING retractions AS t
		WHERE t.retracted_batch = $1 AND r.id = t.report_id AND r.occurred_on = t.occurred_on`, b.seq)
	if err != nil {
		return 0, fmt.Errorf("retract reports: %w", err)
	}
	b.retracted += done.RowsAffected()
	return done.RowsAffected(), nil
}

// retractedColumns are the columns of a report r with the key k for retract.
const retractedColumns = `r.id, r.batch, $1, r.source_id, k.external_id, r.cell, r.occurred_on, r.daypart, r.dark, r.factors`
