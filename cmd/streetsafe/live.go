package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/server"
	"github.com/streetsafe/streetsafe/internal/store"
)

// live keeps the cube up to date with a store.
type live struct {
	cube  *cube.Cube
	store store.Store
	log   *slog.Logger

	announce func()        // tells open pages that there is a new snapshot; nil for nobody
	history  atomic.Uint64 // see historyFrom

	mu      sync.Mutex // guards the fields below
	latest  uint64     // the store's generation, as last heard
	checked time.Time
	trouble string // why the store cannot be followed, for people
}

// loadLive takes the saved cube and what the store has published since, or
// builds the cube from the store.
func loadLive(ctx context.Context, log *slog.Logger, st store.Store, saved *snapshotFile) (*live, error) {
	start := time.Now()
	l := &live{store: st, log: log, checked: start}
	from := "snapshot"
	if snap := saved.load(ctx, st); snap != nil {
		l.cube = cube.New(snap)
		if err := l.apply(ctx, snap.Generation()); err != nil {
			log.Warn("the saved map cannot be brought up to date, building it from the store", slog.Any("error", err))
			l.cube = nil
		}
	}
	if l.cube == nil {
		from, saved.saved = "store", 0
		snap, err := buildSnapshot(ctx, st)
		if err != nil {
			return nil, fmt.Errorf("load the reports: %w", err)
		}
		l.cube = cube.New(snap)
	}
	if err := l.readHistory(ctx); err != nil {
		return nil, fmt.Errorf("load the reports: %w", err)
	}
	snap := l.cube.Current()
	l.latest = snap.Generation()
	log.Info("map loaded", slog.String("from", from), slog.Int64("reports", snap.Total(report.Filter{})),
		slog.Uint64("generation", snap.Generation()), slog.Duration("took", time.Since(start).Round(time.Millisecond)))
	return l, nil
}

func buildSnapshot(ctx context.Context, st store.Store) (*cube.Snapshot, error) {
	b := cube.NewBuilder()
	generation, err := st.Changes(ctx, 0, func(c store.Change) error {
		return b.Add(cube.Batch{Generation: c.Generation, Add: c.Add, Retract: c.Retract})
	})
	if err != nil {
		return nil, err
	}
	return b.Snapshot(generation)
}

// follow applies new batches until ctx ends. A store that cannot be read leaves
// the map as it is: it goes on serving, and the next sighting tries again.
func (l *live) follow(ctx context.Context) {
	read := time.Now()
	for seen := range l.store.Watch(ctx) {
		err := seen.Err
		if err == nil {
			err = l.catchUp(ctx, seen.Generation)
		}
		if err == nil && time.Since(read) > historyEvery {
			read, err = time.Now(), l.readHistory(ctx)
		}
		if ctx.Err() == nil {
			l.note(seen.Generation, err)
		}
	}
}

func (l *live) catchUp(ctx context.Context, generation uint64) error {
	start, have := time.Now(), l.cube.Current().Generation()
	if generation <= have {
		return nil
	}
	err := l.apply(ctx, have)
	if errors.Is(err, store.ErrForgotten) {
		l.log.Warn("the map is further behind than the store remembers: building it anew while the old one serves", slog.Uint64("generation", have))
		err = l.rebuild(ctx)
	}
	if err != nil {
		return err
	}
	if l.announce != nil {
		l.announce()
	}
	l.log.Info("map updated", slog.Uint64("generation", l.cube.Current().Generation()),
		slog.Uint64("batches", l.cube.Current().Generation()-have), slog.Duration("took", time.Since(start).Round(time.Microsecond)))
	return nil
}

// rebuild reads the whole store beside the map that serves, and takes its place.
func (l *live) rebuild(ctx context.Context) error {
	snap, err := buildSnapshot(ctx, l.store)
	if err != nil {
		return err
	}
	if err := l.readHistory(ctx); err != nil {
		return err
	}
	return l.cube.Replace(snap)
}

// historyEvery is how often a server asks how far the store has forgotten, which
// it does once a day at most.
const historyEvery = time.Minute

// readHistory asks the store from which generation on it knows all changes.
func (l *live) readHistory(ctx context.Context) error {
	value, ok, err := l.store.Meta(ctx, store.MetaHistoryFrom)
	if err != nil || !ok {
		return err
	}
	from, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		return fmt.Errorf("setting %s: %w", store.MetaHistoryFrom, err)
	}
	l.history.Store(from)
	return nil
}

// historyFrom is the generation from which on the store knows all changes. A map
// that was built since may not know that a report was taken out of a tile before.
func (l *live) historyFrom() uint64 { return l.history.Load() }

// apply reads what is new and applies it batch by batch. The store may send a
// batch in pieces; they are put together, since a snapshot holds whole batches.
func (l *live) apply(ctx context.Context, since uint64) error {
	var pending cube.Batch
	flush := func() error {
		if pending.Generation == 0 {
			return nil
		}
		_, err := l.cube.Apply(pending)
		pending = cube.Batch{Generation: 0, Add: pending.Add[:0], Retract: pending.Retract[:0]}
		return err
	}
	_, err := l.store.Changes(ctx, since, func(c store.Change) error {
		if c.Generation != pending.Generation {
			if err := flush(); err != nil {
				return err
			}
		}
		pending.Generation = c.Generation
		pending.Add = append(pending.Add, c.Add...)
		pending.Retract = append(pending.Retract, c.Retract...)
		return nil
	})
	if err != nil {
		return err // what is pending may be half a batch
	}
	return flush()
}

// note remembers for readiness what came of a sighting, and logs the beginning
// and the end of trouble.
func (l *live) note(generation uint64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.latest = max(l.latest, generation)
	before := l.trouble
	l.trouble = trouble(err)
	if err == nil {
		l.checked = time.Now()
	}
	switch {
	case l.trouble == before:
	case err != nil:
		l.log.Warn("cannot follow the store: the map goes on as it is, and tries again", slog.Any("error", err))
	default:
		l.log.Info("the store can be followed again", slog.Uint64("generation", generation))
	}
}

// trouble says why the map may be behind, without what only the log may tell.
func trouble(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, store.ErrUnavailable):
		return "the database is unavailable; the map shows what was there before"
	case errors.Is(err, store.ErrAhead):
		return "the map is ahead of the database, which was put back or is a standby that lags; if it does not catch up, restart"
	}
	return "the store cannot be read; the map shows what was there before"
}

// readiness tells /readyz. A map that is loaded serves, however old it is.
func (l *live) readiness() server.Readiness {
	l.mu.Lock()
	defer l.mu.Unlock()
	have := l.cube.Current().Generation()
	r := server.Readiness{Ready: true, Reason: l.trouble, Checked: l.checked.UTC().Format(time.RFC3339)}
	if l.latest > have {
		r.Behind = l.latest - have
	}
	return r
}
