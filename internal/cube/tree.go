package cube

import (
	"slices"

	"github.com/uber/h3-go/v4"
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

// size is how many bytes the tree takes.
func (t *tree) size() int {
	n := 0
	for i := range t.levels {
		n += bytesOf(t.levels[i].columns())
	}
	return n
}
