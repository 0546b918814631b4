package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

var dialect = store.Dialect{Day: dayLiteral, Weekday: "EXTRACT(ISODOW FROM occurred_on) - 1"}

// Count is store.Store.Count.
func (s *Store) Count(ctx context.Context, f report.Filter, cell h3.Cell) (int64, error) {
	where, err := dialect.Where(f, cell)
	if err != nil {
		return 0, err
	}
	n, err := s.countQuery(ctx, `SELECT (SELECT count(*) FROM reports WHERE `+where+`)
		+ (SELECT coalesce(sum(n), 0)::bigint FROM `+store.ReducedAsReports+` WHERE `+where+`)`)
	if err != nil {
		return 0, fmt.Errorf("count: %w", err)
	}
	return n, nil
}

func (s *Store) countQuery(ctx context.Context, query string) (n int64, err error) {
	// The simple protocol: no two such queries are alike, so preparing them
	// would only fill the cache of statements.
	err = s.reader.QueryRow(ctx, query, pgx.QueryExecModeSimpleProtocol).Scan(&n)
	return n, err
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
	rows, err := s.reader.Query(ctx, `SELECT c, sum(n)::bigint FROM (
		SELECT `+cell+` AS c, count(*) AS n FROM reports WHERE `+where+` GROUP BY 1
		UNION ALL SELECT `+cell+`, sum(n) FROM `+store.ReducedAsReports+` WHERE `+where+` GROUP BY 1) AS u GROUP BY c`,
		pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return nil, fmt.Errorf("count by cell: %w", err)
	}
	counts := map[h3.Cell]int64{}
	var c, n int64
	_, err = pgx.ForEachRow(rows, []any{&c, &n}, func() error {
		counts[h3.Cell(c)] = n
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count by cell: %w", err)
	}
	return counts, nil
}

// Check is store.Store.Check.
func (s *Store) Check(ctx context.Context) ([]store.Problem, error) {
	problems, err := store.Contradictions(ctx, s.countQuery)
	if err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	return problems, nil
}
