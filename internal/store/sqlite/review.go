package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/store"
)

// Held is store.Review.Held.
func (s *Store) Held(ctx context.Context, resolution int) ([]store.Held, error) {
	area, err := store.CellExpr(resolution)
	if err != nil {
		return nil, err
	}
	rows, err := s.reader.QueryContext(ctx, `SELECT received_on, `+area+` AS area, quarantine,
			count(*), count(DISTINCT cell), count(DISTINCT factors)
		FROM pending WHERE quarantine <> '' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`)
	if err != nil {
		return nil, fmt.Errorf("list held reports: %w", err)
	}
	defer rows.Close()
	var all []store.Held
	for rows.Next() {
		var h store.Held
		var cell int64
		if err := rows.Scan(&h.ReceivedOn, &cell, &h.Reason, &h.Reports, &h.Cells, &h.Kinds); err != nil {
			return nil, fmt.Errorf("list held reports: %w", err)
		}
		h.Area = h3.Cell(cell)
		all = append(all, h)
	}
	return all, rows.Err()
}

// ReleaseHeld is store.Review.ReleaseHeld.
func (s *Store) ReleaseHeld(ctx context.Context, which store.HeldFilter, weight int) (n int64, err error) {
	where, err := dialect.WhereHeld(which)
	if err == nil {
		err = store.ValidateWeight(weight)
	}
	if err == nil {
		err = s.write(ctx, func(tx *sql.Tx) error {
			n, err = changed(tx.ExecContext(ctx, `UPDATE pending SET quarantine = '', weight = ? WHERE `+where, weight))
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
		err = s.write(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `DELETE FROM demographics WHERE (source_id, external_id) IN
				(SELECT source_id, external_id FROM pending WHERE `+where+`)`)
			if err != nil {
				return err
			}
			n, err = changed(tx.ExecContext(ctx, `DELETE FROM pending WHERE `+where))
			return err
		})
	}
	if err != nil {
		return 0, fmt.Errorf("drop held reports: %w", err)
	}
	return n, nil
}

// changed is how many rows a statement changed.
func changed(done sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

// Receipts is store.Store.Receipts.
func (s *Store) Receipts(ctx context.Context, fn func(store.Receipt) error) (uint64, error) {
	tx, err := s.reader.BeginTx(ctx, nil)
	if err != nil {
		return 0, fmt.Errorf("receipts: %w", unavailable(err))
	}
	defer tx.Rollback() // nothing was written
	g, err := generation(ctx, tx)
	if err == nil {
		err = eachReceipt(ctx, tx, fn)
	}
	if err != nil {
		return 0, fmt.Errorf("receipts: %w", unavailable(err))
	}
	return g, nil
}

func eachReceipt(ctx context.Context, tx *sql.Tx, fn func(store.Receipt) error) error {
	// The cross joins keep this order: the receipts are the fewest.
	rows, err := tx.QueryContext(ctx, `SELECT r.cell, `+packed+`, c.received_on, c.weight
		FROM receipts AS c CROSS JOIN report_keys AS k ON k.source_id = c.source_id AND k.external_id = c.external_id
		CROSS JOIN reports AS r ON r.id = k.report_id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r store.Receipt
		var cell, attributes int64
		if err := rows.Scan(&cell, &attributes, &r.ReceivedOn, &r.Weight); err != nil {
			return err
		}
		r.Report = unpack(cell, attributes)
		if err := fn(r); err != nil {
			return err
		}
	}
	return rows.Err()
}
