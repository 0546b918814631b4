package server

import (
	"cmp"
	"math"
	"slices"

	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/tiles"
)

// view is a snapshot as a grant lets it be seen. Everything that is answered
// goes through one.
type view struct {
	snap   *cube.Snapshot
	grant  access.Grant
	tables *tableMemo
}

// whole says that the cube's own answers to the granted filter may be given as
// they are.
func (v *view) whole() bool { return v.grant.Region == nil && !v.grant.Grouped }

// cellCount is what is shown of one cell.
type cellCount struct {
	count   uint32
	columns [report.NumFactors]uint32 // those asked for, in the order of the bits
}

// table counts the cells of a resolution by what may be shown of them: the
// parts inside the region, and of grouped counts what the floor leaves.
func (v *view) table(res int, columns report.Factors) map[h3.Cell]cellCount {
	if v.grant.Grouped {
		return v.tables.of(v.key(v.grant.Filter, res, 0, groupedTable), func() map[h3.Cell]cellCount { return v.group(res) })
	}
	return v.tables.of(v.key(v.grant.Filter, res, columns, plainTable), func() map[h3.Cell]cellCount {
		out := map[h3.Cell]cellCount{}
		v.eachInRegion(v.grant.Filter, max(res, access.RegionResolution), columns, func(c h3.Cell, n uint32, cols []uint32) {
			p := access.Ancestor(c, res)
			sum := out[p]
			sum.count += n
			for i, x := range cols {
				sum.columns[i] += x
			}
			out[p] = sum
		})
		return out
	})
}

func (v *view) key(f report.Filter, res int, columns report.Factors, kind tableKind) tableKey {
	return tableKey{v.snap.Generation(), v.grant.Scope, f, res, columns, kind}
}

func (v *view) group(res int) map[h3.Cell]cellCount {
	out := map[h3.Cell]cellCount{}
	first, _ := v.snap.Days()
	for _, f := range v.grant.HalfYears(first) {
		for c, n := range v.shown(f) {
			p := access.Ancestor(c, res)
			out[p] = cellCount{count: out[p].count + n.count}
		}
	}
	return out
}

// shown are the cells of FloorResolution that have enough reports in a
// half-year. All grouped answers are sums over these.
func (v *view) shown(half report.Filter) map[h3.Cell]cellCount {
	return v.tables.of(v.key(half, access.FloorResolution, 0, shownTable), func() map[h3.Cell]cellCount {
		out := map[h3.Cell]cellCount{}
		v.eachInRegion(half, access.FloorResolution, 0, func(c h3.Cell, n uint32, _ []uint32) {
			if int64(n) >= v.grant.Floor {
				out[c] = cellCount{count: n}
			}
		})
		return out
	})
}

// eachInRegion calls fn once for every cell of a resolution in the region that
// has reports. res is not coarser than the region's own.
func (v *view) eachInRegion(f report.Filter, res int, columns report.Factors, fn func(h3.Cell, uint32, []uint32)) {
	cover := []tiles.Tile{{}}
	if v.grant.Region != nil {
		cover = tilesOver(v.grant.Region.Bounds())
	}
	v.eachUnder(cover, cube.Query{Res: res, Filter: f, Columns: columns}, fn)
}

// eachUnder calls fn once for every cell under the tiles that has reports and
// lies in the region.
func (v *view) eachUnder(cover []tiles.Tile, q cube.Query, fn func(h3.Cell, uint32, []uint32)) {
	d := drawings.Get().(*drawing)
	defer drawings.Put(d)
	seen := map[h3.Cell]struct{}{}
	for _, t := range cover {
		q.Tile = t
		v.snap.Select(q, &d.selection)
		for i := range d.selection.Len() {
			c := d.selection.Cell(i)
			if v.grant.Region != nil && !v.grant.Region.Has(c) {
				continue
			}
			if len(cover) > 1 { // a cell on a border is in both tiles
				if _, again := seen[c]; again {
					continue
				}
				seen[c] = struct{}{}
			}
			fn(c, d.selection.Count(i), d.selection.Columns(i))
		}
	}
}

// tilesOver returns the fewest small tiles that hold a box: at most four.
func tilesOver(b report.Box) []tiles.Tile {
	x := func(lng float64) float64 { return (lng + 180) / 360 }
	y := func(lat float64) float64 {
		sin := math.Sin(lat * math.Pi / 180)
		return min(max(0.5-math.Log((1+sin)/(1-sin))/(4*math.Pi), 0), 1)
	}
	out := []tiles.Tile{{}}
	for z := uint32(1); z <= maxTileZoom; z++ {
		n := float64(uint32(1) << z)
		index := func(v float64) uint32 { return uint32(min(max(v*n, 0), n-1)) }
		x0, x1, y0, y1 := index(x(b.West)), index(x(b.East)), index(y(b.North)), index(y(b.South))
		if (x1-x0+1)*(y1-y0+1) > 4 {
			break
		}
		out = out[:0]
		for ty := y0; ty <= y1; ty++ {
			for tx := x0; tx <= x1; tx++ {
				out = append(out, tiles.Tile{Z: z, X: tx, Y: ty})
			}
		}
	}
	return out
}

