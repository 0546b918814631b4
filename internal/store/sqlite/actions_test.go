package sqlite_test

import (
	"database/sql"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/streetsafe/streetsafe/internal/store/sqlite"
	"github.com/streetsafe/streetsafe/internal/store/storetest"
)

func TestStore_Actions(t *testing.T) {
	storetest.RunActions(t, func(t testing.TB) (func() storetest.ActionStore, func(string) error) {
		path := filepath.Join(t.TempDir(), sqlite.FileName)
		db, err := sql.Open("sqlite3", (&url.URL{Scheme: "file", OmitHost: true, Path: path}).String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		return func() storetest.ActionStore {
				s := open(t, path)
				t.Cleanup(func() { s.Close() })
				return s
			}, func(query string) error {
				_, err := db.Exec(query)
				return err
			}
	})
}
