package server_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/areas"
	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/server"
	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/internal/watch"
)

// today is the day of the tests with accounts: the half-year under way began
// on 1 July 2026.
var today = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

const password = "three random words"

// site is a server with accounts.
type site struct {
	*fixture
	gate   *access.Gate
	region *access.Region // of the bound accounts, without a ring
	store  store.Access
	asks   map[string]func(*http.Request)
}

type oneArea struct{ region *access.Region }

func (a oneArea) Region(code string) (*access.Region, bool) { return a.region, code == "E09000008" }

// croydonRegion is a part of Croydon as the boundary of a council.
func croydonRegion(t testing.TB) *access.Region {
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
	return r
}

// newSite starts a server with one account of each kind. With areas, the
// accounts named "bound" are kept to a council.
func newSite(t testing.TB, withAreas bool) *site {
	t.Helper()
	c := commonParts(t)
	s := &site{fixture: &fixture{reports: c.reports, cube: cube.New(c.snapshot)}, region: croydonRegion(t), asks: map[string]func(*http.Request){"signed out": func(*http.Request) {}}}
	var err error
	st := newStore(t)
	s.store = st
	cfg := access.Config{Params: access.Params{Time: 1, Memory: 8, Threads: 1}, Now: func() time.Time { return today }}
	if withAreas {
		cfg.Areas = oneArea{s.region}
	}
	if s.gate, err = access.New(context.Background(), st, cfg); err != nil {
		t.Fatal(err)
	}
	s.handler, err = server.New(server.Config{Mode: "serve", Version: "test", Synthetic: true, StoreID: "0123abcd", CacheBytes: 8 << 20},
		server.Parts{Cube: s.cube, Gazetteer: c.places, Access: s.gate, Views: watch.New(watch.Parts{Library: st, Gate: s.gate, Cube: s.cube, Log: slog.New(slog.DiscardHandler)}), Actions: newBook(t, st), Now: func() time.Time { return today }, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	s.handler.SetWorkbench(&server.Workbench{Kinds: []*areas.Kind{twelfths(t)}, Lamps: twoLamps(t)})
	s.account(t, "officer", "officer", "")
	s.account(t, "bound officer", "officer", "E09000008")
	s.account(t, "planner", "planner", "E09000008")
	s.account(t, "admin", "admin", "")
	return s
}

// account adds an account with a session and a token for each scope, and how
// to ask with them: "officer", "officer's token for tiles" and so on.
func (s *site) account(t testing.TB, name, role, area string) {
	t.Helper()
	ctx := context.Background()
	email := strings.ReplaceAll(name, " ", "-") + "@example.org"
	a, err := s.gate.AddAccount(ctx, access.NewAccount{Email: email, Role: role, Area: area, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	if err := s.gate.Login(w, httptest.NewRequest(http.MethodPost, "/login", nil), email, password); err != nil {
		t.Fatal(err)
	}
	cookies := w.Result().Cookies()
	s.asks[name] = func(r *http.Request) {
		for _, c := range cookies {
			r.AddCookie(c)
		}
	}
	for _, scope := range access.ScopeNames() {
		scopes, err := access.ParseScopes(scope)
		if err != nil {
			t.Fatal(err)
		}
		secret, _, err := s.gate.CreateToken(ctx, access.NewToken{Account: a.ID, Name: scope, Scopes: scopes, Days: 1})
		if err != nil {
			t.Fatal(err)
		}
		s.asks[name+"'s token for "+scope] = func(r *http.Request) { r.SetBasicAuth("gis", secret) }
	}
}

// as sends a request as somebody.
func (s *site) as(t testing.TB, who, method, target string, form url.Values) *http.Response {
	t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, target, body)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	ask, ok := s.asks[who]
	if !ok {
		t.Fatalf("nobody is called %q", who)
	}
	ask(r)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(&firstLook{w, cancel}, r.WithContext(ctx))
	return w.Result()
}

// firstLook leaves when something is flushed to it: streams go on for ever.
type firstLook struct {
	*httptest.ResponseRecorder
	leave func()
}

func (f *firstLook) Flush()            { f.leave() }
func (f *firstLook) FlushError() error { f.leave(); return nil }

// kind is what the policy says of a route.
type kind int

const (
	everybody kind = iota // holds no report
	mapped                // tiles, TileJSON, scale
	figured               // totals and breakdowns
	searched              // places
	exported              // files to take away
	posted                // takes POST alone
	hubPage               // HTML of the map
	demoOnly              // there is no such thing outside the demo
)

// routeKinds says of every route who may have it, and how to ask for it. A
// route that is not here must refuse whoever may not see reports.
var routeKinds = map[string]struct {
	kind   kind
	target string
}{
	"/":                           {everybody, "/"},
	"/healthz":                    {everybody, "/healthz"},
	"/readyz":                     {everybody, "/readyz"},
	"/static/{path:.+}":           {everybody, "/static/app/base.css"},
	"/favicon.ico":                {everybody, "/favicon.ico"},
	"/api/openapi.json":           {everybody, "/api/openapi.json"},
	"/api/v1/factors":             {everybody, "/api/v1/factors"},
	"/api/v1/config":              {everybody, "/api/v1/config"},
	"/api/v1/session":             {everybody, "/api/v1/session"},
	"/tiles/reports.json":         {mapped, "/tiles/reports.json"},
	"/tiles/reports/{address:.+}": {mapped, "/tiles/reports/8/127/85.mvt"},
	"/api/v1/scale":               {mapped, "/api/v1/scale?res=8"},
	"/api/v1/events":              {mapped, "/api/v1/events"},
	"/api/v1/summary":             {figured, "/api/v1/summary"},
	"/api/v1/hotspots":            {figured, "/api/v1/hotspots"},
	"/api/v1/trends":              {figured, "/api/v1/trends"},
	"/api/v1/areas":               {mapped, "/api/v1/areas?kind=ward"},
	"/api/v1/areas/{kind}/{id}":   {mapped, "/api/v1/areas/ward/W03"},
	"/tiles/areas/{kind}.json":    {mapped, "/tiles/areas/ward.json"},

	"/tiles/areas/{kind}/{z}/{x}/{y}.mvt": {mapped, "/tiles/areas/ward/8/127/85.mvt"},
	"/api/v1/areas/{kind}/figures":        {figured, "/api/v1/areas/ward/figures"},
	"/api/v1/cells/{cell}":                {figured, "/api/v1/cells/85194ad3fffffff"},
	"/api/v1/places":                      {searched, "/api/v1/places?q=croydon"},
	"/tiles/lamps.json":                   {mapped, "/tiles/lamps.json"},
	"/tiles/lamps/{z}/{x}/{y}.mvt":        {mapped, "/tiles/lamps/14/8187/5457.mvt"},
	"/hub":                                {hubPage, "/hub"},
	"/api/v1/export.{format}":             {exported, "/api/v1/export.csv?reason=to+repair"},
	"/api/v1/views":                       {figured, "/api/v1/views"},
	"/api/v1/views/seen":                  {posted, "/api/v1/views/seen"},
	"/api/v1/views/{id}":                  {posted, "/api/v1/views/1"},
	"/hub/lighting":                       {hubPage, "/hub/lighting"},
	"/api/v1/lighting":                    {figured, "/api/v1/lighting"},
	"/api/v1/lighting.csv":                {exported, "/api/v1/lighting.csv?reason=to+repair"},
	"/api/v1/lighting.xlsx":               {exported, "/api/v1/lighting.xlsx?reason=to+repair&top=1"},
	"/api/v1/actions":                     {figured, "/api/v1/actions?status=done"},
	"/api/v1/actions/{id}":                {figured, "/api/v1/actions/" + doneID},
	"/api/v1/actions/{id}/steps":          {posted, "/api/v1/actions/" + doneID + "/steps"},
	"/api/v1/actions/{id}/evaluation":     {figured, "/api/v1/actions/" + doneID + "/evaluation"},
	"/demo/view":                          {demoOnly, "/demo/view"},
}

// wanted is the status of a route for somebody.
func (k kind) wanted(who string) int {
	role, token, _ := strings.Cut(who, "'s token for ")
	seesMap := strings.HasSuffix(role, "officer") || role == "planner"
	switch {
	case k == everybody:
		return http.StatusOK
	case k == demoOnly, k == posted:
		return http.StatusMethodNotAllowed
	case k == hubPage && (who == "signed out" || who == "admin"):
		return http.StatusSeeOther
	case who == "signed out":
		return http.StatusUnauthorized
	case token != "" && token != map[kind]string{mapped: "tiles", hubPage: "tiles", figured: "figures", searched: "figures", exported: "export"}[k]:
		return http.StatusForbidden
	case k == searched, seesMap:
		return http.StatusOK
	}
	return http.StatusForbidden
}

// Every route as everybody, held to the table of tiers.
func TestServer_everyRouteAsEverybody(t *testing.T) {
	s := newSite(t, false)
	for _, route := range s.handler.Routes() {
		k, known := routeKinds[route]
		if !known {
			k.kind, k.target = figured, strings.NewReplacer("{cell}", "85194ad3fffffff", "{format}", "csv").Replace(route)
		}
		for who := range s.asks {
			r := s.as(t, who, http.MethodGet, k.target, nil)
			body := string(content(t, r))
			want := k.kind.wanted(who)
			if !known {
				if want != http.StatusOK && r.StatusCode != want {
					t.Errorf("%s as %s: status %d, want %d; is it missing from routeKinds? %.200s", route, who, r.StatusCode, want, body)
				}
				continue
			}
			if r.StatusCode != want {
				t.Errorf("%s as %s: status %d, want %d: %.200s", route, who, r.StatusCode, want, body)
			}
			if r.StatusCode == http.StatusUnauthorized && !strings.HasPrefix(r.Header.Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("%s as %s: 401 without saying how to authenticate", route, who)
			}
			if cache := r.Header.Get("Cache-Control"); k.kind != everybody && !strings.Contains(cache, "private") && !strings.Contains(cache, "no-store") && r.StatusCode != http.StatusMethodNotAllowed {
				t.Errorf("%s as %s: Cache-Control %q lets proxies keep it", route, who, cache)
			}
		}
	}
	for route := range routeKinds {
		found := false
		for _, r := range s.handler.Routes() {
			found = found || r == route
		}
		if !found {
			t.Errorf("%s is in the table and no route", route)
		}
	}
}

// Whoever may not see the map is told nothing of the reports.
func TestServer_nothingForStrangers(t *testing.T) {
	s := newSite(t, false)
	for _, who := range []string{"signed out", "admin"} {
		for _, path := range []string{"/readyz", "/api/v1/config", "/api/v1/session", "/hub"} {
			body := string(content(t, s.as(t, who, http.MethodGet, path, nil)))
			for _, leak := range []string{"4000", `"reports":`, `"bounds":[`, `"generation":1`} {
				if strings.Contains(body, leak) {
					t.Errorf("%s tells %s %q: %s", path, who, leak, body)
				}
			}
		}
	}
}

// The demo is open: as an officer, and as whom its visitor chooses.
func TestServer_demoViews(t *testing.T) {
	f := newFixture(t, nil)
	for _, c := range []struct {
		view            string
		summary, page   int
		role, behaviour string
	}{
		{"", 200, 200, "officer", "behavioural"}, {"officer", 200, 200, "officer", "behavioural"}, {"planner", 200, 200, "planner", "behavioural-group"},
		{"public", 403, 200, "public", ""}, {"signed-out", 401, 303, "signed-out", ""},
	} {
		var cookie string
		if c.view != "" {
			r := httptest.NewRequest(http.MethodPost, "/demo/view", strings.NewReader("as="+c.view))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			f.handler.ServeHTTP(w, r)
			if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/hub" {
				t.Fatalf("switching to %s: status %d", c.view, w.Code)
			}
			cookie = w.Result().Cookies()[0].String()
		}
		if r := f.get(t, "/api/v1/summary", "Cookie", cookie); r.StatusCode != c.summary {
			t.Errorf("%s: summary %d, want %d", c.view, r.StatusCode, c.summary)
		}
		if r := f.get(t, "/hub", "Cookie", cookie); r.StatusCode != c.page {
			t.Errorf("%s: hub %d, want %d", c.view, r.StatusCode, c.page)
		}
		got := decode[struct {
			Role       string
			Demo       bool
			May, Views []string
		}](t, f.get(t, "/api/v1/session", "Cookie", cookie))
		if may := strings.Join(got.May, " ") + " "; got.Role != c.role || !got.Demo || len(got.Views) != 4 || c.behaviour != "" && !strings.Contains(may, " "+c.behaviour+" ") {
			t.Errorf("%s: session %+v", c.view, got)
		}
	}
	for _, bad := range []struct{ as, site string }{{"admin", "same-origin"}, {"", "same-origin"}, {"planner", "cross-site"}} {
		r := httptest.NewRequest(http.MethodPost, "/demo/view", strings.NewReader("as="+bad.as))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", bad.site)
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, r)
		if w.Code < 400 || len(w.Result().Cookies()) > 0 {
			t.Errorf("%+v: status %d", bad, w.Code)
		}
	}
}

// A server that is no demo does not start open.
func TestNew_needsAccess(t *testing.T) {
	if _, err := server.New(server.Config{Mode: "serve"}, server.Parts{}); err == nil {
		t.Error("a server without accounts started")
	}
}

// The session is gone: what the browser keeps for ever must not be shown to
// whoever logs in next, so the addresses of tiles differ by view.
func TestServer_tileURLsDifferByView(t *testing.T) {
	s := newSite(t, true)
	urls := map[string]string{}
	for _, who := range []string{"officer", "bound officer", "planner"} {
		set := decode[struct{ Tiles []string }](t, s.as(t, who, http.MethodGet, "/tiles/reports.json", nil))
		urls[who] = set.Tiles[0]
	}
	if urls["officer"] == urls["planner"] || urls["officer"] == urls["bound officer"] || urls["planner"] == urls["bound officer"] {
		t.Errorf("tile URLs %v", urls)
	}
	path := func(who string) string {
		return strings.NewReplacer("http://example.com", "", "{z}", "8", "{x}", "127", "{y}", "85").Replace(urls[who])
	}
	for who := range urls {
		for owner := range urls {
			cache := s.as(t, who, http.MethodGet, path(owner), nil).Header.Get("Cache-Control")
			if strings.Contains(cache, "immutable") != (who == owner) {
				t.Errorf("%s at the address of %s: Cache-Control %q", who, owner, cache)
			}
		}
	}
	if r := s.as(t, "signed out", http.MethodGet, path("officer"), nil); r.StatusCode != http.StatusUnauthorized {
		t.Errorf("signed out at the address of an officer: status %d", r.StatusCode)
	}
}
