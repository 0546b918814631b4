package cube

import "math/bits"

// count is how many rows of [a, b) are in all groups. With columns it adds to
// cols, one for each of the plan's columns, how many of them are in that plane.
func (p *plan) count(r *rows, a, b uint32, cols []uint32) uint32 {
	if a >= b {
		return 0
	}
	if n, ok := p.countByRank(&r.planes, a, b, cols); ok {
		return n
	}
	if n, ok := p.climb(r, a, b, cols); ok {
		return n
	}
	return p.scan(&r.planes, a, b, cols)
}

// countByRank answers from the directory of counts alone, which takes the same
// time for any number of rows: when at most one group asks and no row is in two
// of its planes, and, of the columns, those that the group implies.
func (p *plan) countByRank(pl *planes, a, b uint32, cols []uint32) (n uint32, ok bool) {
	if !p.ranked {
		return 0, false
	}
	for i, plane := range p.columns {
		cols[i] += pl.count(int(plane), a, b)
	}
	if len(p.groups) == 0 {
		return b - a, true
	}
	g := &p.groups[0]
	if len(p.columns) == 1 && g.n == 1 && g.planes[0] == p.columns[0] {
		return cols[0], true
	}
	for _, plane := range g.planes[:g.n] {
		n += pl.count(int(plane), a, b)
	}
	if g.inverted {
		n = b - a - n
	}
	return n, true
}

// canRank says whether countByRank has the answer.
func (p *plan) canRank() bool {
	switch len(p.groups) {
	case 0:
		return true
	case 1:
		g := &p.groups[0]
		if g.planes[0] < daypartPlane {
			// Reports name several factors, so planes of factors overlap.
			return g.n == 1 && (len(p.columns) == 0 || len(p.columns) == 1 && p.columns[0] == g.planes[0])
		}
		return len(p.columns) == 0
	}
	return false
}

// scan counts by looking at the planes of all rows: whole lines in the middle,
// and at the ends parts of lines.
func (p *plan) scan(pl *planes, a, b uint32, cols []uint32) uint32 {
	n := uint32(0)
	for block := a / blockRows; a < b; block++ {
		end := min(b, (block+1)*blockRows)
		switch words := (end-1)/wordBits - a/wordBits + 1; {
		case words <= fewWords:
			n += p.scanWords(pl, a, end, cols)
		default:
			n += p.scanBlock(pl.block(block), a%blockRows, end-block*blockRows, cols)
		}
		a = end
	}
	return n
}

// fewWords is up to how many words are better looked at one by one than as a
// part of a line.
const fewWords = 2

// block is the lines of one block of rows.
func (pl *planes) block(i uint32) *[numPlanes]line {
	return (*[numPlanes]line)(pl.lines[int(i)*numPlanes:])
}

// scanWords counts the rows of [a, b), which are in one block.
func (p *plan) scanWords(pl *planes, a, b uint32, cols []uint32) uint32 {
	lines := pl.block(a / blockRows)
	first, last := a%blockRows/wordBits, (b-1)%blockRows/wordBits
	n := 0
	for w := first; w <= last; w++ {
		m := p.match(lines, w)
		if w == first {
			m &= ^uint64(0) << (a % wordBits)
		}
		if w == last {
			m &= ^uint64(0) >> (wordBits - 1 - (b-1)%wordBits)
		}
		if m == 0 {
			continue
		}
		n += bits.OnesCount64(m)
		for i, plane := range p.columns {
			cols[i] += uint32(bits.OnesCount64(m & lines[plane][w]))
		}
	}
	return uint32(n)
}

// match is the rows of word w of a block that are in all groups.
func (p *plan) match(lines *[numPlanes]line, w uint32) uint64 {
	m := ^uint64(0)
	w %= lineWords
	for i := range p.groups {
		g := &p.groups[i]
		var in uint64
		for _, plane := range g.planes[:g.n] {
			in |= lines[plane%numPlanes][w]
		}
		if g.inverted {
			in = ^in
		}
		m &= in
	}
	return m
}

