package ingest

import (
	"strings"
	"time"
	// Presets name time zones, and a container may have no database of them.
	_ "time/tzdata"

	"github.com/streetsafe/streetsafe/internal/report"
)

// precision says how much of a time a file tells.
type precision uint8

const (
	toMonth precision = iota
	toDay
	toClock
)

// moment is a time as written in a file.
type moment struct {
	year, month, day int
	hour, min, sec   int
	precision        precision
	zoned            bool
	offsetSeconds    int // east of UTC, when zoned
}

// expectTime is what rejected times are told.
const expectTime = "a time such as 2025-03-01T22:30:00Z, 2025-03-01 22:30:00, 2025-03-01 or 2025-03"

// expectDate is what dates such as 09/07/2026 are told.
const expectDate = "YYYY-MM-DD: day/month order is ambiguous; in a spreadsheet, format the column as yyyy-mm-dd and save again"

// dayMonth tells whether a text begins with a date such as 09/07/2026, 9.7.26 or
// 09-07-2026.
func dayMonth(s string) bool {
	date, _, _ := strings.Cut(strings.Replace(s, "T", " ", 1), " ")
	parts := strings.FieldsFunc(date, func(r rune) bool { return r == '/' || r == '.' || r == '-' })
	if len(parts) != 3 || len(parts[0]) > 2 || len(parts[1]) > 2 || len(parts[2]) != 2 && len(parts[2]) != 4 {
		return false
	}
	for _, part := range parts {
		if _, ok := digits(part, 0, len(part)); !ok {
			return false
		}
	}
	return true
}

// parseMoment reads RFC 3339, the same with a space or without an offset, with
// or without seconds and fractions, a date, or a month.
func parseMoment(s string) (m moment, ok bool) {
	m.day = 1
	if m.year, ok = digits(s, 0, 4); !ok || len(s) < 7 || s[4] != '-' {
		return m, false
	}
	if m.month, ok = digits(s, 5, 2); !ok {
		return m, false
	}
	if len(s) == 7 {
		return m, m.valid()
	}
	if m.day, ok = digits(s, 8, 2); !ok || s[7] != '-' {
		return m, false
	}
	m.precision = toDay
	if len(s) == 10 {
		return m, m.valid()
	}
	if s[10] != 'T' && s[10] != ' ' && s[10] != 't' {
		return m, false
	}
	m.precision = toClock
	rest, ok := m.parseClock(s[11:])
	return m, ok && m.parseOffset(rest) && m.valid()
}

// parseClock reads hh:mm, hh:mm:ss or hh:mm:ss with a fraction.
func (m *moment) parseClock(s string) (rest string, ok bool) {
	if m.hour, ok = digits(s, 0, 2); !ok || len(s) < 5 || s[2] != ':' {
		return s, false
	}
	if m.min, ok = digits(s, 3, 2); !ok {
		return s, false
	}
	if s = s[5:]; len(s) == 0 || s[0] != ':' {
		return s, true
	}
	if m.sec, ok = digits(s, 1, 2); !ok {
		return s, false
	}
	if s = s[3:]; len(s) == 0 || s[0] != '.' && s[0] != ',' {
		return s, true
	}
	n := 1
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return s[n:], n > 1
}

// parseOffset reads nothing, Z, +hh:mm, +hhmm or +hh.
func (m *moment) parseOffset(s string) bool {
	switch {
	case s == "":
		return true
	case s == "Z" || s == "z":
		m.zoned = true
		return true
	case s[0] != '+' && s[0] != '-':
		return false
	}
	hours, ok := digits(s, 1, 2)
	if !ok || hours > 23 {
		return false
	}
	minutes := 0
	if tail := s[3:]; tail != "" {
		if tail[0] == ':' {
			tail = tail[1:]
		}
		if minutes, ok = digits(tail, 0, 2); !ok || len(tail) != 2 || minutes > 59 {
			return false
		}
	}
	m.zoned, m.offsetSeconds = true, hours*3600+minutes*60
	if s[0] == '-' {
		m.offsetSeconds = -m.offsetSeconds
	}
	return true
}

// digits reads n decimal digits of s from an index.
func digits(s string, from, n int) (v int, ok bool) {
	if len(s) < from+n {
		return 0, false
	}
	for _, c := range []byte(s[from : from+n]) {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + int(c-'0')
	}
	return v, true
}

// valid refuses what time.Date would carry over, such as 30 February. A leap
// second is taken.
func (m *moment) valid() bool {
	return m.month >= 1 && m.month <= 12 && m.day >= 1 && m.day <= daysIn(m.year, m.month) &&
		m.hour <= 23 && m.min <= 59 && m.sec <= 60
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// momentOf takes a time that a Go layout without an offset has read.
func momentOf(t time.Time) moment {
	m := moment{year: t.Year(), month: int(t.Month()), day: t.Day(), precision: toClock}
	m.hour, m.min, m.sec = t.Clock()
	return m
}

func (m *moment) date(loc *time.Location) time.Time {
	return time.Date(m.year, time.Month(m.month), m.day, m.hour, m.min, m.sec, 0, loc)
}

// observe fills in when an observation was made. See the package comment for
// the rules. zone is what every time is converted to and may be nil; assumed is
// the zone of times without an offset and may be nil too; fixed returns the
// location of an offset.
func (m *moment) observe(o *report.Observation, zone, assumed *time.Location, fixed func(int) *time.Location) {
	o.At, o.Daypart, o.Dark = time.Time{}, report.UnknownDaypart, report.DarkUnknown
	switch {
	case m.precision != toClock:
		o.Day = report.DayOf(m.date(time.UTC))
	case m.zoned && zone != nil:
		o.At = m.date(time.UTC).Add(-time.Duration(m.offsetSeconds) * time.Second).In(zone)
	case m.zoned:
		o.At = m.date(fixed(m.offsetSeconds))
	case zone != nil:
		o.At = m.date(zone)
	case assumed != nil:
		o.At = m.date(assumed)
	default:
		o.Day, o.Daypart = report.DayOf(m.date(time.UTC)), report.DaypartAt(m.hour)
	}
}

// foreign tells whether a time with an offset, which lies at an instant, shows
// another clock than that of the place. Where the place's zone is not known,
// only UTC gives that away: files from machines have it.
func (m *moment) foreign(at time.Time, place *time.Location) bool {
	if m.precision != toClock {
		return false
	}
	if place == nil {
		return m.offsetSeconds == 0
	}
	_, offset := at.In(place).Zone()
	return offset != m.offsetSeconds
}
