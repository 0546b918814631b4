package tiles

import (
	"fmt"
	"slices"

	"github.com/uber/h3-go/v4"
)

// maxCover is the most cells that Cover lists, and a guard: without one a tile
// of zoom 0 at resolution 15 would ask for 570 billion. It lets through the whole
// world at resolution 4, and from zoom 3 on two steps finer than a zoom's own.
const maxCover = 300_000

// Cover lists every cell of resolution res that touches the tile, in the order
// of their indexes. It is right everywhere, at the dateline, at pentagons and
// where the world ends near the poles. It takes some 5 us a cell; an index of the
// cells that have reports is the way to draw a tile.
//
// The errors are for a tile that is not of the world, a resolution that H3 does
// not have, and more cells than about 300,000.
func Cover(t Tile, res int) ([]h3.Cell, error) {
	if !t.Valid() {
		return nil, fmt.Errorf("tiles: %s is no tile of the world", t)
	}
	if res < 0 || res > h3FinestRes {
		return nil, fmt.Errorf("tiles: H3 has no resolution %d", res)
	}
	if n := CellsPerTile(t.Z, res); n > maxCover {
		return nil, fmt.Errorf("tiles: %s has about %.0f cells of resolution %d, over %d", t, n, res, maxCover)
	}
	start, err := h3.LatLngToCell(t.centre(), res)
	if err != nil {
		return nil, fmt.Errorf("tiles: cover %s: %w", t, err)
	}
	cells, err := flood(t, start)
	if err != nil {
		return nil, fmt.Errorf("tiles: cover %s: %w", t, err)
	}
	slices.Sort(cells)
	return cells, nil
}

// flood collects the cells that touch the tile from start, which does, on to
// neighbours. Cells tile the map without gaps, so those that touch a square hang
// together.
func flood(t Tile, start h3.Cell) ([]h3.Cell, error) {
	seen := map[h3.Cell]struct{}{start: {}}
	queue := []h3.Cell{start}
	var cells []h3.Cell
	var ring []Vertex
	for len(queue) > 0 {
		c := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		var err error
		if ring, err = AppendOutline(ring[:0], c); err != nil {
			return nil, err
		}
		// The first cell holds the tile's centre on the sphere; on the map its
		// sides are straight and may just miss it, so its neighbours count too.
		if Touches(ring, t) {
			cells = append(cells, c)
		} else if c != start {
			continue
		}
		disk, err := c.GridDisk(1)
		if err != nil {
			return nil, err
		}
		for _, n := range disk {
			if _, ok := seen[n]; !ok {
				seen[n] = struct{}{}
				queue = append(queue, n)
			}
		}
	}
	return cells, nil
}

// centre is the middle of the tile in degrees.
func (t Tile) centre() h3.LatLng {
	minX, minY, maxX, maxY := t.worldBounds64()
	return unproject(float64(minX+maxX)/2, float64(minY+maxY)/2)
}
