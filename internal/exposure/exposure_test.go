package exposure_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/exposure"
)

func cellOf(t testing.TB, lat, lng float64, res int) h3.Cell {
	t.Helper()
	c, err := h3.LatLngToCell(h3.LatLng{Lat: lat, Lng: lng}, res)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A street of a known length: all of it is somewhere, each part where it lies.
func TestRead_streets(t *testing.T) {
	const lat, west, east = 51.3727, -0.11, -0.09
	length := (east - west) * 111_195 * math.Cos(lat*math.Pi/180)
	data := fmt.Sprintf(`{"type":"FeatureCollection","features":[
	 {"type":"Feature","properties":{},"geometry":{"type":"LineString","coordinates":[[%v,%v],[%v,%v]]}},
	 {"type":"Feature","properties":{},"geometry":{"type":"MultiLineString","coordinates":[[[-0.2,51.4],[-0.2,51.401]],[[-0.3,51.4],[-0.3,51.4]]]}}]}`, west, lat, east, lat)
	x, err := exposure.Read([]byte(data), "metres of street", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, res := range []int{11, 10, 9, 8} {
		l, ok := x.At(res)
		if !ok {
			t.Fatalf("no level of resolution %d", res)
		}
		sum := 0.0
		for _, n := range l.Amounts {
			sum += n
		}
		if want := length + 0.001*111_195; math.Abs(sum-want) > 0.01 {
			t.Errorf("resolution %d: %.2f metres of %.2f", res, sum, want)
		}
		// The street as it crosses one hexagon, measured step by step; coarser ones
		// are ancestors, as those of reports are.
		parent := func(lng float64) h3.Cell {
			p, err := cellOf(t, lat, lng, 11).Parent(res)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		c, inside := parent(-0.1), 0.0
		const steps = 20_000
		for i := range steps {
			if parent(west+(east-west)*(float64(i)+0.5)/steps) == c {
				inside += length / steps
			}
		}
		if got := l.Amount(c); math.Abs(got-inside) > 12 {
			t.Errorf("resolution %d: %.1f metres in the hexagon, measured %.1f", res, got, inside)
		}
	}
	if _, ok := x.At(7); ok {
		t.Error("resolution 7 is coarser than what is kept")
	}
	if l, _ := x.At(9); l.Amount(cellOf(t, 52, 0, 9)) != 0 {
		t.Error("a hexagon without a street has metres")
	}
}

func TestRead_amounts(t *testing.T) {
	a, b := cellOf(t, 51.37, -0.1, 11), cellOf(t, 51.38, -0.1, 9)
	for _, c := range []struct {
		name, data, value string
		cell              h3.Cell
		want              float64
		res               int
	}{
		{"positions that share a hexagon", "lat,lng,residents\n51.37,-0.1,120\n51.37,-0.1,\"1,080\"\n", "", a, 1200, 11},
		{"cells", "\ufeffcell,footfall,other\n" + b.String() + ",5000,3\n", "", b, 5000, 9},
		{"a named column", "cell,footfall,other\n" + b.String() + ",5000,3\n", "Other", b, 3, 9},
		{"points", `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"passers":7},"geometry":{"type":"Point","coordinates":[-0.1,51.37]}}]}`, "passers", a, 7, 11},
	} {
		t.Run(c.name, func(t *testing.T) {
			x, err := exposure.Read([]byte(c.data), "people", c.value)
			if err != nil {
				t.Fatal(err)
			}
			x.Source = "people, and more.csv"
			body, err := x.Encode()
			if err != nil {
				t.Fatal(err)
			}
			again, err := exposure.Decode(body)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range []*exposure.Exposure{x, again} {
				l, ok := x.At(c.res)
				if !ok || l.Amount(c.cell) != c.want || x.Len() != 1 || x.Name != "people" || x.Source != "people, and more.csv" {
					t.Errorf("%v for %s (%v), expected %v; %d cells, %s from %s", l.Amount(c.cell), c.cell, ok, c.want, x.Len(), x.Name, x.Source)
				}
				if _, ok := x.At(c.res + 1); ok {
					t.Error("it claims to know parts of its hexagons")
				}
			}
		})
	}
}

func TestRead_refuses(t *testing.T) {
	line := func(coordinates string) string {
		return `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"LineString","coordinates":` + coordinates + `}}]}`
	}
	a, b := cellOf(t, 51.37, -0.1, 11), cellOf(t, 51.37, -0.1, 9)
	for data, want := range map[string]string{
		"": "header", "lat,lng,colour\n1,2,3\n": "there are: lat, lng, colour", "lat,lng,count\n51,0,many\n": `line 2: "many"`,
		"lat,lng,count\n91,0,1\n": "position in degrees", "lat,lng,count\n51,0,0\n": "0 hexagons",
		"cell,count\nxyz,1\n": "H3 index", "cell,count\n" + a.String() + ",1\n" + b.String() + ",1\n": "use one for all",
		"cell,count\n" + cellOf(t, 51, 0, 5).String() + ",1\n": "resolution 8 to 11",
		line(`[[530000,180000],[530100,180000]]`):              "EPSG:4326", line(`[[0,51],[4,51]]`): "km long",
		`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[0,51]}}]}`: "no number in",
		`{"type":"FeatureCollection","features":[null]}`: "null",
	} {
		if _, err := exposure.Read([]byte(data), "people", ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, expected %q", data, err, want)
		}
	}
	if _, err := exposure.Read([]byte("lat,lng,count\n51,0,1\n"), "", ""); err == nil {
		t.Error("numbers of nothing are taken")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("lat,lng,count\n51,0,1\n"))
	f.Add([]byte("cell,count\n8b194ad32a1bfff,3\n"))
	f.Add([]byte(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"count":1},"geometry":{"type":"Point","coordinates":[0,51]}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := exposure.Read(data, "people", "")
		if err != nil {
			return
		}
		body, err := x.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := exposure.Decode(body); err != nil || again.Len() != x.Len() {
			t.Errorf("what was read cannot be written and read again: %v", err)
		}
	})
}
