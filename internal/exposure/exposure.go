// Package exposure keeps what counts of hexagons are divided by for rates:
// residents, footfall, metres of street. Without it, places where the tool is
// promoted or where many people pass would top every list.
package exposure

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/uber/h3-go/v4"
)

// FinestResolution is the finest at which exposure is kept, 50 m across, and
// CoarsestResolution the coarsest at which it may be given.
const (
	FinestResolution   = 11
	CoarsestResolution = 8
)

// MaxCells is how many hexagons an Exposure takes: the streets of Great Britain
// pass some 6 million of resolution 11, those of a force some hundred thousand.
const MaxCells = 4_000_000

// Exposure is an amount for each of many hexagons of one resolution. It is never
// changed once it is made.
type Exposure struct {
	Name   string // what the amounts count, such as metres of street
	Source string // file, for exports
	Res    int    // of the hexagons

	base   Level
	coarse map[int]func() *Level // by resolution, worked out when first asked for
}

// Level is the amounts of one resolution, by cell from the smallest.
type Level struct {
	Cells    []h3.Cell
	Amounts  []float64 // over 0
	Lat, Lng []float64 // of the centres, degrees
}

// Amount is that of a cell, 0 when it has none.
func (l *Level) Amount(c h3.Cell) float64 {
	if i, ok := slices.BinarySearch(l.Cells, c); ok {
		return l.Amounts[i]
	}
	return 0
}

// New makes an exposure of amounts by hexagon, all of one resolution from
// CoarsestResolution to FinestResolution.
func New(name string, amounts map[h3.Cell]float64) (*Exposure, error) {
	if name == "" {
		return nil, errors.New("say what the numbers count, such as metres of street")
	}
	if len(amounts) == 0 || len(amounts) > MaxCells {
		return nil, fmt.Errorf("%d hexagons with an amount: expected 1 to %d", len(amounts), MaxCells)
	}
	x := &Exposure{Name: name, coarse: map[int]func() *Level{}}
	for c, v := range amounts {
		if x.Res == 0 {
			x.Res = c.Resolution()
		}
		switch {
		case !c.IsValid() || c.Resolution() < CoarsestResolution || c.Resolution() > FinestResolution:
			return nil, fmt.Errorf("%s is no hexagon of resolution %d to %d", c, CoarsestResolution, FinestResolution)
		case c.Resolution() != x.Res:
			return nil, fmt.Errorf("%s is of resolution %d, others of %d: use one for all", c, c.Resolution(), x.Res)
		case !(v > 0) || math.IsInf(v, 1):
			return nil, fmt.Errorf("%s: %v is no number over 0", c, v)
		}
	}
	var err error
	if x.base, err = level(amounts); err != nil {
		return nil, err
	}
	for res := CoarsestResolution; res < x.Res; res++ {
		x.coarse[res] = sync.OnceValue(func() *Level { return x.base.coarser(res) })
	}
	return x, nil
}

func level(amounts map[h3.Cell]float64) (Level, error) {
	l := Level{Cells: make([]h3.Cell, 0, len(amounts))}
	for c := range amounts {
		l.Cells = append(l.Cells, c)
	}
	slices.SortFunc(l.Cells, func(a, b h3.Cell) int { return cmp.Compare(a, b) })
	for _, c := range l.Cells {
		at, err := c.LatLng()
		if err != nil {
			return l, fmt.Errorf("centre of %s: %w", c, err)
		}
		l.Amounts, l.Lat, l.Lng = append(l.Amounts, amounts[c]), append(l.Lat, at.Lat), append(l.Lng, at.Lng)
	}
	return l, nil
}

// Len is how many hexagons have an amount.
func (x *Exposure) Len() int { return len(x.base.Cells) }

// At returns the amounts of a resolution: sums over the hexagons in each. It is
// false for a resolution finer than that of the file, which says nothing of the
// parts of its hexagons, and for one coarser than CoarsestResolution.
func (x *Exposure) At(res int) (*Level, bool) {
	if x == nil {
		return nil, false
	}
	if res == x.Res {
		return &x.base, true
	}
	make, ok := x.coarse[res]
	if !ok {
		return nil, false
	}
	return make(), true
}

func (l *Level) coarser(res int) *Level {
	sums := map[h3.Cell]float64{}
	for i, c := range l.Cells {
		if p, err := c.Parent(res); err == nil { // always: res is coarser than the cell
			sums[p] += l.Amounts[i]
		}
	}
	out, err := level(sums)
	if err != nil {
		return &Level{} // cannot happen: parents are cells
	}
	return &out
}
