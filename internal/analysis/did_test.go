package analysis_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/streetsafe/streetsafe/internal/analysis"
)

// By hand: ln(a/b d/c) and its standard error from counts with a half added.
func TestRatioOfRatios_ByHand(t *testing.T) {
	for _, v := range []struct {
		place, around        analysis.Pair
		dispersion           float64
		estimate, low, upper float64
	}{
		// R: x <- c(12,30,90,100)+.5; e <- log(x[1]/x[2]*x[4]/x[3]); exp(e+c(0,-1,1)*qnorm(.975)*sqrt(sum(1/x)))
		{analysis.Pair{Before: 30, After: 12}, analysis.Pair{Before: 100, After: 90}, 1, 0.455121818675845, 0.222220765599778, 0.932117524101514},
		{analysis.Pair{Before: 30, After: 12}, analysis.Pair{Before: 100, After: 90}, 2.5, 0.455121818675845, 0.146504553443369, 1.41385277772186},
		{analysis.Pair{Before: 0, After: 9}, analysis.Pair{Before: 40, After: 40}, 0, 19, 1.06979204997973, 337.448759323683},
	} {
		got := analysis.RatioOfRatios(v.place, v.around, v.dispersion)
		if !near(got.Estimate, v.estimate, 1e-9) || !near(got.Low, v.low, 1e-9) || !near(got.High, v.upper, 1e-9) {
			t.Errorf("%+v: %+v", v, got)
		}
	}
}

// counter draws counts of a mean whose variance is so many times the mean: Poisson,
// or negative binomial as a mixture of Poisson with gamma.
func counter(r *rand.Rand, dispersion float64) func(mean float64) int64 {
	src := rand.NewPCG(r.Uint64(), r.Uint64())
	return func(mean float64) int64 {
		if dispersion > 1 {
			rate := 1 / (dispersion - 1)
			mean = distuv.Gamma{Alpha: mean * rate, Beta: rate, Src: src}.Rand()
		}
		return int64(distuv.Poisson{Lambda: max(mean, 1e-12), Src: src}.Rand())
	}
}

// Worlds with a known effect: how often the interval holds it. Each has a place of
// some cells and sixty cells around, whose reports after are trend times those
// before, and at the place trend times effect.
func TestRatioOfRatios_Coverage(t *testing.T) {
	for _, w := range []struct {
		name                 string
		cells                int
		perCell, aroundMean  float64
		trend, effect, burst float64
		low, high            float64 // bounds for the share covered
	}{
		{"plenty of reports, no effect", 4, 10, 5, 1, 1, 1, 0.93, 0.97},
		{"plenty of reports, halved", 4, 10, 5, 1.3, 0.5, 1, 0.93, 0.97},
		{"few reports, no effect", 1, 6, 1, 0.8, 1, 1, 0.93, 0.985},
		{"few reports, halved", 1, 8, 1, 1, 0.5, 1, 0.93, 0.985},
		{"very few reports", 1, 2, 0.5, 1, 1, 1, 0.94, 1},
		{"bursts", 4, 10, 5, 1, 1, 2.5, 0.92, 0.975},
		{"bursts, halved", 4, 10, 5, 1.2, 0.5, 2.5, 0.92, 0.975},
	} {
		t.Run(w.name, func(t *testing.T) {
			draw := counter(rand.New(rand.NewPCG(7, 11)), w.burst)
			const rounds = 3000
			covered, naive := 0, 0
			for range rounds {
				var place, around analysis.Pair
				cells := make([]analysis.Pair, 60)
				for range w.cells {
					place.Before += draw(w.perCell)
					place.After += draw(w.perCell * w.trend * w.effect)
				}
				for i := range cells {
					cells[i] = analysis.Pair{Before: draw(w.aroundMean), After: draw(w.aroundMean * w.trend)}
					around.Before += cells[i].Before
					around.After += cells[i].After
				}
				holds := func(r analysis.Ratio) int {
					if r.Low <= w.effect && w.effect <= r.High {
						return 1
					}
					return 0
				}
				covered += holds(analysis.RatioOfRatios(place, around, analysis.Dispersion(cells)))
				naive += holds(analysis.RatioOfRatios(place, around, 1))
			}
			share := float64(covered) / rounds
			t.Logf("covers %.3f, without dispersion %.3f", share, float64(naive)/rounds)
			if share < w.low || share > w.high {
				t.Errorf("covers %.3f, want %.3f to %.3f", share, w.low, w.high)
			}
			if w.burst > 2 && float64(naive)/rounds > share-0.05 {
				t.Errorf("dispersion makes no difference: %.3f with, %.3f without", share, float64(naive)/rounds)
			}
		})
	}
}

func TestDispersion(t *testing.T) {
	few := []analysis.Pair{{Before: 1, After: 9}, {Before: 9, After: 1}, {Before: 1, After: 9}, {Before: 9, After: 1}, {Before: 5, After: 5}}
	if got := analysis.Dispersion(few); got != 1 {
		t.Errorf("five cells give %v, want 1", got)
	}
	// By hand: the share is 1/2, each cell is off by 4 of 10: 16/2.5 each,
	// six cells, five degrees of freedom; one cell without reports is none.
	six := []analysis.Pair{{Before: 1, After: 9}, {Before: 9, After: 1}, {Before: 1, After: 9}, {Before: 9, After: 1}, {Before: 1, After: 9}, {Before: 9, After: 1}, {}}
	if got, want := analysis.Dispersion(six), 6*16/2.5/5; !near(got, want, 1e-12) {
		t.Errorf("dispersion %v, want %v", got, want)
	}
	even := make([]analysis.Pair, 20)
	for i := range even {
		even[i] = analysis.Pair{Before: 3, After: 6}
	}
	if got := analysis.Dispersion(even); got != 1 {
		t.Errorf("cells that change alike give %v, want 1", got)
	}
	if got := analysis.Dispersion(make([]analysis.Pair, 30)); got != 1 || math.IsNaN(got) {
		t.Errorf("no reports give %v, want 1", got)
	}
}
