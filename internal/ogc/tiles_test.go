package ogc_test

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/ogc"
)

type tileset struct {
	TileMatrixSetLimits []struct {
		TileMatrix                                     string
		MinTileRow, MaxTileRow, MinTileCol, MaxTileCol int
	}
	Layers []struct {
		ID               string
		PropertiesSchema struct{ Properties map[string]any }
	}
	Links links
}

// Every published tile is there under its row and column as it was published,
// what lies between them is empty, and what lies outside is not there.
func TestTiles_everyTile(t *testing.T) {
	h, data := handler(t, ogc.Config{}), files(t)
	const at = host + "ogc/collections/cells-2025-H1/tiles/WebMercatorQuad"
	set := read[tileset](t, h, at)
	template := set.Links.find("item")
	if template != at+"/{tileMatrix}/{tileRow}/{tileCol}" || len(set.TileMatrixSetLimits) != 13 {
		t.Fatalf("the tile set is %+v", set)
	}
	found, empty := 0, 0
	for _, l := range set.TileMatrixSetLimits {
		for row := l.MinTileRow; row <= l.MaxTileRow; row++ {
			for col := l.MinTileCol; col <= l.MaxTileCol; col++ {
				w := get(h, strings.NewReplacer("{tileMatrix}", l.TileMatrix, "{tileRow}", fmt.Sprint(row), "{tileCol}", fmt.Sprint(col)).Replace(template))
				body, _, ok := data.Open(fmt.Sprintf("/2025-H1/%s/%d/%d.mvt", l.TileMatrix, col, row))
				switch {
				case ok && w.Code == http.StatusOK && bytes.Equal(body, w.Body.Bytes()):
					found++
				case !ok && w.Code == http.StatusNoContent && w.Body.Len() == 0:
					empty++
				default:
					t.Errorf("tile %s/%d/%d gives %d, published %v", l.TileMatrix, row, col, w.Code, ok)
				}
				if !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Header().Get("Access-Control-Allow-Origin") != "*" {
					t.Errorf("tile %s/%d/%d has %v", l.TileMatrix, row, col, w.Header())
				}
			}
		}
		if w := get(h, fmt.Sprintf("%s/%s/%d/%d", at, l.TileMatrix, l.MaxTileRow+1, l.MinTileCol)); w.Code != http.StatusNotFound {
			t.Errorf("a tile outside the limits gives %d", w.Code)
		}
	}
	total := 0
	for _, p := range data.Paths() {
		if strings.HasPrefix(p, "/2025-H1/") && strings.HasSuffix(p, ".mvt") {
			total++
		}
	}
	if found != total || total < 20 || empty == 0 {
		t.Errorf("%d of %d tiles were found, %d were empty", found, total, empty)
	}
	for tail, want := range map[string]int{"/13/0/0": 404, "/0/0/0?f=mvt": 200, "/0/0/0?f=json": 400, "/0/0/0?x=1": 400, "/00/0/0": 404, "/0/-1/0": 404, "/0/0/a": 404} {
		if w := get(h, at+tail); w.Code != want {
			t.Errorf("%s gives %d, not %d", tail, w.Code, want)
		}
	}
}

// The tile matrix set is the registered one: its first and last scales are those
// of the standard (17-083r4, table D.1).
func TestTiles_matrixSet(t *testing.T) {
	d := read[struct {
		ID, CRS      string
		TileMatrices []struct {
			ID                                               string
			ScaleDenominator, CellSize                       float64
			PointOfOrigin                                    [2]float64
			TileWidth, TileHeight, MatrixWidth, MatrixHeight int
		}
	}](t, handler(t, ogc.Config{}), host+"ogc/tileMatrixSets/WebMercatorQuad")
	if len(d.TileMatrices) != 25 || d.CRS != "http://www.opengis.net/def/crs/EPSG/0/3857" {
		t.Fatalf("%d matrices in %s", len(d.TileMatrices), d.CRS)
	}
	for z, want := range map[int][2]float64{0: {559082264.028717, 156543.033928041}, 1: {279541132.014359, 78271.5169640205}, 24: {33.3238997477482, 0.00933069192934281}} {
		m := d.TileMatrices[z]
		if m.ID != fmt.Sprint(z) || math.Abs(m.ScaleDenominator/want[0]-1) > 1e-9 || math.Abs(m.CellSize/want[1]-1) > 1e-9 ||
			m.MatrixWidth != 1<<z || m.MatrixHeight != 1<<z || m.TileWidth != 256 || m.TileHeight != 256 ||
			math.Abs(m.PointOfOrigin[0]+20037508.342789244) > 1e-6 || math.Abs(m.PointOfOrigin[1]-20037508.342789244) > 1e-6 {
			t.Errorf("matrix %d is %+v", z, m)
		}
	}
}
