package form_test

import (
	"bytes"
	"context"
	"errors"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/streetsafe/streetsafe/internal/form"
	"github.com/streetsafe/streetsafe/internal/gazetteer"
	"github.com/streetsafe/streetsafe/internal/report"
)

// memory is a sink that keeps what it is given, once for each key.
type memory struct {
	mu    sync.Mutex
	kept  map[uuid.UUID]form.Submission
	about map[uuid.UUID]form.Demographics
	calls int
	err   error
	delay func(known bool) time.Duration // of a slow disk, in a bubble of synctest; nil for none
}

var (
	_ form.Sink      = (*memory)(nil)
	_ form.Describer = (*memory)(nil)
)

func (m *memory) Accept(_ context.Context, s form.Submission) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, known := m.kept[s.Key]
	if m.delay != nil {
		time.Sleep(m.delay(known))
	}
	m.calls++
	if m.err != nil {
		return m.err
	}
	if !known {
		m.kept[s.Key] = s
	}
	return nil
}

func (m *memory) Describe(_ context.Context, key uuid.UUID, d form.Demographics) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.about[key] = d
	return m.err
}

func (m *memory) all() (out []form.Submission) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.kept {
		out = append(out, s)
	}
	return out
}

func (m *memory) only(t *testing.T) form.Submission {
	t.Helper()
	all := m.all()
	if len(all) != 1 {
		t.Fatalf("%d reports kept, expected one: %+v", len(all), all)
	}
	return all[0]
}

var errDisk = errors.New("disk is full")

// today is a day on which Britain keeps summer time, so that a date in UTC is
// another one for an hour after midnight.
var today = time.Date(2026, 7, 15, 23, 30, 0, 0, time.UTC)

type fixture struct {
	*form.Handler
	sink *memory
	log  *bytes.Buffer
}

func newFixture(t testing.TB, change func(*form.Config, *form.Parts)) *fixture {
	t.Helper()
	area, err := report.ParseArea("uk")
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{sink: &memory{kept: map[uuid.UUID]form.Submission{}, about: map[uuid.UUID]form.Demographics{}}, log: new(bytes.Buffer)}
	cfg := form.Config{Area: area, Secret: bytes.Repeat([]byte{7}, 32), Pace: -1, ProofBits: 4}
	parts := form.Parts{Sink: f.sink, Gazetteer: places(t), Now: func() time.Time { return today },
		Log: slog.New(slog.NewTextHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	if change != nil {
		change(&cfg, &parts)
	}
	if f.Handler, err = form.New(cfg, parts); err != nil {
		t.Fatal(err)
	}
	return f
}

var openPlaces = sync.OnceValues(gazetteer.Open)

func places(t testing.TB) *gazetteer.Index {
	t.Helper()
	g, err := openPlaces()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// do sends a request from an address of its own.
func (f *fixture) do(r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w.Result()
}

func (f *fixture) get(target string) *http.Response {
	return f.do(httptest.NewRequest(http.MethodGet, target, nil))
}

func (f *fixture) post(target string, v url.Values) *http.Response {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(v.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return f.do(r)
}

func (f *fixture) postJSON(body string) *http.Response {
	r := httptest.NewRequest(http.MethodPost, "/api/v1/reports", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return f.do(r)
}

func read(t testing.TB, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// browser is somebody without scripts: it follows redirects and sends the
// hidden fields of the page it is on.
type browser struct {
	t     *testing.T
	f     *fixture
	at    string // address of the page
	page  string
	trail []string // addresses of all pages
}

func (f *fixture) open(t *testing.T, target string) *browser {
	t.Helper()
	b := &browser{t: t, f: f}
	b.visit(target)
	return b
}

func (b *browser) visit(target string) {
	b.t.Helper()
	b.follow(target, b.f.get(target))
}

func (b *browser) follow(target string, r *http.Response) {
	b.t.Helper()
	for range 4 {
		if r.StatusCode != http.StatusSeeOther {
			break
		}
		target = r.Header.Get("Location")
		r = b.f.get(target)
	}
	if r.StatusCode != http.StatusOK {
		b.t.Fatalf("%s: status %d", target, r.StatusCode)
	}
	b.at, b.page = target, html.UnescapeString(read(b.t, r))
	b.trail = append(b.trail, target)
}

var (
	hiddenToken = regexp.MustCompile(`name="s" value="([^"]*)"`)
	hiddenLang  = regexp.MustCompile(`name="lang" value="([^"]*)"`)
)

// token is the hidden one of the page, which is the newest.
func (b *browser) token() string {
	b.t.Helper()
	m := hiddenToken.FindStringSubmatch(b.page)
	if m == nil {
		b.t.Fatalf("the page %s carries no answers:\n%s", b.at, b.page)
	}
	return m[1]
}

// submit sends the form of the page with these answers, names and values in
// turn.
func (b *browser) submit(answers ...string) {
	b.t.Helper()
	path, _, _ := strings.Cut(b.at, "?")
	if path == "/report/check" {
		path = "/report/send"
	}
	v := url.Values{"s": {b.token()}, "lang": {hiddenLang.FindStringSubmatch(b.page)[1]}}
	if strings.Contains(b.page, `name="change" value="1"`) {
		v.Set("change", "1")
	}
	for i := 0; i < len(answers); i += 2 {
		v.Add(answers[i], answers[i+1])
	}
	b.follow(path, b.f.post(path, v))
}

var pageChallenge = regexp.MustCompile(`data-challenge="([^"]+)" data-bits="(\d+)"`)

// proof does the work of the page, as its script does.
func (b *browser) proof() string {
	b.t.Helper()
	m := pageChallenge.FindStringSubmatch(b.page)
	if m == nil {
		b.t.Fatalf("the page %s has no challenge:\n%s", b.at, b.page)
	}
	zeros, err := strconv.Atoi(m[2])
	if err != nil {
		b.t.Fatal(err)
	}
	return form.Solve(m[1], zeros)
}

func (b *browser) on(path string) {
	b.t.Helper()
	if got, _, _ := strings.Cut(b.at, "?"); got != path {
		b.t.Fatalf("on %s, expected %s:\n%.2000s", b.at, path, b.page)
	}
}

func (b *browser) sees(texts ...string) {
	b.t.Helper()
	for _, s := range texts {
		if !strings.Contains(b.page, s) {
			b.t.Errorf("%s does not show %q:\n%s", b.at, s, b.page)
		}
	}
}

// toCheck answers all four questions.
func (b *browser) toCheck() {
	b.t.Helper()
	b.submit("lat", "51.3762", "lng", "-0.0982")
	b.on("/report/place")
	b.submit("factor", "badly_lit", "factor", "isolated")
	b.on("/report/people")
	b.submit("factor", "none")
	b.on("/report/when")
	b.submit("day", "other", "dd", "3", "mm", "2", "yyyy", "2026", "daypart", "evening", "dark", "yes")
	b.on("/report/check")
}
