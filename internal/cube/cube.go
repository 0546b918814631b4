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

// change is what a batch does to one shard.
type change struct {
	generation       uint64
	added, retracted []row
	tuning
	keep int // the first keep parts stay as they are
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

// with is the shard with a change in it, which is laid out as a part of its own,
// or as two, together with the small parts before it.
func (sh *shard) with(ch *change) (*shard, error) {
	slices.Sort(ch.added)
	slices.Sort(ch.retracted)
	keys := keysOf(ch.added, ch.retracted)
	changed := make(map[uint32]bool, len(keys))
	for _, key := range keys {
		changed[key>>(h3Digit*(maxRes-genRes))] = true
	}
	// What the batch both adds and retracts only leaves its mark in the tree.
	added, retracted := subtract(ch.added, ch.retracted)
	if err := sh.mustHold(retracted); err != nil {
		return nil, err
	}
	small := sh.smallParts(ch)
	joined := treesOf(sh.parts[small:])
	if len(joined) > 0 {
		for _, p := range sh.parts[small:] {
			added, retracted = p.appendRows(added, retracted)
		}
		slices.Sort(added)
		slices.Sort(retracted)
		added, retracted = subtract(added, retracted)
		keys = unionKeys(keys, joined)
	}
	t, err := newTree(sh.root, keys, func(key uint32) uint64 {
		if changed[key] {
			return ch.generation
		}
		return newestOf(joined, key)
	}, treesOf(sh.parts))
	if err != nil {
		return nil, err
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

// smallParts is where the parts begin that are joined with a change: the youngest
// ones, as long as each is not much larger than all after it.
func (sh *shard) smallParts(ch *change) int {
	rows := len(ch.added) + len(ch.retracted)
	for i := len(sh.parts); ; i-- {
		if i == ch.keep {
			return i
		}
		n := sh.parts[i-1].len()
		if n > ch.tierRatio*rows || rows+n > ch.inlineRows {
			return i
		}
		rows += n
	}
}

// treesOf lists the trees of parts.
func treesOf(parts []*part) []*tree {
	var trees []*tree
	for _, p := range parts {
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
	r := marksReader{rows: p.at(maxRes)}
	var marks []mark
	for i, key := range p.tree.at(maxRes).keys {
		marks = r.append(marks[:0], i)
		for _, m := range marks {
			do(row(key)<<rowKeyShift | row(m))
		}
	}
}

// appendRowsOf appends the part's rows of the cells of some sorted rows.
func (p *part) appendRowsOf(dst, cells []row) []row {
	r := marksReader{rows: p.at(maxRes)}
	var marks []mark
	for n, c := range cells {
		if n > 0 && c.key() == cells[n-1].key() {
			continue
		}
		if i, ok := p.tree.at(maxRes).find(c.key()); ok {
			marks = r.append(marks[:0], i)
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
