package server_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// The document is held to what the server really answers, good and bad.
func TestOpenAPI(t *testing.T) {
	for _, kind := range []string{"application/vnd.mapbox-vector-tile", "text/xml", "text/csv"} {
		openapi3filter.RegisterBodyDecoder(kind, openapi3filter.FileBodyDecoder)
	}
	for _, kind := range []string{"application/geo+json", "application/vnd.oai.openapi+json"} {
		openapi3filter.RegisterBodyDecoder(kind, openapi3filter.JSONBodyDecoder)
	}
	f := fullWorkbench(t)
	doc, err := openapi3.NewLoader().LoadFromData(content(t, f.get(t, "/api/openapi.json")))
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatal(err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	var requests []*http.Request
	for _, target := range []string{
		"/tiles/reports.json", "/tiles/reports.json?factors=badly_lit,followed&cell=1", "/tiles/reports.json?factors=dim",
		croydonTile, croydonTile + "?factors=badly_lit&dark=yes", "/tiles/reports/10/0/0.mvt", "/tiles/reports/1/5/5.mvt",
		"/tiles/reports/12/2046/1364.geojson?factors=badly_lit,rundown", "/tiles/reports/10/0/0.geojson", "/tiles/reports/12/2046/1364.geojson?res=1",
		"/tiles/reports/1-0123abcd/12/2046/1364.mvt", "/tiles/reports/1-0123abcd/12/2046/1364.geojson",
		"/api/v1/factors", "/api/v1/scale?res=9&dark=yes", "/api/v1/scale?res=99",
		"/api/v1/summary", "/api/v1/summary?bbox=-0.2,51.3,0,51.5&res=9&top=3&weekdays=sat", "/api/v1/summary?bbox=1", "/api/v1/summary?bbox=-30,30,-29,31",
		"/api/v1/cells/" + f.reports[0].Cell.String(), "/api/v1/cells/" + f.reports[0].Cell.String() + "?dayparts=night&from=2026-01-01", "/api/v1/cells/nonsense",
		"/api/v1/places?q=croydon", "/api/v1/places?q=51.5,-0.1&limit=1", "/api/v1/places?q=qqqqqqqq", "/api/v1/places?limit=1",
		"/api/v1/config", "/api/v1/session", "/api/openapi.json", "/healthz", "/readyz",
	} {
		requests = append(requests, httptest.NewRequest(http.MethodGet, target, nil))
	}
	requests = append(append(requests, benchRequests()...), actionRequests(t)...)
	used := map[string]bool{}
	for _, r := range append(append(requests, sendings()...), analyses()...) {
		target := r.Method + " " + r.URL.String()
		sent := requestBody(t, r)
		route, params, err := router.FindRoute(r)
		if err != nil {
			t.Errorf("%s: not in the document: %v", target, err)
			continue
		}
		used[route.Path] = true
		input := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route}
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, r)
		resp := w.Result()
		body := content(t, resp)
		r.Body = io.NopCloser(bytes.NewReader(sent))
		if resp.StatusCode/100 == 2 {
			if err := openapi3filter.ValidateRequest(context.Background(), input); err != nil {
				t.Errorf("%s is answered but the document refuses it: %v", target, err)
			}
		}
		err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
			RequestValidationInput: input, Status: resp.StatusCode, Header: resp.Header, Body: io.NopCloser(bytes.NewReader(body)),
			Options: &openapi3filter.Options{IncludeResponseStatus: true},
		})
		if err != nil {
			t.Errorf("%s: the answer is not as the document says: %v\n%.300s", target, err, body)
		}
	}
	for path := range doc.Paths.Map() {
		if !used[path] {
			t.Errorf("%s is in the document and was not tried", path)
		}
	}
}

// requestBody returns the body of a request and leaves it to be read again.
func requestBody(t *testing.T, r *http.Request) []byte {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(b))
	return b
}
