package main

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

func TestMonthsBefore(t *testing.T) {
	for _, c := range []struct {
		today  string
		months int
		want   string
	}{
		{"2026-11-24", 0, "2026-11-01"},
		{"2026-11-01", 1, "2026-10-01"},
		{"2026-03-31", 1, "2026-02-01"},
		{"2026-01-31", 24, "2024-01-01"},
		{"2026-05-15", 17, "2024-12-01"},
	} {
		today, err := report.ParseDay(c.today)
		if err != nil {
			t.Fatal(err)
		}
		if got := monthsBefore(today, c.months).String(); got != c.want {
			t.Errorf("%d months before %s: %s, want %s", c.months, c.today, got, c.want)
		}
	}
}

func TestRetention_settings(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, "migrate", "up", "--data", dir)
	if out := mustRun(t, "retention", "status", "--data", dir); !strings.Contains(out, "off") || !strings.Contains(out, "never") {
		t.Errorf("at first: %s", out)
	}
	if _, _, err := run(t, "retention", "run", "--data", dir); err == nil || !strings.Contains(err.Error(), "retention set") {
		t.Errorf("run without a setting: %v", err)
	}
	for _, bad := range [][]string{{"--coarsen-after", "-1"}, {"--reduce-after", "3"}, {"--coarsen-after", "5", "--reduce-after", "5"}} {
		if _, _, err := run(t, append([]string{"retention", "set", "--data", dir}, bad...)...); err == nil || !strings.Contains(err.Error(), "after") {
			t.Errorf("%v: %v", bad, err)
		}
	}
	if out := mustRun(t, "retention", "set", "--data", dir, "--coarsen-after", "24", "--reduce-after", "60"); !strings.Contains(out, "coarse after 24 months, counts after 60") {
		t.Errorf("got %s", out)
	}
	if out := mustRun(t, "retention", "set", "--data", dir); !strings.Contains(out, "off") {
		t.Errorf("turned off: %s", out)
	}
}

// A running map keeps its totals while old reports become coarse and then
// counts, and importing them again adds nothing.
func TestRetention_onRunningMap(t *testing.T) {
	engines(t, func(t *testing.T, s storage) {
		const rows = 3000
		file := manyReports(t, rows) // of January and February 2025
		where := []string{"--data", s.dir}
		if s.url != "" {
			where = append(where, "--database-url", s.url)
		}
		importJSON(t, append(where, file)...)
		p := serveStore(t, s)
		_, before := p.fetch("/tiles/reports/9/255/170.mvt?res=7")
		months := monthsSince(t, "2025-02-01")
		for _, c := range []struct {
			settings []string
			want     string
		}{
			{[]string{"--coarsen-after", months(0)}, "reduced to counts 0"},
			{[]string{"--coarsen-after", months(-1)}, "reduced to counts 0"},
			{[]string{"--coarsen-after", months(-1), "--reduce-after", months(0)}, "coarsened 0"},
			{[]string{"--coarsen-after", months(-1), "--reduce-after", months(0)}, "coarsened 0, reduced to counts 0"},
		} {
			out := mustRun(t, append(append([]string{"retention", "run"}, where...), c.settings...)...)
			if !strings.Contains(out, c.want) {
				t.Errorf("%v: %s, want %s", c.settings, out, c.want)
			}
			g, err := openAt(t, s, nil).Generation(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			wantSame(t, []*process{p}, g, rows)
			if _, after := p.fetch("/tiles/reports/9/255/170.mvt?res=7"); string(after) != string(before) {
				t.Errorf("%v: the tile at resolution 7 has changed", c.settings)
			}
		}
		if got := importJSON(t, append(where, file)...); got.Accepted != 0 || got.Duplicates != rows {
			t.Errorf("importing it again: %+v", got)
		}
		if out := mustRun(t, append([]string{"retention", "status"}, where...)...); !strings.Contains(out, "counts before 2025-02-01") {
			t.Errorf("got %s", out)
		}
		wantExactly(t, openAt(t, s, nil), rows, 0)
		p.stop()
	})
}

// monthsSince returns how many months lie between the month of a day and now,
// and some more, as a flag.
func monthsSince(t *testing.T, day string) func(more int) string {
	t.Helper()
	d, err := report.ParseDay(day)
	if err != nil {
		t.Fatal(err)
	}
	now, then := time.Now().UTC(), d.Time()
	n := 12*(now.Year()-then.Year()) + int(now.Month()-then.Month())
	return func(more int) string { return slog.IntValue(n + more).String() }
}

// A server applies the setting once a day.
func TestRetainDaily(t *testing.T) {
	day, err := report.ParseDay("2027-03-01")
	if err != nil {
		t.Fatal(err)
	}
	now := day.Time()
	st := openAt(t, storage{dir: t.TempDir()}, func() time.Time { return now })
	old := submission(t, "old")
	old.Day = day - 400
	if _, err := st.Insert(t.Context(), "s", []report.Record{old}); err != nil {
		t.Fatal(err)
	}
	tick := make(chan time.Time)
	go retainDaily(t.Context(), slog.New(slog.DiscardHandler), st, func() time.Time { return now }, tick)
	runs := func() (generation uint64) {
		t.Helper()
		tick <- now // it looks again
		tick <- now // the look has ended
		generation, err := st.Generation(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return generation
	}
	if g := runs(); g != 1 {
		t.Errorf("generation %d without a setting, want 1", g)
	}
	if err := st.SetMeta(t.Context(), store.MetaRetention, `{"coarsen_after_months":12}`); err != nil {
		t.Fatal(err)
	}
	if g := runs(); g != 2 {
		t.Errorf("generation %d with a setting, want 2", g)
	}
	older := old
	older.ExternalID, older.Day = "older", day-365
	if _, err := st.Insert(t.Context(), "s", []report.Record{older}); err != nil {
		t.Fatal(err)
	}
	if g := runs(); g != 3 {
		t.Errorf("generation %d on the same day, want 3", g)
	}
	_, last, err := readRetention(t.Context(), st)
	if err != nil || last.RanOn != day.String() || last.Coarsened != 1 || last.CoarsenedBefore != "2026-03-01" {
		t.Errorf("last run %+v, %v", last, err)
	}
}
