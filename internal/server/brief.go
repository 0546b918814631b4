package server

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/analysis"
	"github.com/streetsafe/streetsafe/internal/report"
)

const defaultStops = 8

type briefFactor struct {
	Factor string  `json:"factor"`
	Count  int64   `json:"count"`
	Share  float64 `json:"share"` // of the reports of the place in the shift
	Area   float64 `json:"area"`  // of those of the area in the shift
}

type briefPlace struct {
	spot
	Count    int64            `json:"count"` // in the shift
	Rest     int64            `json:"rest"`  // at other known times of the week
	Lift     analysis.Ratio   `json:"lift"`
	Q        float64          `json:"q"`
	Verdict  analysis.Verdict `json:"verdict"`
	Factors  []briefFactor    `json:"factors"`
	Boundary [][2]float64     `json:"boundary"`
}

type briefSlot struct {
	Daypart  string   `json:"daypart"`
	Weekdays []string `json:"weekdays"`
}

type briefAnswer struct {
	head
	Name    string         `json:"name,omitempty"`
	Place   string         `json:"place,omitempty"`
	Shift   analysis.Shift `json:"shift"`
	Weekday string         `json:"weekday,omitempty"` // on which it begins; absent for any
	Slots   []briefSlot    `json:"slots"`             // what is counted
	Total   int64          `json:"total"`
	Rest    int64          `json:"rest"`
	Lift    analysis.Ratio `json:"lift"`
	Unknown int64          `json:"unknown_time"` // reports that do not say when: in neither
	Places  []briefPlace   `json:"places"`       // by count
	Route   struct {
		Order  []int   `json:"order"` // of places
		Metres float64 `json:"metres"`
	} `json:"route"`
	Made string `json:"made"`
}

// brief says where to be on a shift in a drawn area. The times of day and week
// of the filter are replaced by those of the shift.
func (s *Server) brief(w http.ResponseWriter, r *http.Request) error {
	v, err := parseQuery(r, withFilter("res", "top", "shift", "weekday", "start")...)
	if err != nil {
		return err
	}
	ask, err := parseBrief(v)
	if err != nil {
		return err
	}
	v.Del("dayparts")
	v.Del("weekdays")
	st, err := s.areaStudy(w, r, areaAsk{query: v, surface: access.SurfaceFigures, finest: analysisRes})
	if err != nil {
		return err
	}
	key := st.key("br") + fmt.Sprintf("|%s|%s|%d|%v|%s", ask.shift, ask.weekday, ask.top, ask.start, s.today())
	return s.respondPosted(w, r, key, func() (any, error) { return s.briefShift(st, ask) })
}

type briefAsk struct {
	shift   analysis.Shift
	weekday string
	slots   analysis.Slots
	top     int
	start   *h3.LatLng
}

func parseBrief(v url.Values) (b briefAsk, err error) {
	if b.shift, err = analysis.ParseShift(v.Get("shift")); err != nil {
		return b, err
	}
	b.weekday = v.Get("weekday")
	for d := range report.Weekday(report.NumWeekdays) {
		if b.weekday == "" || d.String() == b.weekday {
			b.slots |= b.shift.On(d)
		}
	}
	if b.slots == 0 {
		return b, badParam("weekday", b.weekday, "mon, tue, wed, thu, fri, sat or sun")
	}
	if b.top, err = intParam(v, "top", defaultStops, 1, analysis.MaxRoute); err != nil {
		return b, err
	}
	if at := v.Get("start"); at != "" {
		lat, lng, ok := strings.Cut(at, ",")
		la, err1 := strconv.ParseFloat(lat, 64)
		ln, err2 := strconv.ParseFloat(lng, 64)
		if !ok || err1 != nil || err2 != nil || !world.Contains(la, ln) {
			return b, badParam("start", at, "latitude,longitude in degrees")
		}
		b.start = &h3.LatLng{Lat: la, Lng: ln}
	}
	return b, nil
}

func (s *Server) briefShift(st *areaStudy, ask briefAsk) (*briefAnswer, error) {
	if err := st.fill(); err != nil {
		return nil, err
	}
	found := analysis.BriefShift(st.snap, analysis.ShiftQuery{
		Region: st.in, Res: st.res, Filter: st.filter, Slots: ask.slots, Top: ask.top, Factors: report.NumFactors, Start: ask.start,
	})
	out := &briefAnswer{
		head: s.head(st.study), Name: st.area.name, Place: s.placeName(st.middle()), Shift: ask.shift, Weekday: ask.weekday, Slots: slotsOf(ask.slots),
		Total: found.Total, Rest: found.Rest, Lift: found.Lift, Unknown: found.UnknownTime, Places: []briefPlace{}, Made: s.today().String(),
	}
	out.Route.Order, out.Route.Metres = found.Route.Order, float64(int64(found.Route.Metres))
	if out.Route.Order == nil {
		out.Route.Order = []int{}
	}
	shown := st.grant.ColumnsAt(st.res)
	for _, p := range found.Places {
		boundary, err := outline(p.Cell)
		if err != nil {
			return nil, err
		}
		one := briefPlace{s.spot(p.Cell), p.Count, p.Rest, p.Lift, p.Q, p.Verdict, []briefFactor{}, boundary}
		for _, f := range p.Factors {
			if shown.Has(f.Factor) && len(one.Factors) < leadingFactors {
				one.Factors = append(one.Factors, briefFactor{f.Factor.ID(), f.Count, round3(f.Share), round3(f.Whole)})
			}
		}
		out.Places = append(out.Places, one)
	}
	return out, nil
}

// leadingFactors fit on a line of the page.
const leadingFactors = 3

func slotsOf(slots analysis.Slots) []briefSlot {
	out := []briefSlot{}
	for d := range report.UnknownDaypart {
		one := briefSlot{Daypart: d.String()}
		for w := range report.Weekday(report.NumWeekdays) {
			if slots.Has(d, w) {
				one.Weekdays = append(one.Weekdays, w.String())
			}
		}
		if one.Weekdays != nil {
			out = append(out, one)
		}
	}
	return out
}
