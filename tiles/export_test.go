package tiles

import "github.com/uber/h3-go/v4"

// CellGeneral is Cell without the quick way, for tests that hold one to the other.
func (e *Encoder) CellGeneral(c h3.Cell, ring []Vertex, count uint32, columns []uint32) {
	if e.points, e.ends = e.points[:0], e.ends[:0]; e.project(ring) {
		e.feature(c, count, columns)
		e.meta.add(count)
	}
}

// IsQuick reports whether the quick way takes the ring.
func (e *Encoder) IsQuick(ring []Vertex) bool { return e.frame.quick(ring, &e.sketch) }

// SkipRounds makes the dictionary as old as it gets before it starts over.
func (e *Encoder) SkipRounds() { e.dict.round = ^uint32(0) - 1 }

// AgreedCorner is what the cells around a corner take it to be.
var AgreedCorner = agreedCorner

// AppendDegrees is how GeoJSON's numbers are written.
var AppendDegrees = appendDegrees
