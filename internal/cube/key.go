package cube

import (
	"fmt"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

const (
	minRes    = report.CoarsestResolution
	maxRes    = report.Resolution
	numLevels = maxRes - minRes + 1

	// The layout of an H3 index: 3 bits for each of 15 digits from the low end,
	// above them the resolution.
	h3Res      = 15
	h3Digit    = 3
	h3ResShift = 52
	h3ModeMask = 0xFFF << h3ResShift // reserved bits, mode and resolution

	keyBits = h3Digit * (maxRes - minRes)
)

// parentOf is the ancestor of c at resolution res, which must not be finer than
// c. It is h3.CellToParent without the call into C.
func parentOf(c h3.Cell, res int) h3.Cell {
	u := uint64(c)&^(0xF<<h3ResShift) | uint64(res)<<h3ResShift
	return h3.Cell(u | (1<<(h3Digit*(h3Res-res)) - 1))
}

// resolutionOf is the resolution that the index claims to have.
func resolutionOf(c h3.Cell) int { return int(c>>h3ResShift) & 0xF }

// keyOf is the key of a cell of resolution res in its shard.
func keyOf(c h3.Cell, res int) uint32 {
	return uint32(uint64(c)>>(h3Digit*(h3Res-res))) & (1<<(h3Digit*(res-minRes)) - 1)
}

// cellOf turns a key back into the cell of resolution res under root.
func cellOf(root h3.Cell, res int, key uint32) h3.Cell {
	unused := h3Digit * (h3Res - res)
	u := uint64(root)&^(0xF<<h3ResShift|(1<<(h3Digit*(h3Res-minRes))-1)) | uint64(res)<<h3ResShift
	return h3.Cell(u | uint64(key)<<unused | (1<<unused - 1))
}

// A row is a report in its shard: key, day since report.MinDay, attributes. Rows
// sort by cell and day, and equal rows are equal reports.
type row uint64

const (
	rowKeyShift = 32
	rowDayShift = 16
)

// A mark is a row without its key: what is kept of a report in a known cell.
type mark uint32

func (r row) key() uint32 { return uint32(r >> rowKeyShift) }
func (r row) mark() mark  { return mark(r) }
func (m mark) day() int32 { return int32(m >> rowDayShift) }
func (m mark) attr() attr { return attr(m) }

// attr packs what a report says beside place and day: its factors and, above
// them, daypart and dark as one of 15 combinations.
type attr uint16

func attrOf(r report.Report) attr {
	return attr(r.Factors) | attr(uint16(r.Daypart)*report.NumDark+uint16(r.Dark))<<report.NumFactors
}

// rowOf packs a report, or says why it is none.
func rowOf(r report.Report) (row, error) {
	if uint64(r.Cell)>>h3ResShift != 1<<7|maxRes {
		return 0, fmt.Errorf("cube: %x is not a cell of resolution %d", uint64(r.Cell), maxRes)
	}
	if r.Day < report.MinDay || r.Day > report.MaxDay {
		return 0, fmt.Errorf("cube: day %d is out of range", r.Day)
	}
	if r.Factors == 0 || r.Factors&^report.AllFactors != 0 || r.Daypart >= report.NumDayparts || r.Dark >= report.NumDark {
		return 0, fmt.Errorf("cube: report with factors %#x, daypart %d, dark %d", uint16(r.Factors), r.Daypart, r.Dark)
	}
	return row(keyOf(r.Cell, maxRes))<<rowKeyShift | row(r.Day-report.MinDay)<<rowDayShift | row(attrOf(r)), nil
}
