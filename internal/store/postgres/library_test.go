package postgres_test

import (
	"testing"

	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/internal/store/postgres/pgtest"
	"github.com/streetsafe/streetsafe/internal/store/storetest"
)

func TestStore_Library(t *testing.T) {
	pgtest.Need(t, server)
	storetest.RunLibrary(t, func(t testing.TB) func() interface {
		store.Library
		store.Access
	} {
		url := server.NewDatabase(t)
		return func() interface {
			store.Library
			store.Access
		} {
			s := open(t, url)
			t.Cleanup(func() { s.Close() })
			return s
		}
	})
}
