package server

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/analysis"
	"github.com/streetsafe/streetsafe/internal/areas"
	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/lamps"
	"github.com/streetsafe/streetsafe/internal/report"
)

// The lighting workbench ranks places by reports from after dark that call them
// badly lit, with what tells how to put it right.

const (
	minLightRes, maxLightRes, defaultLightRes = 9, 11, 10

	defaultLightTop = 200
	maxLightTop     = 1000
)

// lightPlace is one place of the workbench.
type lightPlace struct {
	Cell  string  `json:"cell"`
	Lat   float64 `json:"lat"`
	Lng   float64 `json:"lng"`
	Place string  `json:"place,omitempty"`

	AfterDark int64    `json:"after_dark"` // badly lit, from the dark
	All       int64    `json:"all"`        // badly lit at all
	DarkShare *float64 `json:"dark_share"` // of those badly lit that say; null when none does
	Last      string   `json:"last"`       // day of the latest report from the dark
	change
	Rate   *areaRate     `json:"rate,omitempty"` // of after_dark; absent where no denominator is known
	Others []factorCount `json:"others"`         // what else reports from the dark say here, by count
	Lamps  *lightLamps   `json:"lamps,omitempty"`

	Boundary [][2]float64 `json:"boundary"`
}

// lightLamps is what is known of the lamps of a place.
type lightLamps struct {
	Cause   lamps.Cause `json:"cause"`
	Count   int         `json:"count"`             // in the cell or within 25 metres of it
	Nearest *float64    `json:"nearest,omitempty"` // metres from the centre
	Off     int         `json:"off"`               // off by policy when most of the reports are from
	Hours   string      `json:"hours,omitempty"`   // at which these are off
}

type lightAnswer struct {
	Generation uint64     `json:"generation"`
	Synthetic  bool       `json:"synthetic"`
	Filter     string     `json:"filter"` // with badly_lit and after dark in it
	Box        [4]float64 `json:"bbox"`
	Area       string     `json:"area,omitempty"` // kind/id
	AreaName   string     `json:"area_name,omitempty"`
	Res        int        `json:"res"`
	Limits     []string   `json:"limits,omitempty"`
	Recent     *dayRange  `json:"recent_window,omitempty"`
	Previous   *dayRange  `json:"previous_window,omitempty"`
	Total      int64      `json:"total"` // reports in all places
	Cells      int        `json:"cells"` // places with any
	By         string     `json:"by"`    // what places are ranked by: count or rate
	// Denominator is what rates are by, such as metres of street; absent when none
	// is loaded for hexagons of this resolution.
	Denominator string       `json:"denominator,omitempty"`
	RateSource  string       `json:"rate_source,omitempty"`
	Overall     *float64     `json:"overall_rate,omitempty"` // all reports here over all of the denominator here
	LampSource  string       `json:"lamp_source,omitempty"`
	LampHours   bool         `json:"lamp_hours"` // the source tells switch-off hours
	Places      []lightPlace `json:"places"`     // the first by after_dark
}

// lightQuery is a question to the workbench, as the policy lets it be asked.
type lightQuery struct {
	view  *view
	bench *Workbench
	box   report.Box
	kind  *areas.Kind // nil for no area
	area  *areas.Area
	res   int
	top   int
	rate  bool // rank by rate
}

var lightParams = []string{"from", "to", "dayparts", "weekdays", "bbox", "area", "res", "top", "by"}

