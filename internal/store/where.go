package store

import (
	"fmt"
	"strings"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Dialect is how an engine writes days.
type Dialect struct {
	Day     func(report.Day) string // a literal to compare occurred_on with
	Weekday string                  // an expression, Monday = 0
}

// Where writes a filter and a cell as an SQL condition on the columns of the
// reports table. It has only numbers and dates in it, so it needs no
// placeholders. The zero cell is everywhere.
func (d Dialect) Where(f report.Filter, cell h3.Cell) (string, error) {
	all := []string{"1 = 1"}
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if f.Factors != 0 {
		add("factors & %d <> 0", f.Factors)
	}
	if f.HasWindow() {
		// Canonical brings the ends into the days that exist, so that each is a
		// date that PostgreSQL can write.
		w := f.Canonical()
		if w.HasWindow() {
			add("occurred_on >= %s AND occurred_on < %s", d.Day(w.From), d.Day(w.To))
		}
	}
	if f.Dayparts != 0 {
		add("daypart IN (%s)", bits(uint64(f.Dayparts)))
	}
	if f.Weekdays != 0 {
		add("%s IN (%s)", d.Weekday, bits(uint64(f.Weekdays)))
	}
	if f.Dark != 0 {
		add("dark IN (%s)", bits(uint64(f.Dark)))
	}
	if cell != 0 {
		lo, hi, err := descendants(cell)
		if err != nil {
			return "", err
		}
		add("cell BETWEEN %d AND %d", lo, hi)
	}
	return strings.Join(all, " AND "), nil
}

// CellExpr writes the ancestor of the column cell at a resolution as an SQL
// expression: the resolution is replaced and the finer digits are filled.
func CellExpr(resolution int) (string, error) {
	if resolution < 0 || resolution > report.Resolution {
		return "", fmt.Errorf("%w resolution %d: 0 to %d", ErrInvalid, resolution, report.Resolution)
	}
	resolutionBits := uint64(report.Resolution-resolution) << resolutionShift
	return fmt.Sprintf("((cell - %d) | %d)", resolutionBits, finer(resolution)), nil
}

// An H3 index has its resolution in bits 52 to 55 and below bit 45 fifteen
// digits of three bits, coarse to fine, those beyond the resolution all ones.
// Source: https://h3geo.org/docs/core-library/h3Indexing
const resolutionShift = 52

// finer returns the bits of the digits beyond a resolution.
func finer(resolution int) uint64 { return 1<<(3*(15-resolution)) - 1 }

// descendants returns the smallest and the largest index that a cell of
// report.Resolution inside the given one can have.
func descendants(cell h3.Cell) (lo, hi uint64, err error) {
	res := int(uint64(cell) >> resolutionShift & 15)
	if !cell.IsValid() || res > report.Resolution {
		return 0, 0, fmt.Errorf("%w cell %s: no cell of resolution 0 to %d", ErrInvalid, cell, report.Resolution)
	}
	hi = uint64(cell) + uint64(report.Resolution-res)<<resolutionShift
	lo = hi&^finer(res) | finer(report.Resolution)
	return lo, hi, nil
}

// bits lists the numbers of the bits that are set, separated by commas.
func bits(set uint64) string {
	var b strings.Builder
	for i := range 64 {
		if set>>i&1 == 0 {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		fmt.Fprint(&b, i)
	}
	return b.String()
}
