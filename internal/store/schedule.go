package store

import (
	"fmt"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Schedule says when reports that were submitted may be published, so that
// nobody can watch one person's report appear: each has waited, and comes with
// others of its area, or has waited long. Stores know only the date on which a
// report came, so the times are whole days, rounded so that the wait is never
// shorter.
type Schedule struct {
	// MinDays is how many whole days lie between the day of receipt and that of
	// publication: 1 means at least 24 hours.
	MinDays int
	// MinReports is how many reports of one area a batch holds at least.
	MinReports int
	// MaxDays is after how many days reports are published although there are
	// fewer of their area.
	MaxDays int
	// AreaResolution is the H3 resolution of an area.
	AreaResolution int
}

// DefaultSchedule is the promise to reporters: at least 24 hours, at least five
// reports of the area or up to seven days. An area is a cell of resolution 5,
// some 250 square kilometres: a large town.
func DefaultSchedule() Schedule {
	return Schedule{MinDays: 1, MinReports: 5, MaxDays: 7, AreaResolution: 5}
}

// Validate fails with ErrInvalid for a schedule that makes no sense.
func (s Schedule) Validate() error {
	if s.MinDays < 0 || s.MaxDays <= s.MinDays || s.MinReports < 1 || s.AreaResolution < 0 || s.AreaResolution > report.Resolution {
		return fmt.Errorf("%w schedule: %+v", ErrInvalid, s)
	}
	return nil
}

// Pending is a report that waits for publication.
type Pending struct {
	report.Record
	Source     int64 // the engine's number of the source
	ReceivedOn report.Day
}

// LastReceipt returns the last day of receipt of which every report is old
// enough to be published today.
func (s Schedule) LastReceipt(today report.Day) report.Day { return today - report.Day(s.MinDays) - 1 }

// Due returns which of the reports are to be published today.
func (s Schedule) Due(waiting []Pending, today report.Day) ([]Pending, error) {
	type area struct {
		reports []Pending
		overdue bool
	}
	areas := map[h3.Cell]*area{}
	for _, p := range waiting {
		if p.ReceivedOn > s.LastReceipt(today) {
			continue
		}
		cell, err := p.Cell.Parent(s.AreaResolution)
		if err != nil {
			return nil, fmt.Errorf("area of %s: %w", p.Cell, err)
		}
		a := areas[cell]
		if a == nil {
			a = new(area)
			areas[cell] = a
		}
		a.reports = append(a.reports, p)
		a.overdue = a.overdue || today-p.ReceivedOn >= report.Day(s.MaxDays)
	}
	var due []Pending
	for _, a := range areas {
		if a.overdue || len(a.reports) >= s.MinReports {
			due = append(due, a.reports...)
		}
	}
	return due, nil
}

// BySource splits reports by the source they came from.
func BySource(reports []Pending) map[int64][]report.Record {
	sources := map[int64][]report.Record{}
	for _, p := range reports {
		sources[p.Source] = append(sources[p.Source], p.Record)
	}
	return sources
}
