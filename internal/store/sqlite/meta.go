package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/streetsafe/streetsafe/internal/store"
)

// Meta is store.Store.Meta.
func (s *Store) Meta(ctx context.Context, key string) (string, bool, error) {
	var value string
	err := s.reader.QueryRowContext(ctx, `SELECT value FROM meta WHERE key = ?`, key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("read setting %s: %w", key, err)
	}
	return value, true, nil
}

// SetMeta is store.Store.SetMeta.
func (s *Store) SetMeta(ctx context.Context, key, value string) error {
	if err := store.ValidateMetaKey(key); err != nil {
		return err
	}
	_, err := s.writer.ExecContext(ctx, `INSERT INTO meta (key, value) VALUES (?, ?)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
	if err != nil {
		return fmt.Errorf("keep setting %s: %w", key, err)
	}
	return nil
}

// ClaimMeta is store.Store.ClaimMeta.
func (s *Store) ClaimMeta(ctx context.Context, key, value string) (string, error) {
	if err := store.ValidateMetaKey(key); err != nil {
		return "", err
	}
	var kept string
	// An update that changes nothing, so that the row comes back either way.
	err := s.writer.QueryRowContext(ctx, `INSERT INTO meta (key, value) VALUES (?, ?)
		ON CONFLICT (key) DO UPDATE SET value = meta.value RETURNING value`, key, value).Scan(&kept)
	if err != nil {
		return "", fmt.Errorf("claim setting %s: %w", key, err)
	}
	return kept, nil
}

// Check is store.Store.Check.
func (s *Store) Check(ctx context.Context) ([]store.Problem, error) {
	problems, err := s.integrity(ctx)
	if err != nil || len(problems) > 0 {
		return problems, err // what a damaged file says of itself means nothing
	}
	problems, err = store.Contradictions(ctx, s.countQuery)
	if err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	return problems, nil
}

// integrity asks SQLite whether the file is whole.
func (s *Store) integrity(ctx context.Context) ([]store.Problem, error) {
	rows, err := s.reader.QueryContext(ctx, `PRAGMA integrity_check(10)`)
	if err != nil {
		return nil, fmt.Errorf("check integrity: %w", err)
	}
	defer rows.Close()
	var problems []store.Problem
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, fmt.Errorf("check integrity: %w", err)
		}
		if line != "ok" {
			problems = append(problems, store.Problem{
				What: "the database file is damaged: " + line,
				Do:   "stop the program, keep a copy of the file, and restore the last good backup",
			})
		}
	}
	return problems, rows.Err()
}
