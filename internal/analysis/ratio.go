package analysis

import (
	"encoding/json"
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Level is the confidence level of all intervals.
const Level = 0.95

const tail = (1 - Level) / 2

// Ratio is an estimated ratio of rates with its interval at Level. 1 means no
// difference. High is +Inf, and Estimate too, where nothing bounds them; Estimate
// is NaN where nothing is known.
type Ratio struct {
	Estimate, Low, High float64
}

// Known reports whether the interval says anything.
func (r Ratio) Known() bool { return r.Low > 0 || !math.IsInf(r.High, 1) }

// Wide reports whether the interval holds both a halving and a doubling: such a
// comparison cannot tell, whatever its estimate.
func (r Ratio) Wide() bool { return r.Low <= 0.5 && r.High >= 2 }

// MarshalJSON writes {"estimate","low","high"} with null for what has no bound or is
// not known, since JSON has no infinity.
func (r Ratio) MarshalJSON() ([]byte, error) {
	finite := func(v float64) *float64 {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return &v
	}
	return json.Marshal(struct {
		Estimate *float64 `json:"estimate"`
		Low      *float64 `json:"low"`
		High     *float64 `json:"high"`
	}{finite(r.Estimate), finite(r.Low), finite(r.High)})
}

var _ json.Marshaler = Ratio{}

var unknown = Ratio{math.NaN(), 0, math.Inf(1)}

// RateRatio compares a reports in an exposure of ta (days, people, metres) with b in
// tb: the rate of a over the rate of b, its mid-P interval, and the two-sided mid-P
// value of there being no difference. Exposures must be over 0.
//
// Given a+b reports in all, a is binomial (Przyborowski and Wilenski 1940,
// Biometrika 31, 313-323). The interval inverts that test with half the weight on
// what was observed (Lancaster 1961, JASA 56, 223-234; Berry and Armitage 1995, The
// Statistician 44, 417-423): exact intervals are longer than they claim, and mid-P
// is what OpenEpi and others recommend for counts this small.
func RateRatio(a int64, ta float64, b int64, tb float64) (Ratio, float64) {
	if !(ta > 0 && tb > 0) || a < 0 || b < 0 || a+b == 0 {
		return unknown, 1
	}
	share := ta / (ta + tb)
	up := midUpper(a, b, share)
	p := min(1, 2*min(up, 1-up))
	low, high := midInterval(a, b)
	odds := func(p float64) float64 { return p / (1 - p) * tb / ta }
	r := Ratio{float64(a) / ta / (float64(b) / tb), odds(low), math.Inf(1)}
	if b > 0 {
		r.High = odds(high)
	}
	return r, p
}

// ExactRateRatio is RateRatio with the exact interval of Clopper and Pearson (1934),
// Biometrika 26, 404-413, for those who must never claim too much.
func ExactRateRatio(a int64, ta float64, b int64, tb float64) Ratio {
	if !(ta > 0 && tb > 0) || a < 0 || b < 0 || a+b == 0 {
		return unknown
	}
	low, high := exactInterval(a, b)
	odds := func(p float64) float64 { return p / (1 - p) * tb / ta }
	r := Ratio{float64(a) / ta / (float64(b) / tb), odds(low), math.Inf(1)}
	if b > 0 {
		r.High = odds(high)
	}
	return r
}

// midUpper is P(X > a) + P(X = a)/2 of a binomial X with a+b trials.
func midUpper(a, b int64, p float64) float64 {
	return (atLeast(a, b, p) + atLeast(a+1, b-1, p)) / 2
}

// atLeast is P(X >= a) of a binomial X with a+b trials.
func atLeast(a, b int64, p float64) float64 {
	switch {
	case a <= 0 || p >= 1:
		return 1
	case b < 0 || p <= 0:
		return 0
	}
	return mathext.RegIncBeta(float64(a), float64(b+1), p)
}

// exactInterval is the Clopper-Pearson interval of the share a/(a+b).
func exactInterval(a, b int64) (low, high float64) {
	high = 1
	if a > 0 {
		low = mathext.InvRegIncBeta(float64(a), float64(b+1), tail)
	}
	if b > 0 {
		high = mathext.InvRegIncBeta(float64(a+1), float64(b), 1-tail)
	}
	return low, high
}

// midInterval is the mid-P interval of the share a/(a+b). It lies in the exact one,
// and about half a report inside it.
func midInterval(a, b int64) (low, high float64) {
	exactLow, exactHigh := exactInterval(a, b)
	middle := (float64(a) + 0.5) / (float64(a+b) + 1)
	high = 1
	if a > 0 {
		low = root(func(p float64) float64 { return midUpper(a, b, p) - tail }, exactLow, middle)
	}
	if b > 0 {
		high = root(func(p float64) float64 { return midUpper(a, b, p) - 1 + tail }, middle, exactHigh)
	}
	return low, high
}

// root finds where a rising function is zero between two points. It is the Illinois
// variant of false position (Dowell and Jarratt 1971, BIT 11, 168-174): about seven
// evaluations here, where halving the interval takes forty.
func root(f func(float64) float64, low, high float64) float64 {
	fLow, fHigh := f(low), f(high)
	last := 0 // which end moved last
	for range 60 {
		if fLow >= 0 {
			return low
		}
		if fHigh <= 0 {
			return high
		}
		x := (low*fHigh - high*fLow) / (fHigh - fLow)
		fx := f(x)
		if math.Abs(fx) < 1e-13 || high-low < 1e-14*high {
			return x
		}
		if fx < 0 {
			if low, fLow = x, fx; last < 0 {
				fHigh /= 2
			}
			last = -1
		} else {
			if high, fHigh = x, fx; last > 0 {
				fLow /= 2
			}
			last = 1
		}
	}
	return (low + high) / 2
}
