package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/action"
	"github.com/streetsafe/streetsafe/internal/actionbook"
	"github.com/streetsafe/streetsafe/internal/analysis"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// doneID is an action in the middle of Croydon that every fixture has: lamps that
// were mended in the first week of 2026.
const doneID = "3b241101-e2bb-4255-8caf-4136c566a962"

func middleOfCroydon(t testing.TB, res int) h3.Cell {
	t.Helper()
	c, err := h3.LatLngToCell(h3.LatLng{Lat: 51.3727, Lng: -0.1099}, res)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func doneAction(t testing.TB) action.Action {
	first, err := report.ParseDay("2026-01-01")
	if err != nil {
		t.Fatal(err)
	}
	return action.Action{ID: doneID, Kind: action.Lighting, Title: "Lamps mended", Body: "Croydon Council", PartnerNote: "ring first", Cells: []h3.Cell{middleOfCroydon(t, 8)},
		Steps: []action.Step{{Status: action.Done, Day: first + 7, Body: "Croydon Council", Recorded: first + 7}}, Works: action.Works{From: first, To: first + 7}, Public: true}
}

// newBook opens the actions of a store, with one in it.
func newBook(t testing.TB, st store.Actions) *actionbook.Book {
	t.Helper()
	body, err := doneAction(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	v := store.ActionVersion{ID: doneID, Number: 1, At: today, Who: "somebody", Change: "recorded", Body: body}
	if _, err := st.AddActionVersion(ctx, v, store.AuditEntry{At: today, Who: "somebody", What: "recorded"}); err != nil {
		t.Fatal(err)
	}
	b := actionbook.New(actionbook.Parts{Store: st, Today: func() report.Day { return report.DayOf(today) }, Now: func() time.Time { return today }, Synthetic: true})
	if err := b.Load(ctx); err != nil {
		t.Fatal(err)
	}
	return b
}

type actionAnswer struct {
	action.Record
	Version int
	May     bool `json:"may_change"`
	Lat     float64
	History []struct {
		Version         int
		Who, Change, At string
	}
}

func (f *fixture) sendAction(t testing.TB, target, body string, want int) (a actionAnswer) {
	t.Helper()
	r := f.send(t, http.MethodPost, target, body, nil)
	if r.StatusCode != want {
		t.Fatalf("%s %s: status %d, want %d: %s", target, body, r.StatusCode, want, content(t, r))
	}
	if want/100 == 2 {
		a = decode[actionAnswer](t, r)
	}
	return a
}

type actionList struct {
	Body    string
	Total   int
	Actions []struct {
		ID, Status, Place string
		Cells             []string
		Version, Size     int
	}
}

// Two clicks: a hexagon, a kind and a status are enough. Then the action goes its
// way, and each change is in its history.
func TestServer_actions(t *testing.T) {
	f := newFixture(t, nil)
	cell := middleOfCroydon(t, 10).String()
	a := f.sendAction(t, "/api/v1/actions", fmt.Sprintf(`{"kind":"vegetation","body":"Parks","steps":[{"status":"seen"}],"cells":[%q]}`, cell), http.StatusCreated)
	if a.Status != action.Seen || a.Steps[0].Day != "2026-11-24" || a.Steps[0].Body != "Parks" || !a.Public || !a.Synthetic || a.Place == "" || !a.May || len(a.History) != 1 || a.History[0].Who != "demo officer" {
		t.Fatalf("%+v", a)
	}
	if !slices.Equal(a.Cells, []string{cell}) || a.Lat == 0 {
		t.Errorf("place %v, %v", a.Cells, a.Lat)
	}
	target := "/api/v1/actions/" + a.ID
	a = f.sendAction(t, target+"/steps", `{"version":1,"status":"planned","note":"in autumn"}`, http.StatusOK)
	f.sendAction(t, target+"/steps", `{"version":1,"status":"done"}`, http.StatusConflict)
	a = f.sendAction(t, target, `{"version":2,"note":"Cut back","partner_note":"badger set","works":{"from":"2026-11-01","to":"2026-11-08"}}`, http.StatusOK)
	if a.Note != "Cut back" || a.Works.To != "2026-11-08" || a.Status != action.Planned || a.Steps[1].Note != "in autumn" {
		t.Errorf("%+v", a)
	}
	a = f.sendAction(t, target, `{"version":3,"works":{"from":"","to":""},"public":false}`, http.StatusOK)
	got := decode[actionAnswer](t, f.get(t, target))
	if got.Public || got.Works != nil || got.Version != 4 || len(got.History) != 4 || got.History[3].Change != "withdrawn from the public" || got.Note != "Cut back" {
		t.Errorf("%+v", got)
	}
	// The next form begins with the same body, and with nothing else to fill in.
	f.sendAction(t, "/api/v1/actions", `{"kind":"other","steps":[{"status":"declined","note":"A listed wall"}],"area":{"type":"Point","coordinates":[0,0]}}`, http.StatusBadRequest)
	drawn := f.sendAction(t, "/api/v1/actions", `{"kind":"other","steps":[{"status":"declined","note":"A listed wall"}],"area":`+beat+`}`, http.StatusCreated)
	if drawn.Steps[0].Body != "Parks" || len(drawn.Cells) < 50 || len(drawn.Cells) > 300 {
		t.Errorf("%+v", drawn)
	}
	outside := "89194ad1b77ffff" // in the drawn area alone
	for query, want := range map[string]int{
		"": 3, "?status=declined": 1, "?status=planned,done": 2, "?kind=lighting": 1, "?kind=cctv": 0, "?cell=" + cell: 3, "?cell=" + outside: 1,
		"?cell=" + middleOfCroydon(t, 6).String(): 3, "?bbox=-0.2,51.3,0,51.5": 3, "?bbox=1,51,2,52": 0,
	} {
		list := decode[actionList](t, f.get(t, "/api/v1/actions"+query))
		if len(list.Actions) != want || list.Total != 3 || list.Body != "Parks" {
			t.Errorf("%s: %d of %d actions, want %d of 3", query, len(list.Actions), list.Total, want)
		}
		for _, x := range list.Actions {
			if x.Cells != nil || x.ID == "" || x.Status == "" {
				t.Errorf("%s: %+v", query, x)
			}
		}
	}
}

func TestServer_actionsRefuse(t *testing.T) {
	f := newFixture(t, nil)
	cell := middleOfCroydon(t, 10).String()
	const target = "/api/v1/actions"
	for body, param := range map[string]string{
		`{"kind":"magic","body":"Parks","steps":[{"status":"seen"}],"cells":["` + cell + `"]}`:                               "kind",
		`{"kind":"other","steps":[{"status":"seen"}],"cells":["` + cell + `"]}`:                                              "body",
		`{"kind":"other","body":"Parks","cells":["` + cell + `"]}`:                                                           "steps",
		`{"kind":"other","body":"Parks","steps":[{"status":"declined"}],"cells":["` + cell + `"]}`:                           "steps[0].note",
		`{"kind":"other","body":"Parks","steps":[{"status":"seen","day":"2027-01-01"}],"cells":["` + cell + `"]}`:            "steps[0].day",
		`{"kind":"other","body":"Parks","steps":[{"status":"seen","day":"soon"}],"cells":["` + cell + `"]}`:                  "steps[0].day",
		`{"kind":"other","body":"Parks","steps":[{"status":"seen"}]}`:                                                        "cells",
		`{"kind":"other","body":"Parks","steps":[{"status":"seen"}],"cells":["here"]}`:                                       "cells",
		`{"kind":"other","body":"Parks","steps":[{"status":"seen"}],"cells":["` + cell + `"],"area":` + beat + `}`:           "area",
		`{"kind":"other","body":"Parks","steps":[{"status":"seen"}],"area":{"type":"Polygon","coordinates":[]}}`:             "area",
		`{"kind":"other","body":"Parks","steps":[{"status":"seen"}],"cells":["` + cell + `"],"works":{"from":"x","to":"y"}}`: "works.from",
		`{"kind":"other","body":"Parks","steps":[{"status":"seen"}],"cells":["` + cell + `"],"title":"` + long(200) + `"}`:   "title",
	} {
		r := f.send(t, http.MethodPost, target, body, nil)
		p := decode[struct {
			Status        int
			Detail, Param string
		}](t, r)
		if r.StatusCode != http.StatusBadRequest || p.Param != param || !strings.Contains(p.Detail, "expected") && param != "area" {
			t.Errorf("%s: status %d, %+v, want a problem with %s", body, r.StatusCode, p, param)
		}
	}
	for name, c := range map[string]struct {
		target, body string
		change       func(*http.Request)
		want         int
	}{
		"another site":      {target, `{}`, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, http.StatusForbidden},
		"a form":            {target, `a=b`, func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, http.StatusUnsupportedMediaType},
		"no JSON":           {target, `{`, nil, http.StatusBadRequest},
		"an unknown field":  {target, `{"status":"done"}`, nil, http.StatusBadRequest},
		"a parameter":       {target + "?x=1", `{}`, nil, http.StatusBadRequest},
		"very much":         {target, `{"title":"` + long(600_000) + `"}`, nil, http.StatusRequestEntityTooLarge},
		"no such action":    {target + "/" + strings.Replace(doneID, "3", "4", 1), `{"version":1}`, nil, http.StatusNotFound},
		"no such one, step": {target + "/none/steps", `{"version":1,"status":"done"}`, nil, http.StatusNotFound},
	} {
		if r := f.send(t, http.MethodPost, c.target, c.body, c.change); r.StatusCode != c.want {
			t.Errorf("%s: status %d, want %d: %s", name, r.StatusCode, c.want, content(t, r))
		}
	}
	for _, query := range []string{"?status=lost", "?kind=x", "?cell=x", "?bbox=1", "?x=1"} {
		if r := f.get(t, target+query); r.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: status %d", query, r.StatusCode)
		}
	}
	none := f.sendAction(t, target, fmt.Sprintf(`{"kind":"other","body":"Parks","steps":[{"status":"planned"}],"cells":[%q]}`, cell), http.StatusCreated)
	if r := f.get(t, target+"/"+none.ID+"/evaluation"); r.StatusCode != http.StatusConflict {
		t.Errorf("before and after of what is planned: status %d", r.StatusCode)
	}
}

func long(n int) string { return strings.Repeat("x", n) }

// Planners write and read in their area; the public, administrators and programs
// write nothing; and what is written is in the audit log.
func TestServer_actionsByRole(t *testing.T) {
	s := newSite(t, true)
	far, err := h3.LatLngToCell(h3.LatLng{Lat: 51.5, Lng: -0.3}, 9)
	if err != nil {
		t.Fatal(err)
	}
	wish := func(cell string) string {
		return fmt.Sprintf(`{"kind":"lighting","body":"Croydon Council","steps":[{"status":"seen"}],"cells":[%q]}`, cell)
	}
	home := middleOfCroydon(t, 11).String()
	post := func(who, target, body string) *http.Response {
		return s.send(t, http.MethodPost, target, body, s.asks[who])
	}
	for who, want := range map[string][2]int{
		"officer": {201, 201}, "bound officer": {201, 403}, "planner": {201, 403}, "admin": {403, 403}, "signed out": {401, 401},
		"officer's token for figures": {403, 403}, "planner's token for export": {403, 403},
	} {
		for i, cell := range []string{home, far.String()} {
			if r := post(who, "/api/v1/actions", wish(cell)); r.StatusCode != want[i] {
				t.Errorf("%s at %s: status %d, want %d: %s", who, cell, r.StatusCode, want[i], content(t, r))
			}
		}
	}
	all := decode[actionList](t, s.as(t, "officer", http.MethodGet, "/api/v1/actions", nil))
	mine := decode[actionList](t, s.as(t, "planner", http.MethodGet, "/api/v1/actions", nil))
	if all.Total != 5 || mine.Total != 4 {
		t.Errorf("an officer sees %d actions, a planner %d; want 5 and 4", all.Total, mine.Total)
	}
	for _, a := range all.Actions {
		hidden := !slices.ContainsFunc(mine.Actions, func(m struct {
			ID, Status, Place string
			Cells             []string
			Version, Size     int
		}) bool {
			return m.ID == a.ID
		})
		for _, path := range []string{"", "/evaluation"} {
			if r := s.as(t, "planner", http.MethodGet, "/api/v1/actions/"+a.ID+path, nil); hidden && r.StatusCode != http.StatusNotFound {
				t.Errorf("an action elsewhere: %s is status %d for a planner", path, r.StatusCode)
			}
		}
		if r := post("planner", "/api/v1/actions/"+a.ID+"/steps", `{"version":1,"status":"done"}`); hidden && r.StatusCode != http.StatusNotFound {
			t.Errorf("a planner changes an action elsewhere: status %d", r.StatusCode)
		}
	}
	entries, err := s.store.Audit(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	recorded := 0
	for _, e := range entries {
		if e.What == "action recorded" && strings.HasSuffix(e.Who, "@example.org") && e.Cell != "" {
			recorded++
		}
	}
	if recorded != 4 {
		t.Errorf("%d entries of 4 in the audit log", recorded)
	}
}

type evaluation struct {
	Filter, Verdict, Sentence string
	Res                       int
	Works, Before, After      struct{ From, To string }
	Place, Around             struct{ Before, After int64 }
	Expected                  *float64
	Ratio                     struct{ Estimate, Low, High *float64 }
	Caution                   string
}

// Before and after against loops over the reports, for officers and, inside their
// area only, for planners.
func TestServer_evaluation(t *testing.T) {
	s := newSite(t, true)
	const target = "/api/v1/actions/" + doneID + "/evaluation"
	for _, who := range []string{"officer", "bound officer", "planner"} {
		got := decode[evaluation](t, s.as(t, who, http.MethodGet, target+"?factors=badly_lit", nil))
		region := s.regionFor(t, who)
		near := map[h3.Cell]int{}
		for step := 0; step <= 6; step++ {
			ring, err := h3.GridDisk(middleOfCroydon(t, 8), step)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range ring {
				if _, known := near[c]; !known {
					near[c] = step
				}
			}
		}
		var place, around [2]int64
		for i, w := range []struct{ From, To string }{got.Before, got.After} {
			for _, r := range matching(t, s.reports, "factors=badly_lit&from="+w.From+"&to="+w.To) {
				step, known := near[access.Ancestor(r.Cell, 8)]
				switch {
				case !known || !inside(r, region):
				case step == 0:
					place[i]++
				case step > 1:
					around[i]++
				}
			}
		}
		if got.Res != 8 || got.Place.Before != place[0] || got.Place.After != place[1] || got.Around.Before != around[0] || got.Around.After != around[1] || place[0]+around[0] == 0 {
			t.Errorf("%s: %+v, a loop finds %v at the place and %v around it", who, got, place, around)
		}
		want := analysis.RatioOfRatios(analysis.Pair{Before: place[0], After: place[1]}, analysis.Pair{Before: around[0], After: around[1]}, 1)
		if got.Ratio.Estimate == nil || abs(*got.Ratio.Estimate-want.Estimate) > 1e-9 || got.Sentence == "" || got.Caution == "" || got.Verdict == "" {
			t.Errorf("%s: %+v, want a ratio of %v", who, got, want)
		}
		if got.Works.From != "2026-01-01" || got.Before.To > got.Works.From || got.After.From < got.Works.To {
			t.Errorf("%s: works %v between %v and %v", who, got.Works, got.Before, got.After)
		}
	}
	for query, want := range map[string]int{"?from=2026-01-01": 400, "?res=5": 400, "?factors=followed": 403, "?" + behaviouralGroup: 403, "?dark=yes&res=9": 200} {
		if r := s.as(t, "planner", http.MethodGet, target+query, nil); r.StatusCode != want {
			t.Errorf("%s: status %d, want %d", query, r.StatusCode, want)
		}
	}
	// Another action that is done takes its cells out of the comparison.
	before := decode[evaluation](t, s.as(t, "officer", http.MethodGet, target, nil))
	ring, err := h3.GridRing(middleOfCroydon(t, 8), 3)
	if err != nil {
		t.Fatal(err)
	}
	cells, err := json.Marshal(ring)
	if err != nil {
		t.Fatal(err)
	}
	wish := `{"kind":"other","body":"Parks","steps":[{"status":%q}],"cells":` + string(cells) + `}`
	for _, status := range []string{"seen", "done"} {
		if r := s.send(t, http.MethodPost, "/api/v1/actions", fmt.Sprintf(wish, status), s.asks["officer"]); r.StatusCode != http.StatusCreated {
			t.Fatalf("status %d: %s", r.StatusCode, content(t, r))
		}
		after := decode[evaluation](t, s.as(t, "officer", http.MethodGet, target, nil))
		if fewer := after.Around.Before < before.Around.Before; fewer != (status == "done") || after.Place != before.Place {
			t.Errorf("with another one that is %s: %+v, without %+v", status, after.Around, before.Around)
		}
	}
}

func abs(x float64) float64 { return max(x, -x) }

// actionRequests are for the test of the document.
func actionRequests(t testing.TB) []*http.Request {
	cell := middleOfCroydon(t, 9).String()
	get := func(target string) *http.Request { return httptest.NewRequest(http.MethodGet, target, nil) }
	full := `{"kind":"lighting","title":"Lamps","body":"Council","note":"n","note_cy":"c","partner_note":"p","place":"here","cells":["` + cell + `"],` +
		`"steps":[{"status":"done","day":"2026-01-02","body":"Council","note":"n","note_cy":"c"}],"works":{"from":"2026-01-01","to":"2026-01-08"},"public":true}`
	crossSite := sendJSON(http.MethodPost, "/api/v1/actions", full)
	crossSite.Header.Set("Sec-Fetch-Site", "cross-site")
	return []*http.Request{
		get("/api/v1/actions"), get("/api/v1/actions?status=done&kind=lighting&bbox=-1,51,1,52&cell=" + cell), get("/api/v1/actions?status=x"),
		sendJSON(http.MethodPost, "/api/v1/actions", full), sendJSON(http.MethodPost, "/api/v1/actions", `{"kind":"x"}`), crossSite,
		sendJSON(http.MethodPost, "/api/v1/actions", `{"kind":"other","body":"Parks","steps":[{"status":"seen"}],"area":`+beat+`}`),
		get("/api/v1/actions/" + doneID), get("/api/v1/actions/none"),
		get("/api/v1/actions/" + doneID + "/evaluation"), get("/api/v1/actions/" + doneID + "/evaluation?factors=badly_lit&dark=yes&res=9"),
		get("/api/v1/actions/" + doneID + "/evaluation?res=1"), get("/api/v1/actions/none/evaluation"),
		sendJSON(http.MethodPost, "/api/v1/actions/"+doneID+"/steps", `{"version":1,"status":"done","note":"again"}`),
		sendJSON(http.MethodPost, "/api/v1/actions/"+doneID, `{"version":1,"note":"stale"}`), sendJSON(http.MethodPost, "/api/v1/actions/"+doneID, `{"version":2,"public":false}`),
		sendJSON(http.MethodPost, "/api/v1/actions/none", `{"version":1}`), sendJSON(http.MethodPost, "/api/v1/actions/none/steps", `{"version":1,"status":"done"}`),
	}
}
