package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/internal/store/sqlite"
	"github.com/streetsafe/streetsafe/internal/store/storetest"
)

func TestStore_Library(t *testing.T) {
	storetest.RunLibrary(t, func(t testing.TB) func() interface {
		store.Library
		store.Access
	} {
		path := filepath.Join(t.TempDir(), sqlite.FileName)
		return func() interface {
			store.Library
			store.Access
		} {
			s := open(t, path)
			t.Cleanup(func() { s.Close() })
			return s
		}
	})
}
