package main

import (
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	neturl "net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/internal/store/sqlite"
)

// What is undone disappears from a running map, and map and SQL agree after it.
func TestCorrections(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	importJSON(t, "--data", dir, write(t, "first.csv", threeReports))
	importJSON(t, "--data", dir, write(t, "second.csv", threeReports))
	url, _ := start(t, "serve", "--data", dir)
	total := func() int64 { return getJSON[totals](t, url+"/api/v1/summary").Total }
	if total() != 6 {
		t.Fatalf("the map has %d reports, want 6", total())
	}

	if out := mustRun(t, "withdraw", "--data", dir, "--reason", "posted twice", "second.csv", "a1"); !strings.Contains(out, "a1") {
		t.Errorf("got %s", out)
	}
	waitFor(t, func() bool { return total() == 5 })
	if _, _, err := run(t, "withdraw", "--data", dir, "--reason", "again", "second.csv", "a1"); err == nil {
		t.Error("a report was withdrawn twice")
	}
	if s := importJSON(t, "--data", dir, write(t, "second.csv", threeReports)); s.Accepted != 0 || s.Duplicates != 3 {
		t.Errorf("a withdrawn report came back: %+v", s)
	}

	if out := mustRun(t, "sources", "list", "--data", dir); !strings.Contains(out, "first.csv") || !strings.Contains(out, "second.csv") {
		t.Errorf("got %s", out)
	}
	if out := mustRun(t, "sources", "show", "--data", dir, "second.csv"); !strings.Contains(out, "withdrawn  1") {
		t.Errorf("got %s", out)
	}
	if out := mustRun(t, "sources", "remove", "--data", dir, "first.csv"); !strings.Contains(out, "3 reports") {
		t.Errorf("got %s", out)
	}
	waitFor(t, func() bool { return total() == 2 })
	if _, _, err := run(t, "sources", "remove", "--data", dir, "first.csv"); err == nil || !strings.Contains(err.Error(), "sources list") {
		t.Errorf("removing it twice: %v", err)
	}
	mustRun(t, "doctor", "--data", dir)
	if s := importJSON(t, "--data", dir, write(t, "first.csv", threeReports)); s.Accepted != 3 {
		t.Errorf("importing it again: %+v", s)
	}
	waitFor(t, func() bool { return total() == 5 })
}

func TestBackup(t *testing.T) {
	dir := t.TempDir()
	importJSON(t, "--data", dir, write(t, "three.csv", threeReports))
	file := filepath.Join(t.TempDir(), "copy.db")
	if out := mustRun(t, "backup", "--data", dir, file); !strings.Contains(out, "is sound: 3 reports") {
		t.Errorf("got %s", out)
	}
	mustRun(t, "backup", "verify", file)
	if _, _, err := run(t, "backup", "--data", dir, file); err == nil {
		t.Error("a backup was overwritten")
	}
	restored := filepath.Join(t.TempDir(), "new")
	mustRun(t, "backup", "restore", "--data", restored, file)
	if _, _, err := run(t, "backup", "restore", "--data", restored, file); err == nil {
		t.Error("a store was overwritten")
	}
	mustRun(t, "doctor", "--data", restored)
}

func TestCopy(t *testing.T) {
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "to")
	importJSON(t, "--data", from, write(t, "three.csv", threeReports))
	for range 2 { // the second run finds everything there
		if out := mustRun(t, "copy", "--from", "sqlite:"+from, "--to", "sqlite:"+to); !strings.Contains(out, "3 reports of 1 sources") {
			t.Errorf("got %s", out)
		}
	}
	mustRun(t, "doctor", "--data", to)
	if _, _, err := run(t, "copy", "--from", from, "--to", "sqlite:"+to); err == nil || !strings.Contains(err.Error(), "sqlite:DIR") {
		t.Errorf("a bare directory: %v", err)
	}
}

