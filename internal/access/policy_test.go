package access_test

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/uber/h3-go/v4"
	"pgregory.net/rapid"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/report"
)

func day(t testing.TB, s string) report.Day {
	t.Helper()
	d, err := report.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func filter(t testing.TB, query string) report.Filter {
	t.Helper()
	v, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	f, err := report.ParseFilter(v)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

const (
	environmental = "factors=no_cctv,badly_lit,isolated,poor_layout,restricted_visibility,rundown,drugs_alcohol,other_environmental"
	behavioural   = "factors=verbal_single,verbal_group,followed,other_harassment"
)

// The table of tiers, row by row. today is 24 November 2026.
func TestDecide_tiers(t *testing.T) {
	today := day(t, "2026-11-24")
	officer := access.NewIdentity(access.Officer, access.National, nil)
	planner := access.NewIdentity(access.Planner, "E09000008", nil)
	for _, c := range []struct {
		name    string
		who     *access.Identity
		surface access.Surface
		asked   string
		res     int
		// what is granted; refused when allowed is "-"
		allowed string
		maxRes  int
		floor   int64
		reason  string // part of the refusal
	}{
		{"officer, everything", officer, access.SurfaceMap, "", 11, "", 11, 0, ""},
		{"officer, one behavioural factor on one night", officer, access.SurfaceFigures, "factors=followed&from=2026-05-01&to=2026-05-02&dayparts=night&dark=yes", 11,
			"factors=followed&from=2026-05-01&to=2026-05-02&dayparts=night&dark=yes", 11, 0, ""},
		{"planner, no factor", planner, access.SurfaceMap, "", 9, environmental, 10, 0, ""},
		{"planner, no factor on one day", planner, access.SurfaceMap, "from=2026-05-01&to=2026-05-02&weekdays=fri", 9, environmental + "&from=2026-05-01&to=2026-05-02&weekdays=fri", 10, 0, ""},
		{"planner, one environmental factor", planner, access.SurfaceFigures, "factors=rundown&dark=yes", 11, "factors=rundown&dark=yes", 10, 0, ""},
		{"planner, badly lit", planner, access.SurfaceMap, "factors=badly_lit&dayparts=night", 11, "factors=badly_lit&dayparts=night", 11, 0, ""},
		{"planner, badly lit with another", planner, access.SurfaceMap, "factors=badly_lit,isolated", 11, "factors=badly_lit,isolated", 10, 0, ""},
		{"planner, one behavioural factor", planner, access.SurfaceMap, "factors=followed", 5, "-", 0, 0, "one group"},
		{"planner, three of four behavioural factors", planner, access.SurfaceMap, "factors=verbal_single,verbal_group,followed", 5, "-", 0, 0, "one group"},
		{"planner, behavioural and environmental", planner, access.SurfaceMap, "factors=followed,badly_lit", 5, "-", 0, 0, "separately"},
		{"planner, all factors but one", planner, access.SurfaceMap, behavioural + ",badly_lit", 5, "-", 0, 0, "separately"},
		{"planner, behavioural group", planner, access.SurfaceMap, behavioural, 8, behavioural + "&to=2026-07-01", 8, 5, ""},
		{"planner, behavioural group finer", planner, access.SurfaceMap, behavioural, 11, behavioural + "&to=2026-07-01", 8, 5, ""},
		{"planner, behavioural group in one half-year", planner, access.SurfaceMap, behavioural + "&from=2026-01-01&to=2026-07-01", 8, behavioural + "&from=2026-01-01&to=2026-07-01", 8, 5, ""},
		{"planner, behavioural group from a half-year on", planner, access.SurfaceMap, behavioural + "&from=2025-07-01", 8, behavioural + "&from=2025-07-01&to=2026-07-01", 8, 5, ""},
		{"planner, behavioural group in a month", planner, access.SurfaceMap, behavioural + "&from=2026-01-01&to=2026-02-01", 8, "-", 0, 0, "half-year"},
		{"planner, behavioural group from a day", planner, access.SurfaceMap, behavioural + "&from=2026-01-02&to=2026-07-01", 8, "-", 0, 0, "half-year"},
		{"planner, behavioural group of the half-year under way", planner, access.SurfaceMap, behavioural + "&from=2026-07-01&to=2027-01-01", 8, "-", 0, 0, "2026-07-01"},
		{"planner, behavioural group since it began", planner, access.SurfaceMap, behavioural + "&from=2026-07-01", 8, "-", 0, 0, "2026-07-01"},
		{"planner, behavioural group by night", planner, access.SurfaceMap, behavioural + "&dayparts=night", 8, "-", 0, 0, "time of day"},
		{"planner, behavioural group in the dark", planner, access.SurfaceMap, behavioural + "&dark=yes", 8, "-", 0, 0, "darkness"},
		{"planner, behavioural group on Fridays", planner, access.SurfaceMap, behavioural + "&weekdays=fri", 8, "-", 0, 0, "week"},
		{"planner, single reports", planner, access.SurfaceReports, "factors=badly_lit", 11, "-", 0, 0, "officers only"},
		{"public, map", access.NewIdentity(access.Public, access.National, nil), access.SurfaceMap, "", 8, "-", 0, 0, "releases"},
		{"admin, map", access.NewIdentity(access.Admin, access.National, nil), access.SurfaceMap, "", 8, "-", 0, 0, "Administrators"},
		{"nobody, map", access.NewIdentity(access.Nobody, access.National, nil), access.SurfaceMap, "", 3, "-", 0, 0, "Log in"},
		{"nobody, places", access.NewIdentity(access.Nobody, access.National, nil), access.SurfacePlaces, "", 3, "-", 0, 0, "Log in"},
		{"officer, audit log", officer, access.SurfaceAudit, "", 3, "-", 0, 0, "administrators"},
		{"officer of a force, held reports", access.NewIdentity(access.Officer, "metropolitan", nil), access.SurfaceReview, "", 3, "-", 0, 0, "bound to no area"},
		{"planner, held reports", planner, access.SurfaceReview, "", 3, "-", 0, 0, "bound to no area"},
		{"nobody, held reports", access.NewIdentity(access.Nobody, access.National, nil), access.SurfaceReview, "", 3, "-", 0, 0, "Log in"},
		{"planner, accounts", planner, access.SurfaceAccounts, "", 3, "-", 0, 0, "administrators"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, err := access.Decide(c.who, access.Ask{Surface: c.surface, Filter: filter(t, c.asked), Res: c.res, Today: today, Why: "a good reason"})
			if c.allowed == "-" {
				var r *access.Refusal
				if !errors.As(err, &r) || !strings.Contains(r.Reason, c.reason) {
					t.Fatalf("got %+v, %v; want a refusal with %q", g, err, c.reason)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := g.Filter.Query(); got != c.allowed || g.MaxRes != c.maxRes || g.Floor != c.floor || g.Grouped != (c.floor > 0) {
				t.Errorf("granted %q to resolution %d with at least %d, want %q to %d with %d", got, g.MaxRes, g.Floor, c.allowed, c.maxRes, c.floor)
			}
			if narrowed := c.allowed != c.asked || c.res > c.maxRes; narrowed && len(g.Limits) == 0 {
				t.Error("narrowed without a word")
			}
		})
	}
}

// Whatever a planner asks, behavioural factors never come with an environmental
// one, finer than the floor, or in a window that is no half-year.
func TestDecide_plannerProperty(t *testing.T) {
	planner := access.NewIdentity(access.Planner, "E09000008", nil)
	rapid.Check(t, func(t *rapid.T) {
		today := report.Day(rapid.IntRange(20000, 21000).Draw(t, "today"))
		f := report.Filter{Factors: report.Factors(rapid.IntRange(0, int(report.AllFactors)).Draw(t, "factors")),
			Dayparts: report.DaypartSet(rapid.IntRange(0, 31).Draw(t, "dayparts")), Dark: report.DarkSet(rapid.IntRange(0, 7).Draw(t, "dark"))}
		if rapid.Bool().Draw(t, "windowed") {
			f.From = report.Day(rapid.IntRange(19000, 21000).Draw(t, "from"))
			f.To = f.From + report.Day(rapid.IntRange(1, 400).Draw(t, "days"))
		}
		res := rapid.IntRange(3, 11).Draw(t, "res")
		g, err := access.Decide(planner, access.Ask{Filter: f.Canonical(), Res: res, Today: today})
		if err != nil {
			return
		}
		if cols := g.ColumnsAt(g.ClampRes(res)); g.Filter.Factors == 0 || cols&report.BehaviouralFactors != 0 || g.ClampRes(res) > 10 && cols != report.FactorSet(report.BadlyLit) {
			t.Fatalf("granted %q with columns %s", g.Filter.Query(), cols)
		}
		if behavioural := g.Filter.Factors & report.BehaviouralFactors; behavioural != 0 {
			edge := func(d report.Day) bool { s := d.String()[5:]; return s == "01-01" || s == "07-01" }
			if behavioural != g.Filter.Factors || behavioural != report.BehaviouralFactors || !g.Grouped || g.Floor < 5 || g.MaxRes > 8 || g.ColumnsAt(3) != 0 ||
				!edge(g.Filter.From) || !edge(g.Filter.To) || g.Filter.To > today || g.Filter.Dayparts != 0 || g.Filter.Dark != 0 {
				t.Fatalf("granted %+v", g)
			}
		}
	})
}

func TestDecide_reasons(t *testing.T) {
	officer := access.NewIdentity(access.Officer, access.National, nil)
	for _, s := range []access.Surface{access.SurfaceExport, access.SurfaceReports} {
		for why, want := range map[string]bool{"": false, "   x  ": false, "abcd": false, "patrol plan": true} {
			g, err := access.Decide(officer, access.Ask{Surface: s, Why: why})
			var r *access.Refusal
			if want != (err == nil) || want != g.Audit || err != nil && (!errors.As(err, &r) || r.Kind != access.NoReason) {
				t.Errorf("surface %d with reason %q: %+v, %v", s, why, g, err)
			}
		}
	}
}

func croydon(t testing.TB) (*access.Region, h3.Cell) {
	t.Helper()
	c, err := h3.LatLngToCell(h3.LatLng{Lat: 51.3727, Lng: -0.1099}, access.RegionResolution)
	if err != nil {
		t.Fatal(err)
	}
	disk, err := c.GridDisk(3)
	if err != nil {
		t.Fatal(err)
	}
	r, err := access.NewRegion("E09000008", disk)
	if err != nil {
		t.Fatal(err)
	}
	return r, c
}

// Actions: officers everywhere, planners where all of the place is in their area.
func TestDecide_Actions(t *testing.T) {
	region, at := croydon(t)
	child, err := at.CenterChild(11)
	if err != nil {
		t.Fatal(err)
	}
	coarse, err := at.Parent(7)
	if err != nil {
		t.Fatal(err)
	}
	wide, err := at.Parent(5)
	if err != nil {
		t.Fatal(err)
	}
	officer, planner := access.NewIdentity(access.Officer, access.National, nil), access.NewIdentity(access.Planner, "E09000008", region)
	tokens := *officer
	tokens.Token, tokens.Scopes = true, 1<<1 // figures
	for _, tt := range []struct {
		name    string
		who     *access.Identity
		surface access.Surface
		cells   []h3.Cell
		ok      bool
	}{
		{"an officer writes anywhere", officer, access.SurfaceRecord, []h3.Cell{wide}, true},
		{"a planner reads", planner, access.SurfaceActions, nil, true},
		{"a planner writes at home", planner, access.SurfaceRecord, []h3.Cell{at, child, coarse}, true},
		{"a planner writes partly outside", planner, access.SurfaceRecord, []h3.Cell{at, wide}, false},
		{"a token reads", &tokens, access.SurfaceActions, nil, true},
		{"a token writes", &tokens, access.SurfaceRecord, []h3.Cell{at}, false},
		{"the public reads", access.NewIdentity(access.Public, access.National, nil), access.SurfaceActions, nil, false},
		{"an administrator reads", access.NewIdentity(access.Admin, access.National, nil), access.SurfaceActions, nil, false},
		{"nobody reads", access.NewIdentity(access.Nobody, access.National, nil), access.SurfaceActions, nil, false},
	} {
		_, err := access.Decide(tt.who, access.Ask{Surface: tt.surface, Cells: tt.cells})
		var refusal *access.Refusal
		if tt.ok != (err == nil) || err != nil && !errors.As(err, &refusal) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestRegion(t *testing.T) {
	r, c := croydon(t)
	wider, err := r.WithRing("E09000008")
	if err != nil {
		t.Fatal(err)
	}
	if n, m := len(r.Cells()), len(wider.Cells()); n != 37 || m != 61 {
		t.Errorf("%d cells and %d with the ring, want 37 and 61", n, m)
	}
	rings, err := c.GridRing(4)
	if err != nil {
		t.Fatal(err)
	}
	beyond, err := c.GridRing(5)
	if err != nil {
		t.Fatal(err)
	}
	if r.Has(rings[0]) || !wider.Has(rings[0]) || wider.Has(beyond[0]) {
		t.Error("the ring is not one cell wide")
	}
	fine, err := c.CenterChild(11)
	if err != nil {
		t.Fatal(err)
	}
	coarse, err := c.Parent(5)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := h3.LatLngToCell(h3.LatLng{Lat: 55.95, Lng: -3.19}, 5)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Has(fine) || r.Has(coarse) || !r.Meets(coarse) || r.Meets(elsewhere) {
		t.Error("finer cells lie in it by their ancestor, coarser ones meet it")
	}
	if r.ID() == wider.ID() || !strings.HasPrefix(r.ID(), "E09000008:") {
		t.Errorf("IDs %q and %q", r.ID(), wider.ID())
	}
	for _, bad := range [][]h3.Cell{nil, {fine}, {0}} {
		if _, err := access.NewRegion("x", bad); err == nil {
			t.Errorf("%v passed", bad)
		}
	}
}

func TestNewRegionOf(t *testing.T) {
	square := h3.GeoPolygon{GeoLoop: h3.GeoLoop{{Lat: 51.3, Lng: -0.2}, {Lat: 51.3, Lng: 0}, {Lat: 51.45, Lng: 0}, {Lat: 51.45, Lng: -0.2}}}
	r, err := access.NewRegionOf("x", []h3.GeoPolygon{square})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []h3.LatLng{{Lat: 51.3001, Lng: -0.1999}, {Lat: 51.4499, Lng: -0.0001}, {Lat: 51.37, Lng: -0.1}} {
		c, err := h3.LatLngToCell(p, 11)
		if err != nil {
			t.Fatal(err)
		}
		if !r.Has(c) {
			t.Errorf("%v is inside and left out", p)
		}
	}
	if c, err := h3.LatLngToCell(h3.LatLng{Lat: 51.5, Lng: -0.1}, 11); err != nil || r.Has(c) {
		t.Errorf("5 km north of it is in it: %v", err)
	}
	if _, err := access.NewRegionOf("x", nil); err == nil {
		t.Error("an area without a boundary passed")
	}
}

func TestDecide_area(t *testing.T) {
	r, c := croydon(t)
	planner := access.NewIdentity(access.Planner, "E09000008", r)
	far, err := h3.LatLngToCell(h3.LatLng{Lat: 55.95, Lng: -3.19}, 9)
	if err != nil {
		t.Fatal(err)
	}
	child, err := c.CenterChild(11)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []struct {
		cell  h3.Cell
		query string
		ok    bool
	}{{c, "", true}, {far, "", false}, {child, "", false}, {child, "factors=badly_lit", true}} {
		g, err := access.Decide(planner, access.Ask{Surface: access.SurfaceFigures, Cell: q.cell, Res: q.cell.Resolution(), Filter: filter(t, q.query)})
		if (err == nil) != q.ok || err == nil && g.Region != r {
			t.Errorf("cell %s with %q: %v, want allowed %v", q.cell, q.query, err, q.ok)
		}
	}
	// Different scopes never share a cache key or a URL.
	scopes := map[string]bool{}
	for _, who := range []*access.Identity{planner, access.NewIdentity(access.Planner, "E09000008", nil), access.NewIdentity(access.Officer, access.National, nil), access.NewIdentity(access.Officer, "met", r)} {
		g, err := access.Decide(who, access.Ask{})
		if err != nil {
			t.Fatal(err)
		}
		scopes[g.Scope+"|"+g.Tag] = true
	}
	if len(scopes) != 4 {
		t.Errorf("scopes %v, want four", scopes)
	}
}

func TestGrant_HalfYears(t *testing.T) {
	planner := access.NewIdentity(access.Planner, "E09000008", nil)
	g, err := access.Decide(planner, access.Ask{Filter: filter(t, behavioural), Today: day(t, "2026-11-24")})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range g.HalfYears(day(t, "2025-03-01")) {
		got = append(got, f.From.String()+" "+f.To.String())
	}
	if want := []string{"2025-01-01 2025-07-01", "2025-07-01 2026-01-01", "2026-01-01 2026-07-01"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestMay(t *testing.T) {
	for role, want := range map[access.Role]string{
		access.Nobody:  "",
		access.Public:  "places",
		access.Planner: "map figures behavioural-group places export actions record",
		access.Officer: "map figures behavioural behavioural-group places export reports actions record review",
		access.Admin:   "places accounts audit review",
	} {
		area := access.National
		if role == access.Planner {
			area = "E09000008"
		}
		if got := strings.Join(access.May(access.NewIdentity(role, area, nil), day(t, "2026-11-24")), " "); got != want {
			t.Errorf("%s: %q, want %q", role, got, want)
		}
	}
}
