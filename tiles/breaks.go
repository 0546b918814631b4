package tiles

import (
	"math"
	"math/bits"
)

const (
	// Classes is how many classes a legend has: five is as many as people tell
	// apart on a map (Brewer and Olson 1997).
	Classes = 5

	// ladderSteps is how many 1-2-5 steps fit a uint32: 1 to 2,000,000,000.
	ladderSteps = 29
)

// ladder holds the 1-2-5 steps: every break is one of them.
// The last entry ends the ladder, out of reach.
var ladder = [ladderSteps + 1]uint64{
	1, 2, 5, 1e1, 2e1, 5e1, 1e2, 2e2, 5e2, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4,
	1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7, 2e7, 5e7, 1e8, 2e8, 5e8, 1e9, 2e9,
	5e9,
}

// Histogram counts cells by the 1-2-5 step that their count has reached, which
// is all that choosing breaks needs. The zero value is empty.
type Histogram struct {
	bins [ladderSteps]uint32
}

// Add counts a cell with so many reports. A cell without any is left out.
func (h *Histogram) Add(count uint32) {
	if count != 0 {
		h.bins[stepOf(count)]++
	}
}

// Reset empties the histogram.
func (h *Histogram) Reset() { *h = Histogram{} }

// stepOf is the last step of the ladder that is not over count, which must not
// be 0. Nine steps are a thousandfold and ten bits are a little more, so nine
// tenths of a count's bits are a step that it has reached, the last or the one
// before.
func stepOf(count uint32) int {
	i := (bits.Len32(count) - 1) * 9 / 10
	if ladder[i+1] <= uint64(count) {
		i++
	}
	return i
}

// Breaks chooses the lower bounds of five classes for these counts, in any
// order. See Histogram.AppendBreaks.
func Breaks(counts []uint32) []uint32 {
	var h Histogram
	for _, c := range counts {
		h.Add(c)
	}
	return h.AppendBreaks(nil)
}

// AppendBreaks appends the lower bounds of five classes: rising 1-2-5 steps, the
// first not over the smallest count and the last not over the largest, unless
// there are fewer than five steps between them.
//
// Counts of reports are skewed, so the classes are natural breaks (Jenks) of the
// logarithm of the counts. A step weighs the square root of its cells: by their
// number, the many cells with a single report would take all breaks; by its
// presence, one outlier would.
func (h *Histogram) AppendBreaks(dst []uint32) []uint32 {
	lo, hi := 0, -1
	for i, n := range h.bins {
		if n == 0 {
			continue
		}
		if hi < 0 {
			lo = i
		}
		hi = i
	}
	if hi-lo < Classes {
		lo = min(lo, ladderSteps-Classes)
		for _, step := range ladder[lo : lo+Classes] {
			dst = append(dst, uint32(step))
		}
		return dst
	}
	first := naturalBreaks(h.bins[lo : hi+1])
	for _, f := range first {
		dst = append(dst, uint32(ladder[lo+f]))
	}
	return dst
}

// naturalBreaks splits more than Classes bins into Classes runs so that the
// weighted variance of position within the runs is least, and returns where
// each run begins; among equals, so that the highest are told apart. It is
// Fisher's exact method, by dynamic programming.
func naturalBreaks(bins []uint32) [Classes]int {
	// Sums of weight, weight times position and weight times position squared
	// over the bins before i give the cost of any run at once.
	var w, wx, wxx [ladderSteps + 1]float64
	occupied := 0
	for i, n := range bins {
		// The conversions keep a compiler from fusing the sums: all machines
		// must choose the same breaks, since they are bytes of a tile.
		if n != 0 {
			occupied++
		}
		weight := math.Sqrt(float64(n))
		x := float64(i)
		w[i+1] = w[i] + weight
		wx[i+1] = wx[i] + float64(weight*x)
		wxx[i+1] = wxx[i] + float64(weight*float64(x*x))
	}
	// In whole millionths, so that equal costs are equal.
	cost := func(from, to int) int64 {
		weight, sum := w[to]-w[from], wx[to]-wx[from]
		if weight == 0 {
			return 0
		}
		return int64(math.Round(1e6 * (wxx[to] - wxx[from] - float64(sum*sum)/weight)))
	}

	const unreachable = math.MaxInt64 / 2
	var best [Classes + 1][ladderSteps + 1]int64
	var begin [Classes + 1][ladderSteps + 1]int
	n := len(bins)
	for end := 1; end <= n; end++ {
		best[1][end] = cost(0, end)
	}
	for k := 2; k <= Classes; k++ {
		for end := k; end <= n; end++ {
			best[k][end] = unreachable
			for from := k - 1; from < end; from++ {
				if bins[from] == 0 && occupied >= Classes {
					continue // where it can, a class begins at a step that some cell is on
				}
				if c := best[k-1][from] + cost(from, end); c <= best[k][end] {
					best[k][end], begin[k][end] = c, from
				}
			}
		}
	}
	var first [Classes]int
	for k, end := Classes, n; k > 1; k-- {
		end = begin[k][end]
		first[k-1] = end
	}
	return first
}
