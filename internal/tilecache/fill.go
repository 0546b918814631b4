package tilecache

import (
	"context"
	"errors"
	"sync"
)

// errAbandoned says that nobody waited any more when a fill's turn came.
var errAbandoned = errors.New("tilecache: fill abandoned")

// Fill works out a missing entry. It gets no context: once begun it is short,
// and others may wait for it.
type Fill func() (*Entry, error)

// Fetch returns the entry of key, from memory or by fill. Requests for one key
// share one fill. A request whose context ends stops waiting; a fill that has
// not begun is dropped when nobody waits for it any more, one that has begun
// ends and is kept. Errors of fill are returned to all who wait and are not
// kept.
func (c *Cache) Fetch(ctx context.Context, key string, fill Fill) (*Entry, error) {
	if e, ok := c.lookUp(key); ok {
		c.hits.Add(1)
		return e, nil
	}
	counted := false
	for {
		f, leads := c.flights.join(key)
		if !counted {
			counted = true
			if leads {
				c.misses.Add(1)
			} else {
				c.coalesced.Add(1)
			}
		}
		if leads {
			return c.lead(ctx, key, f, fill)
		}
		select {
		case <-f.done:
			if errors.Is(f.err, errAbandoned) {
				continue // its leader left just as this request joined
			}
			return f.entry, f.err
		case <-ctx.Done():
			c.flights.leave(f)
			return nil, ctx.Err()
		}
	}
}

// lead runs the fill in the goroutine of the first request, which saves a
// switch for each miss.
func (c *Cache) lead(ctx context.Context, key string, f *flight, fill Fill) (*Entry, error) {
	if !c.flights.take(ctx, f) {
		c.flights.finish(key, f, nil, errAbandoned)
		return nil, ctx.Err()
	}
	entry, err := (*Entry)(nil), errors.New("tilecache: fill panicked")
	defer func() {
		c.flights.release()
		c.flights.finish(key, f, entry, err)
	}()
	// A fill for the same key may have ended between the look-up and the join.
	if e, ok := c.lookUp(key); ok {
		entry, err = e, nil
		return entry, err
	}
	if entry, err = fill(); err == nil {
		c.store(key, entry)
	}
	return entry, err
}

// flight is one fill under way. entry and err are set before done is closed.
type flight struct {
	done    chan struct{}
	waiting int // requests beside the leader; guarded by flights.mu
	idle    chan struct{}
	entry   *Entry
	err     error
}

type flights struct {
	mu    sync.Mutex // guards byKey and the waiting counts
	byKey map[string]*flight
	slots chan struct{} // one for each fill that may run at once
}

func (fs *flights) init(n int) {
	fs.byKey = map[string]*flight{}
	fs.slots = make(chan struct{}, max(n, 1))
}

func (fs *flights) join(key string) (f *flight, leads bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f, ok := fs.byKey[key]; ok {
		f.waiting++
		return f, false
	}
	f = &flight{done: make(chan struct{}), idle: make(chan struct{}, 1)}
	fs.byKey[key] = f
	return f, true
}

func (fs *flights) leave(f *flight) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f.waiting--; f.waiting == 0 {
		select {
		case f.idle <- struct{}{}:
		default:
		}
	}
}

// take waits for a slot. It returns false when the leader's context has ended
// and nobody else waits.
func (fs *flights) take(ctx context.Context, f *flight) bool {
	select {
	case fs.slots <- struct{}{}:
		return true
	default:
	}
	ended := ctx.Done()
	for {
		select {
		case fs.slots <- struct{}{}:
			return true
		case <-ended:
			ended = nil
		case <-f.idle:
		}
		if ctx.Err() == nil {
			continue
		}
		fs.mu.Lock()
		alone := f.waiting == 0
		fs.mu.Unlock()
		if alone {
			return false
		}
	}
}

func (fs *flights) release() { <-fs.slots }

func (fs *flights) finish(key string, f *flight, e *Entry, err error) {
	fs.mu.Lock()
	delete(fs.byKey, key)
	fs.mu.Unlock()
	f.entry, f.err = e, err
	close(f.done)
}
