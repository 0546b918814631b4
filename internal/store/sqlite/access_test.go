package sqlite_test

import (
	"database/sql"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/internal/store/sqlite"
	"github.com/streetsafe/streetsafe/internal/store/storetest"
)

// processes makes a database and returns a function that opens it, each call
// standing for another process, and one that runs SQL on it.
func processes(t testing.TB) (process func() *sqlite.Store, exec func(query string) error) {
	path := filepath.Join(t.TempDir(), sqlite.FileName)
	db, err := sql.Open("sqlite3", (&url.URL{Scheme: "file", OmitHost: true, Path: path}).String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return func() *sqlite.Store {
			s := open(t, path)
			t.Cleanup(func() { s.Close() })
			return s
		}, func(query string) error {
			_, err := db.Exec(query)
			return err
		}
}

func TestStore_Access(t *testing.T) {
	storetest.RunAccess(t, func(t testing.TB) (func() store.Access, func(string) error) {
		process, exec := processes(t)
		return func() store.Access { return process() }, exec
	})
}
