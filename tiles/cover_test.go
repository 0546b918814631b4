package tiles_test

import (
	"slices"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/tiles"
)

// everyCell lists all cells of a resolution.
func everyCell(tb testing.TB, res int) []h3.Cell {
	tb.Helper()
	base, err := h3.Res0Cells()
	if err != nil {
		tb.Fatal(err)
	}
	cells, err := h3.UncompactCells(base, res)
	if err != nil {
		tb.Fatal(err)
	}
	return cells
}

func TestCover_AgainstBruteForce(t *testing.T) {
	tilesAt := []tiles.Tile{
		{Z: 0, X: 0, Y: 0},
		{Z: 1, X: 0, Y: 0}, {Z: 1, X: 1, Y: 1},
		{Z: 2, X: 0, Y: 1}, {Z: 2, X: 3, Y: 2},
		{Z: 3, X: 0, Y: 0}, {Z: 3, X: 7, Y: 0}, {Z: 3, X: 4, Y: 7}, // the corners of the world
		{Z: 4, X: 7, Y: 5}, {Z: 4, X: 0, Y: 7}, {Z: 4, X: 15, Y: 7}, // Britain, and the dateline from both sides
		{Z: 5, X: 0, Y: 0}, {Z: 5, X: 31, Y: 31}, {Z: 5, X: 15, Y: 10},
		{Z: 6, X: 63, Y: 20}, {Z: 6, X: 0, Y: 40},
		{Z: 9, X: 255, Y: 170}, {Z: 12, X: 2046, Y: 1362}, // within one cell
	}
	for res := 0; res <= 3; res++ {
		cells := everyCell(t, res)
		var rings [][]tiles.Vertex
		for _, c := range cells {
			rings = append(rings, outline(t, c))
		}
		for _, tile := range tilesAt {
			var want []h3.Cell
			for i, c := range cells {
				if tiles.Touches(rings[i], tile) {
					want = append(want, c)
				}
			}
			slices.Sort(want)
			got, err := tiles.Cover(tile, res)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s at resolution %d: %d cells, %d by brute force", tile, res, len(got), len(want))
			}
		}
	}
}

func TestCover_EveryPointHasItsCell(t *testing.T) {
	for _, tile := range []tiles.Tile{{Z: 13, X: 4093, Y: 2724}, {Z: 16, X: 0, Y: 30000}, {Z: 18, X: 1<<18 - 1, Y: 9}} {
		res := tiles.ResolutionForZoom(tile.Z)
		cover, err := tiles.Cover(tile, res)
		if err != nil {
			t.Fatal(err)
		}
		minX, minY, maxX, maxY := tile.WorldBounds()
		const steps = 24
		for i := int64(1); i < steps; i++ {
			for j := int64(1); j < steps; j++ {
				x := int64(minX) + int64(maxX-minX)*i/steps
				y := int64(minY) + int64(maxY-minY)*j/steps
				c := cellAtWorld(t, x, y, res)
				if _, ok := slices.BinarySearch(cover, c); !ok {
					t.Errorf("%s: a point of it is in %s, which the cover lacks", tile, c)
				}
			}
		}
	}
}

func TestCover_Refuses(t *testing.T) {
	for _, test := range []struct {
		tile tiles.Tile
		res  int
	}{
		{tiles.Tile{Z: 1, X: 2, Y: 0}, 3},
		{tiles.Tile{Z: 23}, 3},
		{tiles.Tile{}, -1},
		{tiles.Tile{}, 16},
		{tiles.Tile{}, 5}, // two million cells
		{tiles.Tile{Z: 5, X: 15, Y: 10}, 11},
	} {
		if cells, err := tiles.Cover(test.tile, test.res); err == nil {
			t.Errorf("%s at resolution %d has %d cells", test.tile, test.res, len(cells))
		}
	}
}
