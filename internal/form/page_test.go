package form_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"html"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/form"
	"github.com/streetsafe/streetsafe/internal/gazetteer"
)

// everyPage opens each page of the form in a language.
func everyPage(t *testing.T, f *fixture, lang string) map[string]string {
	t.Helper()
	pages := map[string]string{}
	take := func(b *browser) { p, _, _ := strings.Cut(b.at, "?"); pages[p] = b.page }
	b := f.open(t, "/report?lang="+lang)
	take(b)
	b.visit("/report/where?lang=" + lang)
	take(b)
	b.submit("do", "search", "q", "croydon")
	pages["/report/where#found"] = b.page
	b.submit("lat", "51.3762", "lng", "-0.0982")
	take(b)
	b.submit()
	pages["/report/place#error"] = b.page
	b.submit("factor", "badly_lit")
	take(b)
	b.submit("factor", "none")
	take(b)
	b.submit("day", "other", "dd", "40")
	pages["/report/when#error"] = b.page
	b.submit()
	take(b)
	b.submit()
	take(b)
	sent := b.at
	b.visit(strings.Replace(sent, "/sent", "/about", 1))
	take(b)
	b.submit()
	take(b)
	code := regexp.MustCompile(`/place/[0-9A-Z-]+`).FindString(b.page)
	for _, p := range []string{"/report/gone?lang=" + lang, code + "?lang=" + lang, "/place?e=code&lang=" + lang, "/poster?lang=" + lang, "/poster?place=East+Croydon&c=lights&lang=" + lang} {
		b.visit(p)
		pages[p] = b.page
	}
	return pages
}

var (
	linked   = regexp.MustCompile(`(?:src|href|action|data-[a-z]+)="([^"]*)"`)
	inline   = regexp.MustCompile(`(?i)<style|style="|<script>|\son[a-z]+="|javascript:`)
	untold   = regexp.MustCompile(`[a-z]+\.[a-z_]+\.[a-z_]+|%!|<no value>|\[\[`)
	labelFor = regexp.MustCompile(`<label for="([^"]+)"`)
	anID     = regexp.MustCompile(`\sid="([^"]+)"`)
)

func TestPages_allLanguages(t *testing.T) {
	f := newFixture(t, nil)
	for _, lang := range f.Languages() {
		for name, page := range everyPage(t, f, lang) {
			if !strings.Contains(page, "<h1") || strings.Count(page, "<h1") != 1 {
				t.Errorf("%s %s has %d first headings", lang, name, strings.Count(page, "<h1"))
			}
			if m := inline.FindString(page); m != "" {
				t.Errorf("%s %s has something inline: %s", lang, name, m)
			}
			for _, m := range linked.FindAllStringSubmatch(page, -1) {
				abroad := strings.HasPrefix(m[1], "http")
				loads := strings.HasPrefix(m[0], "src") || strings.Contains(m[1], "assets")
				if abroad && loads || abroad && !strings.HasPrefix(m[1], "https://") {
					t.Errorf("%s %s asks another host: %s", lang, name, m[0])
				}
			}
			text := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, " ")
			if m := untold.FindString(text); m != "" && !strings.Contains(m, "police.uk") {
				t.Errorf("%s %s shows %q", lang, name, m)
			}
			ids := map[string]int{}
			for _, m := range anID.FindAllStringSubmatch(page, -1) {
				ids[m[1]]++
			}
			for id, n := range ids {
				if n > 1 {
					t.Errorf("%s %s has %d elements named %s", lang, name, n, id)
				}
			}
			for _, m := range labelFor.FindAllStringSubmatch(page, -1) {
				if ids[m[1]] == 0 {
					t.Errorf("%s %s has a label for %s, which is not there", lang, name, m[1])
				}
			}
			if strings.Contains(page, "<textarea") {
				t.Errorf("%s %s asks for free text", lang, name)
			}
		}
	}
}

func TestPages_headers(t *testing.T) {
	f := newFixture(t, nil)
	for _, target := range []string{"/report", "/report/where", "/report/gone", "/report/nothing", "/report/place?s=x", "/api/v1/challenge", "/open311/v2/services.json", "/place", "/poster"} {
		r := f.get(target)
		for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "Set-Cookie": "", "ETag": "", "Access-Control-Allow-Origin": ""} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, expected %q", target, name, got, want)
			}
		}
		csp := r.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "form-action 'self'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: policy lacks %s", target, want)
			}
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "http") || strings.Contains(csp, "*") {
			t.Errorf("%s: policy %s", target, csp)
		}
	}
}

// pageBudget is what a phone on a slow network loads for one page of the form,
// compressed, without the map: under the promised 60 KB by far, so that growth
// is noticed.
const pageBudget = 20 << 10

