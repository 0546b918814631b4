package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/internal/store/sqlite"
	"github.com/streetsafe/streetsafe/internal/store/storetest"
)

func TestStore_Contract(t *testing.T) {
	storetest.Run(t, func(t testing.TB) func() store.Store {
		path := filepath.Join(t.TempDir(), sqlite.FileName)
		return func() store.Store {
			s, err := sqlite.Open(context.Background(), path, sqlite.Options{Create: true})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	})
}
