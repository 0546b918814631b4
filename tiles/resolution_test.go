package tiles_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/tiles"
)

func TestResolutionForZoom_Table(t *testing.T) {
	want := []int{3, 3, 3, 3, 3, 4, 4, 5, 5, 6, 7, 7, 8, 9, 9, 10, 11, 11, 11, 11, 11, 11, 11, 11, 11}
	for z, res := range want {
		if got := tiles.ResolutionForZoom(uint32(z)); got != res {
			t.Errorf("zoom %d shows resolution %d, want %d", z, got, res)
		}
	}
}

func TestResolutionForZoom_FullTiles(t *testing.T) {
	for z := uint32(3); z <= 16; z++ {
		n := tiles.CellsPerTile(z, tiles.ResolutionForZoom(z))
		if n < 50 || n > tiles.MaxFeatures {
			t.Errorf("a full tile of zoom %d has %.0f cells", z, n)
		}
	}
}

func TestCellsPerTile_AgainstCover(t *testing.T) {
	for z := uint32(5); z <= 16; z++ {
		res := tiles.ResolutionForZoom(z)
		cells, err := tiles.Cover(tiles.Tile{Z: z, X: 1 << z / 3, Y: 1 << z / 2}, res)
		if err != nil {
			t.Fatal(err)
		}
		// Cover has the border's cells too, and H3's cells differ in size.
		n := tiles.CellsPerTile(z, res)
		if got := float64(len(cells)); got < n*0.7 || got > n*1.6+20 {
			t.Errorf("zoom %d: %.0f cells, %v by the estimate", z, got, n)
		}
	}
}

func TestClampResolution_Leeway(t *testing.T) {
	for _, test := range []struct {
		z         uint32
		res, want int
		ok        bool
	}{
		{0, 3, 3, true}, {0, 5, 5, true}, {0, 2, 3, false}, {0, 6, 5, false},
		{12, 6, 6, true}, {12, 10, 10, true}, {12, 5, 6, false}, {12, 11, 10, false},
		{16, 9, 9, true}, {16, 11, 11, true}, {16, 12, 11, false}, {16, 8, 9, false},
		{22, -1, 9, false}, {99, 11, 11, true},
	} {
		got, err := tiles.ClampResolution(test.z, test.res)
		if got != test.want || (err == nil) != test.ok {
			t.Errorf("ClampResolution(%d, %d) = %d, %v", test.z, test.res, got, err)
		}
		var bad *tiles.ResolutionError
		if !test.ok && !strings.Contains(err.Error(), fmt.Sprintf("resolution %d", test.res)) {
			t.Errorf("the error %q does not say what was asked", err)
		}
		if !test.ok && (!errors.As(err, &bad) || bad.Coarsest > bad.Finest || bad.Res != test.res) {
			t.Errorf("ClampResolution(%d, %d): error %#v", test.z, test.res, err)
		}
	}
}
