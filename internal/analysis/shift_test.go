package analysis_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/analysis"
	"github.com/streetsafe/streetsafe/internal/report"
)

func TestSlots(t *testing.T) {
	friday := analysis.NightShift.On(report.Friday)
	if friday.Len() != 2 || !friday.Has(report.Evening, report.Friday) || !friday.Has(report.Night, report.Saturday) {
		t.Errorf("Friday's night shift is %v", friday)
	}
	if sunday := analysis.NightShift.On(report.Sunday); !sunday.Has(report.Night, report.Monday) {
		t.Errorf("Sunday's night shift is %v", sunday)
	}
	week := analysis.Slots(0)
	for day := range report.Weekday(report.NumWeekdays) {
		week |= analysis.EarlyShift.On(day) | analysis.LateShift.On(day) | analysis.NightShift.On(day)
	}
	if week != analysis.AllSlots || analysis.SlotsOf(0, 0) != week || week.Len() != analysis.NumSlots {
		t.Errorf("the shifts of a week are %v", week)
	}
	if s := analysis.SlotsOf(1<<report.Evening|1<<report.UnknownDaypart, 1<<report.Monday); s.Len() != 1 || s.Has(report.UnknownDaypart, report.Monday) {
		t.Errorf("Monday evening is %v", s)
	}
	for _, s := range []analysis.Shift{analysis.EarlyShift, analysis.LateShift, analysis.NightShift} {
		if got, err := analysis.ParseShift(string(s)); err != nil || got != s {
			t.Errorf("%s: %v %v", s, got, err)
		}
	}
	if _, err := analysis.ParseShift("noon"); err == nil || analysis.Shift("noon").On(0) != 0 {
		t.Error("noon is no shift")
	}
}

func TestBriefShift_EqualsLoop(t *testing.T) {
	b := sample(t, 3, 3000)
	s := b.snapshot()
	r := rand.New(rand.NewPCG(2, 2))
	for _, slots := range []analysis.Slots{analysis.NightShift.On(report.Friday), analysis.LateShift.On(report.Tuesday), analysis.AllSlots, 0, analysis.Slots(r.Uint32()) & analysis.AllSlots} {
		f := report.Filter{From: 19000, To: 19000 + 700}
		got := analysis.BriefShift(s, analysis.ShiftQuery{Res: 8, Filter: f, Slots: slots, Top: 12})
		count, rest := map[h3.Cell]int64{}, map[h3.Cell]int64{}
		factors := map[h3.Cell]*[report.NumFactors]int64{}
		var unknownTime, total int64
		for _, rep := range b.reports {
			c, _ := rep.Cell.Parent(8)
			switch {
			case !rep.Matches(f):
			case rep.Daypart == report.UnknownDaypart:
				unknownTime++
			case slots.Has(rep.Daypart, rep.Day.Weekday()):
				total++
				count[c]++
				if factors[c] == nil {
					factors[c] = &[report.NumFactors]int64{}
				}
				for _, x := range rep.Factors.List() {
					factors[c][x]++
				}
			default:
				rest[c]++
			}
		}
		if got.Total != total || got.UnknownTime != unknownTime || len(got.Places) != min(len(count), 12) || len(got.Route.Order) != len(got.Places) {
			t.Fatalf("%v: %d reports, %d of unknown time, %d places; want %d, %d, %d", slots, got.Total, got.UnknownTime, len(got.Places), total, unknownTime, len(count))
		}
		for i, p := range got.Places {
			want, _ := analysis.RateRatio(count[p.Cell], float64(slots.Len()), rest[p.Cell], float64(analysis.NumSlots-slots.Len()))
			if p.Count != count[p.Cell] || p.Rest != rest[p.Cell] || p.Lift != want && want == want || p.Centre != centre(t, p.Cell) {
				t.Fatalf("%v: %+v, want %d and %d", slots, p, count[p.Cell], rest[p.Cell])
			}
			if i > 0 && p.Count > got.Places[i-1].Count {
				t.Fatalf("%v: places are not ranked", slots)
			}
			if len(p.Factors) == 0 || len(p.Factors) > 3 {
				t.Fatalf("%+v", p.Factors)
			}
			for j, x := range p.Factors {
				if x.Count != factors[p.Cell][x.Factor] || x.Share != float64(x.Count)/float64(p.Count) || j > 0 && x.Count > p.Factors[j-1].Count {
					t.Fatalf("%+v, want %v", p.Factors, factors[p.Cell])
				}
			}
		}
	}
}

