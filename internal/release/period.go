package release

import (
	"fmt"
	"time"

	"github.com/streetsafe/streetsafe/internal/report"
)

// HalfYear is the period of a release: January to June or July to December.
// Reports belong to the half-year of the day on which they were received.
type HalfYear struct {
	Year int
	Half int // 1 or 2
}

// ParseHalfYear reads a period written as 2026-H1.
func ParseHalfYear(s string) (HalfYear, error) {
	var h HalfYear
	if n, err := fmt.Sscanf(s, "%4d-H%1d", &h.Year, &h.Half); err != nil || n != 2 || h.String() != s || !h.Valid() {
		return HalfYear{}, fmt.Errorf("%q is not a half-year: expected the form 2026-H1, from %v to %v", s, HalfYearOf(report.MinDay), HalfYearOf(report.MaxDay))
	}
	return h, nil
}

// HalfYearOf returns the half-year that holds a day.
func HalfYearOf(d report.Day) HalfYear {
	t := d.Time()
	if t.Month() <= time.June {
		return HalfYear{t.Year(), 1}
	}
	return HalfYear{t.Year(), 2}
}

// Valid reports whether h is a half-year that reports can have.
func (h HalfYear) Valid() bool {
	return (h.Half == 1 || h.Half == 2) && h.To() > report.MinDay && h.From() <= report.MaxDay
}

// String returns the form 2026-H1.
func (h HalfYear) String() string { return fmt.Sprintf("%04d-H%d", h.Year, h.Half) }

// From returns the first day.
func (h HalfYear) From() report.Day {
	month := time.January
	if h.Half == 2 {
		month = time.July
	}
	return report.DayOf(time.Date(h.Year, month, 1, 0, 0, 0, 0, time.UTC))
}

// To returns the day after the last one.
func (h HalfYear) To() report.Day { return h.Next().From() }

// Next returns the half-year after h.
func (h HalfYear) Next() HalfYear {
	if h.Half == 1 {
		return HalfYear{h.Year, 2}
	}
	return HalfYear{h.Year + 1, 1}
}

// Previous returns the half-year before h.
func (h HalfYear) Previous() HalfYear {
	if h.Half == 2 {
		return HalfYear{h.Year, 1}
	}
	return HalfYear{h.Year - 1, 2}
}

// Before reports whether h is earlier than o.
func (h HalfYear) Before(o HalfYear) bool {
	return h.Year < o.Year || h.Year == o.Year && h.Half < o.Half
}

// EndsYear reports whether h completes a calendar year, and with it the tables
// by police force, which are made once a year.
func (h HalfYear) EndsYear() bool { return h.Half == 2 }

// ReadyOn returns the first day on which h may be frozen.
func (h HalfYear) ReadyOn(p Policy) report.Day { return h.To() + report.Day(p.WaitDays) }
