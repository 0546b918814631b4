package cube

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/tiles"
)

// SummaryQuery asks about the reports in an area: those of the cells of
// resolution Res whose centre, rounded to world units, lies in it. Neighbouring
// areas together so hold each report once.
type SummaryQuery struct {
	Area   report.Box
	Res    int // 3 to 11
	Top    int // how many of the cells with the most reports to list
	Filter report.Filter
}

// Summary is the answer to a SummaryQuery.
type Summary struct {
	Figures
	Cells int // with at least one report that matches
	Top   []CellCount
}

// CellCount is how many reports of a cell match.
type CellCount struct {
	Cell  h3.Cell
	Count int64
}

// Summary counts the reports in an area. It is empty for a resolution that does
// not exist.
func (s *Snapshot) Summary(q SummaryQuery) Summary {
	d := newDivision(s, q.Filter)
	t := newTally(d)
	if q.Res < minRes || q.Res > maxRes {
		return Summary{Figures: t.figures()}
	}
	var plan plan
	plan.compile(q.Filter, 0)
	sights := sightsOfBox(worldBox(q.Area))
	touched := make([]*shard, 0, len(s.shards))
	for i, sh := range s.shards {
		if meets, _ := sights.see(s.boxes[i]); meets {
			touched = append(touched, sh)
		}
	}
	top := ranking{size: q.Top}
	var mu sync.Mutex // guards t and top
	parallel(2*len(touched), func(i int) {
		sh := touched[i/2]
		if i%2 == 0 {
			figures := newTally(d)
			for _, p := range sh.parts {
				if p.at(q.Res) != nil {
					figures.addArea(p, &sights, span{minRes, 0, 1}, q.Res)
				}
			}
			mu.Lock()
			t.merge(figures)
			mu.Unlock()
			return
		}
		g := gatherer{plan: &plan, res: q.Res, sights: sights, by: byCentre}
		best := ranking{size: q.Top}
		best.addHits(sh, q.Res, g.gather(sh))
		mu.Lock()
		top.merge(&best)
		mu.Unlock()
	})
	return Summary{Figures: t.figures(), Cells: top.cells, Top: top.list()}
}

// addArea counts the cells of resolution res in an area, by whole ancestors
// where all of an ancestor is inside: the larger the cell, the longer the runs.
func (t *tally) addArea(p *part, in *sights, among span, res int) {
	n := p.tree.at(among.res)
	for i := among.lo; i < among.hi; i++ {
		if among.res == res && n.boxes == nil {
			if in.hasCentre(n.rings.centre(i)) {
				t.add(p.at(res), i, p.sign())
			}
			continue
		}
		meets, within := in.see(n.boxes[i])
		switch {
		case !meets:
		case within && p.at(among.res) != nil, among.res == res && in.hasCentre(n.rings.centre(i)):
			t.add(p.at(among.res), i, p.sign())
		case among.res < res:
			t.addArea(p, in, span{among.res + 1, int(n.child[i]), int(n.child[i+1])}, res)
		}
	}
}

// worldBox turns degrees into world units.
func worldBox(b report.Box) box {
	return box{
		minX: ceil(xOf(b.West)), maxX: floor(xOf(b.East)),
		minY: ceil(yOf(b.North)), maxY: floor(yOf(b.South)),
	}
}

func xOf(lng float64) float64 { return (lng + 180) * (tiles.WorldSize / 360.0) }

// yOf ends half a world past the world's edges, as centres do: past latitude
// 89.79, places are not told apart.
func yOf(lat float64) float64 {
	sin := math.Sin(lat * math.Pi / 180)
	y := tiles.WorldSize * (0.5 - math.Log((1+sin)/(1-sin))/(4*math.Pi))
	return min(max(y, -tiles.WorldSize/2), 3*tiles.WorldSize/2)
}

func ceil(v float64) int32  { return int32(math.Ceil(v)) }
func floor(v float64) int32 { return int32(math.Floor(v)) }

// ranking keeps the cells with the most reports, the smaller index first among
// equals.
type ranking struct {
	size  int
	cells int
	best  []CellCount
	least int64 // what a cell must have more than, or as much with a smaller index
}

func (r *ranking) addHits(sh *shard, res int, found *hits) {
	for i, n := range found.counts {
		if n <= 0 {
			continue
		}
		r.cells++
		if int64(n) >= r.least && r.size > 0 {
			r.best = append(r.best, CellCount{cellOf(sh.root, res, found.keys[i]), int64(n)})
			if len(r.best) >= 2*r.size+minRanking {
				r.trim()
			}
		}
	}
}

// minRanking keeps small rankings from being sorted at every cell.
const minRanking = 256

func (r *ranking) trim() {
	slices.SortFunc(r.best, func(a, b CellCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Cell, b.Cell))
	})
	if len(r.best) >= r.size {
		r.best = r.best[:r.size]
		if r.size > 0 {
			r.least = r.best[r.size-1].Count
		}
	}
}

// merge adds the cells of another ranking of the same size.
func (r *ranking) merge(o *ranking) {
	r.cells += o.cells
	r.best = append(r.best, o.best...)
	r.trim()
}

func (r *ranking) list() []CellCount {
	r.trim()
	return r.best
}
