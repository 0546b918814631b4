package form_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/streetsafe/streetsafe/internal/form"
	"github.com/streetsafe/streetsafe/internal/report"
)

func TestPostReport(t *testing.T) {
	f := newFixture(t, nil)
	key := uuid.New()
	body := fmt.Sprintf(`{"lat":51.3762,"lng":-0.0982,"factors":["badly_lit","followed"],"day":"2026-07-01","daypart":"night","dark":"yes","key":%q,"proof":%q}`, key, f.SolvedProof(key))
	r := f.postJSON(body)
	if r.StatusCode != http.StatusAccepted || read(t, r) != `{"status":"received"}` {
		t.Fatalf("status %d", r.StatusCode)
	}
	cell, err := report.CellAt(51.3762, -0.0982)
	if err != nil {
		t.Fatal(err)
	}
	want := form.Submission{Weight: 1, Key: key, Report: report.Report{Cell: cell, Day: mustDay(t, "2026-07-01"),
		Daypart: report.Night, Dark: report.DarkYes, Factors: report.FactorSet(report.BadlyLit, report.Followed)}}
	if got := f.sink.only(t); got != want {
		t.Errorf("kept %+v, expected %+v", got, want)
	}
}

// The example of the API's description is a report.
func TestPostReport_example(t *testing.T) {
	raw, err := os.ReadFile("../server/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Components struct {
			Schemas struct {
				NewReport struct{ Examples []json.RawMessage }
			}
		}
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	examples := doc.Components.Schemas.NewReport.Examples
	if len(examples) == 0 {
		t.Fatal("the description has no example of a report")
	}
	for _, e := range examples {
		f := newFixture(t, func(_ *form.Config, p *form.Parts) { p.Now = func() time.Time { return today.AddDate(1, 0, 0) } })
		if r := f.postJSON(string(e)); r.StatusCode != http.StatusAccepted {
			t.Errorf("%s: status %d: %s", e, r.StatusCode, read(t, r))
		}
		f.sink.only(t)
	}
}

func TestPostReport_defaults(t *testing.T) {
	f := newFixture(t, nil)
	if r := f.postJSON(`{"lat":51.3762,"lng":-0.0982,"factors":["rundown"]}`); r.StatusCode != http.StatusAccepted {
		t.Fatalf("status %d: %s", r.StatusCode, read(t, r))
	}
	got := f.sink.only(t)
	if got.Report.Day.String() != "2026-07-16" || got.Report.Daypart != report.UnknownDaypart || got.Key.Version() != 4 {
		t.Errorf("kept %+v", got)
	}
}

func TestPostReport_refuses(t *testing.T) {
	const here = `"lat":51.3762,"lng":-0.0982,"factors":["rundown"]`
	f := newFixture(t, nil)
	for name, c := range map[string]struct {
		body  string
		param string
	}{
		"no json":          {`lat=51`, ""},
		"array":            {`[]`, ""},
		"two objects":      {`{` + here + `}{}`, ""},
		"a bracket more":   {`{` + here + `}]`, ""},
		"unknown member":   {`{` + here + `,"name":"Ann"}`, ""},
		"text as number":   {`{"lat":"51","lng":0,"factors":["rundown"]}`, ""},
		"no latitude":      {`{"lng":0,"factors":["rundown"]}`, "lat"},
		"no longitude":     {`{"lat":51,"factors":["rundown"]}`, "lng"},
		"beyond the pole":  {`{"lat":91,"lng":0,"factors":["rundown"]}`, "lat"},
		"beyond the world": {`{"lat":51,"lng":181,"factors":["rundown"]}`, "lng"},
		"no factor":        {`{"lat":51.3762,"lng":-0.0982,"factors":[]}`, "factors"},
		"unknown factor":   {`{"lat":51.3762,"lng":-0.0982,"factors":["dim"]}`, "factors"},
		"not a date":       {`{` + here + `,"day":"yesterday"}`, "day"},
		"a clock time":     {`{` + here + `,"day":"2026-07-01T12:00:00Z"}`, "day"},
		"tomorrow":         {`{` + here + `,"day":"2026-07-17"}`, "day"},
		"last century":     {`{` + here + `,"day":"1999-12-31"}`, "day"},
		"unknown daypart":  {`{` + here + `,"daypart":"teatime"}`, "daypart"},
		"unknown dark":     {`{` + here + `,"dark":"maybe"}`, "dark"},
		"serial key":       {`{` + here + `,"key":"1"}`, "key"},
		"key of version 1": {`{` + here + `,"key":"f81d4fae-7dec-11d0-a765-00a0c91e6bf6"}`, "key"},
	} {
		r := f.postJSON(c.body)
		var p struct {
			Param  string
			Status int
		}
		body := read(t, r)
		if err := json.Unmarshal([]byte(body), &p); err != nil {
			t.Fatalf("%s: %v in %s", name, err, body)
		}
		if r.StatusCode != http.StatusBadRequest || p.Param != c.param || r.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: status %d, param %q, expected %q", name, r.StatusCode, p.Param, c.param)
		}
		if f.sink.calls != 0 {
			t.Fatalf("%s: something was kept", name)
		}
	}
	r := httptest.NewRequest(http.MethodPost, "/api/v1/reports", strings.NewReader("{}"))
	r.Header.Set("Content-Type", "text/plain")
	if got := f.do(r).StatusCode; got != http.StatusUnsupportedMediaType {
		t.Errorf("text/plain, which a page of another site may send: status %d", got)
	}
	if got := f.postJSON(`{"proof":"` + strings.Repeat("x", 9<<10) + `"}`).StatusCode; got != http.StatusRequestEntityTooLarge {
		t.Errorf("9 KiB: status %d", got)
	}
}

