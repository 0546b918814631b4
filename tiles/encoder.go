package tiles

import (
	"slices"

	"github.com/uber/h3-go/v4"
)

const (
	cellsLayer = "cells"
	metaLayer  = "meta"

	propCount      = "count"
	propCell       = "cell"
	propResolution = "resolution"
	propCells      = "cells"
	propMin        = "min"
	propMax        = "max"
	propSum        = "sum"
	propBreaks     = "breaks"
)

// Layer says what a tile holds.
type Layer struct {
	Name     string   // of the layer with the cells; "cells" when empty
	Res      int      // H3 resolution of the cells
	Columns  []string // names of the properties beside "count", in the order of a cell's columns
	WithCell bool     // give each cell its H3 index as the property "cell" too
}

func (o Layer) name() string {
	if o.Name == "" {
		return cellsLayer
	}
	return o.Name
}

// Encoder writes one tile after another as Mapbox Vector Tiles 2.1, in one pass
// and in buffers that it keeps, so that it allocates nothing once it has written
// a tile as large. An Encoder is for one goroutine at a time.
//
// A tile has the layer of the cells, each a polygon with its FeatureID, and the
// layer "meta" with one point that carries "resolution", "cells" (how many),
// "min", "max" and "sum" of the counts, and "breaks", the lower bounds of five
// classes as "1,2,5,10,20".
type Encoder struct {
	layer Layer
	frame frame
	buf   []byte // the cells' features from start on; before it, room for the layer's head
	start int

	// The cell in hand: either a sketch, or its projected rings one after another
	// with where each ends.
	sketch sketch
	points []point
	ends   []int

	dict dictionary
	keys keyNumbers
	meta summary
}

// keyNumbers are the numbers of the properties in the layer's dictionary of keys.
type keyNumbers struct{ count, columns, cell uint32 }

// NewEncoder is an Encoder without a tile: Reset gives it one.
func NewEncoder() *Encoder { return &Encoder{} }

// Reset begins the tile t, which must be valid. What Finish returned before is
// overwritten. The columns of the layer are kept until the next Reset.
func (e *Encoder) Reset(t Tile, o Layer) {
	e.layer = o
	e.frame = newFrame(t)
	e.frame = newFrame(t)
	e.start = headRoom(o.name())
	e.buf = slices.Grow(e.buf[:0], e.start)[:e.start]
	e.dict.reset()
	e.keys = keyNumbers{count: 0, columns: 1, cell: uint32(1 + len(o.Columns))}
	e.meta.reset()
}

// Cell adds a cell: its ring as AppendOutline makes it, its count and the counts
// of the layer's columns in their order, of which zeros are left out. A ring that
// crosses the 180th meridian is drawn at whichever edge of the world the tile
// is, or at both. A cell without a report, or too small for the tile to show a
// shape, is dropped and not in the meta layer either; so is one too large for
// MVT's numbers, which no resolution in ResolutionRange is.
func (e *Encoder) Cell(c h3.Cell, ring []Vertex, count uint32, columns []uint32) {
	if count == 0 {
		return
	}
	if e.points, e.ends = e.points[:0], e.ends[:0]; !e.frame.quick(ring, &e.sketch) && !e.project(ring) {
		return
	}
	e.feature(c, count, columns)
	e.meta.add(count)
}

// Len is how many cells the tile has so far.
func (e *Encoder) Len() int { return e.meta.cells }

// Finish completes the tile and returns its bytes, which stay valid until the
// next Reset. It is nil when the tile has no cells.
func (e *Encoder) Finish() []byte {
	if e.meta.cells == 0 {
		return nil
	}
	b := e.buf
	b = appendKey(b, propCount)
	for _, c := range e.layer.Columns {
		b = appendKey(b, c)
	}
	if e.layer.WithCell {
		b = appendKey(b, propCell)
	}
	b = append(b, e.dict.values...)
	b = appendExtent(b)
	start := putHead(b, e.start, e.layer.name())
	b = e.appendMeta(b)
	e.buf = b
	return b[start:]
}

func (e *Encoder) appendMeta(b []byte) []byte {
	m := &e.meta
	start := len(b) + headRoom(metaLayer)
	b = slices.Grow(b, headRoom(metaLayer))[:start]
	b = append(b, metaFeature...)
	for _, k := range [...]string{propResolution, propCells, propMin, propMax, propSum, propBreaks} {
		b = appendKey(b, k)
	}
	b = appendUintValue(b, uint64(e.layer.Res))
	b = appendUintValue(b, uint64(m.cells))
	b = appendUintValue(b, uint64(m.min))
	b = appendUintValue(b, uint64(m.max))
	b = appendUintValue(b, m.sum)
	b = appendStringValue(b, m.breakText())
	b = appendExtent(b)
	from := start - headRoom(metaLayer)
	at := putHead(b, start, metaLayer)
	return append(b[:from], b[at:]...)
}
