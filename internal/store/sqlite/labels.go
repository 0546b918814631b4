package sqlite

import (
	"context"
	"fmt"

	"github.com/streetsafe/streetsafe/internal/store"
)

// Labels is store.Store.Labels.
func (s *Store) Labels(ctx context.Context) ([]store.Label, error) {
	rows, err := s.reader.QueryContext(ctx, "SELECT name, precision, synthetic FROM sources WHERE removed = 0 ORDER BY name")
	if err != nil {
		return nil, fmt.Errorf("list labels: %w", err)
	}
	defer rows.Close()
	var all []store.Label
	for rows.Next() {
		var l store.Label
		if err := rows.Scan(&l.Name, &l.Precision, &l.Synthetic); err != nil {
			return nil, fmt.Errorf("read label: %w", err)
		}
		all = append(all, l)
	}
	return all, rows.Err()
}
