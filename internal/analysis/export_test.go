package analysis

import "github.com/uber/h3-go/v4"

// What the tests hold to published values below the level of cells.
var (
	AppendDisk   = appendDisk
	ParentOf     = parentOf
	ResolutionOf = resolutionOf
	PearsonUpper = pearsonUpper
)

// GiStar is the statistic and its chance for a neighbourhood with a sum and a
// number of members, among all values.
func GiStar(values []float64, around float64, w int) (z, p float64) {
	m := &moments{}
	for _, v := range values {
		m.add(v)
	}
	m.finish()
	z = m.giStar(around, float64(w))
	return z, m.upper(z, float64(w))
}

// CellsOf are the cells that a region keeps.
func CellsOf(r Region) []h3.Cell { return r.cells }
