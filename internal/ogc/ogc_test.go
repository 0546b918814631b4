package ogc_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/ogc"
)

// crawl follows every link below the base from the landing page and TileJSON,
// and gives each answer's body by its address.
func crawl(t testing.TB, h http.Handler, base string, start ...string) map[string]string {
	t.Helper()
	seen := map[string]string{}
	for len(start) > 0 {
		at := start[0]
		start = start[1:]
		if _, done := seen[at]; done || !ogc.Handles(strings.SplitN(strings.TrimPrefix(at, base[:len(base)-1]), "?", 2)[0]) || strings.Contains(at, "{") {
			continue
		}
		w := get(h, at)
		seen[at] = w.Body.String()
		if w.Code != http.StatusOK {
			t.Errorf("GET %s gives %d: %s", at, w.Code, w.Body)
			continue
		}
		for _, part := range strings.FieldsFunc(seen[at], func(r rune) bool { return strings.ContainsRune("\"<> \n", r) }) {
			part = strings.NewReplacer("&amp;", "&", `\u0026`, "&", "&#43;", "+").Replace(part)
			if strings.HasPrefix(part, base) && strings.Count(part, "/items/") == 0 { // items are tried apart: there are hundreds
				start = append(start, part)
			}
		}
	}
	return seen
}

// Every link leads somewhere, and what it gives is the same from another server
// with a copy of the files: it hangs on nothing but them and the address.
func TestHandler_linksAndPureness(t *testing.T) {
	first := crawl(t, handler(t, ogc.Config{}), host, host+"ogc/", host+"2025-H1/tiles.json")
	if len(first) < 100 {
		t.Errorf("only %d resources", len(first))
	}
	for _, want := range []string{"ogc/api?f=html", "ogc/conformance", "ogc/collections/cells-2025-H2-12m-res5/items?f=html", "ogc/collections/areas-2025/items?f=json",
		"ogc/collections/cells-2025-H1/tiles/WebMercatorQuad?f=html", "ogc/tileMatrixSets/WebMercatorQuad"} {
		if first[host+want] == "" {
			t.Errorf("no link leads to %s", want)
		}
	}
	second := crawl(t, handler(t, ogc.Config{}), host, host+"ogc/", host+"2025-H1/tiles.json")
	if !maps.Equal(first, second) {
		t.Error("a second server answers differently")
	}
}

// The address that the operator gives stands in every document, whatever the
// request's host; without it the request's own does, below the prefix.
func TestHandler_base(t *testing.T) {
	fixed := handler(t, ogc.Config{Base: "https://data.example.net/safe/"})
	for at, body := range crawl(t, fixed, host, host+"ogc/", host+"2025-H1/tiles.json") {
		if strings.Contains(body, "maps.example.org") {
			t.Errorf("%s names the host of the request", at)
		}
	}
	if body := get(fixed, host+"ogc/").Body.String(); !strings.Contains(body, `"https://data.example.net/safe/ogc/collections"`) {
		t.Errorf("the landing page is %s", body)
	}
	below := http.StripPrefix("/public", handler(t, ogc.Config{Prefix: "/public"}))
	if body := get(below, host+"public/2025-H1/tiles.json").Body.String(); !strings.Contains(body, `"http://maps.example.org/public/2025-H1/{z}/{x}/{y}.mvt"`) {
		t.Errorf("TileJSON below a prefix is %s", body)
	}
	r := httptest.NewRequest(http.MethodGet, "/ogc/", nil)
	r.Host = `x"><script>`
	w := httptest.NewRecorder()
	handler(t, ogc.Config{}).ServeHTTP(w, r)
	if w.Code != http.StatusBadRequest || strings.Contains(w.Body.String(), "<") {
		t.Errorf("a host that is none gives %d: %s", w.Code, w.Body)
	}
	for _, bad := range []string{"data.example.net", "https://data.example.net", "ftp://x/", "https://x/?y"} {
		if _, err := ogc.New(files(t), ogc.Config{Base: bad}); err == nil {
			t.Errorf("base %q was accepted", bad)
		}
	}
}

func TestHandler_caching(t *testing.T) {
	h := handler(t, ogc.Config{})
	const at = host + "ogc/collections/cells-2025-H1/items"
	plain := get(h, at)
	zipped := get(h, at, "Accept-Encoding", "br, gzip;q=0.5")
	if plain.Header().Get("Content-Encoding") != "" || zipped.Header().Get("Content-Encoding") != "gzip" || plain.Header().Get("Etag") == zipped.Header().Get("Etag") {
		t.Errorf("plain %v, compressed %v", plain.Header(), zipped.Header())
	}
	z, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(z); err != nil || !bytes.Equal(body, plain.Body.Bytes()) {
		t.Errorf("compressed is not the same: %v", err)
	}
	for _, w := range []*httptest.ResponseRecorder{plain, zipped} {
		head := w.Header()
		if head.Get("Cache-Control") != "public, max-age=300" || !slices.Equal(head.Values("Vary"), []string{"Accept", "Accept-Encoding"}) || head.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("headers %v", head)
		}
	}
	again := get(h, at, "If-None-Match", plain.Header().Get("Etag"))
	if again.Code != http.StatusNotModified || again.Body.Len() > 0 {
		t.Errorf("revalidation gives %d", again.Code)
	}
	if other := get(h, at+"?limit=3", "If-None-Match", plain.Header().Get("Etag")); other.Code != http.StatusOK {
		t.Errorf("another answer under the ETag gives %d", other.Code)
	}
	if w := get(h, at, "Accept-Encoding", "gzip;q=0"); w.Header().Get("Content-Encoding") != "" {
		t.Error("a refused coding was used")
	}
}

