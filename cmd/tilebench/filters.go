package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/streetsafe/streetsafe/internal/report"
)

// kind is a kind of filter. Latencies are reported by it, because a server may
// be quick for one and slow for another.
type kind uint8

const (
	kindNone kind = iota
	kindOneFactor
	kindThreeFactors
	kindWindow
	kindWindowThree
	kindDaypart
	kindDark
	kindWeekdays
	kindEverything

	numKinds = 9
)

var kindNames = [numKinds]string{
	"none", "one factor", "three factors", "window", "window+three", "daypart", "dark", "weekdays", "everything",
}

func (k kind) String() string { return kindNames[k] }

// period is the days that windows are drawn from, [from, to).
type period struct{ from, to report.Day }

// randomFilter draws a filter of a kind as an officer would set it.
func randomFilter(r *rand.Rand, k kind, days period) report.Filter {
	var f report.Filter
	switch k {
	case kindOneFactor:
		f.Factors = randomFactors(r, 1)
	case kindThreeFactors:
		f.Factors = randomFactors(r, 3)
	case kindWindow:
		f.From, f.To = randomWindow(r, days)
	case kindWindowThree:
		f.Factors = randomFactors(r, 3)
		f.From, f.To = randomWindow(r, days)
	case kindDaypart:
		f.Dayparts = randomDayparts(r)
	case kindDark:
		f.Dark = 1 << report.DarkYes
	case kindWeekdays:
		f.Weekdays = randomWeekdays(r)
	case kindEverything:
		f.Factors = randomFactors(r, 3)
		f.From, f.To = randomWindow(r, days)
		f.Dayparts, f.Weekdays = randomDayparts(r), randomWeekdays(r)
		f.Dark = 1 << report.DarkYes
	}
	return f.Canonical()
}

func randomFactors(r *rand.Rand, n int) report.Factors {
	var s report.Factors
	for s.Len() < n {
		s = s.With(report.Factor(r.IntN(report.NumFactors)))
	}
	return s
}

// randomWindow is one of the map's presets, ending on the last day, or two
// days picked on the histogram.
func randomWindow(r *rand.Rand, days period) (from, to report.Day) {
	presets := []report.Day{7, 30, 90, 365}
	if i := r.IntN(2 * len(presets)); i < len(presets) {
		return max(days.from, days.to-presets[i]), days.to
	}
	length := int(days.to - days.from)
	from = days.from + report.Day(r.IntN(length))
	return from, from + 1 + report.Day(r.IntN(int(days.to-from)))
}

// randomDayparts is the evening and the night, or one of the four.
func randomDayparts(r *rand.Rand) report.DaypartSet {
	if r.IntN(2) == 0 {
		return 1<<report.Evening | 1<<report.Night
	}
	return 1 << r.IntN(int(report.UnknownDaypart))
}

// randomWeekdays is the weekend, the working week or a single day.
func randomWeekdays(r *rand.Rand) report.WeekdaySet {
	const weekend = report.WeekdaySet(1<<report.Saturday | 1<<report.Sunday)
	switch r.IntN(3) {
	case 0:
		return weekend
	case 1:
		return report.AllWeekdays &^ weekend
	}
	return 1 << r.IntN(report.NumWeekdays)
}

// numberedFilter is the i-th of a series of filters that are all different, for
// an adversary. It counts windows first, then sets of factors, which gives more
// than a thousand million.
func numberedFilter(i int, days period) (report.Filter, error) {
	length := int(days.to - days.from)
	windows := length * (length + 1) / 2
	var f report.Filter
	f.Factors = report.Factors(1 + i/windows)
	if f.Factors >= report.AllFactors {
		return f, fmt.Errorf("filter %d: there are only %d", i, windows*int(report.AllFactors-1))
	}
	// Windows by length: `length` of one day, length-1 of two days and so on.
	n := i % windows
	span := 1
	for n >= length-span+1 {
		n -= length - span + 1
		span++
	}
	f.From = days.from + report.Day(n)
	f.To = f.From + report.Day(span)
	return f.Canonical(), nil
}
