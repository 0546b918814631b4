package server

import (
	"fmt"
	"math"
	"net/http"
	"net/url"

	"github.com/gorilla/mux"
	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/analysis"
	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/report"
)

// study is a question about many places at once, as the policy lets it be
// asked. Every analysis counts through its filter, resolution and region, and
// through nothing else.
type study struct {
	*view
	filter report.Filter
	res    int
	region analysis.Region // all that may be seen; zero for everywhere
	box    report.Box      // what is on screen, for lists: not what is compared
	all    *cube.Figures   // see wholeFigures
}

// studyAsk is what a study needs to know beside the query string.
type studyAsk struct {
	surface access.Surface
	why     string
	lo, hi  int // resolutions
	def     int // resolution when none is asked for
}

var world = report.Box{West: -180, South: -90, East: 180, North: 90}

// study reads the filter, res and bbox, and asks the policy. Grouped counts are
// refused: what is worked out from half-years with small counts left out would
// be wrong, and what is worked out from all would give them away.
func (s *Server) study(r *http.Request, v url.Values, ask studyAsk) (*study, error) {
	f, err := report.ParseFilter(v)
	if err != nil {
		return nil, err
	}
	res, err := intParam(v, "res", ask.def, ask.lo, ask.hi)
	if err != nil {
		return nil, err
	}
	box := world
	if b := v.Get("bbox"); b != "" {
		if box, err = report.ParseBox(b); err != nil {
			return nil, badParam("bbox", b, expectBox)
		}
	}
	grant, err := s.granted(r, access.Ask{Surface: ask.surface, Filter: f, Res: res, Why: ask.why})
	if err != nil {
		return nil, err
	}
	if grant.Grouped {
		return nil, &access.Refusal{Kind: access.Forbidden, Reason: "Behavioural factors are shown to planners as sums of half-years only. Choose environmental factors to compare places."}
	}
	st := &study{view: s.view(s.cube.Current(), grant), filter: grant.Filter, res: grant.ClampRes(res), box: box}
	if grant.Region != nil {
		// Cells coarser than those of the region would lie in it in part only.
		st.res = max(st.res, access.RegionResolution)
		if st.region, err = analysis.InCells(grant.Region.Cells()); err != nil {
			return nil, err
		}
	}
	return st, nil
}

const expectBox = "west,south,east,north in degrees, west of east and south of north, such as -0.5,51.3,0.3,51.7"

// key is what a cached answer depends on beside its own parameters.
func (st *study) key(kind string) string {
	return fmt.Sprintf("%s%d|%d|%s|%s", kind, st.snap.Generation(), st.res, st.filter.Query(), st.grant.Scope)
}

// wholeFigures are the figures of all that may be seen under the filter.
func (st *study) wholeFigures() cube.Figures {
	if st.all == nil {
		f, err := analysis.FiguresOf(st.snap, st.region, st.res, st.filter)
		if err != nil {
			return cube.Figures{} // cannot happen: the resolution is one of the cube's
		}
		st.all = &f
	}
	return *st.all
}

// shows reports whether the middle of a cell is on screen.
func (st *study) shows(c h3.Cell) bool {
	lat, lng := centre(c)
	return st.box.Contains(lat, lng)
}

// reach bounds a window to days for which there can be reports: the first
// report of all up to today or the last report. Without a window it is the
// latest ninety days.
func (s *Server) reach(snap *cube.Snapshot, f report.Filter) analysis.Window {
	first, last := snap.Days()
	end := max(last, s.today()) + 1
	if !f.HasWindow() {
		return analysis.Window{From: max(first, last+1-defaultTrendDays), To: last + 1}
	}
	w := analysis.Window{From: max(f.From, first), To: min(f.To, end)}
	return analysis.Window{From: w.From, To: max(w.From, w.To)}
}

const defaultTrendDays = 90

// head is what all analyses begin with.
type head struct {
	Generation uint64   `json:"generation"`
	Synthetic  bool     `json:"synthetic"`
	Filter     string   `json:"filter"`
	Res        int      `json:"res"`
	Limits     []string `json:"limits,omitempty"` // what the answer leaves out, in words
}

func (s *Server) head(st *study) head {
	return head{st.snap.Generation(), s.cfg.Synthetic, st.filter.Query(), st.res, st.grant.Limits}
}

// spot is a cell with where it is, in words and on the map.
type spot struct {
	Cell  string  `json:"cell"`
	Lat   float64 `json:"lat"`
	Lng   float64 `json:"lng"`
	Place string  `json:"place,omitempty"`
}

func (s *Server) spot(c h3.Cell) spot {
	lat, lng := centre(c)
	return spot{c.String(), lat, lng, s.whereabouts(lat, lng)}
}

// namedAfter is how near a place must be for a position to be called after it
// without more.
const namedAfter = 100 // metres

var compass = [8]string{"north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"}

// whereabouts says where a position is more closely than placeName: lists of
// places would otherwise say "near Croydon" ten times.
func (s *Server) whereabouts(lat, lng float64) string {
	p, metres, ok := s.places.Nearest(lat, lng)
	switch {
	case !ok || metres > nearbyMetres:
		return ""
	case metres < namedAfter:
		return "at " + p.Name
	}
	east := (lng - p.Lng) * math.Cos(p.Lat*math.Pi/180)
	turn := math.Atan2(east, lat-p.Lat) / (math.Pi / 4) // eighths, clockwise from north
	way := compass[(int(math.Round(turn))+8)%8]
	if metres < 950 {
		return fmt.Sprintf("%d m %s of %s", int(math.Round(metres/50))*50, way, p.Name)
	}
	return fmt.Sprintf("%.1f km %s of %s", metres/1000, way, p.Name)
}

// outline is the boundary of a cell as a ring of GeoJSON, not closed.
func outline(c h3.Cell) ([][2]float64, error) {
	b, err := c.Boundary()
	if err != nil {
		return nil, fmt.Errorf("boundary of %s: %w", c, err)
	}
	return ring(b), nil
}

func ring(loop []h3.LatLng) [][2]float64 {
	out := make([][2]float64, len(loop))
	for i, p := range loop {
		out[i] = [2]float64{round6(p.Lng), round6(p.Lat)}
	}
	return out
}

// windowDays is a window as the API writes it.
type windowDays struct {
	From string `json:"from"`
	To   string `json:"to"` // exclusive
}

func newWindow(w analysis.Window) windowDays { return windowDays{w.From.String(), w.To.String()} }

// analysisRes bounds the resolutions of analyses that compare neighbours: a cell
// of resolution 11 is 50 m across, finer than where people put a pin.
const analysisRes = 10

// officerRoutes are the analyses. Areas are sent in the body of a POST: their
// outlines are too long for an address.
func (s *Server) officerRoutes(m *mux.Router) {
	m.Handle("/api/v1/hotspots", s.answer(s.hotspots)).Methods(http.MethodGet, http.MethodHead)
	m.Handle("/api/v1/trends", s.answer(s.trends)).Methods(http.MethodGet, http.MethodHead)
	m.Handle("/api/v1/profile", s.answer(s.onlyPost(s.profile)))
	m.Handle("/api/v1/brief", s.answer(s.onlyPost(s.brief)))
}

// onlyPost is for routes that take an area. Whoever may not see figures is not
// even told how to ask.
func (s *Server) onlyPost(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if _, err := s.granted(r, access.Ask{Surface: access.SurfaceFigures}); err != nil && r.URL.Query().Get("format") == "" {
			return err
		}
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			return newProblem(http.StatusMethodNotAllowed, "Use POST here, with the area as GeoJSON in the body.")
		}
		return h(w, r)
	}
}
