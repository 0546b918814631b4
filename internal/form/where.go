package form

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/gazetteer"
	"github.com/streetsafe/streetsafe/internal/report"
)

const (
	maxFound = 8

	// wideSearch is how many places are looked at when some of the first ones lie
	// outside the area: of a name that is everywhere, those inside are wanted.
	wideSearch = 400

	// nudgeMetres moves the point by about one cell.
	nudgeMetres = 50

	metresPerDegree = 111_195 // of a great circle
)

// found is one place that a search gave.
type found struct {
	Name, Kind, Admin string
	Cell              string // its cell of report.Resolution
	Lat, Lng          float64
	Zoom              int
}

type whereData struct {
	Query       string
	Searched    bool
	Found       []found
	Hint        *found // the place of the poster
	Chosen      string // where the point is, in words; "" for none yet
	Lat, Lng    float64
	Attribution string
	Outside     string // attribution of the outside gazetteer when it was asked
	Basemap     Basemap
	Bounds      report.Box
}

func (v *visit) askWhere() {
	var a answers
	if v.token == "" {
		a = newAnswers()
		if c, ok := parseHint(v.r.URL.Query().Get("at")); ok && v.cfg.Area.Contains(centre(c)) {
			a.hint = c
		}
	} else {
		var ok bool
		if a, ok = v.load(); !ok {
			return
		}
	}
	out := v.question(1, "where", pathStart, a, map[string]string{
		"empty": "q", "choose": "q", "outside": "q", "unknown": "q"})
	if !out.Change {
		out.Back = address(pathStart, v.tr.Lang, "")
	}
	data := whereData{Attribution: v.places.Attribution(), Basemap: v.cfg.Basemap, Bounds: v.cfg.Area.Bounds()}
	if a.search != "" && !strings.HasPrefix(a.search, badDate) {
		data.Query, data.Searched = a.search, true
		seen := v.find(a.search, true)
		data.Found, data.Outside = seen.found, seen.asked
	}
	if a.hint != 0 {
		lat, lng := centre(a.hint)
		data.Hint = &found{Name: v.placeLabel(a.hint), Cell: a.hint.String(), Lat: lat, Lng: lng, Zoom: 17}
	}
	if a.cell != 0 {
		data.Chosen = v.placeLabel(a.cell)
		data.Lat, data.Lng = centre(a.cell)
	}
	out.Data = data
	v.render(http.StatusOK, out)
}

// lookup is what a search gave.
type lookup struct {
	found  []found
	beyond bool   // nothing, but there are such places outside the area
	asked  string // attribution of the outside gazetteer when it was asked
}

// find looks a place up in our own index, then, when the button was pressed and
// there is one, in the outside gazetteer.
func (v *visit) find(q string, pressed bool) (out lookup) {
	list := v.places.Search(q, maxFound)
	out.found = v.inside(list)
	if len(out.found) < len(list) {
		out.found = v.inside(v.places.Search(q, wideSearch))
	}
	out.beyond = len(out.found) == 0 && len(list) > 0
	if len(out.found) > 0 || !pressed || v.outside == nil {
		return out
	}
	list, err := v.outside.Search(v.r.Context(), q, maxFound)
	if err != nil {
		// Its text may hold the question, so only that it failed is told.
		v.log.Warn("the outside gazetteer did not answer")
	}
	out.found, out.asked = v.inside(list), v.outside.Attribution()
	out.beyond = len(out.found) == 0 && (out.beyond || len(list) > 0)
	return out
}

// inside keeps the first places of a list that are in the area.
func (v *visit) inside(list []gazetteer.Place) (out []found) {
	for _, p := range list {
		if f, ok := v.newFound(p); ok && len(out) < maxFound {
			out = append(out, f)
		}
	}
	return out
}

// newFound leaves out places outside the area.
func (v *visit) newFound(p gazetteer.Place) (found, bool) {
	if !v.cfg.Area.Contains(p.Lat, p.Lng) {
		return found{}, false
	}
	c, err := report.CellAt(p.Lat, p.Lng)
	if err != nil {
		return found{}, false
	}
	kind := v.tr.T("kind." + strings.ReplaceAll(p.Kind, " ", "_"))
	return found{Name: p.Name, Kind: kind, Admin: within(p), Cell: c.String(), Lat: p.Lat, Lng: p.Lng, Zoom: p.Zoom}, true
}

