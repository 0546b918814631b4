package cube

import (
	"fmt"
	"slices"
	"sync"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Batch is what one generation changes.
type Batch struct {
	Generation uint64
	Add        []report.Report
	Retract    []report.Report // each equal to a report added before, or in Add
}

// Builder makes a snapshot of everything that a store holds. Beside the finished
// parts it needs eight bytes a report, and sixteen for the shard in hand.
type Builder struct {
	generation uint64
	shards     map[h3.Cell]*heap
	last       *heap // of the report before: neighbours tend to come together
}

// heap is what was added to one shard so far, in no order.
type heap struct {
	root      h3.Cell
	chunks    [][]row // full but for the last
	rows      int
	retracted []row
	gens      map[uint32]uint64 // by key at genRes
	lastKey   uint32            // the last entry set in gens
	lastGen   uint64
}

// chunkRows is how many rows are allocated at once: half a megabyte, so that
// giving back and growing cost nothing much and little is left unused.
const chunkRows = 1 << 16

// NewBuilder starts with no reports.
func NewBuilder() *Builder { return &Builder{shards: map[h3.Cell]*heap{}} }

// Add takes a batch, or a piece of one, in any order, but retractions not before
// what they retract. The slices are free again when it returns. The error says
// which report is none; nothing can be built after it.
func (b *Builder) Add(batch Batch) error {
	b.generation = max(b.generation, batch.Generation)
	for _, r := range batch.Add {
		h, row, err := b.place(r, batch.Generation)
		if err != nil {
			return err
		}
		h.push(row)
	}
	for _, r := range batch.Retract {
		h, row, err := b.place(r, batch.Generation)
		if err != nil {
			return err
		}
		h.retracted = append(h.retracted, row)
	}
	return nil
}

func (b *Builder) place(r report.Report, gen uint64) (*heap, row, error) {
	row, err := rowOf(r)
	if err != nil {
		return nil, 0, err
	}
	root := parentOf(r.Cell, minRes)
	h := b.last
	if h == nil || h.root != root {
		if h = b.shards[root]; h == nil {
			h = &heap{root: root, gens: map[uint32]uint64{}}
			b.shards[root] = h
		}
		b.last = h
	}
	if key := row.key() >> (h3Digit * (maxRes - genRes)); key != h.lastKey || gen > h.lastGen {
		h.lastGen = max(h.gens[key], gen)
		h.lastKey, h.gens[key] = key, h.lastGen
	}
	return h, row, nil
}

func (h *heap) push(r row) {
	last := len(h.chunks) - 1
	if last < 0 || len(h.chunks[last]) == chunkRows {
		size := chunkRows
		if last < 0 {
			size = 256 // most of the world's shards stay small
		}
		h.chunks = append(h.chunks, make([]row, 0, size))
		last++
	}
	h.chunks[last] = append(h.chunks[last], r)
	h.rows++
}

// Snapshot builds the snapshot and uses up the builder. generation is the
// store's, at least that of the last batch.
func (b *Builder) Snapshot(generation uint64) (*Snapshot, error) {
	heaps := make([]*heap, 0, len(b.shards))
	for _, h := range b.shards {
		heaps = append(heaps, h)
	}
	b.shards, b.last = map[h3.Cell]*heap{}, nil
	// The largest first, so that the last to finish is a small one.
	slices.SortFunc(heaps, func(x, y *heap) int { return y.rows - x.rows })
	var mu sync.Mutex // guards what follows
	var shards []*shard
	var failed error
	parallel(len(heaps), func(i int) {
		sh, err := heaps[i].build()
		heaps[i] = nil
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			failed = err
			return
		}
		shards = append(shards, sh)
	})
	if failed != nil {
		return nil, failed
	}
	slices.SortFunc(shards, func(x, y *shard) int { return compareRoots(x, y.root) })
	return newSnapshot(max(generation, b.generation), shards), nil
}

// build makes the shard.
func (h *heap) build() (*shard, error) {
	all := make([]row, 0, h.rows)
	for i, c := range h.chunks {
		all = append(all, c...)
		h.chunks[i] = nil
	}
	sortRows(all, make([]row, len(all)))
	keys := keysOf(all, h.retracted)
	slices.Sort(h.retracted)
	all, missing := subtract(all, h.retracted)
	if len(missing) > 0 {
		return nil, fmt.Errorf("cube: %d reports retracted in %s that were never added", len(missing), h.root)
	}
	t, err := newTree(h.root, keys, func(key uint32) uint64 { return h.gens[key] }, nil)
	if err != nil {
		return nil, err
	}
	return newShard(h.root, []*part{newPart(t, all, false)}), nil
}

// keysOf lists the distinct keys of sorted rows and of some others.
func keysOf(sorted, others []row) []uint32 {
	n := 0
	for i, r := range sorted {
		if i == 0 || r.key() != sorted[i-1].key() {
			n++
		}
	}
	keys := make([]uint32, 0, n+len(others))
	for i, r := range sorted {
		if i == 0 || r.key() != sorted[i-1].key() {
			keys = append(keys, r.key())
		}
	}
	if len(others) == 0 {
		return keys
	}
	for _, r := range others {
		keys = append(keys, r.key())
	}
	slices.Sort(keys)
	return slices.Clip(slices.Compact(keys))
}

// subtract removes from sorted values each of less once, in place, and returns
// what is left of both.
func subtract[T row | mark](from, less []T) (left, missing []T) {
	if len(less) == 0 {
		return from, nil
	}
	left = from[:0]
	for _, v := range from {
		for len(less) > 0 && less[0] < v {
			missing = append(missing, less[0])
			less = less[1:]
		}
		if len(less) > 0 && less[0] == v {
			less = less[1:]
			continue
		}
		left = append(left, v)
	}
	return left, append(missing, less...)
}

// newPart lays out sorted rows, whose cells are all in the tree, at all levels.
func newPart(t *tree, sorted []row, negative bool) *part {
	p := &part{tree: t, negative: negative}
	start := make([]uint32, t.at(maxRes).len()+1)
	marks := make([]mark, len(sorted))
	next := 0
	for i, key := range t.at(maxRes).keys {
		start[i] = uint32(next)
		for ; next < len(sorted) && sorted[next].key() == key; next++ {
			marks[next] = sorted[next].mark()
		}
	}
	start[len(start)-1] = uint32(next)
	p.rows[maxRes-minRes] = newRows(maxRes, start, marks)
	scratch := make([]mark, len(marks))
	for res := maxRes - 1; res >= minRes; res-- {
		child := t.at(res).child
		up := make([]uint32, len(child))
		for i, c := range child {
			up[i] = start[c]
		}
		start = up
		for i := range len(start) - 1 {
			sortMarks(marks[start[i]:start[i+1]], scratch)
		}
		p.rows[res-minRes] = newRows(res, start, marks)
	}
	return p
}
