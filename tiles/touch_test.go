package tiles_test

import (
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/clip"
	"github.com/uber/h3-go/v4"
	"pgregory.net/rapid"

	"github.com/streetsafe/streetsafe/tiles"
)

// clips is the oracle: orb's clipping in floating point, on each side of the
// dateline, with the tile made larger by grow units on all sides.
func clips(ring []tiles.Vertex, t tiles.Tile, grow float64) bool {
	minX, minY, maxX, maxY := t.WorldBounds()
	b := orb.Bound{
		Min: orb.Point{float64(minX) - grow, float64(minY) - grow},
		Max: orb.Point{float64(maxX) + grow, float64(maxY) + grow},
	}
	for _, shift := range []float64{-tiles.WorldSize, 0, tiles.WorldSize} {
		r := make(orb.Ring, 0, len(ring)+1)
		for _, v := range ring {
			r = append(r, orb.Point{float64(v.X) + shift, float64(v.Y)})
		}
		// clip.Ring's result can be what it walked along the bound's edge.
		if out := clip.Ring(b, append(r, r[0])); len(out) > 2 && out.Bound().Min != out.Bound().Max && areaOf(out) > 0 {
			return true
		}
	}
	return false
}

func areaOf(r orb.Ring) float64 {
	sum := 0.0
	for i := range r[1:] {
		sum += (r[i][0]-r[0][0])*(r[i+1][1]-r[0][1]) - (r[i+1][0]-r[0][0])*(r[i][1]-r[0][1])
	}
	return sum
}

func TestTouches_AgainstClipping(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		z := rapid.Uint32Range(0, 12).Draw(rt, "z")
		tile := tiles.Tile{
			Z: z,
			X: rapid.Uint32Range(0, 1<<z-1).Draw(rt, "x"),
			Y: rapid.Uint32Range(0, 1<<z-1).Draw(rt, "y"),
		}
		// A place in or about the tile, so that both answers come up.
		minX, minY, maxX, maxY := tile.WorldBounds()
		side := int64(maxX - minX)
		x := int64(minX) + rapid.Int64Range(-side/3, side+side/3).Draw(rt, "dx")
		y := int64(minY) + rapid.Int64Range(-side/3, side+side/3).Draw(rt, "dy")
		y = min(max(y, 0), tiles.WorldSize)
		_ = maxY
		res := min(rapid.IntRange(0, 3).Draw(rt, "coarser")+int(z)/2, 11)
		c := cellAtWorld(t, x, y, res)
		ring := outline(t, c)
		got := tiles.Touches(ring, tile)
		if !got && clips(ring, tile, 0) {
			rt.Errorf("%s and %s overlap but do not touch", c, tile)
		}
		if got && !clips(ring, tile, 2) {
			rt.Errorf("%s and %s touch but are apart", c, tile)
		}
	})
}

func cellAtWorld(tb testing.TB, x, y int64, res int) h3.Cell {
	tb.Helper()
	lng := float64(x)/tiles.WorldSize*360 - 180
	return cellAt(tb, latOf(float64(y)), lng, res)
}

func TestTouches_Rectangles(t *testing.T) {
	const half = tiles.WorldSize / 2
	box := func(x0, y0, x1, y1 int32) []tiles.Vertex {
		return []tiles.Vertex{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}}
	}
	nw := tiles.Tile{Z: 1, X: 0, Y: 0}
	se := tiles.Tile{Z: 1, X: 1, Y: 1}
	for _, test := range []struct {
		name string
		ring []tiles.Vertex
		tile tiles.Tile
		want bool
	}{
		{"nothing", nil, nw, false},
		{"a line", box(1, 1, 5, 5)[:2], nw, false},
		{"inside", box(10, 10, 20, 20), nw, true},
		{"all around", box(-9, -9, half+9, half+9), nw, true},
		{"across, without a corner in it", box(-9, 10, half+9, 20), nw, true},
		{"edge on edge", box(half, 10, half+9, 20), nw, true},
		{"corner on corner", box(half, half, half+9, half+9), nw, true},
		{"one unit off", box(half+1, 10, half+9, 20), nw, false},
		{"below", box(10, half+1, 20, half+9), nw, false},
		{"over the right edge, seen from the left", box(tiles.WorldSize-9, 10, tiles.WorldSize+9, 20), nw, true},
		{"over the right edge, in its own column", box(tiles.WorldSize-9, half+10, tiles.WorldSize+9, half+20), se, true},
		{"just up to the right edge", box(tiles.WorldSize-9, 10, tiles.WorldSize, 20), nw, true},
		{"just not", box(tiles.WorldSize-9, 10, tiles.WorldSize-1, 20), nw, false},
		{"past the left edge", box(-9, half+10, -1, half+20), se, true},
		{"a corner cut off", []tiles.Vertex{{X: half - 5, Y: half + 1}, {X: half + 1, Y: half - 5}, {X: half + 9, Y: half + 9}}, nw, true},
		{"a corner passed by", []tiles.Vertex{{X: half - 5, Y: half + 6}, {X: half + 6, Y: half - 5}, {X: half + 9, Y: half + 9}}, nw, false},
		{"no tile", box(10, 10, 20, 20), tiles.Tile{Z: 1, X: 2}, false},
	} {
		if got := tiles.Touches(test.ring, test.tile); got != test.want {
			t.Errorf("%s: %t", test.name, got)
		}
		backwards := slices.Clone(test.ring)
		slices.Reverse(backwards)
		if got := tiles.Touches(backwards, test.tile); got != test.want {
			t.Errorf("%s, backwards: %t", test.name, got)
		}
	}
}

func TestTouches_NoAllocations(t *testing.T) {
	ring := outline(t, cellAt(t, 0.1, 180, 4))
	tile := tiles.Tile{Z: 5, X: 0, Y: 15}
	if n := testing.AllocsPerRun(100, func() { tiles.Touches(ring, tile) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
