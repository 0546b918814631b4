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
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case p[a] < p[b]:
			return -1
		case p[a] > p[b]:
			return 1
		}
		return 0
	})
	q := make([]float64, len(p))
	least := 1.0
	for rank := len(order); rank > 0; rank-- {
		i := order[rank-1]
		least = min(least, p[i]*float64(len(p))/float64(rank))
		q[i] = least
	}
	return q
}
