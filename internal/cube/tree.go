package cube

import (
	"cmp"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/tiles"
)

// genRes is the finest resolution that remembers which generation changed its
// cells. Tiles are asked at the coarsest resolution that they may show, which is
// 9 for the deepest.
const genRes = 9

// tree holds the cells of one shard that have, or had, reports, at all levels.
type tree struct {
	root   h3.Cell // of resolution minRes
	levels [numLevels]nodes
	bounds box // of the outlines at maxRes
}

// nodes are the cells of one level, in the order of their keys.
type nodes struct {
	keys  []uint32
	child []uint32 // child[i]:child[i+1] are the children of i one level down; nil at maxRes
	rings rings
	boxes []box    // around the outline of i and of all its descendants; nil at maxRes
	gens  []uint64 // the generation that last changed i; nil past genRes
}

func (t *tree) at(res int) *nodes { return &t.levels[res-minRes] }

func (n *nodes) len() int { return len(n.keys) }

// find is the index of a key.
func (n *nodes) find(key uint32) (int, bool) { return slices.BinarySearch(n.keys, key) }

// below is the run of descendants of node i of resolution res at resolution to.
func (t *tree) below(res, i, to int) (lo, hi int) {
	lo, hi = i, i+1
	for ; res < to; res++ {
		c := t.at(res).child
		lo, hi = int(c[lo]), int(c[hi])
	}
	return lo, hi
}

// box is a rectangle in world coordinates, edges included.
type box struct{ minX, minY, maxX, maxY int32 }

// nowhere is the neutral element of union.
var nowhere = box{math.MaxInt32, math.MaxInt32, math.MinInt32, math.MinInt32}

func (b box) union(o box) box {
	return box{min(b.minX, o.minX), min(b.minY, o.minY), max(b.maxX, o.maxX), max(b.maxY, o.maxY)}
}

func (b box) meets(o box) bool {
	return b.minX <= o.maxX && b.maxX >= o.minX && b.minY <= o.maxY && b.maxY >= o.minY
}

func (b box) within(o box) bool {
	return b.minX >= o.minX && b.maxX <= o.maxX && b.minY >= o.minY && b.maxY <= o.maxY
}

func (b box) has(v tiles.Vertex) bool {
	return v.X >= b.minX && v.X <= b.maxX && v.Y >= b.minY && v.Y <= b.maxY
}

func boxOf(ring []tiles.Vertex) box {
	b := nowhere
	for _, v := range ring {
		b = b.union(box{v.X, v.Y, v.X, v.Y})
	}
	return b
}

// newTree makes the tree of the cells of resolution maxRes with these keys,
// sorted and distinct. gens gives the generation of each cell of genRes.
// Outlines are taken from the known trees where they have them.
func newTree(root h3.Cell, keys []uint32, gens func(key uint32) uint64, known []*tree) (*tree, error) {
	t := &tree{root: root}
	t.at(maxRes).keys = keys
	for res := maxRes - 1; res >= minRes; res-- {
		t.at(res).keys, t.at(res).child = parents(t.at(res + 1).keys)
	}
	for res := minRes; res <= maxRes; res++ {
		if err := t.outline(res, known); err != nil {
			return nil, err
		}
	}
	t.enclose()
	t.date(gens)
	return t, nil
}

// parents lists the distinct parents of sorted keys and where the children of
// each begin.
func parents(keys []uint32) (up, child []uint32) {
	n := 0
	for i, k := range keys {
		if i == 0 || k>>h3Digit != keys[i-1]>>h3Digit {
			n++
		}
	}
	up, child = make([]uint32, 0, n), make([]uint32, 0, n+1)
	for i, k := range keys {
		if i == 0 || k>>h3Digit != keys[i-1]>>h3Digit {
			up, child = append(up, k>>h3Digit), append(child, uint32(i))
		}
	}
	return up, append(child, uint32(len(keys)))
}

// outlineChunk is how many outlines one goroutine makes before it takes more:
// 2 ms of work, so that the cost of handing out does not show.
const outlineChunk = 1024

