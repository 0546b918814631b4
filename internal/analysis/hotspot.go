package analysis

import (
	"slices"

	"github.com/uber/h3-go/v4"
)

// HotspotQuery says how to look for hotspots. Its zero value looks everywhere, with
// direct neighbours, against the whole area, at a false discovery rate of 5 %.
type HotspotQuery struct {
	Region Region // where cells may lie
	K      int    // steps to the farthest neighbour, 1 (default) to MaxK
	// Background, when not 0, is an H3 resolution coarser than that of the
	// counts: a cell is then held to its ancestor there and the six around it
	// instead of the whole area, so that a city does not light up as one.
	Background int
	Q          float64 // false discovery rate, default 0.05
	MinReports int64   // fewest reports around a cell to call it hot, default 5
	Land       func(h3.Cell) bool
}

// MaxK bounds the neighbourhoods: 37 cells.
const MaxK = 3

func (q HotspotQuery) withDefaults() HotspotQuery {
	q.K = min(max(q.K, 1), MaxK)
	if q.Q == 0 {
		q.Q = 0.05
	}
	if q.MinReports == 0 {
		q.MinReports = 5
	}
	return q
}

// CellScore is how one cell stands out.
type CellScore struct {
	Cell   h3.Cell
	Count  int64   // of the cell itself
	Around int64   // of the cell and its neighbours in the study area
	Z      float64 // Gi*, a standard deviate
	P, Q   float64 // one-sided: this much or more by chance; P adjusted for all cells
	Hot    bool
}

// Cluster is a connected set of hot cells.
type Cluster struct {
	Cells []h3.Cell // ascending
	Total int64     // reports in them
	Peak  CellScore // the cell with the largest Gi*
}

// Hotspots is the answer to a HotspotQuery.
type Hotspots struct {
	Study    int         // cells in the study area, those without reports included
	Scores   []CellScore // cells with reports or hot, by Z from the largest, then by cell
	Clusters []Cluster   // by Total from the largest, then by first cell
}

// FindHotspots finds cells whose neighbourhood has more reports than chance and
// their background explain, and grows them into clusters.
//
// The study area is every cell of the region, and on Land, within K steps of a cell
// with reports; those without are zeros. Far land where nobody reports would only
// lower the mean and call everything hot. The statistic is Gi* (see giStar) with
// weights of one; its chance is that of counts dealt out at random over the study
// area or, with Background, over the part of it near the cell, in the spirit of the
// O statistic of Ord and Getis (2001), Journal of Regional Science 41, 411-432. The
// false discovery rate is controlled by AdjustFDR over all cells. Only high values
// are sought: few reports are no proof of safety.
func FindHotspots(c Counts, q HotspotQuery) Hotspots {
	q = q.withDefaults()
	st := newStudy(c, q)
	scores := st.scores(q)
	out := Hotspots{Study: len(scores), Clusters: st.clusters(scores)}
	for _, s := range scores {
		if s.Count > 0 || s.Hot {
			out.Scores = append(out.Scores, s)
		}
	}
	slices.SortFunc(out.Scores, func(a, b CellScore) int {
		switch {
		case a.Z > b.Z:
			return -1
		case a.Z < b.Z:
			return 1
		}
		return compareCells(a.Cell, b.Cell)
	})
	return out
}

// study is the cells of a study area and what they hold.
type study struct {
	index  *cellIndex
	counts []int64
	k      int
}

func newStudy(c Counts, q HotspotQuery) *study {
	st := &study{index: newCellIndex(2 * len(c.Cells)), k: q.K}
	in := q.Region.at(c.Res)
	refused := newCellIndex(0)
	admit := func(cell h3.Cell) {
		switch {
		case q.Region.isWhole() && q.Land == nil:
			st.index.add(cell)
		case st.index.find(cell) >= 0 || refused.find(cell) >= 0:
		case in.contains(cell) && (q.Land == nil || q.Land(cell)):
			st.index.add(cell)
		default:
			refused.add(cell)
		}
	}
	// The cells with reports come first, so that their counts stand in the
	// order of their numbers. A report is proof of land.
	for i, cell := range c.Cells {
		if in.contains(cell) {
			if _, isNew := st.index.add(cell); isNew {
				st.counts = append(st.counts, c.N[i])
			}
		}
	}
	reporting := len(st.counts)
	var disk []h3.Cell
	for i := range reporting {
		disk = appendDisk(disk[:0], st.index.cells[i], q.K)
		for _, n := range disk[1:] {
			admit(n)
		}
	}
	st.counts = append(st.counts, make([]int64, len(st.index.cells)-reporting)...)
	return st
}

