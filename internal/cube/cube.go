package cube

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// Cube owns the current snapshot. Readers take it with Current and never wait;
// Apply and the merges behind it take turns.
type Cube struct {
	current atomic.Pointer[Snapshot]
	tuning  tuning // never changes

	mu   sync.Mutex    // held while current is replaced; guards the fields below
	job  *job          // the merge under way; nil when there is none
	idle chan struct{} // closed when the goroutine that merges ends; nil when there is none
}

// New starts with a snapshot; nil stands for an empty one.
func New(s *Snapshot) *Cube {
	if s == nil {
		s = &Snapshot{}
	}
	c := &Cube{tuning: tuning{defaultInlineRows, defaultTierRatio}}
	c.current.Store(s)
	return c
}

// Current is the newest snapshot.
func (c *Cube) Current() *Snapshot { return c.current.Load() }

// Apply makes the snapshot with a batch in it the current one and returns it.
// When a report is none, a retracted one is not there or the generation is not a
// new one, the error says so and nothing has changed.
func (c *Cube) Apply(b Batch) (*Snapshot, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, err := c.current.Load().with(b, c.tuning, c.job)
	if err != nil {
		return nil, err
	}
	c.current.Store(s)
	c.startMerging()
	return s, nil
}

// Replace makes a snapshot that was built anew the current one, which readers have
// until then. It waits for the merge under way. The error says that the snapshot is
// older than the current one: its generations may already stand for something else.
func (c *Cube) Replace(s *Snapshot) error {
	for {
		c.mu.Lock()
		idle := c.idle
		if idle == nil {
			break
		}
		c.mu.Unlock()
		<-idle
	}
	defer c.mu.Unlock()
	if have := c.current.Load().generation; s.generation < have {
		return fmt.Errorf("cube: replacement of generation %d for %d", s.generation, have)
	}
	c.current.Store(s)
	c.startMerging()
	return nil
}

// with is the snapshot with a batch in it. The parts of a job stay as they are.
func (s *Snapshot) with(b Batch, t tuning, j *job) (*Snapshot, error) {
	if b.Generation <= s.generation {
		return nil, fmt.Errorf("cube: batch %d after generation %d", b.Generation, s.generation)
	}
	changes, err := split(b)
	if err != nil {
		return nil, err
	}
	shards := slices.Clone(s.shards)
	for root, ch := range changes {
		var old *shard
		i, ok := slices.BinarySearchFunc(shards, root, compareRoots)
		if ok {
			old = shards[i]
		} else {
			old = &shard{root: root}
			shards = slices.Insert(shards, i, old)
		}
		ch.generation, ch.tuning = b.Generation, t
		if j != nil && j.root == root {
			ch.keep = j.hi
		}
		if shards[i], err = old.with(ch); err != nil {
			return nil, err
		}
	}
	return newSnapshot(b.Generation, shards), nil
}
