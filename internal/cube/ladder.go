package cube

import "github.com/streetsafe/streetsafe/internal/report"

// A ladder answers filters of several groups on cells with very many rows. At
// every step-th row of a level, its rungs, it has cumulative counts for every
// choice of up to three factors, divided by daypart and dark, or by weekday too.
// The answer for a run of rows is the difference of two rungs and a scan from
// each end to the nearest one: with it, the cost of a large cell no longer grows
// with the number of reports.
type ladder struct {
	step   uint32
	counts []uint32 // by rung, choice and class
}

// ladders are those of one level, from the finest classes to none. A nil one is
// not worth its memory.
type ladders [numClassings]ladder

// classing is how a ladder divides rows.
type classing uint8

const (
	byNothing  classing = iota
	byTime              // daypart and dark
	byTimeWeek          // daypart, dark and weekday
	numClassings
)

const timeClasses = report.NumDayparts * report.NumDark

// classes is how many classes each classing has.
var classes = [numClassings]int{1, timeClasses, timeClasses * report.NumWeekdays}

// ladderSteps is how many rows lie between rungs. A rung takes 1.2 KB, 18 KB and
// 126 KB, so these steps come to 0.15, 0.55 and 1.9 bytes a row. Scanning a
// quarter of a step, which is what each end takes on average, is 0.1, 0.3 and
// 0.8 us.
var ladderSteps = [numClassings]uint32{1 << 13, 1 << 15, 1 << 16}

// ladderRes is the finest resolution with ladders. Finer cells hold fewer rows
// than a step even in the centre of London at 50 million.
var ladderRes = [numClassings]int{7, 7, 6}

// rungs is how many rungs there are.
func (l *ladder) rungs(k classing) uint32 {
	return uint32(len(l.counts) / (numChoices * classes[k]))
}

// ask is what a plan wants to know of a ladder.
type ask struct {
	by      classing
	choice  int16 // -1 when no ladder has the answer
	columns [report.NumFactors]int16
	classes [timeClasses * report.NumWeekdays]uint8
	n       int // of classes
}

// askFor finds how ladders answer a filter.
func (p *plan) askFor(f report.Filter, columns report.Factors) {
	a := &p.ask
	a.choice = -1
	if p.ranked || columns&^f.Factors != 0 && f.Factors != 0 {
		return // columns that the filter does not imply would need larger sets
	}
	a.choice = choices().number[f.Factors&report.AllFactors]
	for i, plane := range p.columns {
		a.columns[i] = choices().number[report.Factors(1)<<(plane-factorPlane)]
	}
	switch {
	case f.Weekdays != 0:
		a.by = byTimeWeek
	case f.Dayparts|report.DaypartSet(f.Dark) != 0:
		a.by = byTime
	default:
		a.by, a.n = byNothing, 1
		return
	}
	for w := range report.Weekday(report.NumWeekdays) {
		if a.by == byTimeWeek && !f.Weekdays.Has(w) || a.by == byTime && w > 0 {
			continue
		}
		for d := range report.Daypart(report.NumDayparts) {
			for dark := range report.Dark(report.NumDark) {
				if (f.Dayparts == 0 || f.Dayparts.Has(d)) && (f.Dark == 0 || f.Dark.Has(dark)) {
					a.classes[a.n] = uint8(w)*timeClasses + uint8(d)*report.NumDark + uint8(dark)
					a.n++
				}
			}
		}
	}
}

// sum is how many rows before a rung are of a choice and the asked classes.
func (l *ladder) sum(a *ask, rung uint32, choice int16) uint32 {
	if rung == 0 {
		return 0
	}
	width := classes[a.by]
	counts := l.counts[(int(rung-1)*numChoices+int(choice))*width:][:width]
	n := uint32(0)
	for _, class := range a.classes[:a.n] {
		n += counts[class]
	}
	return n
}

// climb counts the rows of [a, b) with a ladder, when there is one that helps.
func (p *plan) climb(r *rows, a, b uint32, cols []uint32) (n uint32, ok bool) {
	if p.ask.choice < 0 {
		return 0, false
	}
	l := &r.ladders[p.ask.by]
	if len(l.counts) == 0 || b-a < l.step {
		return 0, false
	}
	last := l.rungs(p.ask.by)
	from, to := min((a+l.step/2)/l.step, last), min((b+l.step/2)/l.step, last)
	if from >= to {
		return 0, false
	}
	n = l.sum(&p.ask, to, p.ask.choice) - l.sum(&p.ask, from, p.ask.choice)
	for i := range cols {
		c := p.ask.columns[i]
		cols[i] += l.sum(&p.ask, to, c) - l.sum(&p.ask, from, c)
	}
	return n + p.between(r, a, from*l.step, cols) + p.between(r, to*l.step, b, cols), true
}

// between scans the rows from a to b, and counts them negative when b is first.
func (p *plan) between(r *rows, a, b uint32, cols []uint32) uint32 {
	if a <= b {
		return p.scan(&r.planes, a, b, cols)
	}
	var less [report.NumFactors]uint32
	n := p.scan(&r.planes, b, a, less[:len(cols)])
	for i := range cols {
		cols[i] -= less[i]
	}
	return -n
}
