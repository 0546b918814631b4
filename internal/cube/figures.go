package cube

import (
	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Figures tell of a set of reports how many match a filter and how they divide.
type Figures struct {
	Total        int64
	ByFactor     [report.NumFactors]int64 // a report counts for each factor that it names
	FacetFactors [report.NumFactors]int64 // the same with Filter.Factors left out
	ByMonth      []MonthCount             // all months of the body of reports that meet the window
	Histogram    []MonthCount             // all months of the body of reports, the window left out
	ByDay        []DayCount               // all days of a window of up to MaxDaily days; nil for a longer one or none
	Matrix       [report.NumDayparts][report.NumWeekdays]int64
	ByDark       [report.NumDark]int64
}

// DayCount is how many reports a day has.
type DayCount struct {
	Day   report.Day
	Count int64
}

// MaxDaily is up to how many days a window is told by day: three months.
const MaxDaily = 92

// MonthCount is how many reports a month has.
type MonthCount struct {
	Month string // YYYY-MM
	Count int64
}

// Cell gives the figures of one cell of resolution 3 to 11. They are zero for a
// cell of another resolution.
func (s *Snapshot) Cell(c h3.Cell, f report.Filter) Figures {
	return s.Cells([]h3.Cell{c}, f)
}

// division is a filter made ready for counting figures. Goroutines may share it.
type division struct {
	plan, facets plan // the filter, and the filter without its factors; the window is in pieces
	pieces       []piece
	months       []string
	inWindow     []bool // by month: some day of it is in the window
	daily        span32 // days that are counted one by one; empty for none
}

// piece is a run of days that all figures treat alike: of one month and all in
// the window or all outside it.
type piece struct {
	to     int32 // where it ends, in days from report.MinDay; it begins where the one before ends
	month  int   // noMonth for days before or after all reports
	day    int   // in days from the begin of division.daily; noDay outside
	inside bool
}

const noMonth, noDay = -1, -1

func newDivision(s *Snapshot, f report.Filter) *division {
	d := &division{}
	d.plan.compile(f, 0)
	f.Factors = 0
	d.facets.compile(f, 0)
	window := span32{0, maxDays}
	if d.plan.windowed {
		window = span32{d.plan.from, d.plan.to}
	}
	if d.plan.none {
		window = span32{}
	}
	if window.to > window.from && window.to-window.from <= MaxDaily {
		d.daily = window
	}
	day := int32(0)
	cut := func(to int32, month int) {
		for day < to {
			end := to
			for _, edge := range [...]int32{window.from, window.to} {
				if edge > day {
					end = min(end, edge)
				}
			}
			inside, one := day >= window.from && day < window.to, noDay
			if inside && d.daily.to > 0 {
				end, one = day+1, int(day-d.daily.from)
			}
			d.pieces = append(d.pieces, piece{end, month, one, inside})
			if month != noMonth && inside {
				d.inWindow[month] = true
			}
			day = end
		}
	}
	if first, last := s.Days(); last != 0 {
		month := first.Time().AddDate(0, 0, 1-first.Time().Day())
		cut(int32(max(report.DayOf(month), report.MinDay)-report.MinDay), noMonth)
		for ; report.DayOf(month) <= last; month = month.AddDate(0, 1, 0) {
			d.months = append(d.months, report.DayOf(month).Month())
			d.inWindow = append(d.inWindow, false)
			next := report.DayOf(month.AddDate(0, 1, 0))
			cut(int32(min(next-report.MinDay, maxDays)), len(d.months)-1)
		}
	}
	cut(maxDays, noMonth)
	return d
}

// maxDays is how many days there are from report.MinDay on.
const maxDays = 1 << 16

type span32 struct{ from, to int32 }

// tally adds up the figures of cells, for one goroutine.
type tally struct {
	*division
	sign  int64 // of the rows in hand
	total int64

	factors, facetFactors [report.NumFactors]int64
	matrix                [report.NumDayparts][report.NumWeekdays]int64
	dark                  [report.NumDark]int64
	inside, histogram     []int64 // by month
	days                  []int64 // of division.daily
}

func newTally(d *division) *tally {
	return &tally{division: d, inside: make([]int64, len(d.months)), histogram: make([]int64, len(d.months)), days: make([]int64, d.daily.to-d.daily.from)}
}

// figures puts the tally into words.
func (t *tally) figures() Figures {
	f := Figures{Total: t.total, ByFactor: t.factors, FacetFactors: t.facetFactors, Matrix: t.matrix, ByDark: t.dark}
	for i, m := range t.months {
		f.Histogram = append(f.Histogram, MonthCount{m, t.histogram[i]})
		if t.inWindow[i] {
			f.ByMonth = append(f.ByMonth, MonthCount{m, t.inside[i]})
		}
	}
	for i, n := range t.days {
		f.ByDay = append(f.ByDay, DayCount{report.MinDay + report.Day(t.daily.from) + report.Day(i), n})
	}
	return f
}

// merge adds another tally of the same division.
func (t *tally) merge(o *tally) {
	t.total += o.total
	addTo(t.factors[:], o.factors[:])
	addTo(t.facetFactors[:], o.facetFactors[:])
	for i := range t.matrix {
		addTo(t.matrix[i][:], o.matrix[i][:])
	}
	addTo(t.dark[:], o.dark[:])
	addTo(t.inside, o.inside)
	addTo(t.histogram, o.histogram)
	addTo(t.days, o.days)
}

func addTo(sums, more []int64) {
	for i, n := range more {
		sums[i] += n
	}
}
