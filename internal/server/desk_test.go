package server_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

const croydonCircle = `{"type":"Feature","geometry":{"type":"Point","coordinates":[-0.1,51.37]},"properties":{"radius_m":900}}`

// stalled is a client that takes nothing until it is let go.
type stalled struct {
	http.ResponseWriter
	let <-chan struct{}
}

func (s stalled) Write(b []byte) (int, error) {
	<-s.let
	return s.ResponseWriter.Write(b)
}

// Four files under way are as many as one account gets; another account goes on.
func TestServer_desk(t *testing.T) {
	s := newSite(t, false)
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		var busy sync.WaitGroup
		for range 4 {
			busy.Go(func() {
				r := httptest.NewRequest(http.MethodGet, "/api/v1/export.csv?res=7"+why, nil)
				s.asks["officer"](r)
				s.handler.ServeHTTP(stalled{httptest.NewRecorder(), let}, r)
			})
		}
		synctest.Wait()
		answer := func(who, method, target string, body io.Reader) *httptest.ResponseRecorder {
			w, r := httptest.NewRecorder(), httptest.NewRequest(method, target, body)
			s.asks[who](r)
			if body != nil {
				r.Header.Set("Content-Type", "application/geo+json")
			}
			s.handler.ServeHTTP(w, r)
			return w
		}
		if w := answer("officer", http.MethodGet, "/api/v1/export.csv?res=7"+why, nil); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "Wait until one of them is done") {
			t.Errorf("a fifth file: status %d, Retry-After %q: %s", w.Code, w.Header().Get("Retry-After"), w.Body)
		}
		if w := answer("officer", http.MethodPost, "/api/v1/profile", strings.NewReader(croydonCircle)); w.Code != http.StatusTooManyRequests {
			t.Errorf("an analysis beside four files: status %d", w.Code)
		}
		if w := answer("bound officer", http.MethodGet, "/api/v1/export.csv?res=7"+why, nil); w.Code != http.StatusOK {
			t.Errorf("another account: status %d: %s", w.Code, w.Body)
		}
		close(let)
		busy.Wait()
		if w := answer("officer", http.MethodPost, "/api/v1/profile", strings.NewReader(croydonCircle)); w.Code != http.StatusOK {
			t.Errorf("after they have ended: status %d: %s", w.Code, w.Body)
		}
	})
}

// One answer is made for all who ask the same, and none is taken for another's.
func TestServer_posted_isWorkedOutOnce(t *testing.T) {
	f := newFixture(t, nil)
	post := func(target, body string) string {
		t.Helper()
		r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/geo+json")
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" {
			t.Fatalf("%s: status %d, %s: %s", target, w.Code, w.Header().Get("Cache-Control"), w.Body)
		}
		return w.Body.String()
	}
	seen := map[string]string{}
	for _, target := range []string{"/api/v1/profile", "/api/v1/profile?top=3", "/api/v1/profile?dark=yes", "/api/v1/profile?res=8", "/api/v1/brief?shift=late", "/api/v1/brief?shift=late&weekday=fri",
		"/api/v1/brief?shift=late&start=51.3,-0.1", "/api/v1/brief?shift=night"} {
		for _, body := range []string{croydonCircle, strings.Replace(croydonCircle, "900", "700", 1)} {
			before := f.handler.CacheStats()
			first := post(target, body)
			if before = f.handler.CacheStats(); post(target, body) != first {
				t.Errorf("%s: the second answer differs", target)
			}
			if now := f.handler.CacheStats(); now.Hits != before.Hits+1 || now.Misses != before.Misses {
				t.Errorf("%s: asked again: %d hits and %d misses more", target, now.Hits-before.Hits, now.Misses-before.Misses)
			}
			if other, twice := seen[first]; twice {
				t.Errorf("%s and %s have the same answer", target, other)
			}
			seen[first] = target
		}
	}
}
