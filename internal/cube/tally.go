package cube

import (
	"math/bits"

	"github.com/streetsafe/streetsafe/internal/report"
)

// add counts the reports of cell i with a sign, 1 or -1.
func (t *tally) add(r *rows, i int, sign int64) {
	t.sign = sign
	pos, end := r.start[i], r.start[i+1]
	for k := 0; pos < end; k++ {
		k = t.pieceOf(r, i, k, pos)
		to := r.at(i, t.pieces[k].to)
		t.addRun(r, pos, to, t.pieces[k])
		pos = to
	}
}

// pieceOf is the number of the piece, from k on, that the row at pos is in.
func (t *tally) pieceOf(r *rows, i, k int, pos uint32) int {
	for r.at(i, t.pieces[k].to) <= pos {
		k++
	}
	return k
}

// addRun counts the rows of [a, b), which are of one piece.
func (t *tally) addRun(r *rows, a, b uint32, of piece) {
	if !of.inside {
		t.count(of, int64(t.plan.count(r, a, b, nil)))
		return
	}
	first, last := a/wordBits, (b-1)/wordBits
	n := 0
	for w := first; w <= last; w++ {
		lines, k := r.block(w/lineWords), w%lineWords
		facet := t.facets.match(lines, k)
		if w == first {
			facet &= ^uint64(0) << (a % wordBits)
		}
		if w == last {
			facet &= ^uint64(0) >> (wordBits - 1 - (b-1)%wordBits)
		}
		m := facet
		if len(t.plan.groups) > len(t.facets.groups) {
			m &= t.plan.match(lines, k)
		}
		n += bits.OnesCount64(m)
		t.addWord(lines, int(k), m, facet)
	}
	t.count(of, int64(n))
}

// count adds rows that match to the months and days.
func (t *tally) count(of piece, n int64) {
	n *= t.sign
	if of.inside {
		t.total += n
	}
	if of.day != noDay {
		t.days[of.day] += n
	}
	if of.month == noMonth {
		return
	}
	t.histogram[of.month] += n
	if of.inside {
		t.inside[of.month] += n
	}
}

// addWord divides the rows m of word k, and those that would match without the
// filter's factors.
func (t *tally) addWord(lines *[numPlanes]line, k int, m, facet uint64) {
	ones := func(word uint64) int64 { return t.sign * int64(bits.OnesCount64(word)) }
	if facet != 0 {
		for f := range report.NumFactors {
			t.facetFactors[f] += ones(facet & lines[factorPlane+f][k])
		}
	}
	if m == 0 {
		return
	}
	for f := range report.NumFactors {
		t.factors[f] += ones(m & lines[factorPlane+f][k])
	}
	no, yes := lines[darkPlane][k], lines[darkPlane+1][k]
	t.dark[report.DarkNo] += ones(m & no)
	t.dark[report.DarkYes] += ones(m & yes)
	t.dark[report.DarkUnknown] += ones(m &^ (no | yes))
	rest := m
	for d := range report.NumDayparts - 1 {
		plane := lines[daypartPlane+d][k]
		t.addWeek(lines, k, m&plane, &t.matrix[d])
		rest &^= plane
	}
	t.addWeek(lines, k, rest, &t.matrix[report.UnknownDaypart])
}

func (t *tally) addWeek(lines *[numPlanes]line, k int, m uint64, week *[report.NumWeekdays]int64) {
	if m == 0 {
		return
	}
	rest := m
	for d := range report.NumWeekdays - 1 {
		plane := lines[weekdayPlane+d][k]
		week[d] += t.sign * int64(bits.OnesCount64(m&plane))
		rest &^= plane
	}
	week[report.Sunday] += t.sign * int64(bits.OnesCount64(rest))
}
