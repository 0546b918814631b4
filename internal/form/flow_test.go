package form_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/form"
	"github.com/streetsafe/streetsafe/internal/report"
)

func TestHandler_flow(t *testing.T) {
	for _, lang := range []string{"en", "cy", "pl"} {
		t.Run(lang, func(t *testing.T) {
			f := newFixture(t, nil)
			b := f.open(t, "/report?lang="+lang)
			b.sees(`<html lang="`+lang+`"`, "999")
			b.visit("/report/where?lang=" + lang)
			b.toCheck()
			b.sees(f.T(lang, "factor.badly_lit"), f.T(lang, "month.2"), "2026", f.T(lang, "dark.line.yes"))
			b.submit("proof", b.proof())
			b.on("/report/sent")
			kept := f.sink.only(t)
			want := report.Report{Day: mustDay(t, "2026-02-03"), Daypart: report.Evening, Dark: report.DarkYes,
				Factors: report.FactorSet(report.BadlyLit, report.Isolated)}
			cell, err := report.CellAt(51.3762, -0.0982)
			if err != nil {
				t.Fatal(err)
			}
			want.Cell = cell
			if kept.Report != want || kept.Weight != 1 || kept.Quarantine != "" {
				t.Errorf("kept %+v, expected %+v", kept, want)
			}
			sent := b.at
			b.visit(strings.Replace(sent, "/sent", "/about", 1))
			b.submit("age", "25_34", "sex", "", "gender", "nonsense", "disability", "no")
			b.on("/report/done")
			b.sees("116 123", f.T(lang, "done.receipt"))
			if got := f.sink.about[kept.Key]; got != (form.Demographics{Age: "25_34", Disability: "no"}) {
				t.Errorf("about the reporter: %+v", got)
			}
		})
	}
}

func mustDay(t testing.TB, s string) report.Day {
	t.Helper()
	d, err := report.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestHandler_flow_withoutDay(t *testing.T) {
	f := newFixture(t, nil)
	b := f.open(t, "/report/where")
	b.submit("lat", "51.3762", "lng", "-0.0982")
	b.submit("factor", "none")
	b.submit("factor", "followed")
	b.submit()
	b.on("/report/check")
	b.submit()
	kept := f.sink.only(t)
	// Half past midnight in London is the next day there.
	if kept.Report.Day.String() != "2026-07-16" || kept.Report.Daypart != report.UnknownDaypart || kept.Report.Dark != report.DarkUnknown {
		t.Errorf("kept %+v", kept.Report)
	}
	if kept.Weight != 0 || kept.Quarantine != form.QuarantineNoProof {
		t.Errorf("without a proof of work: weight %d, quarantine %q", kept.Weight, kept.Quarantine)
	}
}

func TestHandler_questions_refuse(t *testing.T) {
	cases := []struct {
		name   string
		path   string
		submit []string
		see    string
	}{
		{"where/nothing", "/report/where", nil, "where.error.choose"},
		{"where/empty search", "/report/where", []string{"do", "search", "q", "  "}, "where.error.empty"},
		{"where/unknown place", "/report/where", []string{"do", "search", "q", "qqqqqqqqqq"}, "where.error.unknown"},
		{"where/outside", "/report/where", []string{"lat", "48.85", "lng", "2.35"}, "where.error.outside"},
		{"where/outside cell", "/report/where", []string{"choice", "8b1fb46622dcfff"}, "where.error.outside"},
		{"where/not a number", "/report/where", []string{"lat", "NaN", "lng", "0"}, "where.error.choose"},
		{"where/infinite", "/report/where", []string{"lat", "Inf", "lng", "0"}, "where.error.choose"},
		{"where/half a point", "/report/where", []string{"lat", "51.5"}, "where.error.choose"},
		{"where/no cell", "/report/where", []string{"choice", "zzz"}, "where.error.choose"},
		{"where/coarse cell", "/report/where", []string{"choice", "88194ad32dfffff"}, "where.error.choose"},
		{"where/move nothing", "/report/where", []string{"do", "move-north"}, "where.error.choose"},
		{"place/nothing", "/report/place", nil, "place.error.none"},
		{"place/wrong group", "/report/place", []string{"factor", "followed"}, "place.error.none"},
		{"place/both", "/report/place", []string{"factor", "none", "factor", "badly_lit"}, "place.error.both"},
		{"people/nothing", "/report/people", nil, "people.error.none"},
		{"people/both", "/report/people", []string{"factor", "none", "factor", "followed"}, "people.error.both"},
		{"when/no such date", "/report/when", []string{"day", "other", "dd", "31", "mm", "2", "yyyy", "2026"}, "when.error.date"},
		{"when/no year", "/report/when", []string{"day", "other", "dd", "1", "mm", "2"}, "when.error.date"},
		{"when/tomorrow", "/report/when", []string{"day", "other", "dd", "17", "mm", "7", "yyyy", "2026"}, "when.error.future"},
		{"when/long ago", "/report/when", []string{"day", "other", "dd", "31", "mm", "12", "yyyy", "1999"}, "when.error.old"},
	}
	f := newFixture(t, nil)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := f.open(t, "/report/where?lang=en")
			if c.path != "/report/where" {
				b.submit("lat", "51.3762", "lng", "-0.0982")
				b.visit(c.path + "?lang=en&s=" + b.token())
			}
			b.submit(c.submit...)
			b.on(c.path)
			text := f.T("en", c.see)
			b.sees(`id="summary"`, text, "<title>Error: ")
			// The summary leads to a field that is there and says so.
			m := regexp.MustCompile(`<li><a href="#([^"]+)">`).FindStringSubmatch(b.page)
			if m == nil || !strings.Contains(b.page, `id="`+m[1]+`"`) {
				t.Errorf("the summary leads nowhere: %v", m)
			}
			if strings.Count(b.page, text) < 2 {
				t.Error("the field itself does not say what is wrong")
			}
		})
	}
}

