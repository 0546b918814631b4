package analysis

import (
	"fmt"
	"math"
	"slices"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/report"
)

// ProfileQuery asks about an area and what is special about it.
type ProfileQuery struct {
	Region Region
	Whole  Region // what it is compared with; it should hold Region
	Res    int    // of the places listed and of the cells of a box, 3 to 11
	Top    int    // how many of the cells with the most reports to list
	Filter report.Filter
}

// Part compares how often something is said in an area and in the rest of the whole.
type Part struct {
	Count, Elsewhere      int64   // reports that say it
	Share, ElsewhereShare float64 // of the reports in the area, and elsewhere
	Ratio                 Ratio   // of the shares
	Q                     float64
	Verdict               Verdict // over all Parts of a profile, false discoveries held at 5 %
}

// Profile is the figures of an area. All but Km2 obey the filter.
type Profile struct {
	Area, Whole cube.Figures
	Share       float64 // of the whole's reports that are the area's
	Km2         float64 // of the area's cells or box; 0 for everywhere
	Factors     [report.NumFactors]Part
	Dark        Part // reports from the dark, of those that say
	Top         []cube.CellCount
}

// DescribeArea counts the reports of an area and compares them with the rest of a
// whole. For a box or everywhere, the cells are those of resolution Res, by centre.
func DescribeArea(s *cube.Snapshot, q ProfileQuery) (Profile, error) {
	var out Profile
	var err error
	if out.Area, err = FiguresOf(s, q.Region, q.Res, q.Filter); err != nil {
		return out, err
	}
	if out.Whole, err = FiguresOf(s, q.Whole, q.Res, q.Filter); err != nil {
		return out, err
	}
	if out.Km2, err = q.Region.km2(); err != nil {
		return out, err
	}
	a, w := &out.Area, &out.Whole
	out.Share = share(a.Total, w.Total)
	parts := make([]*Part, 0, report.NumFactors+1)
	for x := range out.Factors {
		out.Factors[x] = newPart(a.ByFactor[x], a.Total, w.ByFactor[x]-a.ByFactor[x], w.Total-a.Total)
		parts = append(parts, &out.Factors[x])
	}
	saying := func(f *cube.Figures) int64 { return f.ByDark[report.DarkYes] + f.ByDark[report.DarkNo] }
	dark := a.ByDark[report.DarkYes]
	out.Dark = newPart(dark, saying(a), w.ByDark[report.DarkYes]-dark, saying(w)-saying(a))
	judgeParts(append(parts, &out.Dark))
	out.Top = topCells(CountCells(s, q.Region, q.Res, q.Filter), q.Top)
	return out, nil
}

// FiguresOf are the figures of a region: cube.Summary for a box or everywhere, with
// cells of resolution res, and the sum of cube.Cell for a set of cells.
func FiguresOf(s *cube.Snapshot, r Region, res int, f report.Filter) (cube.Figures, error) {
	if res < report.CoarsestResolution || res > report.Resolution {
		return cube.Figures{}, fmt.Errorf("analysis: no figures at resolution %d", res)
	}
	if r.set == nil {
		if r.isWhole() {
			res = report.CoarsestResolution // any gives the same
		}
		return s.Summary(cube.SummaryQuery{Area: r.around(), Res: res, Filter: f}).Figures, nil
	}
	// A cell of no resolution the cube has gives zeros, with all the months.
	out := s.Cell(0, f)
	for _, c := range r.cells {
		if resolutionOf(c) > report.Resolution {
			return out, fmt.Errorf("analysis: cell %s is finer than reports are kept", c)
		}
		addFigures(&out, s.Cell(c, f))
	}
	return out, nil
}

func addFigures(to *cube.Figures, f cube.Figures) {
	to.Total += f.Total
	for x := range f.ByFactor {
		to.ByFactor[x] += f.ByFactor[x]
		to.FacetFactors[x] += f.FacetFactors[x]
	}
	for i := range f.ByMonth {
		to.ByMonth[i].Count += f.ByMonth[i].Count
	}
	for i := range f.ByDay {
		to.ByDay[i].Count += f.ByDay[i].Count
	}
	for i := range f.Histogram {
		to.Histogram[i].Count += f.Histogram[i].Count
	}
	for i := range f.Matrix {
		for j := range f.Matrix[i] {
			to.Matrix[i][j] += f.Matrix[i][j]
		}
	}
	for i := range f.ByDark {
		to.ByDark[i] += f.ByDark[i]
	}
}

// km2 is the area of a region, 0 for everywhere.
func (r Region) km2() (float64, error) {
	if r.box {
		return boxKm2(r.bounds.East-r.bounds.West, r.bounds.South, r.bounds.North), nil
	}
	total := 0.0
	for _, c := range r.cells {
		a, err := h3.CellAreaKm2(c)
		if err != nil {
			return 0, fmt.Errorf("analysis: area of %s: %w", c, err)
		}
		total += a
	}
	return total, nil
}

// ShareRatio compares the share a of n with the share c of m: their ratio and its
// interval by the logarithm (Katz, Baptista, Azen and Pike 1978, Biometrics 34,
// 469-474), with half a report added throughout so that none is no special case
// (Pettigrew, Gart and Thomas 1986, Biometrika 73, 425-435). It is unknown when n or
// m is 0.
func ShareRatio(a, n, c, m int64) Ratio {
	r, _ := shareRatio(a, n, c, m)
	return r
}

// shareRatio also returns the p-value that goes with the interval.
func shareRatio(a, n, c, m int64) (Ratio, float64) {
	if n <= 0 || m <= 0 || a < 0 || c < 0 || a > n || c > m {
		return unknown, 1
	}
	half := func(v int64) float64 { return float64(v) + 0.5 }
	middle := math.Log(half(a) / half(n) * half(m) / half(c))
	se := math.Sqrt(max(0, 1/half(a)-1/half(n)+1/half(c)-1/half(m)))
	if se == 0 {
		return Ratio{math.Exp(middle), math.Exp(middle), math.Exp(middle)}, 1
	}
	width := normalHalfWidth * se
	return Ratio{math.Exp(middle), math.Exp(middle - width), math.Exp(middle + width)}, 2 * normalUpper(math.Abs(middle)/se)
}

func newPart(a, n, c, m int64) Part {
	p := Part{Count: a, Elsewhere: c, Share: share(a, n), ElsewhereShare: share(c, m), Verdict: NoHistory}
	if p.Ratio, p.Q = shareRatio(a, n, c, m); p.Ratio.Known() {
		p.Verdict = judge(p.Ratio)
	}
	return p
}

// judgeParts turns the p-values in Q into q-values and withdraws the verdicts that
// do not hold together.
func judgeParts(parts []*Part) {
	p := make([]float64, len(parts))
	for i, part := range parts {
		p[i] = part.Q
	}
	for i, q := range AdjustFDR(p) {
		if parts[i].Q = q; q > 1-Level && (parts[i].Verdict == More || parts[i].Verdict == Fewer) {
			parts[i].Verdict = NoChange
		}
	}
}

// topCells are the cells with the most reports, the smaller index first among equals.
func topCells(c Counts, top int) []cube.CellCount {
	out := make([]cube.CellCount, len(c.Cells))
	for i, cell := range c.Cells {
		out[i] = cube.CellCount{Cell: cell, Count: c.N[i]}
	}
	slices.SortStableFunc(out, func(a, b cube.CellCount) int { return int(b.Count - a.Count) })
	return out[:min(len(out), max(top, 0))]
}
