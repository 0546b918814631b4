package server

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/gorilla/mux"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/clip"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"
	"github.com/paulmach/orb/simplify"

	"github.com/streetsafe/streetsafe/internal/areas"
	"github.com/streetsafe/streetsafe/tiles"
)

// Boundaries have tile sets of their own: they change when somebody imports
// others, hexagons when reports come, and neither should spoil the other's cache.

const (
	areaLayer   = "areas"
	areaMaxZoom = 14 // beyond, clients overzoom: an outline has no more detail
	mvtVersion  = 2
	// areaBuffer is how far outlines reach over a tile's edge, in its units of
	// 4096, so that no stroke shows along it.
	areaBuffer = 64
	// areaTolerance is by how much outlines are simplified, in the same units: a
	// quarter of a pixel.
	areaTolerance = 4
)

func (s *Server) areaTileJSON(w http.ResponseWriter, r *http.Request) error {
	if _, err := parseQuery(r); err != nil {
		return err
	}
	if err := s.mapOnly(r); err != nil {
		return err
	}
	bench, k, err := s.kind(mux.Vars(r)["kind"])
	if err != nil {
		return err
	}
	base := baseURL(r)
	return s.respondJSON(w, r, bench.key("aj", k.Name+"|"+base), func() (any, error) {
		b := boundOf(k.Bound())
		return tiles.TileJSON{
			TileJSON: tiles.TileJSONVersion, Tiles: []string{base + "/tiles/areas/" + k.Name + "/{z}/{x}/{y}.mvt"}, Name: "Areas: " + k.Name,
			Description: fmt.Sprintf("%d boundaries of the kind %s, from %s.", len(k.Areas), k.Name, k.Source),
			Attribution: k.Source, Scheme: "xyz", MaxZoom: areaMaxZoom, Bounds: &b, Center: &[3]float64{(b[0] + b[2]) / 2, (b[1] + b[3]) / 2, 9},
			VectorLayers: []tiles.VectorLayer{{ID: areaLayer, MaxZoom: areaMaxZoom, Fields: map[string]string{"id": "String. Code of the area.", "name": "String."}}},
		}, nil
	})
}

func (s *Server) areaTile(w http.ResponseWriter, r *http.Request) error {
	if _, err := parseQuery(r); err != nil {
		return err
	}
	if err := s.mapOnly(r); err != nil {
		return err
	}
	vars := mux.Vars(r)
	bench, k, err := s.kind(vars["kind"])
	if err != nil {
		return err
	}
	t, ok := tileAddress(vars["z"], vars["x"], vars["y"])
	if !ok {
		return newProblem(http.StatusNotFound, fmt.Sprintf("There is no such tile: zooms go from 0 to %d, and columns and rows from 0 to 2^zoom - 1.", areaMaxZoom))
	}
	key := bench.key("at", fmt.Sprintf("%s|%d/%d/%d", k.Name, t.Z, t.X, t.Y))
	return s.respond(w, r, answerTo{key: key, typ: typeMVT, cache: revalidate, make: func() ([]byte, error) { return drawAreas(k, t) }})
}

func tileAddress(z, x, y string) (maptile.Tile, bool) {
	zoom, err1 := strconv.ParseUint(z, 10, 8)
	col, err2 := strconv.ParseUint(x, 10, 32)
	row, err3 := strconv.ParseUint(y, 10, 32)
	t := maptile.New(uint32(col), uint32(row), maptile.Zoom(zoom))
	return t, err1 == nil && err2 == nil && err3 == nil && zoom <= areaMaxZoom && t.Valid()
}

// drawAreas encodes the areas that a tile meets; nil when it meets none.
func drawAreas(k *areas.Kind, t maptile.Tile) ([]byte, error) {
	bound := t.Bound(float64(areaBuffer) / mvt.DefaultExtent)
	fc := geojson.NewFeatureCollection()
	for _, a := range k.Areas {
		if !a.Bound.Intersects(bound) {
			continue
		}
		part := clip.MultiPolygon(bound, a.Outline.Clone()) // it writes into what it gets
		if len(part) == 0 {
			continue
		}
		f := geojson.NewFeature(part)
		f.Properties = geojson.Properties{"id": a.ID, "name": a.Name}
		fc.Append(f)
	}
	if len(fc.Features) == 0 {
		return nil, nil
	}
	layer := mvt.NewLayer(areaLayer, fc)
	layer.Version = mvtVersion // it says 1
	layer.ProjectToTile(t)
	layer.Simplify(simplify.DouglasPeucker(areaTolerance))
	layer.RemoveEmpty(1, 1)
	for _, f := range layer.Features {
		f.Geometry = wound(f.Geometry)
	}
	if len(layer.Features) == 0 {
		return nil, nil
	}
	return mvt.Marshal(mvt.Layers{layer})
}

// wound turns rings as the specification wants them (MVT 2.1, 4.3.4.4): outer
// ones with a positive area where y points down, holes with a negative one.
func wound(g orb.Geometry) orb.Geometry {
	turn := func(p orb.Polygon) {
		for i, ring := range p {
			if want := map[bool]orb.Orientation{true: orb.CCW, false: orb.CW}[i == 0]; ring.Orientation() != want {
				ring.Reverse()
			}
		}
	}
	switch g := g.(type) {
	case orb.Polygon:
		turn(g)
	case orb.MultiPolygon:
		for _, p := range g {
			turn(p)
		}
	}
	return g
}