func (v *visit) takeWhere() {
	a, ok := v.load()
	if !ok {
		return
	}
	form := v.r.PostForm
	q := clip(form.Get("q"))
	switch {
	case form.Get("do") == "search":
		a.search = q
		if q == "" {
			v.again(pathWhere, a, "empty")
			return
		}
		v.showFound(a, "")
	case strings.HasPrefix(form.Get("do"), "move-"):
		v.nudge(a, strings.TrimPrefix(form.Get("do"), "move-"))
	case form.Get("lat") != "" || form.Get("lng") != "":
		v.takePoint(a, form.Get("lat"), form.Get("lng"))
	case form.Get("choice") != "":
		c, ok := parseHint(form.Get("choice"))
		if !ok || c.String() != form.Get("choice") {
			v.again(pathWhere, a, "choose")
			return
		}
		v.takeCell(a, c)
	case q != "" && q != a.search: // suggestions were shown, and none was chosen
		a.search = q
		v.showFound(a, "choose")
	case a.cell != 0:
		v.tookWhere(a)
	default:
		v.again(pathWhere, a, "choose")
	}
}

// showFound shows the page with what a search gives, and with what is to be put
// right, "" for nothing.
func (v *visit) showFound(a answers, code string) {
	switch seen := v.find(a.search, true); {
	case seen.beyond:
		v.again(pathWhere, a, "outside")
	case len(seen.found) == 0:
		v.again(pathWhere, a, "unknown")
	default:
		v.again(pathWhere, a, code)
	}
}

// takePoint is where a coordinate ends: it becomes a cell and is gone.
func (v *visit) takePoint(a answers, latText, lngText string) {
	lat, err1 := strconv.ParseFloat(latText, 64)
	lng, err2 := strconv.ParseFloat(lngText, 64)
	if err1 != nil || err2 != nil || !(math.Abs(lat) <= 90 && math.Abs(lng) <= 180) {
		v.again(pathWhere, a, "choose")
		return
	}
	if !v.cfg.Area.Contains(lat, lng) {
		v.again(pathWhere, a, "outside")
		return
	}
	c, err := report.CellAt(lat, lng)
	if err != nil {
		v.again(pathWhere, a, "choose")
		return
	}
	a.cell = c
	v.tookWhere(a)
}

func (v *visit) takeCell(a answers, c h3.Cell) {
	if !v.cfg.Area.Contains(centre(c)) {
		v.again(pathWhere, a, "outside")
		return
	}
	a.cell = c
	v.tookWhere(a)
}

func (v *visit) tookWhere(a answers) {
	a.done, a.search = a.done|stepWhere, ""
	v.answered(pathWhyPlace, a)
}

// nudge moves the point by a cell, for those who cannot drag it.
func (v *visit) nudge(a answers, way string) {
	if a.cell == 0 {
		v.again(pathWhere, a, "choose")
		return
	}
	lat, lng := centre(a.cell)
	north, east := 0.0, 0.0
	switch way {
	case "north":
		north = nudgeMetres
	case "south":
		north = -nudgeMetres
	case "east":
		east = nudgeMetres
	case "west":
		east = -nudgeMetres
	}
	lat += north / metresPerDegree
	lng += east / (metresPerDegree * max(0.1, math.Cos(lat*math.Pi/180)))
	c, err := report.CellAt(lat, lng)
	if err != nil || !v.cfg.Area.Contains(lat, lng) {
		v.again(pathWhere, a, "outside")
		return
	}
	a.cell = c
	v.goOn(pathWhere, a)
}

// clip takes a search down to what a token has room for.
func clip(q string) string {
	q = strings.Join(strings.Fields(strings.ToValidUTF8(q, "")), " ")
	q = strings.ReplaceAll(q, "\x00", "")
	for len(q) > maxSearch {
		_, n := utf8.DecodeLastRuneInString(q)
		q = q[:len(q)-n]
	}
	return q
}

// parseHint reads a cell that an address or a button names, of resolution 8 to
// 11, as the cell of report.Resolution at its middle.
func parseHint(s string) (h3.Cell, bool) {
	n, err := strconv.ParseUint(s, 16, 64)
	c := h3.Cell(n)
	if err != nil || len(s) > 16 || !c.IsValid() || c.Resolution() < receiptResolution || c.Resolution() > report.Resolution {
		return 0, false
	}
	fine, err := c.CenterChild(report.Resolution)
	return fine, err == nil
}

// centre returns the middle of a valid cell in degrees.
func centre(c h3.Cell) (lat, lng float64) {
	p, err := c.LatLng()
	if err != nil {
		return 0, 0 // cannot happen: the cell is valid
	}
	return p.Lat, p.Lng
}
