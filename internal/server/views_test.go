package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/internal/store/sqlite"
	"github.com/streetsafe/streetsafe/internal/watch"
)

func newStore(t testing.TB) *sqlite.Store {
	t.Helper()
	st, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), sqlite.FileName), sqlite.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

func newViews(t testing.TB, st store.Library, c *cube.Cube, gate watch.Gate) *watch.Watcher {
	t.Helper()
	return watch.New(watch.Parts{Library: st, Gate: gate, Cube: c, Log: slog.New(slog.DiscardHandler)})
}

const croydonView = `{"name":"Croydon","address":"?at=51.37,-0.1,13","filter":"factors=badly_lit","bbox":"-0.2,51.3,0,51.45","res":9,"alert":true}`

func sendJSON(method, target, body string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return r
}

func (f *fixture) send(t testing.TB, method, target, body string, ask func(*http.Request)) *http.Response {
	t.Helper()
	r := sendJSON(method, target, body)
	if ask != nil {
		ask(r)
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	return w.Result()
}

type viewList struct {
	Views []struct {
		ID                    int64
		Name, Address, Filter string
		Alert                 bool
		Why                   string
		Now                   *struct {
			Reports                     int64
			Verdict, Sentence, From, To string
		}
	}
	Alerts []store.ViewAlert
	Unseen int
}

func TestServer_views(t *testing.T) {
	f := newFixture(t, nil)
	r := f.send(t, http.MethodPost, "/api/v1/views", croydonView, nil)
	made := decode[struct{ ID int64 }](t, r)
	if r.StatusCode != http.StatusCreated || made.ID == 0 {
		t.Fatalf("status %d, id %d", r.StatusCode, made.ID)
	}
	list := decode[viewList](t, f.get(t, "/api/v1/views"))
	if len(list.Views) != 1 || list.Views[0].ID != made.ID || list.Views[0].Filter != "factors=badly_lit" || list.Views[0].Now == nil || list.Views[0].Now.Sentence == "" || list.Unseen != 0 {
		t.Fatalf("%+v", list)
	}
	now := list.Views[0].Now
	sum := decode[struct{ Total int64 }](t, f.get(t, fmt.Sprintf("/api/v1/summary?bbox=-0.2,51.3,0,51.45&res=9&factors=badly_lit&from=%s&to=%s", now.From, now.To)))
	if now.Reports != sum.Total {
		t.Errorf("%d reports in the view, the summary says %d", now.Reports, sum.Total)
	}
	path := fmt.Sprintf("/api/v1/views/%d", made.ID)
	for _, c := range []struct {
		method, target, body string
		want                 int
	}{
		{http.MethodPost, "/api/v1/views", croydonView, 409},
		{http.MethodPost, "/api/v1/views", `{"name":""}`, 400},
		{http.MethodPost, "/api/v1/views", `{"nme":""}`, 400},
		{http.MethodPost, "/api/v1/views", `{"name":3}`, 400},
		{http.MethodPost, "/api/v1/views?x=1", croydonView, 400},
		{http.MethodPost, path, `{"alert":false}`, 204},
		{http.MethodPost, path, `{}`, 400},
		{http.MethodPost, "/api/v1/views/77", `{"alert":true}`, 404},
		{http.MethodPost, "/api/v1/views/x", `{"alert":true}`, 404},
		{http.MethodPost, "/api/v1/views/seen", `{"up_to":5}`, 204},
		{http.MethodDelete, path, "", 204},
		{http.MethodDelete, path, "", 404},
	} {
		if r := f.send(t, c.method, c.target, c.body, nil); r.StatusCode != c.want {
			t.Errorf("%s %s %s: status %d, want %d: %s", c.method, c.target, c.body, r.StatusCode, c.want, content(t, r))
		}
	}
	if r := f.do(t, http.MethodPost, "/api/v1/views"); r.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("a form: status %d", r.StatusCode)
	}
	other := func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }
	if r := f.send(t, http.MethodPost, "/api/v1/views", croydonView, other); r.StatusCode != http.StatusForbidden {
		t.Errorf("another site: status %d", r.StatusCode)
	}
}

// Each account has its own views, and sees them as it sees the map.
func TestServer_views_accounts(t *testing.T) {
	s := newSite(t, true)
	for _, c := range []struct {
		who  string
		body string
		want int
	}{
		{"officer", croydonView, 201}, {"planner", croydonView, 201}, {"planner", strings.Replace(strings.Replace(croydonView, "badly_lit", "followed", 1), "Croydon", "F", 1), 403},
		{"admin", croydonView, 403}, {"signed out", croydonView, 401}, {"officer's token for figures", croydonView, 403},
	} {
		if r := s.send(t, http.MethodPost, "/api/v1/views", c.body, s.asks[c.who]); r.StatusCode != c.want {
			t.Errorf("%s: status %d, want %d", c.who, r.StatusCode, c.want)
		}
	}
	counts := map[string]int64{}
	for _, who := range []string{"officer", "planner"} {
		var list viewList
		if err := json.Unmarshal(content(t, s.as(t, who, http.MethodGet, "/api/v1/views", nil)), &list); err != nil || len(list.Views) != 1 {
			t.Fatalf("%s: %+v, %v", who, list, err)
		}
		counts[who] = list.Views[0].Now.Reports
	}
	if counts["planner"] >= counts["officer"] {
		t.Errorf("in the same view an officer of everywhere has %d reports and a planner of a part %d", counts["officer"], counts["planner"])
	}
}
