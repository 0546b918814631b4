package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/streetsafe/streetsafe/internal/store"
)

// ReadRows is store.Movable.ReadRows. It asks the primary, where the newest is.
func (s *Store) ReadRows(ctx context.Context, t store.Table, fn func(row []any) error) error {
	rows, err := s.primary.Query(ctx, t.SelectRows(readAs))
	if err != nil {
		return fmt.Errorf("read %s: %w", t.Name, err)
	}
	defer rows.Close()
	for rows.Next() {
		row, err := rows.Values()
		if err != nil {
			return fmt.Errorf("read %s: %w", t.Name, err)
		}
		if err := fn(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

// readAs reads a column as its kind says.
func readAs(c store.Column) string {
	switch c.Kind {
	case store.Text:
		return c.Name + ` COLLATE "C"`
	case store.Bool:
		return c.Name + `::integer::bigint`
	case store.Date:
		return dayNumber(c.Name) + `::bigint`
	case store.Time:
		return `extract(epoch FROM ` + c.Name + `)::bigint`
	case store.Int:
		return c.Name + `::bigint`
	}
	return c.Name
}

// writeAs is the opposite for the n-th value.
func writeAs(c store.Column, n int) string {
	switch c.Kind {
	case store.Text, store.OfName:
		return fmt.Sprintf(`$%d::text`, n)
	case store.Bytes:
		return fmt.Sprintf(`$%d::bytea`, n)
	case store.Real:
		return fmt.Sprintf(`$%d::double precision`, n)
	case store.Bool:
		return fmt.Sprintf(`$%d::bigint <> 0`, n)
	case store.Date:
		return fmt.Sprintf(`DATE '1970-01-01' + $%d::integer`, n)
	case store.Time:
		return fmt.Sprintf(`to_timestamp($%d::bigint)`, n)
	}
	return fmt.Sprintf(`$%d::bigint`, n)
}

// WriteRows is store.Movable.WriteRows.
func (s *Store) WriteRows(ctx context.Context, t store.Table, rows [][]any) error {
	var batch pgx.Batch
	if t.Replaced {
		batch.Queue(`DELETE FROM ` + t.Name)
	}
	add := t.InsertRow(writeAs)
	if t.Numbered {
		add = strings.Replace(add, `SELECT`, `OVERRIDING SYSTEM VALUE SELECT`, 1)
	}
	for _, row := range rows {
		batch.Queue(add, row...)
	}
	if t.Numbered { // what comes next gets a number of its own
		batch.Queue(fmt.Sprintf(`SELECT setval(pg_get_serial_sequence('%[1]s', '%[2]s'), max(%[2]s)) FROM %[1]s`, t.Name, t.Columns[0].Name))
	}
	err := s.writeWithin(ctx, batchTimeout, func(ctx context.Context, tx pgx.Tx) error {
		if err := lock(ctx, tx); err != nil { // as everything that writes keys
			return err
		}
		return taken(tx.SendBatch(ctx, &batch).Close())
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", t.Name, err)
	}
	return nil
}

// Withdrawals is store.Movable.Withdrawals.
func (s *Store) Withdrawals(ctx context.Context, source string) ([]store.Withdrawal, error) {
	id, err := knownSource(ctx, s.primary, source)
	if err != nil {
		return nil, fmt.Errorf("withdrawals of %s: %w", source, err)
	}
	query := strings.Replace(store.SelectWithdrawals, "r.occurred_on", dayNumber("r.occurred_on"), 1)
	return list(ctx, s.primary, func(w *store.Withdrawal) []any {
		return []any{&w.ExternalID, &w.Cell, &w.Day, &w.Daypart, &w.Dark, &w.Factors, &w.Reason}
	}, query, id)
}
