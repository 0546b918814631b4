package tiles

import "strconv"

// summary is what the layer "meta" says of the cells.
type summary struct {
	cells    int
	min, max uint32
	sum      uint64
	counts   Histogram
	breaks   []uint32
	text     []byte
}

func (m *summary) reset() {
	*m = summary{breaks: m.breaks[:0], text: m.text[:0]}
}

func (m *summary) add(count uint32) {
	if m.cells == 0 {
		m.min = count
	}
	m.cells++
	m.sum += uint64(count)
	m.min, m.max = min(m.min, count), max(m.max, count)
	m.counts.Add(count)
}

// breakText is the class breaks with commas between them, valid until the next
// call.
func (m *summary) breakText() []byte {
	m.breaks = m.counts.AppendBreaks(m.breaks[:0])
	m.text = m.text[:0]
	for i, n := range m.breaks {
		if i > 0 {
			m.text = append(m.text, ',')
		}
		m.text = strconv.AppendUint(m.text, uint64(n), 10)
	}
	return m.text
}
