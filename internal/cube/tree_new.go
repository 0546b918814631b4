package cube

import (
	"slices"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/tiles"
)

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
