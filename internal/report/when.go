package report

import (
	"fmt"
	"math/bits"
	"time"
)

// Day is a calendar date at the place of a report, kept without a zone as the
// number of days since 1970-01-01.
type Day int32

// The days that a report may have. Rules also refuses days in the future.
const (
	MinDay Day = 10957              // 2000-01-01
	MaxDay Day = MinDay + 1<<16 - 1 // the cube holds days as 16 bits
)

const secondsPerDay = 24 * 60 * 60

// DayOf returns the date that t's own clock shows.
func DayOf(t time.Time) Day {
	y, m, d := t.Date()
	return Day(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay)
}

// ParseDay reads a date written as YYYY-MM-DD.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a date: expected YYYY-MM-DD", s)
	}
	return DayOf(t), nil
}

// Time returns midnight UTC of the date.
func (d Day) Time() time.Time { return time.Unix(int64(d)*secondsPerDay, 0).UTC() }

// String returns the date as YYYY-MM-DD.
func (d Day) String() string { return d.Time().Format(time.DateOnly) }

// Month returns the month of the date as YYYY-MM.
func (d Day) Month() string { return d.Time().Format("2006-01") }

// Weekday returns the day of the week.
func (d Day) Weekday() Weekday {
	// 1970-01-01 was a Thursday, which is 3 counted from Monday.
	return Weekday(((int(d)+3)%7 + 7) % 7)
}

// Weekday counts from Monday = 0 to Sunday = 6, the week of ISO 8601.
type Weekday uint8

// The days of the week.
const (
	Monday Weekday = iota
	Tuesday
	Wednesday
	Thursday
	Friday
	Saturday
	Sunday

	// NumWeekdays is the number of days in a week.
	NumWeekdays = 7
)

var weekdayNames = [NumWeekdays]struct{ id, label string }{
	{"mon", "Monday"}, {"tue", "Tuesday"}, {"wed", "Wednesday"}, {"thu", "Thursday"},
	{"fri", "Friday"}, {"sat", "Saturday"}, {"sun", "Sunday"},
}

// String returns the identifier, "mon" to "sun".
func (w Weekday) String() string { return weekdayNames[w].id }

// Label returns the English name.
func (w Weekday) Label() string { return weekdayNames[w].label }

// WeekdaySet is a set of weekdays, one bit each.
type WeekdaySet uint8

// AllWeekdays holds the whole week.
const AllWeekdays WeekdaySet = 1<<NumWeekdays - 1

// Has reports whether w is in the set.
func (s WeekdaySet) Has(w Weekday) bool { return s&(1<<w) != 0 }

// Len returns the number of days in the set.
func (s WeekdaySet) Len() int { return bits.OnesCount8(uint8(s)) }

// Daypart is a quarter of the day by the clock at the place: the finest time
// that is ever kept.
type Daypart uint8

// The dayparts.
const (
	Night          Daypart = iota // 00:00 to 06:00
	Morning                       // 06:00 to 12:00
	Afternoon                     // 12:00 to 18:00
	Evening                       // 18:00 to 24:00
	UnknownDaypart                // the report does not say

	// NumDayparts is the number of dayparts, the unknown one included.
	NumDayparts = 5
)

const hoursPerDaypart = 6

var daypartNames = [NumDayparts]struct{ id, label string }{
	{"night", "Night"}, {"morning", "Morning"}, {"afternoon", "Afternoon"}, {"evening", "Evening"},
	{"unknown", "Time not given"},
}

// DaypartAt returns the daypart of an hour of the day, 0 to 23.
func DaypartAt(hour int) Daypart { return Daypart(hour / hoursPerDaypart) }

// ParseDaypart reads an identifier such as "night".
func ParseDaypart(s string) (Daypart, error) {
	for d, n := range daypartNames {
		if n.id == s {
			return Daypart(d), nil
		}
	}
	return 0, fmt.Errorf("unknown daypart %q: expected night, morning, afternoon, evening or unknown", s)
}

// String returns the identifier, such as "night".
func (d Daypart) String() string { return daypartNames[d].id }

// Label returns the English name.
func (d Daypart) Label() string { return daypartNames[d].label }

// Hours returns the first hour of the daypart and the hour at which it ends;
// ok is false for the unknown daypart.
func (d Daypart) Hours() (from, to int, ok bool) {
	if d >= UnknownDaypart {
		return 0, 0, false
	}
	return int(d) * hoursPerDaypart, (int(d) + 1) * hoursPerDaypart, true
}

// DaypartSet is a set of dayparts, one bit each.
type DaypartSet uint8

// AllDayparts holds every daypart.
const AllDayparts DaypartSet = 1<<NumDayparts - 1

// Has reports whether d is in the set.
func (s DaypartSet) Has(d Daypart) bool { return s&(1<<d) != 0 }

// Dark says whether it was dark at the place and time of a report.
type Dark uint8

// The three answers.
const (
	DarkUnknown Dark = iota
	DarkNo
	DarkYes

	// NumDark is the number of answers.
	NumDark = 3
)

var darkNames = [NumDark]string{"unknown", "no", "yes"}

// String returns "unknown", "no" or "yes".
func (d Dark) String() string { return darkNames[d] }

// DarkSet is a set of answers, one bit each.
type DarkSet uint8

// AllDark holds every answer.
const AllDark DarkSet = 1<<NumDark - 1

// Has reports whether d is in the set.
func (s DarkSet) Has(d Dark) bool { return s&(1<<d) != 0 }
