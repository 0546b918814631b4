package main

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/spf13/cobra"
)

// growthPoint is one size of body on the growth curve. The trace is the same
// length everywhere; the times are those in the handler, without a cache.
type growthPoint struct {
	Reports      int                   `json:"reports"`
	CubeBytes    int                   `json:"cube_bytes"`
	All          spread                `json:"all"`
	ByBand       map[string]growthBand `json:"by_band"`
	WorstKind    string                `json:"worst_kind"` // by p99
	WorstP99     float64               `json:"worst_kind_p99_us"`
	CellsPerTile float64               `json:"cells_per_tile"`
	NanosPerCell float64               `json:"ns_per_cell"`
	ByCells      []cellClass           `json:"by_cells"`
	BuildSeconds float64               `json:"build_seconds"`
}

// cellClass is the tiles with about so many cells. If its median is the same
// in a body ten times as large, a tile costs what it shows.
type cellClass struct {
	Cells string `json:"cells"`
	spread
}

// cellClasses are the upper bounds of the classes.
var cellClasses = []int{0, 3, 15, 63, 255, 1023, 1 << 30}

func className(i int) string {
	switch i {
	case 0:
		return "0"
	case len(cellClasses) - 1:
		return fmt.Sprintf("%d+", cellClasses[i-1]+1)
	}
	return fmt.Sprintf("%d-%d", cellClasses[i-1]+1, cellClasses[i])
}

type growthBand struct {
	spread
	Cells        int     `json:"cells"`
	NanosPerCell float64 `json:"ns_per_cell"`
}

// growthPasses is how often each tile is timed: two already lose most of the
// interruptions, and five change nothing more.
const growthPasses = 3

func newGrowth(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "growth",
		Short: "Show that a tile costs what its cells cost, not what the body holds",
		Long: `Show that a tile costs what its cells cost, not what the body holds.

For each size of body it prints the time of a tile in the handler without a
cache, divides it by the number of cells drawn, and compares tiles with equally
many cells. The trace is run through several times and the least time of each
tile counts, which leaves out what else the machine was doing.`,
		Example: `  tilebench growth --reports 100k,1M,10M,50M --json growth.json`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := struct {
				*outcome
				Points []growthPoint `json:"points"`
			}{outcome: newOutcome("growth", o)}
			for _, n := range o.reports {
				if err := cmd.Context().Err(); err != nil {
					return err
				}
				p, err := o.growthAt(n)
				if err != nil {
					return err
				}
				out.Points = append(out.Points, p)
			}
			printGrowth(o, out.Points)
			return finish(o, out, nil)
		},
	}
}

func (o *options) growthAt(n int) (growthPoint, error) {
	b, br, err := o.build(n)
	if err != nil {
		return growthPoint{}, err
	}
	to, err := o.target()
	if err != nil {
		return growthPoint{}, err
	}
	tr, err := newTrace(o.traceConfig(), &b.places)
	if err != nil {
		return growthPoint{}, err
	}
	svc, err := newService(b.cube, 0)
	if err != nil {
		return growthPoint{}, err
	}
	s, err := bestOf(growthPasses, func() (*samples, error) { return call(svc, to, tr, o.accept) })
	if err != nil {
		return growthPoint{}, err
	}
	cells, err := cellsOf(svc, to, tr)
	if err != nil {
		return growthPoint{}, err
	}
	r := summarise(modeHandler, 0, tr, s)
	p := growthPoint{Reports: n, CubeBytes: br.CubeBytes, BuildSeconds: br.BuildSeconds, All: r.All, ByBand: map[string]growthBand{}}
	for name, s := range r.ByKind {
		if s.P99 > p.WorstP99 {
			p.WorstKind, p.WorstP99 = name, s.P99
		}
	}
	p.addCells(tr, s, cells, r.ByBand)
	return p, nil
}

