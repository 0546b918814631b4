package store

import (
	"context"
	"sync"
	"time"
)

// Beacon wakes those who wait for a new batch. The zero value is ready.
type Beacon struct {
	mu     sync.Mutex    // guards the fields below
	lit    chan struct{} // closed by the next Light
	closed bool
}

// Light wakes everyone who waits on a channel that Wait has returned.
func (b *Beacon) Light() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lit != nil && !b.closed {
		close(b.lit)
		b.lit = nil
	}
}

// Wait returns a channel that the next Light closes.
func (b *Beacon) Wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lit == nil {
		b.lit = make(chan struct{})
		if b.closed {
			close(b.lit)
		}
	}
	return b.lit
}

// Close wakes everyone, now and for ever.
func (b *Beacon) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	b.closed = true
	if b.lit != nil {
		close(b.lit)
	}
}

// Closed reports whether Close was called.
func (b *Beacon) Closed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closed
}

// Sighting is what one look at a store found.
type Sighting struct {
	Generation uint64 // 0 when Err is set
	Err        error  // why the store could not be read
}

// Watcher follows the generation of a store.
type Watcher struct {
	// Read returns the generation.
	Read func(context.Context) (uint64, error)
	// Every is how often to look without being woken.
	Every time.Duration
	// Within is how long a look may take.
	Within time.Duration
	// Beacon wakes the watcher early and ends it.
	Beacon *Beacon
}

// Watch is Store.Watch.
func (w Watcher) Watch(ctx context.Context) <-chan Sighting {
	out := make(chan Sighting, 1)
	go func() {
		defer close(out)
		tick := time.NewTicker(w.Every)
		defer tick.Stop()
		for ctx.Err() == nil && !w.Beacon.Closed() {
			lit := w.Beacon.Wait() // before reading, so that no batch falls in between
			seen := w.look(ctx)
			if ctx.Err() != nil || w.Beacon.Closed() { // the look may have failed just by that
				return
			}
			offer(out, seen)
			select {
			case <-ctx.Done():
			case <-lit:
			case <-tick.C:
			}
		}
	}()
	return out
}

func (w Watcher) look(ctx context.Context) Sighting {
	ctx, cancel := context.WithTimeout(ctx, w.Within)
	defer cancel()
	g, err := w.Read(ctx)
	if err != nil {
		return Sighting{Err: err}
	}
	return Sighting{Generation: g}
}

// offer puts the newest sighting into a channel of capacity one, in place of
// one that nobody has taken yet.
func offer(out chan Sighting, seen Sighting) {
	select {
	case <-out:
	default:
	}
	out <- seen // only this goroutine sends, so there is room
}
