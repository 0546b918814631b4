package cube_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/report"
)

// sampler makes seeded reports that are like real ones where it matters to the
// index: a few hotspots hold most, factors come in typical sets, some days have
// many.
type sampler struct {
	*rand.Rand
	places []h3.LatLng
	spread float64 // degrees
	days   int
}

// awkward are places where the map or the grid is not regular: both sides of the
// 180th meridian, near the poles, pentagons of several resolutions.
func awkward(t testing.TB) []h3.LatLng {
	places := []h3.LatLng{
		{Lat: -16.8, Lng: 179.9999}, {Lat: -16.8, Lng: -179.9999}, {Lat: 65.1, Lng: 180},
		{Lat: 89.9, Lng: 10}, {Lat: -89.95, Lng: -100}, {Lat: 85.05, Lng: 60}, {Lat: 0, Lng: 0},
	}
	for _, res := range []int{3, 7, 11} {
		pentagons, err := h3.Pentagons(res)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pentagons[:4] {
			ll, err := p.LatLng()
			if err != nil {
				t.Fatal(err)
			}
			places = append(places, ll)
		}
	}
	return places
}

// london is a body with hotspots of very different sizes.
func london(seed uint64) *sampler {
	return &sampler{
		Rand: rand.New(rand.NewPCG(seed, 1)),
		places: []h3.LatLng{
			{Lat: 51.5128, Lng: -0.1319}, {Lat: 51.3762, Lng: -0.0982}, {Lat: 51.4613, Lng: -0.1156},
			{Lat: 51.5390, Lng: -0.1426}, {Lat: 51.3618, Lng: -0.1945}, {Lat: 53.4794, Lng: -2.2453},
		},
		spread: 0.03, days: 730,
	}
}

const firstDay = report.Day(19000) // 2022-01-08

func (s *sampler) report(t testing.TB) report.Report {
	for {
		at := s.places[min(s.IntN(len(s.places)), s.IntN(len(s.places)))]
		lat := at.Lat + s.NormFloat64()*s.spread
		lng := at.Lng + s.NormFloat64()*s.spread*1.6
		if lat > 90 || lat < -90 {
			continue
		}
		c, err := report.CellAt(lat, math.Mod(lng+540, 360)-180)
		if err != nil {
			t.Fatal(err)
		}
		return report.Report{
			Cell: c, Day: firstDay + report.Day(s.IntN(s.days)), Daypart: s.daypart(),
			Dark: report.Dark(s.IntN(report.NumDark)), Factors: s.factors(),
		}
	}
}

func (s *sampler) daypart() report.Daypart {
	return report.Daypart(max(s.IntN(report.NumDayparts), s.IntN(report.NumDayparts)))
}

// factors is one to three factors, the first ones the most frequent.
func (s *sampler) factors() report.Factors {
	var f report.Factors
	for range 1 + s.IntN(3) {
		f = f.With(report.Factor(min(s.IntN(report.NumFactors), s.IntN(report.NumFactors))))
	}
	return f
}

func (s *sampler) reports(t testing.TB, n int) []report.Report {
	rs := make([]report.Report, n)
	for i := range rs {
		rs[i] = s.report(t)
	}
	return rs
}

// filter is a random filter; each part is there half of the time.
func (s *sampler) filter() report.Filter {
	var f report.Filter
	if s.IntN(2) == 0 {
		f.Factors = s.factors()
	}
	if s.IntN(8) == 0 {
		f.Factors = report.Factors(s.IntN(int(report.AllFactors) + 1))
	}
	if s.IntN(2) == 0 {
		f.From = firstDay + report.Day(s.IntN(s.days)) - 10
		f.To = f.From + 1 + report.Day(s.IntN(s.days))
	}
	if s.IntN(2) == 0 {
		f.Dayparts = report.DaypartSet(s.IntN(int(report.AllDayparts) + 1))
	}
	if s.IntN(3) == 0 {
		f.Weekdays = report.WeekdaySet(s.IntN(int(report.AllWeekdays) + 1))
	}
	if s.IntN(3) == 0 {
		f.Dark = report.DarkSet(s.IntN(int(report.AllDark) + 1))
	}
	return f
}

// build makes a snapshot of reports, all of one generation.
func build(t testing.TB, gen uint64, rs []report.Report) *cube.Snapshot {
	t.Helper()
	b := cube.NewBuilder()
	if err := b.Add(cube.Batch{Generation: gen, Add: rs}); err != nil {
		t.Fatal(err)
	}
	s, err := b.Snapshot(gen)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
