package analysis_test

import (
	"strings"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/analysis"
	"github.com/streetsafe/streetsafe/internal/report"
)

func TestMatchWindows(t *testing.T) {
	w := func(from, to int) analysis.Window {
		return analysis.Window{From: report.Day(20000 + from), To: report.Day(20000 + to)}
	}
	for _, tt := range []struct {
		name           string
		records, works analysis.Window
		before, after  analysis.Window
		ok             bool
	}{
		{"half a year after", w(-1000, 180), w(-20, 0), w(-364, -184), w(0, 180), true},
		{"no works at all", w(-1000, 180), w(0, 0), w(-364, -184), w(0, 180), true},
		{"whole years on both sides", w(-1000, 800), w(-20, 0), w(-748, -20), w(0, 728), true},
		{"one whole year", w(-1000, 500), w(-20, 0), w(-384, -20), w(0, 364), true},
		{"eleven months reach into the works", w(-1000, 350), w(-20, 0), w(-364, -20), w(0, 344), true},
		{"records begin late", w(-300, 180), w(-20, 0), w(-300, -184), w(64, 180), true},
		{"works of most of a year", w(-2000, 180), w(-300, 0), w(-728, -548), w(0, 180), true},
		{"records begin too late", w(-100, 180), w(-20, 0), analysis.Window{}, analysis.Window{}, false},
		{"works are not done", w(-1000, 0), w(-20, 10), analysis.Window{}, analysis.Window{}, false},
	} {
		before, after, ok := analysis.MatchWindows(tt.records, tt.works)
		if ok != tt.ok || ok && (before != tt.before || after != tt.after) {
			t.Errorf("%s: %v %v %v, want %v %v %v", tt.name, before, after, ok, tt.before, tt.after, tt.ok)
		}
		if !ok {
			continue
		}
		shift := int(after.From - before.From)
		whole := before.Days()%analysis.Year == 0 && before.To == tt.works.From && after.From == tt.works.To
		if before.Days() != after.Days() || !(shift%analysis.Year == 0 || whole) || before.To > tt.works.From || after.From < tt.works.To || !before.Within(tt.records) || !after.Within(tt.records) {
			t.Errorf("%s: %v and %v do not match", tt.name, before, after)
		}
	}
}

// street is a body with reports at a place and in a ring around it: so many a day
// of the week in each half of the time.
func street(t *testing.T, place, ring func(day report.Day) int) (*body, []h3.Cell) {
	at := cellAt(t, 51.5, -0.1, 9)
	b := newBody(t)
	var around []h3.Cell
	inner := diskOf(t, at, 2)
	for _, c := range diskOf(t, at, 5) {
		if !contains9(inner, c) {
			around = append(around, c)
		}
	}
	for day := report.Day(19000); day < 20000; day += 7 {
		b.add(centre(t, at), day, place(day))
		for i := range ring(day) {
			b.add(centre(t, around[(int(day)*7+i*5)%len(around)]), day, 1)
		}
	}
	return b, []h3.Cell{at}
}

func contains9(cells []h3.Cell, c h3.Cell) bool {
	for _, d := range cells {
		if c == d {
			return true
		}
	}
	return false
}

func TestEvaluate(t *testing.T) {
	works := analysis.Window{From: 19500, To: 19550}
	halved := func(before, after int) func(report.Day) int {
		return func(d report.Day) int {
			switch {
			case d < works.From:
				return before
			case d < works.To:
				return 9 // must not count
			}
			return after
		}
	}
	for _, tt := range []struct {
		name        string
		place, ring func(report.Day) int
		want        analysis.Verdict
		low, high   float64 // bounds of the estimate
	}{
		{"halved against a steady street", halved(4, 2), halved(8, 8), analysis.Fewer, 0.45, 0.55},
		{"as everywhere around", halved(4, 2), halved(8, 4), analysis.NoChange, 0.9, 1.1},
		{"doubled", halved(2, 4), halved(8, 8), analysis.More, 1.8, 2.2},
		{"steady while all around doubles", halved(3, 3), halved(4, 8), analysis.Fewer, 0.45, 0.55},
		{"next to nothing", func(d report.Day) int { return int(d) / 7 % 13 / 12 }, halved(8, 8), analysis.TooFew, 0, 99},
		{"nothing around", halved(4, 2), halved(0, 0), analysis.TooFew, 0, 99},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, cells := street(t, tt.place, tt.ring)
			got, err := analysis.Evaluate(b.snapshot(), analysis.EvaluationQuery{Cells: cells, Works: works, Res: 9})
			if err != nil {
				t.Fatal(err)
			}
			if got.Verdict != tt.want || got.Ratio.Estimate < tt.low || got.Ratio.Estimate > tt.high {
				t.Errorf("%+v, want %s", got, tt.want)
			}
			says := map[analysis.Verdict]string{
				analysis.Fewer: "Clearly fewer", analysis.More: "Clearly more", analysis.NoChange: "No clear change", analysis.TooFew: "Too few",
			}
			if s := got.Sentence(); !strings.HasPrefix(s, says[tt.want]) {
				t.Errorf("%s: %s", tt.want, s)
			}
			if got.Before.To != works.From || got.After.From != works.To || got.Before.Days() != 364 {
				t.Errorf("windows %v and %v", got.Before, got.After)
			}
		})
	}
}

