package cube

import (
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/tiles"
)

// gatherer counts the cells of one resolution that lie somewhere, shard by
// shard. It keeps its buffers.
type gatherer struct {
	plan   *plan
	res    int
	sights sights
	by     placing
	tile   tiles.Tile // for byOutline

	found, side, merged hits
	ring                []tiles.Vertex
	tree                *tree // of the part in hand
	rows                *rows
	number              uint32
	sign                int32
}

// placing says when a cell that is partly in sight counts.
type placing uint8

const (
	byOutline placing = iota // when its outline touches the tile
	byCentre                 // when its centre is in sight
)

// gather returns the cells with their counts, of all parts of the shard
// together. The hits are valid until the next call.
func (g *gatherer) gather(sh *shard) *hits {
	g.found.reset(len(g.plan.columns))
	if g.plan.none {
		return &g.found
	}
	all := g.sights.n
	defer func() { g.sights.n = all }()
	if sh.box.inland() {
		g.sights.n = 1
	}
	first := true
	for number, p := range sh.parts {
		if g.rows = p.at(g.res); g.rows == nil {
			continue
		}
		g.tree, g.number, g.sign = p.tree, uint32(number), int32(p.sign())
		if first {
			g.descend(&g.found, span{minRes, 0, 1})
			first = false
			continue
		}
		g.side.reset(len(g.plan.columns))
		g.descend(&g.side, span{minRes, 0, 1})
		g.merged.merge(&g.found, &g.side)
		g.found, g.merged = g.merged, g.found
	}
	return &g.found
}

// descend goes through nodes and what is below them.
func (g *gatherer) descend(to *hits, among span) {
	if among.res == maxRes {
		g.test(to, among)
		return
	}
	n := g.tree.at(among.res)
	for i := among.lo; i < among.hi; i++ {
		meets, within := g.sights.see(n.boxes[i])
		switch {
		case !meets:
		case within:
			from, end := g.tree.below(among.res, i, g.res)
			g.count(to, from, end)
		case among.res == g.res:
			g.test(to, span{among.res, i, i + 1})
		default:
			g.descend(to, span{among.res + 1, int(n.child[i]), int(n.child[i+1])})
		}
	}
}

// test counts those of some cells that are in the right place.
func (g *gatherer) test(to *hits, among span) {
	rings := &g.tree.at(among.res).rings
	for i := among.lo; i < among.hi; i++ {
		if g.by == byCentre {
			if g.sights.hasCentre(rings.centre(i)) {
				g.count(to, i, i+1)
			}
			continue
		}
		if g.touches(rings, i) {
			g.count(to, i, i+1)
		}
	}
}

// touches reports whether the outline of a cell touches the tile. Most are told
// by their centre.
func (g *gatherer) touches(r *rings, i int) bool {
	if c := &r.compact[i]; g.sights.n == 1 && c.offsets[0] != wideMark {
		tile, at := &g.sights.boxes[0], c.centre
		if tile.has(at) {
			return true
		}
		if at.X < tile.minX-r.reach || at.X > tile.maxX+r.reach || at.Y < tile.minY-r.reach || at.Y > tile.maxY+r.reach {
			return false
		}
	}
	g.ring = r.appendRing(g.ring[:0], i)
	return tiles.Touches(g.ring, g.tile)
}

// count adds the cells lo to hi that have reports that match.
func (g *gatherer) count(to *hits, lo, hi int) {
	keys := g.tree.at(g.res).keys
	var cols [report.NumFactors]uint32
	for i := lo; i < hi; i++ {
		a, b := g.plan.span(g.rows, i)
		clear(cols[:to.width])
		n := g.plan.count(g.rows, a, b, cols[:to.width])
		if n == 0 {
			continue
		}
		to.keys = append(to.keys, keys[i])
		to.at = append(to.at, place{g.number, uint32(i)})
		to.counts = append(to.counts, g.sign*int32(n))
		for _, c := range cols[:to.width] {
			to.cols = append(to.cols, g.sign*int32(c))
		}
	}
}
