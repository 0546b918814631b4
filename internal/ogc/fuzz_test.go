package ogc_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/ogc"
)

// Whatever is asked, the answer is one of a few, is JSON where it says so, and
// gives nothing back of what was asked that a browser would run.
func FuzzHandler(f *testing.F) {
	for _, seed := range [][2]string{{"/ogc/", ""}, {"/ogc/collections/cells-2025-H1/items", "bbox=-0.2,51.3,0,51.5&limit=3&datetime=2025-01-01/.."},
		{"/ogc/collections/cells-2025-H1/items", "bbox=1e308,1,-1e308,2&f=html"}, {"/ogc/collections/areas-2025/items/west", "f=html"},
		{"/ogc/collections/cells-2025-H1/tiles/WebMercatorQuad/12/1362/2046", ""}, {"/2025-H1/tiles.json", "x=<script>"}, {"/ogc/collections/<b>", "f=html"}} {
		f.Add(seed[0], seed[1])
	}
	h := handler(f, ogc.Config{})
	f.Fuzz(func(t *testing.T, path, query string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, &http.Request{Method: http.MethodGet, Host: "maps.example.org", URL: &url.URL{Path: path, RawQuery: query}, Header: http.Header{}})
		switch w.Code {
		case http.StatusOK, http.StatusNoContent, http.StatusBadRequest, http.StatusNotFound:
		default:
			t.Errorf("%q ? %q gives %d: %s", path, query, w.Code, w.Body)
		}
		if typ := w.Header().Get("Content-Type"); strings.Contains(typ, "json") && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%q ? %q gives %s that is none: %s", path, query, typ, w.Body)
		}
		if strings.Contains(w.Body.String(), "<script") {
			t.Errorf("%q ? %q gives a script", path, query)
		}
	})
}
