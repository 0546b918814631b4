package cube

import (
	"sync"

	"github.com/streetsafe/streetsafe/internal/report"
)

// A choice is a set of factors that a ladder counts, of which a row must name
// any: all sets of up to three, the two groups, and no set, which is all rows.
const (
	maxChosen  = 3
	numSubsets = 1 + 12 + 66 + 220
	numChoices = numSubsets + 2
)

// choiceTable holds how sets of factors become numbers. It never changes.
type choiceTable struct {
	sets   [numChoices]report.Factors
	number [report.AllFactors + 1]int16 // -1 for sets that are no choice
	// subsets are, for each set of factors, the numbers of its subsets that are
	// among the first numSubsets, the empty one left out, and of the groups of
	// which it has a factor.
	subsets [report.AllFactors + 1][]uint16
}

var choices = sync.OnceValue(func() *choiceTable {
	c := &choiceTable{}
	n := 0
	for size := range maxChosen + 1 {
		for set := range report.AllFactors + 1 {
			if set.Len() == size {
				c.sets[n] = set
				n++
			}
		}
	}
	c.sets[n], c.sets[n+1] = report.EnvironmentalFactors, report.BehaviouralFactors
	for i := range c.number {
		c.number[i] = -1
	}
	for i, set := range c.sets {
		c.number[set] = int16(i)
	}
	for set := range report.AllFactors + 1 {
		for i, sub := range c.sets {
			if i > 0 && i < numSubsets && sub&^set == 0 || i >= numSubsets && sub&set != 0 {
				c.subsets[set] = append(c.subsets[set], uint16(i))
			}
		}
	}
	return c
})

// climb fills ladders row by row. It counts rows that name all of a subset,
// since those are few subsets for each row, and turns these into rows that name
// any at the rungs.
type climb struct {
	*choiceTable
	ladders
	rows   uint32
	byWeek [numChoices][timeClasses * report.NumWeekdays]uint32
	plain  [numChoices]uint32
}

// newLadders makes the ladders of a level's rows.
func newLadders(res int, marks []mark) ladders {
	c := &climb{choiceTable: choices()}
	worth := false
	for k := range c.ladders {
		l := &c.ladders[k]
		l.step = ladderSteps[k]
		if res > ladderRes[k] {
			continue
		}
		rungs := len(marks) / int(l.step)
		l.counts = make([]uint32, 0, rungs*numChoices*classes[k])
		worth = worth || rungs > 0
	}
	if !worth {
		return ladders{}
	}
	for len(marks) >= int(ladderSteps[byNothing]) {
		run := marks[:ladderSteps[byNothing]]
		marks = marks[len(run):]
		c.add(run)
		for k := range c.ladders {
			if res <= ladderRes[k] && c.rows%c.ladders[k].step == 0 {
				c.rung(classing(k))
			}
		}
	}
	return c.ladders
}

func (c *climb) add(run []mark) {
	c.rows += uint32(len(run))
	for _, m := range run {
		class := uint16(m.attr())>>report.NumFactors + uint16(weekdayOf(m.day()))*timeClasses
		c.byWeek[0][class]++
		c.plain[0]++
		for _, sub := range c.subsets[report.Factors(m.attr())&report.AllFactors] {
			c.byWeek[sub][class]++
			c.plain[sub]++
		}
	}
}

// rung appends a rung to a ladder.
func (c *climb) rung(k classing) {
	l := &c.ladders[k]
	base := len(l.counts)
	width := classes[k]
	l.counts = l.counts[:base+numChoices*width]
	rung := l.counts[base:]
	for choice := range numChoices {
		to := rung[choice*width : (choice+1)*width]
		switch k {
		case byNothing:
			to[0] = c.plain[choice]
		case byTime:
			for class, n := range c.byWeek[choice] {
				to[class%timeClasses] += n
			}
		default:
			copy(to, c.byWeek[choice][:])
		}
	}
	// Inclusion and exclusion turn "all of" into "any of", the largest sets
	// first, since the smaller ones are still needed.
	for choice := numSubsets - 1; choice > 0; choice-- {
		set := c.sets[choice]
		if set.Len() == 1 {
			break
		}
		to := rung[choice*width : (choice+1)*width]
		whole := set.Len()
		for class := range to {
			if whole%2 == 0 {
				to[class] = -to[class]
			}
		}
		for sub := (set - 1) & set; sub != 0; sub = (sub - 1) & set {
			from := rung[int(c.number[sub])*width:]
			if sub.Len() == 1 {
				add32(to, from[:width])
			} else {
				sub32(to, from[:width])
			}
		}
	}
}

func add32(to, from []uint32) {
	for i, n := range from {
		to[i] += n
	}
}

func sub32(to, from []uint32) {
	for i, n := range from {
		to[i] -= n
	}
}
