package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/store"
)

const (
	snapshotName = "cube.snapshot"

	// saveEvery bounds what a start after a crash has to read from the store
	// again. Writing takes about a second for ten million reports.
	saveEvery = 10 * time.Minute

	// leftoverAge is when a half-written file of a process that died is removed.
	leftoverAge = time.Hour
)

// snapshotFile is the saved cube of one process, which makes its next start
// fast. It is only a copy of what the store holds: whatever is wrong with it,
// the cube is built from the store.
type snapshotFile struct {
	path   string
	origin string // the store's ID
	log    *slog.Logger
	saved  uint64 // generation of the file
}

func newSnapshotFile(dir string, st store.Store, log *slog.Logger) *snapshotFile {
	return &snapshotFile{path: filepath.Join(dir, snapshotName), origin: st.ID(), log: log}
}

// load returns the saved cube, or nil when there is none that is of use.
func (f *snapshotFile) load(ctx context.Context, st store.Store) *cube.Snapshot {
	snap, err := cube.ReadFile(f.path, f.origin)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, cube.ErrFileVersion), errors.Is(err, cube.ErrFileOrigin):
		f.log.Info("the saved map is of no use, building it from the store", slog.Any("reason", err))
		return nil
	case err != nil:
		f.log.Warn("the saved map cannot be used, building it from the store", slog.Any("error", err))
		return nil
	}
	if g, err := st.Generation(ctx); err != nil || snap.Generation() > g {
		f.log.Info("the saved map is ahead of the store, building it again", slog.Uint64("saved", snap.Generation()), slog.Uint64("store", g))
		return nil
	}
	f.saved = snap.Generation()
	return snap
}

// save writes the cube if it has changed since. A failure costs time at the
// next start and nothing else.
func (f *snapshotFile) save(c *cube.Cube) {
	snap := c.Settled()
	if snap.Generation() == f.saved {
		return
	}
	f.removeLeftovers()
	start := time.Now()
	err := os.MkdirAll(filepath.Dir(f.path), 0o700)
	if err == nil {
		err = snap.WriteFile(f.path, f.origin)
	}
	if err != nil {
		f.log.Warn("cannot save the map; the next start builds it from the store", slog.Any("error", err))
		return
	}
	f.saved = snap.Generation()
	f.log.Info("map saved", slog.Uint64("generation", f.saved), slog.Duration("took", time.Since(start).Round(time.Millisecond)))
}

func (f *snapshotFile) removeLeftovers() {
	names, err := filepath.Glob(f.path + ".tmp*")
	if err != nil {
		return // the pattern is valid, so there is nothing else to fail
	}
	for _, name := range names {
		if info, err := os.Stat(name); err == nil && time.Since(info.ModTime()) > leftoverAge {
			_ = os.Remove(name) // tried again at the next save
		}
	}
}

// keepSaved saves the cube now, at every tick, and when ctx ends.
func (f *snapshotFile) keepSaved(ctx context.Context, c *cube.Cube, tick <-chan time.Time) {
	for {
		f.save(c)
		select {
		case <-tick:
		case <-ctx.Done():
			f.save(c)
			return
		}
	}
}
