package tiles

import (
	"fmt"
	"math"

	"github.com/uber/h3-go/v4"
)

const (
	// MaxVertices is the most corners that AppendOutline gives a cell: six, and
	// up to four more where the edges of the icosahedron bend its sides.
	MaxVertices = 10

	// overshoot is how far past the world's upper and lower edge Y may run, half
	// a world, which is latitude 89.79. Web Mercator has the poles at infinity.
	overshoot = WorldSize / 2

	radians = math.Pi / 180
)

// Vertex is a corner in world units. Y grows to the south.
type Vertex struct{ X, Y int32 }

// AppendOutline appends the outline of a cell to dst: its corners in order, the
// first not repeated, with positive area by the surveyor's formula, as MVT 2.1
// wants of an outer ring. Cells that share a corner have it at the same vertex.
//
// Of a cell that crosses the 180th meridian, X runs on from the right edge to
// beyond WorldSize; the smallest X is always in the world. A cell with a pole in
// it is the whole strip between its outline and the end of Y. Cells near a pole
// have Y outside the world, cut off half a world away.
//
// The error, for an index that is no cell, leaves dst as it was.
func AppendOutline(dst []Vertex, c h3.Cell) ([]Vertex, error) {
	boundary, err := boundaryOf(c)
	if err != nil {
		return dst, err
	}
	n := len(dst)
	for i := range boundary {
		dst = append(dst, worldVertex(c, boundary, i))
	}
	if turn := unwrap(dst[n:]); turn != 0 {
		dst = appendPolarStrip(dst, dst[n], turn)
	}
	ring := dst[n:]
	intoWorld(ring)
	if signedArea(ring) < 0 {
		reverse(ring)
	}
	return dst, nil
}

// Centre is the cell's centre in world units, inside the world from left to
// right. The error is for an index that is no cell.
func Centre(c h3.Cell) (Vertex, error) {
	if !c.IsValid() {
		return Vertex{}, fmt.Errorf("tiles: %x is not a cell", uint64(c))
	}
	p, err := c.LatLng()
	if err != nil {
		return Vertex{}, fmt.Errorf("tiles: centre of %s: %w", c, err)
	}
	return Vertex{round(worldX(p.Lng)) & (WorldSize - 1), round(worldY(p.Lat))}, nil
}

func boundaryOf(c h3.Cell) (h3.CellBoundary, error) {
	// H3 answers for some indexes that are no cells.
	if !c.IsValid() {
		return nil, fmt.Errorf("tiles: %x is not a cell", uint64(c))
	}
	boundary, err := c.Boundary()
	if err != nil {
		return nil, fmt.Errorf("tiles: boundary of %s: %w", c, err)
	}
	return boundary, nil
}

// worldVertex is the i-th corner of the cell's boundary, rounded, X within the
// world.
func worldVertex(c h3.Cell, boundary h3.CellBoundary, i int) Vertex {
	x, y := worldX(boundary[i].Lng), worldY(boundary[i].Lat)
	if nearTie(x) || nearTie(y) {
		p := agreedCorner(c, boundary[i])
		x, y = worldX(p.Lng), worldY(p.Lat)
	}
	return Vertex{round(x) & (WorldSize - 1), round(y)}
}

func worldX(lng float64) float64 {
	return (lng + 180) * (WorldSize / 360.0)
}

func worldY(lat float64) float64 {
	sin := math.Sin(lat * radians)
	y := WorldSize * (0.5 - math.Log((1+sin)/(1-sin))/(4*math.Pi))
	return min(max(y, -overshoot), WorldSize+overshoot) // the poles are infinite
}

func round(v float64) int32 { return int32(math.Floor(v + 0.5)) }

// unwrap makes X continuous from each vertex to the next by whole worlds, and
// returns by how many worlds it has moved once around: 0, or 1 to the east or
// -1 to the west around a pole.
func unwrap(ring []Vertex) (turn int32) {
	last := ring[len(ring)-1].X
	for i := 1; i < len(ring); i++ {
		ring[i].X = ring[i-1].X + shortWay(ring[i].X-ring[i-1].X)
	}
	end := ring[len(ring)-1].X
	around := end + shortWay(ring[0].X-last) - ring[0].X
	return around / WorldSize
}

// shortWay is the step between two X the short way around the world.
func shortWay(d int32) int32 {
	d &= WorldSize - 1
	if d > WorldSize/2 {
		d -= WorldSize
	}
	return d
}

// appendPolarStrip closes a ring that goes around a pole and began at first, by
// way of the end of Y on that side.
func appendPolarStrip(dst []Vertex, first Vertex, turn int32) []Vertex {
	end := int32(-overshoot)
	if first.Y > WorldSize/2 {
		end = WorldSize + overshoot
	}
	x := first.X + turn*WorldSize
	return append(dst, Vertex{x, first.Y}, Vertex{x, end}, Vertex{first.X, end})
}

// intoWorld moves a ring by whole worlds so that its smallest X is in the world.
func intoWorld(ring []Vertex) {
	west := ring[0].X
	for _, v := range ring[1:] {
		west = min(west, v.X)
	}
	shift := west &^ (WorldSize - 1)
	if shift == 0 {
		return
	}
	for i := range ring {
		ring[i].X -= shift
	}
}

// signedArea is twice the area of a ring by the surveyor's formula: positive
// when the corners go clockwise as drawn, with Y to the south.
func signedArea(ring []Vertex) int64 {
	if len(ring) == 0 {
		return 0
	}
	// From the first corner, so that the products stay far inside an int64.
	x0, y0 := int64(ring[0].X), int64(ring[0].Y)
	var area, px, py int64
	for _, v := range ring[1:] {
		x, y := int64(v.X)-x0, int64(v.Y)-y0
		area += px*y - x*py
		px, py = x, y
	}
	return area
}

func reverse(ring []Vertex) {
	for i, j := 0, len(ring)-1; i < j; i, j = i+1, j-1 {
		ring[i], ring[j] = ring[j], ring[i]
	}
}

// unproject turns world units into degrees.
func unproject(x, y float64) h3.LatLng {
	return h3.LatLng{
		Lat: math.Atan(math.Sinh(math.Pi*(1-2*y/WorldSize))) / radians,
		Lng: x*(360.0/WorldSize) - 180,
	}
}
