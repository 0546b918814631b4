package server

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/gorilla/mux"
	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/tiles"
)

const (
	defaultTop = 20
	maxTop     = 5000 // as many as a tile may hold: a table twin of the screen
)

type named struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	Short string `json:"short,omitempty"`
	Group string `json:"group,omitempty"`
	From  string `json:"from,omitempty"`
	To    string `json:"to,omitempty"`
}

// factors tells the whole vocabulary: factors, groups, dayparts and weekdays.
func (s *Server) factors(w http.ResponseWriter, r *http.Request) error {
	if _, err := parseQuery(r); err != nil {
		return err
	}
	return s.respondJSON(w, r, "f", func() (any, error) {
		var v struct {
			Factors  []named `json:"factors"`
			Groups   []named `json:"groups"`
			Dayparts []named `json:"dayparts"`
			Weekdays []named `json:"weekdays"`
		}
		for _, f := range report.AllFactorsList() {
			v.Factors = append(v.Factors, named{ID: f.ID(), Label: f.Label(), Short: f.Short(), Group: f.Group().ID()})
		}
		for _, g := range report.Groups() {
			v.Groups = append(v.Groups, named{ID: g.ID(), Label: g.Label()})
		}
		for d := range report.Daypart(report.NumDayparts) {
			n := named{ID: d.String(), Label: d.Label()}
			if from, to, ok := d.Hours(); ok {
				n.From, n.To = fmt.Sprintf("%02d:00", from), fmt.Sprintf("%02d:00", to)
			}
			v.Dayparts = append(v.Dayparts, n)
		}
		for d := range report.Weekday(report.NumWeekdays) {
			v.Weekdays = append(v.Weekdays, named{ID: d.String(), Label: d.Label()})
		}
		return v, nil
	})
}

// scale gives the class breaks of a resolution over the whole body, so that
// panning never recolours a place.
func (s *Server) scale(w http.ResponseWriter, r *http.Request) error {
	v, err := parseQuery(r, withFilter("res")...)
	if err != nil {
		return err
	}
	f, err := report.ParseFilter(v)
	if err != nil {
		return err
	}
	res, err := intParam(v, "res", report.CoarsestResolution, tiles.MinResolution, tiles.MaxResolution)
	if err != nil {
		return err
	}
	grant, err := s.granted(r, access.Ask{Surface: access.SurfaceMap, Filter: f, Res: res})
	if err != nil {
		return err
	}
	snap := s.cube.Current()
	f, res = grant.Filter, grant.ClampRes(res)
	return s.respondJSON(w, r, fmt.Sprintf("b%d|%d|%s|%s", snap.Generation(), res, f.Query(), grant.Scope), func() (any, error) {
		return struct {
			Generation uint64   `json:"generation"`
			Filter     string   `json:"filter"`
			Res        int      `json:"res"`
			Breaks     []uint32 `json:"breaks"`
		}{snap.Generation(), f.Query(), res, s.view(snap, grant).breaks(res)}, nil
	})
}

type factorCount struct {
	Factor string `json:"factor"`
	Count  int64  `json:"count"`
}

type matrix struct {
	Dayparts []string  `json:"dayparts"`
	Weekdays []string  `json:"weekdays"`
	Counts   [][]int64 `json:"counts"` // one row for each daypart
}

type darkCount struct {
	Yes     int64 `json:"yes"`
	No      int64 `json:"no"`
	Unknown int64 `json:"unknown"`
}

type dayCount struct {
	Day   string `json:"day"`
	Count int64  `json:"count"`
}

type monthCount struct {
	Month string `json:"month"`
	Count int64  `json:"count"`
}

// figures are what the panel shows of any set of reports.
type figures struct {
	Total    int64         `json:"total"`
	ByFactor []factorCount `json:"by_factor"`
	Facets   []factorCount `json:"facet_factors"` // the factors filter left out
	ByMonth  []monthCount  `json:"by_month"`
	ByDay    []dayCount    `json:"by_day,omitempty"` // of a window of up to three months
	History  []monthCount  `json:"histogram"`        // the window left out
	Matrix   matrix        `json:"daypart_weekday"`
	ByDark   darkCount     `json:"by_dark"`
	Grouped  bool          `json:"grouped,omitempty"` // one number for each half-year, under its first month, and nothing finer
	Limits   []string      `json:"limits,omitempty"`  // what the answer leaves out, in words
}

