package cube

import (
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/tiles"
)

// Breaks are the lower bounds of five classes on 1-2-5 steps that suit the
// counts of all cells of a resolution, so that a legend stays the same wherever
// the map goes. See tiles.Histogram.AppendBreaks.
func (s *Snapshot) Breaks(res int, f report.Filter) []uint32 {
	var p plan
	p.compile(f, 0)
	var all tiles.Histogram
	if res < minRes || res > maxRes {
		return all.AppendBreaks(nil)
	}
	counts := make([][]int32, len(s.shards))
	parallel(len(s.shards), func(i int) {
		g := gatherer{plan: &p, res: res, sights: everywhere, by: byCentre}
		counts[i] = g.gather(s.shards[i]).counts
	})
	for _, cs := range counts {
		for _, n := range cs {
			all.Add(uint32(max(n, 0)))
		}
	}
	return all.AppendBreaks(nil)
}
