package analysis

import (
	"fmt"
	"slices"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/report"
)

// EvaluationQuery asks what changed where something was done.
type EvaluationQuery struct {
	Cells  []h3.Cell // where, at any one resolution
	Works  Window    // from the first day of the works to the day after the last; empty when done in no time
	Res    int       // of the cells compared, 3 to 11; cells finer than that count as their ancestor
	Filter report.Filter
	Until  report.Day // the first day not to be counted any more, 0 for the day after the last report
	// Comparison cells lie more than Gap (default 1) and at most Reach (default
	// 6, at most MaxReach) steps from the place. The gap keeps out what spilled
	// over: reports moved around the corner, or people helped there too (Bowers
	// and Johnson 2003, Journal of Quantitative Criminology 19, 275-301).
	Gap, Reach int
	Exclude    []h3.Cell // at any resolution: cells of other actions, not to be compared with
	Within     Region    // what may be counted: cells outside belong to neither side; zero for all
}

// MaxReach bounds the comparison area: some two thousand cells.
const MaxReach = 25

// Evaluation is what a before-and-after comparison found.
type Evaluation struct {
	Before, After   Window
	Place, Around   Pair
	ComparisonCells int     // cells around with reports before or after
	Alone           Ratio   // the place by itself, after over before
	Dispersion      float64 // see Dispersion
	Ratio           Ratio   // the place against its comparison
	Verdict         Verdict
}

// Evaluate compares a place before and after works with the cells around it.
//
// The windows are those of MatchWindows: equally long, of the same season, so of
// the same darkness too, and without the days of the works. What changed everywhere
// around, like a campaign for the form, cancels out in the ratio. The verdict is
// TooFew below ten reports at the place or around, or when the interval holds both
// a halving and a doubling. A place is often acted on because it had a bad spell,
// and then improves by itself (regression to the mean); no comparison of counts can
// tell that apart.
func Evaluate(s *cube.Snapshot, q EvaluationQuery) (Evaluation, error) {
	q = q.withDefaults(s)
	first, _ := s.Days()
	out := Evaluation{Alone: unknown, Ratio: unknown, Dispersion: 1, Verdict: NoHistory}
	place, around, err := q.areas()
	if err != nil {
		return out, err
	}
	var ok bool
	if out.Before, out.After, ok = MatchWindows(Window{first, q.Until}, q.Works); !ok || s.Len() == 0 {
		return out, nil
	}
	cells := slices.Concat(place, around)
	region, err := InCells(cells)
	if err != nil {
		return out, err
	}
	before := CountCells(s, region, q.Res, out.Before.in(q.Filter))
	after := CountCells(s, region, q.Res, out.After.in(q.Filter))
	pairs := make([]Pair, 0, len(cells))
	for _, c := range cells {
		pairs = append(pairs, Pair{before.Of(c), after.Of(c)})
	}
	out.compare(pairs[:len(place)], pairs[len(place):])
	return out, nil
}

func (q EvaluationQuery) withDefaults(s *cube.Snapshot) EvaluationQuery {
	if q.Until == 0 {
		_, last := s.Days()
		q.Until = last + 1
	}
	if q.Gap == 0 {
		q.Gap = 1
	}
	if q.Reach == 0 {
		q.Reach = 6
	}
	q.Reach = min(max(q.Reach, q.Gap+1), MaxReach)
	q.Works.To = max(q.Works.To, q.Works.From)
	return q
}

// compare draws the conclusion from the counts of each cell.
func (e *Evaluation) compare(place, around []Pair) {
	for _, p := range place {
		e.Place.Before += p.Before
		e.Place.After += p.After
	}
	for _, p := range around {
		e.Around.Before += p.Before
		e.Around.After += p.After
		if p.Before+p.After > 0 {
			e.ComparisonCells++
		}
	}
	days := float64(e.After.Days())
	e.Alone, _ = RateRatio(e.Place.After, days, e.Place.Before, days)
	e.Dispersion = Dispersion(around)
	e.Ratio = RatioOfRatios(e.Place, e.Around, e.Dispersion)
	const fewest = 10
	if e.Verdict = judge(e.Ratio); e.Place.Before+e.Place.After < fewest || e.Around.Before+e.Around.After < fewest {
		e.Verdict = TooFew
	}
}

