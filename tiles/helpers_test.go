package tiles_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/tiles"
	"github.com/streetsafe/streetsafe/tiles/tilestest"
)

const finest = 15 // H3's finest resolution

// floorHalf rounds as tiles do: to the nearest, halves up.
func floorHalf(v float64) float64 { return math.Floor(v + 0.5) }

func outline(tb testing.TB, c h3.Cell) []tiles.Vertex {
	tb.Helper()
	ring, err := tiles.AppendOutline(nil, c)
	if err != nil {
		tb.Fatalf("outline of %s: %v", c, err)
	}
	return ring
}

func cellAt(tb testing.TB, lat, lng float64, res int) h3.Cell {
	tb.Helper()
	c, err := h3.LatLngToCell(h3.NewLatLng(lat, lng), res)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// anyCells are the awkward cells of a resolution and n spread over the sphere.
func anyCells(tb testing.TB, res, n int) []h3.Cell {
	tb.Helper()
	var cells []h3.Cell
	for _, a := range tilestest.AwkwardCells(res) {
		cells = append(cells, a.Cell)
	}
	rng := rand.New(rand.NewPCG(uint64(res), 7))
	for range n {
		lat := math.Asin(2*rng.Float64()-1) * 180 / math.Pi
		cells = append(cells, cellAt(tb, lat, 360*rng.Float64()-180, res))
	}
	return cells
}

// signedArea is twice the area by the surveyor's formula, in floating point and
// from the origin: not as the package does it.
func signedArea(ring []tiles.Vertex) float64 {
	var sum float64
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		sum += float64(a.X)*float64(b.Y) - float64(b.X)*float64(a.Y)
	}
	return sum
}

// decode reads a tile with orb and gives its two layers.
func decode(tb testing.TB, data []byte) (cells, meta *mvt.Layer) {
	tb.Helper()
	layers, err := mvt.Unmarshal(data)
	if err != nil {
		tb.Fatalf("orb cannot read the tile: %v", err)
	}
	if len(layers) != 2 || layers[1].Name != "meta" {
		tb.Fatalf("layers: %d, want the cells and meta", len(layers))
	}
	for _, l := range layers {
		if l.Version != 2 || l.Extent != tiles.Extent {
			tb.Fatalf("layer %s: version %d extent %d, want 2 and 4096", l.Name, l.Version, l.Extent)
		}
	}
	return layers[0], layers[1]
}

func property(tb testing.TB, f *geojson.Feature, key string) uint32 {
	tb.Helper()
	v, ok := f.Properties[key].(float64)
	if !ok {
		tb.Fatalf("property %q is %v, not a number", key, f.Properties[key])
	}
	return uint32(v)
}

// encodeOne is a tile with one cell, nil when the encoder dropped it.
func encodeOne(tb testing.TB, t tiles.Tile, c h3.Cell) []byte {
	tb.Helper()
	e := tiles.NewEncoder()
	e.Reset(t, tiles.Layer{Res: c.Resolution()})
	e.Cell(c, outline(tb, c), 1, nil)
	return e.Finish()
}

// rings are the outer rings of a decoded feature.
func rings(tb testing.TB, f *geojson.Feature) []orb.Ring {
	tb.Helper()
	switch g := f.Geometry.(type) {
	case orb.Polygon:
		return g
	case orb.MultiPolygon:
		var out []orb.Ring
		for _, p := range g {
			out = append(out, p...)
		}
		return out
	}
	tb.Fatalf("geometry is a %T", f.Geometry)
	return nil
}

// latOf is the latitude at Y in world units.
func latOf(y float64) float64 {
	return math.Atan(math.Sinh(math.Pi*(1-2*y/tiles.WorldSize))) * 180 / math.Pi
}
