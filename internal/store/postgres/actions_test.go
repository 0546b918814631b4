package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/streetsafe/streetsafe/internal/store/postgres/pgtest"
	"github.com/streetsafe/streetsafe/internal/store/storetest"
)

func TestStore_Actions(t *testing.T) {
	pgtest.Need(t, server)
	storetest.RunActions(t, func(t testing.TB) (func() storetest.ActionStore, func(string) error) {
		url := server.NewDatabase(t)
		return func() storetest.ActionStore {
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
	})
}
