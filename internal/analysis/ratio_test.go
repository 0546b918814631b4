package analysis_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/streetsafe/streetsafe/internal/analysis"
)

// The first three are the worked example of OpenEpi's "Compare two person-time
// rates" (mid-P exact and Fisher exact limits), the fourth is in the manual of R's
// poisson.test; the others and all further digits are from R 4.2.2: poisson.test,
// and uniroot on pbinom with half the weight of dbinom.
func TestRateRatio_Published(t *testing.T) {
	inf := math.Inf(1)
	for _, v := range []struct {
		a, b                int64
		ta, tb              float64
		exactLow, exactHigh float64
		low, high, p        float64
	}{
		{17, 3, 100025, 122268, 2.00351070061, 36.8923336026, 2.21022638377, 29.6302520552, 0.000312722212096},
		{8, 1, 78531, 77932, 1.06437286023, 352.273605129, 1.27000234821, 177.584032248, 0.022097296796},
		{25, 4, 178556, 200200, 2.41975936211, 27.7056692656, 2.61627184907, 23.570934501, 1.65406950354e-05},
		{11, 21, 800, 3011, 0.858426403392, 4.27726594365, 0.916602075861, 4.05840425251, 0.0800768365604},
		{0, 7, 30, 30, 0, 0.693813980096, 0, 0.534127404634, 0.0078125},
		{5, 0, 1, 1, 0.916355857315, inf, 1.21867368368, inf, 0.03125},
		{3, 30, 28, 364, 0.253877263341, 4.18023114817, 0.31487471131, 3.83499554388, 0.629733046095},
		{120, 80, 7, 7, 1.12105124885, 2.01617031883, 1.13170552541, 1.99609409563, 0.00466005197464},
		{1500, 1400, 30, 31, 1.02868274734, 1.19164312008, 1.02937968773, 1.19083429137, 0.00615298720863},
	} {
		got, p := analysis.RateRatio(v.a, v.ta, v.b, v.tb)
		exact := analysis.ExactRateRatio(v.a, v.ta, v.b, v.tb)
		same := func(got, want float64) bool { return got == want || near(got, want, 1e-6) }
		if !same(got.Low, v.low) || !same(got.High, v.high) || !near(p, v.p, 1e-9) {
			t.Errorf("%d in %v, %d in %v: mid-P %v p %v, want %v to %v p %v", v.a, v.ta, v.b, v.tb, got, p, v.low, v.high, v.p)
		}
		if !same(exact.Low, v.exactLow) || !same(exact.High, v.exactHigh) {
			t.Errorf("%d in %v, %d in %v: exact %v, want %v to %v", v.a, v.ta, v.b, v.tb, exact, v.exactLow, v.exactHigh)
		}
		if want := float64(v.a) / v.ta / (float64(v.b) / v.tb); got.Estimate != want || exact.Estimate != want {
			t.Errorf("estimates %v and %v, want %v", got.Estimate, exact.Estimate, want)
		}
	}
}

func TestRateRatio_Mirrored(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	for range 300 {
		a, b := r.Int64N(1<<r.IntN(12))+1, r.Int64N(1<<r.IntN(12))+1
		ta, tb := r.Float64()+0.01, r.Float64()+0.01
		one, p := analysis.RateRatio(a, ta, b, tb)
		two, q := analysis.RateRatio(b, tb, a, ta)
		exact := analysis.ExactRateRatio(a, ta, b, tb)
		if !near(one.Low*two.High, 1, 1e-7) || !near(one.High*two.Low, 1, 1e-7) || !near(p, q, 1e-9) {
			t.Fatalf("%d in %v against %d in %v: %v %v, and swapped %v %v", a, ta, b, tb, one, p, two, q)
		}
		if one.Low < exact.Low || one.High > exact.High || one.Low > one.Estimate || one.High < one.Estimate {
			t.Fatalf("%d against %d: mid-P %v outside exact %v", a, b, one, exact)
		}
		// The interval leaves out 1 exactly when the test says so.
		if excludes := one.Low > 1 || one.High < 1; excludes != (p < 0.05) && math.Abs(p-0.05) > 1e-9 {
			t.Fatalf("%d against %d: %v with p %v", a, b, one, p)
		}
	}
}

func TestRateRatio_NothingKnown(t *testing.T) {
	for _, v := range []struct {
		a, b   int64
		ta, tb float64
	}{{0, 0, 1, 1}, {3, 4, 0, 1}, {3, 4, 1, 0}, {3, 4, -1, 1}, {-1, 4, 1, 1}, {3, 4, math.NaN(), 1}} {
		got, p := analysis.RateRatio(v.a, v.ta, v.b, v.tb)
		if got.Known() || !got.Wide() || !math.IsNaN(got.Estimate) || p != 1 || analysis.ExactRateRatio(v.a, v.ta, v.b, v.tb).Known() {
			t.Errorf("%+v: %v p %v", v, got, p)
		}
	}
}

// The chance that the interval holds the truth, summed over every outcome.
func TestRateRatio_Coverage(t *testing.T) {
	for _, n := range []int64{8, 20, 60} {
		least, mean := 1.0, 0.0
		const points = 39
		for i := 1; i <= points; i++ {
			truth, covered := float64(i)/(points+1), 0.0
			for a := int64(0); a <= n; a++ {
				r, _ := analysis.RateRatio(a, 1, n-a, 1)
				if odds := truth / (1 - truth); r.Low <= odds && odds <= r.High {
					lg := func(v int64) float64 { g, _ := math.Lgamma(float64(v + 1)); return g }
					covered += math.Exp(lg(n) - lg(a) - lg(n-a) + float64(a)*math.Log(truth) + float64(n-a)*math.Log(1-truth))
				}
			}
			least, mean = min(least, covered), mean+covered/points
		}
		t.Logf("%d reports: covers %.4f on average, %.4f at least", n, mean, least)
		// Berry and Armitage (1995): close to the level on average, and
		// never far below it.
		if mean < 0.948 || mean > 0.985 || least < 0.91 {
			t.Errorf("%d reports: covers %.4f on average, %.4f at least", n, mean, least)
		}
	}
}

// The example of Benjamini and Hochberg (1995), section 3.2: four of fifteen are
// called at 5 %. The values are those of R's p.adjust.
func TestAdjustFDR_Published(t *testing.T) {
	p := []float64{0.0459, 0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1}
	want := []float64{0.0765, 0.0015, 0.0030, 0.0095, 0.035625, 0.0603, 0.0638571428571, 0.0638571428571, 0.0645, 0.4860, 0.5811818181818, 0.7148750, 0.7532307692308, 0.8132142857143, 1}
	called := 0
	for i, q := range analysis.AdjustFDR(p) {
		if !near(q, want[i], 1e-12) {
			t.Errorf("p %v has q %v, want %v", p[i], q, want[i])
		}
		if q <= 0.05 {
			called++
		}
	}
	if called != 4 {
		t.Errorf("%d called, want 4", called)
	}
	if got := analysis.AdjustFDR(nil); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

func TestRatio_JSON(t *testing.T) {
	known, _ := analysis.RateRatio(4, 1, 0, 1)
	unknown, _ := analysis.RateRatio(0, 1, 0, 1)
	known.Low = 0.25
	got, err := json.Marshal([]analysis.Ratio{known, unknown, {Estimate: 2, Low: 1, High: 4}})
	if want := `[{"estimate":null,"low":0.25,"high":null},{"estimate":null,"low":0,"high":null},{"estimate":2,"low":1,"high":4}]`; err != nil || string(got) != want {
		t.Errorf("%s %v, want %s", got, err, want)
	}
}
