package cube_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/tiles"
)

// oracle answers by looking at every report.
type oracle []report.Report

// cellCounts are the counts of the cells of a resolution that match.
type cellCounts struct {
	count   uint32
	columns [report.NumFactors]uint32
}

func (o oracle) cells(res int, f report.Filter) map[h3.Cell]*cellCounts {
	m := map[h3.Cell]*cellCounts{}
	for _, r := range o {
		if !r.Matches(f) {
			continue
		}
		c := parent(r.Cell, res)
		if m[c] == nil {
			m[c] = &cellCounts{}
		}
		m[c].count++
		for _, x := range r.Factors.List() {
			m[c].columns[x]++
		}
	}
	return m
}

// parent is the ancestor by the documented layout of the index, since a call into
// H3 for every report and question would take most of the tests' time.
// TestParent holds it to H3.
func parent(c h3.Cell, res int) h3.Cell {
	unused := 3 * (15 - res)
	return h3.Cell(uint64(c)&^(0xF<<52)&^(1<<unused-1) | uint64(res)<<52 | (1<<unused - 1))
}

func TestParent(t *testing.T) {
	by := london(61)
	by.places = append(awkward(t), by.places...)
	for _, r := range by.reports(t, 500) {
		for res := 3; res <= 11; res++ {
			want, err := r.Cell.Parent(res)
			if err != nil {
				t.Fatal(err)
			}
			if got := parent(r.Cell, res); got != want {
				t.Fatalf("parent of %s at %d is %s, want %s", r.Cell, res, got, want)
			}
		}
	}
}

func ring(t testing.TB, c h3.Cell) []tiles.Vertex {
	r, err := tiles.AppendOutline(nil, c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// checkSelect compares one selection with the oracle, cell by cell.
func (o oracle) checkSelect(t testing.TB, s *cube.Snapshot, q cube.Query, dst *cube.Selection) {
	t.Helper()
	want := o.cells(q.Res, q.Filter)
	for c := range want {
		if !tiles.Touches(ring(t, c), q.Tile) {
			delete(want, c)
		}
	}
	s.Select(q, dst)
	if dst.Len() != len(want) {
		t.Fatalf("%+v: %d cells, want %d", q, dst.Len(), len(want))
	}
	for i := range dst.Len() {
		c := dst.Cell(i)
		w := want[c]
		if w == nil {
			t.Fatalf("%+v: cell %s is not in the tile", q, c)
		}
		delete(want, c)
		var columns []uint32
		for _, f := range q.Columns.List() {
			columns = append(columns, w.columns[f])
		}
		if dst.Count(i) != w.count || !slices.Equal(dst.Columns(i), columns) {
			t.Fatalf("%+v: cell %s has %d %v, want %d %v", q, c, dst.Count(i), dst.Columns(i), w.count, columns)
		}
		if !slices.Equal(dst.Ring(i), ring(t, c)) {
			t.Fatalf("%+v: cell %s has the ring %v, want %v", q, c, dst.Ring(i), ring(t, c))
		}
	}
}

// figures are those of the reports in some cells.
func (o oracle) figures(f report.Filter, in func(report.Report) bool) cube.Figures {
	var out cube.Figures
	noFactors, noWindow := f, f
	noFactors.Factors = 0
	noWindow.From, noWindow.To = 0, 0
	byMonth, histogram, byDay := map[string]int64{}, map[string]int64{}, map[report.Day]int64{}
	months := map[report.Day]string{}
	month := func(d report.Day) string {
		if months[d] == "" {
			months[d] = d.Month()
		}
		return months[d]
	}
	var first, last report.Day
	for i, r := range o {
		if i == 0 {
			first, last = r.Day, r.Day
		}
		first, last = min(first, r.Day), max(last, r.Day)
		if !in(r) {
			continue
		}
		if r.Matches(noWindow) {
			histogram[month(r.Day)]++
		}
		for _, x := range r.Factors.List() {
			if r.Matches(noFactors) {
				out.FacetFactors[x]++
			}
			if r.Matches(f) {
				out.ByFactor[x]++
			}
		}
		if r.Matches(f) {
			out.Total++
			out.Matrix[r.Daypart][r.Day.Weekday()]++
			out.ByDark[r.Dark]++
			byMonth[month(r.Day)]++
			byDay[r.Day]++
		}
	}
	if f.HasWindow() && f.To > f.From && f.To-f.From <= cube.MaxDaily {
		for d := f.From; d < f.To; d++ {
			out.ByDay = append(out.ByDay, cube.DayCount{Day: d, Count: byDay[d]})
		}
	}
	if len(o) == 0 {
		return out
	}
	inWindow := map[string]bool{}
	monthEnd := report.DayOf(last.Time().AddDate(0, 1, -last.Time().Day())) // last day of the last month
	for d := first - report.Day(first.Time().Day()-1); d <= monthEnd; d++ {
		m := d.Month()
		if n := len(out.Histogram); n == 0 || out.Histogram[n-1].Month != m {
			out.Histogram = append(out.Histogram, cube.MonthCount{Month: m, Count: histogram[m]})
		}
		if f.HasWindow() && (d < f.From || d >= f.To) || inWindow[m] {
			continue
		}
		inWindow[m] = true
		out.ByMonth = append(out.ByMonth, cube.MonthCount{Month: m, Count: byMonth[m]})
	}
	return out
}

// checkFigures compares figures, field by field for a short message.
func checkFigures(t testing.TB, what string, got, want cube.Figures) {
	t.Helper()
	for _, c := range []struct {
		field     string
		got, want any
	}{
		{"Total", got.Total, want.Total}, {"ByFactor", got.ByFactor, want.ByFactor},
		{"FacetFactors", got.FacetFactors, want.FacetFactors}, {"ByMonth", got.ByMonth, want.ByMonth},
		{"Histogram", got.Histogram, want.Histogram}, {"ByDay", got.ByDay, want.ByDay}, {"Matrix", got.Matrix, want.Matrix}, {"ByDark", got.ByDark, want.ByDark},
	} {
		if g, w := fmt.Sprint(c.got), fmt.Sprint(c.want); g != w {
			t.Fatalf("%s: %s is %s, want %s", what, c.field, g, w)
		}
	}
}

// checkSummary compares a summary with the oracle.
func (o oracle) checkSummary(t testing.TB, s *cube.Snapshot, q cube.SummaryQuery) {
	t.Helper()
	inside := map[h3.Cell]bool{}
	area := func(c h3.Cell) bool {
		c = parent(c, q.Res)
		in, ok := inside[c]
		if !ok {
			ll, err := c.LatLng()
			if err != nil {
				t.Fatal(err)
			}
			in = q.Area.Contains(ll.Lat, ll.Lng)
			inside[c] = in
		}
		return in
	}
	got := s.Summary(q)
	checkFigures(t, fmt.Sprintf("%+v", q), got.Figures, o.figures(q.Filter, func(r report.Report) bool { return area(r.Cell) }))
	var top []cube.CellCount
	for c, n := range o.cells(q.Res, q.Filter) {
		if area(c) {
			top = append(top, cube.CellCount{Cell: c, Count: int64(n.count)})
		}
	}
	if got.Cells != len(top) {
		t.Fatalf("%+v: %d cells, want %d", q, got.Cells, len(top))
	}
	slices.SortFunc(top, func(a, b cube.CellCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Cell, b.Cell))
	})
	if top = top[:min(q.Top, len(top))]; !slices.Equal(got.Top, top) {
		t.Fatalf("%+v: top is %v, want %v", q, got.Top, top)
	}
}