func (s *Server) lightQuery(r *http.Request, v url.Values, surface access.Surface) (*lightQuery, access.Grant, error) {
	q := &lightQuery{bench: s.workbench.Load(), box: everywhere}
	f, err := report.ParseFilter(v)
	if err != nil {
		return nil, access.Grant{}, err
	}
	f.Factors, f.Dark = report.FactorSet(report.BadlyLit), 1<<report.DarkYes
	if b := v.Get("bbox"); b != "" {
		if q.box, err = report.ParseBox(b); err != nil {
			return nil, access.Grant{}, badParam("bbox", b, "west,south,east,north in degrees, west of east and south of north, such as -0.5,51.3,0.3,51.7")
		}
	}
	if q.res, err = intParam(v, "res", defaultLightRes, minLightRes, maxLightRes); err != nil {
		return nil, access.Grant{}, err
	}
	if q.top, err = intParam(v, "top", defaultLightTop, 1, maxLightTop); err != nil {
		return nil, access.Grant{}, err
	}
	switch by := v.Get("by"); by {
	case "", "count":
	case "rate":
		q.rate = true
	default:
		return nil, access.Grant{}, badParam("by", by, "count or rate")
	}
	grant, err := s.granted(r, access.Ask{Surface: surface, Filter: f, Res: q.res, Why: v.Get("reason")})
	if err != nil {
		return nil, access.Grant{}, err
	}
	if a := v.Get("area"); a != "" {
		name, id, _ := strings.Cut(a, "/")
		if q.bench, q.kind, err = s.kind(name); err != nil {
			return nil, access.Grant{}, err
		}
		if q.area = q.kind.Area(id); q.area == nil {
			return nil, access.Grant{}, badParam("area", a, "a kind, a slash and the id of an area, such as ward/E05000153")
		}
		if v.Get("bbox") == "" {
			q.box = q.area.Box()
		}
	}
	q.res = grant.ClampRes(q.res)
	q.view = s.view(s.cube.Current(), grant)
	return q, grant, nil
}

func (q *lightQuery) key() string {
	area := ""
	if q.area != nil {
		area = q.kind.Name + "/" + q.area.ID
	}
	g := q.view.grant
	return q.bench.key("li", fmt.Sprintf("%d|%s|%s|%d|%d|%v|%s|%s", q.view.snap.Generation(), q.box, area, q.res, q.top, q.rate, g.Filter.Query(), g.Scope))
}

// lighting lists the places of the workbench.
func (s *Server) lighting(w http.ResponseWriter, r *http.Request) error {
	v, err := parseQuery(r, lightParams...)
	if err != nil {
		return err
	}
	q, _, err := s.lightQuery(r, v, access.SurfaceFigures)
	if err != nil {
		return err
	}
	return s.respondJSON(w, r, q.key(), func() (any, error) { return s.light(q) })
}

func (s *Server) light(q *lightQuery) (*lightAnswer, error) {
	v := q.view
	out := &lightAnswer{Generation: v.snap.Generation(), Synthetic: s.cfg.Synthetic, Filter: v.grant.Filter.Query(), Res: q.res, Limits: v.grant.Limits,
		Box: [4]float64{q.box.West, q.box.South, q.box.East, q.box.North}, Places: []lightPlace{}}
	if q.area != nil {
		out.Area, out.AreaName = q.kind.Name+"/"+q.area.ID, q.area.Name
	}
	if q.bench.Lamps != nil {
		out.LampSource, out.LampHours = q.bench.Lamps.Source, q.bench.Lamps.HasHours()
	}
	found := q.cells()
	for _, n := range found.n {
		out.Total += int64(n)
	}
	out.Cells = len(found.cells)
	recent, previous, comparable := v.matched()
	if comparable {
		out.Recent, out.Previous = newRange(recent), newRange(previous)
	}
	rated, err := q.rates(found, out)
	if err != nil {
		return nil, err
	}
	for i := range found.largest(q.top, rated.by()) {
		p, err := s.lightPlace(q, found.cells[i])
		if err != nil {
			return nil, err
		}
		p.Rate = rated.of(found.cells[i], found.n[i])
		p.change.Verdict = analysis.NoHistory
		if comparable {
			p.Recent, p.Previous = v.within(found.cells[i], recent), v.within(found.cells[i], previous)
		}
		out.Places = append(out.Places, *p)
	}
	if comparable {
		changes := make([]*change, len(out.Places))
		for i := range out.Places {
			changes[i] = &out.Places[i].change
		}
		judge(changes)
	}
	return out, nil
}

// cells are those with reports in the box, and in the area if there is one.
func (q *lightQuery) cells() *counted {
	all := q.view.counts(q.box, q.view.grant.Filter, q.res)
	if q.area == nil {
		return &all
	}
	var in counted
	for i, n := range q.bench.find(q.kind, all.cells) {
		if n >= 0 && q.kind.Areas[n] == q.area {
			in.cells, in.n = append(in.cells, all.cells[i]), append(in.n, all.n[i])
		}
	}
	return &in
}

