package server_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"
	"github.com/paulmach/orb/planar"

	"github.com/streetsafe/streetsafe/internal/areas"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/server"
)

// twelfths are twelve areas that share borders: three columns and four rows over
// the middle of London, the last without a denominator.
func twelfths(t testing.TB) *areas.Kind {
	t.Helper()
	const west, south, dx, dy = -0.4, 51.3, 0.25, 0.1
	var list []*areas.Area
	for i := range 12 {
		x, y := west+dx*float64(i%3), south+dy*float64(i/3)
		a := &areas.Area{ID: fmt.Sprintf("W%02d", i), Name: fmt.Sprintf("Ward %d", i), Denominator: float64(1000 * (i + 1)),
			Outline: orb.MultiPolygon{{{{x, y}, {x + dx, y}, {x + dx, y + dy}, {x, y + dy}, {x, y}}}}}
		if i == 11 {
			a.Denominator = 0
		}
		list = append(list, a)
	}
	k, err := areas.NewKind("ward", list)
	if err != nil {
		t.Fatal(err)
	}
	k.DenominatorName, k.Source = "residents", "wards.geojson"
	return k
}

func newWorkbench(t testing.TB) (*fixture, *areas.Kind) {
	t.Helper()
	f := newFixture(t, nil)
	k := twelfths(t)
	f.handler.SetWorkbench(&server.Workbench{Revision: 7, Kinds: []*areas.Kind{k}})
	return f, k
}

// fullWorkbench has lamps and streets too.
func fullWorkbench(t testing.TB) *fixture {
	t.Helper()
	f := newFixture(t, nil)
	f.handler.SetWorkbench(&server.Workbench{Revision: 8, Kinds: []*areas.Kind{twelfths(t)}, Lamps: twoLamps(t), Exposure: streets(t, f)})
	return f
}

type figuresOfAreas struct {
	Total, Outside int64
	Denominator    string
	Recent         struct{ From, To string } `json:"recent_window"`
	Areas          []figureOfArea
}

type figureOfArea struct {
	ID, Name                string
	Count, Recent, Previous int64
	Verdict                 string
	Rate                    *struct{ Denominator, Raw, Shrunk, Low, High, Relative float64 }
}

// Each figure against a loop over all reports.
func TestServer_areaFigures(t *testing.T) {
	f, k := newWorkbench(t)
	for _, query := range []string{"", "factors=badly_lit&dark=yes", "from=2026-06-01&to=2026-08-01", "weekdays=sat&dayparts=night,evening"} {
		t.Run(query, func(t *testing.T) {
			filter := filterOf(t, query)
			want := map[string]int64{}
			for _, r := range f.reports {
				if !r.Matches(filter) {
					continue
				}
				at, err := r.Cell.LatLng()
				if err != nil {
					t.Fatal(err)
				}
				id := "outside"
				for _, a := range k.Areas {
					if planar.MultiPolygonContains(a.Outline, orb.Point{at.Lng, at.Lat}) {
						id = a.ID
						break
					}
				}
				want[id]++
			}
			got := decode[figuresOfAreas](t, f.get(t, "/api/v1/areas/ward/figures?"+query))
			if len(got.Areas) != 12 || got.Outside != want["outside"] || got.Total+got.Outside == 0 {
				t.Fatalf("%d areas, %d in them, %d outside; want 12 and %d outside", len(got.Areas), got.Total, got.Outside, want["outside"])
			}
			if !slices.IsSortedFunc(got.Areas, func(a, b figureOfArea) int { return int(b.Count - a.Count) }) {
				t.Error("not by count")
			}
			for _, a := range got.Areas {
				if a.Count != want[a.ID] {
					t.Errorf("%s: %d reports, want %d", a.ID, a.Count, want[a.ID])
				}
				if (a.Rate == nil) != (a.ID == "W11") {
					t.Errorf("%s: rate %+v", a.ID, a.Rate)
				}
				if a.Rate != nil && a.Rate.Raw*a.Rate.Denominator-float64(a.Count) > 1e-6 {
					t.Errorf("%s: rate %+v of %d reports", a.ID, a.Rate, a.Count)
				}
			}
		})
	}
}

func filterOf(t testing.TB, query string) report.Filter {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, "/?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	f, err := report.ParseFilter(r.URL.Query())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestServer_areaFigures_recent(t *testing.T) {
	f, _ := newWorkbench(t)
	got := decode[figuresOfAreas](t, f.get(t, "/api/v1/areas/ward/figures?from=2026-08-01&to=2026-10-01"))
	if got.Recent.From != "2026-08-01" || got.Recent.To != "2026-10-01" {
		t.Fatalf("recent window %+v", got.Recent)
	}
	before := decode[figuresOfAreas](t, f.get(t, "/api/v1/areas/ward/figures?from=2026-06-01&to=2026-08-01"))
	then := map[string]int64{}
	for _, a := range before.Areas {
		then[a.ID] = a.Count
	}
	for _, a := range got.Areas {
		if a.Recent != a.Count || a.Previous != then[a.ID] {
			t.Errorf("%s: %d now and %d before, want %d and %d", a.ID, a.Recent, a.Previous, a.Count, then[a.ID])
		}
		if few := a.Recent+a.Previous < 5; few && a.Verdict != "too_few" {
			t.Errorf("%s: %s from %d and %d", a.ID, a.Verdict, a.Recent, a.Previous)
		}
	}
	first := decode[figuresOfAreas](t, f.get(t, "/api/v1/areas/ward/figures?to=2026-10-01"))
	for _, a := range first.Areas {
		if a.Verdict != "no_history" {
			t.Errorf("%s: %s, though nothing is known of the days before", a.ID, a.Verdict)
		}
	}
}

