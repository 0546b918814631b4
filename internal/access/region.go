package access

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

// RegionResolution is how finely the areas of accounts are drawn: cells of 0.7
// square kilometres. Coarser cells count only what lies in these.
const RegionResolution = 8

// Areas knows the boundaries of forces and councils.
type Areas interface {
	// Region returns the cells of an area, or false when its boundary is not
	// loaded.
	Region(code string) (*Region, bool)
}

// Region is the area of an account as a set of cells of RegionResolution. It is
// never changed once it is made.
type Region struct {
	id      string
	cells   []h3.Cell // ascending
	set     map[h3.Cell]struct{}
	parents map[h3.Cell]struct{} // all ancestors that maps draw
	bounds  report.Box
}

// NewRegion makes the region of an area from its cells of RegionResolution.
func NewRegion(code string, cells []h3.Cell) (*Region, error) {
	if len(cells) == 0 {
		return nil, fmt.Errorf("area %s has no cells", code)
	}
	r := &Region{set: make(map[h3.Cell]struct{}, len(cells)), parents: map[h3.Cell]struct{}{},
		bounds: report.Box{West: 180, South: 90, East: -180, North: -90}}
	for _, c := range cells {
		if !c.IsValid() || c.Resolution() != RegionResolution {
			return nil, fmt.Errorf("area %s: cell %s is not of resolution %d", code, c, RegionResolution)
		}
		if err := r.add(c); err != nil {
			return nil, fmt.Errorf("area %s: %w", code, err)
		}
	}
	slices.Sort(r.cells)
	sum := fnv.New64a()
	for _, c := range r.cells {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], uint64(c))
		_, _ = sum.Write(b[:])
	}
	// The cells are part of the name: caches must not keep what a former
	// boundary showed.
	r.id = code + ":" + strconv.FormatUint(sum.Sum64(), 36)
	return r, nil
}

// maxRegionCells bounds a region: the largest council, Highland, has 36,000
// cells, all of the United Kingdom 330,000.
const maxRegionCells = 1_000_000

// NewRegionOf makes the region of an area from its boundary: all cells that it
// touches, so that no street at its edge is left out.
func NewRegionOf(code string, boundary []h3.GeoPolygon) (*Region, error) {
	var cells []h3.Cell
	for _, p := range boundary {
		some, err := h3.PolygonToCellsExperimental(p, RegionResolution, h3.ContainmentOverlapping, maxRegionCells)
		if err != nil {
			return nil, fmt.Errorf("area %s: %w", code, err)
		}
		cells = append(cells, some...)
	}
	return NewRegion(code, cells)
}

func (r *Region) add(c h3.Cell) error {
	if _, known := r.set[c]; known {
		return nil
	}
	r.set[c] = struct{}{}
	r.cells = append(r.cells, c)
	for res := RegionResolution - 1; res >= report.CoarsestResolution; res-- {
		p, err := c.Parent(res)
		if err != nil {
			return err
		}
		r.parents[p] = struct{}{}
	}
	ring, err := c.Boundary()
	if err != nil {
		return err
	}
	for _, p := range ring {
		r.bounds.West, r.bounds.East = min(r.bounds.West, p.Lng), max(r.bounds.East, p.Lng)
		r.bounds.South, r.bounds.North = min(r.bounds.South, p.Lat), max(r.bounds.North, p.Lat)
	}
	return nil
}

// WithRing returns the region with all cells that touch it.
func (r *Region) WithRing(code string) (*Region, error) {
	wider := slices.Clone(r.cells)
	for _, c := range r.cells {
		disk, err := c.GridDisk(1)
		if err != nil {
			return nil, fmt.Errorf("around %s: %w", c, err)
		}
		for _, n := range disk {
			if n.IsValid() {
				wider = append(wider, n)
			}
		}
	}
	slices.Sort(wider)
	return NewRegion(code+"+1", slices.Compact(wider))
}

// ID names the region and its exact cells.
func (r *Region) ID() string { return r.id }

// Bounds is a box that holds the region.
func (r *Region) Bounds() report.Box { return r.bounds }

// Cells lists the cells of RegionResolution, ascending.
func (r *Region) Cells() []h3.Cell { return slices.Clone(r.cells) }

// Within lists those of them that lie in a coarser cell.
func (r *Region) Within(c h3.Cell) []h3.Cell {
	var out []h3.Cell
	res := resolutionOf(c)
	for _, x := range r.cells {
		if res <= RegionResolution && Ancestor(x, res) == c {
			out = append(out, x)
		}
	}
	return out
}

// Has reports whether a cell of RegionResolution or finer lies in the region.
func (r *Region) Has(c h3.Cell) bool {
	if resolutionOf(c) > RegionResolution {
		c = Ancestor(c, RegionResolution)
	}
	_, ok := r.set[c]
	return ok
}

// Covers reports whether all of a cell of any resolution lies in the region.
func (r *Region) Covers(c h3.Cell) bool {
	if resolutionOf(c) >= RegionResolution {
		return r.Has(c)
	}
	children, err := c.Children(RegionResolution)
	return err == nil && !slices.ContainsFunc(children, func(x h3.Cell) bool { return !r.Has(x) })
}

// resolutionOf reads the resolution out of an index, and Ancestor makes the
// index of an ancestor, by the documented layout: tiles ask for a thousand
// cells, and a call into H3 takes longer than all the rest.
func resolutionOf(c h3.Cell) int { return int(c >> 52 & 0xF) }

// Ancestor returns the ancestor of a cell at a resolution that is not finer.
func Ancestor(c h3.Cell, res int) h3.Cell {
	unused := 3 * (15 - res)
	return h3.Cell(uint64(c)&^(0xF<<52)&^(1<<unused-1) | uint64(res)<<52 | (1<<unused - 1))
}

// Meets reports whether a cell of any resolution has a part in the region.
func (r *Region) Meets(c h3.Cell) bool {
	if resolutionOf(c) >= RegionResolution {
		return r.Has(c)
	}
	_, ok := r.parents[c]
	return ok
}

// shortHash names a text in eight hexadecimal digits, for URLs.
func shortHash(s string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s))
	return fmt.Sprintf("%08x", h.Sum32())
}
