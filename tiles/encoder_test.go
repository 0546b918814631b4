package tiles_test

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/uber/h3-go/v4"
	"pgregory.net/rapid"

	"github.com/streetsafe/streetsafe/tiles"
	"github.com/streetsafe/streetsafe/tiles/tilestest"
)

func TestEncoder_AgainstGeneral(t *testing.T) {
	b := newBody(t, 700, "badly_lit", "isolated", "followed")
	for _, withCell := range []bool{false, true} {
		b.layer.WithCell = withCell
		got, _ := decode(t, b.encode(tiles.NewEncoder()))
		data, err := b.general(withCell)
		if err != nil {
			t.Fatal(err)
		}
		layers, err := mvt.Unmarshal(data)
		if err != nil {
			t.Fatal(err)
		}
		want := layers[0]
		if got.Name != "cells" || len(got.Features) != len(want.Features) {
			t.Fatalf("layer %s has %d features, orb's encoder gives %d", got.Name, len(got.Features), len(want.Features))
		}
		for i, f := range got.Features {
			w := want.Features[i]
			if f.ID != w.ID || !orb.Equal(f.Geometry, w.Geometry) || !maps.Equal(f.Properties, w.Properties) {
				t.Errorf("feature %d: %v %v %v, want %v %v %v", i,
					f.ID, f.Geometry, f.Properties, w.ID, w.Geometry, w.Properties)
			}
		}
	}
}

func TestEncoder_Bytes(t *testing.T) {
	b := newBody(t, 1000, "badly_lit", "isolated", "followed")
	got := len(b.encode(tiles.NewEncoder()))
	same, err := b.general(false)
	if err != nil {
		t.Fatal(err)
	}
	named, err := b.general(true)
	if err != nil {
		t.Fatal(err)
	}
	// orb drops an id that is an h3.Cell, so with it a cell is named by a string.
	if float64(got) > 0.65*float64(len(named)) {
		t.Errorf("%d bytes, over 65%% of orb's %d with the cell as a property", got, len(named))
	}
	const metaLayer = 130
	if got > len(same)+metaLayer {
		t.Errorf("%d bytes, orb needs %d for the same features", got, len(same))
	}
}

func TestEncoder_Meta(t *testing.T) {
	for _, test := range []struct {
		counts         []uint32
		min, max, sum  float64
		breaks, reason string
	}{
		{[]uint32{7}, 7, 7, 7, "5,10,20,50,100", "one cell"},
		{[]uint32{1, 4, 30}, 1, 30, 35, "1,2,5,10,20", "a few"},
		{[]uint32{1, 0, 3}, 1, 3, 4, "1,2,5,10,20", "an empty cell is none"},
		{[]uint32{math.MaxUint32, math.MaxUint32}, math.MaxUint32, math.MaxUint32, 2 * math.MaxUint32,
			"100000000,200000000,500000000,1000000000,2000000000", "a sum over 32 bits"},
	} {
		e := tiles.NewEncoder()
		e.Reset(tiles.Tile{Z: 13, X: 4093, Y: 2724}, tiles.Layer{Name: "hexagons", Res: 9})
		cells, err := cellAt(t, 51.48, -0.12, 9).GridDisk(1)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for i, count := range test.counts {
			e.Cell(cells[i], outline(t, cells[i]), count, nil)
			if count > 0 {
				n++
			}
		}
		layer, meta := decode(t, e.Finish())
		if layer.Name != "hexagons" || e.Len() != n || len(layer.Features) != n || len(meta.Features) != 1 {
			t.Fatalf("%s: layer %s, %d features", test.reason, layer.Name, len(layer.Features))
		}
		f := meta.Features[0]
		want := map[string]any{
			"resolution": 9.0, "cells": float64(n), "min": test.min, "max": test.max, "sum": test.sum, "breaks": test.breaks,
		}
		if !maps.Equal(map[string]any(f.Properties), want) || !orb.Equal(f.Geometry, orb.Point{2048, 2048}) {
			t.Errorf("%s: meta %v at %v, want %v", test.reason, f.Properties, f.Geometry, want)
		}
	}
}

func TestEncoder_MetaBreaks(t *testing.T) {
	b := newBody(t, 500)
	_, meta := decode(t, b.encode(tiles.NewEncoder()))
	text := ""
	for i, n := range tiles.Breaks(b.counts) {
		if !isStep(n) {
			t.Errorf("break %d is no 1-2-5 step", n)
		}
		if i > 0 {
			text += ","
		}
		text += fmt.Sprint(n)
	}
	if got := meta.Features[0].Properties["breaks"]; got != text {
		t.Errorf("breaks %v, want %s", got, text)
	}
}

func TestEncoder_Empty(t *testing.T) {
	e := tiles.NewEncoder()
	e.Reset(tiles.Tile{}, tiles.Layer{})
	if got := e.Finish(); got != nil {
		t.Errorf("a tile without cells has %d bytes", len(got))
	}
	c := cellAt(t, 51.5, 0, 11)
	e.Reset(tiles.Tile{}, tiles.Layer{Res: 11})
	e.Cell(c, outline(t, c), 5, nil) // a 200th of a unit
	e.Cell(c, nil, 5, nil)
	e.Cell(c, outline(t, c)[:2], 5, nil)
	if got := e.Finish(); got != nil || e.Len() != 0 {
		t.Errorf("collapsed cells make %d bytes", len(got))
	}
}