// breaks are the class breaks of a resolution over all that may be seen.
func (v *view) breaks(res int) []uint32 {
	if v.whole() {
		return v.snap.Breaks(res, v.grant.Filter)
	}
	var h tiles.Histogram
	for _, n := range v.table(res, 0) {
		h.Add(n.count)
	}
	return h.AppendBreaks(nil)
}

// total is the number of reports that may be seen.
func (v *view) total() (n int64) {
	if v.whole() {
		return v.snap.Total(v.grant.Filter)
	}
	for _, c := range v.table(report.CoarsestResolution, 0) {
		n += int64(c.count)
	}
	return n
}

// bounds is a box that holds all reports that may be seen.
func (v *view) bounds() (report.Box, bool) {
	b, ok := v.snap.Bounds()
	if ok && v.grant.Region != nil {
		return v.grant.Region.Bounds(), true
	}
	return b, ok
}

// summary is cube.Snapshot.Summary of what may be seen.
func (v *view) summary(q cube.SummaryQuery) cube.Summary {
	if v.whole() {
		return v.snap.Summary(q)
	}
	in := inBox(q.Area, q.Res)
	sum := cube.Summary{Top: []cube.CellCount{}}
	for c, n := range v.table(q.Res, 0) {
		if in(c) && n.count > 0 {
			sum.Cells++
			sum.Total += int64(n.count)
			sum.Top = append(sum.Top, cube.CellCount{Cell: c, Count: int64(n.count)})
		}
	}
	slices.SortFunc(sum.Top, func(a, b cube.CellCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Cell, b.Cell))
	})
	sum.Top = sum.Top[:min(len(sum.Top), q.Top)]
	if v.grant.Grouped {
		total := sum.Total
		sum.Figures = v.groupedFigures(in, v.open().summary(q).Figures)
		sum.Total = total
		return sum
	}
	sum.Figures = v.snap.Cells(v.reported(q.Res, in), v.grant.Filter)
	return sum
}

// inBox reports of cells of FloorResolution or finer whether the middle of
// their ancestor of a resolution, or of themselves, lies in a box.
func inBox(b report.Box, res int) func(h3.Cell) bool {
	known := map[h3.Cell]bool{}
	return func(c h3.Cell) bool {
		c = access.Ancestor(c, res)
		in, ok := known[c]
		if !ok {
			lat, lng := centre(c)
			in = b.Contains(lat, lng)
			known[c] = in
		}
		return in
	}
}

// reported lists the cells in the region that have reports of any kind and day,
// at the resolution of the region or finer, and that in lets through.
func (v *view) reported(res int, in func(h3.Cell) bool) []h3.Cell {
	wide := *v
	wide.grant.Filter = report.Filter{}
	var out []h3.Cell
	for c := range wide.table(max(res, access.RegionResolution), 0) {
		if in(c) {
			out = append(out, c)
		}
	}
	return out
}

// open is the view of the environmental factors in the same window, which a
// grouped one may show beside itself.
func (v *view) open() *view {
	o := *v
	o.grant.Grouped, o.grant.Floor = false, 0
	o.grant.Filter.Factors = report.EnvironmentalFactors
	return &o
}

// groupedFigures gives what may be told of grouped reports: half-years, under
// the name of their first month. The facets are those of other factors.
func (v *view) groupedFigures(in func(h3.Cell) bool, beside cube.Figures) cube.Figures {
	out := cube.Figures{FacetFactors: beside.FacetFactors}
	count := func(f report.Filter) cube.MonthCount {
		m := cube.MonthCount{Month: f.From.Month()}
		for c, n := range v.shown(f) {
			if in(c) {
				m.Count += int64(n.count)
			}
		}
		return m
	}
	first, _ := v.snap.Days()
	for _, f := range v.grant.AllHalfYears(first) {
		out.Histogram = append(out.Histogram, count(f))
	}
	for _, f := range v.grant.HalfYears(first) {
		m := count(f)
		out.ByMonth = append(out.ByMonth, m)
		out.Total += m.Count
	}
	out.ByDark[report.DarkUnknown] = out.Total
	return out
}

// cell gives the figures of one cell, which the policy has allowed.
func (v *view) cell(c h3.Cell) cube.Figures {
	switch {
	case v.grant.Grouped:
		in := func(x h3.Cell) bool { return access.Ancestor(x, c.Resolution()) == c }
		return v.groupedFigures(in, v.open().cell(c))
	case v.grant.Region != nil && c.Resolution() < access.RegionResolution:
		return v.snap.Cells(v.grant.Region.Within(c), v.grant.Filter)
	}
	return v.snap.Cell(c, v.grant.Filter)
}

// visible returns what may be shown of each cell of a selection; a count of 0
// leaves the cell out.
func (v *view) visible(q cube.Query, sel *cube.Selection) func(i int) (uint32, []uint32) {
	switch {
	case v.whole():
		return func(i int) (uint32, []uint32) { return sel.Count(i), sel.Columns(i) }
	case v.grant.Grouped || q.Res < access.RegionResolution:
		table, width := v.table(q.Res, q.Columns), q.Columns.Len()
		return func(i int) (uint32, []uint32) {
			n := table[sel.Cell(i)]
			return n.count, n.columns[:width]
		}
	}
	return func(i int) (uint32, []uint32) {
		if !v.grant.Region.Has(sel.Cell(i)) {
			return 0, nil
		}
		return sel.Count(i), sel.Columns(i)
	}
}
