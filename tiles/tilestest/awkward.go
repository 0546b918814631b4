// Package tilestest has the cells that break code about cells, for the tests of
// every package that draws or counts them.
package tilestest

import (
	"fmt"

	"github.com/uber/h3-go/v4"
)

// Cell is a cell and why it is awkward.
type Cell struct {
	Why  string
	Cell h3.Cell
}

// places are awkward at every resolution.
var places = []struct {
	why      string
	lat, lng float64
}{
	{"north pole", 90, 0},
	{"south pole", -90, 0},
	{"beside the north pole", 89.3, 100},
	{"antimeridian", 0.1, 180},
	{"antimeridian from the west", -16.5, -179.999},
	{"antimeridian in the far north", 71.2, 179.99},
	{"prime meridian", 51.48, 0},
	{"equator", 0, 0},
	{"upper edge of the world", 85.0511, 10},
	{"lower edge of the world", -85.0511, -10},
	{"edge of the icosahedron", 39.1, 122.3},
	{"London", 51.5074, -0.1278},
}

// AwkwardCells are cells of one resolution, 0 to 15: at the poles, across the
// 180th meridian, at the edges of the Web Mercator world, all twelve pentagons,
// and cells with more than six corners where the resolution has them.
func AwkwardCells(res int) []Cell {
	var out []Cell
	for _, p := range places {
		c, err := h3.LatLngToCell(h3.NewLatLng(p.lat, p.lng), res)
		if err != nil {
			panic(fmt.Sprintf("tilestest: %s at resolution %d: %v", p.why, res, err))
		}
		out = append(out, Cell{p.why, c})
	}
	pentagons, err := h3.Pentagons(res)
	if err != nil {
		panic(fmt.Sprintf("tilestest: pentagons of resolution %d: %v", res, err))
	}
	for _, c := range pentagons {
		out = append(out, Cell{"pentagon", c})
		disk, err := c.GridDisk(1)
		if err != nil {
			panic(fmt.Sprintf("tilestest: around %s: %v", c, err))
		}
		for _, n := range disk {
			if b, err := n.Boundary(); err == nil && n != c && len(b) > 6 {
				out = append(out, Cell{fmt.Sprintf("%d corners", len(b)), n})
			}
		}
	}
	return out
}

// NoCells are indexes that are no cells: nothing may take them for one.
func NoCells() []h3.Cell {
	return []h3.Cell{
		0,
		1,
		0x7fffffffffffffff,
		-1,
		0x08f0840000000000, // under the digit that pentagons do not have
		0x115283473fffffff, // a directed edge
		0x05283473ffffff00, // shifted
		0x08b194ad32aaaff8, // a digit 7 before the resolution
	}
}
