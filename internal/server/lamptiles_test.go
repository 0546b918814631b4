package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"

	"github.com/streetsafe/streetsafe/internal/lamps"
)

// twoLamps stand in Croydon and in Westminster.
func twoLamps(t testing.TB) *lamps.Index {
	t.Helper()
	x, err := lamps.Read([]byte("id,lat,lng,kind,off\nL1,51.3727,-0.0994,LED,00:00-05:30\nL2,51.5,-0.13,SON,\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	x.Source = "two-lamps.csv"
	return x
}

func TestServer_lampTiles(t *testing.T) {
	f := fullWorkbench(t)
	set := decode[struct {
		Tiles   []string
		MinZoom int `json:"minzoom"`
		Lamps   int
		Hours   bool
		Kinds   []struct {
			Kind  string
			Lamps int
		}
		Bounds []float64
	}](t, f.get(t, "/tiles/lamps.json"))
	if set.Lamps != 2 || !set.Hours || len(set.Kinds) != 2 || set.Kinds[0].Kind != "LED" || set.MinZoom != 14 || fmt.Sprint(set.Bounds) != "[-0.13 51.3727 -0.0994 51.5]" {
		t.Errorf("TileJSON: %+v", set)
	}
	for _, z := range []maptile.Zoom{14, 15, 16} {
		for _, l := range []struct {
			at            orb.Point
			id, kind, off string
		}{{orb.Point{-0.0994, 51.3727}, "L1", "LED", "00:00-05:30"}, {orb.Point{-0.13, 51.5}, "L2", "SON", ""}} {
			tile := maptile.At(l.at, z)
			target := fmt.Sprintf("/tiles/lamps/%d/%d/%d.mvt", tile.Z, tile.X, tile.Y)
			layers, err := mvt.Unmarshal(content(t, f.get(t, target)))
			if err != nil || len(layers) != 1 || layers[0].Name != "lamps" || layers[0].Version != 2 || len(layers[0].Features) != 1 {
				t.Fatalf("%s: %+v (%v)", target, layers, err)
			}
			layers.ProjectToWGS84(tile)
			got := layers[0].Features[0]
			off, _ := got.Properties["off"].(string)
			p, ok := got.Geometry.(orb.Point)
			if !ok || got.Properties["id"] != l.id || got.Properties["kind"] != l.kind || off != l.off || max(p[0]-l.at[0], l.at[0]-p[0], p[1]-l.at[1], l.at[1]-p[1]) > 1e-5 {
				t.Errorf("%s: %v at %v", target, got.Properties, got.Geometry)
			}
		}
	}
	for target, want := range map[string]int{"16/1/1": 204, "13/4093/2730": 404, "17/1/1": 404, "16/99999/1": 404, "16/x/1": 404} {
		if r := f.get(t, "/tiles/lamps/"+target+".mvt"); r.StatusCode != want {
			t.Errorf("%s: status %d, want %d", target, r.StatusCode, want)
		}
	}
	bare := newFixture(t, nil)
	if r := bare.get(t, "/tiles/lamps.json"); r.StatusCode != http.StatusNotFound || !strings.Contains(string(content(t, r)), "streetsafe lamps import") {
		t.Errorf("without lamps: status %d", r.StatusCode)
	}
}

// Whoever is bound to an area sees the lamps in it and no others.
func TestServer_lampTiles_bound(t *testing.T) {
	s := newSite(t, true)
	for _, who := range []string{"officer", "bound officer", "planner"} {
		for name, at := range map[string]orb.Point{"Croydon": {-0.0994, 51.3727}, "Westminster": {-0.13, 51.5}} {
			tile := maptile.At(at, 16)
			want := http.StatusOK
			if who != "officer" && name != "Croydon" {
				want = http.StatusNoContent
			}
			if r := s.as(t, who, http.MethodGet, fmt.Sprintf("/tiles/lamps/16/%d/%d.mvt", tile.X, tile.Y), nil); r.StatusCode != want {
				t.Errorf("%s in %s: status %d, want %d", who, name, r.StatusCode, want)
			}
		}
	}
}
