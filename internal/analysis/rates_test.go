package analysis_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/streetsafe/streetsafe/internal/analysis"
)

// Infant deaths in Auckland 1977-85, the data of Marshall (1991), from R package
// spData (CC0), and what EBest of R package spdep 1.2-7 makes of them; the moments
// are also in its manual.
func TestShrinkRates_Auckland(t *testing.T) {
	cols := table(t, "auckland-1991.csv")
	var units []analysis.Unit
	for i, deaths := range cols[0] {
		units = append(units, analysis.Unit{ID: fmt.Sprint(i), Count: int64(deaths), Denominator: 9 * cols[1][i]})
	}
	got := analysis.ShrinkRates(units)
	if !near(got.Overall, 0.00263343619314, 1e-12) || math.Abs(got.Spread/7.28417290098e-07-1) > 1e-9 {
		t.Errorf("mean %v and variance %v, want 0.00263343619314 and 7.28417290098e-07", got.Overall, got.Spread)
	}
	if len(got.Rates) != 167 || got.Left != 0 {
		t.Fatalf("%d rates, %d left out", len(got.Rates), got.Left)
	}
	for i, r := range got.Rates {
		var area int
		if _, err := fmt.Sscan(r.ID, &area); err != nil {
			t.Fatal(err)
		}
		if want := cols[2][area]; math.Abs(r.Shrunk/want-1) > 1e-9 {
			t.Errorf("area %d: %v, want %v", area, r.Shrunk, want)
		}
		if i > 0 && r.Shrunk > got.Rates[i-1].Shrunk {
			t.Fatal("rates are not ranked")
		}
		if r.Low > r.Shrunk || r.High < r.Shrunk || !near(r.Relative, r.Shrunk/got.Overall, 1e-12) {
			t.Errorf("area %d: %+v", area, r)
		}
	}
}

func TestShrinkRates_SmallDenominatorsDoNotLead(t *testing.T) {
	units := []analysis.Unit{{ID: "lane", Count: 1, Denominator: 2}, {ID: "high street", Count: 300, Denominator: 10_000}, {ID: "none", Count: 3}, {ID: "wrong", Count: 3, Denominator: math.NaN()}}
	for i := range 40 {
		units = append(units, analysis.Unit{ID: fmt.Sprint("street ", i), Count: int64(40 + i%3*20), Denominator: 5000})
	}
	got := analysis.ShrinkRates(units)
	if got.Rates[0].ID != "high street" || got.Rates[0].Verdict != analysis.More || got.Left != 2 {
		t.Errorf("first is %+v, %d left out", got.Rates[0], got.Left)
	}
	for _, r := range got.Rates {
		if r.ID == "lane" && (r.Raw != 0.5 || r.Relative > 1.2 || r.Verdict == analysis.More) {
			t.Errorf("the lane: %+v", r)
		}
	}
}

func TestShrinkRates_Edges(t *testing.T) {
	if got := analysis.ShrinkRates(nil); len(got.Rates) != 0 {
		t.Errorf("of nothing: %+v", got)
	}
	for _, n := range []int64{0, 5} { // no spread: chance explains it all
		got := analysis.ShrinkRates([]analysis.Unit{{ID: "b", Count: n, Denominator: 1}, {ID: "a", Count: n, Denominator: 1}})
		if got.Spread != 0 || got.Rates[0].ID != "a" || got.Rates[0].Shrunk != float64(n) || got.Rates[0].Verdict != analysis.NoChange {
			t.Errorf("%d each: %+v", n, got)
		}
	}
}

// Worlds whose true rates are known: the interval holds them nearly as often as it
// says, and the shrunk rates are nearer to them than the raw ones.
func TestShrinkRates_Coverage(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 7))
	draw, spread := counter(r, 1), counter(r, 1)
	covered, n, raw, shrunk := 0, 0, 0.0, 0.0
	for range 60 {
		var units []analysis.Unit
		truth := map[string]float64{}
		for i := range 100 {
			u := analysis.Unit{ID: fmt.Sprint(i), Denominator: math.Exp(r.Float64()*5 + 1)}
			truth[u.ID] = 0.02 * float64(1+spread(4)) // mean 0.1
			u.Count = draw(truth[u.ID] * u.Denominator)
			units = append(units, u)
		}
		for _, rate := range analysis.ShrinkRates(units).Rates {
			want := truth[rate.ID]
			n++
			if rate.Low <= want && want <= rate.High {
				covered++
			}
			raw += (rate.Raw - want) * (rate.Raw - want)
			shrunk += (rate.Shrunk - want) * (rate.Shrunk - want)
		}
	}
	share := float64(covered) / float64(n)
	t.Logf("covers %.3f; squared error %.3g, raw %.3g", share, shrunk, raw)
	if share < 0.90 || share > 0.98 || shrunk > raw/2 {
		t.Errorf("covers %.3f; squared error %.3g, raw %.3g", share, shrunk, raw)
	}
}
