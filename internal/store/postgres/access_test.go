package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/internal/store/postgres"
	"github.com/streetsafe/streetsafe/internal/store/postgres/pgtest"
	"github.com/streetsafe/streetsafe/internal/store/storetest"
)

// processes makes a database and returns a function that opens it, each call
// standing for another process, and one that runs SQL on it.
func processes(t testing.TB) (process func() *postgres.Store, exec func(query string) error) {
	url := server.NewDatabase(t)
	return func() *postgres.Store {
			s := open(t, url)
			t.Cleanup(func() { s.Close() })
			return s
		}, func(query string) error {
			c, err := pgx.Connect(ctx, url)
			if err != nil {
				return err
			}
			defer c.Close(ctx)
			_, err = c.Exec(ctx, query)
			return err
		}
}

func TestStore_Access(t *testing.T) {
	pgtest.Need(t, server)
	storetest.RunAccess(t, func(t testing.TB) (func() store.Access, func(string) error) {
		process, exec := processes(t)
		return func() store.Access { return process() }, exec
	})
}
