package actionbook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/streetsafe/streetsafe/internal/action"
)

// lockFile keeps other processes from publishing into the same directory.
const lockFile = ".actions.lock"

// Publisher keeps the published actions of a release directory as the book has
// them. Any number of processes may share the directory: one at a time writes.
type Publisher struct {
	Book   *Book
	Dir    string // of the releases
	Source string // names the store, for the identifier of the feed
	Log    *slog.Logger
}

// Publish writes the public files unless they are as they should be, and reports
// whether anything changed. The store is read anew while the directory is locked,
// so that nobody puts an older state over a newer one.
func (p *Publisher) Publish(ctx context.Context) (changed bool, err error) {
	if err := os.MkdirAll(p.Dir, 0o755); err != nil {
		return false, fmt.Errorf("publish actions: %w", err)
	}
	unlock, err := lock(filepath.Join(p.Dir, lockFile))
	if err != nil {
		return false, fmt.Errorf("publish actions: %w", err)
	}
	defer unlock()
	if err := p.Book.Load(ctx); err != nil {
		return false, err
	}
	doc, err := p.Book.Document()
	if err != nil {
		return false, err
	}
	files, err := doc.Files(p.Source)
	if err != nil {
		return false, err
	}
	return action.Write(p.Dir, files)
}

// lock waits for the lock of a file. The system lets go of it when a process ends,
// however it ends.
func lock(name string) (unlock func(), err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil // closing lets go, and nothing was written
}

// Follow publishes at once and after every change until ctx ends. published hears
// whenever the files are as they should be. What fails is tried again at the next
// tick.
func (p *Publisher) Follow(ctx context.Context, retry <-chan time.Time, published func()) {
	failing := false
	for ctx.Err() == nil {
		next := p.Book.Changed() // before publishing, so that no change falls in between
		changed, err := p.Publish(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !failing:
			p.Log.Warn("cannot publish actions, trying again at the next turn", slog.Any("error", err))
		case err == nil:
			if changed {
				p.Log.Info("actions published", slog.String("dir", filepath.Join(p.Dir, action.Dir)))
			}
			published() // another process may have been the one that wrote
		}
		failing = err != nil
		if !p.wait(ctx, next, retry, failing) {
			return
		}
	}
}

func (p *Publisher) wait(ctx context.Context, next <-chan struct{}, retry <-chan time.Time, failing bool) bool {
	if !failing {
		retry = nil
	}
	select {
	case <-ctx.Done():
		return false
	case <-next:
	case <-retry:
	}
	return true
}
