package cube

import (
	"math/bits"

	"github.com/streetsafe/streetsafe/internal/report"
)

// The planes: one bit a row each. A daypart, an answer to dark and a weekday
// have no plane of their own when they are the last of their kind: a row is of
// that kind when it is in none of the others.
const (
	factorPlane  = 0                                     // one for each factor
	daypartPlane = factorPlane + report.NumFactors       // night, morning, afternoon, evening
	darkPlane    = daypartPlane + report.NumDayparts - 1 // no, yes
	weekdayPlane = darkPlane + report.NumDark - 1        // Monday to Saturday
	numPlanes    = weekdayPlane + report.NumWeekdays - 1 // 24
	wordBits     = 64
	lineWords    = 8                    // a cache line
	blockRows    = wordBits * lineWords // rows in a block
)

// line is 512 bits of one plane. The planes of the same 512 rows stand together
// in a block, one line each, so that a filter reads whole cache lines, only of
// the planes that it asks for, and small cells find all theirs close together.
type line [lineWords]uint64

// planes are the attributes of rows, by column.
type planes struct {
	lines []line   // numPlanes for each block
	ranks []uint32 // for each block, how many rows each plane has before it
}

// vectorOf has a bit for each plane that a row with this mark is in.
func vectorOf(m mark) uint32 {
	a := m.attr()
	v := uint32(a) & (1<<report.NumFactors - 1)
	combo := uint32(a) >> report.NumFactors
	if d := combo / report.NumDark; d != uint32(report.UnknownDaypart) {
		v |= 1 << (daypartPlane + d)
	}
	if d := combo % report.NumDark; d != uint32(report.DarkUnknown) {
		v |= 1 << (darkPlane + d - 1)
	}
	if w := weekdayOf(m.day()); w != report.Sunday {
		v |= 1 << (weekdayPlane + w)
	}
	return v
}

// attrOfVector turns the planes of a row back into its attributes.
func attrOfVector(v uint32) attr {
	daypart, dark := uint32(report.UnknownDaypart), uint32(report.DarkUnknown)
	if d := v >> daypartPlane & (1<<(report.NumDayparts-1) - 1); d != 0 {
		daypart = uint32(bits.TrailingZeros32(d))
	}
	if d := v >> darkPlane & (1<<(report.NumDark-1) - 1); d != 0 {
		dark = uint32(bits.TrailingZeros32(d)) + 1
	}
	return attr(v&(1<<report.NumFactors-1) | (daypart*report.NumDark+dark)<<report.NumFactors)
}

// minDayWeekday is the weekday of report.MinDay, a Saturday.
const minDayWeekday = int32(report.Saturday)

// weekdayOf is the weekday of a day counted from report.MinDay.
func weekdayOf(day int32) report.Weekday {
	return report.Weekday((day + minDayWeekday) % report.NumWeekdays)
}

// newPlanes lays out the planes of rows in their order.
func newPlanes(marks []mark) planes {
	blocks := (len(marks) + blockRows - 1) / blockRows
	p := planes{lines: make([]line, blocks*numPlanes), ranks: make([]uint32, blocks*numPlanes)}
	var seen [numPlanes]uint32
	var vectors [wordBits]uint32
	for b := range blocks {
		copy(p.ranks[b*numPlanes:], seen[:])
		lines := p.lines[b*numPlanes : (b+1)*numPlanes]
		for w := range lineWords {
			start := b*blockRows + w*wordBits
			if start >= len(marks) {
				break
			}
			run := marks[start:min(start+wordBits, len(marks))]
			clear(vectors[len(run):])
			for i, m := range run {
				vectors[i] = vectorOf(m)
			}
			transpose(&vectors, lines, w)
		}
		for plane := range seen {
			for _, word := range lines[plane] {
				seen[plane] += uint32(bits.OnesCount64(word))
			}
		}
	}
	return p
}

// transpose writes the bits of 64 vectors into word w of each plane's line.
func transpose(vectors *[wordBits]uint32, lines []line, w int) {
	_ = lines[numPlanes-1]
	for octet := range numPlanes / 8 {
		for g := range lineWords { // eight rows at a time
			var m uint64
			for i := range 8 {
				m |= uint64(byte(vectors[g*8+i]>>(8*octet))) << (8 * i)
			}
			m = transpose8(m)
			for plane := range 8 {
				lines[octet*8+plane][w] |= (m >> (8 * plane) & 0xFF) << (8 * g)
			}
		}
	}
}

// untranspose reads the vectors of word w of a block.
func untranspose(vectors *[wordBits]uint32, lines *[numPlanes]line, w uint32) {
	clear(vectors[:])
	for octet := range numPlanes / 8 {
		planes := lines[octet*8 : octet*8+8]
		for g := range lineWords {
			var m uint64
			for plane := range 8 {
				m |= planes[plane][w%lineWords] >> (8 * g) & 0xFF << (8 * plane)
			}
			m = transpose8(m)
			for i := range 8 {
				vectors[g*8+i] |= uint32(m>>(8*i)&0xFF) << (8 * octet)
			}
		}
	}
}

// transpose8 flips an 8 x 8 matrix of bits (Hacker's Delight, 7-3).
func transpose8(m uint64) uint64 {
	t := (m ^ m>>7) & 0x00AA00AA00AA00AA
	m ^= t ^ t<<7
	t = (m ^ m>>14) & 0x0000CCCC0000CCCC
	m ^= t ^ t<<14
	t = (m ^ m>>28) & 0x00000000F0F0F0F0
	return m ^ t ^ t<<28
}

// vector collects the bits of one row.
func (p *planes) vector(pos uint32) uint32 {
	lines := p.lines[int(pos/blockRows)*numPlanes:][:numPlanes]
	w, bit := pos%blockRows/wordBits, pos%wordBits
	v := uint32(0)
	for plane := range lines {
		v |= uint32(lines[plane][w]>>bit&1) << plane
	}
	return v
}

// rank is how many rows before pos are in the plane.
func (p *planes) rank(plane int, pos uint32) uint32 {
	b := int(pos/blockRows)*numPlanes + plane
	if b >= len(p.lines) { // past the last block: count that one in full
		b -= numPlanes
		return p.ranks[b] + uint32(onesBefore(&p.lines[b], blockRows))
	}
	return p.ranks[b] + uint32(onesBefore(&p.lines[b], pos%blockRows))
}

// onesBefore counts the bits of a line before bit n.
func onesBefore(l *line, n uint32) int {
	count := 0
	w := n / wordBits
	for _, word := range l[:w] {
		count += bits.OnesCount64(word)
	}
	if w < lineWords {
		count += bits.OnesCount64(l[w] & (1<<(n%wordBits) - 1))
	}
	return count
}

// count is how many rows of [a, b), at least one, are in the plane.
func (p *planes) count(plane int, a, b uint32) uint32 {
	return p.rank(plane, b) - p.rank(plane, a)
}
