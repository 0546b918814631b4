package analysis

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/tiles"
)

// Counts are numbers of reports per cell: cells of one resolution in ascending
// order, each once, and beside each its count. Cells without reports are left out.
type Counts struct {
	Res   int
	Cells []h3.Cell
	N     []int64
}

// CountsOf turns a map into Counts. Zeros are dropped; cells of another resolution
// than res and counts below zero are errors.
func CountsOf(res int, m map[h3.Cell]int64) (Counts, error) {
	out := Counts{Res: res}
	for _, c := range slices.Sorted(maps.Keys(m)) {
		switch n := m[c]; {
		case !c.IsValid() || resolutionOf(c) != res:
			return Counts{}, fmt.Errorf("analysis: %s is not a cell of resolution %d", c, res)
		case n < 0:
			return Counts{}, fmt.Errorf("analysis: cell %s has %d reports", c, n)
		case n > 0:
			out.Cells, out.N = append(out.Cells, c), append(out.N, n)
		}
	}
	return out, nil
}

// Of is the count of a cell.
func (c Counts) Of(cell h3.Cell) int64 {
	if i, ok := slices.BinarySearch(c.Cells, cell); ok {
		return c.N[i]
	}
	return 0
}

// Total is the sum of all counts.
func (c Counts) Total() int64 { return sum(c.N) }

// CountCells counts the reports that match a filter in the cells of resolution res
// (report.CoarsestResolution to report.Resolution) in a region. Cells beyond the
// edge of the Web Mercator square, past 85 degrees, are not seen.
func CountCells(s *cube.Snapshot, region Region, res int, f report.Filter) Counts {
	out, _ := countColumns(s, region, res, cube.Query{Filter: f})
	return out
}

// countColumns is CountCells with the columns of a query: for each cell, the
// counts of each factor asked for.
func countColumns(s *cube.Snapshot, region Region, res int, q cube.Query) (Counts, [][]uint32) {
	type row struct {
		cell    h3.Cell
		n       int64
		columns []uint32
	}
	var rows []row
	var sel cube.Selection
	in := region.at(res)
	for _, t := range coverTiles(region.around()) {
		q.Tile, q.Res = t, res
		s.Select(q, &sel)
		for i := range sel.Len() {
			if c := sel.Cell(i); in.contains(c) {
				rows = append(rows, row{c, int64(sel.Count(i)), slices.Clone(sel.Columns(i))})
			}
		}
	}
	slices.SortFunc(rows, func(a, b row) int { return compareCells(a.cell, b.cell) })
	out := Counts{Res: res, Cells: make([]h3.Cell, 0, len(rows)), N: make([]int64, 0, len(rows))}
	var columns [][]uint32
	for i, r := range rows {
		if i > 0 && rows[i-1].cell == r.cell {
			continue // on the border of two tiles
		}
		out.Cells, out.N = append(out.Cells, r.cell), append(out.N, r.n)
		columns = append(columns, r.columns)
	}
	return out, columns
}

// coverTiles are the one to four tiles, as small as possible, that hold a box.
func coverTiles(b report.Box) []tiles.Tile {
	west, east := unitX(b.West), unitX(b.East)
	north, south := unitY(b.North), unitY(b.South)
	z := uint32(0)
	for size := max(east-west, south-north); z < maxCoverZoom && size*math.Exp2(float64(z+1)) <= 1; {
		z++
	}
	n := math.Exp2(float64(z))
	at := func(u float64) uint32 { return uint32(min(max(math.Floor(u*n), 0), n-1)) }
	var out []tiles.Tile
	for y := at(north); y <= at(south); y++ {
		for x := at(west); x <= at(east); x++ {
			out = append(out, tiles.Tile{Z: z, X: x, Y: y})
		}
	}
	return out
}

// maxCoverZoom keeps tiles larger than a cell of the finest resolution.
const maxCoverZoom = 18

// unitX and unitY place degrees on the Web Mercator square from 0 to 1.
func unitX(lng float64) float64 { return (lng + 180) / 360 }

func unitY(lat float64) float64 {
	sin := math.Sin(lat * math.Pi / 180)
	return min(max(0.5-math.Log((1+sin)/(1-sin))/(4*math.Pi), 0), 1)
}

func compareCells(a, b h3.Cell) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func sum(n []int64) (total int64) {
	for _, v := range n {
		total += v
	}
	return total
}
