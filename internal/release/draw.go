package release

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/streetsafe/streetsafe/tiles"
)

const (
	minTileZoom = 0
	maxTileZoom = 12 // the first zoom that shows resolution 8; deeper ones would repeat it
	tileLayer   = "cells"
)

// tileResolution is the resolution that a release's tiles show at a zoom.
func tileResolution(z int) int {
	return min(max(tiles.ResolutionForZoom(uint32(z)), coarsestRes), finestRes)
}

// layerOf is what tiles and files of a resolution hold.
func layerOf(res int) tiles.Layer {
	l := tiles.Layer{Name: tileLayer, Res: res}
	if res <= themeRes {
		l.Columns = Columns()
	}
	return l
}

func columnsOf(c *Cell, l tiles.Layer) []uint32 { return c.Columns[:len(l.Columns)] }

// outlines are the outlines of the cells of one resolution.
type outlines struct {
	cells []Cell
	rings [][]tiles.Vertex
}

func newOutlines(cells []Cell) (outlines, error) {
	o := outlines{cells: cells, rings: make([][]tiles.Vertex, len(cells))}
	for i, c := range cells {
		ring, err := tiles.AppendOutline(nil, c.Cell)
		if err != nil {
			return o, fmt.Errorf("outline: %w", err)
		}
		o.rings[i] = ring
	}
	return o, nil
}

// cover lists which cells each tile of a zoom shows, by number, ascending.
func (o outlines) cover(z int) map[tiles.Tile][]int {
	out := map[tiles.Tile][]int{}
	var touched []tiles.Tile
	for i, ring := range o.rings {
		touched = tiles.AppendTouched(touched[:0], ring, uint32(z))
		for _, t := range touched {
			out[t] = append(out[t], i)
		}
	}
	return out
}

// drawn is one tile in both forms.
type drawn struct {
	tile         tiles.Tile
	mvt, geojson []byte
}

// drawTiles calls fn for every tile of the pyramid that shows a cell.
func drawTiles(d Dataset, fn func(drawn) error) error {
	shapes := map[int]outlines{}
	for res, cells := range d.Cells {
		o, err := newOutlines(cells)
		if err != nil {
			return err
		}
		shapes[res] = o
	}
	e := tiles.NewEncoder()
	for z := minTileZoom; z <= maxTileZoom; z++ {
		res := tileResolution(z)
		o, layer := shapes[res], layerOf(res)
		cover := o.cover(z)
		list := make([]tiles.Tile, 0, len(cover))
		for t := range cover {
			list = append(list, t)
		}
		slices.SortFunc(list, func(a, b tiles.Tile) int { return slices.Compare([]uint32{a.X, a.Y}, []uint32{b.X, b.Y}) })
		for _, t := range list {
			e.Reset(t, layer)
			var shown []Cell
			for _, i := range cover[t] {
				c := &o.cells[i]
				e.Cell(c.Cell, o.rings[i], c.Count, columnsOf(c, layer))
				shown = append(shown, *c)
			}
			mvt := e.Finish()
			if mvt == nil {
				continue // every cell was too small to draw
			}
			g, err := geoJSON(shown, layer, d.Synthetic)
			if err != nil {
				return err
			}
			if err := fn(drawn{t, mvt, g}); err != nil {
				return err
			}
		}
	}
	return nil
}

