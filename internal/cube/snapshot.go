package cube

import (
	"cmp"
	"math"
	"slices"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/tiles"
)

// Snapshot is one immutable view of all reports. It is safe for use by any
// number of goroutines. The zero value is empty.
type Snapshot struct {
	generation uint64
	shards     []*shard // by root
	boxes      []box    // of the shards, side by side, since every tile looks at all of them
}

// newSnapshot puts shards, by root, together.
func newSnapshot(generation uint64, shards []*shard) *Snapshot {
	s := &Snapshot{generation: generation, shards: shards, boxes: make([]box, len(shards))}
	for i, sh := range shards {
		s.boxes[i] = sh.box
	}
	return s
}

// shard is all that lies in one cell of resolution minRes.
type shard struct {
	root  h3.Cell
	parts []*part // the oldest first
	box   box     // around all outlines
}

// part is a bag of reports of one shard, which count once, or with negative
// minus once. While a merge moves the levels from some parts to a new one, each
// level is in the ones or in the other; rows has nil for levels that a part has
// not.
type part struct {
	tree     *tree
	rows     [numLevels]*rows
	negative bool
}

func (p *part) at(res int) *rows { return p.rows[res-minRes] }

func (p *part) sign() int64 {
	if p.negative {
		return -1
	}
	return 1
}

// len is how many reports the part holds.
func (p *part) len() int {
	for _, r := range p.rows {
		if r != nil {
			return r.len()
		}
	}
	return 0
}

// newShard puts parts together.
func newShard(root h3.Cell, parts []*part) *shard {
	s := &shard{root: root, parts: parts, box: nowhere}
	for _, p := range parts {
		s.box = s.box.union(p.tree.at(minRes).boxes[0])
	}
	return s
}

func compareRoots(a *shard, root h3.Cell) int { return cmp.Compare(a.root, root) }

// find returns where the shard of a root is, or would be.
func (s *Snapshot) find(root h3.Cell) (int, bool) {
	return slices.BinarySearchFunc(s.shards, root, compareRoots)
}

// shard is the shard of a root, which must be there.
func (s *Snapshot) shard(root h3.Cell) *shard {
	i, _ := s.find(root)
	return s.shards[i]
}

// Generation is the number of the last batch that the snapshot holds.
func (s *Snapshot) Generation() uint64 { return s.generation }

// Len is how many reports there are.
func (s *Snapshot) Len() int { return int(s.Total(report.Filter{})) }

// Total is how many reports match the filter.
func (s *Snapshot) Total(f report.Filter) int64 {
	var p plan
	p.compile(f, 0)
	return s.total(&p)
}

func (s *Snapshot) total(p *plan) int64 {
	if p.none {
		return 0
	}
	n := int64(0)
	for _, sh := range s.shards {
		for _, pt := range sh.parts {
			if r := pt.at(minRes); r != nil {
				a, b := p.span(r, 0)
				n += pt.sign() * int64(p.count(r, a, b, nil))
			}
		}
	}
	return n
}

// Days returns the first and the last day that any report has; both are zero
// when there is none.
func (s *Snapshot) Days() (first, last report.Day) {
	all := s.Total(report.Filter{})
	if all == 0 {
		return 0, 0
	}
	// How many reports come before a day only grows with the day, retractions
	// included, so both ends can be searched for.
	before := func(day int32) int64 {
		return s.total(&plan{windowed: true, to: day, ranked: true})
	}
	const days = math.MaxUint16 + 1
	lo := searchDays(func(d int32) bool { return before(d+1) > 0 })
	hi := searchDays(func(d int32) bool { return before(d+1) == all })
	return report.MinDay + report.Day(min(lo, days)), report.MinDay + report.Day(min(hi, days))
}

// searchDays is the first day, counted from report.MinDay, for which ok holds.
func searchDays(ok func(day int32) bool) int32 {
	lo, hi := int32(0), int32(math.MaxUint16)
	for lo < hi {
		if mid := (lo + hi) / 2; ok(mid) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// Bounds is the box around the cells of resolution 11 that have, or had,
// reports, and whether there are any.
func (s *Snapshot) Bounds() (report.Box, bool) {
	b := nowhere
	for _, sh := range s.shards {
		for _, p := range sh.parts {
			b = b.union(p.tree.bounds)
		}
	}
	if b == nowhere {
		return report.Box{}, false
	}
	return report.Box{
		West: max(lngOf(b.minX), -180), East: min(lngOf(b.maxX), 180),
		South: max(latOf(b.maxY), -90), North: min(latOf(b.minY), 90),
	}, true
}

func lngOf(x int32) float64 { return float64(x)*(360.0/tiles.WorldSize) - 180 }

func latOf(y int32) float64 {
	return math.Atan(math.Sinh(math.Pi*(1-2*float64(y)/tiles.WorldSize))) * 180 / math.Pi
}

// Size is about how many bytes of memory the snapshot takes.
func (s *Snapshot) Size() int {
	n := 0
	for _, sh := range s.shards {
		for _, p := range sh.parts {
			n += p.tree.size()
			for _, r := range p.rows {
				if r != nil {
					n += r.size()
				}
			}
		}
	}
	return n
}
