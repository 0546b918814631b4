package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/migrations"
)

// createHistory is not a migration: it is where migrations are remembered.
const createHistory = `CREATE TABLE IF NOT EXISTS schema_migrations (
	number     integer PRIMARY KEY,
	name       text NOT NULL,
	checksum   text NOT NULL,
	applied_on date NOT NULL
)`

// queryer is what pools and transactions have in common.
type queryer interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// migrate applies what is missing, or fails with store.ErrOldSchema when it is
// not allowed to.
func (s *Store) migrate(ctx context.Context, allowed bool) error {
	known, err := store.LoadMigrations(migrations.Postgres())
	if err != nil {
		return err
	}
	pending, err := pendingMigrations(ctx, s.primary, known)
	if err != nil || len(pending) == 0 {
		return err
	}
	if !allowed {
		return fmt.Errorf("migration %d (%s) is missing: %w", pending[0].Number, pending[0].Name, store.ErrOldSchema)
	}
	for range pending {
		if err := s.write(ctx, func(tx pgx.Tx) error { return s.applyNext(ctx, tx, known) }); err != nil {
			return err
		}
	}
	return nil
}

// applyNext applies one migration. It asks again what is missing, because only
// now it holds the lock: another program may have been here in the meantime.
func (s *Store) applyNext(ctx context.Context, tx pgx.Tx, known []store.Migration) error {
	if err := lock(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, createHistory); err != nil {
		return fmt.Errorf("make the table of migrations: %w", err)
	}
	pending, err := pendingMigrations(ctx, tx, known)
	if err != nil || len(pending) == 0 {
		return err
	}
	m := pending[0]
	// Only the simple protocol takes several statements at once.
	if _, err := tx.Exec(ctx, m.SQL, pgx.QueryExecModeSimpleProtocol); err != nil {
		return fmt.Errorf("apply migration %d (%s): %w", m.Number, m.Name, err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO schema_migrations VALUES ($1, $2, $3, $4)`,
		m.Number, m.Name, m.Checksum, s.today().Time())
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
	if err := q.QueryRow(ctx, `SELECT to_regclass('schema_migrations') IS NOT NULL`).Scan(&exists); err != nil {
		return nil, fmt.Errorf("look for migrations: %w", err)
	}
	if !exists {
		return nil, nil
	}
	rows, err := q.Query(ctx, `SELECT number, name, checksum, `+dayNumber("applied_on")+` FROM schema_migrations ORDER BY number`)
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	applied, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a store.AppliedMigration, err error) {
		return a, row.Scan(&a.Number, &a.Name, &a.Checksum, &a.AppliedOn)
	})
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	return applied, nil
}

// dayNumber writes a date as the number that report.Day is.
func dayNumber(column string) string { return "(" + column + " - DATE '1970-01-01')" }

// dayLiteral writes a day as SQL.
func dayLiteral(d report.Day) string { return "DATE '" + d.String() + "'" }

// Migrations is store.Store.Migrations.
func (s *Store) Migrations(ctx context.Context) ([]store.MigrationState, error) {
	return migrationStates(ctx, s.primary)
}

func migrationStates(ctx context.Context, q queryer) ([]store.MigrationState, error) {
	known, err := store.LoadMigrations(migrations.Postgres())
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
func MigrationStatus(ctx context.Context, url string) (states []store.MigrationState, err error) {
	pool, err := newPool(ctx, url, 1)
	if err != nil {
		return nil, fmt.Errorf("open PostgreSQL: %w", err)
	}
	defer pool.Close()
	return migrationStates(ctx, pool)
}
