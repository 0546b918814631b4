package analysis_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/analysis"
)

// awkward are places where the grid is not regular: both sides of the 180th
// meridian, the poles, a border of base cells, pentagons and their surroundings.
func awkward(t testing.TB, res int) []h3.Cell {
	t.Helper()
	var out []h3.Cell
	for _, ll := range []h3.LatLng{
		{Lat: -16.8, Lng: 179.9999}, {Lat: -16.8, Lng: -179.9999}, {Lat: 89.9, Lng: 10}, {Lat: -89.95, Lng: -100}, {Lat: 0, Lng: 0},
	} {
		out = append(out, cellAt(t, ll.Lat, ll.Lng, res))
	}
	bases, err := h3.Res0Cells()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range bases {
		centre, err := b.CenterChild(res)
		if err != nil {
			t.Fatal(err)
		}
		edge, err := b.Vertex(0)
		if err != nil {
			t.Fatal(err)
		}
		ll, err := edge.LatLng()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, centre, cellAt(t, ll.Lat, ll.Lng, res))
	}
	return out
}

func cellAt(t testing.TB, lat, lng float64, res int) h3.Cell {
	t.Helper()
	c, err := h3.LatLngToCell(h3.LatLng{Lat: lat, Lng: lng}, res)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func diskOf(t testing.TB, c h3.Cell, k int) []h3.Cell {
	t.Helper()
	d, err := c.GridDisk(k)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(d)
	return d
}

func TestAppendDisk_EqualsH3(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for res := 1; res <= 12; res++ {
		cells := awkward(t, res)
		for range 300 {
			cells = append(cells, cellAt(t, 50+r.Float64()*9, -7+r.Float64()*9, res), cellAt(t, r.Float64()*178-89, r.Float64()*360-180, res))
		}
		for _, c := range cells {
			for k := range 4 {
				got := analysis.AppendDisk([]h3.Cell{7}, c, k)
				if got[0] != 7 || got[1] != c {
					t.Fatalf("%s k=%d: begins with %v", c, k, got[:2])
				}
				got = got[1:]
				slices.Sort(got)
				if want := diskOf(t, c, k); !slices.Equal(got, want) {
					t.Fatalf("%s k=%d: %v, want %v", c, k, got, want)
				}
			}
			for at := range res {
				if want, err := c.Parent(at); err != nil || analysis.ParentOf(c, at) != want {
					t.Fatalf("parent of %s at %d: %s, want %s (%v)", c, at, analysis.ParentOf(c, at), want, err)
				}
			}
			if analysis.ResolutionOf(c) != res {
				t.Fatalf("%s has resolution %d, want %d", c, analysis.ResolutionOf(c), res)
			}
		}
	}
}
