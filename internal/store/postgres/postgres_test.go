package postgres_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

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

func TestStore_Contract(t *testing.T) {
	pgtest.Need(t, server)
	storetest.Run(t, func(t testing.TB) func() store.Store {
		url := server.NewDatabase(t)
		return func() store.Store { return open(t, url) }
	})
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
	storetest.RunCopy(t, func(t testing.TB) func() store.Store {
		path := filepath.Join(t.TempDir(), sqlite.FileName)
		return func() store.Store {
			s, err := sqlite.Open(ctx, path, sqlite.Options{Create: true})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	}, func(t testing.TB) func() store.Store {
		url := server.NewDatabase(t)
		return func() store.Store { return open(t, url) }
	})
}