// What people and operators have made moves too: they log in with the same
// password, the audit log stays whole, and areas, lamps, tokens and views are there.
func TestCopy_everything(t *testing.T) {
	t.Parallel()
	url := needDatabase(t).NewDatabase(t)
	from, to := []string{"--data", filepath.Join(t.TempDir(), "from")}, []string{"--data", t.TempDir(), "--database-url", url}
	do := func(in string, args ...string) string {
		t.Helper()
		out, err := runWith(t, in, args...)
		if err != nil {
			t.Fatalf("%s: %v", strings.Join(args, " "), err)
		}
		return out
	}
	on := func(store []string, command ...string) string { return do("", append(command, store...)...) }
	importJSON(t, append(from, write(t, "three.csv", threeReports))...)
	do("three random words\n", append([]string{"user", "add", "--role", "admin", "--password-stdin", "a@example.org"}, from...)...)
	on(from, "user", "add", "--role", "officer", "o@example.org")
	token := strings.TrimSpace(on(from, "token", "create", "--user", "o@example.org", "--name", "QGIS"))
	on(from, "areas", "import", "--kind", "ward", writeFile(t, "wards.geojson", twoWards))
	on(from, "lamps", "import", writeFile(t, "lamps.csv", "id,lat,lng\nL1,51.37,-0.1\n"))
	on(from, "retention", "set", "--coarsen-after", "24")
	_, anchor, _ := strings.Cut(strings.TrimSpace(on(from, "audit", "verify")), "anchor: ")
	for range 2 {
		do("", "copy", "--from", "sqlite:"+from[1], "--to", url)
	}
	if out := on(to, "audit", "verify", "--anchor", anchor); !strings.Contains(out, "all sound") {
		t.Errorf("audit verify: %s", out)
	}
	for _, command := range []string{"user list", "token list", "areas list", "lamps list", "sources list", "retention status", "audit list"} {
		if got, want := on(to, strings.Fields(command)...), on(from, strings.Fields(command)...); got != want || want == "" {
			t.Errorf("%s:\n%s\nwant\n%s", command, got, want)
		}
	}
	server, _ := start(t, append([]string{"serve"}, to...)...)
	login := neturl.Values{"email": {"a@example.org"}, "password": {"three random words"}}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{Jar: jar}
	resp, err := c.PostForm(plain(server)+"/login", login)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got := status(t, c, plain(server)+"/admin/audit"); got != http.StatusOK {
		t.Errorf("logged in with the password of the original: status %d", got)
	}
	u, err := neturl.Parse(plain(server) + "/api/v1/summary")
	if err != nil {
		t.Fatal(err)
	}
	u.User = neturl.UserPassword("anybody", token)
	if got := status(t, http.DefaultClient, u.String()); got != http.StatusOK {
		t.Errorf("with the token of the original: status %d", got)
	}
}

// A submitted report is published by the first look on a day on which it is
// due, and not before.
func TestPublish(t *testing.T) {
	day, err := report.ParseDay("2026-03-01")
	if err != nil {
		t.Fatal(err)
	}
	var hours atomic.Int64 // since the day began
	hours.Store(9)
	now := func() time.Time { return day.Time().Add(time.Duration(hours.Load()) * time.Hour) }
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "s.db"), sqlite.Options{Create: true, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	cell, err := report.CellAt(51.3727, -0.1099)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		r := report.Record{Report: report.Report{Cell: cell, Day: day, Daypart: report.Night, Factors: 1}, ExternalID: strings.Repeat("x", i+1)}
		if err := st.Submit(t.Context(), "form", store.Submission{Record: r, Weight: 1}); err != nil {
			t.Fatal(err)
		}
	}
	tick := make(chan time.Time)
	done := make(chan struct{})
	go func() {
		defer close(done)
		publish(t.Context(), slog.New(slog.DiscardHandler), st, store.DefaultSchedule(), tick)
	}()
	for _, step := range []struct {
		later int64
		want  int64
	}{{1, 0}, {23, 0}, {24, 5}, {24, 5}} {
		hours.Add(step.later)
		tick <- now() // looks at the new time
		tick <- now() // the look before this one has ended
		got, err := st.Count(t.Context(), report.Filter{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got != step.want {
			t.Errorf("at %s %d reports are published, want %d", now(), got, step.want)
		}
	}
}
