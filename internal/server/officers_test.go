package server_test

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/planar"
	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

// aroundCroydon and beat are areas of the synthetic body.
const (
	aroundCroydon = `{"type":"Feature","geometry":{"type":"Point","coordinates":[-0.0994,51.3727]},"properties":{"radius_m":1500,"name":"Centre"}}`
	beat          = `{"type":"Polygon","coordinates":[[[-0.13,51.35],[-0.07,51.352],[-0.06,51.39],[-0.12,51.395],[-0.13,51.35]]]}`
)

func (f *fixture) post(t testing.TB, target, body string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/geo+json")
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	return w.Result()
}

func parent(t testing.TB, c h3.Cell, res int) h3.Cell {
	t.Helper()
	p, err := c.Parent(res)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func perCell(t testing.TB, reports []report.Report, res int) map[string]int64 {
	t.Helper()
	out := map[string]int64{}
	for _, r := range reports {
		out[parent(t, r.Cell, res).String()]++
	}
	return out
}

type hotspots struct {
	Total, Shown int
	Clusters     []struct {
		Rank    int
		Total   int64
		Cells   []string
		Nearby  float64
		Factors []struct {
			Factor           string
			Count            int64
			Share, Elsewhere float64
		}
		Peak    struct{ Cell string }
		Outline [][][][2]float64
	}
	Cells []struct {
		Cell          string
		Count, Around int64
		Z, Q          float64
		Hot           bool
	}
}

func TestServer_hotspots(t *testing.T) {
	f := newFixture(t, nil)
	for _, query := range []string{"", "factors=badly_lit", "dayparts=night,evening&from=2026-01-01"} {
		want := matching(t, f.reports, query)
		counts := perCell(t, want, 9)
		got := decode[hotspots](t, f.get(t, "/api/v1/hotspots?res=9&top=50&"+query))
		// A part of so few reports may have none.
		if query == "" && len(got.Clusters) == 0 || got.Total != len(got.Clusters) || got.Shown != got.Total {
			t.Fatalf("%q: %d clusters of %d, %d on screen", query, len(got.Clusters), got.Total, got.Shown)
		}
		hot := map[string]bool{}
		for _, c := range got.Cells {
			around := int64(0)
			for _, n := range disk(t, c.Cell) {
				around += counts[n]
			}
			if c.Count != counts[c.Cell] || c.Around != around {
				t.Errorf("%q: %s has %d reports and %d around, a loop finds %d and %d", query, c.Cell, c.Count, c.Around, counts[c.Cell], around)
			}
			if c.Hot != (c.Q <= 0.05 && c.Z > 0 && c.Around >= 5) {
				t.Errorf("%q: %+v", query, c)
			}
			hot[c.Cell] = c.Hot
		}
		for _, c := range got.Clusters {
			checkCluster(t, c.Cells, c.Total, counts, hot)
			in := map[string]bool{}
			for _, cell := range c.Cells {
				in[cell] = true
			}
			for _, x := range c.Factors {
				var here, there, inside, outside int64
				for _, r := range want {
					id, _ := report.ParseFactor(x.Factor)
					n := int64(0)
					if r.Factors.Has(id) {
						n = 1
					}
					if in[parent(t, r.Cell, 9).String()] {
						here, inside = here+n, inside+1
					} else {
						there, outside = there+n, outside+1
					}
				}
				if here != x.Count || !near(x.Share, float64(here)/float64(inside)) || !near(x.Elsewhere, float64(there)/float64(outside)) {
					t.Errorf("%q: %+v, a loop finds %d of %d and %d of %d", query, x, here, inside, there, outside)
				}
			}
		}
	}
}

func disk(t testing.TB, cell string) (out []string) {
	t.Helper()
	d, err := h3.CellFromString(cell).GridDisk(1)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range d {
		out = append(out, c.String())
	}
	return out
}

// checkCluster holds a cluster to what one is: hot cells, each touching another
// of them and none outside, whose reports it counts.
func checkCluster(t *testing.T, cells []string, total int64, counts map[string]int64, hot map[string]bool) {
	t.Helper()
	var sum int64
	for _, c := range cells {
		sum += counts[c]
		if !hot[c] {
			t.Errorf("%s is in a cluster and not hot", c)
		}
		touching := 0
		for _, n := range disk(t, c)[1:] {
			if hot[n] && !slices.Contains(cells, n) {
				t.Errorf("%s is hot, touches a cluster and is not in it", n)
			}
			if slices.Contains(cells, n) {
				touching++
			}
		}
		if len(cells) > 1 && touching == 0 {
			t.Errorf("%s touches nothing of its cluster", c)
		}
	}
	if sum != total {
		t.Errorf("a cluster has %d reports, a loop finds %d", total, sum)
	}
}

func near(a, b float64) bool { return math.Abs(a-b) <= 0.0006 }

// What is on screen changes what is listed and nothing that is said of it.
func TestServer_analysesDoNotDependOnTheScreen(t *testing.T) {
	f := newFixture(t, nil)
	all, part := decode[hotspots](t, f.get(t, "/api/v1/hotspots?res=9")), decode[hotspots](t, f.get(t, "/api/v1/hotspots?res=9&bbox=-0.15,51.34,-0.05,51.41"))
	if part.Total != all.Total || part.Shown == 0 || len(part.Cells) >= len(all.Cells) {
		t.Errorf("%d clusters, %d on screen, %d cells of %d", part.Total, part.Shown, len(part.Cells), len(all.Cells))
	}
	of := map[string]float64{}
	for _, c := range all.Cells {
		of[c.Cell] = c.Q
	}
	for _, c := range part.Cells {
		if of[c.Cell] != c.Q {
			t.Errorf("%s has q %v on a part of the map and %v on all", c.Cell, c.Q, of[c.Cell])
		}
	}
	wide, narrow := decode[trends](t, f.get(t, "/api/v1/trends?res=8")), decode[trends](t, f.get(t, "/api/v1/trends?res=8&bbox=-0.15,51.34,-0.05,51.41"))
	if narrow.Breaks != wide.Breaks || len(narrow.Cells) == 0 || len(narrow.Cells) >= len(wide.Cells) {
		t.Errorf("breaks %v and %v, cells %d and %d", narrow.Breaks, wide.Breaks, len(narrow.Cells), len(wide.Cells))
	}
	for _, c := range narrow.Cells {
		if !slices.Contains(wide.Cells, c) {
			t.Errorf("%+v is on a part of the map only", c)
		}
	}
}

type change struct {
	Cell      string
	Now, Then int64
	Change    float64
	Class     int
	Verdict   string
}

type trends struct {
	Window, Previous struct{ From, To string }
	YearAgo          struct {
		From, To string
		Known    bool
	} `json:"year_ago"`
	Overall struct {
		Count    int64
		Previous struct{ Count int64 }
	}
	Verdicts map[string]int
	Breaks   [3]float64
	Cells    []change
	Emerging []struct{ Previous, YearAgo struct{ Verdict string } }
}

func TestServer_trends(t *testing.T) {
	f := newFixture(t, nil)
	for _, c := range []struct{ query, now, then string }{
		{"from=2026-06-01&to=2026-08-01", "from=2026-06-01&to=2026-08-01", "from=2026-04-01&to=2026-06-01"},
		{"from=2026-06-01&to=2026-08-01&against=year", "from=2026-06-01&to=2026-08-01", "from=2025-06-02&to=2025-08-02"},
		{"", "from=2026-08-03&to=2026-11-01", "from=2026-05-05&to=2026-08-03"},
	} {
		for _, filter := range []string{"", "&factors=badly_lit,followed&dayparts=evening"} {
			got := decode[trends](t, f.get(t, "/api/v1/trends?res=7&"+c.query+filter))
			now, then := perCell(t, matching(t, f.reports, c.now+filter), 7), perCell(t, matching(t, f.reports, c.then+filter), 7)
			want := map[string]bool{}
			for cell := range now {
				want[cell] = true
			}
			for cell := range then {
				want[cell] = true
			}
			if len(got.Cells) != len(want) {
				t.Errorf("%s%s: %d cells, a loop finds %d", c.query, filter, len(got.Cells), len(want))
			}
			listed := 0
			for _, x := range got.Cells {
				if x.Now != now[x.Cell] || x.Then != then[x.Cell] || !near(x.Change, float64(x.Now-x.Then)) {
					t.Errorf("%s%s: %+v, a loop finds %d and %d", c.query, filter, x, now[x.Cell], then[x.Cell])
				}
				if class := classOf(x.Change, got.Breaks); x.Class != class {
					t.Errorf("%s%s: %+v is of class %d by %v", c.query, filter, x, class, got.Breaks)
				}
				if x.Now+x.Then < 5 && x.Verdict != "too_few" {
					t.Errorf("%+v: with so few reports nothing can be told", x)
				}
			}
			for _, n := range got.Verdicts {
				listed += n
			}
			if listed != len(got.Cells) {
				t.Errorf("%d verdicts of %d cells", listed, len(got.Cells))
			}
		}
	}
}

func classOf(change float64, breaks [3]float64) int {
	class := 0
	for _, b := range breaks {
		if math.Abs(change) >= b {
			class++
		}
	}
	if change < 0 {
		return -class
	}
	return class
}

type profile struct {
	Res, Hexagons int
	Km2, Share    float64
	Area, Whole   summary
	Factors       []struct {
		Factor           string
		Count            int64
		Share, Elsewhere float64
		Verdict          string
	}
	Dark struct {
		Count            int64
		Share, Elsewhere float64
	}
	Top []struct {
		Cell  string
		Count int64
	}
}

// inArea is the meaning of an area: reports whose cell has its middle in it.
func inArea(t testing.TB, reports []report.Report, res int, area string) (in, out []report.Report) {
	t.Helper()
	contains := func(p orb.Point) bool { return geo.DistanceHaversine(p, orb.Point{-0.0994, 51.3727}) <= 1500 }
	if area == beat {
		g, err := geojson.UnmarshalGeometry([]byte(beat))
		if err != nil {
			t.Fatal(err)
		}
		contains = func(p orb.Point) bool { return planar.PolygonContains(g.Geometry().(orb.Polygon), p) }
	}
	for _, r := range reports {
		ll, err := parent(t, r.Cell, res).LatLng()
		if err != nil {
			t.Fatal(err)
		}
		if contains(orb.Point{ll.Lng, ll.Lat}) {
			in = append(in, r)
		} else {
			out = append(out, r)
		}
	}
	return in, out
}

func TestServer_profile(t *testing.T) {
	f := newFixture(t, nil)
	for _, area := range []string{aroundCroydon, beat} {
		for _, query := range []string{"", "res=9", "factors=badly_lit,rundown&from=2026-01-01&dark=yes,no"} {
			got := decode[profile](t, f.post(t, "/api/v1/profile?top=7&"+query, area))
			filter := strings.TrimPrefix(query, "res=9")
			in, out := inArea(t, matching(t, f.reports, filter), got.Res, area)
			if got.Area.Total != int64(len(in)) || got.Whole.Total != int64(len(in)+len(out)) || len(in) == 0 {
				t.Errorf("%q: %d of %d reports, a loop finds %d of %d", query, got.Area.Total, got.Whole.Total, len(in), len(in)+len(out))
			}
			f.checkFigures(t, got.Area, in)
			f.checkFigures(t, got.Whole, append(slices.Clone(in), out...))
			for _, x := range got.Factors {
				id, _ := report.ParseFactor(x.Factor)
				says := func(r report.Report) bool { return r.Factors.Has(id) }
				if a, b := shareOf(in, says), shareOf(out, says); !near(x.Share, a) || !near(x.Elsewhere, b) {
					t.Errorf("%q: %+v, a loop finds %v and %v", query, x, a, b)
				}
			}
			known := func(list []report.Report) []report.Report {
				return slices.DeleteFunc(slices.Clone(list), func(r report.Report) bool { return r.Dark == report.DarkUnknown })
			}
			dark := func(r report.Report) bool { return r.Dark == report.DarkYes }
			if a, b := shareOf(known(in), dark), shareOf(known(out), dark); !near(got.Dark.Share, a) || !near(got.Dark.Elsewhere, b) {
				t.Errorf("%q: dark %+v, a loop finds %v and %v", query, got.Dark, a, b)
			}
			counts := perCell(t, in, got.Res)
			for i, c := range got.Top {
				if counts[c.Cell] != c.Count || i > 0 && got.Top[i-1].Count < c.Count {
					t.Errorf("%q: place %d %+v, a loop finds %d", query, i, c, counts[c.Cell])
				}
			}
		}
	}
}

func shareOf(list []report.Report, says func(report.Report) bool) float64 {
	n := 0
	for _, r := range list {
		if says(r) {
			n++
		}
	}
	if len(list) == 0 {
		return 0
	}
	return float64(n) / float64(len(list))
}

// The files say the same as the page, and of what they are.
func TestServer_profileFiles(t *testing.T) {
	f := newFixture(t, nil)
	const query = "from=2026-01-01&to=2026-07-01&factors=badly_lit&reason=for+the+meeting"
	page := decode[profile](t, f.post(t, "/api/v1/profile?from=2026-01-01&to=2026-07-01&factors=badly_lit", strings.Replace(aroundCroydon, "Centre", "=1+1", 1)))
	resp := f.post(t, "/api/v1/profile?format=csv&"+query, strings.Replace(aroundCroydon, "Centre", "=1+1", 1))
	rows, err := csv.NewReader(resp.Body).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for _, row := range rows {
		values[row[0]+" "+row[1]] = row[2] + row[11]
	}
	total, err := json.Marshal(page.Area.Total)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"about first_day": "2026-01-01", "about last_day": "2026-06-30", "about filter": "factors=badly_lit&from=2026-01-01&to=2026-07-01", "about area": "'=1+1", "about synthetic": "Every report is made up."} {
		if values[key] != want {
			t.Errorf("%s is %q, want %q", key, values[key], want)
		}
	}
	if !strings.HasPrefix(values["total reports"], string(total)) || !strings.Contains(values["about source"], "StreetSafe") {
		t.Errorf("total %q, source %q", values["total reports"], values["about source"])
	}
	fc, err := geojson.UnmarshalFeatureCollection(content(t, f.post(t, "/api/v1/profile?format=geojson&top=4&"+query, aroundCroydon)))
	if err != nil {
		t.Fatal(err)
	}
	if len(fc.Features) != 5 || fc.Features[0].Properties.MustFloat64("reports") != float64(page.Area.Total) {
		t.Errorf("%d features, the area has %v", len(fc.Features), fc.Features[0].Properties)
	}
	if r := f.post(t, "/api/v1/profile?format=csv", aroundCroydon); r.StatusCode != http.StatusBadRequest {
		t.Errorf("a file without a reason: %d", r.StatusCode)
	}
}

