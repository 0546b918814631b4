package cube

import (
	"slices"
	"sort"
)

// rows are the reports of one shard at one level, sorted by cell, day and
// attributes.
type rows struct {
	start []uint32 // start[i]:start[i+1] are the rows of cell i
	planes

	// Where the days of a cell begin. A cell with few reports a day has the day
	// of each row in days; the others have a table in starts: the first day, how
	// many days, and for each of them and the end how many rows come before.
	// index[i] says where cell i has its own: in days, or with tableFlag in
	// starts.
	index  []uint32
	days   []uint16
	starts []uint32

	ladders ladders // for coarse levels
}

const tableFlag = 1 << 31

// tablePerRow is from how many rows a day of its span a cell has a table: four
// bytes a day then take no more than two a row.
const tablePerRow = 2

// newRows lays out the marks of a level's cells, sorted in each cell, which
// start[i]:start[i+1] delimit.
func newRows(res int, start []uint32, marks []mark) *rows {
	r := &rows{start: start, planes: newPlanes(marks), index: make([]uint32, len(start)-1)}
	r.ladders = newLadders(res, marks)
	days, starts := 0, 0
	for i := range r.index {
		if m := marks[start[i]:start[i+1]]; hasTable(m) {
			starts += tableHead + int(tableDays(m)) + 1
		} else {
			days += len(m)
		}
	}
	r.days, r.starts = make([]uint16, 0, days), make([]uint32, 0, starts)
	for i := range r.index {
		m := marks[start[i]:start[i+1]]
		if !hasTable(m) {
			r.index[i] = uint32(len(r.days))
			for _, x := range m {
				r.days = append(r.days, uint16(x.day()))
			}
			continue
		}
		r.index[i] = uint32(len(r.starts)) | tableFlag
		r.starts = append(r.starts, uint32(m[0].day()), tableDays(m))
		next := 0
		for day := m[0].day(); day <= m[len(m)-1].day(); day++ {
			r.starts = append(r.starts, uint32(next))
			for next < len(m) && m[next].day() == day {
				next++
			}
		}
		r.starts = append(r.starts, uint32(len(m)))
	}
	return r
}

// tableHead is what stands before a table of starts: the first day and how many.
const tableHead = 2

func tableDays(m []mark) uint32 { return uint32(m[len(m)-1].day()-m[0].day()) + 1 }

func hasTable(m []mark) bool {
	return len(m) > 0 && len(m) >= tablePerRow*(int(tableDays(m))+tableHead+1)
}

// len is how many rows there are.
func (r *rows) len() int { return int(r.start[len(r.start)-1]) }

// at is the position of the first row of cell i that is not before day, counted
// from report.MinDay; the end of the cell when all are before.
func (r *rows) at(i int, day int32) uint32 {
	start, p := r.start[i], r.index[i]
	if p&tableFlag == 0 {
		days := r.days[p : p+r.start[i+1]-start]
		return start + uint32(sort.Search(len(days), func(k int) bool { return int32(days[k]) >= day }))
	}
	t := r.starts[p&^tableFlag:]
	k := day - int32(t[0])
	return start + t[tableHead+min(max(k, 0), int32(t[1]))]
}

// window is the run of rows of cell i with days in [from, to).
func (r *rows) window(i int, from, to int32) (a, b uint32) {
	return r.at(i, from), r.at(i, to)
}

// marksReader reads the marks of a level's cells. It is quickest in their order,
// since it turns 64 rows at a time from planes into marks and keeps them.
type marksReader struct {
	*rows
	word    uint32 // number of the word that vectors is of, and 1; 0 for none
	vectors [wordBits]uint32
}

// append appends the marks of cell i, in order.
func (r *marksReader) append(dst []mark, i int) []mark {
	a, b := r.start[i], r.start[i+1]
	dst = slices.Grow(dst, int(b-a))
	p := r.index[i]
	if p&tableFlag == 0 {
		for pos := a; pos < b; pos++ {
			dst = append(dst, mark(r.days[p+pos-a])<<rowDayShift|r.attrAt(pos))
		}
		return dst
	}
	t := r.starts[p&^tableFlag:]
	for k := range t[1] {
		day := mark(t[0]+k) << rowDayShift
		for pos := a + t[tableHead+k]; pos < a+t[tableHead+k+1]; pos++ {
			dst = append(dst, day|r.attrAt(pos))
		}
	}
	return dst
}

func (r *marksReader) attrAt(pos uint32) mark {
	if w := pos / wordBits; r.word != w+1 {
		r.word = w + 1
		untranspose(&r.vectors, r.block(pos/blockRows), w%lineWords)
	}
	return mark(attrOfVector(r.vectors[pos%wordBits]))
}

// size is how many bytes the rows take.
func (r *rows) size() int { return bytesOf(r.columns()) }
