package server

import (
	"fmt"
	"net/http"

	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/action"
	"github.com/streetsafe/streetsafe/internal/actionbook"
	"github.com/streetsafe/streetsafe/internal/analysis"
)

type beforeAfter struct {
	Before int64 `json:"before"`
	After  int64 `json:"after"`
}

// evaluationAnswer is the comparison of before and after for an action.
type evaluationAnswer struct {
	head
	Action     string           `json:"action"`
	Version    int              `json:"version"`
	Works      windowDays       `json:"works"` // left out of both windows
	Before     *windowDays      `json:"before,omitempty"`
	After      *windowDays      `json:"after,omitempty"`
	Place      beforeAfter      `json:"place"`
	Around     beforeAfter      `json:"around"`
	Cells      int              `json:"comparison_cells"`
	Expected   *float64         `json:"expected"` // at the place after, had it changed as the places around
	Alone      analysis.Ratio   `json:"alone"`
	Ratio      analysis.Ratio   `json:"ratio"` // of what was expected
	Dispersion float64          `json:"dispersion"`
	Verdict    analysis.Verdict `json:"verdict"`
	Sentence   string           `json:"sentence"`
	Caution    string           `json:"caution"`
}

// caution stands beside every comparison: no counting can rule it out.
const caution = "People act on places that just had a bad spell, and such places get better by themselves as well. A comparison of counts cannot tell that apart."

// The resolutions of a comparison: neighbours of resolution 8 lie a kilometre
// away, those of 10 some hundred metres.
const (
	coarsestEvaluation = 8
	finestEvaluation   = 10
)

// evaluateAction compares a place before and after what was done there.
func (s *Server) evaluateAction(w http.ResponseWriter, r *http.Request) error {
	_, e, err := s.entry(r)
	if err != nil {
		return err
	}
	// No window: the comparison finds its own.
	v, err := parseQuery(r, "factors", "dayparts", "weekdays", "dark", "res")
	if err != nil {
		return err
	}
	when, ok := e.When()
	if !ok {
		return newProblem(http.StatusConflict, "This is not done yet, so there is nothing to compare. Add the step that says when it was done.")
	}
	st, err := s.study(r, v, studyAsk{surface: access.SurfaceFigures, lo: coarsestEvaluation, hi: finestEvaluation, def: evaluationRes(e)})
	if err != nil {
		return err
	}
	revision := s.actions.Revision()
	key := st.key("ev") + fmt.Sprintf("|%s|%d|%d", e.ID, e.Number, revision)
	return s.respondJSON(w, r, key, func() (any, error) { return s.evaluate(st, e, when) })
}

// evaluationRes is the resolution at which an action was drawn, within bounds
// and as long as it is not of very many cells.
func evaluationRes(e *actionbook.Entry) int {
	res := coarsestEvaluation
	for _, c := range e.Cells {
		res = max(res, min(c.Resolution(), finestEvaluation))
	}
	for ; res > coarsestEvaluation; res-- {
		n := 0
		for _, c := range e.Cells {
			k := 1
			for range res - c.Resolution() {
				k *= 7
			}
			n += k
		}
		if n <= maxAreaCells {
			break
		}
	}
	return res
}

func (s *Server) evaluate(st *study, e *actionbook.Entry, when action.Works) (*evaluationAnswer, error) {
	works := analysis.Window{From: when.From, To: when.To}
	got, err := analysis.Evaluate(st.snap, analysis.EvaluationQuery{Cells: e.Cells, Works: works, Res: st.res, Filter: st.filter,
		Exclude: s.otherWorks(e), Within: st.region})
	if err != nil {
		return nil, err
	}
	out := &evaluationAnswer{head: s.head(st), Action: e.ID, Version: e.Number, Works: newWindow(works),
		Place: beforeAfter(got.Place), Around: beforeAfter(got.Around), Cells: got.ComparisonCells, Alone: got.Alone, Ratio: got.Ratio,
		Dispersion: round3(got.Dispersion), Verdict: got.Verdict, Sentence: got.Sentence(), Caution: caution}
	if got.Verdict != analysis.NoHistory {
		before, after := newWindow(got.Before), newWindow(got.After)
		out.Before, out.After = &before, &after
	}
	if got.Around.Before > 0 {
		x := round3(float64(got.Place.Before) * float64(got.Around.After) / float64(got.Around.Before))
		out.Expected = &x
	}
	return out, nil
}

// otherWorks are the cells of other actions that have changed a place or are about
// to: they are no comparison. What was only seen or declined has changed nothing.
func (s *Server) otherWorks(e *actionbook.Entry) (cells []h3.Cell) {
	for _, o := range s.actions.All() {
		if done := o.Status() == action.Done || o.Status() == action.Planned; done && o.ID != e.ID {
			cells = append(cells, o.Cells...)
		}
	}
	return cells
}
