package main

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/streetsafe/streetsafe/internal/release"
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
	importJSON(t, "--data", dir, write(t, "old.csv", strings.ReplaceAll(threeReports, "2026", "2021")))
	for _, command := range []string{"set --coarsen-after 24", "run", "status"} {
		if out := mustRun(t, append(append([]string{"retention"}, strings.Fields(command)...), "--data", dir)...); !strings.Contains(out, "waits      for the public release of 2021-H1") {
			t.Errorf("%s: %s", command, out)
		}
	}
	if out := mustRun(t, "retention", "run", "--data", dir, "--coarsen-after", "24", "--unreleased"); strings.Contains(out, "waits") || !strings.Contains(out, "coarsened 3") {
		t.Errorf("without releases: %s", out)
	}
	if out := mustRun(t, "retention", "set", "--data", dir); !strings.Contains(out, "off") {
		t.Errorf("turned off: %s", out)
	}
}

var totalAndFactors = regexp.MustCompile(`"total":\d+,"by_factor":\[.*?\]`)

// A running map keeps its totals while old reports become coarse and then
// counts, and importing them again adds nothing.
func TestRetention_onRunningMap(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, s storage) {
		const rows = 3000
		file := manyReports(t, rows) // of January and February 2025
		where := []string{"--data", s.dir}
		if s.url != "" {
			where = append(where, "--database-url", s.url)
		}
		importJSON(t, append(where, file)...)
		p := serveStore(t, s)
		maps := []string{"/tiles/reports/9/255/170.mvt?res=7", "/tiles/reports/12/2047/1363.mvt?res=9",
			"/tiles/reports/12/2046/1363.geojson?res=9&from=2025-01-01&to=2025-02-01", "/tiles/reports/11/1023/681.mvt?res=8&factors=badly_lit",
			"/api/v1/summary?from=2025-02-01&to=2025-03-01&factors=badly_lit"}
		look := func() (all []string) {
			for _, path := range maps {
				status, body := p.fetch(path)
				// Of the summary what does not tell of dayparts and darkness.
				if total := totalAndFactors.Find(body); total != nil {
					body = total
				}
				all = append(all, fmt.Sprint(status, " ", string(body)))
			}
			return all
		}
		before := look()
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
			out := mustRun(t, append(append([]string{"retention", "run", "--unreleased"}, where...), c.settings...)...)
			if !strings.Contains(out, c.want) {
				t.Errorf("%v: %s, want %s", c.settings, out, c.want)
			}
			g, err := openAt(t, s, nil).Generation(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			wantSame(t, []*process{p}, g, rows)
			for i, after := range look() {
				if after != before[i] {
					t.Errorf("%v: %s has changed:\n%s\nwas\n%s", c.settings, maps[i], after, before[i])
				}
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
	if err := st.SetMeta(t.Context(), store.MetaRetention, `{"coarsen_after_months":12,"unreleased":true}`); err != nil {
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

// What a public release will count is not changed by retention before the release
// is frozen: neither dayparts nor days of receipt, nor those of the other half of
// the year, which the table of the year counts.
func TestRetain_waitsForReleases(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, s storage) {
		today := report.DayOf(time.Date(2027, 9, 15, 0, 0, 0, 0, time.UTC))
		clock := today - 600 // 2026-01-23
		st := openAt(t, s, func() time.Time { return clock.Time() })
		for i := range 5 {
			happened := submission(t, fmt.Sprint("form-", i))
			happened.Day = clock - 120 // in the half-year before
			if err := st.Submit(t.Context(), "form", store.Submission{Record: happened, Weight: i % 2}); err != nil {
				t.Fatal(err)
			}
		}
		clock += 5
		if res, err := st.Publish(t.Context(), store.DefaultSchedule()); err != nil || res.Accepted != 5 {
			t.Fatalf("%+v, %v", res, err)
		}
		imported := []report.Record{submission(t, "i-1"), submission(t, "i-2")}
		imported[0].Day, imported[1].Day = today-500, today-900
		if _, err := st.Insert(t.Context(), "file", imported); err != nil {
			t.Fatal(err)
		}
		clock = today
		log := slog.New(slog.DiscardHandler)
		setting := retention{CoarsenAfter: 2, ReduceAfter: 3}
		before := itemsOf(t, st)
		freeze := func(halves ...string) {
			for _, h := range halves {
				half, err := release.ParseHalfYear(h)
				if err != nil {
					t.Fatal(err)
				}
				_, err = st.FreezeDemographics(t.Context(), store.Period{Name: h, From: half.From(), To: half.To()}, func([]store.Described) ([]byte, error) { return []byte("{}"), nil })
				if err := errors.Join(err, st.SetMeta(t.Context(), "release_"+h, "commitment")); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, c := range []struct {
			frozen          []string
			waits, coarse   string
			changed, reduce int64
		}{
			{nil, "2025-H1", "2025-01-01", 0, 0},
			{[]string{"2025-H1"}, "2025-H2", "2025-01-01", 0, 0},
			{[]string{"2025-H2"}, "2026-H1", "2025-09-01", 1, 1},
			{[]string{"2026-H1", "2026-H2", "2027-H1"}, "2027-H2", "2027-01-01", 6, 6},
		} {
			freeze(c.frozen...)
			done, err := retain(t.Context(), log, st, today, setting)
			if err != nil || done.WaitsFor != c.waits || done.CoarsenedBefore != c.coarse || done.Coarsened != c.changed || done.Reduced != c.reduce {
				t.Errorf("with %v frozen: %+v, %v", c.frozen, done, err)
			}
			if c.changed == 0 && !maps.Equal(itemsOf(t, st), before) {
				t.Errorf("with %v frozen: what releases count has changed", c.frozen)
			}
		}
		if maps.Equal(itemsOf(t, st), before) {
			t.Error("reducing everything has changed nothing")
		}
	})
}

// itemsOf is what releases count.
func itemsOf(t *testing.T, st store.Store) map[release.Item]int {
	t.Helper()
	all := map[release.Item]int{}
	err := releaseSource{st}.Items(t.Context(), report.MinDay, report.MaxDay, func(it release.Item) error {
		weight := it.Weight
		it.Weight = 0
		if all[it] += weight; all[it] == 0 {
			delete(all, it)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