type brief struct {
	Res         int
	Total, Rest int64
	Unknown     int64 `json:"unknown_time"`
	Lift        struct{ Estimate float64 }
	Places      []struct {
		Cell        string
		Count, Rest int64
		Factors     []struct {
			Factor      string
			Count       int64
			Share, Area float64
		}
	}
	Route struct{ Order []int }
}

func TestServer_brief(t *testing.T) {
	f := newFixture(t, nil)
	// Friday's night shift is Friday evening and the small hours of Saturday.
	slots := map[string]func(report.Report) bool{
		"shift=night&weekday=fri": func(r report.Report) bool {
			return r.Daypart == report.Evening && r.Day.Weekday().String() == "fri" || r.Daypart == report.Night && r.Day.Weekday().String() == "sat"
		},
		"shift=late&weekday=tue": func(r report.Report) bool {
			return (r.Daypart == report.Afternoon || r.Daypart == report.Evening) && r.Day.Weekday().String() == "tue"
		},
		"shift=early": func(r report.Report) bool { return r.Daypart == report.Morning },
	}
	for query, on := range slots {
		for _, filter := range []string{"", "&factors=badly_lit,followed"} {
			got := decode[brief](t, f.post(t, "/api/v1/brief?res=8&top=6&dayparts=night&weekdays=mon&"+query+filter, beat))
			in, _ := inArea(t, matching(t, f.reports, strings.TrimPrefix(filter, "&")), got.Res, beat)
			var shift, rest []report.Report
			unknown := int64(0)
			for _, r := range in {
				switch {
				case r.Daypart == report.UnknownDaypart:
					unknown++
				case on(r):
					shift = append(shift, r)
				default:
					rest = append(rest, r)
				}
			}
			if got.Total != int64(len(shift)) || got.Rest != int64(len(rest)) || got.Unknown != unknown {
				t.Errorf("%s%s: %d in the shift, %d else, %d unknown; a loop finds %d, %d, %d", query, filter, got.Total, got.Rest, got.Unknown, len(shift), len(rest), unknown)
			}
			inShift, else_ := perCell(t, shift, got.Res), perCell(t, rest, got.Res)
			for _, p := range got.Places {
				if p.Count != inShift[p.Cell] || p.Rest != else_[p.Cell] {
					t.Errorf("%s: %+v, a loop finds %d and %d", query, p, inShift[p.Cell], else_[p.Cell])
				}
			}
			order := slices.Clone(got.Route.Order)
			slices.Sort(order)
			for i, n := range order {
				if i != n {
					t.Errorf("%s: the walk is %v", query, got.Route.Order)
				}
			}
			if len(order) != len(got.Places) {
				t.Errorf("%s: %d stops for %d places", query, len(order), len(got.Places))
			}
		}
	}
}

