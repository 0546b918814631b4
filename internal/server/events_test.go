package server_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streetsafe/streetsafe/internal/cube"
)

// stream opens /api/v1/events over a real connection whose server gives up on
// answers after a moment, as a real one does after a minute.
func stream(t *testing.T, f *fixture) (*bufio.Scanner, func()) {
	t.Helper()
	srv := httptest.NewUnstartedServer(f.handler)
	srv.Config.WriteTimeout = 300 * time.Millisecond
	srv.Start()
	t.Cleanup(srv.Close)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("status %d, type %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	return bufio.NewScanner(resp.Body), cancel
}

// next reads to the end of an event and returns its data.
func next(t *testing.T, lines *bufio.Scanner) (data string, ok bool) {
	t.Helper()
	for lines.Scan() {
		if lines.Text() == "" && data != "" {
			return data, true
		}
		if d, found := strings.CutPrefix(lines.Text(), "data: "); found {
			data = d
		}
	}
	return "", false
}

func (f *fixture) publish(t *testing.T, generation uint64) {
	t.Helper()
	if _, err := f.cube.Apply(cube.Batch{Generation: generation, Add: f.reports[:1]}); err != nil {
		t.Fatal(err)
	}
	f.handler.Announce()
}

func TestServer_events(t *testing.T) {
	f := newFixture(t, nil)
	lines, _ := stream(t, f)
	if data, _ := next(t, lines); data != `{"generation":1}` {
		t.Fatalf("first event: %s", data)
	}
	f.publish(t, 2)
	if data, _ := next(t, lines); data != `{"generation":2}` {
		t.Errorf("after a batch: %s", data)
	}
	// Later than the server lets other answers take.
	<-time.After(400 * time.Millisecond)
	f.handler.Announce() // nothing new: nothing is said
	f.publish(t, 3)
	if data, _ := next(t, lines); data != `{"generation":3}` {
		t.Errorf("after another batch: %s", data)
	}
	f.handler.EndStreams()
	if data, ok := next(t, lines); ok {
		t.Errorf("after the end: %s", data)
	}
	if r := f.get(t, "/api/v1/events"); r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" {
		t.Errorf("a new listener after the end: status %d", r.StatusCode)
	}
}

func TestServer_eventsRefused(t *testing.T) {
	f := newFixture(t, nil)
	if r := f.get(t, "/api/v1/events?since=1"); r.StatusCode != http.StatusBadRequest {
		t.Errorf("unknown parameter: status %d", r.StatusCode)
	}
	if r := f.do(t, http.MethodHead, "/api/v1/events"); r.StatusCode != http.StatusOK {
		t.Errorf("HEAD: status %d", r.StatusCode)
	}
	if r := f.get(t, "/api/v1/events", "Cookie", "streetsafe-demo=signed-out"); r.StatusCode == http.StatusOK {
		t.Errorf("nobody listens: status %d", r.StatusCode)
	}
}

// A quiet stream is kept alive, and ends in its time so that whoever may no
// longer see the map learns it.
func TestServer_eventsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, nil)
		w := httptest.NewRecorder()
		start := time.Now()
		f.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v1/events", nil))
		if took := time.Since(start); took != 10*time.Minute {
			t.Errorf("the stream took %s, want 10 minutes", took)
		}
		if n := strings.Count(w.Body.String(), ": still here\n\n"); n < 29 || n > 30 {
			t.Errorf("%d heartbeats, want one each 20 seconds", n)
		}
		if !strings.HasPrefix(w.Body.String(), "retry: 2000\nid: 1\nevent: generation\n") {
			t.Errorf("begins with %.80q", w.Body)
		}
	})
}

