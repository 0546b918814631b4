package cube

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/uber/h3-go/v4"
)

// Cube owns the current snapshot. Readers take it with Current and never wait;
// Apply and the merges behind it take turns.
type Cube struct {
	current atomic.Pointer[Snapshot]
	mu      sync.Mutex // held while current is replaced
}

// New starts with a snapshot; nil stands for an empty one.
func New(s *Snapshot) *Cube {
	if s == nil {
		s = &Snapshot{}
	}
	c := &Cube{}
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
	s, err := c.current.Load().with(b)
	if err != nil {
		return nil, err
	}
	c.current.Store(s)
	return s, nil
}

// with is the snapshot with a batch in it.
func (s *Snapshot) with(b Batch) (*Snapshot, error) {
	if b.Generation <= s.generation {
		return nil, fmt.Errorf("cube: batch %d after generation %d", b.Generation, s.generation)
	}
	changes, err := split(b)
	if err != nil {
		return nil, err
	}
	next := &Snapshot{generation: b.Generation, shards: slices.Clone(s.shards)}
	for root, ch := range changes {
		var old *shard
		i, ok := next.find(root)
		if ok {
			old = next.shards[i]
		} else {
			old = &shard{root: root}
			next.shards = slices.Insert(next.shards, i, old)
		}
		if next.shards[i], err = old.with(ch, b.Generation); err != nil {
			return nil, err
		}
	}
	return next, nil
}

// change is what a batch does to one shard.
type change struct{ added, retracted []row }

func split(b Batch) (map[h3.Cell]*change, error) {
	changes := map[h3.Cell]*change{}
	of := func(c h3.Cell) *change {
		root := parentOf(c, minRes)
		ch := changes[root]
		if ch == nil {
			ch = &change{}
			changes[root] = ch
		}
		return ch
	}
	for _, r := range b.Add {
		row, err := rowOf(r)
		if err != nil {
			return nil, err
		}
		ch := of(r.Cell)
		ch.added = append(ch.added, row)
	}
	for _, r := range b.Retract {
		row, err := rowOf(r)
		if err != nil {
			return nil, err
		}
		ch := of(r.Cell)
		ch.retracted = append(ch.retracted, row)
	}
	return changes, nil
}

// with is the shard with a change in it: one part more, or two.
func (sh *shard) with(ch *change, gen uint64) (*shard, error) {
	slices.Sort(ch.added)
	slices.Sort(ch.retracted)
	known := make([]*tree, len(sh.parts))
	for i, p := range sh.parts {
		known[i] = p.tree
	}
	t, err := newTree(sh.root, keysOf(ch.added, ch.retracted), func(uint32) uint64 { return gen }, known)
	if err != nil {
		return nil, err
	}
	// What the batch both adds and retracts only leaves its mark in the tree.
	added, retracted := subtract(ch.added, ch.retracted)
	if err := sh.mustHold(retracted); err != nil {
		return nil, err
	}
	parts := append(slices.Clone(sh.parts), newPart(t, added, false))
	if len(retracted) > 0 {
		parts = append(parts, newPart(t, retracted, true))
	}
	return newShard(sh.root, parts), nil
}

// mustHold checks that the shard has each of the sorted rows as often as they
// name it.
func (sh *shard) mustHold(sorted []row) error {
	for i := 0; i < len(sorted); {
		n := 1
		for i+n < len(sorted) && sorted[i+n] == sorted[i] {
			n++
		}
		if held := sh.count(sorted[i]); held < n {
			return fmt.Errorf("cube: retracting %d reports of cell %s of which there are %d",
				n, cellOf(sh.root, maxRes, sorted[i].key()), held)
		}
		i += n
	}
	return nil
}

// count is how many reports are equal to this one.
func (sh *shard) count(want row) int {
	n := 0
	for _, p := range sh.parts {
		r := p.at(maxRes)
		if r == nil {
			continue
		}
		i, ok := p.tree.at(maxRes).find(want.key())
		if !ok {
			continue
		}
		day := want.mark().day()
		for a, b := r.window(i, day, day+1); a < b; a++ {
			if attrOfVector(r.vector(a)) == want.mark().attr() {
				n += int(p.sign())
			}
		}
	}
	return n
}
