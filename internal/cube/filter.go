package cube

import (
	"math/bits"

	"github.com/streetsafe/streetsafe/internal/report"
)

// plan is a filter in terms of positions and planes.
type plan struct {
	none     bool // nothing matches
	windowed bool
	from, to int32 // [from, to) in days from report.MinDay, when windowed
	groups   []group
	columns  []uint8 // planes to count beside the total
	ranked   bool    // countByRank has the answer
	ask      ask     // of ladders

	space [maxGroups]group // groups points into it
	cols  [report.NumFactors]uint8
}

// maxGroups: factors, daypart, dark, weekday.
const maxGroups = 4

// group is one part of a filter: rows in any of these planes, or with inverted
// rows in none of them. A row must be in all groups.
type group struct {
	planes   [report.NumFactors]uint8
	n        int
	inverted bool
}

// compile fills p for a filter and the factors to count.
func (p *plan) compile(f report.Filter, columns report.Factors) {
	*p = plan{}
	p.groups = p.space[:0]
	p.columns = p.cols[:0]
	p.setWindow(f)
	// Weekdays first: in a large cell, whole blocks are of other days and end there.
	p.require(uint32(f.Weekdays), uint32(report.AllWeekdays), weekdayPlane, int(report.Sunday))
	// The planes of dark begin with "no", which is 1: rotate "unknown" to the end.
	dark := uint32(f.Dark)
	if dark != 0 {
		all := uint32(report.AllDark)
		dark = dark&all>>1 | dark&1<<(report.NumDark-1) | dark&^all
	}
	p.require(dark, uint32(report.AllDark), darkPlane, report.NumDark-1)
	p.require(uint32(f.Dayparts), uint32(report.AllDayparts), daypartPlane, int(report.UnknownDaypart))
	p.require(uint32(f.Factors), uint32(report.AllFactors), factorPlane, -1)
	for set := uint32(columns & report.AllFactors); set != 0; set &= set - 1 {
		p.columns = append(p.columns, factorPlane+uint8(bits.TrailingZeros32(set)))
	}
	p.ranked = p.canRank()
	p.askFor(f, columns)
}

func (p *plan) setWindow(f report.Filter) {
	if !f.HasWindow() {
		return
	}
	p.windowed = true
	p.from = int32(max(f.From, report.MinDay) - report.MinDay)
	p.to = int32(min(f.To, report.MaxDay+1) - report.MinDay)
	p.none = p.none || p.from >= p.to
}

// require adds a group for a set of values, bit i being plane first+i. The value
// rest, if there is one, has no plane: rows with it are in none of the others.
func (p *plan) require(set, all uint32, first, rest int) {
	if set == 0 || set&all == all {
		return
	}
	set &= all
	if set == 0 {
		p.none = true // the filter asks for values that do not exist
		return
	}
	var g group
	if rest >= 0 && set>>rest&1 != 0 {
		g.inverted = true
		set = all &^ set
	}
	for ; set != 0; set &= set - 1 {
		g.planes[g.n] = uint8(first + bits.TrailingZeros32(set))
		g.n++
	}
	p.groups = append(p.groups, g)
}

// span is the run of rows of cell i in the plan's window.
func (p *plan) span(r *rows, i int) (a, b uint32) {
	if p.windowed {
		return r.window(i, p.from, p.to)
	}
	return r.start[i], r.start[i+1]
}
