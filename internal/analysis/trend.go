package analysis

import (
	"slices"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/report"
)

// TrendQuery asks where reports are emerging or cooling. The filter's own window is
// ignored in favour of Window.
type TrendQuery struct {
	Region     Region
	Res        int // 3 to 11
	Filter     report.Filter
	Window     Window  // must hold a day
	Q          float64 // false discovery rate, default 0.05
	MinReports int64   // fewest in both windows together to compare at all, default 5
	// Relative compares shares of the region's reports instead of reports per
	// day: what is left when a campaign for the form lifts every cell.
	Relative bool
}

func (q TrendQuery) withDefaults() TrendQuery {
	if q.Q == 0 {
		q.Q = 0.05
	}
	if q.MinReports == 0 {
		q.MinReports = 5
	}
	return q
}

// Comparison is one cell in the window and in another.
type Comparison struct {
	Count   int64 // in the other window
	Ratio   Ratio // the rate now over the rate then
	P, Q    float64
	Verdict Verdict
}

// Trend is how one cell changed.
type Trend struct {
	Cell     h3.Cell
	Count    int64 // in the window
	Previous Comparison
	YearAgo  Comparison
}

// Trends is the answer to a TrendQuery.
type Trends struct {
	Window, Previous, YearAgo Window
	HasPrevious, HasYearAgo   bool // the records reach so far back
	// Overall are the same comparisons for the whole region: a rise here,
	// say after a campaign for the form, lifts every cell.
	Overall Trend
	Cells   []Trend // with reports in any of the windows, by cell
}

// FindTrends compares each cell's window with the one just before, and with the
// same weeks of the year before. Rates are per day that the filter counts. A
// comparison with days from before the first report of all is NoHistory.
func FindTrends(s *cube.Snapshot, q TrendQuery) Trends {
	q = q.withDefaults()
	first, _ := s.Days()
	out := Trends{Window: q.Window, Previous: q.Window.Back(q.Window.Days()), YearAgo: q.Window.Back(Year)}
	count := func(w Window) Counts { return CountCells(s, q.Region, q.Res, w.in(q.Filter)) }
	now, previous, yearAgo := count(out.Window), count(out.Previous), count(out.YearAgo)
	exposure := func(w Window) float64 {
		if s.Len() == 0 || w.From < first {
			return 0
		}
		return w.Exposure(q.Filter)
	}
	t, u, v := exposure(out.Window), exposure(out.Previous), exposure(out.YearAgo)
	out.HasPrevious, out.HasYearAgo = t > 0 && u > 0, t > 0 && v > 0
	out.Overall = Trend{
		Count:    now.Total(),
		Previous: newComparator(t, u, q.MinReports).one(now.Total(), previous.Total()),
		YearAgo:  newComparator(t, v, q.MinReports).one(now.Total(), yearAgo.Total()),
	}
	byPrevious, byYearAgo := newComparator(t, u, q.MinReports), newComparator(t, v, q.MinReports)
	if q.Relative {
		byPrevious.share(now.Total(), previous.Total())
		byYearAgo.share(now.Total(), yearAgo.Total())
	}
	for _, c := range union(now, previous, yearAgo) {
		n := now.Of(c)
		out.Cells = append(out.Cells, Trend{c, n, byPrevious.one(n, previous.Of(c)), byYearAgo.one(n, yearAgo.Of(c))})
	}
	adjust(out.Cells, func(t *Trend) *Comparison { return &t.Previous }, q)
	adjust(out.Cells, func(t *Trend) *Comparison { return &t.YearAgo }, q)
	return out
}

// Compare is FindTrends for counts that are at hand: now in an exposure of t, then
// in an exposure of u. Of the query, Q and MinReports are used. The comparisons
// are in Previous.
func Compare(now Counts, t float64, then Counts, u float64, q TrendQuery) []Trend {
	q = q.withDefaults()
	by := newComparator(t, u, q.MinReports)
	if q.Relative {
		by.share(now.Total(), then.Total())
	}
	var out []Trend
	for _, c := range union(now, then) {
		out = append(out, Trend{Cell: c, Count: now.Of(c), Previous: by.one(now.Of(c), then.Of(c))})
	}
	adjust(out, func(t *Trend) *Comparison { return &t.Previous }, q)
	return out
}

// union are the cells of all counts, ascending.
func union(counts ...Counts) []h3.Cell {
	var all []h3.Cell
	for _, c := range counts {
		all = append(all, c.Cells...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// comparator compares pairs of counts, each distinct pair once: ten thousand cells
// have a few hundred.
type comparator struct {
	t, u  float64
	least int64
	known map[[2]int64]Comparison
}

func newComparator(t, u float64, least int64) *comparator {
	return &comparator{t, u, least, map[[2]int64]Comparison{}}
}

// share makes the totals of the region what the counts are held to.
func (c *comparator) share(now, then int64) {
	if c.t > 0 && c.u > 0 {
		c.t, c.u = float64(now), float64(then)
	}
}

func (c *comparator) one(now, then int64) Comparison {
	pair := [2]int64{now, then}
	if known, ok := c.known[pair]; ok {
		return known
	}
	out := Comparison{Count: then, Ratio: unknown, P: 1, Q: 1, Verdict: NoHistory}
	if c.t > 0 && c.u > 0 {
		out.Ratio, out.P = RateRatio(now, c.t, then, c.u)
		out.Q = out.P
		if out.Verdict = judge(out.Ratio); now+then < c.least {
			out.Verdict = TooFew
		}
	}
	c.known[pair] = out
	return out
}

// adjust holds the false discovery rate over the comparisons that have enough
// reports to be made. How many reports both windows have together says nothing of
// the ratio between them, so leaving cells out by it is fair, and the others gain
// (Bourgon, Gentleman and Huber 2010, PNAS 107, 9546-9551).
func adjust(cells []Trend, of func(*Trend) *Comparison, query TrendQuery) {
	var made []*Comparison
	var p []float64
	for i := range cells {
		c := of(&cells[i])
		if c.Verdict != NoHistory && cells[i].Count+c.Count >= query.MinReports {
			made, p = append(made, c), append(p, c.P)
		}
	}
	for i, q := range AdjustFDR(p) {
		c := made[i]
		if c.Q = q; q > query.Q && (c.Verdict == More || c.Verdict == Fewer) {
			c.Verdict = NoChange
		}
	}
}
