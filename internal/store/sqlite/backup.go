package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mattn/go-sqlite3"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// ErrExists says that a file is there already, and is left alone.
var ErrExists = errors.New("the file exists already")

// Backup writes the database as it is now into a new file, while others read
// and write. The file is whole or not there: it is written beside, checked, and
// then renamed.
func (s *Store) Backup(ctx context.Context, file string) error {
	err := writeWhole(file, func(partial string) error {
		if err := s.copyTo(ctx, partial); err != nil {
			return err
		}
		return soundFile(ctx, partial)
	})
	if err != nil {
		return fmt.Errorf("back up to %s: %w", file, err)
	}
	return nil
}

// Restore makes a backup the database at path, where there must be none. It
// gets a new ID: the numbers of batches that are lost will be given again, and
// nothing that was derived from the old ones may be taken for the new.
func Restore(ctx context.Context, backup, path string) error {
	err := writeWhole(path, func(partial string) error {
		from, err := openFile(ctx, backup)
		if err != nil {
			return err
		}
		defer from.Close()
		if err := from.copyTo(ctx, partial); err != nil {
			return err
		}
		if err := soundFile(ctx, partial); err != nil {
			return err
		}
		return newID(ctx, partial)
	})
	if err != nil {
		return fmt.Errorf("restore %s: %w", backup, err)
	}
	return nil
}

// Verify looks for damage and contradictions in a backup.
func Verify(ctx context.Context, backup string) ([]store.Problem, error) {
	s, err := openFile(ctx, backup)
	if err != nil {
		return nil, fmt.Errorf("verify %s: %w", backup, err)
	}
	defer s.Close()
	problems, err := s.Check(ctx)
	if err != nil {
		return nil, fmt.Errorf("verify %s: %w", backup, err)
	}
	return problems, nil
}

// writeWhole lets write make a file beside the named one and puts it in its
// place, durably.
func writeWhole(file string, write func(partial string) error) error {
	switch _, err := os.Lstat(file); {
	case err == nil:
		return fmt.Errorf("%w: %s", ErrExists, file)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "."+filepath.Base(file)+".*") // 0600
	if err != nil {
		return err
	}
	partial := f.Name()
	if err := errors.Join(f.Close(), write(partial)); err != nil {
		return errors.Join(err, os.Remove(partial))
	}
	if err := syncFile(partial); err != nil {
		return errors.Join(err, os.Remove(partial))
	}
	if err := os.Rename(partial, file); err != nil {
		return errors.Join(err, os.Remove(partial))
	}
	return syncFile(dir)
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// openFile opens a database only to read it, without a write-ahead log beside
// it: a backup on a medium that cannot be written is as good as any.
func openFile(ctx context.Context, path string) (*Store, error) {
	if err := ensureFile(path, false); err != nil {
		return nil, err
	}
	s := &Store{path: path}
	s.reader = newPool(path, reading)
	s.writer = s.reader
	if err := s.migrate(ctx, false); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// soundFile fails when a database has any problem.
func soundFile(ctx context.Context, path string) error {
	problems, err := Verify(ctx, path)
	if err == nil && len(problems) > 0 {
		err = errors.New(problems[0].What)
	}
	return err
}

// copyTo copies the database into an empty file, in one go: a copy in steps
// would begin anew whenever another program writes. Writers do not wait for it.
func (s *Store) copyTo(ctx context.Context, file string) error {
	to := newPool(file, copying)
	defer to.Close()
	err := raw(ctx, s.reader, func(from *sqlite3.SQLiteConn) error {
		return raw(ctx, to, func(to *sqlite3.SQLiteConn) error {
			b, err := to.Backup("main", from, "main")
			if err != nil {
				return err
			}
			done, err := b.Step(-1)
			if err == nil && !done {
				err = errors.New("the database is locked")
			}
			return errors.Join(err, b.Finish())
		})
	})
	if err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	// One file by itself, not one with a log beside it.
	if _, err := to.ExecContext(ctx, `PRAGMA journal_mode = DELETE`); err != nil {
		return fmt.Errorf("turn off the write-ahead log: %w", err)
	}
	return nil
}

func raw(ctx context.Context, db *sql.DB, fn func(*sqlite3.SQLiteConn) error) error {
	c, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	return errors.Join(c.Raw(func(c any) error { return fn(c.(*sqlite3.SQLiteConn)) }), c.Close())
}

func newID(ctx context.Context, file string) error {
	db := newPool(file, copying)
	defer db.Close()
	if _, err := db.ExecContext(ctx, `UPDATE meta SET value = lower(hex(randomblob(16))) WHERE key = 'store_id'`); err != nil {
		return fmt.Errorf("give the database a new ID: %w", err)
	}
	return nil
}

// BackupInfo is what a backup holds.
type BackupInfo struct {
	Generation uint64
	Reports    int64
}

// Inspect reads what a backup holds.
func Inspect(ctx context.Context, backup string) (BackupInfo, error) {
	s, err := openFile(ctx, backup)
	if err != nil {
		return BackupInfo{}, fmt.Errorf("inspect %s: %w", backup, err)
	}
	defer s.Close()
	var info BackupInfo
	if info.Generation, err = s.Generation(ctx); err != nil {
		return info, err
	}
	info.Reports, err = s.Count(ctx, report.Filter{}, 0)
	return info, err
}
