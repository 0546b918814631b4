package pages_test

import (
	"context"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/access/pages"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/review"
	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/internal/store/sqlite"
)

var today = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// desk is the pages over a store in which six reports of Croydon and one of
// Cardiff have no proof, and two are over the limit.
type desk struct {
	t       *testing.T
	st      *sqlite.Store
	gate    *access.Gate
	pages   *pages.Handler
	cookies map[string][]*http.Cookie // by account
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	ctx := context.Background()
	st, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), sqlite.FileName), sqlite.Options{Create: true, Now: func() time.Time { return today }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	put := func(n int, lat, lng float64, why string) {
		for i := range n {
			cell, err := report.CellAt(lat, lng)
			if err != nil {
				t.Fatal(err)
			}
			r := report.Report{Cell: cell, Day: report.DayOf(today) - 3, Daypart: report.Night, Factors: report.FactorSet(report.BadlyLit)}
			err = st.Submit(ctx, "form", store.Submission{Record: report.Record{Report: r, ExternalID: fmt.Sprint(why, lat, i)}, Quarantine: why})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	put(6, 51.3762, -0.0982, review.NoProof)
	put(1, 51.48, -3.18, review.NoProof)
	put(2, 51.3762, -0.0982, review.OverLimit)
	d := &desk{t: t, st: st, cookies: map[string][]*http.Cookie{"nobody": nil}}
	d.gate, err = access.New(ctx, st, access.Config{Params: access.Params{Time: 1, Memory: 8, Threads: 1}, Now: func() time.Time { return today }})
	if err != nil {
		t.Fatal(err)
	}
	d.pages = pages.New(d.gate, pages.Config{Asset: func(s string) string { return "/static/" + s }, Log: slog.New(slog.DiscardHandler), Review: st,
		Near:    func(lat, _ float64) string { return fmt.Sprintf("place at %.0f", lat) },
		Posters: func() map[string]int { return map[string]int{"lights-26": 40, "arcade": 120} }})
	const password = "correct horse battery staple"
	for name, role := range map[string]string{"officer": "officer national", "bound": "officer E09000008", "planner": "planner E09000008", "admin": "admin national"} {
		role, area, _ := strings.Cut(role, " ")
		email := name + "@example.org"
		if _, err := d.gate.AddAccount(ctx, access.NewAccount{Email: email, Role: role, Area: area, Password: password}); err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		if err := d.gate.Login(w, httptest.NewRequest(http.MethodPost, "/login", nil), email, password); err != nil {
			t.Fatal(err)
		}
		d.cookies[name] = w.Result().Cookies()
	}
	return d
}

// ask asks as somebody; a form brings the token of their account page.
func (d *desk) ask(who, method, target string, form url.Values) (status int, location, body string) {
	d.t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, c := range d.cookies[who] {
		r.AddCookie(c)
	}
	id, err := d.gate.Who(r)
	if err != nil {
		d.t.Fatal(err)
	}
	w := httptest.NewRecorder()
	d.pages.ServeHTTP(w, r.WithContext(access.NewContext(r.Context(), id)))
	raw, err := io.ReadAll(w.Result().Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return w.Code, w.Header().Get("Location"), html.UnescapeString(string(raw))
}

var batchLink = regexp.MustCompile(`href="(/admin/review/batch[^"]*)"`)

// batch opens the page of the n-th batch of the list and returns its fields.
func (d *desk) batch(who string, n int) (page string, fields url.Values) {
	d.t.Helper()
	_, _, list := d.ask(who, http.MethodGet, "/admin/review", nil)
	links := batchLink.FindAllStringSubmatch(list, -1)
	if len(links) <= n {
		d.t.Fatalf("%d batches are listed:\n%s", len(links), list)
	}
	status, _, page := d.ask(who, http.MethodGet, links[n][1], nil)
	if status != http.StatusOK {
		d.t.Fatalf("%s: status %d", links[n][1], status)
	}
	fields = url.Values{}
	for _, m := range regexp.MustCompile(`type="hidden" name="([a-z]+)" value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		fields.Set(m[1], m[2])
	}
	return page, fields
}

func (d *desk) held() (n int64) {
	d.t.Helper()
	all, err := d.st.Held(context.Background(), 0)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, h := range all {
		n += h.Reports
	}
	return n
}

// audited returns what was written to the log since the accounts were made.
func (d *desk) audited() (lines []string) {
	d.t.Helper()
	all, err := d.gate.RecentAudit(context.Background(), 100)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, e := range all {
		if strings.HasPrefix(e.What, "review") {
			lines = append(lines, e.Who+": "+e.What+" "+e.Cell+" "+e.Why)
		}
	}
	return lines
}

func TestReview_who(t *testing.T) {
	d := newDesk(t)
	for who, want := range map[string]int{"officer": 200, "admin": 200, "bound": 403, "planner": 403, "nobody": 303} {
		if status, _, _ := d.ask(who, http.MethodGet, "/admin/review", nil); status != want {
			t.Errorf("%s gets %d, want %d", who, status, want)
		}
		form := url.Values{"day": {"2026-11-20"}, "held": {"no_proof"}, "why": {"because of it"}, "sure": {"yes"}}
		if status, _, _ := d.ask(who, http.MethodPost, "/admin/review/drop", form); status != 403 && status != 401 {
			t.Errorf("%s drops without the token of a form: %d", who, status)
		}
	}
	if d.held() != 9 || len(d.audited()) != 0 {
		t.Errorf("%d are held, %v", d.held(), d.audited())
	}
	for who, led := range map[string]bool{"officer": true, "bound": false, "planner": false} {
		if _, _, page := d.ask(who, http.MethodGet, "/account", nil); strings.Contains(page, `href="/admin/review"`) != led {
			t.Errorf("%s is led to held back reports: %t", who, !led)
		}
	}
	if _, _, page := d.ask("admin", http.MethodGet, "/admin", nil); !strings.Contains(page, `href="/admin/review"`) {
		t.Error("an administrator is not led to held back reports")
	}
}

func TestReview_list(t *testing.T) {
	d := newDesk(t)
	_, _, list := d.ask("officer", http.MethodGet, "/admin/review", nil)
	for _, want := range []string{"2026-11-20, no proof of work: 7 reports", "over the hourly limit: 2 reports", "place at 51"} {
		if !strings.Contains(list, want) {
			t.Errorf("the list lacks %q:\n%s", want, list)
		}
	}
	if first, second := strings.Index(list, "<td>120</td>"), strings.Index(list, "<td>40</td>"); first < 0 || second < first {
		t.Errorf("posters are not listed, the one most opened first:\n%s", list)
	}
	page, _ := d.batch("officer", 1)
	for _, want := range []string{"<dd>6</dd>", "Release 6 reports", "they count"} {
		if !strings.Contains(page, want) {
			t.Errorf("the batch lacks %q:\n%s", want, page)
		}
	}
	cell, err := report.CellAt(51.3762, -0.0982)
	if err != nil {
		t.Fatal(err)
	}
	parent, err := cell.Parent(review.MaxResolution)
	if err != nil {
		t.Fatal(err)
	}
	// Nothing finer than a large town is shown without a reason, nor a day or
	// reasons of reports ever.
	for _, secret := range []string{cell.String(), parent.String(), "2026-11-17", "badly_lit", "night"} {
		if strings.Contains(list+page, secret) {
			t.Errorf("%q is shown", secret)
		}
	}
	for name, target := range map[string]string{
		"another day": "day=2026-11-19&held=no_proof", "another reason": "day=2026-11-20&held=spam", "no reason": "day=2026-11-20",
		"a spot": "day=2026-11-20&held=no_proof&area=" + cell.String(), "an empty area": "day=2026-11-20&held=no_proof&area=" + h3.Cell(0x85754e67fffffff).String(),
	} {
		if status, _, _ := d.ask("officer", http.MethodGet, "/admin/review/batch?"+target, nil); status != http.StatusNotFound {
			t.Errorf("%s: status %d", name, status)
		}
	}
}

func TestReview_look(t *testing.T) {
	d := newDesk(t)
	_, fields := d.batch("officer", 1)
	if status, _, page := d.ask("officer", http.MethodPost, "/admin/review/look", fields); status != http.StatusUnprocessableEntity || strings.Contains(page, "By neighbourhood</h2>") {
		t.Errorf("without a reason: status %d", status)
	}
	fields.Set("why", "looks like a flood")
	status, _, page := d.ask("officer", http.MethodPost, "/admin/review/look", fields)
	if status != http.StatusOK || !strings.Contains(page, "By neighbourhood</h2>") || strings.Count(page, "<td>6</td>") != 1 {
		t.Errorf("status %d:\n%s", status, page)
	}
	want := "officer@example.org: review look day 2026-11-20 held-for no_proof " + fields.Get("area") + " looks like a flood"
	if got := d.audited(); len(got) != 1 || got[0] != want {
		t.Errorf("the log has %q, want %q", got, want)
	}
}

func TestReview_settle(t *testing.T) {
	d := newDesk(t)
	_, fields := d.batch("officer", 1) // Croydon, no proof
	if status, _, page := d.ask("officer", http.MethodPost, "/admin/review/release", fields); status != http.StatusUnprocessableEntity || !strings.Contains(page, "Say why") {
		t.Errorf("without a reason: status %d", status)
	}
	fields.Set("why", "as on other days")
	if status, _, page := d.ask("officer", http.MethodPost, "/admin/review/drop", fields); status != http.StatusUnprocessableEntity || !strings.Contains(page, `value="as on other days"`) {
		t.Errorf("dropping without being sure: status %d", status)
	}
	if d.held() != 9 {
		t.Fatalf("%d are held", d.held())
	}
	status, to, _ := d.ask("officer", http.MethodPost, "/admin/review/release", fields)
	if status != http.StatusSeeOther || d.held() != 3 {
		t.Errorf("released: status %d, %d are held", status, d.held())
	}
	if _, _, page := d.ask("officer", http.MethodGet, to, nil); !strings.Contains(page, "Released: 6.") {
		t.Errorf("it is not said:\n%s", page)
	}
	if status, _, _ := d.ask("officer", http.MethodPost, "/admin/review/release", fields); status != http.StatusNotFound {
		t.Errorf("released again: status %d", status)
	}
	for n := int64(3); n > 0; n = d.held() { // whole days now, by the administrator
		_, fields := d.batch("admin", 0)
		fields.Set("why", "one kind, one spot")
		fields.Set("sure", "yes")
		if status, _, _ := d.ask("admin", http.MethodPost, "/admin/review/drop", fields); status != http.StatusSeeOther || d.held() >= n {
			t.Fatalf("dropped: status %d, %d are held", status, d.held())
		}
	}
	if _, _, page := d.ask("admin", http.MethodGet, "/admin/review?done=dropped&n=x", nil); !strings.Contains(page, "Nothing is held back.") {
		t.Error("the empty list does not say so")
	}
	if got := d.audited(); len(got) != 3 || !strings.HasSuffix(got[2], " as on other days") {
		t.Errorf("the log has %q", got)
	}
	receipts := map[int]int{}
	if _, err := d.st.Waiting(context.Background()); err != nil {
		t.Fatal(err)
	}
	later := today.AddDate(0, 0, 10)
	st, err := sqlite.Open(context.Background(), d.st.Path(), sqlite.Options{Now: func() time.Time { return later }})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if _, err := st.Publish(context.Background(), store.DefaultSchedule()); err != nil {
		t.Fatal(err)
	}
	_, err = st.Receipts(context.Background(), func(r store.Receipt) error { receipts[r.Weight]++; return nil })
	if err != nil || receipts[1] != 6 || receipts[0] != 0 {
		t.Errorf("published by weight: %v, %v; want six of weight 1", receipts, err)
	}
}
