package tiles_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/tiles"
)

// body is a tile's worth of cells, as a cube would hand them over.
type body struct {
	tile    tiles.Tile
	layer   tiles.Layer
	cells   []h3.Cell
	rings   [][]tiles.Vertex
	counts  []uint32
	columns [][]uint32
}

// newBody is n cells around the middle of a tile over London with skewed counts,
// and with the columns given, of which two thirds are zero.
func newBody(tb testing.TB, n int, columns ...string) *body {
	tb.Helper()
	b := &body{
		tile:  tiles.Tile{Z: 10, X: 511, Y: 340},
		layer: tiles.Layer{Res: 8, Columns: columns},
	}
	cells, err := tiles.Cover(b.tile, b.layer.Res)
	if err != nil {
		tb.Fatal(err)
	}
	for k := 1; len(cells) < n; k++ { // the tile is not enough: go on around it
		if cells, err = cells[len(cells)/2].GridDisk(10 * k); err != nil {
			tb.Fatal(err)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	b.cells = cells[:n]
	for _, c := range b.cells {
		ring, err := tiles.AppendOutline(nil, c)
		if err != nil {
			tb.Fatal(err)
		}
		count := uint32(1 + rng.ExpFloat64()*rng.ExpFloat64()*20)
		row := make([]uint32, len(columns))
		for i := range row {
			if rng.IntN(3) == 0 {
				row[i] = 1 + rng.Uint32N(count)
			}
		}
		b.rings, b.counts, b.columns = append(b.rings, ring), append(b.counts, count), append(b.columns, row)
	}
	return b
}

func (b *body) encode(e *tiles.Encoder) []byte {
	e.Reset(b.tile, b.layer)
	for i, c := range b.cells {
		e.Cell(c, b.rings[i], b.counts[i], b.columns[i])
	}
	return e.Finish()
}

// general is the naive twin: the same features through orb's general encoder.
func (b *body) general(withCell bool) ([]byte, error) {
	fc := geojson.NewFeatureCollection()
	minX, minY, maxX, _ := b.tile.WorldBounds()
	scale := float64(maxX-minX) / tiles.Extent
	for i, c := range b.cells {
		ring := make(orb.Ring, 0, tiles.MaxVertices+1)
		for _, v := range b.rings[i] {
			x, y := float64(v.X-minX)/scale, float64(v.Y-minY)/scale
			ring = append(ring, orb.Point{floorHalf(x), floorHalf(y)})
		}
		f := geojson.NewFeature(orb.Polygon{append(ring, ring[0])})
		f.ID = tiles.FeatureID(c)
		f.Properties["count"] = b.counts[i]
		for k, v := range b.columns[i] {
			if v != 0 {
				f.Properties[b.layer.Columns[k]] = v
			}
		}
		if withCell {
			f.Properties["cell"] = c.String()
		}
		fc.Append(f)
	}
	layer := mvt.NewLayer("cells", fc)
	layer.Version = 2
	return mvt.Marshal(mvt.Layers{layer})
}

func BenchmarkEncode(b *testing.B) {
	for _, bench := range []struct {
		name    string
		columns []string
	}{
		{"cells=1000", nil},
		{"cells=1000/columns=3", []string{"badly_lit", "isolated", "followed"}},
	} {
		data := newBody(b, 1000, bench.columns...)
		b.Run("twin=none/"+bench.name, func(b *testing.B) {
			e := tiles.NewEncoder()
			size := len(data.encode(e))
			b.ReportAllocs()
			for b.Loop() {
				data.encode(e)
			}
			b.ReportMetric(float64(size), "tile-bytes")
		})
		b.Run("twin=orb/"+bench.name, func(b *testing.B) {
			size := 0
			b.ReportAllocs()
			for b.Loop() {
				out, err := data.general(false)
				if err != nil {
					b.Fatal(err)
				}
				size = len(out)
			}
			b.ReportMetric(float64(size), "tile-bytes")
		})
		b.Run("twin=orb-cell/"+bench.name, func(b *testing.B) {
			size := 0
			for b.Loop() {
				out, err := data.general(true)
				if err != nil {
					b.Fatal(err)
				}
				size = len(out)
			}
			b.ReportMetric(float64(size), "tile-bytes")
		})
	}
}

func BenchmarkAppendOutline(b *testing.B) {
	data := newBody(b, 1000)
	var ring []tiles.Vertex
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		var err error
		if ring, err = tiles.AppendOutline(ring[:0], data.cells[i%len(data.cells)]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTouches(b *testing.B) {
	data := newBody(b, 1000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		tiles.Touches(data.rings[i%len(data.rings)], data.tile)
	}
}

func BenchmarkCover(b *testing.B) {
	for b.Loop() {
		if _, err := tiles.Cover(tiles.Tile{Z: 10, X: 511, Y: 340}, 8); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGeoJSON(b *testing.B) {
	data := newBody(b, 1000)
	b.Run("twin=none/cells=1000", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			g := tiles.NewGeoJSONWriter(io.Discard, data.layer)
			for i, c := range data.cells {
				if err := g.Cell(c, data.counts[i], data.columns[i]); err != nil {
					b.Fatal(err)
				}
			}
			if err := g.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("twin=orb/cells=1000", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var out bytes.Buffer
			if err := writeGeneralGeoJSON(&out, data); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func writeGeneralGeoJSON(w io.Writer, data *body) error {
	fc := geojson.NewFeatureCollection()
	for i, c := range data.cells {
		boundary, err := c.Boundary()
		if err != nil {
			return err
		}
		var ring orb.Ring
		for _, p := range boundary {
			ring = append(ring, orb.Point{p.Lng, p.Lat})
		}
		f := geojson.NewFeature(orb.Polygon{append(ring, ring[0])})
		f.ID = tiles.FeatureID(c)
		f.Properties["cell"], f.Properties["count"] = c.String(), data.counts[i]
		fc.Append(f)
	}
	out, err := fc.MarshalJSON()
	if err != nil {
		return err
	}
	_, err = w.Write(out)
	return err
}
