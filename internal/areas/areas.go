// Package areas keeps the boundaries by which figures are told: wards, boroughs,
// forces, or whatever an operator imports. A report belongs to the area in which
// the centre of its cell lies, so that areas that share a border share no report.
package areas

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Area is one of a kind, such as a ward. It is never changed once it is made.
type Area struct {
	Kind    string
	ID      string // unique in its kind, such as E05000146
	Name    string
	Outline orb.MultiPolygon // degrees, longitude first
	Bound   orb.Bound

	// Denominator is what counts are divided by for a rate, such as residents;
	// 0 when it is not known. Its meaning is that of its kind's DenominatorName.
	Denominator float64
}

// The limits of an import: far beyond any country's areas, and small enough that
// a wrong file cannot fill the memory.
const (
	MaxAreas    = 100_000
	maxVertices = 20_000_000
	maxText     = 200
)

// validKind are names that stand in URLs.
var validKind = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// CheckKind refuses names of kinds that cannot stand in a URL.
func CheckKind(kind string) error {
	if !validKind.MatchString(kind) {
		return fmt.Errorf("kind %q: expected lower-case letters, digits and hyphens, such as ward, borough or force", kind)
	}
	return nil
}

// check refuses an area that could not be drawn or found.
func (a *Area) check() error {
	switch {
	case a.ID == "" || len(a.ID) > maxText || strings.ContainsAny(a.ID, "/?#%\\"):
		return fmt.Errorf("id %q: expected a short code without / ? # %% and \\", a.ID)
	case a.Name == "" || len(a.Name) > maxText:
		return fmt.Errorf("area %s: its name is missing or too long", a.ID)
	case len(a.Outline) == 0:
		return fmt.Errorf("area %s: it has no outline", a.ID)
	}
	for _, p := range a.Outline {
		for _, ring := range p {
			if len(ring) < 3 {
				return fmt.Errorf("area %s: a ring has %d corners", a.ID, len(ring))
			}
			for _, v := range ring {
				if !(math.Abs(v.Lon()) <= 180 && math.Abs(v.Lat()) <= 90) {
					return fmt.Errorf("area %s: %v is no position in degrees, longitude first (EPSG:4326): convert the file, with ogr2ogr -t_srs EPSG:4326 for instance", a.ID, v)
				}
			}
		}
	}
	return nil
}

// Contains reports whether a position lies in the area. Of two areas that share
// a border, with the same corners on it, exactly one contains a position on it:
// an edge counts its lower end and not its upper one, and what lies on its right.
func (a *Area) Contains(lng, lat float64) bool {
	p := orb.Point{lng, lat}
	if !a.Bound.Contains(p) {
		return false
	}
	inside := false
	for _, polygon := range a.Outline {
		for _, ring := range polygon {
			if crossings(ring, p)%2 == 1 {
				inside = !inside // even-odd: holes and parts alike
			}
		}
	}
	return inside
}

// crossings counts the edges of a ring that a ray to the east meets.
func crossings(ring orb.Ring, p orb.Point) (n int) {
	for i, j := 0, len(ring)-1; i < len(ring); j, i = i, i+1 {
		a, b := ring[i], ring[j]
		if a[1] > b[1] { // always upwards, so that both neighbours compute the same
			a, b = b, a
		}
		if p[1] < a[1] || p[1] >= b[1] {
			continue
		}
		if x := a[0] + (p[1]-a[1])/(b[1]-a[1])*(b[0]-a[0]); p[0] < x {
			n++
		}
	}
	return n
}

// Polygons are the outline as h3 takes it.
func (a *Area) Polygons() []h3.GeoPolygon {
	loop := func(r orb.Ring) h3.GeoLoop {
		out := make(h3.GeoLoop, 0, len(r))
		for _, v := range r {
			out = append(out, h3.LatLng{Lat: v.Lat(), Lng: v.Lon()})
		}
		return out
	}
	out := make([]h3.GeoPolygon, 0, len(a.Outline))
	for _, p := range a.Outline {
		g := h3.GeoPolygon{GeoLoop: loop(p[0])}
		for _, hole := range p[1:] {
			g.Holes = append(g.Holes, loop(hole))
		}
		out = append(out, g)
	}
	return out
}

// Box is a box that holds the area.
func (a *Area) Box() report.Box {
	return report.Box{West: a.Bound.Left(), South: a.Bound.Bottom(), East: a.Bound.Right(), North: a.Bound.Top()}
}

// Kind is all areas of one kind.
type Kind struct {
	Name            string
	DenominatorName string // what Denominator counts, such as residents; "" when none is loaded
	Source          string // file and attribution, for exports
	Areas           []*Area

	byID  map[string]*Area
	index *grid
}

// NewKind puts areas of one kind together, by ID.
func NewKind(name string, list []*Area) (*Kind, error) {
	if err := CheckKind(name); err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, errors.New("no area in it")
	}
	if len(list) > MaxAreas {
		return nil, fmt.Errorf("%d areas, at most %d", len(list), MaxAreas)
	}
	k := &Kind{Name: name, Areas: slices.Clone(list), byID: make(map[string]*Area, len(list))}
	vertices := 0
	for _, a := range k.Areas {
		a.Kind = name
		if err := a.check(); err != nil {
			return nil, err
		}
		if k.byID[a.ID] != nil {
			return nil, fmt.Errorf("two areas have the id %s: choose another property for it with --id", a.ID)
		}
		k.byID[a.ID] = a
		a.Bound = a.Outline.Bound()
		for _, p := range a.Outline {
			for _, r := range p {
				vertices += len(r)
			}
		}
	}
	if vertices > maxVertices {
		return nil, fmt.Errorf("%d corners, at most %d: simplify the file", vertices, maxVertices)
	}
	slices.SortFunc(k.Areas, func(a, b *Area) int { return cmp.Compare(a.ID, b.ID) })
	k.index = newGrid(k.Areas)
	return k, nil
}

// Area finds an area, or nil.
func (k *Kind) Area(id string) *Area { return k.byID[id] }

// Find returns the position in Areas of the one that contains a position, the
// first by ID when they overlap, and -1 for none.
func (k *Kind) Find(lng, lat float64) int {
	for _, i := range k.index.near(lng, lat) {
		if k.Areas[i].Contains(lng, lat) {
			return int(i)
		}
	}
	return -1
}

// Bound is a box around all areas.
func (k *Kind) Bound() orb.Bound { return k.index.bound }
