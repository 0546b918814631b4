package server

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/analysis"
	"github.com/streetsafe/streetsafe/internal/tilecache"
	"github.com/streetsafe/streetsafe/tiles"
)

const (
	maxAreaBytes    = 512 << 10 // a ward drawn to the metre has some 100 KB
	maxAreaCorners  = 20_000
	maxAreaName     = 100 // runes
	maxRadiusMetres = 100_000

	// maxAreaCells is up to how many cells an area is drawn with the finest
	// resolution. Figures add up its cells one by one: 20,000 take a tenth of a
	// second. Larger areas use larger cells, whose ragged edge matters less.
	maxAreaCells = 20_000
)

// drawnArea is an area that somebody drew, sent as GeoJSON.
type drawnArea struct {
	name     string
	shape    orb.Geometry // as sent
	metres   float64      // radius when shape is a point
	polygons []h3.GeoPolygon
	hash     [sha256.Size]byte // of the bytes sent, for cache keys
}

// readArea reads a GeoJSON geometry or Feature from a request: a Polygon, a
// MultiPolygon, or a Feature with a Point and the property radius_m.
func readArea(w http.ResponseWriter, r *http.Request) (*drawnArea, error) {
	if t := r.Header.Get("Content-Type"); !strings.HasPrefix(t, typeGeoJSON) && !strings.HasPrefix(t, typeJSON) {
		return nil, newProblem(http.StatusUnsupportedMediaType, "Send the area as "+typeGeoJSON+".")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAreaBytes))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, newProblem(http.StatusRequestEntityTooLarge, fmt.Sprintf("The area is larger than %d KiB. Simplify its outline.", maxAreaBytes>>10))
	}
	if err != nil {
		return nil, err
	}
	a, err := parseArea(body)
	if err != nil {
		return nil, badArea(err.Error())
	}
	a.hash = sha256.Sum256(body)
	return a, nil
}

func badArea(why string) *problem {
	p := newProblem(http.StatusBadRequest, "The area cannot be used: "+why+".")
	p.Param = "area"
	return p
}

func parseArea(body []byte) (*drawnArea, error) {
	var kind struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(body, &kind); err != nil {
		return nil, errors.New("it is not JSON")
	}
	a := &drawnArea{}
	if kind.Type == "Feature" {
		f, err := geojson.UnmarshalFeature(body)
		if err != nil || f.Geometry == nil {
			return nil, errors.New("it is no GeoJSON Feature with a geometry")
		}
		a.shape = f.Geometry
		a.name = cleanName(f.Properties.MustString("name", ""))
		if m, ok := f.Properties["radius_m"].(float64); ok {
			a.metres = m
		}
	} else {
		g, err := geojson.UnmarshalGeometry(body)
		if err != nil {
			return nil, errors.New("it is no GeoJSON geometry or Feature")
		}
		a.shape = g.Geometry()
	}
	return a, a.check()
}

// cleanName keeps what can be printed on one line.
func cleanName(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }), " ")
	if runes := []rune(s); len(runes) > maxAreaName {
		s = string(runes[:maxAreaName])
	}
	return s
}

func (a *drawnArea) check() error {
	corners := 0
	add := func(p orb.Polygon) error {
		if len(p) == 0 {
			return errors.New("a polygon has no outline")
		}
		var loops []h3.GeoLoop
		for _, r := range p {
			if corners += len(r); corners > maxAreaCorners {
				return fmt.Errorf("it has more than %d corners", maxAreaCorners)
			}
			if len(r) < 4 || r[0] != r[len(r)-1] {
				return errors.New("a ring needs four positions or more, the last equal to the first")
			}
			loop := make(h3.GeoLoop, len(r)-1)
			for i := range loop {
				if !onEarth(r[i]) {
					return fmt.Errorf("%v, %v is no position in degrees, longitude first", r[i][0], r[i][1])
				}
				loop[i] = h3.LatLng{Lat: r[i].Lat(), Lng: r[i].Lon()}
			}
			loops = append(loops, loop)
		}
		a.polygons = append(a.polygons, h3.GeoPolygon{GeoLoop: loops[0], Holes: loops[1:]})
		return nil
	}
	switch g := a.shape.(type) {
	case orb.Polygon:
		return add(g)
	case orb.MultiPolygon:
		if len(g) == 0 {
			return errors.New("it has no polygon")
		}
		for _, p := range g {
			if err := add(p); err != nil {
				return err
			}
		}
		return nil
	case orb.Point:
		if !onEarth(g) {
			return errors.New("the point is no position in degrees, longitude first")
		}
		if !(a.metres > 0 && a.metres <= maxRadiusMetres) {
			return fmt.Errorf("a point needs the property radius_m, a number of metres up to %d", maxRadiusMetres)
		}
		return nil
	}
	return errors.New("it must be a Polygon, a MultiPolygon or a Feature with a Point and radius_m")
}

