// Package actionbook keeps the actions of a store in memory, lets officers and
// planners change them within the policy, and publishes those that are public.
package actionbook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/streetsafe/streetsafe/internal/action"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// ErrNotFound says that there is no such action, and ErrStale that somebody else
// changed it meanwhile.
var (
	ErrNotFound = errors.New("there is no such action")
	ErrStale    = errors.New("the action was changed meanwhile")
)

// Version is an action as somebody wrote it.
type Version struct {
	action.Action
	Number int
	At     time.Time
	Who    string
	Change string
}

// Entry is an action with its history. It is never changed once it is made.
type Entry struct {
	Version           // the present one
	History []Version // all, oldest first
}

// Parts are what a book is made of.
type Parts struct {
	Store     store.Actions
	Today     func() report.Day // the date in the United Kingdom
	Now       func() time.Time  // nil for time.Now
	Synthetic bool              // what is recorded from now on is labelled as made up
	Log       *slog.Logger
}

// Book holds all actions in memory. All methods may be called at the same time.
type Book struct {
	Parts

	mu      sync.Mutex // guards the fields below; held while the store is read
	seen    int64      // Seq of the last version that was read
	entries map[string]*Entry
	order   []*Entry         // the latest change first; replaced, never changed
	public  *action.Document // of what was read; nil when it has to be made
	changed chan struct{}
}

// New returns an empty book. Load fills it.
func New(p Parts) *Book {
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.Log == nil {
		p.Log = slog.Default()
	}
	return &Book{Parts: p, entries: map[string]*Entry{}, changed: make(chan struct{})}
}

// Load reads what is new in the store.
func (b *Book) Load(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	versions, err := b.Store.ActionVersions(ctx, b.seen)
	if err != nil {
		return fmt.Errorf("read actions: %w", err)
	}
	for _, v := range versions {
		a, err := action.Decode(v.Body)
		if err != nil {
			return fmt.Errorf("version %d of action %s: %w", v.Number, v.ID, err)
		}
		now := Version{a, v.Number, v.At, v.Who, v.Change}
		e := &Entry{Version: now}
		if before := b.entries[v.ID]; before != nil {
			e.History = append(e.History, before.History...)
		}
		e.History = append(e.History, now)
		b.entries[v.ID], b.seen = e, v.Seq
	}
	if len(versions) > 0 {
		b.sort()
		b.public = nil
		close(b.changed)
		b.changed = make(chan struct{})
	}
	return nil
}

func (b *Book) sort() {
	order := make([]*Entry, 0, len(b.entries))
	for _, e := range b.entries {
		order = append(order, e)
	}
	slices.SortFunc(order, func(x, y *Entry) int {
		if c := y.At.Compare(x.At); c != 0 {
			return c
		}
		return strings.Compare(x.ID, y.ID)
	})
	b.order = order
}

// Follow looks for what other processes wrote, at every tick until ctx ends.
func (b *Book) Follow(ctx context.Context, tick <-chan time.Time) {
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
		}
		err := b.catchUp(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			b.Log.Warn("cannot read actions, trying again at the next turn", slog.Any("error", err))
		}
		failing = err != nil
	}
}

func (b *Book) catchUp(ctx context.Context) error {
	revision, err := b.Store.ActionRevision(ctx)
	if err != nil || revision <= b.Revision() {
		return err
	}
	return b.Load(ctx)
}

// Revision grows with every version that the book knows.
func (b *Book) Revision() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.seen
}

// Changed returns a channel that is closed at the next change.
func (b *Book) Changed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changed
}

// All lists all actions, the latest change first. The slice must not be changed.
func (b *Book) All() []*Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.order
}

// Entry finds an action, or ErrNotFound.
func (b *Book) Entry(id string) (*Entry, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.entries[id]; e != nil {
		return e, nil
	}
	return nil, ErrNotFound
}

// Document is what the public sees of the book. It must not be changed.
func (b *Book) Document() (action.Document, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.public != nil {
		return *b.public, nil
	}
	var all []action.Dated
	for _, e := range b.order {
		all = append(all, action.Dated{Action: e.Action, Changed: report.DayOf(e.At.UTC())})
	}
	doc, err := action.NewDocument(all)
	if err != nil {
		return doc, err
	}
	b.public = &doc
	return doc, nil
}
