package site_test

import (
	"encoding/json"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/release/public"
	"github.com/streetsafe/streetsafe/internal/site"
)

// config reads what a page gives its script.
func config(t *testing.T, page string) (c struct {
	Lang  string
	Theme string
	At    string
	Drawn struct {
		ID     string
		Bounds [4]float64
		Tiles  map[string][]int
		Breaks map[string]map[string][]int
	}
	Releases []struct{ ID, Period string }
	Text     map[string]string
}) {
	t.Helper()
	m := regexp.MustCompile(`data-config="([^"]*)"`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no configuration in\n%.500s", page)
	}
	if err := json.Unmarshal([]byte(html.UnescapeString(m[1])), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestMap_saysWhatIsPublished(t *testing.T) {
	s := fixture(t, site.Config{ReportURL: "/report"})
	w := get(s, "/map")
	page := w.Body.String()
	for _, want := range []string{"<strong>Absence of colour is not safety.</strong>", "<strong>The guarantee is for each report, not for each person.</strong>",
		"In January to June 2026 2 hexagons", "The most in one is about 45.", "London, all of it", "1,045", `href="/report"`, "Made-up data.",
		"2026-H1/cells.csv", "2026-H1/method.txt", "2025-H2/forces.csv", "July 2025 to June 2026", `<html lang="en"`} {
		if !strings.Contains(html.UnescapeString(page), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	c := config(t, page)
	if c.Drawn.ID != "2026-H1" || len(c.Releases) != 3 || c.Releases[0].ID != "2026-H1" {
		t.Errorf("the map begins with %v of %v", c.Drawn.ID, c.Releases)
	}
	if got := c.Drawn.Tiles["12"]; len(got) != 3 || got[0] != 1363 || got[1] != 2046 || got[2] != 2047 {
		t.Errorf("tiles of zoom 12: %v, expected one run", got)
	}
	if got := c.Drawn.Breaks["count"]["8"]; len(got) < 2 || got[0] != 15 {
		t.Errorf("classes at resolution 8: %v, expected to begin with the least that is shown", got)
	}
	if c.Drawn.Bounds != [4]float64{-0.09, 51.37, -0.08, 51.38} {
		t.Errorf("bounds %v", c.Drawn.Bounds)
	}
}

// An address gives release, theme, force and language; what it says wrongly is
// the default.
func TestMap_state(t *testing.T) {
	s := shared(t)
	page := get(s, "/map?release=2025-H2&theme=both&force=surrey&lang=cy&at=51.37004,-0.1,12").Body.String()
	c := config(t, page)
	if c.Drawn.ID != "2025-H2" || c.Theme != "both" || c.Lang != "cy" || c.At != "51.3700,-0.1000,12" {
		t.Errorf("release %s, theme %s, language %s, at %s", c.Drawn.ID, c.Theme, c.Lang, c.At)
	}
	for _, want := range []string{"Surrey, 2025", "Cael eich dilyn", "Data ffug", "Gorffennaf i Rhagfyr 2025"} {
		if !strings.Contains(page, want) {
			t.Errorf("the Welsh page lacks %q", want)
		}
	}
	if page := get(s, "/map?lang=cy").Body.String(); !strings.Contains(page, "2026-H1/method.cy.txt") {
		t.Error("the Welsh page of a release with a Welsh note does not lead to it")
	}
	plain := get(s, "/map", "Accept-Language", "en").Body.String()
	for _, q := range []string{"?release=../x", "?theme=count", "?at=NaN,1,2", "?at=91,0,3", "?lang=xx", "?utm_source=1", "?cell=zz"} {
		if got := get(s, "/map"+q, "Accept-Language", "en").Body.String(); got != plain {
			t.Errorf("%s changes the page", q)
		}
	}
	if got := get(s, "/map", "Accept-Language", "cy").Header().Get("Content-Language"); got != "cy" {
		t.Errorf("a Welsh browser gets %q", got)
	}
}

func TestFigures(t *testing.T) {
	s := shared(t)
	for _, tt := range []struct{ cell, want string }{
		{shown, `{"cell":"` + shown + `","figures":{"2025-H2":{"count":40},"2026-H1":{"count":45},"2026-H1-12m":{"count":85}}}`},
		{around, `{"cell":"` + around + `","figures":{"2025-H2":{"count":210,"environmental":180},"2026-H1":{"behavioural":60,"count":250,"environmental":200}}}`},
		{hidden, `{"cell":"` + hidden + `","figures":{}}`},
	} {
		if w := get(s, "/site/cell/"+tt.cell+".json"); w.Code != 200 || w.Body.String() != tt.want || w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %d %s", tt.cell, w.Code, w.Body)
		}
	}
	if w := get(s, "/site/release/2025-H2.json"); w.Code != 200 || !strings.Contains(w.Body.String(), `"id":"2025-H2"`) {
		t.Errorf("a release: %d %s", w.Code, w.Body)
	}
}

// T11: what is no page gets the data's one and the same 404, and data stay as
// they are.
func TestServeHTTP_oneMissingAnswer(t *testing.T) {
	dir := t.TempDir()
	publish(t, dir, halves())
	s, data := open(t, dir, site.Config{})
	want := answer(get(data, "/no-such-thing"))
	for _, target := range []string{"/maps", "/map/", "/Map", "/%6dap", "/site", "/site/", "/site/a/x/site/map.js", "/site/cell/zz.json", "/site/cell/" + shown, "/site/cell/" + shown + ".json?x",
		"/site/release/2027-H1.json", "/site/release/../map", "/metrics", "/2026-H1/cells.csv?x", "/manifest.json?", "/hub", "/2026-H1/"} {
		if got := answer(get(s, target)); got != want {
			t.Errorf("%s gives\n%s\ninstead of\n%s", target, got, want)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodOptions, http.MethodDelete} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(method, "/map", nil))
		if got := answer(w); got != want {
			t.Errorf("%s /map gives\n%s", method, got)
		}
	}
	for _, path := range data.Paths() {
		if got, want := answer(get(s, path)), answer(get(data, path)); got != want {
			t.Errorf("%s: the site gives\n%s\nthe data\n%s", path, got, want)
		}
	}
}

func TestGuard(t *testing.T) {
	s := shared(t)
	w := get(s, "/map")
	csp := w.Header().Get("Content-Security-Policy")
	if !strings.Contains(csp, "frame-ancestors 'none'") || !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
	for k, want := range map[string]string{"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cache-Control": "public, max-age=300", "Set-Cookie": ""} {
		if got := w.Header().Get(k); got != want {
			t.Errorf("%s: %q, expected %q", k, got, want)
		}
	}
	if w := get(s, "/map", "If-None-Match", w.Header().Get("ETag")); w.Code != http.StatusNotModified {
		t.Errorf("revalidation gives %d", w.Code)
	}
	if w := get(s, "/"); w.Code != http.StatusFound || w.Header().Get("Location") != "/map" {
		t.Errorf("the root gives %d to %q", w.Code, w.Header().Get("Location"))
	}
}

// Pages change when data do, and for no other reason.
func TestSite_followsTheData(t *testing.T) {
	dir := t.TempDir()
	publish(t, dir, halves()[:1])
	s, data := open(t, dir, site.Config{})
	before := get(s, "/map").Body.String()
	publish(t, dir, halves())
	if got := get(s, "/map").Body.String(); got != before {
		t.Error("the page changed before the data were loaded")
	}
	if err := data.Reload(); err != nil {
		t.Fatal(err)
	}
	if got := config(t, get(s, "/map").Body.String()); got.Drawn.ID != "2026-H1" {
		t.Errorf("after loading the map shows %s", got.Drawn.ID)
	}
}

// Before the first release every page is there and says so, whether or not there
// is a directory; data are not, and the first release appears when it is loaded.
func TestSite_nothingPublished(t *testing.T) {
	empty := t.TempDir()
	publish(t, empty, nil)
	dir := filepath.Join(t.TempDir(), "later")
	for name, data := range map[string]*public.Handler{"no release in the list": handlerOf(t, empty), "no directory": public.NewEmpty(dir)} {
		s, err := site.New(site.Config{Log: slog.New(slog.DiscardHandler)}, data)
		if err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string]string{"/map": "Nothing is published yet", "/map?lang=cy": "Nid oes dim wedi", "/embed": "Nothing is published yet",
			"/embed?view=forces": "Nothing is published yet", "/embed/builder": "Nothing is published yet", "/whatchanged": "has published an action yet", "/whatchanged?lang=cy": "wedi cyhoeddi gweithred eto"} {
			if w := get(s, path); w.Code != http.StatusOK || !strings.Contains(html.UnescapeString(w.Body.String()), want) {
				t.Errorf("%s: %s: %d %.300s", name, path, w.Code, w.Body)
			}
		}
		for _, path := range []string{"/2026-H1/cells.csv", "/actions/actions.json", "/picture/map.png", "/picture/map.svg", "/ogc/"} {
			if w := get(s, path); w.Code != http.StatusNotFound {
				t.Errorf("%s: %s: %d", name, path, w.Code)
			}
		}
		if name != "no directory" {
			continue
		}
		publish(t, dir, halves())
		if err := data.Reload(); err != nil {
			t.Fatal(err)
		}
		if got := config(t, get(s, "/map").Body.String()); got.Drawn.ID != "2026-H1" {
			t.Errorf("after the first release the map shows %q", got.Drawn.ID)
		}
		if w := get(s, "/ogc/"); w.Code != http.StatusOK {
			t.Errorf("after the first release /ogc/: %d", w.Code)
		}
	}
}

func TestAssets(t *testing.T) {
	s := shared(t)
	page := get(s, "/map").Body.String()
	seen := 0
	for _, m := range regexp.MustCompile(`(?:href|src)="(site/a/[^"]+)"`).FindAllStringSubmatch(page, -1) {
		w := get(s, "/"+m[1], "Accept-Encoding", "br")
		if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: %d, %q", m[1], w.Code, w.Header().Get("Cache-Control"))
		}
		seen++
	}
	if seen < 8 {
		t.Errorf("the page names %d files", seen)
	}
	w := get(s, "/site/places.json")
	var list struct{ Places [][]any }
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || len(list.Places) < 3000 {
		t.Errorf("%d places, %v", len(list.Places), err)
	}
}

func TestNew_refuses(t *testing.T) {
	dir := t.TempDir()
	publish(t, dir, halves())
	_, data := open(t, dir, site.Config{})
	for _, cfg := range []site.Config{{Base: "maps.example.org"}, {Base: "https://maps.example.org/x"}, {Base: "ftp://x/"}, {EmbedOrigins: []string{"https://a.example; script-src *"}},
		{EmbedOrigins: []string{"*"}}, {EmbedOrigins: []string{"https://a.example/path"}}, {EmbedOrigins: []string{""}}} {
		if _, err := site.New(cfg, data); err == nil {
			t.Errorf("%+v was accepted", cfg)
		}
	}
	for _, o := range []string{"https://www.example.gov.uk", "https://*.example.org", "https:", "http://localhost:*", "http://127.0.0.1:8080"} {
		if _, err := site.New(site.Config{EmbedOrigins: []string{o}}, data); err != nil {
			t.Errorf("%s: %v", o, err)
		}
	}
}
