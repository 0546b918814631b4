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
	tuning  tuning // never changes

	mu         sync.Mutex // held while current is replaced; guards job
	job        *job       // the merge under way; nil when there is none
	background sync.WaitGroup
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
	s, err := c.current.Load().with(b, c.tuning.inlineRows, c.job)
	if err != nil {
		return nil, err
	}
	c.current.Store(s)
	c.startMerging()
	return s, nil
}

// with is the snapshot with a batch in it. Small parts are joined while they have
// no more than inlineRows; those of a job stay as they are.
func (s *Snapshot) with(b Batch, inlineRows int, j *job) (*Snapshot, error) {
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
		ch.generation, ch.inlineRows = b.Generation, inlineRows
		if j != nil && j.root == root {
			ch.keep = j.hi
		}
		if next.shards[i], err = old.with(ch); err != nil {
			return nil, err
		}
	}
	return next, nil
}

// change is what a batch does to one shard.
type change struct {
	generation       uint64
	added, retracted []row
	inlineRows, keep int // the first keep parts stay as they are
}

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

// with is the shard with a change in it.
func (sh *shard) with(ch *change) (*shard, error) {
	slices.Sort(ch.added)
	slices.Sort(ch.retracted)
	keys := keysOf(ch.added, ch.retracted)
	// What the batch both adds and retracts only leaves its mark in the tree.
	added, retracted := subtract(ch.added, ch.retracted)
	if err := sh.mustHold(retracted); err != nil {
		return nil, err
	}
	t, err := newTree(sh.root, keys, func(uint32) uint64 { return ch.generation }, sh.trees())
	if err != nil {
		return nil, err
	}
	small := sh.smallParts(ch)
	if small < len(sh.parts) {
		for _, p := range sh.parts[small:] {
			added, retracted = p.appendRows(added, retracted)
		}
		slices.Sort(added)
		slices.Sort(retracted)
		added, retracted = subtract(added, retracted)
		t = mergeTrees(append((&shard{parts: sh.parts[small:]}).trees(), t))
	}
	parts := slices.Clone(sh.parts[:small])
	if len(added) > 0 || len(retracted) == 0 {
		parts = append(parts, newPart(t, added, false))
	}
	if len(retracted) > 0 {
		parts = append(parts, newPart(t, retracted, true))
	}
	return newShard(sh.root, parts), nil
}

// smallParts is where the parts begin that are joined with a change.
func (sh *shard) smallParts(ch *change) int {
	rows := len(ch.added) + len(ch.retracted)
	for i := len(sh.parts); ; i-- {
		if i == ch.keep {
			return i
		}
		if rows += sh.parts[i-1].len(); rows > ch.inlineRows {
			return i
		}
	}
}

// trees lists the trees of the parts.
func (sh *shard) trees() []*tree {
	var trees []*tree
	for _, p := range sh.parts {
		if !slices.Contains(trees, p.tree) {
			trees = append(trees, p.tree)
		}
	}
	return trees
}

// appendRows appends what the part adds and what it retracts, one of them.
func (p *part) appendRows(added, retracted []row) (_, _ []row) {
	to := &added
	if p.negative {
		to = &retracted
	}
	p.each(func(r row) { *to = append(*to, r) })
	return added, retracted
}

// each calls do with every row of the part, in order.
func (p *part) each(do func(row)) {
	r := p.at(maxRes)
	var marks []mark
	for i, key := range p.tree.at(maxRes).keys {
		marks = r.appendMarks(marks[:0], i)
		for _, m := range marks {
			do(row(key)<<rowKeyShift | row(m))
		}
	}
}

// appendRowsOf appends the part's rows of the cells of some sorted rows.
func (p *part) appendRowsOf(dst, cells []row) []row {
	r := p.at(maxRes)
	var marks []mark
	for n, c := range cells {
		if n > 0 && c.key() == cells[n-1].key() {
			continue
		}
		if i, ok := p.tree.at(maxRes).find(c.key()); ok {
			marks = r.appendMarks(marks[:0], i)
			for _, m := range marks {
				dst = append(dst, row(c.key())<<rowKeyShift|row(m))
			}
		}
	}
	return dst
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
