package areas_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"github.com/streetsafe/streetsafe/internal/areas"
)

// Two squares side by side, the left one with a hole, and an island of the
// right one.
const twoWards = `{"type":"FeatureCollection","features":[
 {"type":"Feature","properties":{"LAD13CD":"E1","LAD13NM":"Borough","WD13CD":"W1","WD13NM":"Left"},"geometry":{"type":"Polygon","coordinates":[[[0,51],[1,51],[1,52],[0,52],[0,51]],[[0.4,51.4],[0.6,51.4],[0.6,51.6],[0.4,51.6],[0.4,51.4]]]}},
 {"type":"Feature","properties":{"LAD13CD":"E1","LAD13NM":"Borough","WD13CD":"W2","WD13NM":"Right"},"geometry":{"type":"MultiPolygon","coordinates":[[[[1,51],[2,51],[2,52],[1,52],[1,51]]],[[[3,51],[3.5,51],[3.5,51.5],[3,51]]]]}}]}`

// The same left square and its neighbour as TopoJSON, sharing an arc.
const topo = `{"type":"Topology","transform":{"scale":[0.5,0.5],"translate":[0,51]},
 "arcs":[[[2,0],[0,2]],[[2,2],[-2,0],[0,-2],[2,0]],[[2,0],[2,0],[0,2],[-2,0]]],
 "objects":{"wards":{"type":"GeometryCollection","geometries":[
  {"type":"Polygon","id":"W1","properties":{"name":"Left"},"arcs":[[0,1]]},
  {"type":"MultiPolygon","id":"W2","properties":{"name":"Right"},"arcs":[[[-1,2]]]}]}}}`