// A program that asks for what is not there gets a problem, not a page.
func TestHandler_notForPrograms(t *testing.T) {
	f := newFixture(t, nil)
	for asked, want := range map[string]string{
		"GET /api/v1/reports": "405 POST", "DELETE /api/v1/reports": "405 POST", "OPTIONS /api/v1/reports": "405 POST", "PUT /api/v1/challenge": "405 GET",
		"GET /api/v1/reports/1": "404 ", "GET /api/v1/challenge/1": "404 ",
		"GET /open311": "404 ", "GET /open311/v2": "404 ", "GET /open311/v2/": "404 ", "PUT /open311/v2/requests.json": "404 ", "GET /open311/v2/requests/1.json": "404 ",
	} {
		method, path, _ := strings.Cut(asked, " ")
		r := f.do(httptest.NewRequest(method, path, nil))
		typ := r.Header.Get("Content-Type")
		if got := fmt.Sprint(r.StatusCode, " ", r.Header.Get("Allow")); got != want || !strings.Contains(typ, "json") || !json.Valid([]byte(read(t, r))) {
			t.Errorf("%s: %q, %s; expected %q", asked, got, typ, want)
		}
	}
	if r := f.do(httptest.NewRequest(http.MethodPut, "/open311/v2/requests.xml", nil)); r.StatusCode != http.StatusNotFound || !strings.Contains(read(t, r), "<errors>") {
		t.Errorf("PUT of XML: status %d", r.StatusCode)
	}
}

func TestPostReport_storeFails(t *testing.T) {
	f := newFixture(t, nil)
	f.sink.err = errDisk
	if r := f.postJSON(`{"lat":51.3762,"lng":-0.0982,"factors":["rundown"]}`); r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" {
		t.Errorf("status %d, Retry-After %q for a report that is not kept", r.StatusCode, r.Header.Get("Retry-After"))
	}
}

func TestSubmission_weight(t *testing.T) {
	f := newFixture(t, nil)
	send := func(day, factor string) form.Submission {
		key := uuid.New()
		r := f.postJSON(fmt.Sprintf(`{"lat":51.3762,"lng":-0.0982,"factors":[%q],"day":%q,"key":%q,"proof":%q}`, factor, day, key, f.SolvedProof(key)))
		if r.StatusCode != http.StatusAccepted {
			t.Fatalf("status %d", r.StatusCode)
		}
		return f.sink.kept[key]
	}
	for i, c := range []struct {
		day, factor string
		want        int
	}{
		{"2026-07-01", "badly_lit", 1}, {"2026-07-01", "badly_lit", 0}, {"2026-07-01", "rundown", 0},
		{"2026-07-01", "followed", 1}, {"2026-07-02", "badly_lit", 1},
	} {
		if got := send(c.day, c.factor); got.Weight != c.want || got.Quarantine != "" {
			t.Errorf("report %d on %s of %s: weight %d (%s), expected %d", i, c.day, c.factor, got.Weight, got.Quarantine, c.want)
		}
	}
}

