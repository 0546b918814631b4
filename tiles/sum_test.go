package tiles_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/tiles"
)

// TestEncoder_SumRule draws reports at every zoom, tile by tile: over all tiles,
// each cell counted once, there are as many as there were, and a cell has the
// same count in every tile that shows it.
func TestEncoder_SumRule(t *testing.T) {
	const reports = 3000
	rng := rand.New(rand.NewPCG(3, 4))
	var at []h3.Cell
	for range reports {
		// About London, and about the dateline where it crosses Taveuni.
		lat, lng := 51.5+rng.NormFloat64()*0.004, -0.1+rng.NormFloat64()*0.006
		if rng.IntN(4) == 0 {
			lat, lng = -16.8+rng.NormFloat64()*0.004, 180+rng.NormFloat64()*0.006
		}
		at = append(at, cellAt(t, lat, lng, tiles.MaxResolution))
	}
	e := tiles.NewEncoder()
	for z := uint32(0); z <= 16; z += 2 {
		res := tiles.ResolutionForZoom(z)
		counts := map[h3.Cell]uint32{}
		for _, c := range at {
			p, err := c.Parent(res)
			if err != nil {
				t.Fatal(err)
			}
			counts[p]++
		}
		outlines := map[h3.Cell][]tiles.Vertex{}
		for c := range counts {
			outlines[c] = outline(t, c)
		}
		seen := map[uint64]uint32{}
		for _, tile := range tilesUnder(t, counts, z) {
			for id, n := range drawn(t, e, tile, picture{counts, outlines}) {
				if old, ok := seen[id]; ok && old != n {
					t.Errorf("zoom %d: cell %d counts %d and %d in two tiles", z, id, old, n)
				}
				seen[id] = n
			}
		}
		sum := 0
		for id, n := range seen {
			c, err := tiles.CellFromFeatureID(id, res)
			if err != nil || counts[c] != n {
				t.Errorf("zoom %d: feature %d is %s with %d, want %d", z, id, c, n, counts[c])
			}
			sum += int(n)
		}
		if sum != reports {
			t.Errorf("zoom %d: the tiles have %d reports, want %d", z, sum, reports)
		}
	}
}

// tilesUnder are the tiles around the centres of cells.
func tilesUnder(tb testing.TB, counts map[h3.Cell]uint32, z uint32) []tiles.Tile {
	tb.Helper()
	found := map[tiles.Tile]bool{}
	n := uint32(1) << z
	for c := range counts {
		v, err := tiles.Centre(c)
		if err != nil {
			tb.Fatal(err)
		}
		x, y := uint32(v.X)>>(tiles.WorldBits-z), uint32(v.Y)>>(tiles.WorldBits-z)
		for _, dx := range []uint32{0, 1, n - 1} {
			found[tiles.Tile{Z: z, X: (x + dx) % n, Y: y}] = true
		}
	}
	return slices.Collect(maps.Keys(found))
}

// picture is what a zoom has to show.
type picture struct {
	counts   map[h3.Cell]uint32
	outlines map[h3.Cell][]tiles.Vertex
}

// drawn encodes the cells that touch a tile and decodes them again.
func drawn(tb testing.TB, e *tiles.Encoder, tile tiles.Tile, p picture) map[uint64]uint32 {
	tb.Helper()
	e.Reset(tile, tiles.Layer{Res: tiles.ResolutionForZoom(tile.Z)})
	for c, n := range p.counts {
		if ring := p.outlines[c]; tiles.Touches(ring, tile) {
			e.Cell(c, ring, n, nil)
		}
	}
	out := map[uint64]uint32{}
	data := e.Finish()
	if data == nil {
		return out
	}
	layer, _ := decode(tb, data)
	for _, f := range layer.Features {
		id, ok := f.ID.(float64)
		if !ok {
			tb.Fatalf("feature id %v", f.ID)
		}
		out[uint64(id)] = property(tb, f, "count")
	}
	return out
}
