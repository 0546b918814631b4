package server_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/server"
)

const why = "&reason=for+the+beat+meeting"

// table reads an export: its notes, its head and its rows.
func table(t testing.TB, body []byte) (notes string, head []string, rows [][]string) {
	t.Helper()
	in := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))))
	in.FieldsPerRecord = -1
	all, err := in.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	n := slices.IndexFunc(all, func(r []string) bool { return r[0] == "cell" })
	if n < 0 {
		t.Fatalf("no head in %.300s", body)
	}
	for _, r := range all[:n] {
		notes += r[0] + "\n"
	}
	return notes, all[n], all[n+1:]
}

// Each number of each cell against a loop over all reports.
func TestServer_export(t *testing.T) {
	f := newFixture(t, nil)
	for _, c := range []struct {
		query string
		box   report.Box
		res   int
	}{
		{"res=9", report.Box{West: -180, South: -90, East: 180, North: 90}, 9},
		{"res=11&bbox=-0.2,51.3,0,51.45&factors=badly_lit,followed&dark=yes", report.Box{West: -0.2, South: 51.3, East: 0, North: 51.45}, 11},
		{"res=6&from=2026-01-01&to=2026-07-01&weekdays=sat,sun", report.Box{West: -180, South: -90, East: 180, North: 90}, 6},
	} {
		t.Run(c.query, func(t *testing.T) {
			filter := filterOf(t, strings.Join(slices.DeleteFunc(strings.Split(c.query, "&"), func(p string) bool {
				return strings.HasPrefix(p, "res=") || strings.HasPrefix(p, "bbox=")
			}), "&"))
			want := map[string][]uint64{}
			for _, r := range f.reports {
				cell, err := r.Cell.Parent(c.res)
				if err != nil {
					t.Fatal(err)
				}
				at, err := cell.LatLng()
				if err != nil {
					t.Fatal(err)
				}
				if !r.Matches(filter) || !c.box.Contains(at.Lat, at.Lng) {
					continue
				}
				if want[cell.String()] == nil {
					want[cell.String()] = make([]uint64, 1+report.NumFactors)
				}
				want[cell.String()][0]++
				for _, x := range r.Factors.List() {
					want[cell.String()][1+x]++
				}
			}
			r := f.get(t, "/api/v1/export.csv?"+c.query+why)
			notes, head, rows := table(t, content(t, r))
			if len(rows) != len(want) || len(want) == 0 || r.Header.Get("X-Total-Count") != strconv.Itoa(len(want)) {
				t.Fatalf("%d rows, said %s, want %d", len(rows), r.Header.Get("X-Total-Count"), len(want))
			}
			if len(head) != 4+report.NumFactors || !strings.Contains(notes, "# resolution: "+strconv.Itoa(c.res)) || !strings.Contains(notes, "synthetic") {
				t.Errorf("head %v, notes %s", head, notes)
			}
			for _, row := range rows {
				for i, n := range want[row[0]] {
					if row[3+i] != strconv.FormatUint(n, 10) {
						t.Fatalf("%s: %s is %s, want %d", row[0], head[3+i], row[3+i], n)
					}
				}
			}
			var geo struct {
				Type     string
				About    map[string]string
				Features []struct {
					Properties struct {
						Cell     string
						Count    uint64
						BadlyLit uint64 `json:"badly_lit"`
					}
				}
			}
			if err := json.Unmarshal(content(t, f.get(t, "/api/v1/export.geojson?"+c.query+why)), &geo); err != nil {
				t.Fatal(err)
			}
			if geo.Type != "FeatureCollection" || len(geo.Features) != len(want) || geo.About["resolution"] != strconv.Itoa(c.res) || geo.About["period"] == "" || geo.About["source"] == "" {
				t.Fatalf("%s of %d features about %v", geo.Type, len(geo.Features), geo.About)
			}
			for _, x := range geo.Features {
				if n := want[x.Properties.Cell]; n == nil || n[0] != x.Properties.Count || n[1+report.BadlyLit] != x.Properties.BadlyLit {
					t.Errorf("%+v, want %v", x.Properties, n)
				}
			}
		})
	}
}

// An open end of the window is that of the data, never a day of the calendar's end.
func TestServer_export_period(t *testing.T) {
	f := newFixture(t, nil)
	first, last := f.reports[0].Day, f.reports[0].Day
	for _, r := range f.reports {
		first, last = min(first, r.Day), max(last, r.Day)
	}
	for query, want := range map[string]string{
		"":                               first.String() + " to " + last.String(),
		"&from=2026-01-01":               "2026-01-01 to " + last.String(),
		"&to=2026-01-01":                 first.String() + " to 2025-12-31",
		"&from=2026-01-01&to=2026-02-01": "2026-01-01 to 2026-01-31",
	} {
		notes, _, _ := table(t, content(t, f.get(t, "/api/v1/export.csv?bbox=-0.2,51.3,0,51.45&res=7&reason=a+test"+query)))
		if !strings.Contains(notes, "# period: "+want+"\n") {
			t.Errorf("%q: want the period %s in\n%s", query, want, notes)
		}
	}
}

