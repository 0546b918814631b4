package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"
	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/report"
)

const behaviouralGroup = "factors=verbal_single,verbal_group,followed,other_harassment"

// drawn is what a tile shows: counts and columns by cell.
type drawn map[h3.Cell]map[string]float64

// tileOf reads the two tiles over London, which the meridian of Greenwich
// parts, as somebody.
func (s *site) tileOf(t testing.TB, who, query string) drawn {
	t.Helper()
	out := drawn{}
	for _, tile := range []string{tileWith, "/tiles/reports/6/32/21.geojson"} {
		s.addTile(t, out, who, tile+"?"+query)
	}
	return out
}

func (s *site) addTile(t testing.TB, out drawn, who, target string) {
	t.Helper()
	r := s.as(t, who, http.MethodGet, target, nil)
	if r.StatusCode == http.StatusNoContent {
		return
	}
	fc := decode[struct {
		Features []struct{ Properties map[string]any }
	}](t, r)
	for _, f := range fc.Features {
		hex, _ := f.Properties["cell"].(string)
		c := h3.CellFromString(hex)
		out[c] = map[string]float64{}
		for name, v := range f.Properties {
			if n, ok := v.(float64); ok {
				out[c][name] = n
			}
		}
	}
}

// inside reports of a report whether it lies in the area of a bound account.
func inside(r report.Report, region *access.Region) bool { return region == nil || region.Has(r.Cell) }

// tileWith has London west of Greenwich.
const tileWith = "/tiles/reports/6/31/21.geojson"

// wantCells counts by a loop over the reports.
func (s *site) wantCells(t testing.TB, query string, res int, region *access.Region) map[h3.Cell]float64 {
	t.Helper()
	out := map[h3.Cell]float64{}
	for _, r := range matching(t, s.reports, query) {
		if inside(r, region) {
			out[access.Ancestor(r.Cell, res)]++
		}
	}
	return out
}

// wantGrouped counts what the floor leaves, by a loop over the reports: each
// half-year and cell of resolution 8 with five or more.
func (s *site) wantGrouped(t testing.TB, res int, region *access.Region, from, to string) map[h3.Cell]float64 {
	t.Helper()
	type place struct {
		half string
		cell h3.Cell
	}
	base := map[place]float64{}
	for _, r := range matching(t, s.reports, behaviouralGroup+"&from="+from+"&to="+to) {
		if !inside(r, region) {
			continue
		}
		half := r.Day.String()[:4] + "-1"
		if r.Day.String()[5:] >= "07-01" {
			half = r.Day.String()[:4] + "-2"
		}
		base[place{half, access.Ancestor(r.Cell, 8)}]++
	}
	out := map[h3.Cell]float64{}
	for p, n := range base {
		if n >= 5 {
			out[access.Ancestor(p.cell, res)] += n
		}
	}
	return out
}

func sum(cells map[h3.Cell]float64) (n float64) {
	for _, x := range cells {
		n += x
	}
	return n
}

// check compares a tile that covers everything with a loop over the reports.
func (d drawn) check(t *testing.T, what string, want map[h3.Cell]float64) {
	t.Helper()
	if len(want) == 0 {
		t.Errorf("%s: the body has nothing to show, so the test shows nothing", what)
	}
	for c, n := range want {
		if d[c]["count"] != n {
			t.Errorf("%s: cell %s shows %v, want %v", what, c, d[c]["count"], n)
		}
	}
	for c := range d {
		if want[c] == 0 {
			t.Errorf("%s: cell %s is shown with %v, want nothing", what, c, d[c]["count"])
		}
	}
}

// checkFine compares a tile that shows a part of the area: each cell as it
// should be, and none missing whose middle is on it.
func (s *site) checkFine(t *testing.T, what, who, asked string, want map[h3.Cell]float64) {
	t.Helper()
	got := drawn{}
	s.addTile(t, got, who, "/tiles/reports/12/2046/1364.geojson?res=9&"+asked)
	for c, n := range got {
		if want[c] != n["count"] {
			t.Errorf("%s: cell %s on the fine tile shows %v, want %v", what, c, n["count"], want[c])
		}
	}
	for c, n := range want {
		p, err := c.LatLng()
		if err != nil {
			t.Fatal(err)
		}
		if maptile.At(orb.Point{p.Lng, p.Lat}, 12) == maptile.New(2046, 1364, 12) && got[c] == nil {
			t.Errorf("%s: cell %s with %v is missing on the fine tile", what, c, n)
		}
	}
}

