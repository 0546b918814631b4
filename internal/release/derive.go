package release

import (
	"errors"
	"fmt"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

// NumColumns is how many sums of themes a cell of resolution 6 and 5 may show
// beside its count.
const NumColumns = len(subsets) - 1

// Columns names them, in the order of Cell.Columns.
func Columns() []string {
	var names []string
	for _, s := range subsets[1:] {
		names = append(names, s.name)
	}
	return names
}

// Cell is one cell that is shown.
type Cell struct {
	Cell    h3.Cell
	Count   uint32
	Columns [NumColumns]uint32 // 0 is not shown; always 0 at resolutions 7 and 8
}

// FigureLF is one number of the yearly table that is shown.
type FigureLF struct {
	Year   string
	Force  Force
	Factor report.Factor
	Count  uint32
}

// Dataset is all that a release shows. What is not in it may be empty,
// suppressed or unknown: it is the same.
type Dataset struct {
	ID        string
	From, To  report.Day // receipt, half-open
	Kind      string     // KindHalfYear or KindTwelveMonths
	Synthetic bool
	Policy    Policy
	FrozenOn  string
	Commits   []string       // commitments of the blocks it is made of
	Universe  string         // hash
	Cells     map[int][]Cell // by resolution 5 to 8, ascending
	Forces    []FigureLF     // of the year that the release ends

	Attachments []Attachment // by name; of the later half when there are two

	universe *Universe // for the outlines of the forces
}

// The kinds of datasets.
const (
	KindHalfYear     = "half-year"
	KindTwelveMonths = "twelve-months"
)

// Derive makes what a half-year shows from its blocks, and nothing else. It is a
// pure function.
func Derive(u *Universe, f Frozen) Dataset {
	d := derive(u, f.Half.String(), KindHalfYear, f.Commit.Policy.ShownFrom.HalfYear, f)
	if f.LF != nil {
		d.Forces = deriveForces(u, f)
	}
	return d
}

// DeriveTwelveMonths makes what two half-years in a row show together: sums of
// the noisy blocks that were frozen, without further noise. A floor counts as
// reached when one of the halves has reached it. The thresholds are those of the
// later half.
func DeriveTwelveMonths(u *Universe, first, second Frozen) (Dataset, error) {
	if first.Half.Next() != second.Half {
		return Dataset{}, fmt.Errorf("release: %v does not follow %v", second.Half, first.Half)
	}
	for _, l := range Layers() {
		if first.Commit.Policy.Epsilon[l] != second.Commit.Policy.Epsilon[l] {
			return Dataset{}, errors.New("release: the halves have noise of different sizes")
		}
	}
	id := second.Half.String() + "-12m"
	return derive(u, id, KindTwelveMonths, second.Commit.Policy.ShownFrom.TwelveMonths, first, second), nil
}

func derive(u *Universe, id, kind string, t CellThresholds, parts ...Frozen) Dataset {
	first, last := parts[0], parts[len(parts)-1]
	d := Dataset{ID: id, Kind: kind, From: first.Half.From(), To: last.Half.To(), Policy: last.Commit.Policy,
		FrozenOn: last.Commit.FrozenOn, Attachments: last.Attachments, Universe: u.Hash(), Cells: map[int][]Cell{}, universe: u}
	for _, p := range parts {
		d.Synthetic = d.Synthetic || p.Commit.Synthetic
		d.Commits = append(d.Commits, p.Commit.Commitment)
	}
	r := rounder(d.Policy.Rounding)
	d.Cells[finestRes] = showFinest(u, r, t, parts)
	d.Cells[middleRes] = showMiddle(u, r, t, parts)
	d.Cells[themeRes] = showThemes(u.parents, nil, r, themeThresholds(t.Res6, t.Res6Two, t.Res6One), parts)
	d.Cells[coarsestRes] = showThemes(u.middles, u.inRes5, r, themeThresholds(t.Res5, t.Res5Two, t.Res5One), parts)
	return d
}

// rounder rounds to its multiples.
type rounder int64

// shown returns the number to show, or 0 for none.
func (r rounder) shown(noisy int64, threshold int, floor bool) uint32 {
	if !floor || noisy < int64(threshold) {
		return 0
	}
	return uint32((noisy + int64(r)/2) / int64(r) * int64(r))
}

func showFinest(u *Universe, r rounder, t CellThresholds, parts []Frozen) []Cell {
	var cells []Cell
	for slot := range u.Slots() {
		noisy, floor := int64(0), false
		for _, p := range parts {
			noisy += p.L8.Values[slot]
			floor = floor || p.L8.Floors[0].has(slot)
		}
		if n := r.shown(noisy, t.Res8, floor); n > 0 {
			cells = append(cells, Cell{Cell: u.Cell8(slot), Count: n})
		}
	}
	return cells
}

func showMiddle(u *Universe, r rounder, t CellThresholds, parts []Frozen) []Cell {
	var cells []Cell
	for i := range u.Slots() / perMiddle {
		noisy, floor := int64(0), false
		for _, p := range parts {
			for _, v := range p.L8.Values[i*perMiddle : (i+1)*perMiddle] {
				noisy += v
			}
			floor = floor || p.L8.Floors[1].has(i)
		}
		if n := r.shown(noisy, t.Res7, floor); n > 0 {
			cells = append(cells, Cell{Cell: u.Cell7(i), Count: n})
		}
	}
	return cells
}

func themeThresholds(all, two, one int) (t [len(subsets)]int) {
	for j, s := range subsets {
		t[j] = [...]int{1: one, 2: two, 3: all}[s.size()]
	}
	return t
}

// showThemes shows resolution 6, or resolution 5 when into gives for each cell
// of resolution 6 the number of its ancestor.
func showThemes(cells []h3.Cell, into []int32, r rounder, t [len(subsets)]int, parts []Frozen) []Cell {
	level := 0
	if into != nil {
		level = 1
	}
	sums := make([][NumThemes]int64, len(cells))
	for _, p := range parts {
		for i, v := range p.L6.Values {
			at := i / NumThemes
			if into != nil {
				at = int(into[at])
			}
			sums[at][i%NumThemes] += v
		}
	}
	var out []Cell
	for i, themes := range sums {
		c := Cell{Cell: cells[i]}
		for j, s := range subsets {
			noisy, floor := int64(0), false
			for theme, v := range themes {
				if s.has(theme) {
					noisy += v
				}
			}
			for _, p := range parts {
				floor = floor || p.L6.Floors[level].has(i*len(subsets)+j)
			}
			n := r.shown(noisy, t[j], floor)
			if j == 0 {
				c.Count = n
			} else {
				c.Columns[j-1] = n
			}
		}
		if c.Count > 0 { // themes belong to a cell that is shown
			out = append(out, c)
		}
	}
	return out
}

func deriveForces(u *Universe, f Frozen) []FigureLF {
	r := rounder(f.Commit.Policy.Rounding)
	var out []FigureLF
	for i, v := range f.LF.Values {
		if n := r.shown(v, f.Commit.Policy.ShownFrom.ForceYearFactor, f.LF.Floors[0].has(i)); n > 0 {
			out = append(out, FigureLF{f.LF.Name, u.forces[i/report.NumFactors], report.Factor(i % report.NumFactors), n})
		}
	}
	return out
}
