package server_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/gazetteer"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/server"
	"github.com/streetsafe/streetsafe/internal/synth"
)

const bodySize = 4000

// shared is what the fixtures have in common and never change: making it takes
// a second under the race detector.
var shared = sync.OnceValues(func() (common, error) {
	last, err := report.ParseDay("2026-10-31")
	if err != nil {
		return common{}, err
	}
	cfg := synth.DefaultConfig(last)
	cfg.Reports = bodySize
	body, err := synth.New(cfg)
	if err != nil {
		return common{}, err
	}
	c := common{reports: slices.Collect(body.Reports())}
	b := cube.NewBuilder()
	if err := b.Add(cube.Batch{Generation: 1, Add: c.reports}); err != nil {
		return common{}, err
	}
	if c.snapshot, err = b.Snapshot(1); err != nil {
		return common{}, err
	}
	c.places, err = gazetteer.Open()
	return c, err
})

// common is a small synthetic body, its index, and the places.
type common struct {
	reports  []report.Report
	snapshot *cube.Snapshot
	places   *gazetteer.Index
}

func commonParts(t testing.TB) common {
	t.Helper()
	c, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

type fixture struct {
	cube    *cube.Cube
	handler *server.Server
	reports []report.Report
	log     *bytes.Buffer
}

func newFixture(t testing.TB, change func(*server.Config)) *fixture {
	t.Helper()
	c := commonParts(t)
	f := &fixture{reports: c.reports, cube: cube.New(c.snapshot), log: &bytes.Buffer{}}
	places, st := c.places, newStore(t)
	var err error
	cfg := server.Config{Mode: "demo", Version: "test", Synthetic: true, StoreID: "0123abcd", Origins: []string{"*"}, CacheBytes: 8 << 20}
	if change != nil {
		change(&cfg)
	}
	f.handler, err = server.New(cfg, server.Parts{Cube: f.cube, Gazetteer: places, Log: slog.New(slog.NewTextHandler(f.log, nil)), Mounted: mountForm(t, places), Views: newViews(t, st, f.cube, access.NewDemo(nil)), Actions: newBook(t, st)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if f.log.Len() > 0 {
			t.Errorf("the log is not clean:\n%s", f.log)
		}
	})
	return f
}

// get sends a request with headers given as name, value pairs.
func (f *fixture) get(t testing.TB, target string, headers ...string) *http.Response {
	t.Helper()
	return f.do(t, http.MethodGet, target, headers...)
}

func (f *fixture) do(t testing.TB, method, target string, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	return w.Result()
}

func content(t testing.TB, r *http.Response) []byte {
	t.Helper()
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decode[T any](t testing.TB, r *http.Response) T {
	t.Helper()
	var v T
	b := content(t, r)
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("status %d, not JSON: %v\n%.300s", r.StatusCode, err, b)
	}
	return v
}

const croydonTile = "/tiles/reports/12/2046/1364.mvt"

func TestServer_tileHeaders(t *testing.T) {
	f := newFixture(t, nil)
	r := f.get(t, croydonTile)
	if r.StatusCode != http.StatusOK {
		t.Fatalf("status %d: %s", r.StatusCode, content(t, r))
	}
	for name, want := range map[string]string{
		"Content-Type": "application/vnd.mapbox-vector-tile", "Cache-Control": "private, no-cache",
		"Access-Control-Allow-Origin": "*", "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	plain := content(t, r)
	etag := r.Header.Get("ETag")
	if !strings.HasPrefix(etag, `"`) {
		t.Fatalf("ETag %s is not strong", etag)
	}

	head := f.do(t, http.MethodHead, croydonTile)
	if head.StatusCode != http.StatusOK || head.Header.Get("ETag") != etag || head.ContentLength != int64(len(plain)) {
		t.Errorf("HEAD: status %d, ETag %s, length %d; GET gave %s and %d bytes", head.StatusCode, head.Header.Get("ETag"), head.ContentLength, etag, len(plain))
	}
	for _, match := range []string{etag, "W/" + etag, `"other", ` + etag, "*"} {
		if r := f.get(t, croydonTile, "If-None-Match", match); r.StatusCode != http.StatusNotModified || r.Header.Get("ETag") != etag || len(content(t, r)) != 0 {
			t.Errorf("If-None-Match %s: status %d", match, r.StatusCode)
		}
	}
	if r := f.get(t, croydonTile, "If-None-Match", `"other"`); r.StatusCode != http.StatusOK {
		t.Errorf("another ETag: status %d, want 200", r.StatusCode)
	}
}

func TestServer_contentCodings(t *testing.T) {
	f := newFixture(t, nil)
	plain := content(t, f.get(t, croydonTile))
	etags := map[string]bool{}
	for _, c := range []struct{ accept, want string }{
		{"", ""}, {"gzip", "gzip"}, {"gzip, deflate, br, zstd", "zstd"}, {"br", ""}, {"identity", ""},
		{"gzip;q=1.0, zstd;q=0.5", "gzip"}, {"zstd;q=0, gzip;q=0.1", "gzip"}, {"gzip;q=0", ""},
	} {
		r := f.get(t, croydonTile, "Accept-Encoding", c.accept)
		got := r.Header.Get("Content-Encoding")
		if got != c.want {
			t.Errorf("Accept-Encoding %q: got %q, want %q", c.accept, got, c.want)
		}
		etags[got+r.Header.Get("ETag")] = true
		if unpacked := unpack(t, got, content(t, r)); !bytes.Equal(unpacked, plain) {
			t.Errorf("Accept-Encoding %q: %d bytes unpacked, want the %d of the plain answer", c.accept, len(unpacked), len(plain))
		}
	}
	if len(etags) != 3 {
		t.Errorf("%d different ETags for three codings", len(etags))
	}
}

func unpack(t testing.TB, coding string, b []byte) []byte {
	t.Helper()
	var r io.Reader = bytes.NewReader(b)
	var err error
	switch coding {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "zstd":
		r, err = zstd.NewReader(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

type problem struct {
	Status              int
	Title, Detail       string
	Param, Value, Extra string
}

func TestServer_problems(t *testing.T) {
	f := newFixture(t, nil)
	for _, c := range []struct {
		target string
		status int
		param  string
	}{
		{"/tiles/reports/12/2046/1364.mvt?factors=dim", 400, "factors"},
		{"/tiles/reports/12/2046/1364.mvt?from=yesterday", 400, "from"},
		{"/tiles/reports/12/2046/1364.mvt?from=2026-01-02&to=2026-01-01", 400, "to"},
		{"/tiles/reports/12/2046/1364.mvt?dark=maybe", 400, "dark"},
		{"/tiles/reports/12/2046/1364.mvt?res=3", 400, "res"},
		{"/tiles/reports/12/2046/1364.mvt?res=x", 400, "res"},
		{"/tiles/reports/12/2046/1364.mvt?cell=yes", 400, "cell"},
		{"/tiles/reports/12/2046/1364.mvt?utm_source=x", 400, "utm_source"},
		{"/tiles/reports/12/2046/1364.mvt?dark=yes&dark=no", 400, "dark"},
		{"/tiles/reports/12/2046/1364.mvt?%zz", 400, ""},
		{"/tiles/reports/012/2046/1364.mvt", 400, "z"},
		{"/tiles/reports/23/0/0.mvt", 404, ""},
		{"/tiles/reports/1/2/0.mvt", 404, ""},
		{"/tiles/reports/1/0/2.mvt", 404, ""},
		{"/tiles/reports/1/-1/0.mvt", 404, ""},
		{"/tiles/reports/1/0/0.png", 404, ""},
		{"/tiles/reports.json?factors=dim", 400, "factors"},
		{"/api/v1/summary?bbox=1,2,3", 400, "bbox"},
		{"/api/v1/summary?bbox=1,2,0,3", 400, "bbox"},
		{"/api/v1/summary?res=12", 400, "res"},
		{"/api/v1/summary?top=-1", 400, "top"},
		{"/api/v1/summary?limit=3", 400, "limit"},
		{"/api/v1/scale?res=2", 400, "res"},
		{"/api/v1/cells/zzz", 400, "cell"},
		{"/api/v1/cells/85194ad3fffffff?top=1", 400, "top"},
		{"/api/v1/cells/82194ffffffffff", 400, "cell"},
		{"/api/v1/places", 400, "q"},
		{"/api/v1/places?q=x&limit=0", 400, "limit"},
		{"/api/v1/nothing", 404, ""},
		{"/static/secret.txt", 404, ""},
		{"/static/../go.mod", 404, ""},
		{"/nothing", 404, ""},
	} {
		r := f.get(t, c.target)
		if r.StatusCode == http.StatusMovedPermanently {
			r = f.get(t, r.Header.Get("Location")) // the router cleans paths
		}
		if got := r.Header.Get("Content-Type"); got != "application/problem+json" {
			t.Errorf("%s: Content-Type %q", c.target, got)
		}
		if r.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: a script of another origin cannot read the error", c.target)
		}
		p := decode[problem](t, r)
		if r.StatusCode != c.status || p.Status != c.status || p.Param != c.param || p.Detail == "" {
			t.Errorf("%s: got status %d and %+v, want %d naming %q", c.target, r.StatusCode, p, c.status, c.param)
		}
	}
}

func TestServer_methods(t *testing.T) {
	f := newFixture(t, nil)
	r := f.do(t, http.MethodPost, "/api/v1/summary")
	if r.StatusCode != http.StatusMethodNotAllowed || r.Header.Get("Allow") != "GET, HEAD, OPTIONS" {
		t.Errorf("POST: status %d, Allow %q", r.StatusCode, r.Header.Get("Allow"))
	}
	if r := f.do(t, http.MethodOptions, croydonTile); r.StatusCode != http.StatusNoContent || r.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("OPTIONS: status %d", r.StatusCode)
	}
}

// A script may send these headers along once the browser has asked.
func TestServer_preflight(t *testing.T) {
	const listed = "https://maps.example.org"
	for name, c := range map[string]struct {
		origins                  []string
		origin, methods, headers string
		age                      string
	}{
		"everybody":         {[]string{"*"}, listed, "GET, HEAD", "If-None-Match", "7200"},
		"a listed origin":   {[]string{listed}, listed, "GET, HEAD", "If-None-Match, Authorization", "7200"},
		"another origin":    {[]string{listed}, "https://elsewhere.example.org", "", "", ""},
		"no origins at all": {nil, listed, "", "", ""},
	} {
		f := newFixture(t, func(cfg *server.Config) { cfg.Origins = c.origins })
		for _, target := range []string{croydonTile, "/api/v1/summary"} {
			r := f.do(t, http.MethodOptions, target, "Origin", c.origin, "Access-Control-Request-Method", "GET",
				"Access-Control-Request-Headers", "if-none-match")
			h := r.Header
			if r.StatusCode != http.StatusNoContent || h.Get("Access-Control-Allow-Methods") != c.methods ||
				h.Get("Access-Control-Allow-Headers") != c.headers || h.Get("Access-Control-Max-Age") != c.age {
				t.Errorf("%s, %s: status %d, %v", name, target, r.StatusCode, h)
			}
		}
	}
}

func TestServer_unknownParameters(t *testing.T) {
	f := newFixture(t, nil)
	for target, want := range map[string]string{
		"/api/v1/factors?x=1":                 "Unknown parameter x: this address takes none.",
		"/api/v1/places?q=croydon&foo=1":      "Unknown parameter foo: this address takes q, limit.",
		"/api/v1/cells/85194ad3fffffff?top=1": "Unknown parameter top: this address takes factors, from, to, dayparts, weekdays, dark.",
		"/api/v1/factors?%3Cscript%3E=1":      "Unknown parameter <script>: this address takes none.",
	} {
		r := f.get(t, target)
		if p := decode[problem](t, r); r.StatusCode != http.StatusBadRequest || p.Detail != want {
			t.Errorf("%s: status %d, %q, want %q", target, r.StatusCode, p.Detail, want)
		}
	}
}

func TestServer_emptyTile(t *testing.T) {
	f := newFixture(t, nil)
	for _, ext := range []string{"mvt", "geojson"} {
		r := f.get(t, "/tiles/reports/10/0/0."+ext)
		if r.StatusCode != http.StatusNoContent || len(content(t, r)) != 0 || r.Header.Get("ETag") == "" {
			t.Errorf("%s of the open sea: status %d", ext, r.StatusCode)
		}
	}
}

func TestServer_origins(t *testing.T) {
	f := newFixture(t, func(c *server.Config) { c.Origins = []string{"https://maps.example.org"} })
	if got := f.get(t, croydonTile, "Origin", "https://maps.example.org").Header.Get("Access-Control-Allow-Origin"); got != "https://maps.example.org" {
		t.Errorf("a listed origin got %q", got)
	}
	r := f.get(t, croydonTile, "Origin", "https://elsewhere.example.org")
	if got := r.Header.Get("Access-Control-Allow-Origin"); got != "" || !strings.Contains(strings.Join(r.Header.Values("Vary"), ","), "Origin") {
		t.Errorf("another origin got %q, Vary %q", got, r.Header.Values("Vary"))
	}
}

// A page that points its own name to 127.0.0.1 must not read the map.
func TestServer_hosts(t *testing.T) {
	f := newFixture(t, func(c *server.Config) { c.Hosts = []string{"localhost", "127.0.0.1", "::1"} })
	for host, want := range map[string]int{
		"localhost:8080": 200, "127.0.0.1:8080": 200, "[::1]:8080": 200, "LOCALHOST": 200,
		"evil.example.org": 421, "127.0.0.1.evil.example.org:8080": 421, "": 421,
	} {
		r := httptest.NewRequest(http.MethodGet, "/healthz", nil)
		r.Host = host
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("host %q: status %d, want %d", host, w.Code, want)
		}
	}
}

func TestServer_pages(t *testing.T) {
	f := newFixture(t, nil)
	for _, path := range []string{"/", "/hub"} {
		r := f.get(t, path)
		page := string(content(t, r))
		if r.StatusCode != http.StatusOK || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") {
			t.Fatalf("%s: status %d, %s", path, r.StatusCode, r.Header.Get("Content-Type"))
		}
		csp := r.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: policy %q lacks %s", path, csp, want)
			}
		}
		if strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", path, csp)
		}
		f.checkAssets(t, path, page)
	}
}

