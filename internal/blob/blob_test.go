package blob_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/andybalholm/brotli"

	"github.com/streetsafe/streetsafe/internal/blob"
)

func serve(b *blob.Blob, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	b.Serve(w, r)
	return w
}

func TestServe_codings(t *testing.T) {
	text := strings.Repeat("a hexagon, ", 200)
	b := blob.New("text/plain", []byte(text))
	tags := map[string]bool{}
	for _, tt := range []struct{ accept, coding string }{
		{"", ""}, {"gzip", "gzip"}, {"gzip, deflate, br", "br"}, {"br;q=0, gzip", "gzip"}, {"GZIP", "gzip"}, {"gzip;q=0", ""}, {"br;q=0.5", "br"}, {"*", ""}, {"br;q=x", ""},
	} {
		w := serve(b, "Accept-Encoding", tt.accept)
		if got := w.Header().Get("Content-Encoding"); w.Code != http.StatusOK || got != tt.coding || w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: %d in coding %q, expected %q", tt.accept, w.Code, got, tt.coding)
		}
		tag := w.Header().Get("ETag")
		tags[tag] = true
		var r io.Reader = w.Body
		switch tt.coding {
		case "br":
			r = brotli.NewReader(r)
		case "gzip":
			z, err := gzip.NewReader(r)
			if err != nil {
				t.Fatal(err)
			}
			r = z
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != text {
			t.Errorf("%q: %d bytes, %v", tt.accept, len(got), err)
		}
		for _, known := range []string{`"other", ` + tag, "W/" + tag, "*"} {
			again := serve(b, "Accept-Encoding", tt.accept, "If-None-Match", known)
			if again.Code != http.StatusNotModified || again.Body.Len() > 0 || again.Header().Get("ETag") != tag || again.Header().Get("Content-Type") != "" {
				t.Errorf("%q: If-None-Match %s gives %d", tt.accept, known, again.Code)
			}
		}
	}
	if len(tags) != 3 {
		t.Errorf("three codings have %d ETags", len(tags))
	}
}

func TestServe_sentAsItIs(t *testing.T) {
	for typ, body := range map[string]string{"text/plain": "short", "image/png": strings.Repeat("p", 1000)} {
		w := serve(blob.New(typ, []byte(body)), "Accept-Encoding", "br, gzip")
		if w.Header().Get("Content-Encoding") != "" || w.Body.String() != body || w.Header().Get("Content-Type") != typ {
			t.Errorf("%s: %v", typ, w.Header())
		}
	}
}

// Many may ask first at once.
func TestServe_atOnce(t *testing.T) {
	b := blob.New("text/plain", []byte(strings.Repeat("x", 5000)))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if w := serve(b, "Accept-Encoding", "br"); w.Header().Get("Content-Encoding") != "br" {
				t.Errorf("coding %q", w.Header().Get("Content-Encoding"))
			}
		})
	}
	all.Wait()
}
