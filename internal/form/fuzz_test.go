package form_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/streetsafe/streetsafe/internal/form"
	"github.com/streetsafe/streetsafe/internal/report"
)

// Ten thousand bodies that hands, broken applications and attackers send: never
// a 500, and nothing is kept that is not a valid report.
func TestSubmission_random(t *testing.T) {
	f := newFixture(t, func(c *form.Config, _ *form.Parts) { c.PerHour = 1 << 20 })
	rnd := rand.New(rand.NewPCG(5, 2026))
	pick := func(of ...string) string { return of[rnd.IntN(len(of))] }
	number := func() string {
		if rnd.IntN(4) > 0 {
			return fmt.Sprintf("%.4f", 51+rnd.Float64()/2)
		}
		return pick("51.3762", "-0.0982", "1e400", "NaN", "-91", "48.85", "null", `"51"`, "", fmt.Sprint(rnd.NormFloat64()*60))
	}
	tokens := []string{f.Draft(uuid.New(), false), f.Draft(uuid.New(), true), "x", ""}
	for i := range 10_000 {
		var r *http.Response
		switch i % 3 {
		case 0:
			r = f.postJSON(fmt.Sprintf(`{"lat":%s,"lng":-%s,"factors":[%s],"day":%q,"daypart":%q,"key":%q,%q:%s}`, number(), pick("0.1", "0.2", number()),
				pick(`"badly_lit"`, `"followed","rundown"`, "", `"dim"`, "3", "null"), pick("", "2026-07-01", "2026-13-01", "9999-01-01", "0001-01-01", "x"),
				pick("", "night", "evening", "\x00"), pick("", uuid.NewString(), "00000000-0000-0000-0000-000000000000"), pick("dark", "dark", "proof", ""), pick(`"yes"`, `"no"`, "1", `""`)))
		case 1:
			v := url.Values{"s": {pick(tokens...)}, "lang": {pick("en", "cy", "xx", "")}, "lat": {number()}, "lng": {number()},
				"factor": {pick("badly_lit", "followed", "none", "%", "")}, "day": {pick("today", "other", "", "x")}, "dd": {pick("1", "31", "-1", "x", "٣")},
				"mm": {pick("2", "13", "")}, "yyyy": {pick("2026", "26", "99999", "")}, "daypart": {pick("night", "zz")}, "dark": {pick("yes", "zz")},
				"q": {pick("", "", "", "", "croydon", strings.Repeat("é", 300), "\x00", "cr0 1nx")}, "do": {pick("search", "", "move-north", "move-x")}, "choice": {pick("8b194ac260b6fff", "0", "-1", "")}, "change": {pick("", "1")}}
			r = f.post(pick("/report/where", "/report/place", "/report/people", "/report/when", "/report/send", "/report/about", "/report/search", "/report/near", "/place"), v)
		default:
			r = f.post("/open311/v2/requests."+pick("json", "xml", "html"), url.Values{"lat": {number()}, "long": {pick("0.1", number())}, "service_code": {pick("badly_lit", "1", "", "followed,,")}})
		}
		if r.StatusCode >= 500 {
			t.Fatalf("request %d: status %d", i, r.StatusCode)
		}
	}
	area, err := report.ParseArea("uk")
	if err != nil {
		t.Fatal(err)
	}
	kept := f.sink.all()
	if len(kept) < 100 {
		t.Errorf("only %d of the random reports were valid: the test tries too little", len(kept))
	}
	for _, s := range kept {
		r := s.Report
		p, err := r.Cell.LatLng()
		if err != nil || r.Cell.Resolution() != report.Resolution || !area.Contains(p.Lat, p.Lng) || r.Factors == 0 || r.Factors&^report.AllFactors != 0 ||
			r.Day < report.MinDay || r.Day > mustDay(t, "2026-07-16") || r.Daypart >= report.NumDayparts || r.Dark >= report.NumDark || s.Key.Version() != 4 || s.Weight|1 != 1 {
			t.Fatalf("kept %+v", s)
		}
	}
	if f.log.Len() > 0 {
		t.Errorf("the log tells of requests: %s", f.log)
	}
}

func FuzzPostReport(f *testing.F) {
	for _, s := range []string{`{"lat":51.3762,"lng":-0.0982,"factors":["rundown"]}`, `{"lat":1e999}`, `{"day":"2026-07-01"}`, `[[[[`, "\x00", `{"key":"x"}`} {
		f.Add(s)
	}
	x := newFixture(f, nil)
	f.Fuzz(func(t *testing.T, body string) {
		if r := x.postJSON(body); r.StatusCode >= 500 {
			t.Errorf("%q: status %d", body, r.StatusCode)
		}
	})
}

func FuzzForm(f *testing.F) {
	for _, s := range []string{"lat=51&lng=0", "q=%00&do=search", "factor=none", "day=other&dd=1", "s=x", "code=0000", "%zz"} {
		f.Add("/report/where", s)
		f.Add("/report/when", s)
		f.Add("/place", s)
	}
	x := newFixture(f, nil)
	f.Fuzz(func(t *testing.T, path, body string) {
		u, err := url.Parse(path)
		if err != nil || u.Host != "" || !strings.HasPrefix(u.Path, "/") {
			return
		}
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.URL = u
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if got := x.do(r); got.StatusCode >= 500 {
			t.Errorf("%q %q: status %d", path, body, got.StatusCode)
		}
	})
}
