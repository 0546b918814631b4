package main

import (
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
)

// The tiles come from another encoder than the product's.
func encodedTile(t testing.TB, layers map[string]int) []byte {
	t.Helper()
	var all mvt.Layers
	for name, n := range layers {
		c := geojson.NewFeatureCollection()
		for i := range n {
			f := geojson.NewFeature(orb.Point{float64(i), 1})
			f.ID = uint64(i + 1)
			f.Properties["count"] = i
			f.Properties["name"] = "x"
			c.Append(f)
		}
		all = append(all, mvt.NewLayer(name, c))
	}
	tile, err := mvt.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return tile
}

func TestCountFeatures(t *testing.T) {
	tile := encodedTile(t, map[string]int{"cells": 137, "meta": 1})
	for layer, want := range map[string]int{"cells": 137, "meta": 1, "other": 0} {
		if n, err := countFeatures(tile, layer); err != nil || n != want {
			t.Errorf("layer %s: %d, %v; want %d", layer, n, err, want)
		}
	}
	if n, err := countFeatures(nil, "cells"); n != 0 || err != nil {
		t.Errorf("empty tile: %d, %v", n, err)
	}
	damaged := 0
	for cut := 1; cut < len(tile); cut++ {
		if _, err := countFeatures(tile[:cut], "cells"); err != nil {
			damaged++
		}
	}
	// A cut between two layers leaves a valid tile.
	if damaged < len(tile)-3 {
		t.Errorf("only %d of %d cuts are noticed", damaged, len(tile)-1)
	}
}

func FuzzCountFeatures(f *testing.F) {
	f.Add(encodedTile(f, map[string]int{"cells": 3}))
	f.Add([]byte{0x1a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}) // length past the end
	f.Add([]byte{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80}) // endless number
	f.Add([]byte{0x1d, 0, 0})                                                       // cut fixed field
	f.Fuzz(func(t *testing.T, tile []byte) {
		if n, err := countFeatures(tile, "cells"); err == nil && n > len(tile) {
			t.Fatalf("%d features in %d bytes", n, len(tile))
		}
	})
}
