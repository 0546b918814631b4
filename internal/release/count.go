package release

import (
	"context"
	"slices"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Theme says what a report is about. Themes are a partition: each report has
// one.
type Theme uint8

// The themes.
const (
	EnvironmentalOnly Theme = iota
	BehaviouralOnly
	BothGroups

	// NumThemes is the number of themes.
	NumThemes = 3
)

// ThemeOf returns the theme of a set of factors.
func ThemeOf(f report.Factors) Theme {
	switch {
	case f&report.BehaviouralFactors == 0:
		return EnvironmentalOnly
	case f&report.EnvironmentalFactors == 0:
		return BehaviouralOnly
	}
	return BothGroups
}

// Item is a report as a release counts it.
type Item struct {
	report.Report
	Received report.Day // an import's own day stands for the day of receipt
	Weight   int        // 1 counts, 0 does not (quarantined, or a second one of an address), -1 takes a counted one back
}

// Source hands over the reports of a body, in any order.
type Source interface {
	// Items calls fn for each report received from a day on, up to but not
	// including another. A report that was taken back may come once with weight 1
	// and once with -1, or not at all.
	Items(ctx context.Context, from, to report.Day, fn func(Item) error) error
}

// Truth holds the true counts of one half-year, by block and cell. It lives in
// memory for as long as a freeze takes.
type Truth struct {
	L8 []int32                    // for each slot of the universe
	L6 [][NumThemes]int32         // for each resolution-6 cell
	LF [][report.NumFactors]int32 // for each force
}

func newTruth(u *Universe) *Truth {
	return &Truth{
		L8: make([]int32, u.Slots()),
		L6: make([][NumThemes]int32, u.Parents()),
		LF: make([][report.NumFactors]int32, len(u.forces)),
	}
}

// Tally gathers the items of one half-year.
type Tally struct {
	universe *Universe
	policy   Policy
	from, to report.Day // of receipt
	rows     []uint64
	outside  int
}

// NewTally is an empty tally.
func NewTally(u *Universe, p Policy, h HalfYear) *Tally {
	return &Tally{universe: u, policy: p, from: h.From(), to: h.To()}
}

// A row is an item in 64 bits: slot (24), day of receipt from the start of the
// half-year (9) and theme (2), by which rows are sorted, then the factors that
// LF counts (12), and whether it is taken back.
const (
	rowSlotShift   = 40
	rowDayShift    = 31
	rowThemeShift  = 29
	rowFactorShift = 1
	rowFactorMask  = 1<<report.NumFactors - 1
)

// Add counts an item. One that was received in another half-year, or that has
// no weight, adds nothing; nor does one outside the universe.
func (t *Tally) Add(it Item) {
	if it.Weight == 0 || it.Received < t.from || it.Received >= t.to {
		return
	}
	slot, ok := t.universe.Slot(it.Cell)
	if !ok {
		t.outside += it.Weight
		return
	}
	row := uint64(slot)<<rowSlotShift | uint64(it.Received-t.from)<<rowDayShift |
		uint64(ThemeOf(it.Factors))<<rowThemeShift | uint64(countedFactors(it.Report, t.policy.FactorsPerReport))<<rowFactorShift
	if it.Weight < 0 {
		row |= 1
	}
	t.rows = append(t.rows, row)
}

// Outside is how many items were outside the universe.
func (t *Tally) Outside() int { return t.outside }

// Truth counts what was added.
//
// Caps are put on numbers of reports, not on which of them came first: of a
// cell, day and theme at most Cap reports count, and of each factor among them
// at most Cap. So one report more or less moves one count of L8 and of L6 and
// at most FactorsPerReport counts of LF, each by one at most, whatever else was
// reported. Choosing the first three instead would let a fourth step in for one
// that is taken away, with other factors: six counts would move.
func (t *Tally) Truth() *Truth {
	slices.Sort(t.rows)
	truth := newTruth(t.universe)
	for i := 0; i < len(t.rows); {
		j := i + 1
		for j < len(t.rows) && t.rows[j]>>rowThemeShift == t.rows[i]>>rowThemeShift {
			j++
		}
		t.countGroup(truth, t.rows[i:j])
		i = j
	}
	return truth
}

func (t *Tally) countGroup(truth *Truth, rows []uint64) {
	most := int32(t.policy.Cap)
	slot, theme := int(rows[0]>>rowSlotShift), rows[0]>>rowThemeShift&3
	var reports int32
	var factors [report.NumFactors]int32
	for _, r := range rows {
		sign := 1 - 2*int32(r&1)
		reports += sign
		for _, f := range report.Factors(r >> rowFactorShift & rowFactorMask).List() {
			factors[f] += sign
		}
	}
	n := min(max(reports, 0), most)
	truth.L8[slot] += n
	truth.L6[slot/perParent][theme] += n
	lf := &truth.LF[t.universe.force[slot]]
	for f, n := range factors {
		lf[f] += min(max(n, 0), most)
	}
}

// countedFactors chooses which factors of a report LF counts when it names more
// than the policy lets count. The choice depends on the report alone, so that
// no other report can change it, and favours no factor.
func countedFactors(r report.Report, most int) report.Factors {
	if r.Factors.Len() <= most {
		return r.Factors
	}
	list := r.Factors.List()
	seed := mix(uint64(r.Cell) ^ uint64(uint32(r.Day))<<20 ^ uint64(r.Factors)<<3 ^ uint64(r.Daypart)<<60)
	rank := func(f report.Factor) uint64 { return mix(seed + uint64(f)) }
	slices.SortFunc(list, func(a, b report.Factor) int {
		if rank(a) < rank(b) {
			return -1
		}
		return 1
	})
	return report.FactorSet(list[:most]...)
}

// mix spreads the bits of a number (SplitMix64, Steele, Lea and Flood 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
