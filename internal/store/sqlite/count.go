package sqlite

import (
	"context"
	"fmt"
	"strconv"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// dialect writes days as the numbers they are. Day 0 was a Thursday.
var dialect = store.Dialect{
	Day:     func(d report.Day) string { return strconv.Itoa(int(d)) },
	Weekday: "(occurred_on + 3) % 7",
}

// Count is store.Store.Count.
func (s *Store) Count(ctx context.Context, f report.Filter, cell h3.Cell) (int64, error) {
	where, err := dialect.Where(f, cell)
	if err != nil {
		return 0, err
	}
	n, err := s.countQuery(ctx, `SELECT (SELECT count(*) FROM reports WHERE `+where+`)
		+ (SELECT coalesce(sum(n), 0) FROM `+store.ReducedAsReports+` WHERE `+where+`)`)
	if err != nil {
		return 0, fmt.Errorf("count: %w", err)
	}
	return n, nil
}

func (s *Store) countQuery(ctx context.Context, query string) (n int64, err error) {
	err = s.reader.QueryRowContext(ctx, query).Scan(&n)
	return n, unavailable(err)
}

// CountByCell is store.Store.CountByCell.
func (s *Store) CountByCell(ctx context.Context, f report.Filter, resolution int) (map[h3.Cell]int64, error) {
	where, err := dialect.Where(f, 0)
	if err != nil {
		return nil, err
	}
	cell, err := store.CellExpr(resolution)
	if err != nil {
		return nil, err
	}
	rows, err := s.reader.QueryContext(ctx, `SELECT c, sum(n) FROM (
		SELECT `+cell+` AS c, count(*) AS n FROM reports WHERE `+where+` GROUP BY 1
		UNION ALL SELECT `+cell+`, sum(n) FROM `+store.ReducedAsReports+` WHERE `+where+` GROUP BY 1) AS u GROUP BY c`)
	if err != nil {
		return nil, fmt.Errorf("count by cell: %w", err)
	}
	defer rows.Close()
	counts := map[h3.Cell]int64{}
	for rows.Next() {
		var c, n int64
		if err := rows.Scan(&c, &n); err != nil {
			return nil, fmt.Errorf("count by cell: %w", err)
		}
		counts[h3.Cell(c)] = n
	}
	return counts, rows.Err()
}
