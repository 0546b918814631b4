package cube_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/tiles"
)

// Every snapshot that a reader can get hold of, in the middle of a merge too, is
// whole: the cells of the one tile of zoom 0 have all its reports, at every
// resolution, and so has every summary.
func TestCube_Concurrent(t *testing.T) {
	by := london(21)
	first := by.reports(t, 4000)
	c := cube.New(build(t, 1, first))
	cube.Tune(c, 200, 8)
	var done atomic.Bool
	var readers sync.WaitGroup
	for n := range 3 {
		readers.Go(func() {
			by := london(uint64(30 + n))
			var dst cube.Selection
			last := uint64(0)
			for rounds := 0; rounds < 20 || !done.Load(); rounds++ {
				s := c.Current()
				if s.Generation() < last {
					t.Errorf("generation %d after %d", s.Generation(), last)
				}
				last = s.Generation()
				f := by.filter()
				want := s.Total(f)
				for _, res := range []int{3, 3 + by.IntN(9)} {
					s.Select(cube.Query{Tile: tiles.Tile{}, Res: res, Filter: f}, &dst)
					sum := int64(0)
					for i := range dst.Len() {
						sum += int64(dst.Count(i))
					}
					total := s.Summary(cube.SummaryQuery{Area: report.Box{West: -180, South: -90, East: 180, North: 90}, Res: res, Filter: f}).Total
					if sum != want || total != want {
						t.Errorf("%+v: cells of resolution %d hold %d, summary %d, total %d", f, res, sum, total, want)
						return
					}
				}
			}
		})
	}
	life(t, by, c, first, func(*cube.Snapshot, oracle) {})
	c.Settled()
	done.Store(true)
	readers.Wait()
}
