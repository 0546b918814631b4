package tiles

// Touches reports whether a ring, as AppendOutline makes them, and the tile's
// square have a point in common, their edges included. A ring that crosses the
// 180th meridian is seen from both edges of the world. It is exact and does not
// allocate. A ring with fewer than three corners touches nothing.
func Touches(ring []Vertex, t Tile) bool {
	if len(ring) < 3 || !t.Valid() {
		return false
	}
	var sq square
	sq.minX, sq.minY, sq.maxX, sq.maxY = t.worldBounds64()
	west, north, east, south := boundsOf(ring)
	if south < sq.minY || north > sq.maxY {
		return false
	}
	for _, shift := range [...]int64{0, -WorldSize, WorldSize} {
		if east+shift < sq.minX || west+shift > sq.maxX {
			continue
		}
		if sq.shifted(-shift).touches(ring) {
			return true
		}
	}
	return false
}

// AppendTouched appends the tiles of zoom z that a ring, as AppendOutline makes
// them, touches: each once, also over the 180th meridian.
func AppendTouched(dst []Tile, ring []Vertex, z uint32) []Tile {
	if len(ring) < 3 || z > MaxZoom {
		return dst
	}
	west, north, east, south := boundsOf(ring)
	shift, n := uint(WorldBits)-uint(z), int64(1)<<z
	from, to := (west-1)>>shift, east>>shift
	to = min(to, from+n-1) // once around the world is every column
	for x := from; x <= to; x++ {
		for y := max(north-1, 0) >> shift; y <= min(south, WorldSize-1)>>shift; y++ {
			t := Tile{Z: z, X: uint32(x & (n - 1)), Y: uint32(y)}
			if Touches(ring, t) {
				dst = append(dst, t)
			}
		}
	}
	return dst
}

func (t Tile) worldBounds64() (minX, minY, maxX, maxY int64) {
	x0, y0, x1, y1 := t.WorldBounds()
	return int64(x0), int64(y0), int64(x1), int64(y1)
}

func boundsOf(ring []Vertex) (minX, minY, maxX, maxY int64) {
	x0, y0 := ring[0].X, ring[0].Y
	x1, y1 := x0, y0
	for _, v := range ring[1:] {
		x0, x1 = min(x0, v.X), max(x1, v.X)
		y0, y1 = min(y0, v.Y), max(y1, v.Y)
	}
	return int64(x0), int64(y0), int64(x1), int64(y1)
}

// square is a tile's bounds, edges included.
type square struct{ minX, minY, maxX, maxY int64 }

func (s square) shifted(x int64) square {
	s.minX += x
	s.maxX += x
	return s
}

// touches holds when a corner of the ring is in the square, or one of its sides
// meets it, or all of the square is inside the ring.
func (s square) touches(ring []Vertex) bool {
	for _, v := range ring {
		if x, y := int64(v.X), int64(v.Y); x >= s.minX && x <= s.maxX && y >= s.minY && y <= s.maxY {
			return true
		}
	}
	a := ring[len(ring)-1]
	inside := false
	for _, b := range ring {
		if s.meets(a, b) {
			return true
		}
		if crossesRayEast(a, b, s.minX, s.minY) {
			inside = !inside
		}
		a = b
	}
	return inside
}

// meets reports whether the side from a to b and the square have a point in
// common: their bounds do, and the corners of the square are not all strictly on
// one side of the line. Neither end is inside, which touches has asked before.
func (s square) meets(a, b Vertex) bool {
	ax, ay, bx, by := int64(a.X), int64(a.Y), int64(b.X), int64(b.Y)
	if max(ax, bx) < s.minX || min(ax, bx) > s.maxX || max(ay, by) < s.minY || min(ay, by) > s.maxY {
		return false
	}
	dx, dy := bx-ax, by-ay
	side := func(x, y int64) int64 { return dx*(y-ay) - dy*(x-ax) }
	nw, ne := side(s.minX, s.minY), side(s.maxX, s.minY)
	sw, se := side(s.minX, s.maxY), side(s.maxX, s.maxY)
	left := nw > 0 && ne > 0 && sw > 0 && se > 0
	right := nw < 0 && ne < 0 && sw < 0 && se < 0
	return !left && !right
}

// crossesRayEast reports whether the side from a to b crosses the ray from
// (x, y) to the east.
func crossesRayEast(a, b Vertex, x, y int64) bool {
	ax, ay, bx, by := int64(a.X), int64(a.Y), int64(b.X), int64(b.Y)
	if (ay > y) == (by > y) {
		return false
	}
	// x < ax + (y-ay)*(bx-ax)/(by-ay), without the division.
	left, right := (x-ax)*(by-ay), (y-ay)*(bx-ax)
	if by > ay {
		return left < right
	}
	return left > right
}
