package cube

import (
	"math"

	"github.com/streetsafe/streetsafe/tiles"
)

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

// sights are the boxes in which a tile sees the world's cells: its own, and the
// same a world away for the outlines that run past the right edge, or end on it.
type sights struct {
	boxes [3]box
	n     int
}

func sightsOf(t tiles.Tile) sights {
	var b box
	b.minX, b.minY, b.maxX, b.maxY = t.WorldBounds()
	return sightsOfBox(b)
}

func sightsOfBox(b box) sights {
	s := sights{n: 2}
	s.boxes[0] = b
	// An outline ends before twice the world's size, which no int32 holds.
	east := int32(min(int64(b.maxX)+tiles.WorldSize, math.MaxInt32))
	s.boxes[1] = box{b.minX + tiles.WorldSize, b.minY, east, b.maxY}
	if b.maxX == tiles.WorldSize {
		s.boxes[2] = box{b.minX - tiles.WorldSize, b.minY, 0, b.maxY}
		s.n = 3
	}
	return s
}

// hasCentre reports whether a cell's centre is in sight.
func (s *sights) hasCentre(v tiles.Vertex) bool {
	v.X &= tiles.WorldSize - 1
	return s.boxes[0].has(v)
}

// inland reports whether all of b lies in the world away from its left and right
// edge, so that a tile sees it in one place only.
func (b box) inland() bool { return b.minX > 0 && b.maxX < tiles.WorldSize }

// see reports whether b has a point in sight, and whether all of it is.
func (s *sights) see(b box) (meets, within bool) {
	for i := range s.n {
		if b.meets(s.boxes[i]) {
			meets, within = true, within || b.within(s.boxes[i])
		}
	}
	return meets, within
}

// everywhere sees all outlines whole.
var everywhere = sights{n: 1, boxes: [3]box{{math.MinInt32, math.MinInt32, math.MaxInt32, math.MaxInt32}}}
