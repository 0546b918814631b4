package tiles

// point is a corner in the units of a tile, Extent on a side.
type point struct{ x, y int32 }

// frame turns world units into those of one tile. Shifts and not floating point,
// so that two tiles round a corner on their border alike.
type frame struct {
	square     square
	minX, minY int64
	half       int64 // half a tile's unit, to round to the nearest
	down, up   uint  // one of them is 0
	lanes      lanes
}

func newFrame(t Tile) frame {
	var f frame
	sq := &f.square
	sq.minX, sq.minY, sq.maxX, sq.maxY = t.worldBounds64()
	f.minX, f.minY = sq.minX, sq.minY
	const exact = WorldBits - extentBits // the zoom at which both units are one
	if t.Z < exact {
		f.down = uint(exact - t.Z)
		f.half = 1 << (f.down - 1)
	} else {
		f.up = uint(t.Z - exact)
	}
	f.setLanes()
	return f
}

// reach is how far from its tile a corner may be, so that MVT's 32 bits hold the
// step between two, and an int64 the area. Only at zoom 20 and deeper do cells go
// past it, and only those of resolutions 0 and 1.
const reach = 1 << 29

// point is the corner in the tile's units; ok is false past reach.
func (f *frame) point(v Vertex, shift int64) (_ point, ok bool) {
	x := (int64(v.X) + shift - f.minX + f.half) >> f.down << f.up
	y := (int64(v.Y) - f.minY + f.half) >> f.down << f.up
	return point{int32(x), int32(y)}, max(x, -x, y, -y) < reach
}

// project puts the cell's rings into e.points and e.ends, in tile units: one, or
// two where the tile shows both edges of the world. It is false when nothing is
// left of them.
func (e *Encoder) project(ring []Vertex) bool {
	if len(ring) < 3 {
		return false
	}
	west, _, east, _ := boundsOf(ring)
	sq := &e.frame.square
	if west > 0 && east < WorldSize {
		e.addRing(ring, 0)
		return len(e.ends) > 0
	}
	for _, shift := range [...]int64{0, -WorldSize, WorldSize} {
		if east+shift >= sq.minX && west+shift <= sq.maxX && sq.shifted(-shift).touches(ring) {
			e.addRing(ring, shift)
		}
	}
	return len(e.ends) > 0
}

// addRing projects one ring, without the corners that fall on the one before,
// and takes it back when it has no area left or does not fit.
func (e *Encoder) addRing(ring []Vertex, shift int64) {
	begin := len(e.points)
	pts := e.points
	last, fits := e.frame.point(ring[len(ring)-1], shift)
	for _, v := range ring {
		p, ok := e.frame.point(v, shift)
		fits = fits && ok
		if p != last {
			pts = append(pts, p)
			last = p
		}
	}
	e.points = pts
	if !fits || !hasArea(pts[begin:]) {
		e.points = pts[:begin]
		return
	}
	e.ends = append(e.ends, len(pts))
}

// hasArea reports whether a projected ring is a polygon with positive area, as
// MVT wants of an outer ring. Rounding can leave a cell a line or a point.
func hasArea(ring []point) bool {
	if len(ring) < 3 {
		return false
	}
	var area, px, py int64
	for _, p := range ring[1:] {
		x, y := int64(p.x)-int64(ring[0].x), int64(p.y)-int64(ring[0].y)
		area += px*y - x*py
		px, py = x, y
	}
	return area > 0
}
