package server_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	h3 "github.com/uber/h3-go/v4"
	"github.com/xuri/excelize/v2"

	"github.com/streetsafe/streetsafe/internal/areas"
	"github.com/streetsafe/streetsafe/internal/lamps"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/server"
)

type lightPlaces struct {
	Filter       string
	Total, Cells int64
	Res          int
	Recent       *struct{ From, To string } `json:"recent_window"`
	Previous     *struct{ From, To string } `json:"previous_window"`
	LampSource   string                     `json:"lamp_source"`
	Places       []struct {
		Cell, Last, Verdict   string
		AfterDark             int64 `json:"after_dark"`
		All, Recent, Previous int64
		DarkShare             *float64 `json:"dark_share"`
		Others                []struct {
			Factor string
			Count  int64
		}
		Lamps *struct {
			Cause, Hours string
			Count, Off   int
		}
		Boundary [][2]float64
	}
}

// Every number of every place against a loop over all reports.
func TestServer_lighting(t *testing.T) {
	f, k := newWorkbench(t)
	for _, c := range []struct{ query, area string }{
		{"res=9&top=1000", ""}, {"res=10&top=1000", ""}, {"res=9&top=1000&area=ward/W04", "W04"}, {"res=9&top=1000&from=2026-02-01&to=2026-09-01&weekdays=fri,sat", ""},
	} {
		t.Run(c.query, func(t *testing.T) {
			v, err := url.ParseQuery(c.query)
			if err != nil {
				t.Fatal(err)
			}
			v.Del("area")
			filter, err := report.ParseFilter(v)
			if err != nil {
				t.Fatal(err)
			}
			filter.Factors = report.FactorSet(report.BadlyLit)
			res, _ := strconv.Atoi(v.Get("res"))
			got := decode[lightPlaces](t, f.get(t, "/api/v1/lighting?"+c.query))
			type truth struct {
				dark, all, known int64
				last             report.Day
				others           [report.NumFactors]int64
				recent, previous int64
			}
			want := map[h3.Cell]*truth{}
			var total int64
			for _, r := range f.reports {
				cell, err := r.Cell.Parent(res)
				if err != nil {
					t.Fatal(err)
				}
				at, err := cell.LatLng()
				if err != nil {
					t.Fatal(err)
				}
				if c.area != "" && (k.Find(at.Lng, at.Lat) < 0 || k.Areas[k.Find(at.Lng, at.Lat)].ID != c.area) {
					continue
				}
				x := want[cell]
				if x == nil {
					x = &truth{}
					want[cell] = x
				}
				if r.Dark == report.DarkYes && got.Recent != nil {
					wide := filter
					wide.From, wide.To = 0, 0
					if d := r.Day.String(); r.Matches(wide) {
						if d >= got.Recent.From && d < got.Recent.To {
							x.recent++
						}
						if d >= got.Previous.From && d < got.Previous.To {
							x.previous++
						}
					}
				}
				if !r.Matches(filter) {
					continue
				}
				x.all++
				if r.Dark != report.DarkUnknown {
					x.known++
				}
				if r.Dark == report.DarkYes {
					total++
					x.dark++
					x.last = max(x.last, r.Day)
					for _, o := range r.Factors.List() {
						x.others[o]++
					}
				}
			}
			if got.Total != total || total == 0 || got.Res != res {
				t.Fatalf("%d reports at resolution %d, want %d", got.Total, got.Res, total)
			}
			listed := int64(0)
			for i, p := range got.Places {
				cell := h3.CellFromString(p.Cell)
				x := want[cell]
				listed += p.AfterDark
				if i > 0 && got.Places[i-1].AfterDark < p.AfterDark {
					t.Errorf("%s is out of order", p.Cell)
				}
				if x == nil || p.AfterDark != x.dark || p.All != x.all || p.Last != x.last.String() || p.Recent != x.recent || p.Previous != x.previous {
					t.Fatalf("%+v, want %+v", p, x)
				}
				if *p.DarkShare < 0 || *p.DarkShare > 1 || float64(x.dark)/float64(x.known)-*p.DarkShare > 1e-9 {
					t.Errorf("%s: share %v, want %d of %d", p.Cell, *p.DarkShare, x.dark, x.known)
				}
				for _, o := range p.Others {
					factor, err := report.ParseFactor(o.Factor)
					if err != nil || factor == report.BadlyLit || o.Count != x.others[factor] {
						t.Errorf("%s: %+v, want %d", p.Cell, o, x.others[factor])
					}
				}
				if p.Lamps != nil || len(p.Boundary) < 5 {
					t.Errorf("%s: lamps %+v, boundary %v", p.Cell, p.Lamps, p.Boundary)
				}
			}
			if listed != total || int(got.Cells) != len(got.Places) {
				t.Errorf("the places add up to %d of %d, in %d of %d", listed, total, len(got.Places), got.Cells)
			}
		})
	}
}

// lit is a workbench with one lamp, in the place with the most reports.
func lit(t *testing.T) (*fixture, lightPlaces) {
	t.Helper()
	f, k := newWorkbench(t)
	first := decode[lightPlaces](t, f.get(t, "/api/v1/lighting?res=10&top=1"))
	at, err := h3.CellFromString(first.Places[0].Cell).LatLng()
	if err != nil {
		t.Fatal(err)
	}
	x, err := lamps.Read([]byte(fmt.Sprintf("id,lat,lng,kind\nL1,%v,%v,=LED\n", at.Lat, at.Lng)), nil)
	if err != nil {
		t.Fatal(err)
	}
	x.Source = "lamps.csv"
	f.handler.SetWorkbench(&server.Workbench{Revision: 9, Kinds: []*areas.Kind{k}, Lamps: x})
	return f, decode[lightPlaces](t, f.get(t, "/api/v1/lighting?res=10&top=300"))
}