// newFigures puts figures into the answer's words, at a resolution.
func (v *view) newFigures(f cube.Figures, res int) figures {
	columns := v.grant.ColumnsAt(res)
	facets := columns
	if v.grant.Grouped {
		facets = report.EnvironmentalFactors
	}
	out := figures{Total: f.Total, ByFactor: factorCounts(f.ByFactor, columns), Facets: factorCounts(f.FacetFactors, facets),
		Grouped: v.grant.Grouped, Limits: v.grant.Limits,
		ByMonth: months(f.ByMonth), History: months(f.Histogram),
		ByDark: darkCount{Yes: f.ByDark[report.DarkYes], No: f.ByDark[report.DarkNo], Unknown: f.ByDark[report.DarkUnknown]}}
	for _, d := range f.ByDay {
		out.ByDay = append(out.ByDay, dayCount{d.Day.String(), d.Count})
	}
	if v.grant.Grouped {
		out.Matrix = matrix{[]string{}, []string{}, [][]int64{}}
		return out
	}
	for w := range report.Weekday(report.NumWeekdays) {
		out.Matrix.Weekdays = append(out.Matrix.Weekdays, w.String())
	}
	for d := range report.Daypart(report.NumDayparts) {
		out.Matrix.Dayparts = append(out.Matrix.Dayparts, d.String())
		out.Matrix.Counts = append(out.Matrix.Counts, append([]int64(nil), f.Matrix[d][:]...))
	}
	return out
}

// factorCounts lists the factors that may be told apart.
func factorCounts(counts [report.NumFactors]int64, columns report.Factors) []factorCount {
	out := make([]factorCount, 0, report.NumFactors)
	for _, f := range columns.List() {
		out = append(out, factorCount{f.ID(), counts[f]})
	}
	return out
}

func months(in []cube.MonthCount) []monthCount {
	out := make([]monthCount, len(in))
	for i, m := range in {
		out[i] = monthCount{m.Month, m.Count}
	}
	return out
}

type topCell struct {
	Cell  string  `json:"cell"`
	Lat   float64 `json:"lat"`
	Lng   float64 `json:"lng"`
	Count int64   `json:"count"`
}

// summary gives the figures of the cells whose centre lies in a box.
func (s *Server) summary(w http.ResponseWriter, r *http.Request) error {
	v, err := parseQuery(r, withFilter("bbox", "res", "top")...)
	if err != nil {
		return err
	}
	q := cube.SummaryQuery{Area: report.Box{West: -180, South: -90, East: 180, North: 90}}
	if q.Filter, err = report.ParseFilter(v); err != nil {
		return err
	}
	if b := v.Get("bbox"); b != "" {
		if q.Area, err = report.ParseBox(b); err != nil {
			return badParam("bbox", b, "west,south,east,north in degrees, west of east and south of north, such as -0.5,51.3,0.3,51.7")
		}
	}
	if q.Res, err = intParam(v, "res", 9, tiles.MinResolution, tiles.MaxResolution); err != nil {
		return err
	}
	if q.Top, err = intParam(v, "top", defaultTop, 0, maxTop); err != nil {
		return err
	}
	grant, err := s.granted(r, access.Ask{Surface: access.SurfaceFigures, Filter: q.Filter, Res: q.Res})
	if err != nil {
		return err
	}
	snap := s.cube.Current()
	q.Filter, q.Res = grant.Filter, grant.ClampRes(q.Res)
	key := fmt.Sprintf("s%d|%s|%d|%d|%s|%s", snap.Generation(), q.Area, q.Res, q.Top, q.Filter.Query(), grant.Scope)
	return s.respondJSON(w, r, key, func() (any, error) { return s.summarise(s.view(snap, grant), q), nil })
}

