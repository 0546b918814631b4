package analysis

import "math"

// Pair is the reports of a place in two matched windows.
type Pair struct{ Before, After int64 }

// RatioOfRatios is how much more or less a place changed than its comparison: the
// ratio After/Before of the place over that of the comparison. The windows are of
// the same length on both sides, so no exposure is left in it. 0.5 says that
// reports fell to half of what the comparison lets expect. dispersion, 1 or more,
// widens the interval: see Dispersion.
//
// It is the measure of before-and-after studies with a comparison group (Hauer
// 1997, Observational Before-After Studies in Road Safety, chapter 9), used for
// street lighting and CCTV by Farrington, Gill, Waples and Argomaniz (2007),
// Journal of Experimental Criminology 3, 21-38 (their RES is its inverse). The
// logarithm is taken as normal with the variance 1/a + 1/b + 1/c + 1/d (Woolf 1955,
// Annals of Human Genetics 19, 251-253), and half a report is added to each count,
// which keeps the interval honest down to none (Gart 1966, Biometrics 22, 559-580;
// Agresti 1999, Biometrics 55, 597-602).
func RatioOfRatios(place, comparison Pair, dispersion float64) Ratio {
	a, b := float64(place.After)+0.5, float64(place.Before)+0.5
	c, d := float64(comparison.After)+0.5, float64(comparison.Before)+0.5
	middle := math.Log(a / b * d / c)
	half := normalHalfWidth * math.Sqrt(max(1, dispersion)*(1/a+1/b+1/c+1/d))
	return Ratio{math.Exp(middle), math.Exp(middle - half), math.Exp(middle + half)}
}

// normalHalfWidth is the quantile of the normal distribution at 1 - tail.
const normalHalfWidth = 1.959963984540054

// Dispersion is by how much the changes of comparison cells vary more than those of
// independent reports would: 1 when they do not, 2 for twice the variance. That
// crimes and reports come in bursts, and that intervals which ignore it promise too
// much, is the objection of Marchant (2005), Crime Prevention and Community Safety
// 7 (2), 7-13, to such studies.
//
// Given the reports of a cell in both windows together, those after are binomial
// with the share of all cells; the estimate is Pearson's chi-square over its degrees
// of freedom (McCullagh and Nelder 1989, Generalized Linear Models, section 4.5),
// never under 1, and 1 when fewer than six cells have reports.
func Dispersion(cells []Pair) float64 {
	var all Pair
	used := 0
	for _, c := range cells {
		if c.Before+c.After > 0 {
			used++
			all.Before += c.Before
			all.After += c.After
		}
	}
	const fewest = 6
	if used < fewest || all.Before == 0 || all.After == 0 {
		return 1
	}
	share := float64(all.After) / float64(all.Before+all.After)
	square := 0.0
	for _, c := range cells {
		if n := float64(c.Before + c.After); n > 0 {
			off := float64(c.After) - n*share
			square += off * off / (n * share * (1 - share))
		}
	}
	return max(1, square/float64(used-1))
}