func TestEvaluate_Places(t *testing.T) {
	steady := func(report.Day) int { return 4 }
	b, cells := street(t, steady, func(report.Day) int { return 12 })
	s := b.snapshot()
	works := analysis.Window{From: 19500, To: 19500}
	ask := func(q analysis.EvaluationQuery) analysis.Evaluation {
		t.Helper()
		q.Works = works
		got, err := analysis.Evaluate(s, q)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	base := ask(analysis.EvaluationQuery{Cells: cells, Res: 9})
	children, err := cells[0].Children(11)
	if err != nil {
		t.Fatal(err)
	}
	if fine := ask(analysis.EvaluationQuery{Cells: children, Res: 9}); fine != base {
		t.Errorf("by its children: %+v, want %+v", fine, base)
	}
	if base.Place.Before != 52*4 || base.Around.Before != 52*12 || base.ComparisonCells == 0 {
		t.Errorf("%+v", base)
	}
	// Another action nearby is no comparison, at whichever resolution it is.
	var other []h3.Cell
	for _, c := range diskOf(t, cells[0], 5) {
		if len(other) < 40 && !contains9(diskOf(t, cells[0], 2), c) {
			other = append(other, c)
		}
	}
	without := ask(analysis.EvaluationQuery{Cells: cells, Res: 9, Exclude: other})
	if without.Around.Before >= base.Around.Before || without.Place != base.Place {
		t.Errorf("with other actions left out: %+v, with them %+v", without, base)
	}
	parent, err := cells[0].Parent(6)
	if err != nil {
		t.Fatal(err)
	}
	if none := ask(analysis.EvaluationQuery{Cells: cells, Res: 9, Exclude: []h3.Cell{parent}}); none.Around.Before > base.Around.Before/2 {
		t.Errorf("with the whole district left out: %+v", none)
	}
	if wide := ask(analysis.EvaluationQuery{Cells: cells, Res: 9, Gap: 4, Reach: 5}); wide.Around.Before >= base.Around.Before || wide.Around.Before == 0 {
		t.Errorf("with a gap of four: %+v", wide)
	}
	// Half of the district may be counted: the place is whole, fewer are around it.
	half := diskOf(t, cells[0], 3)
	within, err := analysis.InCells(half)
	if err != nil {
		t.Fatal(err)
	}
	if part := ask(analysis.EvaluationQuery{Cells: cells, Res: 9, Within: within}); part.Place != base.Place || part.Around.Before == 0 || part.Around.Before >= base.Around.Before {
		t.Errorf("within a part: %+v, want less around than in %+v", part, base)
	}
	if _, err := analysis.Evaluate(s, analysis.EvaluationQuery{Cells: []h3.Cell{parent}, Res: 9, Works: works, Within: within}); err != nil {
		t.Errorf("a place that is partly outside: %v", err)
	}
	if _, err := analysis.Evaluate(s, analysis.EvaluationQuery{Cells: []h3.Cell{cellAt(t, 53, -2, 9)}, Res: 9, Works: works, Within: within}); err == nil {
		t.Error("a place that is all outside: no error")
	}
	dark := ask(analysis.EvaluationQuery{Cells: cells, Res: 9, Filter: report.Filter{Dark: 1 << report.DarkNo}})
	if dark.Place != (analysis.Pair{}) || dark.Verdict != analysis.TooFew {
		t.Errorf("by day, where all reports are from the dark: %+v", dark)
	}
	for name, q := range map[string]analysis.EvaluationQuery{
		"no place": {Res: 9}, "no resolution": {Cells: cells}, "no cell": {Cells: []h3.Cell{5}, Res: 9},
	} {
		if _, err := analysis.Evaluate(s, q); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	early, err := analysis.Evaluate(s, analysis.EvaluationQuery{Cells: cells, Res: 9, Works: analysis.Window{From: 19000, To: 19020}})
	if err != nil || early.Verdict != analysis.NoHistory || !strings.Contains(early.Sentence(), "no comparable days") {
		t.Errorf("works before the records: %+v %v", early, err)
	}
}