// geoJSON is cells as a FeatureCollection, which says so when they are made up.
func geoJSON(cells []Cell, l tiles.Layer, synthetic bool) ([]byte, error) {
	var b bytes.Buffer
	w := tiles.NewGeoJSONWriter(&b, l)
	for i := range cells {
		if err := w.Cell(cells[i].Cell, cells[i].Count, columnsOf(&cells[i], l)); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil || !synthetic {
		return b.Bytes(), err
	}
	head := []byte(`{"type":"FeatureCollection",`)
	rest, ok := bytes.CutPrefix(b.Bytes(), head)
	if !ok {
		return nil, errors.New("GeoJSON does not begin as expected")
	}
	return slices.Concat(head, []byte(`"synthetic":true,`), rest), nil
}

// bounds is the box around all cells. Edition 0 took the coarsest ones alone,
// which their children stand out of a little.
func (d Dataset) bounds(edition int) (west, south, east, north float64, err error) {
	cells := slices.Clone(d.Cells[coarsestRes])
	for res := themeRes; res <= finestRes && edition > 0; res++ {
		cells = append(cells, d.Cells[res]...)
	}
	return boundsOf(cells)
}

// boundsOf is the box around cells, in degrees; the whole map when there are none.
func boundsOf(cells []Cell) (west, south, east, north float64, err error) {
	const mercatorNorth = 85.0511
	if len(cells) == 0 {
		return -180, -mercatorNorth, 180, mercatorNorth, nil
	}
	west, south, east, north = 180, 90, -180, -90
	for _, c := range cells {
		b, err := c.Cell.Boundary()
		if err != nil {
			return 0, 0, 0, 0, err
		}
		for _, p := range b {
			west, east = min(west, p.Lng), max(east, p.Lng)
			south, north = min(south, p.Lat), max(north, p.Lat)
		}
	}
	if east-west > 180 { // over the 180th meridian
		west, east = -180, 180
	}
	return west, south, east, north, nil
}

// cellsCSV is every cell that is shown as a table (RFC 4180).
func cellsCSV(d Dataset) ([]byte, error) {
	b := []byte("resolution,cell,lat,lng,count")
	for _, c := range Columns() {
		b = append(append(b, ','), c...)
	}
	b = append(b, ",synthetic\r\n"...)
	for res := coarsestRes; res <= finestRes; res++ {
		for _, c := range d.Cells[res] {
			at, err := c.Cell.LatLng()
			if err != nil {
				return nil, err
			}
			b = strconv.AppendInt(b, int64(res), 10)
			b = append(append(b, ','), c.Cell.String()...)
			b = strconv.AppendFloat(append(b, ','), at.Lat, 'f', 5, 64)
			b = strconv.AppendFloat(append(b, ','), at.Lng, 'f', 5, 64)
			b = strconv.AppendUint(append(b, ','), uint64(c.Count), 10)
			for _, n := range c.Columns {
				b = append(b, ',')
				if n > 0 { // nothing, never 0: it is not known to be none
					b = strconv.AppendUint(b, uint64(n), 10)
				}
			}
			b = strconv.AppendBool(append(b, ','), d.Synthetic)
			b = append(b, "\r\n"...)
		}
	}
	return b, nil
}

// forcesCSV is the yearly table as it is shown.
func forcesCSV(d Dataset) []byte {
	b := []byte("year,force_id,force,factor,factor_label,count,synthetic\r\n")
	for _, f := range d.Forces {
		for i, field := range []string{f.Year, f.Force.ID, f.Force.Name, f.Factor.ID(), f.Factor.Label()} {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendCSV(b, field)
		}
		b = strconv.AppendUint(append(b, ','), uint64(f.Count), 10)
		b = strconv.AppendBool(append(b, ','), d.Synthetic)
		b = append(b, "\r\n"...)
	}
	return b
}

// appendCSV quotes a field. One that a spreadsheet would run as a formula gets
// an apostrophe before it.
func appendCSV(b []byte, s string) []byte {
	quoted := false
	if s != "" && bytes.IndexByte([]byte("=+-@\t\r"), s[0]) >= 0 {
		s = "'" + s
	}
	for i := range len(s) {
		quoted = quoted || s[i] == ',' || s[i] == '"' || s[i] == '\n' || s[i] == '\r'
	}
	if !quoted {
		return append(b, s...)
	}
	b = append(b, '"')
	b = append(b, bytes.ReplaceAll([]byte(s), []byte(`"`), []byte(`""`))...)
	return append(b, '"')
}
