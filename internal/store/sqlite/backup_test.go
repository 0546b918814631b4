package sqlite_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/internal/store/sqlite"
)

// A backup that is taken while a program writes is a state that the database
// was in: whole batches, nothing wrong with it.
func TestStore_Backup(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, sqlite.FileName))
	defer s.Close()
	const rows = 200
	insert := func(prefix string) {
		if _, err := s.Insert(ctx, "s", sample(prefix, rows)); err != nil {
			t.Error(err)
		}
	}
	insert("before")
	var group sync.WaitGroup
	group.Go(func() {
		for i := range 40 {
			insert(fmt.Sprint(i, "-"))
		}
	})
	for i := range 5 {
		file := filepath.Join(dir, "backups", fmt.Sprint(i))
		if err := s.Backup(ctx, file); err != nil {
			t.Fatal(err)
		}
		info, err := sqlite.Inspect(ctx, file)
		if err != nil || info.Generation == 0 || info.Reports != int64(info.Generation)*rows {
			t.Errorf("backup has %+v, %v, want whole batches of %d", info, err, rows)
		}
	}
	group.Wait()
	entries, err := os.ReadDir(filepath.Join(dir, "backups"))
	if err != nil || len(entries) != 5 {
		t.Errorf("%d files, %v, want the 5 backups and nothing beside them", len(entries), err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v, want 0600", e.Name(), info.Mode(), err)
		}
	}
}

func TestRestore(t *testing.T) {
	dir := t.TempDir()
	backup, path := filepath.Join(dir, "backup"), filepath.Join(dir, "new", sqlite.FileName)
	s := open(t, filepath.Join(dir, sqlite.FileName))
	defer s.Close()
	if _, err := s.Insert(ctx, "s", sample("", 300)); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(ctx, backup); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(ctx, backup); !errors.Is(err, sqlite.ErrExists) {
		t.Errorf("a second time: error %v, want %v", err, sqlite.ErrExists)
	}
	if err := os.Chmod(backup, 0o400); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Restore(ctx, backup, path); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Restore(ctx, backup, path); !errors.Is(err, sqlite.ErrExists) {
		t.Errorf("over a database: error %v, want %v", err, sqlite.ErrExists)
	}

	restored, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer restored.Close()
	if n, err := restored.Count(ctx, report.Filter{}, 0); n != 300 || err != nil {
		t.Errorf("%d reports, %v, want 300", n, err)
	}
	if restored.ID() == s.ID() {
		t.Error("the restored database has the old ID")
	}
	r, err := restored.Insert(ctx, "s", sample("", 300))
	if err != nil || r.Duplicates != 300 || r.Generation != 1 {
		t.Errorf("inserting again: %+v, %v", r, err)
	}
	wantSound(t, restored)
}

func TestVerify_Damage(t *testing.T) {
	dir := t.TempDir()
	backup := filepath.Join(dir, "backup")
	s := open(t, filepath.Join(dir, sqlite.FileName))
	defer s.Close()
	if _, err := s.Insert(ctx, "s", sample("", 3000)); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(ctx, backup); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		spoil func([]byte) []byte
	}{
		{"cut off", func(b []byte) []byte { return b[:len(b)/2] }},
		{"overwritten", func(b []byte) []byte { copy(b[len(b)/2:], make([]byte, 20000)); return b }},
		{"not a database", func([]byte) []byte { return []byte("backup of the backup") }},
		{"empty", func([]byte) []byte { return nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "damaged")
			if err := os.WriteFile(file, c.spoil(append([]byte(nil), whole...)), 0o600); err != nil {
				t.Fatal(err)
			}
			if problems, err := sqlite.Verify(ctx, file); err == nil && len(problems) == 0 {
				t.Error("Verify finds nothing wrong")
			}
			target := filepath.Join(t.TempDir(), sqlite.FileName)
			if err := sqlite.Restore(ctx, file, target); err == nil {
				t.Error("it is restored")
			}
			if entries, err := os.ReadDir(filepath.Dir(target)); err != nil || len(entries) != 0 {
				t.Errorf("%d files left behind, %v", len(entries), err)
			}
		})
	}
	if problems, err := sqlite.Verify(ctx, backup); err != nil || len(problems) != 0 {
		t.Errorf("the whole one: %v, %v", problems, err)
	}
	if _, err := sqlite.Verify(ctx, filepath.Join(dir, "absent")); !errors.Is(err, store.ErrNotExist) {
		t.Errorf("an absent one: error %v, want %v", err, store.ErrNotExist)
	}
}