func TestHandler_questions_needOneReason(t *testing.T) {
	f := newFixture(t, nil)
	b := f.open(t, "/report/where?lang=en")
	b.submit("lat", "51.3762", "lng", "-0.0982")
	b.submit("factor", "none")
	b.submit("factor", "none")
	b.on("/report/people")
	b.sees(f.T("en", "people.error.nothing"))
	b.submit("factor", "followed")
	b.on("/report/when")
}

func TestHandler_where_list(t *testing.T) {
	f := newFixture(t, nil)
	b := f.open(t, "/report/where?lang=en")
	b.submit("do", "search", "q", "East Croydon")
	b.on("/report/where")
	b.sees("East Croydon", `type="radio" name="choice"`)
	choice := regexp.MustCompile(`name="choice" id="c-0" value="([0-9a-f]+)"`).FindStringSubmatch(b.page)
	if choice == nil {
		t.Fatal("no place to choose")
	}
	b.submit("choice", choice[1])
	b.on("/report/place")
	// The question opens again with its answer, and the point can be moved
	// without dragging.
	b.visit("/report/where?lang=en&s=" + b.token())
	b.sees(f.T("en", "where.chosen"), `value="move-north"`)
	before := regexp.MustCompile(`data-lat="([^"]+)"`).FindStringSubmatch(b.page)[1]
	b.submit("do", "move-north")
	b.on("/report/where")
	if after := regexp.MustCompile(`data-lat="([^"]+)"`).FindStringSubmatch(b.page)[1]; after <= before {
		t.Errorf("moved north from %s to %s", before, after)
	}
	b.submit()
	b.on("/report/place")
}

func TestHandler_where_poster(t *testing.T) {
	f := newFixture(t, nil)
	b := f.open(t, "/report?lang=en&at=8b194ac260b6fff&c=lights-26")
	b.sees("/report/where?at=8b194ac260b6fff")
	b.visit("/report/where?lang=en&at=8b194ac260b6fff")
	b.sees(f.T("en", "where.poster"), `value="8b194ac260b6fff"`)
	for opened, want := range []int{1: 0, 9: 0, 10: 10, 19: 10, 20: 20} {
		if opened > 1 {
			f.get("/report?lang=en&at=8b194ac260b6fff&c=lights-26")
		}
		if got := f.PosterOpens(); opened > 0 && want != 0 && got["lights-26"] != want || len(got) != min(opened/10, 1) {
			t.Errorf("the poster was opened %d times: %v", opened, got)
		}
	}
	for _, at := range []string{"zzz", "8b1fb46622dcfff", "81194ffffffffff"} {
		if page := read(t, f.get("/report?at="+at)); strings.Contains(page, "where?at=") {
			t.Errorf("the hint %q is taken", at)
		}
	}
}