// areas are the cells of the place and of its comparison.
func (q EvaluationQuery) areas() (place, around []h3.Cell, err error) {
	if q.Res < report.CoarsestResolution || q.Res > report.Resolution {
		return nil, nil, fmt.Errorf("analysis: no comparison at resolution %d", q.Res)
	}
	own := newCellIndex(len(q.Cells))
	for _, c := range q.Cells {
		if !c.IsValid() {
			return nil, nil, fmt.Errorf("analysis: %s is not a cell", c)
		}
		if resolutionOf(c) > q.Res {
			c = parentOf(c, q.Res)
		}
		for _, at := range refineTo([]h3.Cell{c}, q.Res) {
			own.add(at)
		}
	}
	place = slices.DeleteFunc(slices.Clone(own.cells), q.outside)
	if len(place) == 0 {
		return nil, nil, fmt.Errorf("analysis: an action needs a place")
	}
	excluded := map[h3.Cell]bool{}
	for _, c := range q.Exclude {
		excluded[c] = true
		if resolutionOf(c) > q.Res {
			excluded[parentOf(c, q.Res)] = true
		}
	}
	var disk []h3.Cell
	for step, start := 1, 0; step <= q.Reach; step++ {
		ring := own.cells[start:]
		start = len(own.cells)
		for _, c := range ring {
			disk = appendDisk(disk[:0], c, 1)
			for _, n := range disk[1:] {
				if _, isNew := own.add(n); isNew && step > q.Gap && !anyAncestor(n, excluded) && !q.outside(n) {
					around = append(around, n)
				}
			}
		}
	}
	return place, around, nil
}

func (q EvaluationQuery) outside(c h3.Cell) bool { return !q.Within.Contains(c) }

// anyAncestor reports whether a cell or an ancestor of it is in a set.
func anyAncestor(c h3.Cell, set map[h3.Cell]bool) bool {
	for res := resolutionOf(c); res >= 0 && len(set) > 0; res-- {
		if set[parentOf(c, res)] {
			return true
		}
	}
	return false
}

// MatchWindows chooses the days to compare before and after works, within the days
// for which there are records. Where both sides have them, they are whole years (of
// 52 weeks), up to two, next to the works. Otherwise after is from the end of the
// works for as long as possible, and before the same weeks of the latest year in
// which they lie before the works; days missing at the start of the records are
// left out on both sides. ok is false when no day is left.
func MatchWindows(records, works Window) (before, after Window, ok bool) {
	available := int(records.To - works.To)
	const maxYears = 2
	if years := min(available/Year, int(works.From-records.From)/Year, maxYears); years > 0 {
		days := report.Day(years * Year)
		return Window{works.From - days, works.From}, Window{works.To, works.To + days}, true
	}
	// Years back such that the works leave half a year to compare, or all
	// the days there are.
	back := Year
	for back-works.Days() < min(available, Year/2) {
		back += Year
	}
	days := min(available, back-works.Days(), Year)
	after = Window{max(works.To, records.From+report.Day(back)), works.To + report.Day(days)}
	before = after.Back(back)
	return before, after, after.Days() > 0
}

// Sentence says it in plain English.
func (e Evaluation) Sentence() string {
	counts := fmt.Sprintf("%d reports in the %d days before, %d in the %d days after; around it %d and %d.",
		e.Place.Before, e.Before.Days(), e.Place.After, e.After.Days(), e.Around.Before, e.Around.After)
	span := fmt.Sprintf("%.2f times what the places around let expect (likely between %.2f and %.2f)", e.Ratio.Estimate, e.Ratio.Low, e.Ratio.High)
	switch e.Verdict {
	case NoHistory:
		return "There are no comparable days before and after."
	case TooFew:
		return "Too few reports to tell: " + counts
	case More:
		return "Clearly more reports: " + span + ". " + counts
	case Fewer:
		return "Clearly fewer reports: " + span + ". " + counts
	}
	return "No clear change: " + span + ". " + counts
}
