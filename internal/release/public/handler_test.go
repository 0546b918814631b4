package public_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"github.com/streetsafe/streetsafe/internal/release/public"
)

func sha(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

var content = map[string]string{
	"cells.csv":        strings.Repeat("8,88194ad305fffff,51.37,-0.09,15\r\n", 100),
	"method.txt":       "short",
	"12/2045/1362.mvt": strings.Repeat("\x1a\x02tile", 200),
	"tiles.pmtiles":    "PMTiles\x03" + strings.Repeat("0123456789", 1000),
	"res8.geojson":     `{"type":"FeatureCollection","features":[` + strings.Repeat(" ", 500) + `]}`,
}

// write makes a directory of one release for each id.
func write(t testing.TB, dir string, ids ...string) {
	t.Helper()
	index := public.Index{Format: 1}
	for _, id := range ids {
		m := public.Manifest{Format: 1, Release: id}
		for _, name := range slices.Sorted(maps.Keys(content)) {
			body := content[name]
			full := filepath.Join(dir, id, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(full, []byte(id+body), 0o600); err != nil {
				t.Fatal(err)
			}
			m.Files = append(m.Files, public.File{Path: name, Bytes: int64(len(id + body)), SHA256: sha([]byte(id + body))})
		}
		index.Releases = append(index.Releases, public.Release{ID: id, Manifest: id + "/manifest.json", SHA256: writeJSON(t, filepath.Join(dir, id, "manifest.json"), m)})
	}
	writeJSON(t, filepath.Join(dir, "manifest.json"), index)
}

func writeJSON(t testing.TB, file string, v any) (hash string) {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return sha(b)
}

func handler(t testing.TB, dir string) *public.Handler {
	t.Helper()
	h, err := public.NewHandler(dir)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func get(h http.Handler, method, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestHandler_codings(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "2025-H1")
	h := handler(t, dir)
	tags := map[string]string{}
	for _, tt := range []struct{ accept, coding string }{
		{"", ""}, {"gzip", "gzip"}, {"gzip, deflate, br", "br"}, {"br;q=0, gzip", "gzip"}, {"identity", ""}, {"GZIP", "gzip"}, {"gzip;q=0", ""}, {"*", ""},
	} {
		w := get(h, "GET", "/2025-H1/cells.csv", "Accept-Encoding", tt.accept)
		if w.Code != 200 || w.Header().Get("Content-Encoding") != tt.coding {
			t.Errorf("%q: %d in coding %q, expected %q", tt.accept, w.Code, w.Header().Get("Content-Encoding"), tt.coding)
		}
		sent := w.Body.Len()
		if got := decode(t, w); got != "2025-H1"+content["cells.csv"] {
			t.Errorf("%q: another body of %d bytes", tt.accept, len(got))
		}
		for k, want := range map[string]string{"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding",
			"Content-Type": "text/csv; charset=utf-8", "Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff",
			"Content-Length": fmt.Sprint(sent)} {
			if w.Header().Get(k) != want {
				t.Errorf("%q: %s is %q, expected %q", tt.accept, k, w.Header().Get(k), want)
			}
		}
		tag := w.Header().Get("Etag")
		if strings.HasPrefix(tag, "W/") || tags[tag] != "" && tags[tag] != tt.coding+"." {
			t.Errorf("%q: ETag %s is weak, or that of another coding", tt.accept, tag)
		}
		tags[tag] = tt.coding + "."
		again := get(h, "GET", "/2025-H1/cells.csv", "Accept-Encoding", tt.accept, "If-None-Match", `"other", `+tag)
		if again.Code != 304 || again.Body.Len() > 0 || again.Header().Get("Etag") != tag || again.Header().Get("Content-Type") != "" {
			t.Errorf("%q: revalidation gives %d with %d bytes", tt.accept, again.Code, again.Body.Len())
		}
	}
	if len(tags) != 3 {
		t.Errorf("three codings have %d ETags", len(tags))
	}
	if w := get(h, "GET", "/manifest.json"); w.Code != 200 || w.Header().Get("Cache-Control") != "public, max-age=300" {
		t.Errorf("the list of releases: %d, %q; it grows", w.Code, w.Header().Get("Cache-Control"))
	}
}

func decode(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var r io.Reader = w.Body
	switch w.Header().Get("Content-Encoding") {
	case "gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		r = z
	case "br":
		r = brotli.NewReader(r)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// PMTiles clients read parts.
func TestHandler_Open(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "2025-H1")
	h := handler(t, dir)
	body, etag, ok := h.Open("/2025-H1/cells.csv")
	if want := "2025-H1" + content["cells.csv"]; !ok || string(body) != want {
		t.Errorf("Open gives %d bytes, %v, not the file of %d", len(body), ok, len(want))
	}
	if got := get(h, http.MethodGet, "/2025-H1/cells.csv", "Accept-Encoding", "identity").Header().Get("ETag"); got != etag {
		t.Errorf("ETag %s, served as %s", etag, got)
	}
	if _, _, ok := h.Open("/2025-H1/other.csv"); ok {
		t.Error("a file that is not published is there")
	}
}

func TestHandler_ranges(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "2025-H1")
	h := handler(t, dir)
	whole := "2025-H1" + content["tiles.pmtiles"]
	w := get(h, "GET", "/2025-H1/tiles.pmtiles", "Range", "bytes=7-13", "Accept-Encoding", "gzip, br")
	if w.Code != 206 || w.Body.String() != "PMTiles" || w.Header().Get("Content-Encoding") != "" ||
		w.Header().Get("Content-Range") != fmt.Sprintf("bytes 7-13/%d", len(whole)) {
		t.Errorf("a range gives %d %q %v", w.Code, w.Body.String(), w.Header())
	}
	if w := get(h, "GET", "/2025-H1/tiles.pmtiles", "Range", "bytes=999999-"); w.Code != 416 {
		t.Errorf("a range beyond the end gives %d", w.Code)
	}
	w = get(h, "GET", "/2025-H1/tiles.pmtiles")
	if w.Code != 200 || w.Body.String() != whole || w.Header().Get("Accept-Ranges") != "bytes" || w.Header().Get("Content-Type") != "application/vnd.pmtiles" {
		t.Errorf("the whole archive gives %d, %v", w.Code, w.Header())
	}
	if w := get(h, "GET", "/2025-H1/tiles.pmtiles", "If-None-Match", w.Header().Get("Etag")); w.Code != 304 {
		t.Errorf("revalidation gives %d", w.Code)
	}
}

// T11: one and the same answer to everything that is not a published file.
func TestHandler_oneMissingAnswer(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "2025-H1")
	if err := os.WriteFile(filepath.Join(dir, "2025-H1", "commit.json"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := handler(t, dir)
	answer := func(method, target string, headers ...string) string {
		w := get(h, method, target, headers...)
		return fmt.Sprint(w.Code, w.Header(), w.Body.String())
	}
	want := answer("GET", "/no-such-thing")
	if !strings.HasPrefix(want, "404 ") {
		t.Fatalf("a missing file gives %s", want)
	}
	for _, r := range [][]string{
		{"GET", "/"}, {"GET", "/2025-H1"}, {"GET", "/2025-H1/"}, {"GET", "/2025-H2/cells.csv"}, {"GET", "/2025-H1/commit.json"},
		{"GET", "/2025-H1/cells.csv?since=2025"}, {"GET", "/2025-H1/cells.csv?"}, {"GET", "/2025-H1/cells%2Ecsv"}, {"GET", "/2025-h1/cells.csv"},
		{"GET", "//2025-H1/cells.csv"}, {"GET", "/2025-H1/../2025-H1/cells.csv"}, {"GET", "/2025-H1/cells.csv/"}, {"GET", "/metrics"},
		{"GET", "/2025-H1/12/2045/1363.mvt"}, {"GET", "/2025-H1/12/2045/1362.mvt?x"}, {"POST", "/2025-H1/cells.csv"}, {"OPTIONS", "/2025-H1/cells.csv"},
		{"DELETE", "/manifest.json"}, {"GET", "/2025-H1/cells.csv%00"}, {"GET", "/2025-H1%2Fcells.csv"},
	} {
		if got := answer(r[0], r[1], "Accept-Encoding", "gzip, br", "Range", "bytes=0-3", "If-None-Match", "*"); got != want {
			t.Errorf("%s %s gives\n%s\ninstead of\n%s", r[0], r[1], got, want)
		}
	}
}

func TestNewHandler_refuses(t *testing.T) {
	change := func(old, with string) func(dir string) error {
		return func(dir string) error {
			name := filepath.Join(dir, "manifest.json")
			b, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			return os.WriteFile(name, bytes.ReplaceAll(b, []byte(old), []byte(with)), 0o600)
		}
	}
	for name, spoil := range map[string]func(dir string) error{
		"no list": func(dir string) error { return os.Remove(filepath.Join(dir, "manifest.json")) },
		"a changed file": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "2025-H1/cells.csv"), []byte("x"), 0o600)
		},
		"a file less": func(dir string) error { return os.Remove(filepath.Join(dir, "2025-H1/method.txt")) },
		"a changed manifest": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "2025-H1/manifest.json"), []byte("{}"), 0o600)
		},
		"a release outside":          change(`"id":"2025-H1"`, `"id":"../2025-H1"`),
		"a manifest of another name": change(`2025-H1/manifest.json`, `2025-H1/other.json`),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "2025-H1")
			if err := spoil(dir); err != nil {
				t.Fatal(err)
			}
			if _, err := public.NewHandler(dir); err == nil {
				t.Error("it was served")
			}
		})
	}
}

