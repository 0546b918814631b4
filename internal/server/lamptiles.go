package server

import (
	"fmt"
	"net/http"

	"github.com/gorilla/mux"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/lamps"
	"github.com/streetsafe/streetsafe/tiles"
)

const (
	lampLayer = "lamps"
	// Lamps stand some thirty metres apart: at zoom 14 they are three pixels from
	// each other, and clients overzoom from 16.
	lampMinZoom, lampMaxZoom = 14, 16
	// lampBuffer is how far over a tile's edge its lamps stand, in its units of
	// 4096, so that no symbol is cut there: four pixels.
	lampBuffer = 64.0
	// maxKinds bounds the kinds that a legend is told of: files name some dozens.
	maxKinds = 50
)

// lampSet is the TileJSON of the lamps with what a legend needs.
type lampSet struct {
	tiles.TileJSON
	Lamps int               `json:"lamps"`
	Hours bool              `json:"hours"` // the source tells switch-off hours
	Kinds []lamps.KindCount `json:"kinds"` // the most frequent first
}

func noLamps() *problem {
	return newProblem(http.StatusNotFound, "No street lamps are loaded. An administrator loads them with `streetsafe lamps import`.")
}

func (s *Server) lampTileJSON(w http.ResponseWriter, r *http.Request) error {
	if _, err := parseQuery(r); err != nil {
		return err
	}
	if err := s.mapOnly(r); err != nil {
		return err
	}
	bench := s.workbench.Load()
	if bench.Lamps == nil {
		return noLamps()
	}
	base := baseURL(r)
	return s.respondJSON(w, r, bench.key("lj", base), func() (any, error) {
		x := bench.Lamps
		b, kinds := x.Bounds(), x.Kinds()
		return lampSet{tiles.TileJSON{
			TileJSON: tiles.TileJSONVersion, Tiles: []string{base + "/tiles/lamps/{z}/{x}/{y}.mvt"}, Name: "Street lamps",
			Description: fmt.Sprintf("%d street lamps, from %s.", x.Len(), x.Source), Attribution: x.Source, Scheme: "xyz", MinZoom: lampMinZoom, MaxZoom: lampMaxZoom,
			Bounds: &[4]float64{b.West, b.South, b.East, b.North}, Center: &[3]float64{(b.West + b.East) / 2, (b.South + b.North) / 2, lampMinZoom},
			VectorLayers: []tiles.VectorLayer{{ID: lampLayer, MinZoom: lampMinZoom, MaxZoom: lampMaxZoom, Fields: map[string]string{
				"id": "String. As the source names it.", "kind": "String. As the source names it.", "off": "String. Hours at which it is switched off by policy, such as 00:00-05:30; absent for none."}}},
		}, x.Len(), x.HasHours(), kinds[:min(len(kinds), maxKinds)]}, nil
	})
}

// lampTile draws the lamps of a tile that lie in what the account may see.
func (s *Server) lampTile(w http.ResponseWriter, r *http.Request) error {
	if _, err := parseQuery(r); err != nil {
		return err
	}
	grant, err := s.granted(r, access.Ask{Surface: access.SurfaceMap})
	if err != nil {
		return err
	}
	bench := s.workbench.Load()
	if bench.Lamps == nil {
		return noLamps()
	}
	vars := mux.Vars(r)
	t, err := tiles.ParseTile(vars["z"], vars["x"], vars["y"])
	if err != nil || t.Z < lampMinZoom || t.Z > lampMaxZoom {
		return newProblem(http.StatusNotFound, fmt.Sprintf("There is no such tile: zooms go from %d to %d, and columns and rows from 0 to 2^zoom - 1.", lampMinZoom, lampMaxZoom))
	}
	key := bench.key("lt", t.String()+"|"+grant.Scope)
	return s.respond(w, r, answerTo{key: key, typ: typeMVT, cache: revalidate, make: func() ([]byte, error) { return drawLamps(bench.Lamps, t, grant.Region) }})
}

// drawLamps encodes the lamps of a tile; nil when there are none.
func drawLamps(x *lamps.Index, t tiles.Tile, region *access.Region) ([]byte, error) {
	cells, err := tiles.Cover(t, lamps.BucketResolution)
	if err != nil {
		return nil, fmt.Errorf("lamps of %s: %w", t, err)
	}
	at := maptile.New(t.X, t.Y, maptile.Zoom(t.Z))
	bound, fc := at.Bound(lampBuffer/mvt.DefaultExtent), geojson.NewFeatureCollection()
	if region != nil {
		seen := cells[:0]
		for _, c := range cells {
			if region.Has(c) {
				seen = append(seen, c)
			}
		}
		cells = seen
	}
	x.In(cells, func(l *lamps.Lamp) {
		p := orb.Point{l.Lng, l.Lat}
		if !bound.Contains(p) {
			return
		}
		f := geojson.NewFeature(p)
		f.Properties = geojson.Properties{"id": l.ID, "kind": l.Kind}
		if off := l.Off.String(); off != "" {
			f.Properties["off"] = off
		}
		fc.Append(f)
	})
	if len(fc.Features) == 0 {
		return nil, nil
	}
	layer := mvt.NewLayer(lampLayer, fc)
	layer.Version = mvtVersion // it says 1
	layer.ProjectToTile(at)
	return mvt.Marshal(mvt.Layers{layer})
}
