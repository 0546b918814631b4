package areas

import (
	"math"

	"github.com/paulmach/orb"
)

// grid finds the areas whose box holds a position. A square grid over the box
// around all of them has about four squares for each area: wards are of a like
// size where people are, and one look into a list of a few is all it takes.
type grid struct {
	bound  orb.Bound
	nx, ny int
	square [][]int32 // numbers of areas, ascending
}

func newGrid(list []*Area) *grid {
	g := &grid{bound: list[0].Bound}
	for _, a := range list {
		g.bound = g.bound.Union(a.Bound)
	}
	side := int(math.Ceil(2 * math.Sqrt(float64(len(list)))))
	g.nx, g.ny = side, side
	g.square = make([][]int32, g.nx*g.ny)
	for i, a := range list {
		x0, y0 := g.at(a.Bound.Min)
		x1, y1 := g.at(a.Bound.Max)
		for y := y0; y <= y1; y++ {
			for x := x0; x <= x1; x++ {
				g.square[y*g.nx+x] = append(g.square[y*g.nx+x], int32(i))
			}
		}
	}
	return g
}

// at returns the square of a position in the bound.
func (g *grid) at(p orb.Point) (x, y int) {
	scale := func(v, lo, hi float64, n int) int {
		if hi <= lo {
			return 0
		}
		return min(max(int((v-lo)/(hi-lo)*float64(n)), 0), n-1)
	}
	return scale(p[0], g.bound.Min[0], g.bound.Max[0], g.nx), scale(p[1], g.bound.Min[1], g.bound.Max[1], g.ny)
}

func (g *grid) near(lng, lat float64) []int32 {
	p := orb.Point{lng, lat}
	if !g.bound.Contains(p) {
		return nil
	}
	x, y := g.at(p)
	return g.square[y*g.nx+x]
}
