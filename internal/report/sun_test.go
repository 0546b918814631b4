package report_test

import (
	"math"
	"testing"
	"time"

	"github.com/streetsafe/streetsafe/internal/report"
)

// The worked example of Reda and Andreas, "Solar Position Algorithm for Solar
// Radiation Applications", NREL/TP-560-34302, table A5.1: topocentric
// elevation without refraction 39.872046 degrees.
func TestSunElevation_publishedExample(t *testing.T) {
	at := time.Date(2003, 10, 17, 19, 30, 30, 0, time.UTC)
	if got := report.SunElevation(39.742476, -105.1786, at); math.Abs(got-39.872046) > 0.02 {
		t.Fatalf("got %.4f degrees, want 39.8720 within 0.02", got)
	}
}

func TestDarkAt(t *testing.T) {
	const lat, lng = 51.5074, -0.1278 // London
	for _, c := range []struct {
		at   string
		want report.Dark
	}{
		{"2024-12-21T12:00:00Z", report.DarkNo},
		{"2024-12-21T16:20:00Z", report.DarkNo},  // civil dusk is at 16:33
		{"2024-12-21T16:45:00Z", report.DarkYes}, // and lamps are needed
		{"2024-12-21T07:10:00Z", report.DarkYes}, // civil dawn is at 07:24
		{"2024-12-21T07:40:00Z", report.DarkNo},
		{"2024-06-21T20:55:00Z", report.DarkNo}, // civil dusk is at 21:08
		{"2024-06-21T21:20:00Z", report.DarkYes},
		{"2024-06-21T22:20:00+01:00", report.DarkYes}, // the same instant on a London clock
		{"2024-06-21T00:30:00Z", report.DarkYes},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := report.DarkAt(lat, lng, at); got != c.want {
			t.Errorf("%s: got dark %s, want %s", c.at, got, c.want)
		}
	}
}

func TestDarkAt_polarNightAndMidnightSun(t *testing.T) {
	const lat, lng = 78.22, 15.65 // Longyearbyen
	if got := report.DarkAt(lat, lng, time.Date(2024, 12, 21, 11, 0, 0, 0, time.UTC)); got != report.DarkYes {
		t.Errorf("noon in the polar night: got dark %s", got)
	}
	if got := report.DarkAt(lat, lng, time.Date(2024, 6, 21, 23, 0, 0, 0, time.UTC)); got != report.DarkNo {
		t.Errorf("midnight in the midnight sun: got dark %s", got)
	}
}
