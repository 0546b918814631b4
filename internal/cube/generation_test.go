package cube_test

import (
	"testing"

	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/tiles"
)

// A tile may keep its cache entries only when nothing that it can show has
// changed, at any resolution that a client may ask for.
func TestSnapshot_TileGeneration(t *testing.T) {
	by := london(81)
	by.places = append(awkward(t), by.places...)
	c := cube.New(build(t, 1, by.reports(t, 1000)))
	cube.Tune(c, 100, 4)
	batches := [][]report.Report{1: nil}
	for gen := uint64(2); gen < 9; gen++ {
		at := by.report(t) // each batch around one place
		batch := cube.Batch{Generation: gen, Add: []report.Report{at}}
		if gen%2 == 0 {
			batch.Retract = batch.Add // leaves no report, and yet a change
		}
		if _, err := c.Apply(batch); err != nil {
			t.Fatal(err)
		}
		batches = append(batches, batch.Add)
	}
	s := c.Settled()
	exact, asked := 0, 0
	for range 2000 {
		changed := batches[2+by.IntN(len(batches)-2)]
		tile := by.tileNear(t, changed[0].Cell, 3+by.IntN(9))
		var want uint64
		for gen, rs := range batches {
			for _, r := range rs {
				if shows(t, tile, r) {
					want = uint64(gen)
				}
			}
		}
		got := s.TileGeneration(tile)
		if got < want {
			t.Fatalf("%s: generation %d, but batch %d changed it", tile, got, want)
		}
		if asked++; got <= max(want, 1) {
			exact++
		}
	}
	if exact < asked*3/4 {
		t.Errorf("only %d of %d tiles have the generation of what they show", exact, asked)
	}
}

// shows reports whether a tile shows a report at any resolution.
func shows(t *testing.T, tile tiles.Tile, r report.Report) bool {
	coarsest, finest := tiles.ResolutionRange(tile.Z)
	for res := coarsest; res <= finest; res++ {
		if tiles.Touches(ring(t, parent(r.Cell, res)), tile) {
			return true
		}
	}
	return false
}

func TestSnapshot_TileGeneration_farAway(t *testing.T) {
	by := london(82)
	c := cube.New(build(t, 1, by.reports(t, 1000)))
	by.places, by.spread = by.places[:1], 0.001
	if _, err := c.Apply(cube.Batch{Generation: 2, Add: by.reports(t, 10)}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		tile tiles.Tile
		want uint64
	}{
		{"Soho", tiles.Tile{Z: 14, X: 8185, Y: 5448}, 2},
		{"all", tiles.Tile{}, 2},
		{"Croydon", tiles.Tile{Z: 14, X: 8187, Y: 5462}, 1},
		{"Manchester", tiles.Tile{Z: 10, X: 505, Y: 331}, 1},
		{"New York", tiles.Tile{Z: 10, X: 301, Y: 384}, 0},
		{"no tile", tiles.Tile{Z: 30}, 0},
	} {
		if got := c.Current().TileGeneration(tt.tile); got != tt.want {
			t.Errorf("%s: generation %d, want %d", tt.name, got, tt.want)
		}
	}
}
