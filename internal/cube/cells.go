package cube

import (
	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Cells gives the figures of several cells of resolutions 3 to 11 together. No
// cell may lie in another one, or what both hold counts twice; cells of other
// resolutions count nothing. It takes the time of Cell, less what reading the
// filter costs for each.
func (s *Snapshot) Cells(cells []h3.Cell, f report.Filter) Figures {
	t := newTally(newDivision(s, f))
	for _, c := range cells {
		res := resolutionOf(c)
		if res < minRes || res > maxRes {
			continue
		}
		n, ok := s.find(parentOf(c, minRes))
		if !ok {
			continue
		}
		for _, p := range s.shards[n].parts {
			r := p.at(res)
			if r == nil {
				continue
			}
			if i, ok := p.tree.at(res).find(keyOf(c, res)); ok {
				t.add(r, i, p.sign())
			}
		}
	}
	return t.figures()
}