func TestHandler_forms(t *testing.T) {
	h := handler(t, ogc.Config{})
	for _, tt := range []struct{ query, accept, want string }{
		{"", "", "application/json"}, {"", "text/html,application/xhtml+xml", "text/html; charset=utf-8"}, {"?f=json", "text/html", "application/json"},
		{"?f=html", "application/json", "text/html; charset=utf-8"}, {"", "application/json, text/html", "application/json"}, {"", "*/*", "application/json"},
	} {
		w := get(h, host+"ogc/collections"+tt.query, "Accept", tt.accept)
		if got := w.Header().Get("Content-Type"); got != tt.want {
			t.Errorf("f %q, Accept %q give %s", tt.query, tt.accept, got)
		}
	}
	page := get(h, host+"ogc/?f=html")
	if csp := page.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || !strings.Contains(page.Body.String(), `<html lang="en">`) {
		t.Errorf("the page has the policy %q", csp)
	}
	if w := get(h, host+"ogc/style.css"); w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("the style sheet: %d %v", w.Code, w.Header())
	}
}

// What cannot be met is refused with a reason, as a problem and as the OGC's
// exception.
func TestHandler_refuses(t *testing.T) {
	h := handler(t, ogc.Config{})
	const cells = "ogc/collections/cells-2025-H1/"
	for target, want := range map[string]int{
		"ogc/collections?x=1": 400, "ogc/?f=xml": 400, "ogc/?f=json&f=html": 400, "ogc/api?since=2025": 400,
		cells + "items?limit=0": 400, cells + "items?limit=-1": 400, cells + "items?limit=ten": 400, cells + "items?limit=": 400, cells + "items?limit=%2B5": 400,
		cells + "items?offset=-1": 400, cells + "items?offset=99999999999999999999": 400,
		cells + "items?bbox=1,2,3": 400, cells + "items?bbox=0,2,1,1": 400, cells + "items?bbox=a,b,c,d": 400, cells + "items?bbox=NaN,0,1,1": 400, cells + "items?bbox=0,0,9,1,1,1": 400, cells + "items?bbox=": 400,
		cells + "items?datetime=yesterday": 400, cells + "items?datetime=2025-07-01/2025-01-01": 400, cells + "items?datetime=..": 400, cells + "items?datetime=": 400,
		cells + "items?count=15": 400, cells + "items?bbox=0,0,1,1&bbox-crs=x": 400, cells + "items?limit=1;offset=2": 400,
		"ogc/nothing": 404, "ogc/collections/nothing": 404, "ogc/collections/cells-2025-H1/items/1": 404, "ogc/collections/cells-2025-H1/items/1/2": 404, "ogc/collections/cells-2025-H1-res7/tiles": 404,
		"ogc/collections/": 404, "ogc/tileMatrixSets/Other": 404, "2024-H1/tiles.json": 404, "ogc/collections/cells-2025-H1/tiles/Other/1/0/0": 404, "2025-H1/tiles.json?f=html": 400,
	} {
		w := get(h, host+target)
		if w.Code != want || w.Header().Get("Content-Type") != "application/problem+json" || !strings.Contains(w.Body.String(), `"code":`) || w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("GET %s gives %d %v: %s", target, w.Code, w.Header(), w.Body)
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, "/ogc/collections", nil))
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" {
			t.Errorf("%s gives %d", method, w.Code)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodOptions, "/ogc/collections", nil))
	if w.Code != http.StatusNoContent || w.Header().Get("Access-Control-Allow-Methods") == "" {
		t.Errorf("OPTIONS gives %d %v", w.Code, w.Header())
	}
}

func TestHandles(t *testing.T) {
	for path, want := range map[string]bool{"/ogc": true, "/ogc/": true, "/ogc/collections": true, "/2025-H1/tiles.json": true,
		"/ogcx": false, "/2025-H1/cells.csv": false, "/tiles.json": false, "/": false, "/2025-H1/x/tiles.json": false, "//tiles.json": false, "/manifest.json": false} {
		if ogc.Handles(path) != want {
			t.Errorf("Handles(%q) = %v", path, !want)
		}
	}
}