// checkAssets follows every address under /static/ that a page names.
func (f *fixture) checkAssets(t *testing.T, path, page string) {
	t.Helper()
	parts := strings.Split(page, `"/static/`)
	if len(parts) < 2 {
		t.Errorf("%s loads nothing", path)
	}
	for _, rest := range parts[1:] {
		asset := "/static/" + rest[:strings.IndexByte(rest, '"')]
		r := f.get(t, asset)
		if r.StatusCode != http.StatusOK || !strings.Contains(r.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s names %s: status %d, Cache-Control %q", path, asset, r.StatusCode, r.Header.Get("Cache-Control"))
		}
		if again := f.get(t, asset, "If-None-Match", r.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s: status %d with its own ETag", asset, again.StatusCode)
		}
	}
}

func TestServer_onlineBasemapIsInThePolicy(t *testing.T) {
	f := newFixture(t, func(c *server.Config) {
		c.Basemap = server.Basemap{URL: "https://{s}.tiles.example.org/{z}/{x}/{y}.png", Attribution: "Example", MaxZoom: 18}
	})
	if csp := f.get(t, "/hub").Header.Get("Content-Security-Policy"); !strings.Contains(csp, "img-src 'self' data: https://*.tiles.example.org;") {
		t.Errorf("policy %q does not allow the basemap", csp)
	}
	got := decode[struct {
		Basemap struct{ Kind, URL, Attribution string }
	}](t, f.get(t, "/api/v1/config"))
	if got.Basemap.Kind != "xyz" || got.Basemap.Attribution != "Example" {
		t.Errorf("config says %+v", got.Basemap)
	}
}

func TestServer_readyz(t *testing.T) {
	f := newFixture(t, nil)
	got := decode[struct {
		Ready   bool
		Reports int64
	}](t, f.get(t, "/readyz"))
	if !got.Ready || got.Reports != bodySize {
		t.Errorf("got %+v", got)
	}
}

func TestServer_icon(t *testing.T) {
	f := newFixture(t, nil)
	r := f.get(t, "/favicon.ico")
	if body := content(t, r); r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != "image/svg+xml" || !bytes.Contains(body, []byte("<svg")) {
		t.Errorf("status %d, type %s: %.60s", r.StatusCode, r.Header.Get("Content-Type"), body)
	}
}
