package server_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/form"
	"github.com/streetsafe/streetsafe/internal/gazetteer"
	"github.com/streetsafe/streetsafe/internal/report"
)

// nowhere takes submissions and forgets them: what becomes of them is tested
// with the form and the stores.
type nowhere struct{}

func (nowhere) Accept(context.Context, form.Submission) error { return nil }

func mountForm(t testing.TB, places *gazetteer.Index) map[string]http.Handler {
	t.Helper()
	area, err := report.ParseArea("uk")
	if err != nil {
		t.Fatal(err)
	}
	h, err := form.New(form.Config{Area: area, Secret: bytes.Repeat([]byte{1}, 32), Pace: -1}, form.Parts{Sink: nowhere{}, Gazetteer: places})
	if err != nil {
		t.Fatal(err)
	}
	mounted := map[string]http.Handler{}
	for _, p := range form.Prefixes() {
		mounted[p] = h
	}
	return mounted
}

// sendings are requests of the ways in, for the document to be held to.
func sendings() []*http.Request {
	post := func(target, typ, body string) *http.Request {
		r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
		r.Header.Set("Content-Type", typ)
		return r
	}
	const urlencoded = "application/x-www-form-urlencoded"
	get := func(target string) *http.Request { return httptest.NewRequest(http.MethodGet, target, nil) }
	list := []*http.Request{
		get("/api/v1/challenge"), get("/open311/v2/discovery.json"), get("/open311/v2/services.json"), get("/open311/v2/services.xml"),
		post("/api/v1/reports", "application/json", `{"lat":51.37,"lng":-0.1,"factors":["badly_lit"]}`),
		post("/api/v1/reports", "application/json", `{"lat":51.37,"lng":-0.1,"factors":["badly_lit"],"day":"2026-01-01","daypart":"night","dark":"yes","key":"3f0f1f9a-3f62-4c37-9a51-2d8f8a2a7d6e"}`),
		post("/api/v1/reports", "application/json", `{"lat":48.85,"lng":2.35,"factors":["badly_lit"]}`),
		post("/api/v1/reports", "application/json", `{"lat":91}`),
		post("/api/v1/reports", "text/plain", `{}`),
		post("/api/v1/reports", "application/json", `{"proof":"`+strings.Repeat("x", 9<<10)+`"}`),
	}
	for _, format := range []string{"json", "xml"} {
		list = append(list, post("/open311/v2/requests."+format, urlencoded, "service_code=badly_lit&lat=51.37&long=-0.1"),
			post("/open311/v2/requests."+format, urlencoded, "service_code=dim&lat=51.37&long=-0.1"))
	}
	crossSite := post("/api/v1/reports", "application/json", `{}`)
	crossSite.Header.Set("Sec-Fetch-Site", "cross-site")
	return append(list, crossSite)
}

func TestServer_mounted(t *testing.T) {
	f := newFixture(t, nil)
	for target, want := range map[string]int{
		"/report": http.StatusOK, "/report/where": http.StatusOK, "/report/nothing": http.StatusNotFound, "/reports": http.StatusNotFound,
		"/place": http.StatusOK, "/places": http.StatusNotFound, "/poster": http.StatusOK, "/poster.svg": http.StatusNotFound, "/posters": http.StatusNotFound,
	} {
		if got := f.get(t, target); got.StatusCode != want {
			t.Errorf("%s: status %d, want %d", target, got.StatusCode, want)
		}
	}
	r := f.get(t, "/report")
	if r.Header.Get("Access-Control-Allow-Origin") != "" || r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("scripts of other sites may read the form, or it is kept: %v", r.Header)
	}
	if !bytes.Contains(content(t, r), []byte("/report/where")) {
		t.Error("the form does not answer")
	}
}