func TestServer_lighting_lamps(t *testing.T) {
	_, got := lit(t)
	if got.LampSource != "lamps.csv" || got.Places[0].Lamps.Cause != "lamp_there" || got.Places[0].Lamps.Count != 1 {
		t.Errorf("the place with a lamp: %+v", got.Places[0].Lamps)
	}
	causes := map[string]int{}
	for _, p := range got.Places[1:] {
		causes[p.Lamps.Cause]++
	}
	if causes["no_lamp"] == 0 || causes["unknown"] == 0 {
		t.Errorf("causes of the others: %v; near the lamp there is none, far away nothing is known", causes)
	}
}

func TestServer_lightSheets(t *testing.T) {
	f, places := lit(t)
	for _, target := range []string{"/api/v1/lighting.csv?res=10", "/api/v1/lighting.xlsx?res=10&reason=x"} {
		if r := f.get(t, target); r.StatusCode != http.StatusBadRequest {
			t.Errorf("%s without a reason: status %d", target, r.StatusCode)
		}
	}
	query := fmt.Sprintf("?res=10&top=%d&reason=%s", len(places.Places), url.QueryEscape("lamps to repair"))
	r := f.get(t, "/api/v1/lighting.csv"+query)
	body := content(t, r)
	if r.StatusCode != http.StatusOK || !bytes.HasPrefix(body, []byte("\xef\xbb\xbf# StreetSafe")) || !strings.Contains(r.Header.Get("Content-Disposition"), ".csv") {
		t.Fatalf("status %d, begins %.60q", r.StatusCode, body)
	}
	in := csv.NewReader(bytes.NewReader(body[3:]))
	in.FieldsPerRecord = -1
	rows, err := in.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	head := slices.IndexFunc(rows, func(r []string) bool { return r[0] == "Hexagon" })
	if notes := fmt.Sprint(rows[:head]); !strings.Contains(notes, "factors=badly_lit&dark=yes") || !strings.Contains(notes, "SYNTHETIC") || !strings.Contains(notes, "lamps.csv") {
		t.Errorf("notes: %s", notes)
	}
	r = f.get(t, "/api/v1/lighting.xlsx"+query)
	book, err := excelize.OpenReader(bytes.NewReader(content(t, r)))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	cells, err := book.GetRows("Places")
	if err != nil || len(cells) != len(places.Places)+1 {
		t.Fatalf("%d rows, want %d; %v", len(cells), len(places.Places)+1, err)
	}
	for i, p := range places.Places {
		line := rows[head+1+i]
		if line[0] != p.Cell || cells[i+1][0] != p.Cell || line[4] != strconv.FormatInt(p.AfterDark, 10) || cells[i+1][4] != line[4] || line[7] != p.Last {
			t.Errorf("row %d: CSV %v, XLSX %v, want %+v", i, line, cells[i+1], p)
		}
	}
	about, err := book.GetRows("About")
	if err != nil || !strings.Contains(fmt.Sprint(about), "factors=badly_lit") {
		t.Errorf("about: %v, %v", about, err)
	}
}

func TestServer_lighting_refuses(t *testing.T) {
	f, _ := newWorkbench(t)
	for target, want := range map[string]int{
		"?factors=followed": 400, "?dark=no": 400, "?res=8": 400, "?area=ward/none": 400, "?area=parish/x": 404, "?bbox=1": 400, "?top=0": 400, "?reason=x": 400,
	} {
		if r := f.get(t, "/api/v1/lighting"+target); r.StatusCode != want {
			t.Errorf("%s: status %d, want %d", target, r.StatusCode, want)
		}
	}
	// A planner may have it, to the street lamp, but with nothing else at that resolution.
	r := f.get(t, "/api/v1/lighting?res=11", "Cookie", "streetsafe-demo=planner")
	got := decode[lightPlaces](t, r)
	if got.Res != 11 || len(got.Places) == 0 {
		t.Fatalf("a planner sees %d places at resolution %d", len(got.Places), got.Res)
	}
	for _, p := range got.Places {
		if len(p.Others) > 0 {
			t.Errorf("a planner sees %v at resolution 11", p.Others)
		}
	}
	got = decode[lightPlaces](t, f.get(t, "/api/v1/lighting?res=10", "Cookie", "streetsafe-demo=planner"))
	for _, p := range got.Places {
		for _, o := range p.Others {
			if x, _ := report.ParseFactor(o.Factor); !report.EnvironmentalFactors.Has(x) {
				t.Errorf("a planner sees %v", o)
			}
		}
	}
}

// An export leaves a line in the audit log, and none leaves without it.
func TestServer_lightSheets_audit(t *testing.T) {
	s := newSite(t, true)
	if r := s.as(t, "planner", http.MethodGet, "/api/v1/lighting.csv?reason=lamps+to+repair", nil); r.StatusCode != http.StatusOK {
		t.Fatalf("status %d: %s", r.StatusCode, content(t, r))
	}
	log, err := s.gate.RecentAudit(t.Context(), 1)
	if err != nil || len(log) != 1 || log[0].Who != "planner@example.org" || !strings.HasPrefix(log[0].What, "export lighting.csv") || log[0].Why != "lamps to repair" {
		t.Errorf("audit: %+v, %v", log, err)
	}
	region, err := s.region.WithRing("E09000008")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range decode[lightPlaces](t, s.as(t, "planner", http.MethodGet, "/api/v1/lighting?top=1000", nil)).Places {
		if c := h3.CellFromString(p.Cell); !region.Has(c) {
			t.Errorf("a planner sees %s outside the area", p.Cell)
		}
	}
}