func TestEncoder_Reuse(t *testing.T) {
	b := newBody(t, 300, "badly_lit", "isolated")
	small := newBody(t, 3)
	want := slices.Clone(b.encode(tiles.NewEncoder()))
	e := tiles.NewEncoder()
	b.encode(e)
	small.encode(e)
	if got := b.encode(e); !bytes.Equal(got, want) {
		t.Error("an encoder that has been used writes another tile")
	}
	e.SkipRounds()
	for range 4 {
		if got := b.encode(e); !bytes.Equal(got, want) {
			t.Error("an encoder as old as it gets writes another tile")
		}
	}
	b.layer.WithCell = true
	b.encode(e)
	if n := testing.AllocsPerRun(20, func() { b.encode(e) }); n != 0 {
		t.Errorf("%v allocations a tile", n)
	}
}

// TestEncoder_Dictionary has more values than the tables begin with, large and
// small, and the same value in several columns.
func TestEncoder_Dictionary(t *testing.T) {
	b := newBody(t, 3000, "a", "b")
	for i := range b.cells {
		b.counts[i] = uint32(i*1_400_003 + 1)
		b.columns[i] = []uint32{uint32(i), b.counts[i]}
	}
	layer, _ := decode(t, b.encode(tiles.NewEncoder()))
	for i, f := range layer.Features {
		if got := property(t, f, "count"); got != b.counts[i] || property(t, f, "b") != got {
			t.Fatalf("feature %d has the count %d, want %d", i, got, b.counts[i])
		}
		if _, ok := f.Properties["a"]; ok != (i != 0) {
			t.Errorf("feature %d: column a is there: %t", i, ok)
		}
	}
}

// TestEncoder_LongFeatures has lengths that need two and three bytes.
func TestEncoder_LongFeatures(t *testing.T) {
	for _, n := range []int{12, 40, 130, 9000} {
		b := newBody(t, 5)
		for i := range n {
			b.layer.Columns = append(b.layer.Columns, fmt.Sprintf("column %d", i))
		}
		for i := range b.cells {
			b.columns[i] = make([]uint32, n)
			for k := range n {
				b.columns[i][k] = uint32(1000*i + k + 1)
			}
		}
		b.layer.WithCell = true
		layer, _ := decode(t, b.encode(tiles.NewEncoder()))
		for i, f := range layer.Features {
			if len(f.Properties) != n+2 || property(t, f, b.layer.Columns[n-1]) != uint32(1000*i+n) || f.Properties["cell"] != b.cells[i].String() {
				t.Errorf("%d columns: feature %d has %d properties", n, i, len(f.Properties))
			}
		}
	}
}

func TestEncoder_QuickAndGeneral(t *testing.T) {
	quick := 0
	rapid.Check(t, func(rt *rapid.T) {
		z := rapid.Uint32Range(0, tiles.MaxZoom).Draw(rt, "z")
		res := rapid.IntRange(0, 13).Draw(rt, "res")
		lat := rapid.Float64Range(-84, 84).Draw(rt, "lat")
		lng := rapid.Float64Range(-180, 180).Draw(rt, "lng")
		c := cellAt(t, lat, lng, res)
		centre, err := tiles.Centre(c)
		if err != nil {
			rt.Fatal(err)
		}
		unit := tiles.WorldBits - z
		tile := tiles.Tile{Z: z, X: uint32(centre.X) >> unit, Y: uint32(centre.Y) >> unit}
		ring := outline(t, c)
		layer := tiles.Layer{Res: res, Columns: []string{"a"}}
		a, b := tiles.NewEncoder(), tiles.NewEncoder()
		a.Reset(tile, layer)
		b.Reset(tile, layer)
		if a.IsQuick(ring) {
			quick++
		}
		a.Cell(c, ring, 3, []uint32{2})
		b.CellGeneral(c, ring, 3, []uint32{2})
		if !bytes.Equal(a.Finish(), b.Finish()) {
			rt.Errorf("%s in %s: the two ways differ", c, tile)
		}
	})
	if quick == 0 {
		t.Error("no ring was drawn the quick way: nothing was compared")
	}
}

func TestEncoder_Awkward(t *testing.T) {
	for res := 0; res <= finest; res++ {
		for _, a := range tilestest.AwkwardCells(res) {
			for z := uint32(0); z <= tiles.MaxZoom; z++ {
				for _, tile := range tilesOf(a.Cell, z) {
					data := encodeOne(t, tile, a.Cell)
					if data == nil {
						lo, hi := tiles.ResolutionRange(z)
						if tiles.Touches(outline(t, a.Cell), tile) && lo <= res && res <= hi && z > 1 {
							t.Errorf("%s (%s) in %s: dropped", a.Cell, a.Why, tile)
						}
						continue // too small to see, too large, or past the world's edge
					}
					layer, _ := decode(t, data)
					for _, r := range rings(t, layer.Features[0]) {
						if areaOf(r) <= 0 || len(r) > tiles.MaxVertices+1 {
							t.Errorf("%s (%s) in %s: ring %v", a.Cell, a.Why, tile, r)
						}
					}
				}
			}
		}
	}
}

