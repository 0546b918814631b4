package report_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Stores and snapshot files hold these bits and daypart numbers. A change here
// would silently turn one reason into another in data that exists.
func TestVocabulary_numbersAreFrozen(t *testing.T) {
	const want = "no_cctv|badly_lit|isolated|poor_layout|restricted_visibility|rundown|drugs_alcohol|other_environmental|verbal_single|verbal_group|followed|other_harassment"
	if got := report.AllFactors.String(); got != want {
		t.Errorf("factors are %s, want %s", got, want)
	}
	for i, id := range strings.Split(want, "|") {
		f, err := report.ParseFactor(id)
		if err != nil || int(f) != i {
			t.Errorf("%s: got bit %d and error %v, want bit %d", id, f, err, i)
		}
		if behavioural := i >= 8; (f.Group() == report.Behavioural) != behavioural || report.BehaviouralFactors.Has(f) != behavioural {
			t.Errorf("%s is in group %s", id, f.Group().ID())
		}
	}
	for i, id := range []string{"night", "morning", "afternoon", "evening", "unknown"} {
		if d, err := report.ParseDaypart(id); err != nil || int(d) != i || d.String() != id {
			t.Errorf("%s: got daypart %d and error %v, want %d", id, d, err, i)
		}
	}
	if report.DarkUnknown != 0 || report.DarkNo != 1 || report.DarkYes != 2 {
		t.Error("the numbers of Dark changed")
	}
}

func TestParseFactor(t *testing.T) {
	for in, want := range map[string]report.Factor{
		"badly_lit": report.BadlyLit, " Badly_Lit ": report.BadlyLit, "Absence of CCTV": report.NoCCTV,
		"badly lit e.g. poor or no street lighting": report.BadlyLit,
	} {
		if got, err := report.ParseFactor(in); err != nil || got != want {
			t.Errorf("%q: got %v and error %v, want %s", in, got, err, want.ID())
		}
	}
	for _, in := range []string{"", "Other", "not applicable", "badly"} {
		if got, err := report.ParseFactor(in); err == nil {
			t.Errorf("%q: got %s, want an error", in, got.ID())
		}
	}
}

func TestDay(t *testing.T) {
	for _, c := range []struct {
		day     string
		weekday report.Weekday
		month   string
	}{
		{"2000-01-01", report.Saturday, "2000-01"},
		{"2024-02-29", report.Thursday, "2024-02"},
		{"2026-11-24", report.Tuesday, "2026-11"},
		{"1969-12-31", report.Wednesday, "1969-12"},
	} {
		d, err := report.ParseDay(c.day)
		if err != nil {
			t.Fatal(err)
		}
		if d.String() != c.day || d.Weekday() != c.weekday || d.Month() != c.month {
			t.Errorf("%s: got %s, %s, %s", c.day, d, d.Weekday(), d.Month())
		}
	}
	if d, _ := report.ParseDay("2000-01-01"); d != report.MinDay {
		t.Errorf("MinDay is %s", report.MinDay)
	}
	if got := report.MaxDay.String(); got != "2179-06-06" {
		t.Errorf("MaxDay is %s, and the message of ParseFilter says 2179-06-06", got)
	}
}

// The date is the one on the wall, not the one in Greenwich.
func TestDayOf_clockOfThePlace(t *testing.T) {
	zone := time.FixedZone("BST", 3600)
	at := time.Date(2024, 6, 2, 0, 30, 0, 0, zone)
	if got := report.DayOf(at).String(); got != "2024-06-02" {
		t.Errorf("half past midnight on 2 June in London is on %s", got)
	}
	if got := report.DaypartAt(at.Hour()); got != report.Night {
		t.Errorf("and in the %s", got)
	}
}

func TestArea_uk(t *testing.T) {
	uk, err := report.ParseArea("uk")
	if err != nil {
		t.Fatal(err)
	}
	inside := map[string][2]float64{
		"Land's End": {50.066, -5.715}, "Scilly": {49.914, -6.315}, "Lizard": {49.959, -5.206}, "Lowestoft Ness": {52.481, 1.763},
		"Dover": {51.129, 1.321}, "Dungeness": {50.911, 0.977}, "Beachy Head": {50.735, 0.245}, "St Kilda": {57.815, -8.58},
		"Unst": {60.845, -0.78}, "Belfast": {54.597, -5.93}, "Derry": {54.998, -7.309}, "Belleek": {54.48, -8.09}, "Crossmaglen": {54.077, -6.607},
		"Portrush": {55.207, -6.656}, "Mull of Kintyre": {55.31, -5.8}, "Islay": {55.67, -6.5}, "Isle of Man": {54.15, -4.48}, "St Davids": {51.88, -5.32},
	}
	for name, p := range inside {
		if !uk.Contains(p[0], p[1]) {
			t.Errorf("%s must be inside", name)
		}
	}
	outside := map[string][2]float64{
		"Dublin": {53.35, -6.26}, "Cork": {51.9, -8.47}, "Calais": {50.951, 1.858}, "Paris": {48.857, 2.352}, "Cherbourg": {49.64, -1.62},
		"New York": {40.71, -74.0}, "null island": {0, 0}, "Tórshavn": {62.01, -6.77},
	}
	for name, p := range outside {
		if uk.Contains(p[0], p[1]) {
			t.Errorf("%s must be outside", name)
		}
	}
}