func TestServer_areas(t *testing.T) {
	f, k := newWorkbench(t)
	list := decode[struct {
		Kinds []struct {
			Kind, Denominator, Source string
			Areas                     int
		}
		Areas []struct{ ID, Name string }
	}](t, f.get(t, "/api/v1/areas?kind=ward"))
	if len(list.Kinds) != 1 || list.Kinds[0].Areas != 12 || list.Kinds[0].Denominator != "residents" || len(list.Areas) != 12 {
		t.Errorf("%+v", list)
	}
	one, err := geojson.UnmarshalFeature(content(t, f.get(t, "/api/v1/areas/ward/W03")))
	if err != nil || one.ID != "W03" || !orb.Equal(one.Geometry, k.Area("W03").Outline) {
		t.Errorf("%+v, %v", one, err)
	}
	for _, target := range []string{"/api/v1/areas?kind=parish", "/api/v1/areas/parish/figures", "/api/v1/areas/ward/W99", "/tiles/areas/parish.json", "/tiles/areas/ward/3/9/0.mvt", "/tiles/areas/ward/20/0/0.mvt"} {
		if r := f.get(t, target); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d", target, r.StatusCode)
		}
	}
	// Another import is another answer.
	etag := f.get(t, "/api/v1/areas").Header.Get("ETag")
	f.handler.SetWorkbench(&server.Workbench{Revision: 8})
	r := f.get(t, "/api/v1/areas", "If-None-Match", etag)
	if body := string(content(t, r)); r.StatusCode != http.StatusOK || body != `{"kinds":[]}` {
		t.Errorf("after another import: status %d, %s", r.StatusCode, body)
	}
}

func TestServer_areaTiles(t *testing.T) {
	f, k := newWorkbench(t)
	set := decode[struct {
		TileJSON     string
		Tiles        []string
		MaxZoom      int
		VectorLayers []struct{ ID string } `json:"vector_layers"`
	}](t, f.get(t, "/tiles/areas/ward.json"))
	if set.TileJSON != "3.0.0" || set.MaxZoom != 14 || set.VectorLayers[0].ID != "areas" || !strings.HasSuffix(set.Tiles[0], "/tiles/areas/ward/{z}/{x}/{y}.mvt") {
		t.Errorf("%+v", set)
	}
	for z := maptile.Zoom(5); z < 15; z++ { // at the coarsest zooms an area is smaller than a pixel
		tile := maptile.At(orb.Point{-0.1, 51.37}, z)
		r := f.get(t, fmt.Sprintf("/tiles/areas/ward/%d/%d/%d.mvt", z, tile.X, tile.Y))
		if r.StatusCode != http.StatusOK {
			t.Fatalf("zoom %d: status %d", z, r.StatusCode)
		}
		layers, err := mvt.Unmarshal(content(t, r))
		if err != nil || len(layers) != 1 || layers[0].Version != 2 || layers[0].Name != "areas" {
			t.Fatalf("zoom %d: %+v, %v", z, layers, err)
		}
		seen := map[any]bool{}
		for _, feature := range layers[0].Features {
			seen[feature.Properties["id"]] = true
			outer := feature.Geometry
			if m, ok := outer.(orb.MultiPolygon); ok {
				outer = m[0]
			}
			if ring := outer.(orb.Polygon)[0]; ring.Orientation() != orb.CCW {
				t.Errorf("zoom %d: the outer ring of %v has a negative area where y points down", z, feature.Properties["id"])
			}
		}
		if i := k.Find(-0.1, 51.37); z >= 7 && !seen[k.Areas[i].ID] {
			t.Errorf("zoom %d: %s is missing among %v", z, k.Areas[i].ID, seen)
		}
	}
	if r := f.get(t, "/tiles/areas/ward/10/0/0.mvt"); r.StatusCode != http.StatusNoContent {
		t.Errorf("far away: status %d", r.StatusCode)
	}
}

// What a planner of an area sees of areas is what lies in it.
func TestServer_areaFigures_planner(t *testing.T) {
	f, _ := newWorkbench(t)
	all := decode[figuresOfAreas](t, f.get(t, "/api/v1/areas/ward/figures?factors=badly_lit"))
	r := f.get(t, "/api/v1/areas/ward/figures?factors=followed", "Cookie", "streetsafe-demo=planner")
	if r.StatusCode != http.StatusForbidden {
		t.Errorf("one behavioural factor: status %d", r.StatusCode)
	}
	some := decode[figuresOfAreas](t, f.get(t, "/api/v1/areas/ward/figures?factors=badly_lit", "Cookie", "streetsafe-demo=planner"))
	if some.Total > all.Total {
		t.Errorf("a planner sees %d reports, an officer %d", some.Total, all.Total)
	}
	for _, view := range []string{"public", "signed-out"} {
		for _, target := range []string{"/api/v1/areas", "/api/v1/areas/ward/W01", "/api/v1/areas/ward/figures", "/tiles/areas/ward.json", "/tiles/areas/ward/8/127/85.mvt"} {
			if r := f.get(t, target, "Cookie", "streetsafe-demo="+view); r.StatusCode != http.StatusForbidden && r.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s as %s: status %d", target, view, r.StatusCode)
			}
		}
	}
}
