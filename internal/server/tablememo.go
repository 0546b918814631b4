package server

import (
	"sync"

	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

// maxTables bounds the tables that are kept. One has at most some ten thousand
// cells of 100 bytes; a planner's screen needs three or four of them, and each
// can be made again in some milliseconds.
const maxTables = 24

// tableKey says everything that a table depends on.
type tableKey struct {
	generation uint64
	scope      string
	filter     report.Filter
	res        int
	columns    report.Factors
	kind       tableKind
}

type tableKind uint8

const (
	plainTable   tableKind = iota
	groupedTable           // sums of shown tables
	shownTable             // one half-year, what the floor leaves
)

type tableSlot struct {
	once  sync.Once
	table map[h3.Cell]cellCount
}

// tableMemo remembers tables of those who see a part: a screen full of tiles
// needs the same one again and again.
type tableMemo struct {
	mu    sync.Mutex // guards the fields below
	slots map[tableKey]*tableSlot
	order []tableKey // the oldest first
}

func newTableMemo() *tableMemo { return &tableMemo{slots: map[tableKey]*tableSlot{}} }

// of returns the table of a key, made once however many ask. make may ask for
// other keys.
func (m *tableMemo) of(key tableKey, make func() map[h3.Cell]cellCount) map[h3.Cell]cellCount {
	m.mu.Lock()
	slot := m.slots[key]
	if slot == nil {
		slot = &tableSlot{}
		if len(m.order) >= maxTables {
			delete(m.slots, m.order[0])
			m.order = m.order[1:]
		}
		m.slots[key] = slot
		m.order = append(m.order, key)
	}
	m.mu.Unlock()
	slot.once.Do(func() { slot.table = make() })
	return slot.table
}
