package cube

import (
	"math"

	"github.com/streetsafe/streetsafe/tiles"
)

// ringVertices is how many corners a compact ring has. Cells with another
// number, pentagons and those that an edge of the icosahedron bends, are wide.
const ringVertices = 6

// compactRing is an outline as offsets from the centre, X and Y by turns: 32
// bytes with the centre instead of 56. At resolutions 8 and finer nearly all
// cells fit, outside the polar regions.
type compactRing struct {
	centre  tiles.Vertex
	offsets [2 * ringVertices]int16
}

// wideMark, as the first offset, says that the ring is in the list of wide ones,
// under the number that the centre's place holds. No compact ring has it, since
// offsets stay above it.
const wideMark = math.MinInt16

// rings are the outlines and centres of a run of cells.
type rings struct {
	compact  []compactRing
	wide     []tiles.Vertex // the centre of each wide ring, then its corners
	wideEnds []uint32       // where each wide ring ends in wide
	reach    int32          // the largest offset of a compact ring; not in files
}

// add appends an outline. Its centre is moved by a world where the outline runs
// across the 180th meridian, so that the two stay together.
func (r *rings) add(ring []tiles.Vertex, centre tiles.Vertex) {
	if b := boxOf(ring); centre.X < b.minX {
		centre.X += tiles.WorldSize
	}
	c := compactRing{centre: centre}
	fits := len(ring) == ringVertices
	reach := r.reach
	if fits {
		for i, v := range ring {
			dx, dy := v.X-centre.X, v.Y-centre.Y
			fits = fits && fitsOffset(dx) && fitsOffset(dy)
			reach = max(reach, dx, -dx, dy, -dy)
			c.offsets[2*i], c.offsets[2*i+1] = int16(dx), int16(dy)
		}
	}
	if fits {
		r.reach = reach
	} else {
		c = compactRing{centre: tiles.Vertex{X: int32(len(r.wideEnds))}}
		c.offsets[0] = wideMark
		r.wide = append(append(r.wide, centre), ring...)
		r.wideEnds = append(r.wideEnds, uint32(len(r.wide)))
	}
	r.compact = append(r.compact, c)
}

func fitsOffset(d int32) bool { return d > math.MinInt16 && d <= math.MaxInt16 }

// appendRing appends the outline of cell i.
func (r *rings) appendRing(dst []tiles.Vertex, i int) []tiles.Vertex {
	c := &r.compact[i]
	if c.offsets[0] == wideMark {
		return append(dst, r.wideRing(c)[1:]...)
	}
	x, y := c.centre.X, c.centre.Y
	o := &c.offsets
	return append(dst,
		tiles.Vertex{X: x + int32(o[0]), Y: y + int32(o[1])},
		tiles.Vertex{X: x + int32(o[2]), Y: y + int32(o[3])},
		tiles.Vertex{X: x + int32(o[4]), Y: y + int32(o[5])},
		tiles.Vertex{X: x + int32(o[6]), Y: y + int32(o[7])},
		tiles.Vertex{X: x + int32(o[8]), Y: y + int32(o[9])},
		tiles.Vertex{X: x + int32(o[10]), Y: y + int32(o[11])})
}

// centre is the centre of cell i. Its X may be beyond the world's right edge.
func (r *rings) centre(i int) tiles.Vertex {
	c := &r.compact[i]
	if c.offsets[0] == wideMark {
		return r.wideRing(c)[0]
	}
	return c.centre
}

func (r *rings) wideRing(c *compactRing) []tiles.Vertex {
	n := c.centre.X
	start := uint32(0)
	if n > 0 {
		start = r.wideEnds[n-1]
	}
	return r.wide[start:r.wideEnds[n]]
}

// joinRings puts runs of rings one after the other.
func joinRings(runs []rings, cells int) rings {
	all := rings{compact: make([]compactRing, 0, cells)}
	wide, ends := 0, 0
	for _, r := range runs {
		wide, ends = wide+len(r.wide), ends+len(r.wideEnds)
	}
	all.wide, all.wideEnds = make([]tiles.Vertex, 0, wide), make([]uint32, 0, ends)
	for _, r := range runs {
		all.reach = max(all.reach, r.reach)
		vertices, number := uint32(len(all.wide)), int32(len(all.wideEnds))
		for _, c := range r.compact {
			if c.offsets[0] == wideMark {
				c.centre.X += number
			}
			all.compact = append(all.compact, c)
		}
		all.wide = append(all.wide, r.wide...)
		for _, e := range r.wideEnds {
			all.wideEnds = append(all.wideEnds, e+vertices)
		}
	}
	return all
}

// measure works out the reach of rings from a file.
func (r *rings) measure() {
	for i := range r.compact {
		if c := &r.compact[i]; c.offsets[0] != wideMark {
			for _, o := range c.offsets {
				r.reach = max(r.reach, int32(o), -int32(o))
			}
		}
	}
}