// A release is added; one that changes or goes is refused, and the old one
// stays.
func TestHandler_Reload(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "2025-H1")
	h := handler(t, dir)
	before := get(h, "GET", "/2025-H1/cells.csv")
	write(t, dir, "2025-H1", "2025-H2")
	if w := get(h, "GET", "/2025-H2/cells.csv"); w.Code != 404 {
		t.Errorf("before loading again: %d", w.Code)
	}
	if err := h.Reload(); err != nil {
		t.Fatal(err)
	}
	if w := get(h, "GET", "/2025-H2/cells.csv"); w.Code != 200 || h.Releases() != 2 {
		t.Errorf("the new release: %d", w.Code)
	}
	if w := get(h, "GET", "/2025-H1/cells.csv"); w.Code != 200 || w.Header().Get("Etag") != before.Header().Get("Etag") {
		t.Errorf("after loading again: %d", w.Code)
	}
	if err := os.Remove(filepath.Join(dir, "2025-H1", "cells.csv")); err != nil {
		t.Fatal(err)
	}
	writeJSON(t, filepath.Join(dir, "manifest.json"), public.Index{Format: 1})
	if err := h.Reload(); err == nil {
		t.Error("a release that is gone was let go")
	}
	if w := get(h, "GET", "/2025-H1/cells.csv"); w.Code != 200 {
		t.Errorf("after a refused load: %d", w.Code)
	}
}

func BenchmarkHandler_tile(b *testing.B) {
	dir := b.TempDir()
	write(b, dir, "2025-H1")
	h := handler(b, dir)
	r := httptest.NewRequest("GET", "/2025-H1/12/2045/1362.mvt", nil)
	r.Header.Set("Accept-Encoding", "gzip, br")
	w := &sink{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		h.ServeHTTP(w, r)
	}
}

type sink struct{ header http.Header }

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }
func (s *sink) WriteHeader(int)             {}