// A place of Friday nights among places of all week.
func TestBriefShift_Lift(t *testing.T) {
	b := newBody(t)
	for day := report.Day(20000); day < 20364; day++ {
		for n := range 4 {
			at := place(n)
			for part := range report.UnknownDaypart {
				b.put(report.Report{Cell: cellAt(t, at.Lat, at.Lng, 11), Day: day, Daypart: part, Factors: 1}, 1)
			}
		}
		if day.Weekday() == report.Friday {
			b.add(place(2), day, 4)
		}
	}
	got := analysis.BriefShift(b.snapshot(), analysis.ShiftQuery{Res: 9, Slots: analysis.NightShift.On(report.Friday)})
	if first := got.Places[0]; first.Cell != cellAt(t, place(2).Lat, place(2).Lng, 9) || first.Verdict != analysis.More || first.Lift.Estimate < 2.9 || first.Lift.Estimate > 3.1 || first.Factors[0].Factor != report.BadlyLit {
		t.Errorf("%+v", first)
	}
	for _, p := range got.Places[1:] {
		if p.Verdict != analysis.NoChange {
			t.Errorf("%+v", p)
		}
	}
}

func TestWalk_NearShortest(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 2))
	worst, mean := 1.0, 0.0
	const rounds = 60
	for round := range rounds {
		places := make([]h3.LatLng, 3+r.IntN(4))
		for i := range places {
			places[i] = h3.LatLng{Lat: 51.5 + r.Float64()*0.02, Lng: -0.1 + r.Float64()*0.03}
		}
		var start *h3.LatLng
		if round%2 == 0 {
			start = &h3.LatLng{Lat: 51.51, Lng: -0.09}
		}
		got := analysis.Walk(places, start)
		length := func(order []int) (m float64) {
			for i, p := range order {
				if i > 0 {
					m += h3.GreatCircleDistanceM(places[order[i-1]], places[p])
				} else if start != nil {
					m += h3.GreatCircleDistanceM(*start, places[p])
				}
			}
			return m
		}
		if all := slices.Sorted(slices.Values(got.Order)); !slices.Equal(all, numbers(len(places))) {
			t.Fatalf("order %v", got.Order)
		}
		if !near(length(got.Order), got.Metres, 1e-9) {
			t.Fatalf("%v m, want %v", got.Metres, length(got.Order))
		}
		shortest := got.Metres
		permute(numbers(len(places)), 0, func(order []int) { shortest = min(shortest, length(order)) })
		worst, mean = max(worst, got.Metres/shortest), mean+got.Metres/shortest/rounds
	}
	t.Logf("%.3f of the shortest on average, %.3f at worst", mean, worst)
	if mean > 1.03 || worst > 1.3 {
		t.Errorf("%.3f of the shortest on average, %.3f at worst", mean, worst)
	}
}

func numbers(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func permute(order []int, k int, f func([]int)) {
	if k == len(order) {
		f(order)
		return
	}
	for i := k; i < len(order); i++ {
		order[k], order[i] = order[i], order[k]
		permute(order, k+1, f)
		order[k], order[i] = order[i], order[k]
	}
}

func TestWalk_Edges(t *testing.T) {
	at := h3.LatLng{Lat: 51.5, Lng: -0.1}
	if got := analysis.Walk(nil, nil); len(got.Order) != 0 || got.Metres != 0 {
		t.Errorf("of nothing: %+v", got)
	}
	if got := analysis.Walk([]h3.LatLng{at}, nil); !slices.Equal(got.Order, []int{0}) || got.Metres != 0 {
		t.Errorf("of one: %+v", got)
	}
	if got := analysis.Walk([]h3.LatLng{at, at, at}, &at); got.Metres != 0 || len(got.Order) != 3 {
		t.Errorf("of one thrice: %+v", got)
	}
	// Along a line, from one end: straight through.
	line := []h3.LatLng{{Lat: 51.3}, {Lat: 51.1}, {Lat: 51.4}, {Lat: 51.2}}
	if got := analysis.Walk(line, &h3.LatLng{Lat: 51}); !slices.Equal(got.Order, []int{1, 3, 0, 2}) {
		t.Errorf("along a line: %v", got.Order)
	}
	if got := analysis.Walk(make([]h3.LatLng, 80), nil); len(got.Order) != analysis.MaxRoute {
		t.Errorf("of eighty: %d", len(got.Order))
	}
}
