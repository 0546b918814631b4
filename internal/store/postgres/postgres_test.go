package postgres_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/internal/store/postgres"
	"github.com/streetsafe/streetsafe/internal/store/postgres/pgtest"
	"github.com/streetsafe/streetsafe/internal/store/sqlite"
	"github.com/streetsafe/streetsafe/internal/store/storetest"
)

var ctx = context.Background()

// server is the one server that all tests share, each with its own database.
var server *pgtest.Server

func TestMain(m *testing.M) {
	os.Exit(pgtest.Main(m, func(s *pgtest.Server) { server = s }))
}

func open(t testing.TB, url string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(ctx, postgres.Options{URL: url, Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// behind returns a way to run SQL on a database without the package.
func behind(t testing.TB, url string) func(query string) {
	t.Helper()
	return func(query string) {
		t.Helper()
		c, err := pgx.Connect(ctx, url)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(ctx)
		if _, err := c.Exec(ctx, query); err != nil {
			t.Fatal(err)
		}
	}
}

// newDatabase is storetest.New for PostgreSQL.
func newDatabase(t testing.TB, now func() time.Time) func() store.Store {
	url := server.NewDatabase(t)
	return func() store.Store {
		s, err := postgres.Open(ctx, postgres.Options{URL: url, Migrate: true, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

// newFile is storetest.New for SQLite.
func newFile(t testing.TB, now func() time.Time) func() store.Store {
	path := filepath.Join(t.TempDir(), sqlite.FileName)
	return func() store.Store {
		s, err := sqlite.Open(ctx, path, sqlite.Options{Create: true, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

func TestStore_Contract(t *testing.T) {
	pgtest.Need(t, server)
	storetest.Run(t, newDatabase)
}

func TestStore_Sabotage(t *testing.T) {
	pgtest.Need(t, server)
	storetest.RunSabotage(t, func(t testing.TB) (store.Store, func(string)) {
		url := server.NewDatabase(t)
		s := open(t, url)
		t.Cleanup(func() { s.Close() })
		return s, behind(t, url)
	})
}

func TestStore_CopyFromSQLite(t *testing.T) {
	pgtest.Need(t, server)
	storetest.RunCopy(t, newFile, newDatabase)
}

func TestStore_CopyToSQLite(t *testing.T) {
	pgtest.Need(t, server)
	storetest.RunCopy(t, newDatabase, newFile)
}

func TestStore_MoveFromSQLite(t *testing.T) {
	pgtest.Need(t, server)
	storetest.RunMove(t, newFile, newDatabase)
}

func TestStore_MoveToSQLite(t *testing.T) {
	pgtest.Need(t, server)
	storetest.RunMove(t, newDatabase, newFile)
}

func TestStore_Schema(t *testing.T) {
	pgtest.Need(t, server)
	url := server.NewDatabase(t)
	s := open(t, url)
	defer s.Close()
	// Without the partitions of reports.
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	rows, err := c.Query(ctx, `SELECT c.relname, a.attname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped`)
	if err != nil {
		t.Fatal(err)
	}
	columns := map[string][]string{}
	var table, column string
	_, err = pgx.ForEachRow(rows, []any{&table, &column}, func() error {
		columns[table] = append(columns[table], column)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	storetest.CheckSchema(t, columns)
}
