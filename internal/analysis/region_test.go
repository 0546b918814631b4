package analysis_test

import (
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/analysis"
	"github.com/streetsafe/streetsafe/internal/report"
)

func inCells(t testing.TB, cells ...h3.Cell) analysis.Region {
	t.Helper()
	r, err := analysis.InCells(cells)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func centre(t testing.TB, c h3.Cell) h3.LatLng {
	t.Helper()
	ll, err := c.LatLng()
	if err != nil {
		t.Fatal(err)
	}
	return ll
}

func TestCountCells_EqualsLoop(t *testing.T) {
	b := sample(t, 1, 1200)
	// Reports at awkward places must not be lost or doubled at tile borders.
	for i, c := range awkward(t, report.Resolution) {
		if ll := centre(t, c); ll.Lat < 84 && ll.Lat > -84 {
			b.put(report.Report{Cell: c, Day: 19500, Factors: 1}, 1+i%3)
		}
	}
	s := b.snapshot()
	box := report.Box{West: -0.19, South: 51.452, East: -0.1, North: 51.52}
	some := []h3.Cell{cellAt(t, 51.45, -0.2, 7), cellAt(t, 51.47, -0.2, 7), cellAt(t, 51.5, -0.16, 7)}
	disk := diskOf(t, cellAt(t, 51.47, -0.2, 9), 12)
	set := func(cells []h3.Cell) func(h3.Cell) bool {
		return func(c h3.Cell) bool {
			return slices.ContainsFunc(cells, func(a h3.Cell) bool {
				p, err := c.Parent(a.Resolution())
				return err == nil && p == a
			})
		}
	}
	none := inCells(t)
	for _, tt := range []struct {
		name   string
		region analysis.Region
		least  int // resolution
		in     func(h3.Cell) bool
	}{
		{"everywhere", analysis.Region{}, 4, everywhere},
		{"box", analysis.InBox(box), 4, func(c h3.Cell) bool { ll := centre(t, c); return box.Contains(ll.Lat, ll.Lng) }},
		{"tiny box", analysis.InBox(report.Box{West: -0.2001, South: 51.4499, East: -0.1999, North: 51.4501}), 4, func(c h3.Cell) bool {
			ll := centre(t, c)
			return ll.Lng >= -0.2001 && ll.Lng <= -0.1999 && ll.Lat >= 51.4499 && ll.Lat <= 51.4501
		}},
		{"cells", inCells(t, some...), 7, set(some)},
		{"disk", inCells(t, disk...), 9, set(disk)},
		{"no cells", none, 4, func(h3.Cell) bool { return false }},
	} {
		for _, res := range []int{4, 7, 9, 11} {
			if res < tt.least {
				continue
			}
			for _, f := range []report.Filter{{}, {Factors: report.FactorSet(report.BadlyLit), From: 19100, To: 19400, Dark: 1 << report.DarkYes}} {
				got := analysis.CountCells(s, tt.region, res, f)
				want := b.counts(res, f, tt.in)
				if !slices.Equal(got.Cells, slices.Sorted(maps.Keys(want))) || got.Res != res {
					t.Fatalf("%s res %d: %d cells, want %d", tt.name, res, len(got.Cells), len(want))
				}
				total := int64(0)
				for c, n := range want {
					total += n
					if got.Of(c) != n {
						t.Fatalf("%s res %d: cell %s has %d, want %d", tt.name, res, c, got.Of(c), n)
					}
				}
				if got.Total() != total || got.Of(cellAt(t, 0.5, 100, res)) != 0 {
					t.Fatalf("%s res %d: total %d, want %d", tt.name, res, got.Total(), total)
				}
				for c := range want {
					if !tt.region.Contains(c) {
						t.Fatalf("%s does not contain %s", tt.name, c)
					}
				}
			}
		}
	}
}

func TestCountsOf(t *testing.T) {
	a, b := cellAt(t, 51, 0, 9), cellAt(t, 52, 0, 9)
	got, err := analysis.CountsOf(9, map[h3.Cell]int64{a: 3, b: 0})
	if err != nil || !slices.Equal(got.Cells, []h3.Cell{a}) || got.N[0] != 3 {
		t.Errorf("%v %v", got, err)
	}
	for name, m := range map[string]map[h3.Cell]int64{
		"below zero": {a: -1}, "other resolution": {cellAt(t, 51, 0, 8): 1}, "no cell": {7: 1},
	} {
		if _, err := analysis.CountsOf(9, m); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestInCells_CompactsAndRefuses(t *testing.T) {
	parent := cellAt(t, 51.5, -0.1, 8)
	children, err := parent.Children(11)
	if err != nil {
		t.Fatal(err)
	}
	if got := analysis.CellsOf(inCells(t, append(children, children[0])...)); !slices.Equal(got, []h3.Cell{parent}) {
		t.Errorf("a whole family is kept as %v, want %v", got, parent)
	}
	if got := analysis.CellsOf(inCells(t, cellAt(t, 51.5, -0.1, 1))); len(got) != 49 || got[0].Resolution() != report.CoarsestResolution {
		t.Errorf("a cell of resolution 1 is kept as %d cells", len(got))
	}
	if _, err := analysis.InCells([]h3.Cell{parent, children[0]}); err == nil {
		t.Error("mixed resolutions: no error")
	}
	if _, err := analysis.InCells([]h3.Cell{12}); err == nil {
		t.Error("no cell: no error")
	}
}

func TestRadiusCells_EqualsLoop(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 2))
	for range 15 {
		at := h3.LatLng{Lat: r.Float64()*170 - 85, Lng: r.Float64()*360 - 180}
		res, metres := 8+r.IntN(4), 30+r.Float64()*900
		got, err := analysis.RadiusCells(at, metres, res)
		if err != nil {
			t.Fatal(err)
		}
		var want []h3.Cell
		for _, c := range diskOf(t, cellAt(t, at.Lat, at.Lng, res), 60) {
			if h3.GreatCircleDistanceM(at, centre(t, c)) <= metres {
				want = append(want, c)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%v, %.0f m at resolution %d: %d cells, want %d", at, metres, res, len(got), len(want))
		}
	}
	for name, f := range map[string]func() ([]h3.Cell, error){
		"minus":     func() ([]h3.Cell, error) { return analysis.RadiusCells(h3.LatLng{}, -1, 9) },
		"nowhere":   func() ([]h3.Cell, error) { return analysis.RadiusCells(h3.LatLng{Lat: 91}, 1, 9) },
		"no res":    func() ([]h3.Cell, error) { return analysis.RadiusCells(h3.LatLng{}, 1, 16) },
		"too large": func() ([]h3.Cell, error) { return analysis.RadiusCells(h3.LatLng{}, 1e6, 11) },
	} {
		if _, err := f(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// contains says whether a position lies in a ring, by crossings, on a small flat map.
func contains(ring []h3.LatLng, p h3.LatLng) bool {
	in := false
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		if (a.Lat > p.Lat) != (b.Lat > p.Lat) && p.Lng < a.Lng+(b.Lng-a.Lng)*(p.Lat-a.Lat)/(b.Lat-a.Lat) {
			in = !in
		}
	}
	return in
}

func TestPolygonCells(t *testing.T) {
	outer := []h3.LatLng{{Lat: 51.45, Lng: -0.2}, {Lat: 51.46, Lng: -0.05}, {Lat: 51.5, Lng: -0.12}, {Lat: 51.55, Lng: -0.05}, {Lat: 51.54, Lng: -0.19}}
	hole := []h3.LatLng{{Lat: 51.47, Lng: -0.17}, {Lat: 51.47, Lng: -0.15}, {Lat: 51.49, Lng: -0.15}, {Lat: 51.49, Lng: -0.17}}
	east := []h3.LatLng{{Lat: 51.46, Lng: -0.05}, {Lat: 51.5, Lng: -0.12}, {Lat: 51.55, Lng: -0.05}}
	var want []h3.Cell
	for _, c := range diskOf(t, cellAt(t, 51.5, -0.12, 9), 60) {
		if p := centre(t, c); contains(outer, p) && !contains(hole, p) || contains(east, p) {
			want = append(want, c)
		}
	}
	got, err := analysis.PolygonCells([]h3.GeoPolygon{{GeoLoop: outer, Holes: []h3.GeoLoop{hole}}, {GeoLoop: east}}, 9)
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("%d cells, want %d (%v)", len(got), len(want), err)
	}
	// Across the 180th meridian.
	fiji := []h3.LatLng{{Lat: -17, Lng: 179.5}, {Lat: -17, Lng: -179.5}, {Lat: -16, Lng: -179.5}, {Lat: -16, Lng: 179.5}}
	if got, err := analysis.PolygonCells([]h3.GeoPolygon{{GeoLoop: fiji}}, 7); err != nil || len(got) < 1500 || len(got) > 3500 {
		t.Errorf("across the 180th meridian: %d cells (%v)", len(got), err)
	}
	for name, p := range map[string]h3.GeoPolygon{
		"two corners": {GeoLoop: outer[:2]},
		"nowhere":     {GeoLoop: []h3.LatLng{{Lat: 100}, {Lng: 3}, {Lat: 4}}},
		"a country":   {GeoLoop: []h3.LatLng{{Lat: 50, Lng: -5}, {Lat: 50, Lng: 1}, {Lat: 58, Lng: 1}, {Lat: 58, Lng: -5}}},
	} {
		_, err := analysis.PolygonCells([]h3.GeoPolygon{p}, 11)
		if err == nil || (name == "a country") != errors.Is(err, analysis.ErrTooManyCells) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
