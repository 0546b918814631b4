package analysis

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// Unit is an area, street or cell with a count and what it is to be divided by:
// people, footfall, metres of street.
type Unit struct {
	ID          string
	Count       int64
	Denominator float64 // over 0; units without are left out
}

// Rate is the rate of a unit, raw and shrunk.
type Rate struct {
	Unit
	Raw       float64 // Count / Denominator
	Shrunk    float64
	Low, High float64 // Level interval of Shrunk
	// Relative is Shrunk over the overall rate: 2 is twice as often as usual.
	Relative float64
	// Verdict is More or Fewer when the interval leaves out the overall rate.
	Verdict Verdict
}

// Rates are ranked rates.
type Rates struct {
	RateFit
	Rates []Rate // by Shrunk from the largest, then by ID
}

// ShrinkRates ranks units by rates that borrow strength from all of them: the fewer
// people or metres behind a rate, the more it is drawn to the overall one, so that
// the list is not led by lanes with one report and two residents.
//
// It is the global empirical Bayes estimator of Marshall (1991), "Mapping disease
// and mortality rates using empirical Bayes estimators", Applied Statistics 40,
// 283-294: mean and variance of the true rates by moments, and
// shrunk = m + A/(A + m/n) (raw - m). The same is the mean of a gamma distribution of
// shape m^2/A + count and rate m/A + n, whose quantiles give the interval (Clayton and
// Kaldor 1987, Biometrics 43, 671-681). The interval takes m and A as known.
func ShrinkRates(units []Unit) Rates {
	fit := FitRates(units)
	out := Rates{RateFit: fit}
	for _, u := range units {
		if u.counts() {
			out.Rates = append(out.Rates, fit.Rate(u))
		}
	}
	slices.SortFunc(out.Rates, func(a, b Rate) int {
		return cmp.Or(cmp.Compare(b.Shrunk, a.Shrunk), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// counts reports whether a unit can have a rate.
func (u Unit) counts() bool {
	return u.Denominator > 0 && !math.IsInf(u.Denominator, 1) && u.Count >= 0
}

// RateFit is how the rates of units lie: what the rate of each is drawn to, and
// how strongly.
type RateFit struct {
	Overall float64 // all counts over all denominators
	Spread  float64 // variance of the true rates between units; 0 when chance explains it all
	Left    int     // units left out for want of a denominator
}

// FitRates fits rates by their moments, as ShrinkRates does. Units without a
// report count as much as others: leave none out.
func FitRates(units []Unit) RateFit {
	var out RateFit
	count, denominator, n := 0.0, 0.0, 0
	for _, u := range units {
		if !u.counts() {
			out.Left++
			continue
		}
		n++
		count += float64(u.Count)
		denominator += u.Denominator
	}
	if n == 0 {
		return out
	}
	out.Overall = count / denominator
	square := 0.0
	for _, u := range units {
		if u.counts() {
			off := float64(u.Count)/u.Denominator - out.Overall
			square += u.Denominator * off * off
		}
	}
	mean := denominator / float64(n)
	out.Spread = max(0, square/denominator-out.Overall/mean)
	return out
}

// Shrunk is the rate of a unit drawn to the overall one, without its interval.
func (o RateFit) Shrunk(u Unit) float64 {
	if o.Spread == 0 || o.Overall == 0 {
		return o.Overall
	}
	return (o.Overall*o.Overall/o.Spread + float64(u.Count)) / (o.Overall/o.Spread + u.Denominator)
}

// Rate is the rate of a unit whose denominator is over 0, raw and shrunk.
func (o RateFit) Rate(u Unit) Rate {
	r := Rate{Unit: u, Raw: float64(u.Count) / u.Denominator, Shrunk: o.Shrunk(u), Low: o.Overall, High: o.Overall, Verdict: NoChange}
	if o.Overall > 0 {
		r.Relative = r.Shrunk / o.Overall
	}
	if o.Spread == 0 || o.Overall == 0 {
		return r
	}
	shape := o.Overall*o.Overall/o.Spread + float64(u.Count)
	rate := o.Overall/o.Spread + u.Denominator
	r.Low = mathext.GammaIncRegInv(shape, tail) / rate
	r.High = mathext.GammaIncRegInv(shape, 1-tail) / rate
	switch {
	case r.Low > o.Overall:
		r.Verdict = More
	case r.High < o.Overall:
		r.Verdict = Fewer
	case r.Low <= o.Overall/2 && r.High >= o.Overall*2:
		r.Verdict = TooFew
	}
	return r
}
