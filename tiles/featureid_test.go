package tiles_test

import (
	"math"
	"testing"

	"github.com/uber/h3-go/v4"
	"pgregory.net/rapid"

	"github.com/streetsafe/streetsafe/tiles"
	"github.com/streetsafe/streetsafe/tiles/tilestest"
)

func TestFeatureID_RoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		res := rapid.IntRange(0, finest).Draw(t, "res")
		lat := rapid.Float64Range(-90, 90).Draw(t, "lat")
		lng := rapid.Float64Range(-180, 180).Draw(t, "lng")
		c, err := h3.LatLngToCell(h3.NewLatLng(lat, lng), res)
		if err != nil {
			t.Fatal(err)
		}
		id := tiles.FeatureID(c)
		if uint64(float64(id)) != id || id >= 1<<53 {
			t.Errorf("%s: JavaScript rounds %d", c, id)
		}
		if back, err := tiles.CellFromFeatureID(id, res); err != nil || back != c {
			t.Errorf("%s has the id %d, which is %s, %v", c, id, back, err)
		}
	})
}

func TestFeatureID_Awkward(t *testing.T) {
	for res := 0; res <= finest; res++ {
		seen := map[uint64]h3.Cell{}
		for _, a := range tilestest.AwkwardCells(res) {
			id := tiles.FeatureID(a.Cell)
			if c, ok := seen[id]; ok && c != a.Cell {
				t.Errorf("%s and %s have one id", c, a.Cell)
			}
			seen[id] = a.Cell
			if back, err := tiles.CellFromFeatureID(id, res); err != nil || back != a.Cell {
				t.Errorf("%s (%s) comes back as %s, %v", a.Cell, a.Why, back, err)
			}
		}
	}
}

func TestCellFromFeatureID_NoCell(t *testing.T) {
	for _, test := range []struct {
		id  uint64
		res int
	}{
		{122, 0},         // base cells end at 121
		{0, -1}, {0, 16}, // no resolution
		{1 << 7, 0},                 // too long for it
		{math.MaxUint64, 15},        //
		{7, 1},                      // digit 7 is for what is not there
		{4<<3 | 1, 1},               // base cell 4 is a pentagon: it has no digit 1
		{1 << 52, 15}, {1 << 40, 3}, // one bit over
	} {
		if c, err := tiles.CellFromFeatureID(test.id, test.res); err == nil || c != 0 {
			t.Errorf("id %d at resolution %d is %s", test.id, test.res, c)
		}
	}
}

func FuzzCellFromFeatureID(f *testing.F) {
	f.Add(uint64(0), 0)
	f.Add(uint64(1697334308), 9)
	f.Add(uint64(math.MaxUint64), 15)
	f.Add(uint64(1), math.MinInt)
	f.Fuzz(func(t *testing.T, id uint64, res int) {
		c, err := tiles.CellFromFeatureID(id, res)
		if err == nil && (!c.IsValid() || c.Resolution() != res || tiles.FeatureID(c) != id) {
			t.Fatalf("id %d at resolution %d is %s, whose id is %d", id, res, c, tiles.FeatureID(c))
		}
	})
}
