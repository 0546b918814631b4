package attack

import (
	"math"
	"slices"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/release"
	"github.com/streetsafe/streetsafe/internal/report"
)

// The game: the attacker knows every report of a place but one, has sent m of
// them, and sees all that is public. A coin decides whether the last one was
// sent. gamesPerFreeze are played at once, in places that do not touch.
const gamesPerFreeze = 127

// siblingReports are known reports in the neighbouring cell, so that the sum
// above is shown when the cell itself is not.
const siblingReports = 25

// injected lists how many reports the attacker sends: below, at and above the
// floor and the threshold.
var injected = []int{4, 9, 14, 15, 40}

// A stat is one number that the attacker reads or computes from public ones.
type stat struct {
	name string
	at   func(v *view) (value int64, ok bool)
	// truth is its true value without the last report, for m injected ones.
	truth func(m int) int64
	slack int64 // how far rounding may have moved it
	least int64 // from where it is shown, 0 for a difference
	year  bool  // needs the second half of the year
}

// view is what is public about one place.
type view struct {
	first, second, year release.Dataset
	cells               [4]h3.Cell // centre, by resolution from 5 on
	sibling             h3.Cell
	force               string
}

func (v *view) cell(d *release.Dataset, c h3.Cell) (release.Cell, bool) {
	cells := d.Cells[c.Resolution()]
	i, ok := slices.BinarySearchFunc(cells, c, func(s release.Cell, c h3.Cell) int {
		if s.Cell < c {
			return -1
		} else if s.Cell > c {
			return 1
		}
		return 0
	})
	if !ok {
		return release.Cell{}, false
	}
	return cells[i], true
}

func (v *view) count(d *release.Dataset, c h3.Cell) (int64, bool) {
	s, ok := v.cell(d, c)
	return int64(s.Count), ok
}

func (v *view) forceCount() (int64, bool) {
	for _, f := range v.second.Forces {
		if f.Force.ID == v.force && f.Factor == report.BadlyLit {
			return int64(f.Count), true
		}
	}
	return 0, false
}

// difference is a-b where both are shown: what is public about what is not.
func difference(a, b func(v *view) (int64, bool)) func(v *view) (int64, bool) {
	return func(v *view) (int64, bool) {
		x, ok1 := a(v)
		y, ok2 := b(v)
		return x - y, ok1 && ok2
	}
}

func stats(p release.Policy) []stat {
	at := func(res int) func(v *view) (int64, bool) {
		return func(v *view) (int64, bool) { return v.count(&v.first, v.cells[res-5]) }
	}
	later := func(v *view) (int64, bool) { return v.count(&v.second, v.cells[3]) }
	year := func(v *view) (int64, bool) { return v.count(&v.year, v.cells[3]) }
	sibling := func(v *view) (int64, bool) { return v.count(&v.first, v.sibling) }
	theme := func(res, column int) func(v *view) (int64, bool) {
		return func(v *view) (int64, bool) {
			s, _ := v.cell(&v.first, v.cells[res-5])
			return int64(s.Columns[column]), s.Columns[column] > 0
		}
	}
	own := func(m int) int64 { return int64(m) }
	around := func(m int) int64 { return int64(m) + siblingReports }
	twice := func(m int) int64 { return 2 * int64(m) }
	none := func(int) int64 { return 0 }
	r := int64(p.Rounding) / 2
	h, y := p.ShownFrom.HalfYear, p.ShownFrom.TwelveMonths
	return []stat{
		{"resolution 8", at(8), own, r, int64(h.Res8), false},
		{"resolution 7", at(7), around, r, int64(h.Res7), false},
		{"resolution 6", at(6), around, r, int64(h.Res6), false},
		{"resolution 6, environmental", theme(6, 0), around, r, int64(max(h.Res6, h.Res6Two)), false},
		{"resolution 6, environmental only", theme(6, 2), around, r, int64(max(h.Res6, h.Res6One)), false},
		{"resolution 5", at(5), around, r, int64(h.Res5), false},
		{"twelve months at resolution 8", year, twice, r, int64(y.Res8), true},
		{"force and factor", (*view).forceCount, func(m int) int64 { return 2*int64(m) + siblingReports }, r, int64(p.ShownFrom.ForceYearFactor), true},
		{"zoom: resolution 7 less a shown neighbour", difference(at(7), sibling), own, 2 * r, 0, false},
		{"zoom: resolution 6 less resolution 7", difference(at(6), at(7)), none, 2 * r, 0, false},
		{"zoom: resolution 5 less resolution 6", difference(at(5), at(6)), none, 2 * r, 0, false},
		{"time: twelve months less the later half", difference(year, later), own, 2 * r, 0, true},
		{"theme: all less environmental", difference(at(6), theme(6, 0)), none, 2 * r, 0, false},
	}
}