// scores are those of all cells of the study area, by number.
func (st *study) scores(q HotspotQuery) []CellScore {
	background := st.backgrounds(q.Background)
	type sumOf struct {
		of     *moments
		around int64
		w      int
	}
	// Few sums are distinct: the tail is worked out once for each.
	known := map[sumOf]CellScore{}
	out := make([]CellScore, len(st.counts))
	p := make([]float64, len(out))
	var disk []h3.Cell
	for i, cell := range st.index.cells {
		around, w := st.counts[i], 1
		disk = appendDisk(disk[:0], cell, st.k)
		for _, n := range disk[1:] {
			if j := st.index.find(n); j >= 0 {
				around += st.counts[j]
				w++
			}
		}
		key := sumOf{background(cell), around, w}
		s, ok := known[key]
		if !ok {
			s.Around, s.Z = around, key.of.giStar(float64(around), float64(w))
			s.P = key.of.upper(s.Z, float64(w))
			known[key] = s
		}
		s.Cell, s.Count = cell, st.counts[i]
		out[i], p[i] = s, s.P
	}
	for i, v := range AdjustFDR(p) {
		out[i].Q = v
		out[i].Hot = v <= q.Q && out[i].Z > 0 && out[i].Around >= q.MinReports
	}
	return out
}

// backgrounds gives for each cell what it is held to.
func (st *study) backgrounds(res int) func(h3.Cell) *moments {
	whole := &moments{}
	for _, n := range st.counts {
		whole.add(float64(n))
	}
	whole.finish()
	if res <= 0 || len(st.counts) == 0 || res >= resolutionOf(st.index.cells[0]) {
		return func(h3.Cell) *moments { return whole }
	}
	own := map[h3.Cell]*moments{}
	for i, cell := range st.index.cells {
		a := parentOf(cell, res)
		if own[a] == nil {
			own[a] = &moments{}
		}
		own[a].add(float64(st.counts[i]))
	}
	wide := map[h3.Cell]*moments{}
	return func(cell h3.Cell) *moments {
		a := parentOf(cell, res)
		if m := wide[a]; m != nil {
			return m
		}
		m := &moments{}
		for _, n := range appendDisk(nil, a, 1) {
			if o := own[n]; o != nil {
				m.plus(*o)
			}
		}
		m.finish()
		wide[a] = m
		return m
	}
}

// clusters joins hot cells that touch.
func (st *study) clusters(scores []CellScore) []Cluster {
	seen := make([]bool, len(scores))
	var out []Cluster
	var disk []h3.Cell
	for i := range scores {
		if seen[i] || !scores[i].Hot {
			continue
		}
		seen[i] = true
		one := Cluster{Peak: scores[i]}
		for todo := []int{i}; len(todo) > 0; {
			s := scores[todo[len(todo)-1]]
			todo = todo[:len(todo)-1]
			one.Cells = append(one.Cells, s.Cell)
			one.Total += s.Count
			if s.Z > one.Peak.Z || s.Z == one.Peak.Z && s.Cell < one.Peak.Cell {
				one.Peak = s
			}
			disk = appendDisk(disk[:0], s.Cell, 1)
			for _, n := range disk[1:] {
				if j := st.index.find(n); j >= 0 && !seen[j] && scores[j].Hot {
					seen[j] = true
					todo = append(todo, j)
				}
			}
		}
		slices.Sort(one.Cells)
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b Cluster) int {
		if a.Total != b.Total {
			if a.Total > b.Total {
				return -1
			}
			return 1
		}
		return compareCells(a.Cells[0], b.Cells[0])
	})
	return out
}
