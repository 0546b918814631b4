package server

import (
	"cmp"
	"fmt"
	"math"
	"net/http"

	"github.com/paulmach/orb/geojson"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/analysis"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/tiles"
)

const (
	defaultProfileTop = 10
	maxProfileTop     = 100
)

// part compares how often something is said in an area and elsewhere.
type part struct {
	Factor    string           `json:"factor,omitempty"`
	Count     int64            `json:"count"`
	Share     float64          `json:"share"`
	Elsewhere float64          `json:"elsewhere"`
	Ratio     analysis.Ratio   `json:"ratio"`
	Q         float64          `json:"q"`
	Verdict   analysis.Verdict `json:"verdict"`
}

func newPart(id string, p analysis.Part) part {
	return part{id, p.Count, round3(p.Share), round3(p.ElsewhereShare), p.Ratio, p.Q, p.Verdict}
}

type profilePlace struct {
	spot
	Count    int64        `json:"count"`
	Boundary [][2]float64 `json:"boundary"`
}

type profileAnswer struct {
	head
	Name     string           `json:"name,omitempty"` // as sent
	Place    string           `json:"place,omitempty"`
	Km2      float64          `json:"km2"`
	Hexagons int              `json:"hexagons"`
	Share    float64          `json:"share"` // of all reports
	FirstDay string           `json:"first_day,omitempty"`
	LastDay  string           `json:"last_day,omitempty"`
	Area     figures          `json:"area"`
	Whole    figures          `json:"whole"`
	Factors  []part           `json:"factors"`
	Dark     part             `json:"dark"`
	Top      []profilePlace   `json:"top"`
	Shape    geojson.Geometry `json:"shape"`
	Made     string           `json:"made"` // the day of the answer
}

// profile describes a drawn area and compares it with all that may be seen. As
// a file it is something to take away, for which the policy wants a reason.
func (s *Server) profile(w http.ResponseWriter, r *http.Request) error {
	v, err := parseQuery(r, withFilter("res", "top", "format", "reason")...)
	if err != nil {
		return err
	}
	format := cmp.Or(v.Get("format"), "json")
	ask := areaAsk{query: v, surface: access.SurfaceFigures, finest: tiles.MaxResolution}
	switch format {
	case "json":
	case "csv", "geojson":
		ask.surface, ask.why = access.SurfaceExport, v.Get("reason")
	default:
		return badParam("format", format, "json, csv or geojson")
	}
	top, err := intParam(v, "top", defaultProfileTop, 0, maxProfileTop)
	if err != nil {
		return err
	}
	st, err := s.areaStudy(w, r, ask)
	if err != nil {
		return err
	}
	if format == "json" {
		return s.respondPosted(w, r, fmt.Sprintf("%s|%d|%s", st.key("pr"), top, s.today()), func() (any, error) { return s.describeArea(st, top) })
	}
	leave, err := s.desk.take(r)
	if err != nil {
		return err
	}
	defer leave()
	out, err := s.describeArea(st, top)
	if err != nil {
		return err
	}
	if err := s.recordExport(r, st.grant, fmt.Sprintf("profile %s of %d hexagons, %s", format, out.Hexagons, out.Filter), ask.why); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	if format == "csv" {
		return writeProfileCSV(w, out)
	}
	return writeProfileGeoJSON(w, out)
}

func (s *Server) describeArea(st *areaStudy, top int) (*profileAnswer, error) {
	if err := st.fill(); err != nil {
		return nil, err
	}
	p, err := analysis.DescribeArea(st.snap, analysis.ProfileQuery{Region: st.in, Whole: st.region, Res: st.res, Top: top, Filter: st.filter})
	if err != nil {
		return nil, err
	}
	out := &profileAnswer{
		head: s.head(st.study), Name: st.area.name, Place: s.placeName(st.middle()), Km2: round3(p.Km2), Hexagons: len(st.cells),
		Share: round3(p.Share), Area: st.newFigures(p.Area, st.res), Whole: st.newFigures(p.Whole, st.res),
		Factors: []part{}, Dark: newPart("", p.Dark), Top: []profilePlace{},
		Shape: *geojson.NewGeometry(st.area.shape), Made: s.today().String(),
	}
	if st.snap.Len() > 0 {
		first, last := st.snap.Days()
		out.FirstDay, out.LastDay = first.String(), last.String()
	}
	for _, f := range st.grant.ColumnsAt(st.res).List() {
		out.Factors = append(out.Factors, newPart(f.ID(), p.Factors[f]))
	}
	for _, c := range p.Top {
		boundary, err := outline(c.Cell)
		if err != nil {
			return nil, err
		}
		out.Top = append(out.Top, profilePlace{s.spot(c.Cell), c.Count, boundary})
	}
	return out, nil
}

// period says which days an answer counts, both inclusive.
func (p *profileAnswer) period(f report.Filter) (from, to string) {
	from, to = p.FirstDay, p.LastDay
	if f.HasWindow() {
		if f.From != report.MinDay {
			from = f.From.String()
		}
		if f.To <= report.MaxDay {
			to = (f.To - 1).String()
		}
	}
	return from, to
}

// finite is a bound for a file: empty when there is none.
func finite(x float64) (float64, bool) { return x, !math.IsNaN(x) && !math.IsInf(x, 0) }
