package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/streetsafe/streetsafe/internal/report"
)

// batch is one being written. Its number and its first report id follow from
// the last batch; the transaction holds the lock that keeps others from taking
// the same.
type batch struct {
	tx        *sql.Tx
	seq       uint64
	firstID   int64 // the first report id that no batch has used
	nextID    int64 // the id of the next report
	added     int64
	retracted int64

	reducedAdded     int64 // reports of the table reduced
	reducedRetracted int64

	coarseBefore report.Day // older reports are coarsened on the way in
}

func beginBatch(ctx context.Context, tx *sql.Tx) (*batch, error) {
	b := &batch{tx: tx, seq: 1, firstID: 1, nextID: 1}
	row := tx.QueryRowContext(ctx, `SELECT seq + 1, next_report_id FROM batches ORDER BY seq DESC LIMIT 1`)
	if err := row.Scan(&b.seq, &b.firstID); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("find the last batch: %w", err)
	}
	b.nextID = b.firstID
	var err error
	b.coarseBefore, err = coarseBefore(ctx, tx)
	return b, err
}

// finish records the batch, unless it changes nothing, and returns the
// generation.
func (b *batch) finish(ctx context.Context, today report.Day) (uint64, error) {
	if b.added+b.retracted+b.reducedAdded+b.reducedRetracted == 0 {
		return b.seq - 1, nil
	}
	_, err := b.tx.ExecContext(ctx, `INSERT INTO batches
		(seq, published_on, first_report_id, next_report_id, added, retracted, reduced_added, reduced_retracted)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		b.seq, today, b.firstID, b.nextID, b.added, b.retracted, b.reducedAdded, b.reducedRetracted)
	if err != nil {
		return 0, fmt.Errorf("record batch %d: %w", b.seq, err)
	}
	return b.seq, nil
}

// retract moves a report to the retractions. Its key is the caller's business.
func (b *batch) retract(ctx context.Context, reportID int64, externalID, reason string) error {
	_, err := b.tx.ExecContext(ctx, `INSERT INTO retractions
		SELECT id, batch, ?, source_id, ?, cell, occurred_on, daypart, dark, factors, ? FROM reports WHERE id = ?`,
		b.seq, externalID, reason, reportID)
	if err != nil {
		return fmt.Errorf("keep retracted report: %w", err)
	}
	if _, err := b.tx.ExecContext(ctx, `DELETE FROM reports WHERE id = ?`, reportID); err != nil {
		return fmt.Errorf("retract report: %w", err)
	}
	b.retracted++
	return nil
}
