package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/streetsafe/streetsafe/internal/store"
)

// Labels is store.Store.Labels.
func (s *Store) Labels(ctx context.Context) ([]store.Label, error) {
	rows, err := s.reader.Query(ctx, "SELECT name, precision, synthetic FROM sources WHERE NOT removed ORDER BY name")
	if err != nil {
		return nil, fmt.Errorf("list labels: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (l store.Label, err error) {
		return l, row.Scan(&l.Name, &l.Precision, &l.Synthetic)
	})
	if err != nil {
		return nil, fmt.Errorf("list labels: %w", err)
	}
	return all, nil
}