// addCells divides the time of the tiles by the cells in them. Empty tiles
// count with their time and no cells.
func (p *growthPoint) addCells(tr *trace, s *samples, cells []int, byBand map[string]spread) {
	total, all := time.Duration(0), 0
	times, counts := map[string]time.Duration{}, map[string]int{}
	for i, r := range tr.requests {
		name := bandOf(r.z)
		total, all = total+s.times[i], all+cells[i]
		times[name] += s.times[i]
		counts[name] += cells[i]
	}
	for name, sp := range byBand {
		p.ByBand[name] = growthBand{sp, counts[name], float64(times[name]) / float64(max(counts[name], 1))}
	}
	byClass := make([][]time.Duration, len(cellClasses))
	for i := range tr.requests {
		c := slices.IndexFunc(cellClasses, func(most int) bool { return cells[i] <= most })
		byClass[c] = append(byClass[c], s.times[i])
	}
	for i, times := range byClass {
		p.ByCells = append(p.ByCells, cellClass{className(i), spreadOf(times)})
	}
	p.NanosPerCell = float64(total) / float64(max(all, 1))
	p.CellsPerTile = float64(all) / float64(len(tr.requests))
}

// cellsOf asks for every tile again, uncompressed and untimed, and counts the
// cells in it.
func cellsOf(h http.Handler, to target, tr *trace) ([]int, error) {
	cells := make([]int, len(tr.requests))
	known := make(map[request]int)
	in, out := newInput(""), newSink(true)
	for i, r := range tr.requests {
		r.repeat = false
		n, ok := known[r]
		if !ok {
			path := string(to.appendPath(nil, tr, r))
			if err := in.setPath(path); err != nil {
				return nil, err
			}
			out.reset()
			h.ServeHTTP(out, &in.request)
			if out.status >= http.StatusBadRequest {
				return nil, fmt.Errorf("GET %s: status %d: %.300s", path, out.status, out.body)
			}
			var err error
			if n, err = countFeatures(out.body, "cells"); err != nil {
				return nil, fmt.Errorf("GET %s: %w", path, err)
			}
			known[r] = n
		}
		cells[i] = n
	}
	return cells, nil
}

func printGrowth(o *options, points []growthPoint) {
	var rows [][]string
	for _, p := range points {
		rows = append(rows, []string{
			shortCount(p.Reports), megabytes(int64(p.CubeBytes)), milli(p.All.P50), milli(p.All.P99), milli(p.All.Max),
			p.WorstKind, milli(p.WorstP99), fmt.Sprintf("%.0f", p.CellsPerTile), fmt.Sprintf("%.0f", p.NanosPerCell),
		})
	}
	table(o.out, "Growth: a tile in the handler without a cache",
		[]string{"reports", "cube", "p50 ms", "p99 ms", "max ms", "worst kind", "its p99 ms", "cells/tile", "ns/cell"}, rows)
	rows = nil
	for _, b := range bands {
		for _, p := range points {
			if g, ok := p.ByBand[b.name]; ok {
				rows = append(rows, []string{b.name, shortCount(p.Reports), milli(g.P50), milli(g.P99),
					fmt.Sprintf("%.0f", float64(g.Cells)/float64(max(g.Count, 1))), fmt.Sprintf("%.0f", g.NanosPerCell)})
			}
		}
	}
	table(o.out, "By zoom", []string{"zoom", "reports", "p50 ms", "p99 ms", "cells/tile", "ns/cell"}, rows)
	printByCells(o, points)
}

// printByCells prints the median for tiles with equally many cells, a column
// for each body.
func printByCells(o *options, points []growthPoint) {
	head := []string{"cells in the tile"}
	for _, p := range points {
		head = append(head, shortCount(p.Reports)+": p50 ms", "p99 ms")
	}
	var rows [][]string
	for i := range cellClasses {
		row := []string{className(i)}
		for _, p := range points {
			if c := p.ByCells[i]; c.Count > 0 {
				row = append(row, milli(c.P50), milli(c.P99))
			} else {
				row = append(row, "-", "-")
			}
		}
		rows = append(rows, row)
	}
	table(o.out, "Tiles with equally many cells", head, rows)
}
