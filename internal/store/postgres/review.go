package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/streetsafe/streetsafe/internal/store"
)

// Held is store.Review.Held. It asks the primary: whoever has just released some
// wants to see that they are gone.
func (s *Store) Held(ctx context.Context, resolution int) ([]store.Held, error) {
	area, err := store.CellExpr(resolution)
	if err != nil {
		return nil, err
	}
	rows, err := s.primary.Query(ctx, `SELECT `+dayNumber("received_on")+` AS day, `+area+` AS area, quarantine,
			count(*), count(DISTINCT cell), count(DISTINCT factors)
		FROM pending WHERE quarantine <> '' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return nil, fmt.Errorf("list held reports: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (h store.Held, err error) {
		return h, row.Scan(&h.ReceivedOn, &h.Area, &h.Reason, &h.Reports, &h.Cells, &h.Kinds)
	})
	if err != nil {
		return nil, fmt.Errorf("list held reports: %w", err)
	}
	return all, nil
}

// ReleaseHeld is store.Review.ReleaseHeld.
func (s *Store) ReleaseHeld(ctx context.Context, which store.HeldFilter, weight int) (n int64, err error) {
	where, err := dialect.WhereHeld(which)
	if err == nil {
		err = store.ValidateWeight(weight)
	}
	if err == nil {
		err = s.writeWithin(ctx, batchTimeout, func(ctx context.Context, tx pgx.Tx) error {
			done, err := tx.Exec(ctx, `UPDATE pending SET quarantine = '', weight = $1 WHERE `+where, int16(weight))
			n = done.RowsAffected()
			return err
		})
	}
	if err != nil {
		return 0, fmt.Errorf("release held reports: %w", err)
	}
	return n, nil
}

// DropHeld is store.Review.DropHeld.
func (s *Store) DropHeld(ctx context.Context, which store.HeldFilter) (n int64, err error) {
	where, err := dialect.WhereHeld(which)
	if err == nil {
		err = s.writeWithin(ctx, batchTimeout, func(ctx context.Context, tx pgx.Tx) error {
			// One statement: what one part of it chooses, the other does too.
			return tx.QueryRow(ctx, `WITH gone AS (DELETE FROM pending WHERE `+where+` RETURNING source_id, external_id),
				said AS (DELETE FROM demographics AS d USING gone AS g
					WHERE d.source_id = g.source_id AND d.external_id = g.external_id)
				SELECT count(*) FROM gone`).Scan(&n)
		})
	}
	if err != nil {
		return 0, fmt.Errorf("drop held reports: %w", err)
	}
	return n, nil
}

// Receipts is store.Store.Receipts.
func (s *Store) Receipts(ctx context.Context, fn func(store.Receipt) error) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	tx, err := s.reader.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return 0, fmt.Errorf("receipts: %w", err)
	}
	defer rollback(tx) // nothing was written
	g, err := generation(ctx, tx)
	if err == nil {
		err = eachReceipt(ctx, tx, fn)
	}
	if err != nil {
		return 0, fmt.Errorf("receipts: %w", err)
	}
	return g, nil
}

func eachReceipt(ctx context.Context, tx pgx.Tx, fn func(store.Receipt) error) error {
	rows, err := tx.Query(ctx, `SELECT r.cell, `+dayNumber("r.occurred_on")+`, r.daypart, r.dark, r.factors,
			`+dayNumber("c.received_on")+`, c.weight
		FROM receipts AS c JOIN report_keys AS k ON k.source_id = c.source_id AND k.external_id = c.external_id
		JOIN reports AS r ON r.id = k.report_id AND r.occurred_on = k.occurred_on`)
	if err != nil {
		return err
	}
	var r store.Receipt
	_, err = pgx.ForEachRow(rows, []any{&r.Cell, &r.Day, &r.Daypart, &r.Dark, &r.Factors, &r.ReceivedOn, &r.Weight},
		func() error { return fn(r) })
	return err
}
