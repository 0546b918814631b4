package main

import (
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func fetch(t *testing.T, url string) (status int, body string, header http.Header) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b), resp.Header
}

// The demo has its public map at once, of every closed half-year, and makes none a
// second time; whatever is not released gets one and the same answer.
func TestPublicMap(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	url, stop := start(t, "demo", "--data", dir, "--reports", "3000")
	status, manifest, _ := fetch(t, url+"/public/manifest.json")
	if status != http.StatusOK || !strings.Contains(manifest, "-H") {
		t.Fatalf("status %d, manifest %.200s", status, manifest)
	}
	wantStatus, want, wantHeader := fetch(t, url+"/public/nothing")
	if wantStatus != http.StatusNotFound {
		t.Errorf("status %d for what is not there", wantStatus)
	}
	wantHeader.Del("Date")
	for _, path := range []string{"/public/maps", "/public/map/", "/public/site/a/0/site/map.js", "/public/manifest.json?since=1", "/public/../hub", "/public/2000-H1/manifest.json", "/public//manifest.json", "/public/%2e%2e/hub"} {
		status, body, header := fetch(t, url+path)
		header.Del("Date")
		if status != wantStatus || body != want || len(header) != len(wantHeader) {
			t.Errorf("%s: status %d, %q, %v: want the same answer as for anything else", path, status, body, header)
		}
	}
	for _, path := range []string{"/public", "/public/", "/public/map"} {
		status, page, header := fetch(t, url+path) // the first two lead to the third
		if status != http.StatusOK || !strings.Contains(page, "Where people feel unsafe, and what is done about it") || !strings.Contains(header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%s: status %d, %v", path, status, header)
		}
	}
	holdBeforeAndAfter(t, url)
	if status, _, _ := fetch(t, url+"/publicity"); status != http.StatusNotFound {
		t.Errorf("/publicity: status %d", status)
	}
	checkBeforeAndAfter(t, url, dir) // while nothing is published beside it
	testPublicActions(t, url)
	stop()
	// Two years hold three closed half-years at least; another start changes none.
	if n := strings.Count(manifest, `"half-year"`); n < 3 || n > 4 {
		t.Errorf("%d half-years were made", n)
	}
	public, err := buildReleases(t.Context(), slog.New(slog.DiscardHandler), openAt(t, storage{dir: dir}, nil), dir)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(filepath.Join(public, "manifest.json")); err != nil || string(again) != manifest {
		t.Errorf("a second start changed the releases: %v", err)
	}
}

// holdUnpublished is what the public finds before the first release: pages that
// say so, and no file.
func holdUnpublished(t *testing.T, url string) {
	t.Helper()
	for path, want := range map[string]string{"/public/map": "Nothing is published yet", "/public/whatchanged": "has published an action yet"} {
		if status, page, _ := fetch(t, url+path); status != http.StatusOK || !strings.Contains(page, want) {
			t.Errorf("%s: status %d, %.300s", path, status, page)
		}
	}
	if status, body, _ := fetch(t, url+"/public/manifest.json"); status != http.StatusNotFound || !strings.HasPrefix(body, "Not found.") {
		t.Errorf("the list of releases: status %d, %s", status, body)
	}
}

// Who may frame embeds is checked before anything is served.
func TestServe_refusesEmbedOrigin(t *testing.T) {
	dir := t.TempDir()
	importJSON(t, "--data", dir, write(t, "three.csv", threeReports))
	if _, _, err := run(t, "serve", "--data", dir, "--listen", "127.0.0.1:0", "--embed-origin", "www.example.org"); err == nil || !strings.Contains(err.Error(), `embed origin "www.example.org": expected`) {
		t.Errorf("got %v", err)
	}
}

// holdBeforeAndAfter is T12 for the pages: a report changes nothing that anybody
// outside can see.
func holdBeforeAndAfter(t *testing.T, url string) {
	t.Helper()
	crawl := func() map[string]string {
		seen := map[string]string{}
		for _, path := range []string{"map", "map?lang=cy", "map?theme=both", "whatchanged", "embed", "embed?view=forces", "embed/builder", "picture/map.svg", "picture/map.png?w=400",
			"site/cell/88194ad305fffff.json", "site/cell/86194ad37ffffff.json", "manifest.json", "oembed?url=" + url + "/public/map"} {
			status, body, header := fetch(t, url+"/public/"+path)
			if status != http.StatusOK {
				t.Fatalf("%s: status %d", path, status)
			}
			seen[path] = header.Get("ETag") + body
		}
		return seen
	}
	before := crawl()
	resp, err := http.Post(url+"/api/v1/reports", "application/json", strings.NewReader(`{"lat":51.3762,"lng":-0.0982,"factors":["badly_lit","followed"]}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusAccepted {
		t.Fatalf("the report was answered by %d, %v", resp.StatusCode, err)
	}
	for path, after := range crawl() {
		if after != before[path] {
			t.Errorf("%s is another one after a report", path)
		}
	}
}