func TestServer_analysesRefuse(t *testing.T) {
	f := newFixture(t, nil)
	for target, param := range map[string]string{
		"/api/v1/hotspots?res=11": "res", "/api/v1/hotspots?res=5": "res", "/api/v1/hotspots?bbox=1": "bbox", "/api/v1/hotspots?top=-1": "top", "/api/v1/hotspots?x=1": "x",
		"/api/v1/trends?against=never": "against", "/api/v1/trends?from=2027-01-01&to=2027-02-01": "from", "/api/v1/trends?factors=dim": "factors",
	} {
		p := decode[struct{ Param string }](t, f.get(t, target))
		if p.Param != param {
			t.Errorf("%s: at fault is %q, want %q", target, p.Param, param)
		}
	}
	for _, c := range []struct {
		target, body, param string
		status              int
	}{
		{"/api/v1/profile", `nonsense`, "area", 400},
		{"/api/v1/profile", `{"type":"Polygon","coordinates":[]}`, "area", 400},
		{"/api/v1/profile", `{"type":"Polygon","coordinates":[[[0,51],[1,51],[0,51]]]}`, "area", 400},
		{"/api/v1/profile", `{"type":"Polygon","coordinates":[[[0,51],[1,51],[1,52],[0,52]]]}`, "area", 400},
		{"/api/v1/profile", `{"type":"Polygon","coordinates":[[[0,951],[1,51],[1,52],[0,951]]]}`, "area", 400},
		{"/api/v1/profile", `{"type":"LineString","coordinates":[[0,51],[1,51]]}`, "area", 400},
		{"/api/v1/profile", `{"type":"Point","coordinates":[0,51]}`, "area", 400},
		{"/api/v1/profile", `{"type":"Feature","geometry":null,"properties":{}}`, "area", 400},
		{"/api/v1/profile", `{"type":"Feature","geometry":{"type":"Point","coordinates":[0,51]},"properties":{"radius_m":1e9}}`, "area", 400},
		{"/api/v1/profile", `{"type":"Feature","geometry":{"type":"Point","coordinates":[0,51]},"properties":{"radius_m":1}}`, "area", 400},
		{"/api/v1/profile?res=11", `{"type":"Polygon","coordinates":[[[-5,50],[1,50],[1,55],[-5,55],[-5,50]]]}`, "area", 400},
		{"/api/v1/profile?format=pdf", beat, "format", 400},
		{"/api/v1/profile", strings.Repeat(" ", 600<<10), "", 413},
		{"/api/v1/brief", beat, "shift", 400},
		{"/api/v1/brief?shift=night&weekday=someday", beat, "weekday", 400},
		{"/api/v1/brief?shift=night&start=here", beat, "start", 400},
		{"/api/v1/brief?shift=night&top=99", beat, "top", 400},
	} {
		r := f.post(t, c.target, c.body)
		p := decode[struct{ Param string }](t, r)
		if r.StatusCode != c.status || p.Param != c.param {
			t.Errorf("%s with %.60q: %d for %q, want %d for %q", c.target, c.body, r.StatusCode, p.Param, c.status, c.param)
		}
	}
	if r := f.get(t, "/api/v1/profile"); r.StatusCode != http.StatusMethodNotAllowed || r.Header.Get("Allow") != http.MethodPost {
		t.Errorf("GET of a profile: %d, Allow %q", r.StatusCode, r.Header.Get("Allow"))
	}
	r := httptest.NewRequest(http.MethodPost, "/api/v1/profile", strings.NewReader(beat))
	r.Header.Set("Content-Type", "text/plain")
	w := httptest.NewRecorder()
	if f.handler.ServeHTTP(w, r); w.Code != http.StatusUnsupportedMediaType {
		t.Errorf("an area as text/plain: %d", w.Code)
	}
}

