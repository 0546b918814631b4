package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/migrations"
)

// createHistory is not a migration: it is where migrations are remembered.
const createHistory = `CREATE TABLE IF NOT EXISTS schema_migrations (
	number     INTEGER PRIMARY KEY,
	name       TEXT NOT NULL,
	checksum   TEXT NOT NULL,
	applied_on INTEGER NOT NULL
) STRICT`

// queryer is what *sql.DB and *sql.Tx have in common.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// migrate applies what is missing, or fails with store.ErrOldSchema when it is
// not allowed to.
func (s *Store) migrate(ctx context.Context, allowed bool) error {
	known, err := store.LoadMigrations(migrations.SQLite())
	if err != nil {
		return err
	}
	pending, err := pendingMigrations(ctx, s.writer, known)
	if err != nil || len(pending) == 0 {
		return err
	}
	if !allowed {
		return fmt.Errorf("migration %d (%s) is missing: %w", pending[0].Number, pending[0].Name, store.ErrOldSchema)
	}
	for range pending {
		if err := s.write(ctx, func(tx *sql.Tx) error { return s.applyNext(ctx, tx, known) }); err != nil {
			return err
		}
	}
	return nil
}

// applyNext applies one migration. It asks again what is missing, because only
// now it holds the lock: another process may have been here in the meantime.
func (s *Store) applyNext(ctx context.Context, tx *sql.Tx, known []store.Migration) error {
	if _, err := tx.ExecContext(ctx, createHistory); err != nil {
		return fmt.Errorf("make the table of migrations: %w", err)
	}
	pending, err := pendingMigrations(ctx, tx, known)
	if err != nil || len(pending) == 0 {
		return err
	}
	m := pending[0]
	if _, err := tx.ExecContext(ctx, m.SQL); err != nil {
		return fmt.Errorf("apply migration %d (%s): %w", m.Number, m.Name, err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO schema_migrations VALUES (?, ?, ?, ?)`,
		m.Number, m.Name, m.Checksum, s.today())
	if err != nil {
		return fmt.Errorf("remember migration %d: %w", m.Number, err)
	}
	return nil
}

func pendingMigrations(ctx context.Context, q queryer, known []store.Migration) ([]store.Migration, error) {
	applied, err := appliedMigrations(ctx, q)
	if err != nil {
		return nil, err
	}
	return store.PendingMigrations(known, applied)
}

func appliedMigrations(ctx context.Context, q queryer) ([]store.AppliedMigration, error) {
	var exists bool
	err := q.QueryRowContext(ctx,
		`SELECT count(*) > 0 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'`).Scan(&exists)
	if err != nil {
		return nil, fmt.Errorf("look for migrations: %w", err)
	}
	if !exists {
		return nil, nil
	}
	rows, err := q.QueryContext(ctx, `SELECT number, name, checksum, applied_on FROM schema_migrations ORDER BY number`)
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	defer rows.Close()
	var applied []store.AppliedMigration
	for rows.Next() {
		var a store.AppliedMigration
		if err := rows.Scan(&a.Number, &a.Name, &a.Checksum, &a.AppliedOn); err != nil {
			return nil, fmt.Errorf("read migration: %w", err)
		}
		applied = append(applied, a)
	}
	return applied, rows.Err()
}

// Migrations is store.Store.Migrations.
func (s *Store) Migrations(ctx context.Context) ([]store.MigrationState, error) {
	return migrationStates(ctx, s.reader)
}

func migrationStates(ctx context.Context, q queryer) ([]store.MigrationState, error) {
	known, err := store.LoadMigrations(migrations.SQLite())
	if err != nil {
		return nil, err
	}
	applied, err := appliedMigrations(ctx, q)
	if err != nil {
		return nil, err
	}
	return store.States(known, applied), nil
}

// MigrationStatus tells the state of a database whose schema may be older or
// newer than the program's, which Open would refuse.
func MigrationStatus(ctx context.Context, path string) ([]store.MigrationState, error) {
	if err := ensureFile(path, false); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db := newPool(path, reading)
	defer db.Close()
	states, err := migrationStates(ctx, db)
	if err != nil {
		return nil, fmt.Errorf("migrations of %s: %w", path, err)
	}
	return states, nil
}
