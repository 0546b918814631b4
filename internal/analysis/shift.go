package analysis

import (
	"cmp"
	"slices"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/report"
)

// ShiftQuery asks where to be on a shift. The filter's dayparts and weekdays are
// replaced by Slots.
type ShiftQuery struct {
	Region  Region // the beat
	Res     int    // 3 to 11
	Filter  report.Filter
	Slots   Slots
	Top     int        // places to list, default 10, at most MaxRoute
	Factors int        // leading factors of a place to list, default 3
	Start   *h3.LatLng // where the walk begins, if it matters
}

// ShiftPlace is a place worth being at.
type ShiftPlace struct {
	Cell   h3.Cell
	Centre h3.LatLng
	Count  int64 // reports in the slots
	Rest   int64 // reports at other known times of the week
	// Lift is the rate of reports in a slot of the shift over that in a slot of
	// the rest of the week, at this place; Verdict More says that the place is
	// more of a place for this shift than for others, false discoveries held at
	// 5 % over all cells of the region.
	Lift    Ratio
	Q       float64
	Verdict Verdict
	Factors []FactorShare // the leading ones, by Count
}

// FactorShare is how many reports name a factor, at a place and in all of the region.
type FactorShare struct {
	Factor       report.Factor
	Count        int64
	Share, Whole float64 // of the reports in the slots
}

// ShiftBrief is the answer to a ShiftQuery.
type ShiftBrief struct {
	Places      []ShiftPlace // by Count from the largest, then by Lift.Low, then by cell
	Route       Route        // a walk through Places
	Total, Rest int64        // of the region
	Lift        Ratio        // of the region: what is normal for the shift
	UnknownTime int64        // reports that do not say when: in neither figure
}

// BriefShift ranks the places of a beat by their reports in the slots of a shift and
// says what is different about them then.
func BriefShift(s *cube.Snapshot, q ShiftQuery) ShiftBrief {
	q = q.withDefaults()
	in, week := countSlots(s, q, q.Slots), countSlots(s, q, AllSlots)
	rest := Counts{Res: q.Res}
	for i, c := range week.Cells {
		if n := week.N[i] - in.Of(c); n > 0 {
			rest.Cells, rest.N = append(rest.Cells, c), append(rest.N, n)
		}
	}
	unknownTime := q.Filter
	unknownTime.Dayparts, unknownTime.Weekdays = 1<<report.UnknownDaypart, 0
	out := ShiftBrief{Total: in.Total(), Rest: rest.Total(), UnknownTime: CountCells(s, q.Region, q.Res, unknownTime).Total()}
	t, u := float64(q.Slots.Len()), float64(NumSlots-q.Slots.Len())
	out.Lift, _ = RateRatio(out.Total, t, out.Rest, u)
	var whole [report.NumFactors]int64
	for _, row := range in.factors {
		for x, n := range row {
			whole[x] += n
		}
	}
	for _, c := range Compare(in.Counts, t, rest, u, TrendQuery{}) {
		if c.Count > 0 {
			out.Places = append(out.Places, ShiftPlace{
				Cell: c.Cell, Count: c.Count, Rest: c.Previous.Count,
				Lift: c.Previous.Ratio, Q: c.Previous.Q, Verdict: c.Previous.Verdict,
			})
		}
	}
	slices.SortFunc(out.Places, func(a, b ShiftPlace) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(b.Lift.Low, a.Lift.Low), compareCells(a.Cell, b.Cell))
	})
	out.Places = out.Places[:min(len(out.Places), q.Top)]
	centres := make([]h3.LatLng, 0, len(out.Places))
	for i := range out.Places {
		p := &out.Places[i]
		p.Centre, _ = p.Cell.LatLng() // cells of a snapshot are valid
		p.Factors = leading(in.factorsOf(p.Cell), p.Count, whole, out.Total)
		p.Factors = p.Factors[:min(len(p.Factors), q.Factors)]
		centres = append(centres, p.Centre)
	}
	out.Route = Walk(centres, q.Start)
	return out
}

func (q ShiftQuery) withDefaults() ShiftQuery {
	if q.Top == 0 {
		q.Top = 10
	}
	q.Top = min(q.Top, MaxRoute)
	if q.Factors == 0 {
		q.Factors = 3
	}
	return q
}

// leading lists the factors that are named, by count from the largest.
func leading(place [report.NumFactors]int64, n int64, whole [report.NumFactors]int64, total int64) []FactorShare {
	var out []FactorShare
	for x, count := range place {
		if count > 0 {
			out = append(out, FactorShare{report.Factor(x), count, share(count, n), share(whole[x], total)})
		}
	}
	slices.SortStableFunc(out, func(a, b FactorShare) int { return cmp.Compare(b.Count, a.Count) })
	return out
}

// share is part over whole, 0 of nothing.
func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
