package analysis

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/report"
)

// NumSlots is how many quarters of a day a week has.
const NumSlots = 4 * report.NumWeekdays

// Slots is a set of quarters of days of the week: one bit for each daypart whose
// hours are known, by daypart and then weekday. Unlike a filter it can hold Friday
// evening together with Saturday's small hours and nothing else.
type Slots uint32

// AllSlots is the whole week.
const AllSlots Slots = 1<<NumSlots - 1

func slot(d report.Daypart, w report.Weekday) Slots {
	return 1 << (int(d)*report.NumWeekdays + int(w))
}

// SlotsOf are the slots of all of the dayparts on all of the weekdays; an empty set
// stands for all of its kind. The unknown daypart has none.
func SlotsOf(d report.DaypartSet, w report.WeekdaySet) (s Slots) {
	for part := range report.UnknownDaypart {
		for day := range report.Weekday(report.NumWeekdays) {
			if (d == 0 || d.Has(part)) && (w == 0 || w.Has(day)) {
				s |= slot(part, day)
			}
		}
	}
	return s
}

// Has reports whether a quarter of a day is in the set.
func (s Slots) Has(d report.Daypart, w report.Weekday) bool {
	return d < report.UnknownDaypart && w < report.NumWeekdays && s&slot(d, w) != 0
}

// Len is how many slots there are in the set.
func (s Slots) Len() int { return bits.OnesCount32(uint32(s & AllSlots)) }

// Shift is a shift of a police day by its nearest quarters. The quarters are all
// that a report keeps, so the evening, when shifts change, is in two of them.
type Shift string

// The shifts.
const (
	EarlyShift Shift = "early" // the morning
	LateShift  Shift = "late"  // the afternoon and the evening
	NightShift Shift = "night" // the evening, and the small hours of the next date
)

// ParseShift reads the name of a shift.
func ParseShift(s string) (Shift, error) {
	if v := Shift(s); v == EarlyShift || v == LateShift || v == NightShift {
		return v, nil
	}
	return "", &report.ParamError{Param: "shift", Value: s, Expect: "early, late or night"}
}

// On are the slots of the shift that begins on a weekday.
func (s Shift) On(w report.Weekday) Slots {
	switch s {
	case EarlyShift:
		return slot(report.Morning, w)
	case LateShift:
		return slot(report.Afternoon, w) | slot(report.Evening, w)
	case NightShift:
		return slot(report.Evening, w) | slot(report.Night, (w+1)%report.NumWeekdays)
	}
	return 0
}

// filters divide the slots into filters, none overlapping: dayparts with the same
// weekdays go together.
func (s Slots) filters(f report.Filter) []report.Filter {
	var out []report.Filter
	for part := range report.UnknownDaypart {
		var days report.WeekdaySet
		for day := range report.Weekday(report.NumWeekdays) {
			if s.Has(part, day) {
				days |= 1 << day
			}
		}
		if days == 0 {
			continue
		}
		same := slices.IndexFunc(out, func(o report.Filter) bool { return o.Weekdays == days })
		if same < 0 {
			f.Dayparts, f.Weekdays, same = 0, days, len(out)
			out = append(out, f)
		}
		out[same].Dayparts |= 1 << part
	}
	return out
}

// slotCounts are the reports of cells in some slots, and those that name each factor.
type slotCounts struct {
	Counts
	factors [][report.NumFactors]int64
}

func (c *slotCounts) factorsOf(cell h3.Cell) (none [report.NumFactors]int64) {
	if i, ok := slices.BinarySearch(c.Cells, cell); ok {
		return c.factors[i]
	}
	return none
}

// countSlots counts the reports in slots; the filter's own dayparts and weekdays are
// not used.
func countSlots(s *cube.Snapshot, q ShiftQuery, slots Slots) slotCounts {
	out := slotCounts{Counts: Counts{Res: q.Res}}
	var parts []slotCounts
	for _, f := range slots.filters(q.Filter) {
		counts, columns := countColumns(s, q.Region, q.Res, cube.Query{Filter: f, Columns: report.AllFactors})
		part := slotCounts{counts, make([][report.NumFactors]int64, len(columns))}
		for i, row := range columns {
			for x, n := range row {
				part.factors[i][x] = int64(n)
			}
		}
		parts = append(parts, part)
	}
	all := make([]Counts, 0, len(parts))
	for _, p := range parts {
		all = append(all, p.Counts)
	}
	for _, c := range union(all...) {
		n, factors := int64(0), [report.NumFactors]int64{}
		for i := range parts {
			n += parts[i].Of(c)
			for x, v := range parts[i].factorsOf(c) {
				factors[x] += v
			}
		}
		out.Cells, out.N, out.factors = append(out.Cells, c), append(out.N, n), append(out.factors, factors)
	}
	return out
}

// String lists the slots, for logs and test messages.
func (s Slots) String() string {
	var out []string
	for part := range report.UnknownDaypart {
		for day := range report.Weekday(report.NumWeekdays) {
			if s.Has(part, day) {
				out = append(out, day.String()+" "+part.String())
			}
		}
	}
	return fmt.Sprint(out)
}
