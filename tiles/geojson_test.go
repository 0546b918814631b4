package tiles_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/tiles"
	"github.com/streetsafe/streetsafe/tiles/tilestest"
)

func writeGeoJSON(tb testing.TB, o tiles.Layer, add func(*tiles.GeoJSONWriter)) []byte {
	tb.Helper()
	var out bytes.Buffer
	g := tiles.NewGeoJSONWriter(&out, o)
	add(g)
	if err := g.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func readGeoJSON(tb testing.TB, data []byte) *geojson.FeatureCollection {
	tb.Helper()
	fc, err := geojson.UnmarshalFeatureCollection(data)
	if err != nil {
		tb.Fatalf("orb cannot read the collection: %v\n%s", err, data)
	}
	return fc
}

func TestGeoJSONWriter_Whole(t *testing.T) {
	got := writeGeoJSON(t, tiles.Layer{Res: 9, Columns: []string{"badly_lit", "isolated"}}, func(g *tiles.GeoJSONWriter) {
		if err := g.Cell(0x89194ad1093ffff, 3, []uint32{0, 2}); err != nil {
			t.Fatal(err)
		}
	})
	want := `{"type":"FeatureCollection","features":[
{"type":"Feature","id":1697334308,"geometry":{"type":"Polygon","coordinates":[[` +
		`[-0.1242555,51.483166],[-0.1263461,51.4821853],[-0.1259126,51.4804378],` +
		`[-0.1233887,51.4796711],[-0.1212982,51.4806517],[-0.1217316,51.4823992],[-0.1242555,51.483166]]]},` +
		`"properties":{"cell":"89194ad1093ffff","count":3,"isolated":2}}
],"meta":{"resolution":9,"cells":1,"min":3,"max":3,"sum":3,"breaks":[2,5,10,20,50]}}
`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestGeoJSONWriter_AgainstTile(t *testing.T) {
	b := newBody(t, 800, "badly_lit", "followed")
	b.layer.WithCell = true // GeoJSON always has it
	layer, meta := decode(t, b.encode(tiles.NewEncoder()))
	data := writeGeoJSON(t, b.layer, func(g *tiles.GeoJSONWriter) {
		for i, c := range b.cells {
			if err := g.Cell(c, b.counts[i], b.columns[i]); err != nil {
				t.Fatal(err)
			}
		}
	})
	fc := readGeoJSON(t, data)
	if len(fc.Features) != len(layer.Features) {
		t.Fatalf("%d features, the tile has %d", len(fc.Features), len(layer.Features))
	}
	for i, f := range fc.Features {
		w := layer.Features[i]
		if f.ID != w.ID || fmt.Sprint(f.Properties) != fmt.Sprint(w.Properties) {
			t.Errorf("feature %d: %v %v, in the tile %v %v", i, f.ID, f.Properties, w.ID, w.Properties)
		}
	}
	var doc struct {
		Meta struct {
			Sum    float64
			Breaks []uint32
		}
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	breaks := strings.Trim(strings.ReplaceAll(fmt.Sprint(doc.Meta.Breaks), " ", ","), "[]")
	if p := meta.Features[0].Properties; p["sum"] != doc.Meta.Sum || p["breaks"] != breaks {
		t.Errorf("meta %+v, in the tile %v", doc.Meta, p)
	}
}

// TestGeoJSONWriter_Awkward holds every shape to RFC 7946.
func TestGeoJSONWriter_Awkward(t *testing.T) {
	for res := 0; res <= finest; res++ {
		for _, a := range tilestest.AwkwardCells(res) {
			data := writeGeoJSON(t, tiles.Layer{Res: res}, func(g *tiles.GeoJSONWriter) {
				if err := g.Cell(a.Cell, 1, nil); err != nil {
					t.Error(err)
				}
			})
			f := readGeoJSON(t, data).Features[0]
			for _, r := range rings(t, f) {
				checkRing(t, a, r)
			}
			want := 1
			if crossesDateline(t, a.Cell) {
				want = 2
			}
			if got := len(rings(t, f)); got != want {
				t.Errorf("%s (%s) has %d parts, want %d: %v", a.Cell, a.Why, got, want, f.Geometry)
			}
		}
	}
}

func checkRing(t *testing.T, a tilestest.Cell, r orb.Ring) {
	t.Helper()
	if !r.Closed() || len(r) < 4 {
		t.Errorf("%s (%s): a ring is not closed: %v", a.Cell, a.Why, r)
	}
	if areaOf(r) <= 0 {
		t.Errorf("%s (%s): a ring is clockwise: %v", a.Cell, a.Why, r)
	}
	for i, p := range r {
		if math.Abs(p[0]) > 180 || math.Abs(p[1]) > 90 {
			t.Errorf("%s (%s): %v is outside the world", a.Cell, a.Why, p)
		}
		if i > 0 && math.Abs(p[0]-r[i-1][0]) > 180 && p[1] != 90 && p[1] != -90 {
			t.Errorf("%s (%s): a side goes around the world: %v", a.Cell, a.Why, r)
		}
	}
}

// crossesDateline tells by H3's boundary: two corners in turn are further apart
// than half the world.
func crossesDateline(tb testing.TB, c h3.Cell) bool {
	tb.Helper()
	b, err := c.Boundary()
	if err != nil {
		tb.Fatal(err)
	}
	for i, p := range b {
		if math.Abs(p.Lng-b[(i+1)%len(b)].Lng) > 180 {
			return true
		}
	}
	return false
}

func TestGeoJSONWriter_Empty(t *testing.T) {
	data := writeGeoJSON(t, tiles.Layer{Res: 7}, func(g *tiles.GeoJSONWriter) {
		if err := g.Cell(cellAt(t, 1, 1, 7), 0, nil); err != nil {
			t.Error(err)
		}
		for _, c := range tilestest.NoCells() {
			if err := g.Cell(c, 1, nil); err == nil {
				t.Errorf("%x was written", uint64(c))
			}
		}
	})
	if fc := readGeoJSON(t, data); len(fc.Features) != 0 || !bytes.Contains(data, []byte(`"features":[`)) {
		t.Errorf("%s", data)
	}
}

func TestGeoJSONWriter_AwkwardColumns(t *testing.T) {
	name := "a \"b\"\\\n<é\x00"
	data := writeGeoJSON(t, tiles.Layer{Columns: []string{name}}, func(g *tiles.GeoJSONWriter) {
		// More numbers than the layer has columns: what has no name is left out.
		if err := g.Cell(cellAt(t, 1, 1, 7), 5, []uint32{4, 3, 2}); err != nil {
			t.Error(err)
		}
	})
	f := readGeoJSON(t, data).Features[0]
	if len(f.Properties) != 3 || f.Properties[name] != 4.0 {
		t.Errorf("properties %v", f.Properties)
	}
}

// fullDisk takes some bytes and then no more.
type fullDisk struct{ room int }

var errFull = errors.New("disk full")

func (d *fullDisk) Write(p []byte) (int, error) {
	if len(p) > d.room {
		return d.room, errFull
	}
	d.room -= len(p)
	return len(p), nil
}

func TestGeoJSONWriter_WriteFails(t *testing.T) {
	b := newBody(t, 1000)
	for _, room := range []int{0, 40_000} {
		g := tiles.NewGeoJSONWriter(&fullDisk{room}, b.layer)
		var err error
		for i, c := range b.cells {
			if err = g.Cell(c, b.counts[i], nil); err != nil {
				break
			}
		}
		if !errors.Is(err, errFull) {
			t.Errorf("room for %d: Cell says %v", room, err)
		}
		if err := g.Close(); !errors.Is(err, errFull) {
			t.Errorf("room for %d: Close says %v", room, err)
		}
	}
}

func TestGeoJSONWriter_Streams(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	b := newBody(t, 200)
	g := tiles.NewGeoJSONWriter(w, b.layer)
	for i, c := range b.cells {
		if err := g.Cell(c, b.counts[i], nil); err != nil {
			t.Fatal(err)
		}
	}
	// Not closed, and yet the beginning is there.
	start := make([]byte, 40)
	if n, err := r.Read(start); err != nil || !strings.HasPrefix(string(start[:n]), `{"type":"FeatureCollection"`) {
		t.Errorf("read %q, %v", start[:n], err)
	}
}

func FuzzAppendDegrees(f *testing.F) {
	for _, seed := range []int64{0, 1, -1, 10, 9999999, 10000000, -10000001, 1800000000, -1800000000, 123456789} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, v int64) {
		v %= 360 * 1e7
		got := string(tiles.AppendDegrees(nil, v))
		back, err := strconv.ParseFloat(got, 64)
		if err != nil || int64(math.Round(back*1e7)) != v {
			t.Fatalf("%d is written as %s", v, got)
		}
		if want := strconv.FormatFloat(float64(v)/1e7, 'f', -1, 64); got != want {
			t.Fatalf("%d is written as %s, strconv has %s", v, got, want)
		}
	})
}
