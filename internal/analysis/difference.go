package analysis

import (
	"math"
	"slices"

	"github.com/uber/h3-go/v4"
)

// DifferenceClasses is how many classes a difference map has on each side of zero.
const DifferenceClasses = 3

// Difference is what a difference map shows of a cell.
type Difference struct {
	Cell   h3.Cell
	Change float64 // reports more (or fewer) than then, at then's rate over now's exposure
	Class  int     // -DifferenceClasses to DifferenceClasses; 0 is about the same
}

// DifferenceMap is the cells that changed and the scale to draw them on.
type DifferenceMap struct {
	// Breaks are where the classes 1, 2 and 3 begin, and, mirrored, -1, -2 and
	// -3: steps of 1, 2, 5, 10 and so on, the same on both sides so that one
	// more never looks like more than one fewer.
	Breaks [DifferenceClasses]float64
	Cells  []Difference // with reports now or then, ascending
}

// Differences subtracts counts: now in an exposure of t, then in an exposure of u,
// scaled to t. Colours follow the size of the change, not its certainty: draw the
// verdicts of Compare beside it.
//
// The top class begins at the last step that one cell in twenty of those that
// changed by one report or more still reaches, so a single outlier does not bleach
// the map.
func Differences(now Counts, t float64, then Counts, u float64) DifferenceMap {
	scale := 1.0
	if t > 0 && u > 0 {
		scale = t / u
	}
	var out DifferenceMap
	var sizes []float64
	for _, c := range union(now, then) {
		change := float64(now.Of(c)) - float64(then.Of(c))*scale
		out.Cells = append(out.Cells, Difference{Cell: c, Change: change})
		if size := math.Abs(change); size >= 1 {
			sizes = append(sizes, size)
		}
	}
	out.Breaks = symmetricBreaks(sizes)
	for i := range out.Cells {
		out.Cells[i].Class = out.class(out.Cells[i].Change)
	}
	return out
}

func (m *DifferenceMap) class(change float64) int {
	class := 0
	for class < DifferenceClasses && math.Abs(change) >= m.Breaks[class] {
		class++
	}
	if change < 0 {
		return -class
	}
	return class
}

// symmetricBreaks chooses the breaks for sizes of change, each 1 or more.
func symmetricBreaks(sizes []float64) (b [DifferenceClasses]float64) {
	reached := 1.0
	if len(sizes) > 0 {
		slices.Sort(sizes)
		reached = sizes[(len(sizes)-1)*19/20]
	}
	top := DifferenceClasses - 1
	for step125(top+1) <= reached {
		top++
	}
	for i := range b {
		b[i] = step125(top - DifferenceClasses + 1 + i)
	}
	return b
}

// step125 is the n-th of 1, 2, 5, 10, 20, 50 and so on.
func step125(n int) float64 {
	return [3]float64{1, 2, 5}[n%3] * math.Pow10(n/3)
}