func TestPages_budget(t *testing.T) {
	f := newFixture(t, nil)
	size := func(target string) int {
		r := httptest.NewRequest(http.MethodGet, target, nil)
		r.Header.Set("Accept-Encoding", "gzip")
		got := f.do(r)
		if got.StatusCode != http.StatusOK || got.Header.Get("Content-Encoding") != "gzip" {
			t.Fatalf("%s: status %d, encoding %q", target, got.StatusCode, got.Header.Get("Content-Encoding"))
		}
		body := read(t, got)
		z, err := gzip.NewReader(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, z); err != nil {
			t.Fatal(err)
		}
		return len(body)
	}
	b := f.open(t, "/report/where?lang=cy")
	b.toCheck()
	b.submit()
	unsent := f.open(t, "/report/where?lang=cy")
	unsent.toCheck()
	check := unsent.at
	about, done := strings.Replace(b.at, "/sent", "/about", 1), strings.Replace(b.at, "/sent", "/done", 1)
	asset := regexp.MustCompile(`/report/assets/[^"]+\.(?:css|js|svg)`)
	whole := 0
	for _, target := range []string{"/report?lang=cy", "/report/where?lang=cy", check, about, done, "/place", "/poster?place=East+Croydon"} {
		page, total := size(target), 0
		total += page
		for _, a := range asset.FindAllString(html.UnescapeString(read(t, f.get(target))), -1) {
			total += size(a)
		}
		t.Logf("%.20s: %d bytes, the page alone %d", target, total, page)
		if total > pageBudget {
			t.Errorf("%s takes %d bytes, more than %d", target, total, pageBudget)
		}
		whole += page
	}
	if whole > 3*pageBudget {
		t.Errorf("the pages take %d bytes", whole)
	}
}

// Nothing of a request is ever logged, whatever happens to it.
func TestLog_silent(t *testing.T) {
	f := newFixture(t, func(_ *form.Config, p *form.Parts) { p.Outside = failing{} })
	b := f.open(t, "/report/where?lang=en")
	b.submit("do", "search", "q", "Nowhereville Alpha")
	b.toCheck()
	b.submit()
	f.sink.err = errDisk
	b.visit(strings.Replace(b.at, "/sent", "/about", 1))
	b.submit("age", "25_34")
	f.postJSON(`{"lat":51.3762,"lng":-0.0982,"factors":["rundown"]}`)
	f.postJSON(`{`)
	f.get("/report/nothing/51.3762")
	text := f.log.String()
	for _, secret := range []string{"192.0.2", "51.37", "0982", "/report", "Nowhereville", "8b194", "s=", "Mozilla", "rundown", "25_34"} {
		if strings.Contains(text, secret) {
			t.Errorf("the log has %q:\n%s", secret, text)
		}
	}
	if !strings.Contains(text, errDisk.Error()) {
		t.Errorf("the log does not say why a report was lost:\n%s", text)
	}
}

type failing struct{}

func (failing) Search(_ context.Context, q string, _ int) ([]gazetteer.Place, error) {
	return nil, fmt.Errorf("no answer for %s", q)
}
func (failing) Attribution() string { return "" }

// panicking loses its head over every report.
type panicking struct{}

func (panicking) Accept(context.Context, form.Submission) error { panic("secret 51.3762") }

func TestLog_panic(t *testing.T) {
	f := newFixture(t, func(_ *form.Config, p *form.Parts) { p.Sink = panicking{} })
	if r := f.postJSON(`{"lat":51.3762,"lng":-0.0982,"factors":["rundown"]}`); r.StatusCode != http.StatusInternalServerError {
		t.Errorf("status %d", r.StatusCode)
	}
	if strings.Contains(f.log.String(), "51.3762") || !strings.Contains(f.log.String(), "panicked") {
		t.Errorf("the log says %q", f.log)
	}
}

// facts knows one place.
type facts struct{ asked h3.Cell }

func (x *facts) Place(_ context.Context, c h3.Cell) (form.PlaceFacts, error) {
	x.asked = c
	return form.PlaceFacts{Release: "2026-1", From: 20_000, To: 20_030, Wider: []form.Figure{{Label: "theme.both", Count: 25}}, Actions: []form.Action{
		{Status: "done", Label: form.Text{"en": "Done", "cy": "Wedi’i wneud"}, Kind: form.Text{"en": "Lighting"}, Title: "Four lamps <mended>",
			Note: form.Text{"en": "Only in English"}, Place: "near the park", Steps: []form.ActionStep{{Day: 20_001, Text: form.Text{"en": "Done by the council", "cy": "Gwnaed gan y cyngor"}}}},
	}}, nil
}