// tilesOf are the tiles of a zoom that have the centre of a cell, if any does,
// and the ones at the ends of its row.
func tilesOf(c h3.Cell, z uint32) []tiles.Tile {
	v, err := tiles.Centre(c)
	if err != nil || v.Y < 0 || v.Y >= tiles.WorldSize {
		return nil
	}
	unit := tiles.WorldBits - z
	y := uint32(v.Y) >> unit
	return []tiles.Tile{{Z: z, X: uint32(v.X) >> unit, Y: y}, {Z: z, X: 0, Y: y}, {Z: z, X: 1<<z - 1, Y: y}}
}

func TestEncoder_Dateline(t *testing.T) {
	c := cellAt(t, 0.1, 180, 4)
	ring := outline(t, c)
	for _, test := range []struct {
		tile tiles.Tile
		x    float64 // about where the cell is
	}{
		{tiles.Tile{Z: 5, X: 0, Y: 15}, 0},
		{tiles.Tile{Z: 5, X: 31, Y: 15}, tiles.Extent},
	} {
		if !tiles.Touches(ring, test.tile) {
			t.Errorf("the cell does not touch %s", test.tile)
		}
		layer, _ := decode(t, encodeOne(t, test.tile, c))
		b := layer.Features[0].Geometry.Bound()
		if b.Left() >= test.x || b.Right() <= test.x || b.Right()-b.Left() > 500 {
			t.Errorf("in %s the cell reaches from %g to %g", test.tile, b.Left(), b.Right())
		}
	}
	layer, _ := decode(t, encodeOne(t, tiles.Tile{}, cellAt(t, 0.1, 180, 3)))
	parts := rings(t, layer.Features[0])
	if len(layer.Features) != 1 || len(parts) != 2 {
		t.Errorf("in the tile of the whole world the cell has %d parts, want one at each edge", len(parts))
	}
}

// TestEncoder_SharedCorners puts neighbours into tiles: their corners stay shared
// in the units of each, and across the border.
func TestEncoder_SharedCorners(t *testing.T) {
	left, right := tiles.Tile{Z: 13, X: 4093, Y: 2724}, tiles.Tile{Z: 13, X: 4094, Y: 2724}
	c := cellAt(t, 51.48, -0.0879, 9) // on the border
	a, _ := decode(t, encodeOne(t, left, c))
	b, _ := decode(t, encodeOne(t, right, c))
	ra, rb := rings(t, a.Features[0])[0], rings(t, b.Features[0])[0]
	if len(ra) != len(rb) {
		t.Fatalf("%d and %d corners", len(ra), len(rb))
	}
	for i := range ra {
		if ra[i][0] != rb[i][0]+tiles.Extent || ra[i][1] != rb[i][1] {
			t.Errorf("corner %d: %v left of the border, %v right of it", i, ra[i], rb[i])
		}
	}
}

func FuzzEncoder(f *testing.F) {
	f.Add(uint64(0x89194ad1093ffff), uint32(13), uint32(4093), uint32(2724), []byte{1, 2, 3})
	f.Add(uint64(0), uint32(22), uint32(0), uint32(0), []byte("0123456789abcdef01234567"))
	f.Add(^uint64(0), uint32(0), uint32(0), uint32(0), bytes.Repeat([]byte{0x7f, 0xff, 0xff, 0xff, 0x80, 0, 0, 0}, 14))
	f.Add(uint64(1), uint32(5), uint32(31), uint32(0), bytes.Repeat([]byte{0x3f, 0xff, 0xff, 0xfe, 0, 0, 1, 0, 0x40}, 9))
	f.Fuzz(func(t *testing.T, cell uint64, z, x, y uint32, raw []byte) {
		z %= tiles.MaxZoom + 1
		tile := tiles.Tile{Z: z, X: x % (1 << z), Y: y % (1 << z)}
		var ring []tiles.Vertex
		for len(raw) >= 8 {
			word := func(b []byte) int32 { return int32(b[0])<<24 | int32(b[1])<<16 | int32(b[2])<<8 | int32(b[3]) }
			ring = append(ring, tiles.Vertex{X: word(raw), Y: word(raw[4:])})
			raw = raw[8:]
		}
		e := tiles.NewEncoder()
		e.Reset(tile, tiles.Layer{Columns: []string{"a", "b"}, WithCell: true})
		e.Cell(h3.Cell(cell), ring, 1, []uint32{uint32(cell), x, y})
		tiles.Touches(ring, tile)
		data := e.Finish()
		if data == nil {
			return
		}
		layer, _ := decode(t, data)
		if len(layer.Features) != 1 {
			t.Fatalf("%d features", len(layer.Features))
		}
	})
}
