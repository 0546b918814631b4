package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/internal/store/sqlite"
	"github.com/streetsafe/streetsafe/internal/store/storetest"
)

var ctx = context.Background()

func open(t testing.TB, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(ctx, path, sqlite.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// behind returns a way to run SQL on a file without the package.
func behind(t testing.TB, path string) func(query string) {
	t.Helper()
	db, err := sql.Open("sqlite3", (&url.URL{Scheme: "file", OmitHost: true, Path: path}).String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return func(query string) {
		t.Helper()
		if _, err := db.Exec(query); err != nil {
			t.Fatal(err)
		}
	}
}

// newFile is storetest.New.
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

func TestStore_Contract(t *testing.T) { storetest.Run(t, newFile) }

func TestStore_Sabotage(t *testing.T) {
	storetest.RunSabotage(t, func(t testing.TB) (store.Store, func(string)) {
		path := filepath.Join(t.TempDir(), sqlite.FileName)
		s := open(t, path)
		t.Cleanup(func() { s.Close() })
		return s, behind(t, path)
	})
}

func TestOpen_Refusals(t *testing.T) {
	for _, c := range []struct {
		name  string
		setUp func(t *testing.T, path string)
		want  error
	}{
		{"no file", func(*testing.T, string) {}, store.ErrNotExist},
		{"an empty file", func(t *testing.T, path string) {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, store.ErrNotExist},
		{"a database without schema", func(t *testing.T, path string) {
			behind(t, path)(`CREATE TABLE other (x)`)
		}, store.ErrOldSchema},
		{"a newer schema", func(t *testing.T, path string) {
			open(t, path).Close()
			behind(t, path)(`INSERT INTO schema_migrations VALUES (9999, 'future', 'x', 0)`)
		}, store.ErrNewerSchema},
		{"an older schema", func(t *testing.T, path string) {
			open(t, path).Close()
			behind(t, path)(`DELETE FROM schema_migrations WHERE number = (SELECT max(number) FROM schema_migrations)`)
		}, store.ErrOldSchema},
		{"a changed migration", func(t *testing.T, path string) {
			open(t, path).Close()
			behind(t, path)(`UPDATE schema_migrations SET checksum = 'x' WHERE number = 1`)
		}, store.ErrChangedMigration},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), sqlite.FileName)
			c.setUp(t, path)
			s, err := sqlite.Open(ctx, path, sqlite.Options{})
			if !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if s != nil {
				s.Close()
			}
		})
	}
}

func TestOpen_NewerSchemaEvenToMigrate(t *testing.T) {
	path := filepath.Join(t.TempDir(), sqlite.FileName)
	open(t, path).Close()
	behind(t, path)(`INSERT INTO schema_migrations VALUES (9999, 'future', 'x', 0)`)
	if _, err := sqlite.Open(ctx, path, sqlite.Options{Create: true}); !errors.Is(err, store.ErrNewerSchema) {
		t.Errorf("error %v, want %v", err, store.ErrNewerSchema)
	}
	states, err := sqlite.MigrationStatus(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	if last := states[len(states)-1]; last.Name != "future" || !last.Applied {
		t.Errorf("last migration %+v, want the future one", last)
	}
}

// Programs that start together on a new directory all succeed, and each
// migration is applied once.
func TestOpen_TenAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "made", sqlite.FileName)
	stores := make([]*sqlite.Store, 10)
	var group sync.WaitGroup
	for i := range stores {
		group.Go(func() {
			var err error
			if stores[i], err = sqlite.Open(ctx, path, sqlite.Options{Create: true}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	ids := map[string]bool{}
	for _, s := range stores {
		if s != nil {
			ids[s.ID()] = true
			s.Close()
		}
	}
	if len(ids) != 1 {
		t.Errorf("%d different IDs", len(ids))
	}
}

func TestOpen_AwkwardPath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?c%20d#e&ü", sqlite.FileName)
	s := open(t, path)
	if err := s.SetMeta(ctx, "k", "v"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

// Reports are about people: nobody else on the machine reads them.
func TestOpen_Rights(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := open(t, filepath.Join(dir, sqlite.FileName))
	defer s.Close()
	if _, err := s.Insert(ctx, "s", sample("", 3)); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("directory: %v, %v, want 0700", info.Mode().Perm(), err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) < 3 {
		t.Fatalf("%d files, %v, want the database, its log and its shared memory", len(entries), err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v, want 0600", e.Name(), info.Mode().Perm(), err)
		}
	}
}

// What was acknowledged is there after the file is closed and opened again.
func TestStore_Reopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), sqlite.FileName)
	s := open(t, path)
	want, err := s.Insert(ctx, "s", sample("", 1000))
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = open(t, path)
	defer s.Close()
	n, err := s.Count(ctx, report.Filter{}, 0)
	if err != nil || int(n) != want.Accepted {
		t.Errorf("%d reports, %v, want %d", n, err, want.Accepted)
	}
}

func TestStore_DamagedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), sqlite.FileName)
	s := open(t, path)
	if _, err := s.Insert(ctx, "s", sample("", 5000)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(data) * 3 / 4; i < len(data)*3/4+20000; i++ { // not where the schema is
		data[i] ^= 0x5a
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	defer s.Close()
	problems, err := s.Check(ctx)
	if err == nil && len(problems) == 0 {
		t.Error("Check finds nothing wrong with a damaged file")
	}
	for _, p := range problems {
		if !strings.Contains(p.What, "damaged") {
			t.Errorf("says %q, want damaged", p.What)
		}
	}
}

// No clock time is in the file, in whatever form a program might write one.
func TestStore_NoClockTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), sqlite.FileName)
	now := time.Date(2024, 5, 6, 17, 38, 49, 123456789, time.UTC)
	s, err := sqlite.Open(ctx, path, sqlite.Options{Create: true, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Insert(ctx, "s", sample("", 10)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	seconds := uint32(now.Unix())
	for _, form := range []string{
		"17:38", "173849", "1715017129",
		string([]byte{byte(seconds >> 24), byte(seconds >> 16), byte(seconds >> 8), byte(seconds)}),
	} {
		if strings.Contains(string(data), form) {
			t.Errorf("the file has %q", form)
		}
	}
}

func TestStore_Move(t *testing.T) { storetest.RunMove(t, newFile, newFile) }

func TestStore_Schema(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), sqlite.FileName))
	defer s.Close()
	db, err := sql.Open("sqlite3", s.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`SELECT m.name, c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns := map[string][]string{}
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			t.Fatal(err)
		}
		columns[table] = append(columns[table], column)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	storetest.CheckSchema(t, columns)
}