func TestParseArea(t *testing.T) {
	for _, s := range []string{"uk", "world", "-0.5,51.3,0.3,51.7"} {
		a, err := report.ParseArea(s)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := report.ParseArea(a.String()); err != nil || again.Bounds() != a.Bounds() {
			t.Errorf("%s printed as %s, which reads back with %v", s, a, err)
		}
	}
	for _, s := range []string{"", "france", "1,2,3", "0,0,0,1", "0,1,1,0", "NaN,0,1,1", "-200,0,1,1", "1,2,3,4,5"} {
		if _, err := report.ParseArea(s); err == nil {
			t.Errorf("%q must be refused", s)
		}
	}
}

func rules(t testing.TB) report.Rules {
	t.Helper()
	uk, err := report.ParseArea("uk")
	if err != nil {
		t.Fatal(err)
	}
	today, err := report.ParseDay("2026-11-24")
	if err != nil {
		t.Fatal(err)
	}
	return report.Rules{Area: uk, Today: today}
}

func TestRules_Accept(t *testing.T) {
	at := time.Date(2025, 12, 5, 22, 15, 0, 0, time.UTC)
	got, err := rules(t).Accept(report.Observation{Lat: 51.3727, Lng: -0.1099, At: at, Factors: report.FactorSet(report.BadlyLit)})
	if err != nil {
		t.Fatal(err)
	}
	if got.Cell.Resolution() != 11 || got.Day.String() != "2025-12-05" || got.Daypart != report.Evening || got.Dark != report.DarkYes {
		t.Errorf("got %+v", got)
	}
}

func TestRules_Accept_dateOnly(t *testing.T) {
	day, _ := report.ParseDay("2025-12-05")
	got, err := rules(t).Accept(report.Observation{Lat: 51.3727, Lng: -0.1099, Day: day, Daypart: report.UnknownDaypart, Factors: 1})
	if err != nil {
		t.Fatal(err)
	}
	if got.Daypart != report.UnknownDaypart || got.Dark != report.DarkUnknown {
		t.Errorf("a date alone says neither daypart nor darkness, got %s and %s", got.Daypart, got.Dark)
	}
}

func TestRules_Accept_refusals(t *testing.T) {
	day := func(s string) report.Day { d, _ := report.ParseDay(s); return d }
	good := report.Observation{Lat: 51.3727, Lng: -0.1099, Day: day("2025-06-01"), Daypart: report.UnknownDaypart, Factors: 1}
	for name, c := range map[string]struct {
		change        func(*report.Observation)
		reason, field string
	}{
		"NaN":       {func(o *report.Observation) { o.Lat = math.NaN() }, report.ReasonNotANumber, "lat"},
		"infinite":  {func(o *report.Observation) { o.Lng = math.Inf(1) }, report.ReasonNotANumber, "lng"},
		"swapped":   {func(o *report.Observation) { o.Lat, o.Lng = o.Lng, o.Lat }, report.ReasonSwappedLatLng, "lat,lng"},
		"Paris":     {func(o *report.Observation) { o.Lat, o.Lng = 48.857, 2.352 }, report.ReasonOutsideArea, "lat,lng"},
		"no earth":  {func(o *report.Observation) { o.Lat = 951 }, report.ReasonOutsideArea, "lat,lng"},
		"tomorrow":  {func(o *report.Observation) { o.Day = day("2026-11-25") }, report.ReasonFuture, "occurred_at"},
		"1999":      {func(o *report.Observation) { o.Day = day("1999-12-31") }, report.ReasonTooOld, "occurred_at"},
		"no factor": {func(o *report.Observation) { o.Factors = 0 }, report.ReasonNoFactor, "factors"},
		"no such":   {func(o *report.Observation) { o.Factors = 1 << 12 }, report.ReasonNoFactor, "factors"},
	} {
		o := good
		c.change(&o)
		_, err := rules(t).Accept(o)
		var fe *report.FieldError
		if !errors.As(err, &fe) {
			t.Errorf("%s: got %v, want a *FieldError", name, err)
			continue
		}
		if fe.Reason != c.reason || fe.Field != c.field || fe.Expect == "" {
			t.Errorf("%s: got %+v, want reason %s in field %s", name, fe, c.reason, c.field)
		}
	}
	if _, err := rules(t).Accept(good); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

// Whatever is sent, the answer is a valid report inside the rules or a reason.
func TestRules_Accept_anything(t *testing.T) {
	r := rules(t)
	rapid.Check(t, func(t *rapid.T) {
		o := report.Observation{Lat: rapid.Float64().Draw(t, "lat"), Lng: rapid.Float64().Draw(t, "lng"),
			Day: report.Day(rapid.Int32().Draw(t, "day")), Factors: report.Factors(rapid.Uint16().Draw(t, "factors"))}
		if rapid.Bool().Draw(t, "near") {
			o.Lat, o.Lng = rapid.Float64Range(49, 61).Draw(t, "near lat"), rapid.Float64Range(-9, 2).Draw(t, "near lng")
			o.Day = report.Day(rapid.Int32Range(int32(report.MinDay)-10, int32(r.Today)+10).Draw(t, "near day"))
		}
		got, err := r.Accept(o)
		if err != nil {
			return
		}
		if !got.Cell.IsValid() || got.Cell.Resolution() != report.Resolution || got.Factors == 0 || got.Day > r.Today || got.Day < report.MinDay {
			t.Fatalf("%+v was accepted as %+v", o, got)
		}
	})
}