func TestHandler_change(t *testing.T) {
	f := newFixture(t, nil)
	b := f.open(t, "/report/where?lang=en")
	b.toCheck()
	link := regexp.MustCompile(`href="(/report/people[^"]*change=1[^"]*)"`).FindStringSubmatch(b.page)
	if link == nil {
		t.Fatal("no link to change what is said of people")
	}
	b.visit(link[1])
	b.on("/report/people")
	b.submit("factor", "followed", "factor", "none")
	b.on("/report/people")
	b.submit("factor", "followed")
	b.on("/report/check")
	b.sees(f.T("en", "factor.followed"), f.T("en", "factor.badly_lit"))
}

// The Back button gives the pages as they were opened; what was answered since
// is still there.
func TestHandler_back_keepsAnswers(t *testing.T) {
	f := newFixture(t, nil)
	b := f.open(t, "/report/where?lang=en")
	b.toCheck()
	place := b.trail[1]
	b.visit(place)
	b.on("/report/place")
	b.sees(`value="badly_lit" checked`, `value="isolated" checked`)
	b.submit("factor", "rundown")
	b.on("/report/people")
	b.sees(`value="none" data-alone checked`)
	b.submit("factor", "none")
	b.sees(`value="evening" checked`, `value="2026"`)
}

func TestHandler_back_neverSendsTwice(t *testing.T) {
	f := newFixture(t, nil)
	b := f.open(t, "/report/where?lang=en")
	b.toCheck()
	check, token := b.at, b.token()
	b.submit()
	b.on("/report/sent")
	sent := b.at

	// The same form once more: the same answer, and still one report.
	b.follow("/report/send", f.post("/report/send", url.Values{"s": {token}, "lang": {"en"}}))
	b.on("/report/sent")
	f.sink.only(t)
	// No page of the draft opens any more, so the history tells nothing.
	for _, at := range append(b.trail[1:4], check) {
		b.visit(at)
		b.on("/report/gone")
	}
	b.visit(sent)
	b.on("/report/sent")
}

func TestHandler_exit(t *testing.T) {
	f := newFixture(t, nil)
	b := f.open(t, "/report/where?lang=en")
	b.toCheck()
	check, token := b.at, b.token()
	r := f.get("/report/exit?s=" + token)
	if to := r.Header.Get("Location"); r.StatusCode != http.StatusSeeOther || to != "https://www.bbc.co.uk/weather" {
		t.Fatalf("exit leads to %q", to)
	}
	b.visit(check)
	b.on("/report/gone")
	b.follow("/report/send", f.post("/report/send", url.Values{"s": {token}}))
	b.on("/report/gone")
	if len(f.sink.all()) != 0 {
		t.Error("a report was sent after its reporter left")
	}

	// After sending, exit closes the pages that follow, and the report stays.
	b.visit("/report/where?lang=en")
	b.toCheck()
	b.submit()
	sent := b.at
	u, err := url.Parse(sent)
	if err != nil {
		t.Fatal(err)
	}
	if r := f.post("/report/exit", url.Values{"s": {u.Query().Get("s")}}); r.StatusCode != http.StatusNoContent {
		t.Errorf("beacon: status %d", r.StatusCode)
	}
	b.visit(sent)
	b.on("/report/gone")
	f.sink.only(t)
}

func TestHandler_send_storeFails(t *testing.T) {
	f := newFixture(t, nil)
	b := f.open(t, "/report/where?lang=en")
	b.toCheck()
	f.sink.err = errDisk
	b.submit()
	b.on("/report/check")
	b.sees(f.T("en", "check.error.busy"), f.T("en", "factor.badly_lit"))
	f.sink.err = nil
	b.submit()
	b.on("/report/sent")
	f.sink.only(t)
}

