package attack

import (
	"fmt"
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

// advantage returns how much better than chance the attacker tells whether the
// last report was sent, at the worst number of injected reports: the most, over
// all thresholds on any one number and over pairs of numbers, of the rate of
// right alarms less that of false ones.
func advantage(outcomes []outcome, list []stat) (most float64, how string) {
	for _, m := range injected {
		var sides [2][]outcome
		for _, o := range outcomes {
			if o.m == m {
				side := 0
				if o.sent {
					side = 1
				}
				sides[side] = append(sides[side], o)
			}
		}
		for i, st := range list {
			if a := thresholdAdvantage(sides, i); a > most {
				most, how = a, fmt.Sprintf("%s, %d injected", st.name, m)
			}
		}
		if a := tableAdvantage(sides, 0, 2); a > most {
			most, how = a, fmt.Sprintf("resolutions 8 and 6 together, %d injected", m)
		}
	}
	return most, how
}

// thresholdAdvantage tries every threshold in either direction; absent is below
// all numbers.
func thresholdAdvantage(sides [2][]outcome, i int) float64 {
	var values [2][]int64
	var all []int64
	for side, os := range sides {
		for _, o := range os {
			if o.values[i] != unplayed {
				values[side] = append(values[side], o.values[i])
			}
		}
		slices.Sort(values[side])
		all = append(all, values[side]...)
	}
	slices.Sort(all)
	most := 0.0
	for _, t := range slices.Compact(all) {
		a, _ := slices.BinarySearch(values[0], t)
		b, _ := slices.BinarySearch(values[1], t)
		most = max(most, math.Abs(float64(a)/float64(len(values[0]))-float64(b)/float64(len(values[1]))))
	}
	return most
}

// tableAdvantage learns from half of the games which pairs of values speak for
// the report and is measured on the other half, and the other way round.
func tableAdvantage(sides [2][]outcome, i, j int) float64 {
	pair := func(o outcome) [2]int64 { return [2]int64{o.values[i], o.values[j]} }
	alarms := 0.0
	for fold := range 2 {
		lean := map[[2]int64]int{}
		for side, os := range sides {
			for n, o := range os {
				if n%2 == fold {
					lean[pair(o)] += 2*side - 1
				}
			}
		}
		for side, os := range sides {
			for n, o := range os {
				if n%2 != fold && lean[pair(o)] > 0 {
					alarms += float64(2*side-1) / float64(len(os))
				}
			}
		}
	}
	return alarms
}

// claims plays the attacker who takes public numbers at their word. A number
// stands for an interval, by how far rounding and differencing may have moved
// it, and absence for anything below the threshold; when the interval leaves out
// the true value with the last report, or that without it, he claims to know. It
// returns how often the kind of claim that is right most often was right, among
// kinds made often enough to judge.
func claims(outcomes []outcome, list []stat) (precision float64, how string, made int) {
	const enough = 150
	for i, st := range list {
		for _, m := range injected {
			for _, says := range []bool{true, false} {
				right, n := 0, 0
				for _, o := range outcomes {
					if o.m == m && st.claims(o.values[i], m, says) {
						n++
						if o.sent == says {
							right++
						}
					}
				}
				made += n
				if p := float64(right) / float64(n); n >= enough && p > precision {
					precision, how = p, fmt.Sprintf("%s, %d injected", st.name, m)
				}
			}
		}
	}
	return precision, how, made
}

// claims reports whether a value makes the attacker say that the last report was
// sent, or that it was not.
func (st stat) claims(value int64, m int, sent bool) bool {
	without := st.truth(m)
	with := without + 1
	if st.truth(0) == st.truth(1) {
		with = without + 2*st.slack // a difference of levels, which counts both alike
	}
	if value == unplayed {
		return false
	}
	if value == absent {
		return !sent && st.least > 0 && st.least-1 < with
	}
	if sent {
		return value-st.slack > without
	}
	return value+st.slack < with
}

// atFloor is how often something was shown of a place whose floor hung on the
// last report: then, and only then, the attacker is certain.
func atFloor(outcomes []outcome, list []stat) float64 {
	const floor = 5
	shown, games := 0, 0
	for _, o := range outcomes {
		if o.m != floor-1 || !o.sent {
			continue
		}
		games++
		for i, st := range list {
			if o.values[i] != absent && o.values[i] != unplayed && st.least > 0 && st.truth(floor-1) < 2*floor-1 {
				shown++
				break
			}
		}
	}
	return float64(shown) / float64(games)
}
