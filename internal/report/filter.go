package report

import (
	"fmt"
	"net/url"
	"strings"
)

// Filter asks for a part of the reports. Its zero value asks for all of them.
// A set that is zero does not restrict; a report must pass every part.
type Filter struct {
	Factors  Factors // any of these
	From, To Day     // the window [From, To); both zero for all days
	Dayparts DaypartSet
	Weekdays WeekdaySet
	Dark     DarkSet
}

// FilterParams lists the URL parameters that ParseFilter reads, in the order
// in which Query prints them.
func FilterParams() []string {
	return []string{"factors", "from", "to", "dayparts", "weekdays", "dark"}
}

// HasWindow reports whether the filter restricts the days.
func (f Filter) HasWindow() bool { return f.From != 0 || f.To != 0 }

// Canonical returns the one form that all equal filters share: sets that hold
// everything become zero, and so does a window that holds every day.
func (f Filter) Canonical() Filter {
	if f.Factors&AllFactors == AllFactors {
		f.Factors = 0
	}
	if f.Dayparts&AllDayparts == AllDayparts {
		f.Dayparts = 0
	}
	if f.Weekdays&AllWeekdays == AllWeekdays {
		f.Weekdays = 0
	}
	if f.Dark&AllDark == AllDark {
		f.Dark = 0
	}
	if f.HasWindow() {
		f.From, f.To = max(f.From, MinDay), min(f.To, MaxDay+1)
		if f.From == MinDay && f.To == MaxDay+1 {
			f.From, f.To = 0, 0
		} else if f.From >= f.To {
			f.From, f.To = MinDay, MinDay
		}
	}
	return f
}

// Query returns the canonical query string of the filter without a leading
// question mark, "" for the zero filter. ParseFilter reads it back.
func (f Filter) Query() string {
	f = f.Canonical()
	var parts []string
	if f.Factors != 0 {
		parts = append(parts, "factors="+f.Factors.join(","))
	}
	if f.HasWindow() {
		if f.From != MinDay || f.To == MinDay {
			parts = append(parts, "from="+f.From.String())
		}
		if f.To != MaxDay+1 {
			parts = append(parts, "to="+f.To.String())
		}
	}
	if f.Dayparts != 0 {
		parts = append(parts, "dayparts="+joinSet(NumDayparts, func(i int) bool { return f.Dayparts.Has(Daypart(i)) }, func(i int) string { return daypartNames[i].id }))
	}
	if f.Weekdays != 0 {
		parts = append(parts, "weekdays="+joinSet(NumWeekdays, func(i int) bool { return f.Weekdays.Has(Weekday(i)) }, func(i int) string { return weekdayNames[i].id }))
	}
	if f.Dark != 0 {
		parts = append(parts, "dark="+joinSet(NumDark, func(i int) bool { return f.Dark.Has(Dark(i)) }, func(i int) string { return darkNames[i] }))
	}
	return strings.Join(parts, "&")
}

func joinSet(n int, has func(int) bool, name func(int) string) string {
	var b strings.Builder
	for i := range n {
		if has(i) {
			if b.Len() > 0 {
				b.WriteByte(',')
			}
			b.WriteString(name(i))
		}
	}
	return b.String()
}

// ParamError says what is wrong with a URL parameter and what to write
// instead.
type ParamError struct {
	Param  string
	Value  string
	Expect string
}

func (e *ParamError) Error() string {
	return fmt.Sprintf("parameter %s: %q is not valid: expected %s", e.Param, e.Value, e.Expect)
}

const (
	expectDate     = "a date as YYYY-MM-DD between 2000-01-01 and 2179-06-06"
	expectDayparts = "a comma-separated list of night, morning, afternoon, evening, unknown"
	expectWeekdays = "a comma-separated list of mon, tue, wed, thu, fri, sat, sun"
	expectDark     = "a comma-separated list of yes, no, unknown"
)

// ParseFilter reads the filter parameters of a URL and returns the canonical
// filter. Other parameters are left to the caller. An absent or empty
// parameter does not restrict. The error is a *ParamError.
func ParseFilter(v url.Values) (Filter, error) {
	var f Filter
	for _, p := range FilterParams() {
		if len(v[p]) > 1 {
			return Filter{}, &ParamError{p, strings.Join(v[p], "&"), "the parameter once, values separated by commas"}
		}
		s := v.Get(p)
		if s == "" {
			continue
		}
		if err := f.set(p, s); err != nil {
			return Filter{}, err
		}
	}
	if v.Get("from") != "" && v.Get("to") != "" && f.From >= f.To {
		return Filter{}, &ParamError{"to", v.Get("to"), "a date after from (" + v.Get("from") + "): the window holds from and not to"}
	}
	return f.Canonical(), nil
}

func (f *Filter) set(param, s string) error {
	switch param {
	case "factors":
		return eachItem(s, func(item string) error {
			x, err := ParseFactor(item)
			if err != nil {
				return &ParamError{param, item, "a comma-separated list of " + AllFactors.join(", ")}
			}
			f.Factors = f.Factors.With(x)
			return nil
		})
	case "from", "to":
		return f.setWindow(param, s)
	case "dayparts":
		return setBits(param, s, expectDayparts, NumDayparts, func(i int) string { return daypartNames[i].id }, func(i int) { f.Dayparts |= 1 << i })
	case "weekdays":
		return setBits(param, s, expectWeekdays, NumWeekdays, func(i int) string { return weekdayNames[i].id }, func(i int) { f.Weekdays |= 1 << i })
	default:
		return setBits(param, s, expectDark, NumDark, func(i int) string { return darkNames[i] }, func(i int) { f.Dark |= 1 << i })
	}
}

func (f *Filter) setWindow(param, s string) error {
	d, err := ParseDay(s)
	if err != nil || d < MinDay || d > MaxDay {
		return &ParamError{param, s, expectDate}
	}
	if !f.HasWindow() {
		f.From, f.To = MinDay, MaxDay+1
	}
	if param == "from" {
		f.From = d
	} else {
		f.To = d
	}
	return nil
}

func setBits(param, s, expect string, n int, name func(int) string, set func(int)) error {
	return eachItem(s, func(item string) error {
		for i := range n {
			if name(i) == item {
				set(i)
				return nil
			}
		}
		return &ParamError{param, item, expect}
	})
}

func eachItem(s string, do func(string) error) error {
	for item := range strings.SplitSeq(s, ",") {
		if err := do(strings.TrimSpace(item)); err != nil {
			return err
		}
	}
	return nil
}
