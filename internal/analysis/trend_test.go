package analysis_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/analysis"
	"github.com/streetsafe/streetsafe/internal/report"
)

func TestFindTrends(t *testing.T) {
	const day = report.Day(20000)
	window := analysis.Window{From: day, To: day + 28}
	b := newBody(t)
	b.add(place(30), day-800, 1) // the records begin
	put := func(n, now, previous, yearAgo int) h3.Cell {
		b.add(place(n), day+3, now)
		b.add(place(n), day-3, previous)
		b.add(place(n), day-363, yearAgo)
		return cellAt(t, place(n).Lat, place(n).Lng, 9)
	}
	type verdicts struct{ previous, yearAgo analysis.Verdict }
	want := map[h3.Cell]verdicts{
		put(0, 40, 10, 40): {analysis.More, analysis.NoChange},
		put(1, 8, 40, 9):   {analysis.Fewer, analysis.TooFew},
		put(2, 2, 1, 20):   {analysis.TooFew, analysis.Fewer},
		put(3, 30, 31, 0):  {analysis.NoChange, analysis.More},
		put(4, 3, 1, 0):    {analysis.TooFew, analysis.TooFew},
	}
	s := b.snapshot()
	got := analysis.FindTrends(s, analysis.TrendQuery{Res: 9, Window: window})
	if len(got.Cells) != len(want) || !got.HasPrevious || !got.HasYearAgo || got.Previous != window.Back(28) || got.YearAgo != window.Back(364) {
		t.Fatalf("%+v", got)
	}
	for _, c := range got.Cells {
		if w := want[c.Cell]; c.Previous.Verdict != w.previous || c.YearAgo.Verdict != w.yearAgo {
			t.Errorf("%+v, want %+v", c, w)
		}
		ratio, p := analysis.RateRatio(c.Count, 28, c.Previous.Count, 28)
		if c.Count+c.Previous.Count > 0 && (c.Previous.Ratio != ratio || c.Previous.P != p) || c.Previous.Q < p {
			t.Errorf("%+v, want %v %v", c.Previous, ratio, p)
		}
	}
	if got.Overall.Count != 83 || got.Overall.Previous.Count != 83 || got.Overall.YearAgo.Count != 69 || got.Overall.Previous.Verdict != analysis.NoChange {
		t.Errorf("overall %+v", got.Overall)
	}
	if window.From.Weekday() != got.YearAgo.From.Weekday() {
		t.Error("a year ago is another weekday")
	}

	early := analysis.FindTrends(s, analysis.TrendQuery{Res: 9, Window: analysis.Window{From: day - 810, To: day - 700}})
	if early.HasPrevious || early.Overall.Previous.Verdict != analysis.NoHistory {
		t.Errorf("before the records: %+v", early.Overall)
	}
	late := analysis.FindTrends(s, analysis.TrendQuery{Res: 9, Window: window.Back(600)})
	if !late.HasPrevious || late.HasYearAgo {
		t.Errorf("no year ago: %+v", late)
	}
}

// A window of ten days has two Saturdays, the ten before it one: rates are per
// Saturday.
func TestFindTrends_Weekdays(t *testing.T) {
	const saturday = report.Day(20001)
	if saturday.Weekday() != report.Saturday {
		t.Fatal(saturday.Weekday())
	}
	b := newBody(t)
	b.add(place(0), saturday-100, 1)
	b.add(place(0), saturday, 10)
	b.add(place(0), saturday+7, 10)
	b.add(place(0), saturday-7, 10)
	b.add(place(0), saturday-1, 50)
	got := analysis.FindTrends(b.snapshot(), analysis.TrendQuery{
		Res: 9, Window: analysis.Window{From: saturday, To: saturday + 10}, Filter: report.Filter{Weekdays: 1 << report.Saturday},
	})
	if r := got.Overall.Previous.Ratio.Estimate; r != 1 {
		t.Errorf("ratio %v, want 1: %+v", r, got.Overall)
	}
}

// When a campaign trebles all reports, shares stay.
func TestCompare_Relative(t *testing.T) {
	now, then := map[h3.Cell]int64{}, map[h3.Cell]int64{}
	for i, c := range diskOf(t, cellAt(t, 51.5, -0.1, 9), 3) {
		then[c] = int64(10 + i%4)
		now[c] = 3 * then[c]
	}
	count := func(relative bool) (more int) {
		for _, c := range analysis.Compare(countsOf(t, 9, now), 7, countsOf(t, 9, then), 7, analysis.TrendQuery{Relative: relative}) {
			if c.Previous.Verdict == analysis.More {
				more++
			}
		}
		return more
	}
	if all, beyond := count(false), count(true); all != 37 || beyond != 0 {
		t.Errorf("%d emerge, %d beyond the rise of all; want 37 and 0", all, beyond)
	}
}

