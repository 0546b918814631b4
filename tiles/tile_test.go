package tiles_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/paulmach/orb/maptile"
	"pgregory.net/rapid"

	"github.com/streetsafe/streetsafe/tiles"
)

func TestParseTile_Addresses(t *testing.T) {
	for _, test := range []struct {
		z, x, y string
		want    tiles.Tile
		part    string // that the error names; "" for none
		outside bool
	}{
		{"0", "0", "0", tiles.Tile{}, "", false},
		{"13", "4093", "2724", tiles.Tile{Z: 13, X: 4093, Y: 2724}, "", false},
		{"22", "4194303", "4194303", tiles.Tile{Z: 22, X: 4194303, Y: 4194303}, "", false},
		{"23", "0", "0", tiles.Tile{}, "z", true},
		{"4294967295", "0", "0", tiles.Tile{}, "z", true},
		{"1", "2", "0", tiles.Tile{}, "x", true},
		{"1", "0", "2", tiles.Tile{}, "y", true},
		{"", "0", "0", tiles.Tile{}, "z", false},
		{"1", "-1", "0", tiles.Tile{}, "x", false},
		{"1", "+1", "0", tiles.Tile{}, "x", false},
		{"1", "01", "0", tiles.Tile{}, "x", false},
		{"1", "1.0", "0", tiles.Tile{}, "x", false},
		{"1", "1", "0x1", tiles.Tile{}, "y", false},
		{"1", "1", "４", tiles.Tile{}, "y", false},
		{"1", "1", "4294967296", tiles.Tile{}, "y", false},
		{"1", "1", "99999999999999999999", tiles.Tile{}, "y", false},
	} {
		got, err := tiles.ParseTile(test.z, test.x, test.y)
		if test.part == "" {
			if err != nil || got != test.want || !got.Valid() {
				t.Errorf("ParseTile(%s, %s, %s) = %v, %v", test.z, test.x, test.y, got, err)
			}
			continue
		}
		var bad *tiles.TileError
		if !errors.As(err, &bad) || bad.Part != test.part || bad.Outside != test.outside || got != (tiles.Tile{}) {
			t.Errorf("ParseTile(%q, %q, %q) = %v, %v; want an error of %s", test.z, test.x, test.y, got, err, test.part)
		} else if !strings.HasPrefix(err.Error(), "tiles: "+test.part+" ") {
			t.Errorf("the error %q does not begin with the part", err)
		}
	}
}

func FuzzParseTile(f *testing.F) {
	for _, seed := range [][3]string{
		{"0", "0", "0"}, {"22", "4194303", "4194303"}, // the ends
		{"23", "0", "0"}, {"2", "4", "4"}, // outside
		{"00", "-0", "+0"}, {"1e0", "0x0", "1_0"}, {" 1", "1 ", "\x00"}, // spellings
		{"4294967296", "18446744073709551616", "99999999999"}, // overflow
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, z, x, y string) {
		tile, err := tiles.ParseTile(z, x, y)
		if err != nil {
			return
		}
		if !tile.Valid() {
			t.Fatalf("%v is not valid", tile)
		}
		if got, want := tile.String(), z+"/"+x+"/"+y; got != want {
			t.Fatalf("%s is read as %s: one tile has two addresses", want, got)
		}
	})
}

func TestTile_WorldBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z := rapid.Uint32Range(0, tiles.MaxZoom).Draw(t, "z")
		x := rapid.Uint32Range(0, 1<<z-1).Draw(t, "x")
		y := rapid.Uint32Range(0, 1<<z-1).Draw(t, "y")
		tile := tiles.Tile{Z: z, X: x, Y: y}
		minX, minY, maxX, maxY := tile.WorldBounds()

		b := maptile.New(x, y, maptile.Zoom(z)).Bound()
		lng := func(x int32) float64 { return float64(x)/tiles.WorldSize*360 - 180 }
		lat := func(y int32) float64 {
			return math.Atan(math.Sinh(math.Pi*(1-2*float64(y)/tiles.WorldSize))) * 180 / math.Pi
		}
		for _, pair := range [][2]float64{
			{lng(minX), b.Left()}, {lng(maxX), b.Right()}, {lat(minY), b.Top()}, {lat(maxY), b.Bottom()},
		} {
			if math.Abs(pair[0]-pair[1]) > 1e-9 {
				t.Errorf("%s: %v, orb has %v", tile, pair[0], pair[1])
			}
		}
		if maxX-minX != maxY-minY || maxX <= minX || (1<<z)*int64(maxX-minX) != tiles.WorldSize {
			t.Errorf("%s has the bounds %d %d %d %d", tile, minX, minY, maxX, maxY)
		}
	})
}

func TestTile_Valid(t *testing.T) {
	for _, test := range []struct {
		tile tiles.Tile
		want bool
	}{
		{tiles.Tile{}, true},
		{tiles.Tile{Z: 0, X: 1}, false},
		{tiles.Tile{Z: 0, Y: 1}, false},
		{tiles.Tile{Z: 22, X: 1<<22 - 1, Y: 1<<22 - 1}, true},
		{tiles.Tile{Z: 22, X: 1 << 22}, false},
		{tiles.Tile{Z: 23}, false},
		{tiles.Tile{Z: 64}, false},
	} {
		if got := test.tile.Valid(); got != test.want {
			t.Errorf("%s is valid: %t", test.tile, got)
		}
	}
}