func TestSubmission_senderKey(t *testing.T) {
	f := newFixture(t, func(c *form.Config, _ *form.Parts) { c.SenderKeys = []string{"council-key"} })
	for range 12 {
		v := url.Values{"api_key": {"council-key"}, "service_code": {"badly_lit"}, "lat": {"51.3762"}, "long": {"-0.0982"}}
		if r := f.post("/open311/v2/requests.json", v); r.StatusCode != http.StatusAccepted {
			t.Fatalf("status %d", r.StatusCode)
		}
	}
	for _, s := range f.sink.all() {
		if s.Quarantine != "" || s.Weight != 1 {
			t.Errorf("a report of a known sender waits: %+v", s)
		}
	}
}

func TestOpen311(t *testing.T) {
	f := newFixture(t, nil)
	var services []struct {
		Code  string `json:"service_code"`
		Group string `json:"group"`
	}
	if err := json.Unmarshal([]byte(read(t, f.get("/open311/v2/services.json"))), &services); err != nil {
		t.Fatal(err)
	}
	if len(services) != report.NumFactors || services[1].Code != "badly_lit" {
		t.Errorf("services: %+v", services)
	}
	var list struct {
		XMLName xml.Name `xml:"services"`
		Codes   []string `xml:"service>service_code"`
	}
	r := f.get("/open311/v2/services.xml")
	if err := xml.Unmarshal([]byte(read(t, r)), &list); err != nil || len(list.Codes) != report.NumFactors {
		t.Errorf("services.xml: %v, %d services", err, len(list.Codes))
	}
	if got := r.Header.Get("Content-Type"); got != "text/xml; charset=utf-8" {
		t.Errorf("services.xml is %s", got)
	}

	v := url.Values{"service_code": {"badly_lit,rundown"}, "lat": {"51.3762"}, "long": {"-0.0982"},
		"description": {"my name is Ann"}, "email": {"ann@example.com"}, "first_name": {"Ann"}, "phone": {"1"}}
	r = f.post("/open311/v2/requests.xml", v)
	var got struct {
		XMLName xml.Name `xml:"service_requests"`
		ID      string   `xml:"request>service_request_id"`
	}
	if err := xml.Unmarshal([]byte(read(t, r)), &got); err != nil || r.StatusCode != http.StatusAccepted || len(got.ID) != 16 {
		t.Fatalf("status %d, %v, %+v", r.StatusCode, err, got)
	}
	if kept := f.sink.only(t); kept.Report.Factors != report.FactorSet(report.BadlyLit, report.Rundown) || strings.Contains(fmt.Sprintf("%+v", kept), "Ann") {
		t.Errorf("kept %+v", kept)
	}
	for target, want := range map[string]int{
		"/open311/v2/requests.json": http.StatusForbidden, "/open311/v2/discovery.json": http.StatusOK, "/open311/v2/discovery.xml": http.StatusOK,
		"/open311/v2/services/badly_lit.json": http.StatusNotFound, "/open311/v2/other.xml": http.StatusNotFound, "/open311/v2/services": http.StatusNotFound,
	} {
		if got := f.get(target).StatusCode; got != want {
			t.Errorf("%s: status %d, expected %d", target, got, want)
		}
	}
	for name, v := range map[string]url.Values{
		"no place":     {"service_code": {"badly_lit"}},
		"address":      {"service_code": {"badly_lit"}, "address_string": {"High Street"}},
		"no service":   {"lat": {"51.4"}, "long": {"0"}},
		"other's code": {"service_code": {"001"}, "lat": {"51.4"}, "long": {"0"}},
		"not a number": {"service_code": {"badly_lit"}, "lat": {"NaN"}, "long": {"0"}},
	} {
		if got := f.post("/open311/v2/requests.json", v).StatusCode; got != http.StatusBadRequest {
			t.Errorf("%s: status %d", name, got)
		}
	}
}
