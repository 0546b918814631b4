package form

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"

	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/gazetteer"
)

// placeLabel says in words where a cell is.
func (v *visit) placeLabel(c h3.Cell) string {
	lat, lng := centre(c)
	return v.near(lat, lng)
}

// besideMetres is how near a point must be to a place to be simply near it.
const besideMetres = 75

func (v *visit) near(lat, lng float64) string {
	p, metres, ok := v.places.Landmark(lat, lng)
	if !ok {
		return v.tr.T("near.none")
	}
	p.Admin = within(p)
	id := "near.place"
	if metres >= besideMetres {
		id = "near.far"
	}
	if p.Admin == "" {
		id = strings.TrimSuffix(id, ".place") + ".short"
	}
	name := p.Name
	if p.Kind == gazetteer.KindStation {
		name = v.tr.T("near.station", "Station", p.Name)
	}
	return v.tr.T(id, "Place", name, "Admin", p.Admin, "Metres", roundMetres(metres), "Way", v.tr.T("way."+way(p, lat, lng)))
}

// within says what a place lies in, without its own name: "Cardiff, Wales" of
// Cardiff is Wales.
func within(p gazetteer.Place) string {
	return strings.TrimPrefix(strings.TrimPrefix(p.Admin, p.Name), ", ")
}

// way is the direction from a place to a point: 0 for north, in eighths of a
// turn clockwise.
func way(p gazetteer.Place, lat, lng float64) string {
	turn := math.Atan2((lng-p.Lng)*math.Cos(lat*math.Pi/180), lat-p.Lat) / (2 * math.Pi)
	return strconv.Itoa((int(math.Round(turn*8)) + 8) % 8)
}

// roundMetres keeps what helps to tell two points apart and no more: steps of
// one cell, then of two hundred metres.
func roundMetres(m float64) int {
	if m < 1000 {
		return int(math.Round(m/nudgeMetres)) * nudgeMetres
	}
	return int(math.Round(m/200)) * 200
}

// searchPlaces answers the suggestions of the search box. The question comes in
// the body, so that no log of addresses has it.
func (v *visit) searchPlaces() {
	seen := v.find(clip(v.r.PostForm.Get("q")), false)
	list, said := seen.found, v.tr.T("where.count", "Count", len(seen.found))
	if list == nil {
		list = []found{}
	}
	if seen.beyond {
		said = v.tr.T("where.error.outside")
	}
	v.json(struct {
		Places []found `json:"places"`
		Said   string  `json:"said"`
	}{list, said})
}

// nearPlace says in words where a point is, and whether reports are taken there.
func (v *visit) nearPlace() {
	lat, err1 := strconv.ParseFloat(v.r.PostForm.Get("lat"), 64)
	lng, err2 := strconv.ParseFloat(v.r.PostForm.Get("lng"), 64)
	inside := err1 == nil && err2 == nil && v.cfg.Area.Contains(lat, lng)
	said := v.tr.T("where.error.outside")
	if inside {
		said = v.near(lat, lng)
	}
	v.json(struct {
		Inside bool   `json:"inside"`
		Said   string `json:"said"`
	}{inside, said})
}

func (v *visit) json(x any) {
	body, err := json.Marshal(x)
	if err != nil {
		v.trouble(http.StatusInternalServerError) // cannot happen: plain structs
		return
	}
	v.w.Header().Set("Content-Type", "application/json")
	v.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = v.w.Write(body) // the client may be gone, and there is nobody else to tell
}
