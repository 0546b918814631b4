package analysis

import "slices"

// AdjustFDR turns p-values into q-values: the smallest false discovery rate at
// which each would be called. Calling all with q <= 0.05 keeps the expected share
// of false calls among the calls at 5 %, however many places are looked at.
//
// The step-up procedure of Benjamini and Hochberg (1995), "Controlling the false
// discovery rate", JRSS B 57, 289-300. It holds too for tests that depend on each
// other positively, as those of overlapping neighbourhoods do (Benjamini and
// Yekutieli 2001, Annals of Statistics 29, 1165-1188); for local statistics on maps
// see Caldas de Castro and Singer (2006), Geographical Analysis 38, 180-208.
func AdjustFDR(p []float64) []float64 {
	sorted := slices.Clone(p)
	slices.Sort(sorted)
	byRank := make([]float64, len(p))
	least := 1.0
	for i := len(sorted) - 1; i >= 0; i-- {
		least = min(least, sorted[i]*float64(len(p))/float64(i+1))
		byRank[i] = least
	}
	q := make([]float64, len(p))
	for i, v := range p {
		// Equal p-values have equal q-values, so any of their ranks will do.
		rank, _ := slices.BinarySearch(sorted, v)
		q[i] = byRank[rank]
	}
	return q
}