// check compares everything that a snapshot can tell with the oracle, for
// filters and places that the sampler picks.
func (o oracle) check(t testing.TB, s *cube.Snapshot, by *sampler, rounds int) {
	t.Helper()
	if s.Len() != len(o) {
		t.Fatalf("%d reports, want %d", s.Len(), len(o))
	}
	var dst cube.Selection
	for range rounds {
		f := by.filter()
		want := int64(0)
		for _, r := range o {
			if r.Matches(f) {
				want++
			}
		}
		if got := s.Total(f); got != want {
			t.Fatalf("%+v: total %d, want %d", f, got, want)
		}
		res := 3 + by.IntN(9)
		at := by.report(t)
		if len(o) > 0 && by.IntN(8) > 0 {
			at = o[by.IntN(len(o))]
		}
		o.checkSelect(t, s, cube.Query{Tile: by.tileNear(t, at.Cell, res), Res: res, Filter: f, Columns: by.columns(f)}, &dst)
		c := parent(at.Cell, res)
		checkFigures(t, fmt.Sprintf("cell %s, %+v", c, f), s.Cell(c, f),
			o.figures(f, func(r report.Report) bool { return parent(r.Cell, res) == c }))
		o.checkSummary(t, s, cube.SummaryQuery{Area: by.area(t, at.Cell), Res: res, Top: by.IntN(12), Filter: f})
	}
}

// columns are often the filter's factors, as clients ask, and sometimes others.
func (s *sampler) columns(f report.Filter) report.Factors {
	switch s.IntN(3) {
	case 0:
		return 0
	case 1:
		return f.Factors
	default:
		return report.Factors(s.IntN(int(report.AllFactors) + 1))
	}
}

// tileNear is a tile at or beside a cell, of a zoom that suits the resolution
// more or less.
func (s *sampler) tileNear(t testing.TB, c h3.Cell, res int) tiles.Tile {
	v, err := tiles.Centre(c)
	if err != nil {
		t.Fatal(err)
	}
	z := uint32(min(max(res*3/2+s.IntN(6)-3, 0), 22))
	n := int64(1) << z
	x := (int64(v.X)>>(30-z) + int64(s.IntN(3)-1) + n) % n
	y := min(max(int64(v.Y)>>(30-z)+int64(s.IntN(3)-1), 0), n-1)
	return tiles.Tile{Z: z, X: uint32(x), Y: uint32(y)}
}

// area is a box around or beside a cell, or the whole world.
func (s *sampler) area(t testing.TB, c h3.Cell) report.Box {
	if s.IntN(6) == 0 {
		return report.Box{West: -180, South: -90, East: 180, North: 90}
	}
	ll, err := c.LatLng()
	if err != nil {
		t.Fatal(err)
	}
	size := []float64{0.001, 0.01, 0.1, 1, 10}[s.IntN(5)]
	const north = 89.7 // a summary does not tell places nearer to a pole apart
	lat := min(max(ll.Lat, -north), north)
	return report.Box{
		West: max(ll.Lng-s.Float64()*size, -180), East: min(ll.Lng+s.Float64()*size, 180),
		South: max(lat-s.Float64()*size, -north), North: min(lat+s.Float64()*size, north),
	}
}
