package server

import (
	"cmp"
	"math"
	"net/http"
	"slices"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/analysis"
	"github.com/streetsafe/streetsafe/tiles"
)

const (
	defaultMovers = 10
	maxMovers     = 200
)

// againstPrevious and againstYear are what a window is compared with.
const (
	againstPrevious = "previous"
	againstYear     = "year"
)

type comparedWindow struct {
	windowDays
	Known bool `json:"known"` // the records reach so far back
}

type comparison struct {
	Count   int64            `json:"count"` // in the other window
	Ratio   analysis.Ratio   `json:"ratio"`
	Q       float64          `json:"q"`
	Verdict analysis.Verdict `json:"verdict"`
}

func newComparison(c analysis.Comparison) comparison {
	return comparison{c.Count, c.Ratio, c.Q, c.Verdict}
}

type overallTrend struct {
	Count    int64      `json:"count"`
	Previous comparison `json:"previous"`
	YearAgo  comparison `json:"year_ago"`
}

type mover struct {
	spot
	overallTrend
}

// changedCell is one cell of the difference map. There can be thousands, so it
// holds no more than the map draws and its tip says.
type changedCell struct {
	Cell    string           `json:"cell"`
	Now     int64            `json:"now"`
	Then    int64            `json:"then"`
	Change  float64          `json:"change"`
	Class   int              `json:"class"`
	Verdict analysis.Verdict `json:"verdict"`
}

type verdictCounts struct {
	More      int `json:"more"`
	Fewer     int `json:"fewer"`
	NoChange  int `json:"no_change"`
	TooFew    int `json:"too_few"`
	NoHistory int `json:"no_history"`
}

func (v *verdictCounts) add(of analysis.Verdict) {
	switch of {
	case analysis.More:
		v.More++
	case analysis.Fewer:
		v.Fewer++
	case analysis.NoChange:
		v.NoChange++
	case analysis.TooFew:
		v.TooFew++
	case analysis.NoHistory:
		v.NoHistory++
	}
}

type trendsAnswer struct {
	head
	Window   windowDays                          `json:"window"`
	Previous comparedWindow                      `json:"previous"`
	YearAgo  comparedWindow                      `json:"year_ago"`
	Against  string                              `json:"against"`
	Overall  overallTrend                        `json:"overall"` // of all that may be seen
	Verdicts verdictCounts                       `json:"verdicts"`
	Breaks   [analysis.DifferenceClasses]float64 `json:"breaks"`
	Emerging []mover                             `json:"emerging"`
	Cooling  []mover                             `json:"cooling"`
	Cells    []changedCell                       `json:"cells"`
}

// trends compares each cell's window with the one before or a year ago. As with
// hotspots, all that may be seen is compared and the box picks what is listed.
func (s *Server) trends(w http.ResponseWriter, r *http.Request) error {
	v, err := parseQuery(r, withFilter("bbox", "res", "top", "against")...)
	if err != nil {
		return err
	}
	against := cmp.Or(v.Get("against"), againstPrevious)
	if against != againstPrevious && against != againstYear {
		return badParam("against", against, againstPrevious+" or "+againstYear)
	}
	st, err := s.study(r, v, studyAsk{surface: access.SurfaceFigures, lo: tiles.MinResolution, hi: tiles.MaxResolution, def: 9})
	if err != nil {
		return err
	}
	top, err := intParam(v, "top", defaultMovers, 0, maxMovers)
	if err != nil {
		return err
	}
	window := s.reach(st.snap, st.filter)
	if window.Days() == 0 && st.snap.Len() > 0 {
		return badParam("from", v.Get("from"), "a window that holds a day for which there are reports")
	}
	key := st.key("t") + "|" + st.box.String() + "|" + against + "|" + newWindow(window).From + newWindow(window).To + "|" + v.Get("top")
	return s.respondJSON(w, r, key, func() (any, error) {
		return s.findTrends(st, trendsAsk{window, against, top}), nil
	})
}

type trendsAsk struct {
	window  analysis.Window
	against string
	top     int
}

func (s *Server) findTrends(st *study, ask trendsAsk) trendsAnswer {
	found := analysis.FindTrends(st.snap, analysis.TrendQuery{Region: st.region, Res: st.res, Filter: st.filter, Window: ask.window})
	out := trendsAnswer{
		head: s.head(st), Window: newWindow(found.Window), Against: ask.against,
		Previous: comparedWindow{newWindow(found.Previous), found.HasPrevious},
		YearAgo:  comparedWindow{newWindow(found.YearAgo), found.HasYearAgo},
		Overall:  newOverall(found.Overall),
		Emerging: []mover{}, Cooling: []mover{}, Cells: []changedCell{},
	}
	than, back := func(t *analysis.Trend) *analysis.Comparison { return &t.Previous }, found.Previous
	if ask.against == againstYear {
		than, back = func(t *analysis.Trend) *analysis.Comparison { return &t.YearAgo }, found.YearAgo
	}
	now, then := analysis.Counts{Res: st.res}, analysis.Counts{Res: st.res}
	for i := range found.Cells {
		t := &found.Cells[i]
		now.Cells, now.N = append(now.Cells, t.Cell), append(now.N, t.Count)
		then.Cells, then.N = append(then.Cells, t.Cell), append(then.N, than(t).Count)
	}
	changes := analysis.Differences(now, ask.window.Exposure(st.filter), then, back.Exposure(st.filter))
	out.Breaks = changes.Breaks
	var movers []*analysis.Trend
	for i := range found.Cells {
		t, c := &found.Cells[i], changes.Cells[i]
		if !st.shows(t.Cell) || t.Count+than(t).Count == 0 {
			continue
		}
		verdict := than(t).Verdict
		out.Verdicts.add(verdict)
		if verdict == analysis.More || verdict == analysis.Fewer {
			movers = append(movers, t)
		}
		if len(out.Cells) < maxTop {
			out.Cells = append(out.Cells, changedCell{t.Cell.String(), t.Count, than(t).Count, round3(c.Change), c.Class, verdict})
		}
	}
	// The surest first: the bound of the interval that is nearer to no change.
	sureness := func(t *analysis.Trend) float64 {
		c := than(t)
		if c.Verdict == analysis.More {
			return c.Ratio.Low
		}
		return 1 / math.Max(c.Ratio.High, 1e-9)
	}
	slices.SortStableFunc(movers, func(a, b *analysis.Trend) int {
		return cmp.Or(cmp.Compare(sureness(b), sureness(a)), cmp.Compare(a.Cell, b.Cell))
	})
	for _, t := range movers {
		list := &out.Emerging
		if than(t).Verdict == analysis.Fewer {
			list = &out.Cooling
		}
		if len(*list) < ask.top {
			*list = append(*list, mover{s.spot(t.Cell), newOverall(*t)})
		}
	}
	return out
}

func newOverall(t analysis.Trend) overallTrend {
	return overallTrend{t.Count, newComparison(t.Previous), newComparison(t.YearAgo)}
}