func onEarth(p orb.Point) bool {
	return math.Abs(p.Lon()) <= 180 && math.Abs(p.Lat()) <= 85
}

// areaStudy is a study of a drawn area.
type areaStudy struct {
	*study
	area  *drawnArea
	fixed bool            // the resolution was asked for
	cells []h3.Cell       // of the study's resolution, those that may be seen; see fill
	in    analysis.Region // the same
}

// areaStudy reads the area in a request's body and asks the policy.
func (s *Server) areaStudy(w http.ResponseWriter, r *http.Request, ask areaAsk) (*areaStudy, error) {
	area, err := readArea(w, r)
	if err != nil {
		return nil, err
	}
	st, err := s.study(r, ask.query, studyAsk{surface: ask.surface, why: ask.why, lo: tiles.MinResolution, hi: tiles.MaxResolution, def: ask.finest})
	if err != nil {
		return nil, err
	}
	return &areaStudy{study: st, area: area, fixed: ask.query.Has("res")}, nil
}

// key is what an answer about the area depends on beside its own parameters.
func (a *areaStudy) key(kind string) string {
	return a.study.key(kind) + fmt.Sprintf("|%v|%x", a.fixed, a.area.hash)
}

// fill finds the cells of the area. Without a resolution it takes the finest at
// which the area has no more than some thousand cells.
func (a *areaStudy) fill() (err error) {
	coarsest := tiles.MinResolution
	if a.grant.Region != nil {
		coarsest = access.RegionResolution
	}
	if a.fixed {
		coarsest = a.res
	}
	for ; ; a.res-- {
		a.cells, err = a.area.cellsAt(a.res)
		switch {
		case err == nil && (len(a.cells) <= maxAreaCells || a.res == coarsest):
		case err != nil && !errors.Is(err, analysis.ErrTooManyCells):
			return badArea("its outline cannot be filled")
		case a.res == coarsest:
			return badArea(fmt.Sprintf("it has too many hexagons of resolution %d; choose a coarser one", a.res))
		default:
			continue
		}
		break
	}
	if g := a.grant.Region; g != nil {
		seen := a.cells[:0]
		for _, c := range a.cells {
			if g.Has(c) {
				seen = append(seen, c)
			}
		}
		if a.cells = seen; len(seen) == 0 {
			return &access.Refusal{Kind: access.Forbidden, Reason: "This area lies outside yours."}
		}
	}
	if len(a.cells) == 0 {
		return badArea("it is smaller than a hexagon: draw it larger")
	}
	a.in, err = analysis.InCells(a.cells)
	return err
}

// respondPosted answers a question that was posted. It is worked out once for
// all who ask the same, and each account may have some under way.
func (s *Server) respondPosted(w http.ResponseWriter, r *http.Request, key string, value func() (any, error)) error {
	leave, err := s.desk.take(r)
	if err != nil {
		return err
	}
	defer leave()
	enc := negotiate(r.Header.Get("Accept-Encoding"))
	e, err := s.cache.Fetch(r.Context(), key+enc.tag, func() (*tilecache.Entry, error) {
		v, err := value()
		if err != nil {
			return nil, err
		}
		body, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		return enc.entry(body, s.etag(key+enc.tag), typeJSON), nil
	})
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	addVary(h)
	return write(w, e)
}

type areaAsk struct {
	query   url.Values
	surface access.Surface
	why     string
	finest  int // resolution to begin with when none is asked for
}

func (a *drawnArea) cellsAt(res int) ([]h3.Cell, error) {
	if p, ok := a.shape.(orb.Point); ok {
		return analysis.RadiusCells(h3.LatLng{Lat: p.Lat(), Lng: p.Lon()}, a.metres, res)
	}
	return analysis.PolygonCells(a.polygons, res)
}

// middle is where to say that an area is.
func (a *areaStudy) middle() (lat, lng float64) {
	b := a.area.shape.Bound().Center()
	return b.Lat(), b.Lon()
}
