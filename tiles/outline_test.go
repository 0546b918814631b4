package tiles_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/tiles"
	"github.com/streetsafe/streetsafe/tiles/tilestest"
)

// aroundPole reports whether the ring is a strip that AppendOutline closed over a
// pole: it is as wide as the world.
func aroundPole(ring []tiles.Vertex) bool {
	lo, hi := ring[0].X, ring[0].X
	for _, v := range ring {
		lo, hi = min(lo, v.X), max(hi, v.X)
	}
	return hi-lo >= tiles.WorldSize
}

func TestAppendOutline_KnownCell(t *testing.T) {
	c := h3.Cell(0x89194ad1093ffff)
	got := outline(t, c)
	boundary, err := c.Boundary()
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 6 {
		t.Fatalf("%d corners, want 6", len(got))
	}
	for i, v := range got {
		p := boundary[len(boundary)-1-i] // H3 goes the other way around
		// The textbook formula: y = ln(tan(pi/4 + lat/2)).
		x := (p.Lng + 180) / 360 * tiles.WorldSize
		y := (0.5 - math.Log(math.Tan(math.Pi/4+p.Lat*math.Pi/360))/(2*math.Pi)) * tiles.WorldSize
		if math.Abs(x-float64(v.X)) > 0.51 || math.Abs(y-float64(v.Y)) > 0.51 {
			t.Errorf("corner %d is %v, want (%.1f, %.1f)", i, v, x, y)
		}
	}
}

func TestAppendOutline_KeepsWhatIsThere(t *testing.T) {
	c := cellAt(t, 51.5, -0.1, 9)
	mark := []tiles.Vertex{{X: 1, Y: 2}}
	got, err := tiles.AppendOutline(mark, c)
	if err != nil || got[0] != mark[0] || !slices.Equal(got[1:], outline(t, c)) {
		t.Errorf("appended %v, %v", got, err)
	}
	for _, bad := range tilestest.NoCells() {
		got, err := tiles.AppendOutline(mark, bad)
		if err == nil || !slices.Equal(got, mark) {
			t.Errorf("%x: %v, %v; want an error and dst as it was", uint64(bad), got, err)
		}
		if _, err := tiles.Centre(bad); err == nil {
			t.Errorf("%x has a centre", uint64(bad))
		}
	}
}

// TestAppendOutline_Shape holds every outline to what the encoder and Touches
// build on.
func TestAppendOutline_Shape(t *testing.T) {
	for res := 0; res <= finest; res++ {
		for _, c := range anyCells(t, res, 200) {
			ring := outline(t, c)
			if len(ring) < 5 || len(ring) > tiles.MaxVertices {
				t.Errorf("%s has %d corners", c, len(ring))
			}
			if c.IsPentagon() && res%2 == 0 && len(ring) != 5 {
				t.Errorf("pentagon %s has %d corners", c, len(ring))
			}
			west, cut := ring[0].X, false
			for _, v := range ring {
				west = min(west, v.X)
				cut = cut || v.Y <= -tiles.WorldSize/2 || v.Y >= tiles.WorldSize+tiles.WorldSize/2
			}
			if west < 0 || west >= tiles.WorldSize {
				t.Errorf("%s begins at X %d, outside the world", c, west)
			}
			if a := signedArea(ring); a <= 0 && !cut {
				t.Errorf("%s has area %g: wrong way around", c, a)
			}
		}
	}
}

// TestAppendOutline_NoSeams walks around cells: each side must be a neighbour's
// side backwards, to the unit, or a gap would show between them.
func TestAppendOutline_NoSeams(t *testing.T) {
	type side struct{ a, b tiles.Vertex }
	around := func(v tiles.Vertex) tiles.Vertex {
		v.X &= tiles.WorldSize - 1
		return v
	}
	sides := func(c h3.Cell) []side {
		ring := outline(t, c)
		if aroundPole(ring) {
			return nil // its strip's sides have no neighbour
		}
		var out []side
		for i, v := range ring {
			out = append(out, side{around(v), around(ring[(i+1)%len(ring)])})
		}
		return out
	}
	for res := 0; res <= finest; res++ {
		for _, c := range anyCells(t, res, 60) {
			disk, err := c.GridDisk(1)
			if err != nil {
				t.Fatal(err)
			}
			backwards := map[side]bool{}
			polar := false
			for _, n := range disk {
				polar = polar || aroundPole(outline(t, n))
				if n != c {
					for _, s := range sides(n) {
						backwards[side{s.b, s.a}] = true
					}
				}
			}
			if polar {
				continue
			}
			for _, s := range sides(c) {
				if !backwards[s] {
					t.Errorf("%s: side %v is no neighbour's", c, s)
				}
			}
		}
	}
}

func TestAppendOutline_Dateline(t *testing.T) {
	for res := 0; res <= 11; res++ {
		c := cellAt(t, 0.1, 180, res)
		ring := outline(t, c)
		lo, hi := ring[0].X, ring[0].X
		for _, v := range ring {
			lo, hi = min(lo, v.X), max(hi, v.X)
		}
		if hi-lo > tiles.WorldSize/4 {
			t.Errorf("resolution %d: the ring reaches from %d to %d, torn apart", res, lo, hi)
		}
		centre, err := tiles.Centre(c)
		if err != nil || centre.X < 0 || centre.X >= tiles.WorldSize {
			t.Errorf("centre %v, %v", centre, err)
		}
	}
}

func TestAppendOutline_Poles(t *testing.T) {
	for _, pole := range []struct {
		lat  float64
		row  uint32
		cols []uint32 // where the cell comes down below latitude 85
	}{
		{90, 0, []uint32{1, 2, 3, 4, 5, 6}},
		{-90, 7, []uint32{5, 6, 7, 0, 1, 2}}, // on both sides of the dateline
	} {
		c := cellAt(t, pole.lat, 0, 0)
		ring := outline(t, c)
		if !aroundPole(ring) || len(ring) != 9 {
			t.Errorf("polar cell %s: %v, want a strip around the world", c, ring)
		}
		for x := range uint32(8) {
			want := slices.Contains(pole.cols, x)
			if got := tiles.Touches(ring, tiles.Tile{Z: 3, X: x, Y: pole.row}); got != want {
				t.Errorf("the cell at latitude %g touches 3/%d/%d: %t", pole.lat, x, pole.row, got)
			}
			if tiles.Touches(ring, tiles.Tile{Z: 3, X: x, Y: 7 - pole.row}) {
				t.Errorf("the cell at latitude %g is at the other pole too", pole.lat)
			}
		}
	}
}

func TestCentre_InsideTheOutline(t *testing.T) {
	for res := 0; res <= finest; res++ {
		for _, c := range anyCells(t, res, 50) {
			v, err := tiles.Centre(c)
			if err != nil {
				t.Fatal(err)
			}
			ring := outline(t, c)
			if v.Y < 0 || v.Y >= tiles.WorldSize || aroundPole(ring) {
				continue
			}
			// A point is a tile as deep as they go, 256 units, and a fine cell is
			// smaller: so it only has to touch.
			const unit = tiles.WorldBits - tiles.MaxZoom
			at := tiles.Tile{Z: tiles.MaxZoom, X: uint32(v.X) >> unit, Y: uint32(v.Y) >> unit}
			if !tiles.Touches(ring, at) {
				t.Errorf("%s: centre %v is outside", c, v)
			}
		}
	}
}

func ExampleAppendOutline() {
	ring, err := tiles.AppendOutline(nil, h3.Cell(0x89194ad1093ffff))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(ring), ring[0])
	// Output: 6 {536507833 357166333}
}
