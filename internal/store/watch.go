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

// Watcher follows the generation of a store.
type Watcher struct {
	// Read returns the generation. Its errors are taken for passing troubles of
	// the database: the next turn tries again.
	Read func(context.Context) (uint64, error)
	// Every is how often to look without being woken.
	Every time.Duration
	// Beacon wakes the watcher early and ends it.
	Beacon *Beacon
}

// Watch is Store.Watch.
func (w Watcher) Watch(ctx context.Context) <-chan uint64 {
	out := make(chan uint64, 1)
	go func() {
		defer close(out)
		tick := time.NewTicker(w.Every)
		defer tick.Stop()
		told, first := uint64(0), true
		for ctx.Err() == nil && !w.Beacon.Closed() {
			lit := w.Beacon.Wait() // before reading, so that no batch falls in between
			if g, err := w.Read(ctx); err == nil && (first || g > told) {
				told, first = g, false
				offer(out, g)
			}
			select {
			case <-ctx.Done():
			case <-lit:
			case <-tick.C:
			}
		}
	}()
	return out
}

// offer puts the newest value into a channel of capacity one, in place of one
// that nobody has taken yet.
func offer(out chan uint64, g uint64) {
	select {
	case <-out:
	default:
	}
	out <- g // only this goroutine sends, so there is room
}