func read(t testing.TB, data string) *areas.Kind {
	t.Helper()
	k, err := areas.Read([]byte(data), "ward", areas.Columns{})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestRead(t *testing.T) {
	for name, data := range map[string]string{"GeoJSON": twoWards, "TopoJSON": topo} {
		t.Run(name, func(t *testing.T) {
			k := read(t, data)
			if len(k.Areas) != 2 || k.Areas[0].ID != "W1" || k.Areas[0].Name != "Left" || k.Areas[1].Name != "Right" {
				t.Fatalf("areas %+v", k.Areas)
			}
			for _, c := range []struct {
				lng, lat float64
				want     int
			}{{0.2, 51.2, 0}, {1.5, 51.9, 1}, {-0.1, 51.5, -1}, {0.5, 52.5, -1}} {
				if got := k.Find(c.lng, c.lat); got != c.want {
					t.Errorf("%v: area %d, want %d", c, got, c.want)
				}
			}
		})
	}
	if k := read(t, twoWards); k.Find(0.5, 51.5) != -1 || k.Find(3.4, 51.2) != 1 || k.Area("W2") != k.Areas[1] || k.Area("W9") != nil {
		t.Error("a hole is outside, an island inside")
	}
}

func TestRead_columns(t *testing.T) {
	k, err := areas.Read([]byte(twoWards), "ward", areas.Columns{ID: "WD13NM", Name: "WD13CD"})
	if err != nil || k.Areas[0].ID != "Left" || k.Areas[0].Name != "W1" {
		t.Errorf("%v %v", k, err)
	}
	// Two features with one id and name are one area.
	k, err = areas.Read([]byte(twoWards), "borough", areas.Columns{ID: "LAD13CD", Name: "LAD13NM"})
	if err != nil || len(k.Areas) != 1 || len(k.Areas[0].Outline) != 3 {
		t.Errorf("%v %v", k, err)
	}
}

func TestRead_refuses(t *testing.T) {
	for _, c := range []struct{ name, data, kind, want string }{
		{"no JSON", `shape`, "ward", "not JSON"},
		{"another type", `{"type":"Polygon"}`, "ward", "expected a GeoJSON FeatureCollection"},
		{"empty", `{"type":"FeatureCollection","features":[]}`, "ward", "no features"},
		{"points", strings.Replace(`{"type":"FeatureCollection","features":[{"type":"Feature","id":"a","properties":{},"geometry":{"type":"Point","coordinates":[0,51]}}]}`, "", "", 1), "ward", "expected polygons"},
		{"grid coordinates", strings.ReplaceAll(twoWards, "[2,52]", "[532000,165000]"), "ward", "EPSG:4326"},
		{"a kind with a space", twoWards, "my ward", "lower-case"},
		{"no id", strings.NewReplacer(`"LAD13CD":"E1","LAD13NM":"Borough","WD13CD":"W1",`, "", `"LAD13CD":"E1","LAD13NM":"Borough","WD13CD":"W2",`, "").Replace(twoWards), "ward", "--id"},
		{"two of one id", strings.Replace(twoWards, `"W2"`, `"W1"`, 1), "ward", "--id"},
		{"a lost arc", strings.Replace(topo, "[[-1,2]]", "[[-1,9]]", 1), "ward", "arc"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := areas.Read([]byte(c.data), c.kind, areas.Columns{}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

// A map of squares with ragged shared borders: each position is in exactly one,
// and in the one that an independent test says.
func TestKind_Find(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const n = 7
	var corner [n + 1][n + 1]orb.Point
	for y := range corner {
		for x := range corner[y] {
			corner[y][x] = orb.Point{float64(x) + 0.3*rng.Float64()*inner(x, n), 50 + float64(y) + 0.3*rng.Float64()*inner(y, n)}
		}
	}
	var list []*areas.Area
	for y := range n {
		for x := range n {
			ring := orb.Ring{corner[y][x], corner[y][x+1], corner[y+1][x+1], corner[y+1][x], corner[y][x]}
			list = append(list, &areas.Area{ID: fmt.Sprintf("%d-%d", y, x), Name: "x", Outline: orb.MultiPolygon{{ring}}})
		}
	}
	k, err := areas.NewKind("square", list)
	if err != nil {
		t.Fatal(err)
	}
	check := func(p orb.Point) {
		holders := 0
		for i, a := range k.Areas {
			if a.Contains(p[0], p[1]) {
				holders++
				if k.Find(p[0], p[1]) != i {
					t.Errorf("%v is in %s, Find says %d", p, a.ID, k.Find(p[0], p[1]))
				}
			}
		}
		if holders != 1 {
			t.Errorf("%v is in %d areas", p, holders)
		}
	}
	for range 3000 {
		p := orb.Point{0.3 + rng.Float64()*(n-0.6), 50.3 + rng.Float64()*(n-0.6)}
		check(p)
		if a := k.Areas[k.Find(p[0], p[1])]; !planar.MultiPolygonContains(a.Outline, p) {
			t.Errorf("%v is not in %s", p, a.ID)
		}
	}
	for y := 1; y < n; y++ {
		for x := 1; x < n; x++ {
			check(corner[y][x]) // four areas meet here
			check(orb.Point{(corner[y][x][0] + corner[y][x-1][0]) / 2, (corner[y][x][1] + corner[y][x-1][1]) / 2})
		}
	}
}

// inner is 0 on the rim, so that the whole stays a square.
func inner(i, n int) float64 {
	if i == 0 || i == n {
		return 0
	}
	return 1
}

func TestKind_Encode(t *testing.T) {
	k := read(t, twoWards)
	k, missing, err := k.Denominators(strings.NewReader("\ufeffcode,people\nW1,\"1,200\"\nW7,3\n"), "residents", "", "")
	if err != nil || missing != 1 {
		t.Fatalf("%d without a denominator, %v", missing, err)
	}
	k.Source = "wards.geojson"
	data, err := k.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := areas.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "ward" || got.DenominatorName != "residents" || got.Source != "wards.geojson" || len(got.Areas) != 2 ||
		got.Areas[0].Denominator != 1200 || got.Areas[1].Denominator != 0 || !orb.Equal(got.Areas[1].Outline, k.Areas[1].Outline) {
		t.Errorf("read back %+v", got)
	}
	for name, bad := range map[string][]byte{"nothing": nil, "half": data[:len(data)/2], "text": []byte("areas")} {
		if _, err := areas.Decode(bad); err == nil {
			t.Errorf("%s is read without an error", name)
		}
	}
}

func TestKind_Denominators_refuses(t *testing.T) {
	k := read(t, twoWards)
	for data, want := range map[string]string{
		"": "header", "id\nW1\n": "two", "id,n\nW1,none\n": "line 2", "id,n\nW1,-1\n": "line 2", "id,n\nX,5\n": "none of the ids",
	} {
		if _, _, err := k.Denominators(strings.NewReader(data), "residents", "", ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", data, err, want)
		}
	}
	if _, _, err := k.Denominators(strings.NewReader("a,b,c\nx,W1,4\n"), "residents", "b", "c"); err != nil {
		t.Errorf("named columns: %v", err)
	}
	if _, _, err := k.Denominators(strings.NewReader("a,b\nW1,4\n"), "residents", "", "people"); err == nil || !strings.Contains(err.Error(), "people") {
		t.Errorf("a column that is not there: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(twoWards)
	f.Add(topo)
	f.Add(strings.Replace(topo, "[[-1,2]]", "[[]]", 1))
	f.Add(`{"type":"Topology","arcs":[[]],"objects":{"a":{"type":"Polygon","id":1,"arcs":[[0,-1]]}}}`)
	f.Add(`{"type":"FeatureCollection","features":[null]}`)
	f.Add(`{"type":"FeatureCollection","features":[{"type":"Feature","id":"a","properties":null,"geometry":{"type":"Polygon","coordinates":[]}}]}`)
	f.Fuzz(func(t *testing.T, data string) {
		k, err := areas.Read([]byte(data), "ward", areas.Columns{})
		if err != nil {
			return
		}
		again, err := k.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := areas.Decode(again); err != nil {
			t.Fatalf("what was read cannot be read back: %v", err)
		}
		k.Find(0, 51)
	})
}