// scanBlock counts the rows from to end of a block.
func (p *plan) scanBlock(lines *[numPlanes]line, from, end uint32, cols []uint32) uint32 {
	var m, in line
	p.groups[0].gather(&m, lines)
	if m.isZero() {
		return 0
	}
	for i := range p.groups[1:] {
		p.groups[1+i].gather(&in, lines)
		m.and(&in)
	}
	if end-from < blockRows {
		m.clip(from, end)
	}
	for i, plane := range p.columns {
		cols[i] += lines[plane%numPlanes].onesIn(&m)
	}
	return m.ones()
}

// gather fills to with the rows of a block that are in the group.
func (g *group) gather(to *line, lines *[numPlanes]line) {
	a := &lines[g.planes[0]%numPlanes]
	switch g.n {
	case 1:
		*to = *a
	case 2:
		to.or2(a, &lines[g.planes[1]%numPlanes])
	default:
		to.or3(a, &lines[g.planes[1]%numPlanes], &lines[g.planes[2]%numPlanes])
		for _, plane := range g.planes[3:g.n] {
			to.or2(to, &lines[plane%numPlanes])
		}
	}
	if g.inverted {
		to.invert()
	}
}

// The operations on lines are written out: the compiler does not unroll, and
// the loops took 2.5 times as long.

func (l *line) or2(a, b *line) {
	l[0], l[1], l[2], l[3] = a[0]|b[0], a[1]|b[1], a[2]|b[2], a[3]|b[3]
	l[4], l[5], l[6], l[7] = a[4]|b[4], a[5]|b[5], a[6]|b[6], a[7]|b[7]
}

func (l *line) or3(a, b, c *line) {
	l[0], l[1], l[2], l[3] = a[0]|b[0]|c[0], a[1]|b[1]|c[1], a[2]|b[2]|c[2], a[3]|b[3]|c[3]
	l[4], l[5], l[6], l[7] = a[4]|b[4]|c[4], a[5]|b[5]|c[5], a[6]|b[6]|c[6], a[7]|b[7]|c[7]
}

func (l *line) and(a *line) {
	l[0], l[1], l[2], l[3] = l[0]&a[0], l[1]&a[1], l[2]&a[2], l[3]&a[3]
	l[4], l[5], l[6], l[7] = l[4]&a[4], l[5]&a[5], l[6]&a[6], l[7]&a[7]
}

func (l *line) invert() {
	l[0], l[1], l[2], l[3] = ^l[0], ^l[1], ^l[2], ^l[3]
	l[4], l[5], l[6], l[7] = ^l[4], ^l[5], ^l[6], ^l[7]
}

// clip clears all bits but those from from to end.
func (l *line) clip(from, end uint32) {
	clear(l[:from/wordBits])
	l[from/wordBits%lineWords] &= ^uint64(0) << (from % wordBits)
	if end < blockRows {
		l[end/wordBits] &= 1<<(end%wordBits) - 1
		clear(l[end/wordBits+1:])
	}
}

func (l *line) isZero() bool {
	return l[0]|l[1]|l[2]|l[3]|l[4]|l[5]|l[6]|l[7] == 0
}

// ones is how many bits are set.
func (l *line) ones() uint32 {
	return uint32(bits.OnesCount64(l[0]) + bits.OnesCount64(l[1]) + bits.OnesCount64(l[2]) + bits.OnesCount64(l[3]) +
		bits.OnesCount64(l[4]) + bits.OnesCount64(l[5]) + bits.OnesCount64(l[6]) + bits.OnesCount64(l[7]))
}

// onesIn is how many bits are set in both.
func (l *line) onesIn(m *line) uint32 {
	return uint32(bits.OnesCount64(l[0]&m[0]) + bits.OnesCount64(l[1]&m[1]) + bits.OnesCount64(l[2]&m[2]) + bits.OnesCount64(l[3]&m[3]) +
		bits.OnesCount64(l[4]&m[4]) + bits.OnesCount64(l[5]&m[5]) + bits.OnesCount64(l[6]&m[6]) + bits.OnesCount64(l[7]&m[7]))
}
