package analysis

import (
	"errors"
	"fmt"
	"slices"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Region says which cells a question is about: those whose centre lies in a box,
// a set of cells, or, for the zero value, all.
type Region struct {
	bounds report.Box
	box    bool                 // the cells whose centre lies in bounds
	set    map[h3.Cell]struct{} // when not nil: the cells and their descendants
	cells  []h3.Cell            // the set, compacted, ascending
	coarse int                  // the coarsest resolution in the set
}

var (
	world    = report.Box{West: -180, South: -90, East: 180, North: 90}
	emptyBox = report.Box{West: 180, South: 90, East: -180, North: -90}
)

func (r Region) isWhole() bool { return !r.box && r.set == nil }

// around is a box that holds the region.
func (r Region) around() report.Box {
	if r.isWhole() {
		return world
	}
	return r.bounds
}

// InBox is the region of the cells whose centre lies in a box.
func InBox(b report.Box) Region { return Region{bounds: b, box: true} }

// InCells is the region of some cells, of one resolution, and their descendants.
// It is what PolygonCells, RadiusCells or a selection on the map give. Cells that
// are there twice count once; mixed resolutions and cells that are none are errors.
func InCells(cells []h3.Cell) (Region, error) {
	cells = slices.Clone(cells)
	slices.Sort(cells)
	cells = slices.Compact(cells)
	for _, c := range cells {
		if !c.IsValid() || resolutionOf(c) != resolutionOf(cells[0]) {
			return Region{}, fmt.Errorf("analysis: cell %s: all cells of a region must be of one resolution", c)
		}
	}
	r := Region{set: make(map[h3.Cell]struct{}, len(cells)), coarse: maxRes}
	if len(cells) == 0 {
		return r, nil
	}
	var err error
	// Whole families are kept as their ancestor: figures then need one count
	// for up to thousands of cells.
	if r.cells, err = h3.CompactCells(cells); err != nil {
		return Region{}, fmt.Errorf("analysis: compact cells: %w", err)
	}
	r.cells = refineTo(r.cells, report.CoarsestResolution)
	slices.Sort(r.cells)
	if r.bounds, err = boundsOf(r.cells); err != nil {
		return Region{}, err
	}
	for _, c := range r.cells {
		r.set[c] = struct{}{}
		r.coarse = min(r.coarse, resolutionOf(c))
	}
	return r, nil
}

// refineTo replaces cells coarser than res by their descendants at res.
func refineTo(cells []h3.Cell, res int) []h3.Cell {
	var out []h3.Cell
	for _, c := range cells {
		if resolutionOf(c) >= res {
			out = append(out, c)
			continue
		}
		if children, err := c.Children(res); err == nil {
			out = append(out, children...)
		}
	}
	return out
}

// Contains reports whether a cell belongs to the region: for a set, when all of the
// cell is covered by cells of the set.
func (r Region) Contains(c h3.Cell) bool {
	switch {
	case r.isWhole():
		return true
	case r.box:
		ll, err := c.LatLng()
		return err == nil && r.bounds.Contains(ll.Lat, ll.Lng)
	}
	for res := resolutionOf(c); res >= r.coarse; res-- {
		if _, ok := r.set[parentOf(c, res)]; ok {
			return true
		}
	}
	return false
}

// at makes the region ready for many questions about cells of one resolution.
func (r Region) at(res int) *membership {
	return &membership{Region: r, above: max(res-3, 0), known: map[h3.Cell]side{}}
}

// membership answers Contains for most cells of a box from an ancestor that lies
// wholly inside or outside, since finding the centre of a cell takes long.
type membership struct {
	Region
	above int
	known map[h3.Cell]side
}

// side says where an ancestor lies.
type side uint8

const (
	astride side = iota
	inside
	outside
)

func (m *membership) contains(c h3.Cell) bool {
	if !m.box || resolutionOf(c) <= m.above {
		return m.Contains(c)
	}
	p := parentOf(c, m.above)
	s, ok := m.known[p]
	if !ok {
		s = m.side(p)
		m.known[p] = s
	}
	if s == astride {
		return m.Contains(c)
	}
	return s == inside
}

// side compares the box with a box around a cell and its descendants.
func (m *membership) side(c h3.Cell) side {
	b, err := boundsOf([]h3.Cell{c})
	if err != nil || b == world {
		return astride
	}
	box := m.bounds
	switch {
	case b.East < box.West || b.West > box.East || b.North < box.South || b.South > box.North:
		return outside
	case box.Contains(b.South, b.West) && box.Contains(b.North, b.East):
		return inside
	}
	return astride
}

// boundsOf is a box around cells and their descendants; the world when they lie on
// both sides of the 180th meridian or near a pole. Each outline is grown by a
// quarter, since descendants stick out of their ancestor by up to a seventh.
func boundsOf(cells []h3.Cell) (report.Box, error) {
	all := emptyBox
	for _, c := range cells {
		ring, err := c.Boundary()
		if err != nil {
			return all, fmt.Errorf("analysis: outline of %s: %w", c, err)
		}
		b := emptyBox
		for _, v := range ring {
			b.West, b.East = min(b.West, v.Lng), max(b.East, v.Lng)
			b.South, b.North = min(b.South, v.Lat), max(b.North, v.Lat)
		}
		w, h := (b.East-b.West)/4, (b.North-b.South)/4
		all.West, all.East = min(all.West, b.West-w), max(all.East, b.East+w)
		all.South, all.North = min(all.South, b.South-h), max(all.North, b.North+h)
	}
	if all.East-all.West > 180 || all.North > 85 || all.South < -85 || all.West < -180 || all.East > 180 {
		return world, nil
	}
	return all, nil
}

// MaxRegionCells is how many cells a polygon or circle may have: a county at
// resolution 11 has a million, and a request must not be able to ask for more.
const MaxRegionCells = 1_000_000

// ErrTooManyCells says that an area is too large for the resolution.
var ErrTooManyCells = errors.New("analysis: the area has too many cells; choose a coarser resolution")

// PolygonCells are the cells of resolution res whose centre lies in any of the
// polygons (outline and holes, degrees, unclosed or closed rings), ascending.
// Neighbouring polygons that share an edge so share no cell and leave none out:
// the containment rule of h3.PolygonToCells.
func PolygonCells(polygons []h3.GeoPolygon, res int) ([]h3.Cell, error) {
	var out []h3.Cell
	for _, p := range polygons {
		if n, err := likelyCells(p, res); err != nil {
			return nil, err
		} else if n+float64(len(out)) > MaxRegionCells {
			return nil, ErrTooManyCells
		}
		cells, err := h3.PolygonToCells(p, res)
		if err != nil {
			return nil, fmt.Errorf("analysis: cells of a polygon: %w", err)
		}
		out = append(out, cells...)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// likelyCells is how many cells the box around a polygon has, for a guard against
// areas that would take long to fill.
func likelyCells(p h3.GeoPolygon, res int) (float64, error) {
	if len(p.GeoLoop) < 3 {
		return 0, errors.New("analysis: a polygon needs three corners or more")
	}
	b := emptyBox
	for _, v := range p.GeoLoop {
		if !world.Contains(v.Lat, v.Lng) {
			return 0, fmt.Errorf("analysis: a polygon has the corner %v, %v, which is no position", v.Lat, v.Lng)
		}
		b.West, b.East = min(b.West, v.Lng), max(b.East, v.Lng)
		b.South, b.North = min(b.South, v.Lat), max(b.North, v.Lat)
	}
	width := b.East - b.West
	if width > 180 {
		width = 360 - width // h3 takes the short way round
	}
	area, err := h3.HexagonAreaAvgKm2(res)
	if err != nil {
		return 0, fmt.Errorf("analysis: resolution %d: %w", res, err)
	}
	return boxKm2(width, b.South, b.North) / area, nil
}

// RadiusCells are the cells of resolution res whose centre lies within a distance
// in metres of a position, by great circle, ascending. A radius smaller than a cell
// can give none.
func RadiusCells(centre h3.LatLng, metres float64, res int) ([]h3.Cell, error) {
	if !(metres >= 0) || !world.Contains(centre.Lat, centre.Lng) {
		return nil, fmt.Errorf("analysis: no circle of %v m around %v, %v", metres, centre.Lat, centre.Lng)
	}
	area, err := h3.HexagonAreaAvgM2(res)
	if err != nil {
		return nil, fmt.Errorf("analysis: resolution %d: %w", res, err)
	}
	if 3.2*metres*metres/area > MaxRegionCells {
		return nil, ErrTooManyCells
	}
	start, err := h3.LatLngToCell(centre, res)
	if err != nil {
		return nil, fmt.Errorf("analysis: cell at %v, %v: %w", centre.Lat, centre.Lng, err)
	}
	edge, err := h3.HexagonEdgeLengthAvgM(res)
	if err != nil {
		return nil, fmt.Errorf("analysis: resolution %d: %w", res, err)
	}
	// Cells a little outside are gone through too, so that the search cannot
	// miss a cell inside that only they lead to.
	reach := metres + 4*edge
	seen := newCellIndex(64)
	seen.add(start)
	var out, disk []h3.Cell
	for i := 0; i < len(seen.cells); i++ {
		c := seen.cells[i]
		ll, err := c.LatLng()
		if err != nil {
			return nil, fmt.Errorf("analysis: centre of %s: %w", c, err)
		}
		d := h3.GreatCircleDistanceM(centre, ll)
		if d > reach {
			continue
		}
		if d <= metres {
			out = append(out, c)
		}
		disk = appendDisk(disk[:0], c, 1)
		for _, n := range disk[1:] {
			seen.add(n)
		}
	}
	slices.Sort(out)
	return out, nil
}
