package server

import (
	"fmt"
	"net/http"

	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/analysis"
	"github.com/streetsafe/streetsafe/internal/exposure"
)

// cellRates are the rates of the places of a question to the lighting workbench.
// Its zero value has none.
type cellRates struct {
	level *exposure.Level // nil for none
	fit   analysis.RateFit
	rank  bool // places are ranked by rate
}

// rates fits the rates of all hexagons that the question is about, those without
// a report too: otherwise a street would only count once somebody reports it. It
// notes in the answer what they are by.
func (q *lightQuery) rates(found *counted, out *lightAnswer) (cellRates, error) {
	out.By = "count"
	level, ok := q.bench.Exposure.At(q.res)
	if !ok {
		if !q.rate {
			return cellRates{}, nil
		}
		p := newProblem(http.StatusBadRequest, "There are no rates for hexagons of this resolution. "+q.bench.whatRates())
		p.Param, p.Value = "by", "rate"
		return cellRates{}, p
	}
	counts := make(map[h3.Cell]uint32, len(found.cells))
	for i, c := range found.cells {
		counts[c] = found.n[i]
	}
	var about []h3.Cell
	var amounts []float64
	for i, c := range level.Cells {
		if q.box.Contains(level.Lat[i], level.Lng[i]) && q.view.sees(c) {
			about, amounts = append(about, c), append(amounts, level.Amounts[i])
		}
	}
	units := make([]analysis.Unit, 0, len(about))
	inArea := func(int) bool { return true }
	if q.area != nil {
		in := q.bench.find(q.kind, about)
		inArea = func(i int) bool { return in[i] >= 0 && q.kind.Areas[in[i]] == q.area }
	}
	for i, c := range about {
		if inArea(i) {
			units = append(units, analysis.Unit{Count: int64(counts[c]), Denominator: amounts[i]})
		}
	}
	r := cellRates{level: level, fit: analysis.FitRates(units), rank: q.rate}
	out.Denominator, out.RateSource, out.Overall = q.bench.Exposure.Name, q.bench.Exposure.Source, &r.fit.Overall
	if q.rate {
		out.By = "rate"
	}
	return r, nil
}

// sees reports whether a cell of RegionResolution or finer lies in what may be seen.
func (v *view) sees(c h3.Cell) bool { return v.grant.Region == nil || v.grant.Region.Has(c) }

// whatRates says for which hexagons rates can be told.
func (w *Workbench) whatRates() string {
	if w.Exposure == nil {
		return "An administrator loads what they are by with `streetsafe rates import`."
	}
	return fmt.Sprintf("%s are loaded for resolution %d; coarser ones can be asked for too.", w.Exposure.Name, w.Exposure.Res)
}

// by is what to rank places by; nil for their counts. Places without a
// denominator come last.
func (r *cellRates) by() func(h3.Cell, uint32) float64 {
	if !r.rank {
		return nil
	}
	return func(c h3.Cell, n uint32) float64 {
		if d := r.level.Amount(c); d > 0 {
			return r.fit.Shrunk(analysis.Unit{Count: int64(n), Denominator: d})
		}
		return -1
	}
}

// of is the rate of a cell, nil when none is known.
func (r *cellRates) of(c h3.Cell, n uint32) *areaRate {
	if r.level == nil {
		return nil
	}
	d := r.level.Amount(c)
	if d == 0 {
		return nil
	}
	x := r.fit.Rate(analysis.Unit{Count: int64(n), Denominator: d})
	return &areaRate{x.Denominator, x.Raw, x.Shrunk, x.Low, x.High, x.Relative, x.Verdict}
}