func TestServer_export_refuses(t *testing.T) {
	f := newFixture(t, nil)
	for target, want := range map[string]int{
		"csv": 400, "csv?reason=x": 400, "csv?res=2" + why: 400, "csv?bbox=1" + why: 400, "csv?top=4" + why: 400, "csv?factors=dim" + why: 400,
		"shp?" + why[1:]: 404, "gpkg?" + why[1:]: 404, "csv?" + why[1:]: 200,
	} {
		if r := f.get(t, "/api/v1/export."+target); r.StatusCode != want {
			t.Errorf("%s: status %d, want %d", target, r.StatusCode, want)
		}
	}
	if r := f.do(t, http.MethodHead, "/api/v1/export.csv?"+why[1:]); r.StatusCode != http.StatusOK || r.Header.Get("X-Total-Count") == "" {
		t.Errorf("HEAD: status %d", r.StatusCode)
	}
}

// A planner takes away what a planner sees, and nothing besides.
func TestServer_export_planner(t *testing.T) {
	s := newSite(t, true)
	region, err := s.region.WithRing("E09000008")
	if err != nil {
		t.Fatal(err)
	}
	get := func(query string) (string, []string, [][]string) {
		t.Helper()
		r := s.as(t, "planner", http.MethodGet, "/api/v1/export.csv?"+query+why, nil)
		if r.StatusCode != http.StatusOK {
			t.Fatalf("%s: status %d: %s", query, r.StatusCode, content(t, r))
		}
		return table(t, content(t, r))
	}
	notes, head, rows := get("res=11")
	if !strings.Contains(notes, "# limit:") || slices.Contains(head, "followed") || !slices.Contains(head, "badly_lit") || len(rows) == 0 {
		t.Errorf("%d rows with %v; notes %s", len(rows), head, notes)
	}
	for _, r := range rows {
		if c := h3.CellFromString(r[0]); c.Resolution() != 10 || !region.Has(c) {
			t.Errorf("a planner takes away %s", r[0])
		}
	}
	var behavioural []string
	for _, f := range report.BehaviouralFactors.List() {
		behavioural = append(behavioural, f.ID())
	}
	_, head, rows = get("res=11&factors=" + strings.Join(behavioural, ","))
	if len(head) != 4 {
		t.Errorf("behavioural factors are told apart: %v", head)
	}
	for _, r := range rows {
		if n, _ := strconv.Atoi(r[3]); n < 5 || h3.CellFromString(r[0]).Resolution() != 8 {
			t.Errorf("a planner takes away %v", r)
		}
	}
	if r := s.as(t, "planner", http.MethodGet, "/api/v1/export.csv?factors=followed"+why, nil); r.StatusCode != http.StatusForbidden {
		t.Errorf("one behavioural factor: status %d", r.StatusCode)
	}
	log, err := s.gate.RecentAudit(t.Context(), 1)
	if err != nil || len(log) != 1 || !strings.HasPrefix(log[0].What, "export csv of ") || log[0].Why != "for the beat meeting" {
		t.Errorf("audit: %+v, %v", log, err)
	}
}

// GeoPackages are written by a part.
func TestServer_export_package(t *testing.T) {
	f := newFixture(t, nil)
	var log bytes.Buffer
	broken := errors.New("disk full")
	h, err := server.New(server.Config{Mode: "demo", StoreID: "0123abcd"}, server.Parts{Cube: f.cube, Log: slog.New(slog.NewTextHandler(&log, nil)),
		Packages: func(w io.Writer, e *server.Export) error {
			if e.Res == 5 {
				return broken
			}
			_, err := io.WriteString(w, strconv.Itoa(len(e.Rows))+" of "+e.Columns[1])
			return err
		}})
	if err != nil {
		t.Fatal(err)
	}
	get := func(query url.Values) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v1/export.gpkg?"+query.Encode(), nil))
		return w
	}
	w := get(url.Values{"res": {"9"}, "reason": {"for QGIS"}})
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/geopackage+sqlite3" || w.Body.String() != w.Header().Get("X-Total-Count")+" of badly_lit" {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
	if w := get(url.Values{"res": {"5"}, "reason": {"for QGIS"}}); w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "disk") || !strings.Contains(log.String(), "disk full") {
		t.Errorf("a writer that fails: status %d, %s; log %s", w.Code, w.Body, &log)
	}
}
