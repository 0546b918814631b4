package main

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/synth"
)

// publicCrawl fetches everything that links lead to below /public/.
func publicCrawl(t *testing.T, url string) map[string]string {
	t.Helper()
	seen := map[string]string{}
	queue := []string{url + "/public/map", url + "/public/whatchanged", url + "/public/ogc/", url + "/public/manifest.json", url + "/public/catalog.jsonld"}
	unquote := strings.NewReplacer("&amp;", "&", `\u0026`, "&", "&#43;", "+")
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		// Single features, the pages of what is fetched as JSON, and those of each
		// language and choice say nothing more.
		if _, done := seen[at]; done || strings.ContainsAny(at, "{#") || strings.Contains(at, "/items/") || strings.Contains(at, "/map?") ||
			strings.Contains(at, "/collections/") && strings.Contains(at, "f=html") {
			continue
		}
		status, body, _ := fetch(t, at)
		if status != http.StatusOK && status != http.StatusNoContent {
			continue
		}
		seen[at] = body
		for _, part := range strings.FieldsFunc(body, func(r rune) bool { return strings.ContainsRune("\"'<> \n", r) }) {
			part = unquote.Replace(part)
			switch {
			case strings.HasPrefix(part, url+"/public/"):
				queue = append(queue, part)
			case strings.HasPrefix(part, "/public/"):
				queue = append(queue, url+part)
			// Of tiles the archive tells.
			case strings.HasSuffix(at, "manifest.json") && strings.Contains(part, ".") && !strings.Contains(part, "://") && strings.Count(part, "/") < 2:
				queue = append(queue, at[:strings.LastIndex(at, "/")+1]+part)
			}
		}
	}
	return seen
}

// T12, the whole program: pages, files and what GIS programs get are the same
// before and after reports arrive that count in a half-year that is released.
// It takes the demo of another test, whose start is what takes long.
func checkBeforeAndAfter(t *testing.T, url, dir string) {
	t.Helper()
	before := publicCrawl(t, url)
	for _, want := range []string{"/public/map", "/public/ogc/api", "/public/ogc/collections?f=json", "/public/catalog.jsonld"} {
		if before[url+want] == "" {
			t.Errorf("the crawl did not reach %s", want)
		}
	}
	if len(before) < 120 {
		t.Errorf("only %d addresses", len(before))
	}
	_, total, _ := fetch(t, url+"/api/v1/summary?top=0")
	st, err := storage{dir: dir}.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	today := report.DayOf(time.Now())
	b, err := synth.New(synth.Config{Seed: 99, Reports: 2000, From: today - 400, To: today - 200})
	if err != nil {
		t.Fatal(err)
	}
	for batch := range b.Batches(demoBatch) {
		for i := range batch {
			batch[i].ExternalID = "late-" + batch[i].ExternalID
		}
		if _, err := st.Insert(t.Context(), demoSource, batch); err != nil {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(30 * time.Second); ; {
		if _, now, _ := fetch(t, url+"/api/v1/summary?top=0"); now != total {
			break // the hub has them
		}
		if time.Now().After(deadline) {
			t.Fatal("the hub never showed the late reports")
		}
	}
	after := publicCrawl(t, url)
	for _, at := range slices.Sorted(maps.Keys(before)) {
		if after[at] != before[at] {
			t.Errorf("%s is not what it was", at)
		}
	}
	if len(after) != len(before) {
		t.Errorf("%d addresses before, %d after", len(before), len(after))
	}
}