func TestHandler_tokens_damaged(t *testing.T) {
	f := newFixture(t, nil)
	b := f.open(t, "/report/where?lang=en")
	b.toCheck()
	good := b.token()
	for _, token := range []string{"", "x", good[:len(good)-2], good + "AA", strings.Replace(good, good[20:22], "zz", 1)} {
		for _, p := range []string{"/report/place", "/report/people", "/report/when", "/report/check", "/report/sent", "/report/about", "/report/done"} {
			r := f.get(p + "?s=" + url.QueryEscape(token))
			if r.StatusCode != http.StatusSeeOther || !strings.HasPrefix(r.Header.Get("Location"), "/report/gone") {
				t.Errorf("%s with token %q: status %d, to %q", p, token, r.StatusCode, r.Header.Get("Location"))
			}
		}
	}
	// The address of the button, typed again after the line was cut, does not say
	// that nothing was sent.
	if r := f.get("/report/send?lang=cy"); r.Header.Get("Location") != "/report/gone?lang=cy" {
		t.Errorf("/report/send: status %d, to %q", r.StatusCode, r.Header.Get("Location"))
	}
	// A draft is no receipt for something sent.
	if r := f.get("/report/done?s=" + good); r.StatusCode != http.StatusSeeOther {
		t.Errorf("a draft opens the last page: %d", r.StatusCode)
	}
	for _, p := range []string{"/report/nothing", "/report/", "/place/x", "/elsewhere"} {
		if r := f.get(p); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d", p, r.StatusCode)
		}
	}
}

func TestHandler_crossSite(t *testing.T) {
	f := newFixture(t, nil)
	b := f.open(t, "/report/where?lang=en")
	b.toCheck()
	for name, c := range map[string]struct {
		head, value string
		want        int
	}{
		"fetch metadata":    {"Sec-Fetch-Site", "cross-site", http.StatusForbidden},
		"sister site":       {"Sec-Fetch-Site", "same-site", http.StatusForbidden},
		"other origin":      {"Origin", "https://evil.example", http.StatusForbidden},
		"own origin":        {"Origin", "http://example.com", http.StatusSeeOther},
		"referrer policy":   {"Origin", "null", http.StatusSeeOther},
		"typed by a person": {"Sec-Fetch-Site", "none", http.StatusSeeOther},
	} {
		r := httptest.NewRequest(http.MethodPost, "/report/send", strings.NewReader("s="+b.token()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set(c.head, c.value)
		if got := f.do(r).StatusCode; got != c.want {
			t.Errorf("%s: status %d, expected %d", name, got, c.want)
		}
	}
}

// A site for one town finds its own streets behind all others of their name, and
// says of a place elsewhere that it is elsewhere.
func TestHandler_where_oneTown(t *testing.T) {
	f := newFixture(t, func(cfg *form.Config, _ *form.Parts) {
		var err error
		if cfg.Area, err = report.ParseArea("-0.2,51.3,0.0,51.45"); err != nil {
			t.Fatal(err)
		}
	})
	for q, want := range map[string]string{"Newton": "where.error.outside", "Birmingham": "where.error.outside", "zzzzqq": "where.error.unknown", "Waddon": "", "New": ""} {
		b := f.open(t, "/report/where?lang=en")
		b.submit("q", q, "do", "search")
		b.on("/report/where")
		if want != "" {
			b.sees(f.T("en", want))
		} else {
			b.sees(map[string]string{"Waddon": "<strong>Waddon</strong>", "New": "<strong>New Addington</strong>"}[q])
		}
	}
	said := read(t, f.post("/report/search", url.Values{"q": {"Birmingham"}, "lang": {"en"}}))
	if !strings.Contains(said, `"places":[]`) || !strings.Contains(said, f.T("en", "where.error.outside")) {
		t.Errorf("suggestions: %s", said)
	}
	if page := read(t, f.get("/poster?place=Birmingham")); strings.Contains(page, "class=\"qr\"") {
		t.Error("a poster for another town")
	}
}