func (s *Server) summarise(v *view, q cube.SummaryQuery) any {
	snap, sum := v.snap, v.summary(q)
	out := struct {
		Generation uint64     `json:"generation"`
		Synthetic  bool       `json:"synthetic"`
		Filter     string     `json:"filter"`
		Box        [4]float64 `json:"bbox"`
		Res        int        `json:"res"`
		Cells      int        `json:"cells"`
		FirstDay   string     `json:"first_day,omitempty"`
		LastDay    string     `json:"last_day,omitempty"`
		figures
		Top []topCell `json:"top"`
	}{Generation: snap.Generation(), Synthetic: s.cfg.Synthetic, Filter: q.Filter.Query(),
		Box: [4]float64{q.Area.West, q.Area.South, q.Area.East, q.Area.North}, Res: q.Res, Cells: sum.Cells,
		figures: v.newFigures(sum.Figures, q.Res), Top: make([]topCell, 0, len(sum.Top))}
	if _, ok := snap.Bounds(); ok {
		first, last := snap.Days()
		out.FirstDay, out.LastDay = first.String(), last.String()
	}
	for _, t := range sum.Top {
		lat, lng := centre(t.Cell)
		out.Top = append(out.Top, topCell{t.Cell.String(), lat, lng, t.Count})
	}
	return out
}

// cell gives the figures of one cell of any resolution that maps draw.
func (s *Server) cell(w http.ResponseWriter, r *http.Request) error {
	v, err := parseQuery(r, report.FilterParams()...)
	if err != nil {
		return err
	}
	f, err := report.ParseFilter(v)
	if err != nil {
		return err
	}
	c, err := parseCell(mux.Vars(r)["cell"])
	if err != nil {
		return err
	}
	grant, err := s.granted(r, access.Ask{Surface: access.SurfaceFigures, Filter: f, Res: c.Resolution(), Cell: c})
	if err != nil {
		return err
	}
	snap := s.cube.Current()
	return s.respondJSON(w, r, fmt.Sprintf("c%d|%s|%s|%s", snap.Generation(), c, grant.Filter.Query(), grant.Scope), func() (any, error) {
		return s.detail(s.view(snap, grant), c)
	})
}

func parseCell(s string) (h3.Cell, error) {
	// h3.CellFromString gives 0 for text that is no index, without an error.
	n, err := strconv.ParseUint(s, 16, 64)
	c := h3.Cell(n)
	if err != nil || !c.IsValid() || c.Resolution() < tiles.MinResolution || c.Resolution() > tiles.MaxResolution {
		return 0, badParam("cell", s, fmt.Sprintf("an H3 cell of resolution %d to %d, 15 hexadecimal digits such as 89194ad32d3ffff", tiles.MinResolution, tiles.MaxResolution))
	}
	return c, nil
}

func (s *Server) detail(v *view, c h3.Cell) (any, error) {
	boundary, err := c.Boundary()
	if err != nil {
		return nil, fmt.Errorf("boundary of %s: %w", c, err)
	}
	lat, lng := centre(c)
	out := struct {
		Generation uint64       `json:"generation"`
		Synthetic  bool         `json:"synthetic"`
		Filter     string       `json:"filter"`
		Cell       string       `json:"cell"`
		Res        int          `json:"res"`
		Lat        float64      `json:"lat"`
		Lng        float64      `json:"lng"`
		Boundary   [][2]float64 `json:"boundary"`
		Place      string       `json:"place,omitempty"`
		Parent     string       `json:"parent,omitempty"`
		figures
	}{Generation: v.snap.Generation(), Synthetic: s.cfg.Synthetic, Filter: v.grant.Filter.Query(), Cell: c.String(), Res: c.Resolution(),
		Lat: lat, Lng: lng, Place: s.placeName(lat, lng), figures: v.newFigures(v.cell(c), c.Resolution())}
	for _, p := range boundary {
		out.Boundary = append(out.Boundary, [2]float64{round6(p.Lng), round6(p.Lat)})
	}
	if c.Resolution() > tiles.MinResolution {
		parent, err := c.ImmediateParent()
		if err != nil {
			return nil, fmt.Errorf("parent of %s: %w", c, err)
		}
		out.Parent = parent.String()
	}
	return out, nil
}