// Nothing changes but by chance: hardly any map of 500 places shows one that does.
func TestCompare_Chance(t *testing.T) {
	draw := counter(rand.New(rand.NewPCG(17, 3)), 1)
	cells := diskOf(t, cellAt(t, 51.5, -0.1, 9), 12)
	const rounds = 30
	wrong := 0
	for range rounds {
		now, then := map[h3.Cell]int64{}, map[h3.Cell]int64{}
		for i, c := range cells {
			now[c], then[c] = draw(float64(1+i%20)), draw(float64(1+i%20))
		}
		trends := analysis.Compare(countsOf(t, 9, now), 1, countsOf(t, 9, then), 1, analysis.TrendQuery{})
		if slices.ContainsFunc(trends, func(c analysis.Trend) bool {
			return c.Previous.Verdict == analysis.More || c.Previous.Verdict == analysis.Fewer
		}) {
			wrong++
		}
	}
	if wrong > rounds/8 {
		t.Errorf("%d of %d maps of chance show a change", wrong, rounds)
	}
}

func TestDifferences(t *testing.T) {
	cells := diskOf(t, cellAt(t, 51.5, -0.1, 9), 4)
	changes := func(f func(i int) (now, then int64)) analysis.DifferenceMap {
		now, then := map[h3.Cell]int64{}, map[h3.Cell]int64{}
		for i, c := range cells {
			now[c], then[c] = f(i)
		}
		return analysis.Differences(countsOf(t, 9, now), 30, countsOf(t, 9, then), 60)
	}
	for _, tt := range []struct {
		name   string
		f      func(i int) (int64, int64)
		breaks [3]float64
		first  analysis.Difference
	}{
		{"nothing", func(int) (int64, int64) { return 0, 0 }, [3]float64{1, 2, 5}, analysis.Difference{}},
		{"half the days, half the reports", func(int) (int64, int64) { return 3, 6 }, [3]float64{1, 2, 5}, analysis.Difference{Cell: cells[0]}},
		{"small", func(int) (int64, int64) { return 3, 3 }, [3]float64{1, 2, 5}, analysis.Difference{Cell: cells[0], Change: 1.5, Class: 1}},
		{"fewer", func(int) (int64, int64) { return 0, 80 }, [3]float64{5, 10, 20}, analysis.Difference{Cell: cells[0], Change: -40, Class: -3}},
		{"an outlier", func(i int) (int64, int64) {
			if i == 0 {
				return 900, 0
			}
			return 2, 0
		}, [3]float64{1, 2, 5}, analysis.Difference{Cell: cells[0], Change: 900, Class: 3}},
	} {
		got := changes(tt.f)
		if got.Breaks != tt.breaks {
			t.Errorf("%s: breaks %v, want %v", tt.name, got.Breaks, tt.breaks)
		}
		if len(got.Cells) > 0 && got.Cells[0] != tt.first || len(got.Cells) == 0 && tt.first.Cell != 0 {
			t.Errorf("%s: %+v, want %+v", tt.name, got.Cells[0], tt.first)
		}
	}
	// Now and then swapped, every class is mirrored.
	up := changes(func(i int) (int64, int64) { return int64(i), 0 })
	down := changes(func(i int) (int64, int64) { return 0, int64(2 * i) })
	for i := range up.Cells {
		if up.Breaks != down.Breaks || up.Cells[i].Class != -down.Cells[i].Class || up.Cells[i].Change != -down.Cells[i].Change {
			t.Fatalf("%+v and %+v", up.Cells[i], down.Cells[i])
		}
	}
}

func BenchmarkCompare(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	at := cellAt(b, 51.51, -0.1, 9)
	now, then := countsOf(b, 9, sparse(b, r, at, 182, 3)), countsOf(b, 9, sparse(b, r, at, 182, 3))
	for b.Loop() {
		analysis.Compare(now, 1, then, 1, analysis.TrendQuery{})
	}
	b.ReportMetric(float64(len(now.Cells)), "cells")
}
