package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/streetsafe/streetsafe/internal/store"
)

// ReadRows is store.Movable.ReadRows.
func (s *Store) ReadRows(ctx context.Context, t store.Table, fn func(row []any) error) error {
	rows, err := s.reader.QueryContext(ctx, t.SelectRows(func(c store.Column) string { return c.Name }))
	if err != nil {
		return fmt.Errorf("read %s: %w", t.Name, unavailable(err))
	}
	defer rows.Close()
	for rows.Next() {
		row := make([]any, len(t.Columns))
		to := make([]any, len(row))
		for i := range row {
			to[i] = &row[i]
		}
		if err := rows.Scan(to...); err != nil {
			return fmt.Errorf("read %s: %w", t.Name, err)
		}
		if err := fn(row); err != nil {
			return err
		}
	}
	return unavailable(rows.Err())
}

// WriteRows is store.Movable.WriteRows.
func (s *Store) WriteRows(ctx context.Context, t store.Table, rows [][]any) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		if t.Replaced {
			if _, err := tx.ExecContext(ctx, `DELETE FROM `+t.Name); err != nil {
				return err
			}
		}
		add, err := tx.PrepareContext(ctx, t.InsertRow(func(c store.Column, n int) string { return fmt.Sprintf("?%d", n) }))
		if err != nil {
			return err
		}
		defer add.Close()
		for _, row := range rows {
			if _, err := add.ExecContext(ctx, row...); err != nil {
				return taken(err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", t.Name, err)
	}
	return nil
}

// Withdrawals is store.Movable.Withdrawals.
func (s *Store) Withdrawals(ctx context.Context, source string) ([]store.Withdrawal, error) {
	id, err := knownSource(ctx, s.reader, source)
	if err != nil {
		return nil, fmt.Errorf("withdrawals of %s: %w", source, err)
	}
	rows, err := s.reader.QueryContext(ctx, strings.ReplaceAll(store.SelectWithdrawals, "$1", "?1"), id)
	if err != nil {
		return nil, fmt.Errorf("withdrawals of %s: %w", source, err)
	}
	defer rows.Close()
	var all []store.Withdrawal
	for rows.Next() {
		var w store.Withdrawal
		if err := rows.Scan(&w.ExternalID, &w.Cell, &w.Day, &w.Daypart, &w.Dark, &w.Factors, &w.Reason); err != nil {
			return nil, fmt.Errorf("withdrawals of %s: %w", source, err)
		}
		all = append(all, w)
	}
	return all, rows.Err()
}
