package server_test

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"testing"

	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/analysis"
	"github.com/streetsafe/streetsafe/internal/exposure"
	"github.com/streetsafe/streetsafe/internal/report"
)

// streets gives hexagons of resolution 10 metres of street: each with a report of
// bad lighting from the dark some, but for one in five, and quiet ones beside them.
func streets(t testing.TB, f *fixture) *exposure.Exposure {
	t.Helper()
	metres := map[h3.Cell]float64{}
	for _, r := range f.reports {
		if r.Dark != report.DarkYes || !r.Factors.Has(report.BadlyLit) {
			continue
		}
		c, err := r.Cell.Parent(10)
		if err != nil {
			t.Fatal(err)
		}
		if n := uint64(c) >> 15; n%5 != 0 {
			metres[c] = float64(50 + n%7*100)
		}
		ring, err := c.GridDisk(1)
		if err != nil {
			t.Fatal(err)
		}
		for _, quiet := range ring[1:3] {
			if uint64(quiet)>>15%5 != 0 && metres[quiet] == 0 {
				metres[quiet] = 80
			}
		}
	}
	x, err := exposure.New("metres of street", metres)
	if err != nil {
		t.Fatal(err)
	}
	x.Source = "roads.geojson"
	return x
}

type ratedPlaces struct {
	By          string
	Denominator string
	RateSource  string  `json:"rate_source"`
	Overall     float64 `json:"overall_rate"`
	Cells       int
	Places      []ratedPlace
}

type ratedPlace struct {
	Cell      string
	AfterDark int64 `json:"after_dark"`
	Rate      *struct {
		Denominator, Raw, Shrunk, Low, High, Relative float64
		Verdict                                       string
	}
}

// The rates against a loop over all reports and all hexagons with a street.
func TestServer_lighting_rates(t *testing.T) {
	f := fullWorkbench(t)
	x := streets(t, f)
	box := report.Box{West: -0.2, South: 51.3, East: 0, North: 51.45}
	for _, res := range []int{9, 10} {
		level, ok := x.At(res)
		if !ok {
			t.Fatalf("no streets at resolution %d", res)
		}
		counts := map[h3.Cell]int64{}
		for _, r := range f.reports {
			if c, err := r.Cell.Parent(res); err == nil && r.Dark == report.DarkYes && r.Factors.Has(report.BadlyLit) {
				counts[c]++
			}
		}
		var units []analysis.Unit
		for i, c := range level.Cells {
			if box.Contains(level.Lat[i], level.Lng[i]) {
				units = append(units, analysis.Unit{ID: c.String(), Count: counts[c], Denominator: level.Amounts[i]})
			}
		}
		want := analysis.ShrinkRates(units)
		query := fmt.Sprintf("/api/v1/lighting?res=%d&top=1000&bbox=-0.2,51.3,0,51.45", res)
		got := decode[ratedPlaces](t, f.get(t, query+"&by=rate"))
		if got.By != "rate" || got.Denominator != "metres of street" || got.RateSource != "roads.geojson" || math.Abs(got.Overall-want.Overall) > 1e-12 {
			t.Fatalf("by %s of %s from %s, overall %v, want %v", got.By, got.Denominator, got.RateSource, got.Overall, want.Overall)
		}
		byID := map[string]analysis.Rate{}
		for _, r := range want.Rates {
			byID[r.ID] = r
		}
		last, unknown := math.Inf(1), 0
		for _, p := range got.Places {
			w, known := byID[p.Cell]
			if !known {
				if unknown++; p.Rate != nil {
					t.Errorf("%s has a rate and no street", p.Cell)
				}
				continue
			}
			if p.Rate == nil || unknown > 0 {
				t.Fatalf("%s has a street and no rate, or stands behind those without", p.Cell)
			}
			if p.Rate.Denominator != w.Denominator || math.Abs(p.Rate.Shrunk-w.Shrunk) > 1e-12 || math.Abs(p.Rate.Low-w.Low) > 1e-9 || p.Rate.Verdict != string(w.Verdict) || p.AfterDark != w.Count {
				t.Errorf("%s: %+v, want %+v", p.Cell, *p.Rate, w)
			}
			if p.Rate.Shrunk > last {
				t.Errorf("%s stands behind a lower rate", p.Cell)
			}
			last = p.Rate.Shrunk
		}
		if len(got.Places) != got.Cells || len(got.Places) < 20 || res == 10 && unknown == 0 {
			t.Errorf("%d of %d places, %d without a street", len(got.Places), got.Cells, unknown)
		}
		first := decode[ratedPlaces](t, f.get(t, query))
		if first.By != "count" || !slices.IsSortedFunc(first.Places, func(a, b ratedPlace) int {
			return int(b.AfterDark - a.AfterDark)
		}) {
			t.Errorf("by %s, and not in the order of counts", first.By)
		}
	}
	if r := f.get(t, "/api/v1/lighting?res=11&by=rate"); r.StatusCode != http.StatusBadRequest {
		t.Errorf("rates of parts of hexagons: status %d", r.StatusCode)
	}
	if r := newFixture(t, nil).get(t, "/api/v1/lighting?by=rate"); r.StatusCode != http.StatusBadRequest {
		t.Errorf("rates by nothing: status %d", r.StatusCode)
	}
	area := decode[ratedPlaces](t, f.get(t, "/api/v1/lighting?res=10&area=ward/W04&by=rate"))
	if area.Overall == 0 || len(area.Places) == 0 || area.Places[0].Rate == nil {
		t.Errorf("in an area: %+v", area)
	}
}
