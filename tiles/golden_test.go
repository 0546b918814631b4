package tiles_test

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/tiles"
)

var update = flag.Bool("update", false, "write the golden tiles anew")

// goldens are named z-x-y. Beside each tile lies its source, the same cells as
// GeoJSON.
var goldens = []struct {
	tile    tiles.Tile
	res     int
	columns []string
	cell    bool
}{
	{tiles.Tile{Z: 13, X: 4093, Y: 2724}, 9, []string{"badly_lit", "followed"}, false}, // London, as officers see it
	{tiles.Tile{Z: 18, X: 130997, Y: 87173}, 11, []string{"badly_lit"}, true},          // deepest, with cell=1
	{tiles.Tile{Z: 5, X: 31, Y: 15}, 3, nil, false},                                    // the dateline from the west
	{tiles.Tile{Z: 3, X: 0, Y: 0}, 1, nil, false},                                      // the far north-west, where shapes are odd
	{tiles.Tile{Z: 0, X: 0, Y: 0}, 0, nil, false},                                      // the world, poles and pentagons in it
}

func goldenPath(t tiles.Tile, ext string) string {
	return filepath.Join("testdata", fmt.Sprintf("%d-%d-%d.%s", t.Z, t.X, t.Y, ext))
}

// TestGolden_Bytes pins the bytes of tiles: servers with the same data must give
// the same ETag, and a change here is one that clients' caches see.
func TestGolden_Bytes(t *testing.T) {
	for _, g := range goldens {
		layer := tiles.Layer{Res: g.res, Columns: g.columns, WithCell: g.cell}
		if *update {
			writeSource(t, g.tile, layer)
		}
		fc := readGeoJSON(t, readFile(t, goldenPath(g.tile, "geojson")))
		e := tiles.NewEncoder()
		e.Reset(g.tile, layer)
		for _, f := range fc.Features {
			c, columns := cellOf(t, f), make([]uint32, len(g.columns))
			for i, name := range g.columns {
				if _, ok := f.Properties[name]; ok {
					columns[i] = property(t, f, name)
				}
			}
			e.Cell(c, outline(t, c), property(t, f, "count"), columns)
		}
		got := e.Finish()
		if *update {
			if err := os.WriteFile(goldenPath(g.tile, "mvt"), got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want := readFile(t, goldenPath(g.tile, "mvt")); !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes that are not the %d of the golden tile", g.tile, len(got), len(want))
		}
	}
}

// TestGolden_Places puts each golden tile back into degrees and compares it with
// its source.
func TestGolden_Places(t *testing.T) {
	for _, g := range goldens {
		fc := readGeoJSON(t, readFile(t, goldenPath(g.tile, "geojson")))
		layer, _ := decode(t, readFile(t, goldenPath(g.tile, "mvt")))
		if len(fc.Features) != len(layer.Features) {
			t.Errorf("%s: %d features, the source has %d", g.tile, len(layer.Features), len(fc.Features))
			continue
		}
		for i, f := range fc.Features {
			if f.Geometry.GeoJSONType() != "Polygon" || f.ID != layer.Features[i].ID {
				continue // cut at the dateline in the one and not in the other
			}
			comparePlaces(t, g.tile, rings(t, f)[0], rings(t, layer.Features[i])[0])
		}
	}
}

// comparePlaces wants each corner of the source at one of the tile's, within the
// half unit that rounding may move it and a little for rounding twice.
func comparePlaces(t *testing.T, tile tiles.Tile, source, got orb.Ring) {
	t.Helper()
	minX, minY, maxX, _ := tile.WorldBounds()
	unit := float64(maxX-minX) / tiles.Extent
	for _, p := range source {
		if math.Abs(p[1]) > 85 {
			continue
		}
		x := (p[0] + 180) / 360 * tiles.WorldSize
		y := (0.5 - math.Log(math.Tan(math.Pi/4+p[1]*math.Pi/360))/(2*math.Pi)) * tiles.WorldSize
		nearest := math.Inf(1)
		for _, q := range got {
			dx := math.Remainder(x-float64(minX)-q[0]*unit, tiles.WorldSize)
			nearest = min(nearest, max(math.Abs(dx), math.Abs(y-float64(minY)-q[1]*unit)))
		}
		if nearest > unit/2+1 {
			t.Errorf("%s: the corner %v is %g units from the tile's nearest", tile, p, nearest/unit)
		}
	}
}

// writeSource makes a source with counts that have no meaning but are skewed.
func writeSource(t *testing.T, tile tiles.Tile, layer tiles.Layer) {
	t.Helper()
	cells, err := tiles.Cover(tile, layer.Res)
	if err != nil {
		t.Fatal(err)
	}
	data := writeGeoJSON(t, layer, func(g *tiles.GeoJSONWriter) {
		for i, c := range cells {
			count := uint32(1 + i*i*i%997*(i%11)*(i%3))
			columns := []uint32{count / 2, uint32(i % 2)}[:len(layer.Columns)]
			if err := g.Cell(c, count, columns); err != nil {
				t.Fatal(err)
			}
		}
	})
	if err := os.WriteFile(goldenPath(tile, "geojson"), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func readFile(tb testing.TB, path string) []byte {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func cellOf(tb testing.TB, f *geojson.Feature) h3.Cell {
	tb.Helper()
	text, ok := f.Properties["cell"].(string)
	c := h3.CellFromString(text)
	if !ok || !c.IsValid() {
		tb.Fatalf("no cell: %v", f.Properties)
	}
	return c
}
