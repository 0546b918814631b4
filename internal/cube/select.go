package cube

import (
	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/tiles"
)

// Query asks for what a tile shows.
type Query struct {
	Tile    tiles.Tile
	Res     int // 3 to 11
	Filter  report.Filter
	Columns report.Factors // to be counted each on its own too, under the filter
}

// Selection is the answer to a Query, by column: cells in ascending order within
// each part of the world that the index keeps together. Its zero value is empty.
// It is filled again and again without allocating, for one goroutine at a time.
type Selection struct {
	cells  []h3.Cell
	counts []uint32
	cols   []uint32 // width for each cell
	width  int
	rings  []tiles.Vertex
	ends   []uint32 // where the ring of each cell ends

	plan   plan
	gather gatherer
}

// Len is how many cells there are.
func (s *Selection) Len() int { return len(s.cells) }

// Cell is the i-th cell.
func (s *Selection) Cell(i int) h3.Cell { return s.cells[i] }

// Count is how many reports of the i-th cell match; never 0.
func (s *Selection) Count(i int) uint32 { return s.counts[i] }

// Columns are, for each factor of Query.Columns in the order of the bits, how
// many of the reports of the i-th cell that match name it. The slice is valid
// until the selection is filled again.
func (s *Selection) Columns(i int) []uint32 {
	return s.cols[i*s.width : (i+1)*s.width : (i+1)*s.width]
}

// Ring is the outline of the i-th cell, as tiles.AppendOutline makes it, valid
// until the selection is filled again.
func (s *Selection) Ring(i int) []tiles.Vertex {
	start := uint32(0)
	if i > 0 {
		start = s.ends[i-1]
	}
	return s.rings[start:s.ends[i]:s.ends[i]]
}

// Select fills dst with every cell that touches the tile and has a report that
// matches. A tile or resolution that does not exist has none.
func (s *Snapshot) Select(q Query, dst *Selection) {
	dst.reset(q)
	if dst.plan.none || !q.Tile.Valid() || q.Res < minRes || q.Res > maxRes {
		return
	}
	g := &dst.gather
	g.plan, g.res, g.tile, g.by = &dst.plan, q.Res, q.Tile, byOutline
	g.sights = sightsOf(q.Tile)
	for i := range s.boxes {
		if meets, _ := g.sights.see(s.boxes[i]); meets {
			dst.take(s.shards[i], q.Res, g.gather(s.shards[i]))
		}
	}
}

func (s *Selection) reset(q Query) {
	s.cells, s.counts, s.cols = s.cells[:0], s.counts[:0], s.cols[:0]
	s.rings, s.ends = s.rings[:0], s.ends[:0]
	s.plan.compile(q.Filter, q.Columns)
	s.width = len(s.plan.columns)
}

// take appends the hits that have a count.
func (s *Selection) take(sh *shard, res int, found *hits) {
	for i, key := range found.keys {
		if found.counts[i] <= 0 {
			continue
		}
		s.cells = append(s.cells, cellOf(sh.root, res, key))
		s.counts = append(s.counts, uint32(found.counts[i]))
		for _, c := range found.cols[i*s.width : (i+1)*s.width] {
			s.cols = append(s.cols, uint32(c))
		}
		at := found.at[i]
		s.rings = sh.parts[at.part].tree.at(res).rings.appendRing(s.rings, int(at.node))
		s.ends = append(s.ends, uint32(len(s.rings)))
	}
}