func TestServer_eventsBounded(t *testing.T) {
	f := newFixture(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	full := false
	done := make(chan struct{})
	for n := 0; n < 2100 && !full; n++ {
		w := httptest.NewRecorder()
		started := make(chan struct{})
		r := httptest.NewRequest(http.MethodGet, "/api/v1/events", nil).WithContext(ctx)
		go func() { defer func() { done <- struct{}{} }(); f.handler.ServeHTTP(&signalled{w, started, false}, r) }()
		<-started
		if full = w.Code == http.StatusServiceUnavailable; full {
			<-done
			if n != 2000 {
				t.Errorf("refused after %d listeners", n)
			}
			cancel()
			for range n {
				<-done
			}
		}
	}
	if !full {
		t.Fatal("never refused")
	}
	if r := f.do(t, http.MethodHead, "/api/v1/events"); r.StatusCode != http.StatusOK {
		t.Error(fmt.Sprint("after all have gone: status ", r.StatusCode))
	}
}

// signalled tells when something is written first.
type signalled struct {
	http.ResponseWriter
	started chan struct{}
	told    bool
}

func (s *signalled) Write(b []byte) (int, error) {
	n, err := s.ResponseWriter.Write(b)
	if !s.told {
		s.told = true
		close(s.started)
	}
	return n, err
}

func (s *signalled) Flush() {}

// listening is a stream that somebody opened.
type listening struct {
	heard chan struct{} // one for each piece written
	over  chan struct{}
}

func (l *listening) Header() http.Header         { return http.Header{} }
func (l *listening) WriteHeader(int)             {}
func (l *listening) Write(b []byte) (int, error) { l.heard <- struct{}{}; return len(b), nil }
func (l *listening) Flush()                      {}

// listen opens a stream and waits for its first event.
func (s *site) listen(t *testing.T, who string) *listening {
	t.Helper()
	l := &listening{make(chan struct{}, 100), make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { cancel(); <-l.over })
	r := httptest.NewRequest(http.MethodGet, "/api/v1/events", nil).WithContext(ctx)
	s.asks[who](r)
	go func() { defer close(l.over); s.handler.ServeHTTP(l, r) }()
	l.wait(t, who+" hears nothing", l.heard)
	return l
}

func (l *listening) wait(t *testing.T, otherwise string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(20 * time.Second): // a failure, not a measure
		t.Fatal(otherwise)
	}
}

// A stream ends with the session, token or account behind it, at once, and with
// nobody else's.
func TestServer_eventsRevoked(t *testing.T) {
	s := newSite(t, true)
	accounts, err := s.gate.Accounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	planner, officer, token := s.listen(t, "planner"), s.listen(t, "officer"), s.listen(t, "planner's token for tiles")
	for _, a := range accounts {
		if a.Role == "planner" {
			if err := s.gate.SetDisabled(t.Context(), a.ID, true, "test"); err != nil {
				t.Fatal(err)
			}
		}
	}
	planner.wait(t, "the planner is disabled and the stream goes on", planner.over)
	token.wait(t, "the planner is disabled and the token's stream goes on", token.over)
	s.publish(t, 2)
	officer.wait(t, "the officer's stream has ended with the planner's", officer.heard)

	r := httptest.NewRequest(http.MethodPost, "/logout", nil)
	s.asks["officer"](r)
	who, err := s.gate.Who(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.gate.Logout(httptest.NewRecorder(), r, who); err != nil {
		t.Fatal(err)
	}
	officer.wait(t, "the officer has logged out and the stream goes on", officer.over)
}

// Boundaries that are imported bind accounts from that moment on, and streams of
// those who see something else now are opened anew.
func TestServer_eventsRebound(t *testing.T) {
	s := newSite(t, false)
	total := func(who string) int {
		return int(decode[struct{ Total float64 }](t, s.as(t, who, http.MethodGet, "/api/v1/summary?res=8", nil)).Total)
	}
	before := total("planner")
	planner, officer := s.listen(t, "planner"), s.listen(t, "officer")
	s.gate.SetAreas(oneArea{s.region})
	planner.wait(t, "the planner sees another area and the stream goes on", planner.over)
	s.publish(t, 2)
	officer.wait(t, "the officer's stream has ended with the planner's", officer.heard)
	if after := total("planner"); after == 0 || after >= before {
		t.Errorf("a planner saw %d reports before the import of boundaries and %d after", before, after)
	}
	s.gate.SetAreas(nil)
	if now := total("planner"); now < before {
		t.Errorf("without boundaries again: %d of %d", now, before)
	}
}
