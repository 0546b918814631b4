package release

import (
	"bytes"
	"compress/gzip"
	_ "embed" // the default universe
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/uber/h3-go/v4"
)

//go:embed uk.universe.gz
var defaultUniverse []byte

// DefaultUniverse returns the United Kingdom with London as an area of its own.
// Its outline is Natural Earth's (public domain) through world-atlas (ISC),
// London's from vega-datasets (Open Government Licence v3).
func DefaultUniverse() (*Universe, error) {
	z, err := gzip.NewReader(bytes.NewReader(defaultUniverse))
	if err != nil {
		return nil, fmt.Errorf("embedded universe: %w", err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("embedded universe: %w", err)
	}
	return DecodeUniverse(b)
}

// Polygon is an outer ring and its holes, each point longitude and latitude in
// degrees.
type Polygon [][][2]float64

// Area is an area of the yearly tables with its outline.
type Area struct {
	Force    Force
	Polygons []Polygon
}

// NewOutlineUniverse makes the universe of all resolution-6 cells that overlap
// an area, and their neighbours: published outlines are simplified by up to some
// kilometres, and an empty cell too many costs nothing. A resolution-8 cell belongs to the first area that has its centre,
// and one outside all of them, at a coast drawn too simply for instance, to the
// nearest: no report is lost to a simplified outline.
func NewOutlineUniverse(areas []Area) (*Universe, error) {
	owner := map[h3.Cell]int{}
	parents := map[h3.Cell]struct{}{}
	forces := make([]Force, len(areas))
	for i, a := range areas {
		forces[i] = a.Force
		for _, p := range a.Polygons {
			if err := claim(p, i, owner, parents); err != nil {
				return nil, fmt.Errorf("outline of %s: %w", a.Force.Name, err)
			}
		}
	}
	if err := widen(parents); err != nil {
		return nil, err
	}
	list := make([]h3.Cell, 0, len(parents))
	for c := range parents {
		list = append(list, c)
	}
	if len(list) == 0 || len(list) > maxUniverse {
		return nil, fmt.Errorf("the outlines cover %d cells of resolution %d: expected 1 to %d", len(list), themeRes, maxUniverse)
	}
	if len(owner) == 0 { // no area has the centre of a cell
		owner[childOf(childOf(slices.Min(list), 0), 0)] = 0
	}
	if err := flood(owner, parents); err != nil {
		return nil, err
	}
	return NewUniverse(list, forces, func(c h3.Cell) int { return owner[c] })
}

// widen adds the neighbours of a set of cells.
func widen(cells map[h3.Cell]struct{}) error {
	var more []h3.Cell
	for c := range cells {
		near, err := c.GridDisk(1)
		if err != nil {
			return fmt.Errorf("neighbours of %v: %w", c, err)
		}
		more = append(more, near...)
	}
	for _, c := range more {
		cells[c] = struct{}{}
	}
	return nil
}

func claim(p Polygon, force int, owner map[h3.Cell]int, parents map[h3.Cell]struct{}) error {
	shape, err := geoPolygon(p)
	if err != nil {
		return err
	}
	fine, err := h3.PolygonToCellsExperimental(shape, finestRes, h3.ContainmentCenter)
	if err != nil {
		return err
	}
	for _, c := range fine {
		if _, taken := owner[c]; !taken {
			owner[c] = force
		}
	}
	coarse, err := h3.PolygonToCellsExperimental(shape, themeRes, h3.ContainmentOverlapping)
	if err != nil {
		return err
	}
	for _, c := range coarse {
		parents[c] = struct{}{}
	}
	return nil
}

func geoPolygon(p Polygon) (h3.GeoPolygon, error) {
	var g h3.GeoPolygon
	for i, ring := range p {
		loop := make(h3.GeoLoop, 0, len(ring))
		for _, at := range ring {
			if !(at[0] >= -180 && at[0] <= 180 && at[1] >= -90 && at[1] <= 90) {
				return g, fmt.Errorf("%v is not a longitude and latitude in degrees", at)
			}
			loop = append(loop, h3.LatLng{Lat: at[1], Lng: at[0]})
		}
		if len(loop) < 3 {
			return g, errors.New("a ring has fewer than three points")
		}
		if i == 0 {
			g.GeoLoop = loop
		} else {
			g.Holes = append(g.Holes, loop)
		}
	}
	if len(p) == 0 {
		return g, errors.New("a polygon has no ring")
	}
	return g, nil
}

// flood gives cells without an owner that of their nearest neighbour, ring by
// ring outwards, the lower number where two are as near.
func flood(owner map[h3.Cell]int, parents map[h3.Cell]struct{}) error {
	edge := make([]h3.Cell, 0, len(owner))
	for c := range owner {
		edge = append(edge, c)
	}
	for len(edge) > 0 {
		slices.SortFunc(edge, func(a, b h3.Cell) int {
			if owner[a] != owner[b] {
				return owner[a] - owner[b]
			}
			if a < b {
				return -1
			}
			return 1
		})
		var next []h3.Cell
		for _, c := range edge {
			near, err := c.GridDisk(1)
			if err != nil {
				return fmt.Errorf("neighbours of %v: %w", c, err)
			}
			for _, n := range near {
				if _, taken := owner[n]; taken {
					continue
				}
				if _, in := parents[parentOf(n, themeRes)]; in {
					owner[n] = owner[c]
					next = append(next, n)
				}
			}
		}
		edge = next
	}
	return nil
}

// ReadAreas reads outlines from GeoJSON (RFC 7946) in WGS84: a FeatureCollection
// of Polygons and MultiPolygons. idProperty and nameProperty say which members
// of "properties" identify and name an area.
func ReadAreas(r io.Reader, idProperty, nameProperty string) ([]Area, error) {
	var doc struct {
		Type     string
		Features []struct {
			Properties map[string]any
			Geometry   *struct {
				Type        string
				Coordinates json.RawMessage
			}
		}
	}
	if err := json.NewDecoder(r).Decode(&doc); err != nil {
		return nil, fmt.Errorf("read boundaries: %w", err)
	}
	if doc.Type != "FeatureCollection" || len(doc.Features) == 0 {
		return nil, errors.New("read boundaries: expected a GeoJSON FeatureCollection with features")
	}
	var areas []Area
	number := map[string]int{}
	for i, f := range doc.Features {
		id, name := fmt.Sprint(f.Properties[idProperty]), fmt.Sprint(f.Properties[nameProperty])
		if f.Properties[idProperty] == nil || f.Properties[nameProperty] == nil || f.Geometry == nil {
			return nil, fmt.Errorf("read boundaries: feature %d lacks a geometry or the property %q or %q", i, idProperty, nameProperty)
		}
		polygons, err := decodePolygons(f.Geometry.Type, f.Geometry.Coordinates)
		if err != nil {
			return nil, fmt.Errorf("read boundaries: feature %d (%s): %w", i, name, err)
		}
		at, known := number[id]
		if !known {
			at = len(areas)
			number[id] = at
			areas = append(areas, Area{Force: Force{ID: id, Name: name}})
		}
		areas[at].Polygons = append(areas[at].Polygons, polygons...)
	}
	return areas, nil
}

func decodePolygons(kind string, raw json.RawMessage) ([]Polygon, error) {
	switch kind {
	case "Polygon":
		var p [][][]float64
		err := json.Unmarshal(raw, &p)
		return toPolygons([][][][]float64{p}), err
	case "MultiPolygon":
		var ps [][][][]float64
		err := json.Unmarshal(raw, &ps)
		return toPolygons(ps), err
	}
	return nil, fmt.Errorf("geometry %q: expected Polygon or MultiPolygon", kind)
}

// toPolygons drops heights; a point without two numbers becomes one that is
// refused later.
func toPolygons(ps [][][][]float64) []Polygon {
	out := make([]Polygon, len(ps))
	for i, p := range ps {
		for _, ring := range p {
			points := make([][2]float64, len(ring))
			for j, at := range ring {
				points[j] = [2]float64{1000, 1000}
				if len(at) >= 2 {
					points[j] = [2]float64{at[0], at[1]}
				}
			}
			out[i] = append(out[i], points)
		}
	}
	return out
}
