package cube_test

import (
	"slices"
	"testing"

	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/tiles"
)

// In cells with very many reports, ladders take the place of scans. The answers
// must be the same for every kind of filter: sets of factors of all sizes, the
// groups, windows, and all combinations.
func TestSnapshot_LargeCells(t *testing.T) {
	by := london(51)
	by.places, by.spread = by.places[:2], 0.004
	all := oracle(by.reports(t, 150_000))
	s := build(t, 1, all)
	filters := make([]report.Filter, 80)
	for i := range filters {
		filters[i] = by.filter()
		switch i % 8 {
		case 0:
			filters[i].Factors = report.EnvironmentalFactors
		case 1:
			filters[i].Factors = report.BehaviouralFactors
		case 2:
			filters[i].Factors = by.factors()
		case 3:
			for range 4 {
				filters[i].Factors |= by.factors()
			}
		}
	}
	var dst cube.Selection
	for _, f := range filters {
		matching := slices.DeleteFunc(slices.Clone(all), func(r report.Report) bool { return !r.Matches(f) })
		if got := s.Total(f); got != int64(len(matching)) {
			t.Fatalf("%+v: total %d, want %d", f, got, len(matching))
		}
		res := 3 + by.IntN(5)
		matching.checkSelect(t, s, cube.Query{Tile: tiles.Tile{}, Res: res, Filter: f, Columns: by.columns(f)}, &dst)
	}
	world := report.Box{West: -180, South: -90, East: 180, North: 90}
	for _, f := range filters[:8] {
		all.checkSummary(t, s, cube.SummaryQuery{Area: world, Res: 6, Top: 5, Filter: f})
	}
}