// regionFor is what a bound account sees: planners with one ring.
func (s *site) regionFor(t *testing.T, who string) *access.Region {
	t.Helper()
	switch who {
	case "bound officer":
		return s.region
	case "planner":
		r, err := s.region.WithRing("E09000008")
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	return nil
}

// Planners see environmental factors only, at resolution 10 and coarser, and
// bound accounts only their area, whichever way they ask.
func TestTiers_environmental(t *testing.T) {
	for _, withAreas := range []bool{false, true} {
		s := newSite(t, withAreas)
		for _, who := range []string{"planner", "bound officer", "officer"} {
			region := s.regionFor(t, who)
			if !withAreas {
				region = nil
			}
			for _, asked := range []string{"", "factors=badly_lit,rundown", "factors=badly_lit&dark=yes", "from=2026-01-01&to=2026-02-01&dayparts=night,evening"} {
				oracle := asked
				if who == "planner" && !strings.Contains(asked, "factors=") {
					oracle = strings.Trim("factors=no_cctv,badly_lit,isolated,poor_layout,restricted_visibility,rundown,drugs_alcohol,other_environmental&"+asked, "&")
				}
				what := fmt.Sprintf("%s, areas %v, %q", who, withAreas, asked)
				for _, res := range []int{4, 5, 6} {
					s.tileOf(t, who, fmt.Sprintf("res=%d&%s", res, asked)).check(t, fmt.Sprint(what, " resolution ", res), s.wantCells(t, oracle, res, region))
				}
				s.checkFine(t, what, who, asked, s.wantCells(t, oracle, 9, region))
				want := s.wantCells(t, oracle, 9, region)
				got := decode[summary](t, s.as(t, who, http.MethodGet, "/api/v1/summary?res=9&top=5000&"+asked, nil))
				if float64(got.Total) != sum(want) || got.Cells != len(want) || len(got.Top) != len(want) {
					t.Errorf("%s: summary of %d in %d cells, want %v in %d", what, got.Total, got.Cells, sum(want), len(want))
				}
				for _, top := range got.Top {
					if float64(top.Count) != want[h3.CellFromString(top.Cell)] {
						t.Errorf("%s: top %+v, want %v", what, top, want[h3.CellFromString(top.Cell)])
					}
				}
				set := decode[struct{ Total float64 }](t, s.as(t, who, http.MethodGet, "/tiles/reports.json?"+asked, nil))
				if set.Total != sum(want) {
					t.Errorf("%s: TileJSON says %v, want %v", what, set.Total, sum(want))
				}
				for c, n := range s.wantCells(t, oracle, 6, region) {
					d := decode[summary](t, s.as(t, who, http.MethodGet, "/api/v1/cells/"+c.String()+"?"+asked, nil))
					if float64(d.Total) != n {
						t.Errorf("%s: cell %s has %d, want %v", what, c, d.Total, n)
					}
				}
			}
		}
	}
}

// Nothing that a planner can ask tells behavioural factors apart.
func TestTiers_noBehaviouralColumns(t *testing.T) {
	s := newSite(t, false)
	names := []string{"verbal_single", "verbal_group", "followed", "other_harassment"}
	for _, query := range []string{"", "factors=badly_lit", "factors=badly_lit,isolated&dayparts=night", behaviouralGroup} {
		for _, path := range []string{"/api/v1/summary?res=9&", "/api/v1/summary?res=11&top=50&", "/api/v1/cells/85194ad3fffffff?"} {
			r := s.as(t, "planner", http.MethodGet, path+query, nil)
			got := decode[struct {
				ByFactor []struct{ Factor string } `json:"by_factor"`
				Facets   []struct{ Factor string } `json:"facet_factors"`
				Months   []struct{ Month string }  `json:"by_month"`
				Grouped  bool
			}](t, r)
			for _, f := range append(got.ByFactor, got.Facets...) {
				if slices.Contains(names, f.Factor) {
					t.Errorf("%s%s tells %s apart", path, query, f.Factor)
				}
			}
			for _, m := range got.Months {
				if got.Grouped && !strings.HasSuffix(m.Month, "-01") && !strings.HasSuffix(m.Month, "-07") {
					t.Errorf("%s%s tells the month %s", path, query, m.Month)
				}
			}
			if got.Grouped != (query == behaviouralGroup) {
				t.Errorf("%s%s: grouped %v", path, query, got.Grouped)
			}
		}
		set := string(content(t, s.as(t, "planner", http.MethodGet, "/tiles/reports.json?"+query, nil)))
		for _, name := range names {
			if strings.Contains(set, `"`+name+`":"`) {
				t.Errorf("TileJSON for %q has the column %s", query, name)
			}
		}
		r := s.as(t, "planner", http.MethodGet, "/tiles/reports/12/2046/1364.mvt?"+query, nil)
		if r.StatusCode == http.StatusNoContent {
			continue
		}
		layers, err := mvt.Unmarshal(content(t, r))
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range layers {
			for _, f := range l.Features {
				for _, name := range names {
					if _, ok := f.Properties[name]; ok {
						t.Fatalf("a tile for %q has the column %s", query, name)
					}
				}
			}
		}
	}
}

// The behavioural group is what the floor leaves, at every resolution and in
// every answer, so that no answer can be subtracted from another.
func TestTiers_behaviouralGroup(t *testing.T) {
	for _, withAreas := range []bool{false, true} {
		s := newSite(t, withAreas)
		var region *access.Region
		if withAreas {
			region = s.regionFor(t, "planner")
		}
		for _, window := range [][2]string{{"2000-01-01", "2026-07-01"}, {"2026-01-01", "2026-07-01"}} {
			query := behaviouralGroup
			if window[0] != "2000-01-01" {
				query += "&from=" + window[0] + "&to=" + window[1]
			}
			for _, res := range []int{4, 5, 6} {
				want := s.wantGrouped(t, res, region, window[0], window[1])
				s.tileOf(t, "planner", fmt.Sprintf("res=%d&%s", res, query)).check(t, fmt.Sprint("areas ", withAreas, " resolution ", res, " ", window), want)
			}
			want := s.wantGrouped(t, 8, region, window[0], window[1])
			// Asked for at 11, answered at 8.
			got := decode[struct {
				summary
				Res       int
				Histogram []struct{ Count float64 }
			}](t, s.as(t, "planner", http.MethodGet, "/api/v1/summary?res=11&top=5000&"+query, nil))
			if got.Res != 8 || float64(got.Total) != sum(want) || len(got.Top) != len(want) {
				t.Errorf("summary %d in %d cells at %d, want %v in %d at 8", got.Total, len(got.Top), got.Res, sum(want), len(want))
			}
			var byHalf float64
			for _, m := range got.ByMonth {
				byHalf += float64(m.Count)
			}
			if byHalf != sum(want) {
				t.Errorf("half-years add up to %v, want %v", byHalf, sum(want))
			}
			for c, n := range s.wantGrouped(t, 7, region, window[0], window[1]) {
				d := decode[summary](t, s.as(t, "planner", http.MethodGet, "/api/v1/cells/"+c.String()+"?"+query, nil))
				if float64(d.Total) != n {
					t.Errorf("cell %s has %d, want %v", c, d.Total, n)
				}
			}
		}
	}
}

// What the table refuses is refused in plain words, on every way of asking.
func TestTiers_refusals(t *testing.T) {
	s := newSite(t, true)
	inside := s.reports[0].Cell
	for _, r := range s.reports {
		if s.region.Has(r.Cell) {
			inside = r.Cell
			break
		}
	}
	edinburgh := h3.CellFromString("881972cd51fffff")
	for _, c := range []struct{ who, target, reason string }{
		{"planner", "/api/v1/summary?factors=followed", "one group"},
		{"planner", "/tiles/reports/12/2046/1364.mvt?factors=followed", "one group"},
		{"planner", "/tiles/reports.json?factors=followed,badly_lit", "separately"},
		{"planner", "/api/v1/scale?" + behaviouralGroup + "&dayparts=night", "time of day"},
		{"planner", "/api/v1/summary?" + behaviouralGroup + "&from=2026-02-01&to=2026-07-01", "half-year"},
		{"planner", "/api/v1/cells/" + inside.String(), "resolution 10"},
		{"planner", "/api/v1/cells/" + edinburgh.String(), "outside your area"},
		{"bound officer", "/api/v1/cells/" + edinburgh.String(), "outside your area"},
		{"admin", "/api/v1/summary", "Administrators"},
	} {
		r := s.as(t, c.who, http.MethodGet, c.target, nil)
		p := decode[problem](t, r)
		if r.StatusCode != http.StatusForbidden || !strings.Contains(p.Detail, c.reason) {
			t.Errorf("%s %s: status %d, %q; want 403 with %q", c.who, c.target, r.StatusCode, p.Detail, c.reason)
		}
	}
	for _, c := range []struct{ who, target string }{
		{"planner", "/api/v1/cells/" + inside.String() + "?factors=badly_lit"},
		{"bound officer", "/api/v1/cells/" + inside.String() + "?factors=followed"},
		{"officer", "/api/v1/cells/" + edinburgh.String()},
	} {
		if r := s.as(t, c.who, http.MethodGet, c.target, nil); r.StatusCode != http.StatusOK {
			t.Errorf("%s %s: status %d, want 200", c.who, c.target, r.StatusCode)
		}
	}
}

// Two who see different things never get each other's answer from the cache.
func TestTiers_cacheIsApart(t *testing.T) {
	s := newSite(t, true)
	for _, path := range []string{tileWith, "/tiles/reports/6/31/21.mvt?factors=badly_lit", "/api/v1/summary?res=9&factors=badly_lit", "/api/v1/scale?res=6&factors=badly_lit"} {
		answers := map[string]string{}
		for range 2 { // the second time from the cache
			for _, who := range []string{"officer", "planner", "bound officer"} {
				r := s.as(t, who, http.MethodGet, path, nil)
				etag := r.Header.Get("ETag")
				body := string(content(t, r))
				if before, ok := answers[who]; ok && before != etag+body {
					t.Errorf("%s as %s: another answer the second time", path, who)
				}
				answers[who] = etag + body
			}
		}
		tags := map[string]bool{}
		for _, a := range answers {
			tags[a[:20]] = true
		}
		if len(tags) != 3 {
			t.Errorf("%s: %d different ETags for three views", path, len(tags))
		}
	}
}

// The pages: forms work, are bound to their session and to this site.
func TestPages(t *testing.T) {
	s := newSite(t, false)
	token := func(who, path string) string {
		body := string(content(t, s.as(t, who, http.MethodGet, path, nil)))
		_, rest, ok := strings.Cut(body, `name="csrf" value="`)
		if !ok {
			t.Fatalf("%s has no form for %s: %.300s", path, who, body)
		}
		value, _, _ := strings.Cut(rest, `"`)
		return value
	}
	for _, path := range []string{"/login", "/logout", "/account", "/admin", "/admin/audit", "/welcome/nothing", "/account/nothing"} {
		r := s.as(t, "admin", http.MethodGet, path, nil)
		body := string(content(t, r))
		csp := r.Header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") || r.Header.Get("Cache-Control") != "no-store" || r.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: headers %v", path, r.Header)
		}
		if !strings.Contains(body, `<html lang="en-GB">`) || !strings.Contains(body, "<h1>") || strings.Contains(body, "style=") || strings.Contains(body, "<script>") {
			t.Errorf("%s: %.300s", path, body)
		}
	}
	good := token("admin", "/admin")
	add := url.Values{"csrf": {good}, "email": {"new@example.org"}, "role": {"officer"}, "area": {"national"}}
	if r := s.as(t, "admin", http.MethodPost, "/admin/accounts", add); r.StatusCode != http.StatusOK || !strings.Contains(string(content(t, r)), "/welcome/") {
		t.Errorf("adding an account: status %d", r.StatusCode)
	}
	if r := s.as(t, "admin", http.MethodPost, "/admin/accounts", add); r.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("adding it twice: status %d", r.StatusCode)
	}
	for name, c := range map[string]struct {
		who  string
		csrf string
		want int
	}{
		"no token":           {"admin", "", 403},
		"an officer's token": {"admin", token("officer", "/account"), 403},
		"as an officer":      {"officer", token("officer", "/account"), 403},
		"signed out":         {"signed out", good, 401},
		"with an API token":  {"admin's token for tiles", good, 403},
	} {
		form := url.Values{"csrf": {c.csrf}, "email": {"evil@example.org"}, "role": {"admin"}, "area": {"national"}}
		if r := s.as(t, c.who, http.MethodPost, "/admin/accounts", form); r.StatusCode != c.want {
			t.Errorf("%s: status %d, want %d", name, r.StatusCode, c.want)
		}
	}
	s.asks["admin of another site"] = func(r *http.Request) { s.asks["admin"](r); r.Header.Set("Sec-Fetch-Site", "cross-site") }
	if r := s.as(t, "admin of another site", http.MethodPost, "/admin/accounts", add); r.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: status %d", r.StatusCode)
	}
	made := url.Values{"csrf": {token("planner", "/account")}, "name": {"QGIS"}, "scope": {"tiles"}, "days": {"30"}}
	r := s.as(t, "planner", http.MethodPost, "/account/tokens", made)
	if body := string(content(t, r)); r.StatusCode != http.StatusOK || !strings.Contains(body, "sst_") || !strings.Contains(body, "{z}/{x}/{y}.mvt") {
		t.Errorf("making a token: status %d", r.StatusCode)
	}
	if body := string(content(t, s.as(t, "planner", http.MethodGet, "/account", nil))); strings.Contains(body, "sst_") {
		t.Error("a token is shown a second time")
	}
	out := url.Values{"csrf": {token("planner", "/account")}}
	if r := s.as(t, "planner", http.MethodPost, "/logout", out); r.StatusCode != http.StatusSeeOther || r.Header.Get("Clear-Site-Data") != `"cache"` {
		t.Errorf("logging out: status %d", r.StatusCode)
	}
	if r := s.as(t, "planner", http.MethodGet, "/api/v1/summary", nil); r.StatusCode != http.StatusUnauthorized {
		t.Errorf("after logging out: status %d", r.StatusCode)
	}
}
