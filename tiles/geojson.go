package tiles

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/uber/h3-go/v4"
)

// flushBytes is how much GeoJSONWriter gathers before it writes: as much as the
// buffers of net/http and of compressors take in one go.
const flushBytes = 32 << 10

// GeoJSONWriter streams a FeatureCollection (RFC 7946) of the same cells as an
// Encoder's tile. A feature has the cell's FeatureID as "id", and the properties
// "cell", "count" and the layer's columns, zeros left out. Outlines are H3's own
// in degrees, not rounded to a tile, with seven decimals at most: one centimetre.
// They are anticlockwise and closed, and cut in two at the 180th meridian.
//
// The member "meta" after the features says what the layer "meta" of a tile
// does. A GeoJSONWriter is for one goroutine at a time.
type GeoJSONWriter struct {
	w     io.Writer
	layer Layer
	keys  []string // the columns as JSON: ,"name":
	buf   []byte
	meta  summary
	shape shape
	err   error
}

// NewGeoJSONWriter begins a FeatureCollection. Nothing is written before 32 KiB
// have come together or Close is called.
func NewGeoJSONWriter(w io.Writer, o Layer) *GeoJSONWriter {
	g := &GeoJSONWriter{w: w, layer: o, keys: make([]string, len(o.Columns))}
	for i, c := range o.Columns {
		g.keys[i] = "," + quoteJSON(c) + ":"
	}
	g.buf = append(g.buf, `{"type":"FeatureCollection","features":[`...)
	return g
}

// Cell adds a cell with its count and the counts of the layer's columns. A cell
// without a report is left out. The error is for an index that is no cell, which
// leaves the collection as it was, or the writer's, which stays.
func (g *GeoJSONWriter) Cell(c h3.Cell, count uint32, columns []uint32) error {
	if g.err != nil || count == 0 {
		return g.err
	}
	boundary, err := boundaryOf(c)
	if err != nil {
		return err
	}
	g.shape.set(c, boundary)
	if g.meta.cells > 0 {
		g.buf = append(g.buf, ',')
	}
	g.feature(c, count, columns)
	g.meta.add(count)
	if len(g.buf) >= flushBytes {
		g.flush()
	}
	return g.err
}

func (g *GeoJSONWriter) feature(c h3.Cell, count uint32, columns []uint32) {
	b := append(g.buf, "\n"+`{"type":"Feature","id":`...)
	b = strconv.AppendUint(b, FeatureID(c), 10)
	b = append(b, `,"geometry":`...)
	b = g.shape.appendGeometry(b)
	b = append(b, `,"properties":{"cell":"`...)
	b = appendHex(b, uint64(c))
	b = append(b, `","count":`...)
	b = strconv.AppendUint(b, uint64(count), 10)
	for i, v := range columns[:min(len(columns), len(g.keys))] {
		if v != 0 {
			b = append(b, g.keys[i]...)
			b = strconv.AppendUint(b, uint64(v), 10)
		}
	}
	g.buf = append(b, "}}"...)
}

// Close completes the collection and writes what is left. It does not close the
// writer beneath. The error is the first that any write gave.
func (g *GeoJSONWriter) Close() error {
	m := &g.meta
	b := append(g.buf, "\n],"+`"meta":{"resolution":`...)
	b = strconv.AppendInt(b, int64(g.layer.Res), 10)
	b = strconv.AppendInt(append(b, `,"cells":`...), int64(m.cells), 10)
	b = strconv.AppendUint(append(b, `,"min":`...), uint64(m.min), 10)
	b = strconv.AppendUint(append(b, `,"max":`...), uint64(m.max), 10)
	b = strconv.AppendUint(append(b, `,"sum":`...), m.sum, 10)
	b = append(b, `,"breaks":[`...)
	b = append(b, m.breakText()...)
	g.buf = append(b, "]}}\n"...)
	g.flush()
	return g.err
}

func (g *GeoJSONWriter) flush() {
	if g.err == nil {
		if _, err := g.w.Write(g.buf); err != nil {
			g.err = fmt.Errorf("tiles: write GeoJSON: %w", err)
		}
	}
	g.buf = g.buf[:0]
}

// quoteJSON is a string as JSON. Columns are plain words, but nothing that a
// caller names may break the document.
func quoteJSON(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return `""` // a string always marshals
	}
	return string(b)
}