// outcome is what one game showed: by stat the value, or absent.
type outcome struct {
	m      int
	sent   bool
	values []int64
}

// absent is the value of what is not shown, and unplayed that of what needs a
// second half-year in a game without one.
const (
	absent   = math.MinInt64
	unplayed = math.MinInt64 + 1

	// One freeze in yearEvery goes on to the end of the year, since the figures
	// of a year tell less than those of a half.
	yearEvery = 3
)

// play plays games for each number of injected reports, half with the last
// report sent.
func play(s Subject, games int) ([]outcome, error) {
	u, err := universe(gamesPerFreeze)
	if err != nil {
		return nil, err
	}
	views, err := places(u)
	if err != nil {
		return nil, err
	}
	list := stats(s.Policy)
	var out []outcome
	seed := uint64(0)
	for _, m := range injected {
		for _, sent := range []bool{false, true} {
			for done := 0; done < games; done += gamesPerFreeze {
				seed++
				year := done/gamesPerFreeze%yearEvery == 0
				if err := s.fill(u, views, m, sent, year, seed); err != nil {
					return nil, err
				}
				for _, v := range views {
					out = append(out, outcome{m: m, sent: sent, values: v.values(list, year)})
				}
			}
		}
	}
	return out, nil
}

func (v *view) values(list []stat, year bool) []int64 {
	values := make([]int64, len(list))
	for i, st := range list {
		if st.year && !year {
			values[i] = unplayed
			continue
		}
		value, ok := st.at(v)
		if !ok {
			value = absent
		}
		values[i] = value
	}
	return values
}

func places(u *release.Universe) ([]*view, error) {
	var views []*view
	for _, f := range u.Forces() {
		parent := h3.CellFromString(f.ID)
		centre, sibling, err := centre8(parent)
		if err != nil {
			return nil, err
		}
		v := &view{sibling: sibling, force: f.ID}
		for res := 5; res <= 8; res++ {
			if v.cells[res-5], err = centre.Parent(res); err != nil {
				return nil, err
			}
		}
		views = append(views, v)
	}
	return views, nil
}

// fill makes the releases of a half-year or a whole year for all places at once.
func (s Subject) fill(u *release.Universe, views []*view, m int, sent, wholeYear bool, seed uint64) error {
	last := 0
	if sent {
		last = 1
	}
	var first, second []release.Item
	for _, v := range views {
		first = append(first, reports(v.cells[3], half.From(), m+last)...)
		first = append(first, reports(v.sibling, half.From(), siblingReports)...)
		second = append(second, reports(v.cells[3], half.Next().From(), m)...)
	}
	t1 := s.Count(u, s.Policy, half, first)
	f1 := s.frozen(half, s.Noise(u, s.Policy, release.TestKey(2*seed), half, t1, nil))
	d1 := release.Derive(u, f1)
	var d2, year release.Dataset
	if wholeYear {
		t2 := s.Count(u, s.Policy, half.Next(), second)
		f2 := s.frozen(half.Next(), s.Noise(u, s.Policy, release.TestKey(2*seed+1), half.Next(), t2, []*release.Truth{t1, t2}))
		d2 = release.Derive(u, f2)
		var err error
		if year, err = release.DeriveTwelveMonths(u, f1, f2); err != nil {
			return err
		}
	}
	for _, v := range views {
		v.first, v.second, v.year = d1, d2, year
	}
	return nil
}
