package synth_test

import (
	"math"
	"testing"

	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/synth"
)

// What the demo is meant to show, each fact as a ratio with room to spare: a
// body in which one of them is gone makes a dull map.
func TestDemo_Facts(t *testing.T) {
	rs := records(t, config(60_000, synth.Demo))
	count := func(f func(report.Record) bool) float64 {
		n := 0
		for _, r := range rs {
			if f(r) {
				n++
			}
		}
		return float64(n)
	}
	month := func(r report.Record) string { return r.Day.Month()[5:] }
	winter := func(r report.Record) bool { m := month(r); return m == "12" || m == "01" || m == "11" }
	summer := func(r report.Record) bool { m := month(r); return m == "06" || m == "07" || m == "05" }
	lit := func(r report.Record) bool { return r.Factors.Has(report.BadlyLit) }
	verbal := func(r report.Record) bool {
		return r.Factors&report.FactorSet(report.VerbalSingle, report.VerbalGroup, report.Followed) != 0
	}
	party := func(r report.Record) bool {
		w, d := r.Day.Weekday(), r.Daypart
		return (w == report.Friday || w == report.Saturday) && d == report.Evening ||
			(w == report.Saturday || w == report.Sunday) && d == report.Night
	}
	plainNight := func(r report.Record) bool {
		w, d := r.Day.Weekday(), r.Daypart
		return (w == report.Monday || w == report.Tuesday) && d == report.Evening ||
			(w == report.Tuesday || w == report.Wednesday) && d == report.Night
	}
	total := float64(len(rs))
	for _, tc := range []struct {
		name        string
		got, lo, hi float64
	}{
		{"badly lit, winter over summer", count(func(r report.Record) bool { return lit(r) && winter(r) }) /
			count(func(r report.Record) bool { return lit(r) && summer(r) }), 1.8, 5},
		{"dark share in winter", count(func(r report.Record) bool { return winter(r) && r.Dark == report.DarkYes }) / count(winter), 0.55, 0.85},
		{"dark share in summer", count(func(r report.Record) bool { return summer(r) && r.Dark == report.DarkYes }) / count(summer), 0.15, 0.5},
		{"harassment, weekend nights over others", count(func(r report.Record) bool { return verbal(r) && party(r) }) /
			count(func(r report.Record) bool { return verbal(r) && plainNight(r) }), 2, 8},
		{"unknown daypart", count(func(r report.Record) bool { return r.Daypart == report.UnknownDaypart }) / total, 0.05, 0.25},
		{"unknown darkness", count(func(r report.Record) bool { return r.Dark == report.DarkUnknown }) / total, 0.08, 0.3},
		{"badly lit share", count(lit) / total, 0.2, 0.5},
	} {
		if tc.got < tc.lo || tc.got > tc.hi {
			t.Errorf("%s: %.2f, want %.2f to %.2f", tc.name, tc.got, tc.lo, tc.hi)
		}
	}
	sets := map[report.Factors]bool{}
	var each [report.NumFactors]int
	for _, r := range rs {
		sets[r.Factors] = true
		for _, f := range r.Factors.List() {
			each[f]++
		}
	}
	if len(sets) < 200 || len(sets) > 800 {
		t.Errorf("%d distinct factor sets, want a few hundred", len(sets))
	}
	for f, n := range each {
		if float64(n) < 0.01*total {
			t.Errorf("factor %s is named by %d reports only", report.Factor(f).ID(), n)
		}
	}
}

func TestDemo_Places(t *testing.T) {
	rs := records(t, config(60_000, synth.Demo))
	// Rough boxes around the three boroughs: south of Crystal Palace, from Worcester Park to Orpington.
	south := report.Box{West: -0.26, South: 51.28, East: 0.16, North: 51.425}
	greaterLondon := report.Box{West: -0.56, South: 51.26, East: 0.34, North: 51.71}
	inSouth, inLondon := 0, 0
	cells := map[h3.Cell]int{}
	for _, r := range rs {
		c, err := h3.CellToLatLng(r.Cell)
		if err != nil {
			t.Fatal(err)
		}
		if south.Contains(c.Lat, c.Lng) {
			inSouth++
		}
		if greaterLondon.Contains(c.Lat, c.Lng) {
			inLondon++
		}
		cells[r.Cell]++
	}
	if share := float64(inSouth) / float64(len(rs)); share < 0.48 || share > 0.7 {
		t.Errorf("%.2f of the reports are in the south, want about half", share)
	}
	if share := float64(inLondon) / float64(len(rs)); share < 0.99 {
		t.Errorf("%.3f of the reports are in London", share)
	}
	busiest := 0
	for _, n := range cells {
		busiest = max(busiest, n)
	}
	if len(cells) < 8_000 || busiest < 20 {
		t.Errorf("%d cells, the busiest with %d: want a spread with hotspots", len(cells), busiest)
	}
}

// Lamp complaints follow streets: for most of them another one lies in a
// neighbouring cell on one line, so their cells have fewer neighbours in use
// than those of a round cluster would.
func TestDemo_LampsFollowStreets(t *testing.T) {
	lamps := map[h3.Cell]bool{}
	for _, r := range records(t, config(60_000, synth.Demo)) {
		if r.Factors == report.FactorSet(report.BadlyLit) {
			lamps[r.Cell] = true
		}
	}
	joined, crowded := 0, 0
	for c := range lamps {
		ring, err := c.GridDisk(1)
		if err != nil {
			t.Fatal(err)
		}
		n := -1
		for _, x := range ring {
			if lamps[x] {
				n++
			}
		}
		if n >= 1 {
			joined++
		}
		if n >= 5 {
			crowded++
		}
	}
	total := float64(len(lamps))
	if j, c := float64(joined)/total, float64(crowded)/total; j < 0.6 || c > 0.15 {
		t.Errorf("of %d cells with lamps %.2f have a neighbour and %.2f are surrounded: not along streets", len(lamps), j, c)
	}
}

func TestNational_Places(t *testing.T) {
	cfg := config(100_000, synth.National)
	north, cells := 0, map[h3.Cell]bool{}
	for _, r := range records(t, cfg) {
		c, err := h3.CellToLatLng(r.Cell)
		if err != nil {
			t.Fatal(err)
		}
		if c.Lat > 52.5 {
			north++
		}
		coarse, err := r.Cell.Parent(5)
		if err != nil {
			t.Fatal(err)
		}
		cells[coarse] = true
	}
	if share := float64(north) / float64(cfg.Reports); share < 0.35 || share > 0.75 {
		t.Errorf("%.2f of the reports lie north of Birmingham", share)
	}
	if len(cells) < 350 {
		t.Errorf("only %d cells of resolution 5 are in use", len(cells))
	}
	names, lats, lngs := synth.TownPlaces(cfg)
	seen := map[string]bool{}
	for i, name := range names {
		if seen[name] {
			t.Errorf("two places are called %s", name)
		}
		seen[name] = true
		if math.IsNaN(lats[i]) || math.IsNaN(lngs[i]) {
			t.Errorf("%s has no position", name)
		}
	}
}
