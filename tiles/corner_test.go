package tiles_test

import (
	"math"
	"testing"

	"github.com/streetsafe/streetsafe/tiles"
)

// TestAgreedCorner asks all cells around a corner what it is: they must give one
// answer to the last bit, whatever H3 computed for each.
func TestAgreedCorner_AllCellsAgree(t *testing.T) {
	differ := 0
	for res := 0; res <= finest; res++ {
		for _, c := range anyCells(t, res, 30) {
			disk, err := c.GridDisk(1)
			if err != nil {
				t.Fatal(err)
			}
			boundary, err := c.Boundary()
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range boundary {
				want := tiles.AgreedCorner(c, p)
				around := 0
				for _, n := range disk {
					others, err := n.Boundary()
					if err != nil {
						t.Fatal(err)
					}
					for _, q := range others {
						if math.Abs(p.Lat-q.Lat) > 1e-9 || math.Abs(math.Remainder(p.Lng-q.Lng, 360)) > 1e-9 {
							continue
						}
						around++
						if p != q {
							differ++
						}
						if got := tiles.AgreedCorner(n, q); got != want {
							t.Errorf("corner %v: %s says %v, %s says %v", p, c, want, n, got)
						}
					}
				}
				if around < 2 {
					t.Errorf("%s: nobody shares the corner %v", c, p)
				}
			}
		}
	}
	if differ == 0 {
		t.Error("H3 gave one answer everywhere: there was nothing to agree on")
	}
}