func TestPlace(t *testing.T) {
	known := &facts{}
	f := newFixture(t, func(_ *form.Config, p *form.Parts) { p.Places = known })
	b := f.open(t, "/report/where?lang=en")
	b.toCheck()
	b.submit()
	b.visit(strings.Replace(b.at, "/sent", "/done", 1))
	link := regexp.MustCompile(`href="(/place/([0-9A-Z-]+)\?[^"]*)"`).FindStringSubmatch(b.page)
	if link == nil {
		t.Fatal("no receipt")
	}
	b.visit(link[1])
	b.sees(f.T("en", "theme.both"), "about 25", "4 October 2024 to 2 November 2024", f.T("en", "area.few"),
		"Done", "Four lamps <mended>", "near the park", "5 October 2024", "Done by the council")
	b.visit(strings.Replace(link[1], "lang=en", "lang=cy", 1))
	b.sees("Wedi’i wneud", `<span lang="cy">Gwnaed gan y cyngor`, `<p lang="en">Only in English`)
	if want, err := f.sink.only(t).Report.Cell.Parent(8); err != nil || known.asked != want {
		t.Errorf("asked for %s, expected %s, %v", known.asked, want, err)
	}
	// The code typed by hand leads there too; another one says what to do.
	r := f.post("/place", url.Values{"code": {strings.ToLower(strings.ReplaceAll(link[2], "-", " "))}, "lang": {"en"}})
	if to := r.Header.Get("Location"); to != link[1] {
		t.Errorf("the typed code leads to %s, expected %s", to, link[1])
	}
	b.follow("/place", f.post("/place", url.Values{"code": {"WRONG"}, "lang": {"en"}}))
	b.sees(f.T("en", "code.error.code"))
	if f.sink.only(t).Key == uuid.Nil || strings.Contains(b.page, f.sink.only(t).Key.String()) {
		t.Error("the key of the report is shown")
	}
}

func TestPoster(t *testing.T) {
	f := newFixture(t, func(c *form.Config, _ *form.Parts) { c.BaseURL = "https://streetsafe.example/" })
	page := read(t, f.get("/poster?place=East+Croydon&c=Lights-26&lang=cy"))
	for _, want := range []string{f.T("cy", "poster.ask"), "streetsafe.example/report", "East Croydon", "lights-26", "<svg"} {
		if !strings.Contains(html.UnescapeString(page), want) {
			t.Errorf("the poster lacks %q", want)
		}
	}
	svg := f.get("/poster.svg?place=East+Croydon")
	if body := read(t, svg); svg.Header.Get("Content-Type") != "image/svg+xml" || !strings.HasPrefix(body, "<svg xmlns=") {
		t.Errorf("poster.svg: %s %.60s", svg.Header.Get("Content-Type"), body)
	}
	img, err := png.Decode(bytes.NewBufferString(read(t, f.get("/poster.png?place=East+Croydon"))))
	if err != nil {
		t.Fatal(err)
	}
	bits, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		t.Fatal(err)
	}
	code, err := qrcode.NewQRCodeReader().Decode(bits, nil)
	if err != nil {
		t.Fatal(err)
	}
	link, err := url.Parse(code.GetText())
	if err != nil || link.Host != "streetsafe.example" || link.Path != "/report" {
		t.Fatalf("the code says %q, %v", code.GetText(), err)
	}
	if page := read(t, f.get(link.RequestURI())); !strings.Contains(page, "/report/where?at="+link.Query().Get("at")) {
		t.Errorf("%s does not open the form near the place", link)
	}
	size := img.Bounds().Dx()
	if r, _, _, _ := img.At(size/2, 12).RGBA(); r == 0 || size < 300 {
		t.Errorf("a picture of %d pixels, with a margin of %d", size, r)
	}
	if r, _, _, _ := img.At(4*12+6, 4*12+6).RGBA(); r != 0 {
		t.Error("the corner of the code is not dark")
	}
	// Without a place, and with one nobody knows, the page asks for it.
	for _, target := range []string{"/poster", "/poster?place=qqqqqqqq", "/poster?place=8b1fb46622dcfff"} {
		if page := read(t, f.get(target)); !strings.Contains(page, `name="place"`) {
			t.Errorf("%s does not ask for a place", target)
		}
	}
	for _, target := range []string{"/poster.svg?place=qqqqqqqq", "/poster.png"} {
		if got := f.get(target).StatusCode; got != http.StatusNotFound {
			t.Errorf("%s: status %d", target, got)
		}
	}
	// A tag that could name a person or carry anything else is dropped.
	for _, tag := range []string{"Ann Smith", "a@b.c", strings.Repeat("x", 25), "<script>"} {
		if page := read(t, f.get("/poster?place=East+Croydon&c="+url.QueryEscape(tag))); strings.Contains(strings.Split(page, "<article")[1], tag) {
			t.Errorf("the tag %q is printed", tag)
		}
	}
}
