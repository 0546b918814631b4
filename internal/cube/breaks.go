package cube

import (
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/tiles"
)

// Breaks are the lower bounds of five classes on 1-2-5 steps that suit the
// counts of all cells of a resolution, so that a legend stays the same wherever
// the map goes. See tiles.Histogram.AppendBreaks.
func (s *Snapshot) Breaks(res int, f report.Filter) []uint32 {
	var h tiles.Histogram
	var p plan
	p.compile(f, 0)
	if res >= minRes && res <= maxRes && !p.none {
		g := gatherer{plan: &p, res: res, sights: everywhere, by: byCentre}
		for _, sh := range s.shards {
			for _, n := range g.gather(sh).counts {
				h.Add(uint32(max(n, 0)))
			}
		}
	}
	return h.AppendBreaks(nil)
}