// The policy holds for analyses as for the map: planners see no behavioural
// factor, nobody sees anything.
func TestServer_analysesObeyThePolicy(t *testing.T) {
	f := newFixture(t, nil)
	as := func(role string) func(method, target, body string) *http.Response {
		r := httptest.NewRequest(http.MethodPost, "/demo/view", strings.NewReader(url.Values{"as": {role}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, r)
		return func(method, target, body string) *http.Response {
			r := httptest.NewRequest(method, target, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/geo+json")
			for _, c := range w.Result().Cookies() {
				r.AddCookie(c)
			}
			w := httptest.NewRecorder()
			f.handler.ServeHTTP(w, r)
			return w.Result()
		}
	}
	requests := [][3]string{
		{"GET", "/api/v1/hotspots?", ""}, {"GET", "/api/v1/trends?", ""},
		{"POST", "/api/v1/profile?", aroundCroydon}, {"POST", "/api/v1/brief?shift=night&", aroundCroydon},
	}
	planner, nobody := as("planner"), as("signed-out")
	for _, r := range requests {
		if got := nobody(r[0], r[1], r[2]).StatusCode; got != http.StatusUnauthorized {
			t.Errorf("%s for nobody: %d", r[1], got)
		}
		if got := planner(r[0], r[1]+"factors=followed", r[2]).StatusCode; got != http.StatusForbidden {
			t.Errorf("%s of one behavioural factor for a planner: %d", r[1], got)
		}
		if got := planner(r[0], r[1]+"factors=verbal_single,verbal_group,followed,other_harassment&from=2025-01-01&to=2026-01-01", r[2]).StatusCode; got != http.StatusForbidden {
			t.Errorf("%s of the behavioural group for a planner: %d", r[1], got)
		}
		resp := planner(r[0], r[1], r[2])
		body := string(content(t, resp))
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s for a planner: %d %.200s", r[1], resp.StatusCode, body)
		}
		for _, x := range report.BehaviouralFactors.IDs() {
			if strings.Contains(strings.ReplaceAll(body, "filter", ""), `"`+x+`"`) {
				t.Errorf("%s tells a planner of %s", r[1], x)
			}
		}
	}
	in, _ := inArea(t, matching(t, f.reports, "factors="+strings.Join(report.EnvironmentalFactors.IDs(), ",")), 10, aroundCroydon)
	if got := decode[profile](t, planner("POST", "/api/v1/profile", aroundCroydon)); got.Res != 10 || got.Area.Total != int64(len(in)) {
		t.Errorf("a planner's profile: resolution %d, %d reports, a loop finds %d", got.Res, got.Area.Total, len(in))
	}
}

// analyses are requests for the test of the document.
func analyses() []*http.Request {
	var out []*http.Request
	for _, target := range []string{
		"/api/v1/hotspots?bbox=-0.2,51.3,0,51.5&res=9&factors=badly_lit", "/api/v1/hotspots?res=11", "/api/v1/hotspots?from=1999-01-01",
		"/api/v1/trends?res=8&top=3", "/api/v1/trends?against=year&from=2026-01-01&to=2026-02-01", "/api/v1/trends?against=x",
	} {
		out = append(out, httptest.NewRequest(http.MethodGet, target, nil))
	}
	for _, target := range []string{
		"/api/v1/profile?top=3", "/api/v1/profile?format=csv&reason=to+test+it", "/api/v1/profile?format=geojson&reason=to+test+it", "/api/v1/profile?format=csv",
		"/api/v1/brief?shift=night&weekday=fri&start=51.37,-0.1", "/api/v1/brief?shift=early", "/api/v1/brief?shift=noon",
	} {
		r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(aroundCroydon))
		r.Header.Set("Content-Type", "application/geo+json")
		out = append(out, r)
	}
	return out
}

// Accounts of an area see what lies in it, by analyses too.
func TestServer_analysesStayInTheArea(t *testing.T) {
	s := newSite(t, true)
	post := func(target string) *http.Response {
		r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(aroundCroydon))
		r.Header.Set("Content-Type", "application/geo+json")
		s.asks["bound officer"](r)
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		return w.Result()
	}
	var mine []report.Report
	for _, r := range s.reports {
		if s.region.Has(r.Cell) {
			mine = append(mine, r)
		}
	}
	in, _ := inArea(t, mine, 11, aroundCroydon)
	if got := decode[profile](t, post("/api/v1/profile")); got.Area.Total != int64(len(in)) || got.Whole.Total != int64(len(mine)) {
		t.Errorf("profile: %d of %d reports, a loop finds %d of %d", got.Area.Total, got.Whole.Total, len(in), len(mine))
	}
	known := 0
	for _, r := range in {
		if r.Daypart != report.UnknownDaypart {
			known++
		}
	}
	if got := decode[brief](t, post("/api/v1/brief?shift=late&res=11")); got.Total+got.Rest != int64(known) || got.Unknown != int64(len(in)-known) {
		t.Errorf("brief: %d and %d reports and %d, a loop finds %d and %d", got.Total, got.Rest, got.Unknown, known, len(in)-known)
	}
	hot := decode[hotspots](t, s.as(t, "bound officer", http.MethodGet, "/api/v1/hotspots?res=9", nil))
	counts := perCell(t, mine, 9)
	for _, c := range hot.Cells {
		if c.Count != counts[c.Cell] || !s.region.Has(h3.CellFromString(c.Cell)) {
			t.Errorf("hotspots: %+v, in the area a loop finds %d", c, counts[c.Cell])
		}
	}
	if len(hot.Cells) < len(counts) {
		t.Errorf("%d cells of %d", len(hot.Cells), len(counts))
	}
	changed := decode[trends](t, s.as(t, "bound officer", http.MethodGet, "/api/v1/trends?res=6&from=2026-01-01&to=2026-06-01", nil))
	if want := int64(len(matching(t, mine, "from=2026-01-01&to=2026-06-01"))); changed.Overall.Count != want {
		t.Errorf("trends: %d reports, a loop finds %d", changed.Overall.Count, want)
	}
	for _, c := range changed.Cells {
		if !s.region.Has(h3.CellFromString(c.Cell)) {
			t.Errorf("trends tell of %s outside the area", c.Cell)
		}
	}
}
