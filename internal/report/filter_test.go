package report_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/streetsafe/streetsafe/internal/report"
)

func mustFilter(t testing.TB, query string) report.Filter {
	t.Helper()
	v, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	f, err := report.ParseFilter(v)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return f
}

func TestParseFilter_canonicalQuery(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"factors=", ""},
		{"factors=badly_lit", "factors=badly_lit"},
		{"factors=followed,badly_lit,badly_lit", "factors=badly_lit,followed"},
		{"factors=" + strings.Join(report.AllFactors.IDs(), ","), ""},
		{"to=2025-01-01&from=2024-01-01", "from=2024-01-01&to=2025-01-01"},
		{"from=2024-01-01", "from=2024-01-01"},
		{"to=2024-01-01", "to=2024-01-01"},
		{"from=2000-01-01", ""},
		{"dayparts=evening,night", "dayparts=night,evening"},
		{"dayparts=night,morning,afternoon,evening,unknown", ""},
		{"weekdays=sun,mon", "weekdays=mon,sun"},
		{"weekdays=mon,tue,wed,thu,fri,sat,sun", ""},
		{"dark=yes", "dark=yes"},
		{"dark=yes,no", "dark=no,yes"},
		{"dark=yes,no,unknown", ""},
	} {
		if got := mustFilter(t, c.in).Query(); got != c.want {
			t.Errorf("%q: got canonical query %q, want %q", c.in, got, c.want)
		}
	}
}

func TestParseFilter_errors(t *testing.T) {
	for _, c := range []struct{ in, param, value, expect string }{
		{"factors=badly_lit,dim", "factors", "dim", "badly_lit"},
		{"factors=badly_lit&factors=followed", "factors", "badly_lit&followed", "once"},
		{"from=yesterday", "from", "yesterday", "YYYY-MM-DD"},
		{"to=2024-02-30", "to", "2024-02-30", "YYYY-MM-DD"},
		{"from=1999-12-31", "from", "1999-12-31", "2000-01-01"},
		{"from=2024-03-01&to=2024-03-01", "to", "2024-03-01", "after from"},
		{"from=2024-03-02&to=2024-03-01", "to", "2024-03-01", "after from"},
		{"dayparts=noon", "dayparts", "noon", "afternoon"},
		{"weekdays=mon,", "weekdays", "", "mon"},
		{"dark=1", "dark", "1", "yes, no, unknown"},
	} {
		v, err := url.ParseQuery(c.in)
		if err != nil {
			t.Fatal(err)
		}
		_, err = report.ParseFilter(v)
		var pe *report.ParamError
		if !errors.As(err, &pe) {
			t.Errorf("%s: got %v, want a *ParamError", c.in, err)
			continue
		}
		if pe.Param != c.param || pe.Value != c.value || !strings.Contains(pe.Expect, c.expect) {
			t.Errorf("%s: got %+v, want parameter %s, value %q and the hint %q", c.in, pe, c.param, c.value, c.expect)
		}
	}
}

func drawFilter(t *rapid.T) report.Filter {
	day := rapid.Int32Range(int32(report.MinDay), int32(report.MaxDay)+1)
	f := report.Filter{
		Factors:  report.Factors(rapid.Uint16Range(0, uint16(report.AllFactors)).Draw(t, "factors")),
		Dayparts: report.DaypartSet(rapid.Uint8Range(0, uint8(report.AllDayparts)).Draw(t, "dayparts")),
		Weekdays: report.WeekdaySet(rapid.Uint8Range(0, uint8(report.AllWeekdays)).Draw(t, "weekdays")),
		Dark:     report.DarkSet(rapid.Uint8Range(0, uint8(report.AllDark)).Draw(t, "dark")),
	}
	if rapid.Bool().Draw(t, "window") {
		a, b := report.Day(day.Draw(t, "a")), report.Day(day.Draw(t, "b"))
		if a == b {
			return f
		}
		f.From, f.To = min(a, b), max(a, b)
	}
	return f
}

// What is printed reads back as the same filter, and equal filters print alike.
func TestFilter_Query_roundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawFilter(t).Canonical()
		v, err := url.ParseQuery(f.Query())
		if err != nil {
			t.Fatal(err)
		}
		got, err := report.ParseFilter(v)
		if err != nil {
			t.Fatalf("%q: %v", f.Query(), err)
		}
		if got != f || got.Canonical() != f {
			t.Fatalf("%q read back as %+v, want %+v", f.Query(), got, f)
		}
	})
}

// Making a filter canonical never changes which reports match.
func TestFilter_Canonical_matchesTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawFilter(t)
		r := report.Report{
			Day:     report.Day(rapid.Int32Range(int32(report.MinDay), int32(report.MaxDay)).Draw(t, "day")),
			Daypart: report.Daypart(rapid.Uint8Range(0, report.NumDayparts-1).Draw(t, "daypart")),
			Dark:    report.Dark(rapid.Uint8Range(0, report.NumDark-1).Draw(t, "dark answer")),
			Factors: report.Factors(rapid.Uint16Range(1, uint16(report.AllFactors)).Draw(t, "report factors")),
		}
		if r.Matches(f) != r.Matches(f.Canonical()) {
			t.Fatalf("%+v matches %+v: %v, canonical form: %v", r, f, r.Matches(f), r.Matches(f.Canonical()))
		}
	})
}

func FuzzParseFilter(f *testing.F) {
	for _, s := range []string{
		"", "factors=badly_lit&from=2024-01-01&to=2025-01-01&dayparts=night&weekdays=fri,sat&dark=yes", // whole
		"from=2000-01-01&to=2179-06-06", "from=0000-00-00", "to=9999-12-31", // edges of time
		"factors=,,,", "factors=%00", "dark=yes%2Cno", "weekdays=MON", // odd lists
		"dayparts=night;dark=yes", "a=b&&=", "%zz", // odd queries
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := url.ParseQuery(s)
		if err != nil {
			return
		}
		got, err := report.ParseFilter(v)
		if err != nil {
			var pe *report.ParamError
			if !errors.As(err, &pe) || pe.Param == "" || pe.Expect == "" {
				t.Fatalf("%q: error %v does not say which parameter and what is expected", s, err)
			}
			return
		}
		again := mustFilter(t, got.Query())
		if again != got {
			t.Fatalf("%q: %+v printed as %q and read back as %+v", s, got, got.Query(), again)
		}
	})
}