// largest puts the cells with the most reports first, or those that by puts
// first if it is not nil, and returns how many of the wanted ones there are.
func (c *counted) largest(top int, by func(h3.Cell, uint32) float64) int {
	order, value := make([]int, len(c.cells)), make([]float64, len(c.cells))
	for i := range order {
		order[i] = i
		if by != nil {
			value[i] = by(c.cells[i], c.n[i])
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(value[b], value[a]), cmp.Compare(c.n[b], c.n[a]), cmp.Compare(c.cells[a], c.cells[b]))
	})
	sorted := counted{make([]h3.Cell, len(order)), make([]uint32, len(order))}
	for i, j := range order {
		sorted.cells[i], sorted.n[i] = c.cells[j], c.n[j]
	}
	*c = sorted
	return min(top, len(order))
}

// within counts the reports of a cell in a window, under the granted filter.
func (v *view) within(c h3.Cell, w analysis.Window) int64 {
	f := v.grant.Filter
	f.From, f.To = w.From, w.To
	return v.snap.Cell(c, f).Total
}

func (s *Server) lightPlace(q *lightQuery, c h3.Cell) (*lightPlace, error) {
	v := q.view
	dark := v.snap.Cell(c, v.grant.Filter)
	f := v.grant.Filter
	f.Dark = 0
	lit := v.snap.Cell(c, f)
	lat, lng := centre(c)
	p := &lightPlace{Cell: c.String(), Lat: lat, Lng: lng, Place: s.placeName(lat, lng), AfterDark: dark.Total, All: lit.Total,
		Last: v.lastDay(c, dark).String(), Others: []factorCount{}}
	if known := lit.ByDark[report.DarkYes] + lit.ByDark[report.DarkNo]; known > 0 {
		share := float64(lit.ByDark[report.DarkYes]) / float64(known)
		p.DarkShare = &share
	}
	for _, x := range (v.grant.ColumnsAt(q.res) &^ report.FactorSet(report.BadlyLit)).List() {
		if n := dark.ByFactor[x]; n > 0 {
			p.Others = append(p.Others, factorCount{x.ID(), n})
		}
	}
	slices.SortStableFunc(p.Others, func(a, b factorCount) int { return cmp.Compare(b.Count, a.Count) })
	boundary, err := c.Boundary()
	if err != nil {
		return nil, fmt.Errorf("boundary of %s: %w", c, err)
	}
	for _, x := range boundary {
		p.Boundary = append(p.Boundary, [2]float64{round6(x.Lng), round6(x.Lat)})
	}
	if q.bench.Lamps == nil {
		return p, nil
	}
	var hours [report.NumDayparts]int64
	for d := range hours {
		for _, n := range dark.Matrix[d] {
			hours[d] += n
		}
	}
	site, err := q.bench.Lamps.Look(c, hours)
	if err != nil {
		return nil, err
	}
	p.Lamps = &lightLamps{Cause: site.Cause, Count: site.Lamps, Off: site.Off, Hours: site.Hours}
	if site.Nearest >= 0 {
		metres := float64(int(site.Nearest + 0.5))
		p.Lamps.Nearest = &metres
	}
	return p, nil
}

// lastDay finds the day of the latest report of a cell, whose figures under the
// granted filter these are: in its last month, which the cube tells by day. It is
// the first day of all when there is none.
func (v *view) lastDay(c h3.Cell, of cube.Figures) report.Day {
	days := of.ByDay
	for i := len(of.ByMonth) - 1; i >= 0 && days == nil; i-- {
		if of.ByMonth[i].Count > 0 {
			days = v.monthOf(c, of.ByMonth[i].Month)
		}
	}
	for i := len(days) - 1; i >= 0; i-- {
		if days[i].Count > 0 {
			return days[i].Day
		}
	}
	first, _ := v.snap.Days()
	return max(first, v.grant.Filter.From)
}

// monthOf counts the reports of a cell in a month, YYYY-MM, by day.
func (v *view) monthOf(c h3.Cell, month string) []cube.DayCount {
	begin, err := report.ParseDay(month + "-01")
	if err != nil {
		return nil // cannot happen: the cube names the months
	}
	f := v.grant.Filter
	end := report.DayOf(begin.Time().AddDate(0, 1, 0))
	if f.HasWindow() {
		begin, end = max(begin, f.From), min(end, f.To)
	}
	f.From, f.To = begin, end
	return v.snap.Cell(c, f).ByDay
}
