package server

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"unicode/utf8"

	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/gazetteer"
)

const (
	defaultPlaces = 8
	maxPlaces     = 50
	maxPlaceQuery = 100 // runes; the longest place name in Britain has 58

	// nearbyMetres is how far a place may be to name a cell after it.
	nearbyMetres = 15_000
)

// searchPlaces answers the search box from the offline index.
func (s *Server) searchPlaces(w http.ResponseWriter, r *http.Request) error {
	v, err := parseQuery(r, "q", "limit")
	if err != nil {
		return err
	}
	if _, err := s.granted(r, access.Ask{Surface: access.SurfacePlaces}); err != nil {
		return err
	}
	limit, err := intParam(v, "limit", defaultPlaces, 1, maxPlaces)
	if err != nil {
		return err
	}
	q := strings.TrimSpace(v.Get("q"))
	if q == "" || !utf8.ValidString(q) || utf8.RuneCountInString(q) > maxPlaceQuery {
		return badParam("q", q, fmt.Sprintf("a place, a postcode district or a position, at most %d characters", maxPlaceQuery))
	}
	// What people look for is nobody's business: no copy is kept anywhere.
	w.Header().Set("Cache-Control", "no-store")
	found := s.places.Search(q, limit)
	if found == nil {
		found = []gazetteer.Place{}
	}
	return writeJSON(w, struct {
		Places      []gazetteer.Place `json:"places"`
		Attribution string            `json:"attribution"`
	}{found, s.places.Attribution()})
}

// placeName says where a position is in words, "" when nothing is near.
func (s *Server) placeName(lat, lng float64) string {
	p, metres, ok := s.places.Nearest(lat, lng)
	if !ok || metres > nearbyMetres {
		return ""
	}
	return "near " + p.Name
}

// centre returns the middle of a valid cell in degrees.
func centre(c h3.Cell) (lat, lng float64) {
	p, err := c.LatLng()
	if err != nil {
		return 0, 0 // cannot happen: the cell is valid
	}
	return round6(p.Lat), round6(p.Lng)
}

// round6 keeps six decimals, 11 cm.
func round6(x float64) float64 { return math.Round(x*1e6) / 1e6 }

// nameNear names the place nearest to a point, "" for none.
func (s *Server) nameNear(lat, lng float64) string {
	p, _, _ := s.places.Nearest(lat, lng)
	return p.Name
}
