package tiles_test

import (
	"fmt"

	"github.com/paulmach/orb/encoding/mvt"

	"github.com/streetsafe/streetsafe/tiles"
)

// A tile over London with a report in every cell.
func ExampleEncoder() {
	tile, err := tiles.ParseTile("13", "4093", "2724")
	if err != nil {
		fmt.Println(err)
		return
	}
	res := tiles.ResolutionForZoom(tile.Z)
	cells, err := tiles.Cover(tile, res)
	if err != nil {
		fmt.Println(err)
		return
	}
	e := tiles.NewEncoder()
	e.Reset(tile, tiles.Layer{Res: res, Columns: []string{"badly_lit"}})
	var ring []tiles.Vertex
	for _, c := range cells {
		if ring, err = tiles.AppendOutline(ring[:0], c); err != nil {
			fmt.Println(err)
			return
		}
		e.Cell(c, ring, 1, []uint32{1})
	}
	layers, err := mvt.Unmarshal(e.Finish())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, l := range layers {
		fmt.Println(l.Name, len(l.Features), l.Features[0].Properties)
	}
	// Output:
	// cells 122 map[badly_lit:1 count:1]
	// meta 1 map[breaks:1,2,5,10,20 cells:122 max:1 min:1 resolution:9 sum:122]
}
