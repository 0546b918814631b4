package server

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"

	"github.com/gorilla/mux"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/analysis"
	"github.com/streetsafe/streetsafe/internal/areas"
	"github.com/streetsafe/streetsafe/internal/report"
)

type kindInfo struct {
	Kind        string     `json:"kind"`
	Areas       int        `json:"areas"`
	Denominator string     `json:"denominator,omitempty"` // what rates are by, such as residents
	Source      string     `json:"source,omitempty"`
	Bounds      [4]float64 `json:"bounds"`
}

type areaInfo struct {
	ID   string     `json:"id"`
	Name string     `json:"name"`
	Box  [4]float64 `json:"bbox"`
}

func boundOf(b orb.Bound) [4]float64 {
	return [4]float64{round6(b.Left()), round6(b.Bottom()), round6(b.Right()), round6(b.Top())}
}

// listAreas lists the kinds of boundaries, and the areas of one.
func (s *Server) listAreas(w http.ResponseWriter, r *http.Request) error {
	v, err := parseQuery(r, "kind")
	if err != nil {
		return err
	}
	if err := s.mapOnly(r); err != nil {
		return err
	}
	bench, name := s.workbench.Load(), v.Get("kind")
	var one *areas.Kind
	if name != "" {
		if bench, one, err = s.kind(name); err != nil {
			return err
		}
	}
	return s.respondJSON(w, r, bench.key("al", name), func() (any, error) {
		out := struct {
			Kinds []kindInfo `json:"kinds"`
			Areas []areaInfo `json:"areas,omitempty"`
		}{Kinds: []kindInfo{}}
		for _, k := range bench.Kinds {
			out.Kinds = append(out.Kinds, kindInfo{k.Name, len(k.Areas), k.DenominatorName, k.Source, boundOf(k.Bound())})
		}
		if one != nil {
			for _, a := range one.Areas {
				out.Areas = append(out.Areas, areaInfo{a.ID, a.Name, boundOf(a.Bound)})
			}
		}
		return out, nil
	})
}

// area gives the outline of an area as a GeoJSON feature.
func (s *Server) area(w http.ResponseWriter, r *http.Request) error {
	if _, err := parseQuery(r); err != nil {
		return err
	}
	if err := s.mapOnly(r); err != nil {
		return err
	}
	bench, k, err := s.kind(mux.Vars(r)["kind"])
	if err != nil {
		return err
	}
	a := k.Area(mux.Vars(r)["id"])
	if a == nil {
		return newProblem(http.StatusNotFound, "There is no such area. /api/v1/areas?kind="+k.Name+" lists them.")
	}
	return s.respond(w, r, answerTo{key: bench.key("a1", k.Name+"|"+a.ID), typ: typeGeoJSON, cache: revalidate, make: func() ([]byte, error) {
		f := geojson.NewFeature(a.Outline)
		f.ID = a.ID
		f.Properties = geojson.Properties{"kind": k.Name, "id": a.ID, "name": a.Name}
		if a.Denominator > 0 {
			f.Properties["denominator"] = a.Denominator
		}
		return f.MarshalJSON()
	}})
}

// areaFigure is one area with its count, its trend and its rate.
type areaFigure struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Count int64  `json:"count"`
	change
	Rate *areaRate `json:"rate,omitempty"`
}

// change compares the latest days with the days before.
type change struct {
	Recent   int64            `json:"recent"`
	Previous int64            `json:"previous"`
	Ratio    *analysis.Ratio  `json:"ratio,omitempty"` // recent over previous
	Verdict  analysis.Verdict `json:"verdict"`
}

type areaRate struct {
	Denominator float64          `json:"denominator"`
	Raw         float64          `json:"raw"`    // reports by unit of the denominator
	Shrunk      float64          `json:"shrunk"` // the same, drawn to the overall rate where little is known
	Low         float64          `json:"low"`    // interval of shrunk
	High        float64          `json:"high"`
	Relative    float64          `json:"relative"` // shrunk over the overall rate
	Verdict     analysis.Verdict `json:"verdict"`  // more or fewer than overall
}

type areaFigures struct {
	Generation  uint64       `json:"generation"`
	Synthetic   bool         `json:"synthetic"`
	Filter      string       `json:"filter"`
	Kind        string       `json:"kind"`
	Source      string       `json:"source,omitempty"`
	Denominator string       `json:"denominator,omitempty"`
	Limits      []string     `json:"limits,omitempty"`
	Recent      *dayRange    `json:"recent_window,omitempty"` // absent when counts cannot be compared
	Previous    *dayRange    `json:"previous_window,omitempty"`
	Total       int64        `json:"total"`   // in all areas
	Outside     int64        `json:"outside"` // in none
	Overall     *float64     `json:"overall_rate,omitempty"`
	Areas       []areaFigure `json:"areas"` // by count from the largest, then by id
}

type dayRange struct {
	From string `json:"from"`
	To   string `json:"to"` // exclusive
}

func newRange(w analysis.Window) *dayRange { return &dayRange{w.From.String(), w.To.String()} }