// outline makes the rings of one level, on all cores: at some 2 us each they are
// a large part of a build.
func (t *tree) outline(res int, known []*tree) error {
	n := t.at(res)
	chunks := (n.len() + outlineChunk - 1) / outlineChunk
	made := make([]rings, chunks)
	errs := make([]error, chunks)
	parallel(chunks, func(c int) {
		lo, hi := c*outlineChunk, min((c+1)*outlineChunk, n.len())
		made[c], errs[c] = t.outlineRun(res, lo, hi, known)
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	n.rings = joinRings(made, n.len())
	return nil
}

func (t *tree) outlineRun(res, lo, hi int, known []*tree) (rings, error) {
	var made rings
	made.compact = make([]compactRing, 0, hi-lo)
	buf := make([]tiles.Vertex, 0, tiles.MaxVertices)
	keys := t.at(res).keys
	for _, key := range keys[lo:hi] {
		found := false
		for _, k := range known {
			if i, ok := k.at(res).find(key); ok {
				buf, found = k.at(res).rings.appendRing(buf[:0], i), true
				made.add(buf, k.at(res).rings.centre(i))
				break
			}
		}
		if found {
			continue
		}
		c := cellOf(t.root, res, key)
		var err error
		if buf, err = tiles.AppendOutline(buf[:0], c); err != nil {
			return rings{}, err
		}
		centre, err := tiles.Centre(c)
		if err != nil {
			return rings{}, err
		}
		made.add(buf, centre)
	}
	return made, nil
}

// bound works out the bounds.
func (t *tree) bound() {
	buf := make([]tiles.Vertex, 0, tiles.MaxVertices)
	fine := t.at(maxRes)
	t.bounds = nowhere
	for i := range fine.len() {
		buf = fine.rings.appendRing(buf[:0], i)
		t.bounds = t.bounds.union(boxOf(buf))
	}
}

// enclose works out the boxes from the bottom up.
func (t *tree) enclose() {
	buf := make([]tiles.Vertex, 0, tiles.MaxVertices)
	t.bound()
	below := t.at(maxRes)
	for res := maxRes - 1; res >= minRes; res-- {
		n := t.at(res)
		n.boxes = make([]box, n.len())
		for i := range n.boxes {
			buf = n.rings.appendRing(buf[:0], i)
			b := boxOf(buf)
			for c := int(n.child[i]); c < int(n.child[i+1]); c++ {
				if res+1 < maxRes {
					b = b.union(below.boxes[c])
				} else {
					buf = below.rings.appendRing(buf[:0], c)
					b = b.union(boxOf(buf))
				}
			}
			n.boxes[i] = b
		}
		below = n
	}
}

// date sets the generations of all levels from those of genRes.
func (t *tree) date(gens func(key uint32) uint64) {
	n := t.at(genRes)
	n.gens = make([]uint64, n.len())
	for i, k := range n.keys {
		n.gens[i] = gens(k)
	}
	for res := genRes - 1; res >= minRes; res-- {
		n, below := t.at(res), t.at(res+1)
		n.gens = make([]uint64, n.len())
		for i := range n.gens {
			n.gens[i] = slices.Max(below.gens[n.child[i]:n.child[i+1]])
		}
	}
}

// mergeTrees makes the tree of all cells of some trees of one shard.
func mergeTrees(trees []*tree) *tree {
	newest := func(key uint32) uint64 { return newestOf(trees, key) }
	t, err := newTree(trees[0].root, unionKeys(nil, trees), newest, trees)
	if err != nil {
		panic(err) // every outline is in one of the trees
	}
	return t
}

// unionKeys is the keys of resolution maxRes of some trees, and some more.
func unionKeys(keys []uint32, trees []*tree) []uint32 {
	for _, t := range trees {
		keys = append(keys, t.at(maxRes).keys...)
	}
	slices.Sort(keys)
	return slices.Clip(slices.Compact(keys))
}

// newestOf is the generation that last changed a cell of genRes, of all that
// trees know.
func newestOf(trees []*tree, key uint32) uint64 {
	var gen uint64
	for _, t := range trees {
		if i, ok := t.at(genRes).find(key); ok {
			gen = max(gen, t.at(genRes).gens[i])
		}
	}
	return gen
}

// parallel calls do with 0 to n-1, on all cores when there are several calls.
func parallel(n int, do func(i int)) {
	workers := min(n, runtime.GOMAXPROCS(0))
	if workers <= 1 {
		for i := range n {
			do(i)
		}
		return
	}
	var wg sync.WaitGroup
	next := make(chan int, n)
	for i := range n {
		next <- i
	}
	close(next)
	for range workers {
		wg.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	wg.Wait()
}

func compareRoots(a *shard, root h3.Cell) int { return cmp.Compare(a.root, root) }

// size is how many bytes the tree takes.
func (t *tree) size() int {
	n := 0
	for i := range t.levels {
		n += bytesOf(t.levels[i].columns())
	}
	return n
}
