package tiles_test

import (
	"encoding/json"
	"testing"

	"github.com/streetsafe/streetsafe/tiles"
)

func TestTileJSON_Marshal(t *testing.T) {
	doc := tiles.TileJSON{
		TileJSON: tiles.TileJSONVersion,
		Tiles:    []string{"https://example.org/tiles/{z}/{x}/{y}.mvt"},
		VectorLayers: tiles.VectorLayers(tiles.Layer{Columns: []string{"badly_lit", "isolated"}, WithCell: true}, 18,
			map[string]string{"badly_lit": "Number. Poorly lit."}),
		MaxZoom: 18,
		Bounds:  &[4]float64{-8.7, 49.8, 1.8, 60.9},
		Center:  &[3]float64{-0.1, 51.5, 10},
	}
	data, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	// What 3.0.0 requires, and no member without a value.
	for _, key := range []string{"tilejson", "tiles", "vector_layers", "minzoom", "maxzoom", "bounds", "center"} {
		if _, ok := got[key]; !ok {
			t.Errorf("%s is missing in %s", key, data)
		}
	}
	if len(got) != 7 || got["tilejson"] != "3.0.0" {
		t.Errorf("%s", data)
	}
}

// TestVectorLayers_AreWhatTilesHave compares the description with a tile.
func TestVectorLayers_AreWhatTilesHave(t *testing.T) {
	b := newBody(t, 50, "badly_lit", "isolated")
	b.layer.WithCell = true
	layer, meta := decode(t, b.encode(tiles.NewEncoder()))
	described := tiles.VectorLayers(b.layer, 18, nil)
	if len(described) != 2 || described[0].ID != layer.Name || described[1].ID != meta.Name {
		t.Fatalf("described: %+v", described)
	}
	seen := map[string]bool{}
	for _, f := range layer.Features {
		for k := range f.Properties {
			seen[k] = true
			if described[0].Fields[k] == "" {
				t.Errorf("the property %s is not described", k)
			}
		}
	}
	if len(seen) != len(described[0].Fields) {
		t.Errorf("described %v, seen %v", described[0].Fields, seen)
	}
	for k := range meta.Features[0].Properties {
		if described[1].Fields[k] == "" {
			t.Errorf("the property %s of meta is not described", k)
		}
	}
	if len(meta.Features[0].Properties) != len(described[1].Fields) {
		t.Errorf("meta: described %v, there are %v", described[1].Fields, meta.Features[0].Properties)
	}
}