// areaFigures counts the reports of each area of a kind.
func (s *Server) areaFigures(w http.ResponseWriter, r *http.Request) error {
	v, err := parseQuery(r, report.FilterParams()...)
	if err != nil {
		return err
	}
	f, err := report.ParseFilter(v)
	if err != nil {
		return err
	}
	grant, err := s.granted(r, access.Ask{Surface: access.SurfaceFigures, Filter: f, Res: report.Resolution})
	if err != nil {
		return err
	}
	bench, k, err := s.kind(mux.Vars(r)["kind"])
	if err != nil {
		return err
	}
	snap := s.cube.Current()
	key := bench.key("af", fmt.Sprintf("%s|%d|%s|%s", k.Name, snap.Generation(), grant.Filter.Query(), grant.Scope))
	return s.respondJSON(w, r, key, func() (any, error) { return s.countAreas(s.view(snap, grant), bench, k), nil })
}

func (s *Server) countAreas(v *view, bench *Workbench, k *areas.Kind) areaFigures {
	out := areaFigures{Generation: v.snap.Generation(), Synthetic: s.cfg.Synthetic, Filter: v.grant.Filter.Query(), Kind: k.Name,
		Source: k.Source, Denominator: k.DenominatorName, Limits: v.grant.Limits, Areas: make([]areaFigure, len(k.Areas))}
	sum := func(f report.Filter, add func(area int32, n int64)) {
		c := v.counts(everywhere, f, v.grant.ClampRes(report.Resolution))
		for i, a := range bench.find(k, c.cells) {
			add(a, int64(c.n[i]))
		}
	}
	for i, a := range k.Areas {
		out.Areas[i].ID, out.Areas[i].Name = a.ID, a.Name
	}
	sum(v.grant.Filter, func(area int32, n int64) {
		if area < 0 {
			out.Outside += n
			return
		}
		out.Total += n
		out.Areas[area].Count += n
	})
	changes := make([]*change, len(k.Areas))
	for i := range out.Areas {
		changes[i] = &out.Areas[i].change
		changes[i].Verdict = analysis.NoHistory
	}
	if recent, previous, ok := v.matched(); ok {
		out.Recent, out.Previous = newRange(recent), newRange(previous)
		f := v.grant.Filter
		f.From, f.To = recent.From, recent.To
		sum(f, func(area int32, n int64) {
			if area >= 0 {
				changes[area].Recent += n
			}
		})
		f.From, f.To = previous.From, previous.To
		sum(f, func(area int32, n int64) {
			if area >= 0 {
				changes[area].Previous += n
			}
		})
		judge(changes)
	}
	if k.DenominatorName != "" {
		out.Overall = rates(k, out.Areas)
	}
	slices.SortStableFunc(out.Areas, func(a, b areaFigure) int { return cmp.Compare(b.Count, a.Count) })
	return out
}

// recentDays is what a trend compares when no window is asked for.
const recentDays = 90

// matched returns the window of the filter, or the latest days with reports, and
// the same days just before; false when the records do not reach so far or
// counts cannot be compared.
func (v *view) matched() (recent, previous analysis.Window, ok bool) {
	first, last := v.snap.Days()
	f := v.grant.Filter
	recent = analysis.Window{From: last + 1 - recentDays, To: last + 1}
	if f.HasWindow() {
		recent = analysis.Window{From: max(f.From, first), To: min(f.To, last+1)}
	}
	if recent.Days() <= 0 {
		return recent, previous, false
	}
	previous = recent.Back(recent.Days())
	return recent, previous, !v.grant.Grouped && previous.From >= first
}

// minToCompare is how few reports tell nothing of a change, as in analysis.
const minToCompare = 5

// judge compares both windows of each place, holding false discoveries over all
// of them at 5 %.
func judge(list []*change) {
	var p []float64
	var asked []*change
	for _, c := range list {
		c.Verdict = analysis.TooFew
		if c.Recent+c.Previous < minToCompare {
			continue
		}
		ratio, chance := analysis.RateRatio(c.Recent, 1, c.Previous, 1)
		c.Ratio = &ratio
		p, asked = append(p, chance), append(asked, c)
	}
	for i, q := range analysis.AdjustFDR(p) {
		switch c := asked[i]; {
		case q <= 0.05 && c.Recent > c.Previous:
			c.Verdict = analysis.More
		case q <= 0.05:
			c.Verdict = analysis.Fewer
		case !c.Ratio.Wide():
			c.Verdict = analysis.NoChange
		}
	}
}

// rates fills in the rates of the areas that have a denominator, and returns the
// overall one.
func rates(k *areas.Kind, list []areaFigure) *float64 {
	units := make([]analysis.Unit, 0, len(list))
	for i, a := range list {
		units = append(units, analysis.Unit{ID: a.ID, Count: a.Count, Denominator: k.Areas[i].Denominator})
	}
	all := analysis.ShrinkRates(units)
	byID := make(map[string]analysis.Rate, len(all.Rates))
	for _, r := range all.Rates {
		byID[r.ID] = r
	}
	for i := range list {
		if r, ok := byID[list[i].ID]; ok {
			list[i].Rate = &areaRate{r.Denominator, r.Raw, r.Shrunk, r.Low, r.High, r.Relative, r.Verdict}
		}
	}
	return &all.Overall
}
