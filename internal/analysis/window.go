package analysis

import (
	"github.com/streetsafe/streetsafe/internal/report"
)

// Year is the distance between a window and the same season of the year before: 52
// weeks, so that each day falls on the same weekday.
const Year = 364

// Window is a half-open range of days.
type Window struct{ From, To report.Day }

// Days is its length; 0 when it is empty.
func (w Window) Days() int { return max(0, int(w.To-w.From)) }

// Back is the same window some days earlier.
func (w Window) Back(days int) Window {
	return Window{w.From - report.Day(days), w.To - report.Day(days)}
}

// Within reports whether all of it lies in another window.
func (w Window) Within(o Window) bool { return w.From >= o.From && w.To <= o.To }

// Exposure is how many days of the window a filter counts.
func (w Window) Exposure(f report.Filter) float64 {
	if f.Weekdays == 0 {
		return float64(w.Days())
	}
	weeks := w.Days() / 7
	n := weeks * f.Weekdays.Len()
	for d := w.From + report.Day(7*weeks); d < w.To; d++ {
		if f.Weekdays.Has(d.Weekday()) {
			n++
		}
	}
	return float64(n)
}

// in puts the window into a filter.
func (w Window) in(f report.Filter) report.Filter {
	f.From, f.To = w.From, w.To
	if w.Days() == 0 {
		f.From, f.To = report.MinDay, report.MinDay // the filter's form of no days
	}
	return f
}
