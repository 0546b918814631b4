package store

import (
	"context"
	"fmt"
	"strconv"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Retention makes old reports tell less. Both engines implement it as a part of
// Store. Each of its steps is a transaction that changes some of the rows, so
// whatever is stopped goes on where it was when it is called again; several
// programs may do the same at once.
type Retention interface {
	// Coarsen replaces all reports of days before p.Before by their Coarse form,
	// in batches of up to p.Rows reports. Whatever Insert or Publish meets from
	// those days from now on, it coarsens first.
	Coarsen(ctx context.Context, p Pass) error

	// Reduce turns coarse reports of days before p.Before into counts, a month
	// and batch at a time. p.Before must not be after that of Coarsen. The
	// external ids stay known: importing them again counts as a duplicate.
	Reduce(ctx context.Context, p Pass) error

	// Forget deletes what is kept, for followers only, of the reports before
	// p.Before that were replaced or removed by a batch published before the day
	// published. Of those withdrawn by hand it keeps the coarse form with the
	// reason. A follower that has not come so far gets ErrForgotten from Changes.
	Forget(ctx context.Context, p Pass, published report.Day) error

	// Reduced lists what of a source is only counts, by month, cell and factors.
	// An unknown name is ErrNotFound.
	Reduced(ctx context.Context, source string) ([]Reduced, error)

	// SetReduced makes these the counts of a source in place of those there are.
	SetReduced(ctx context.Context, source string, counts []Reduced) error
}

// Pass is one way through old reports.
type Pass struct {
	Before report.Day // the first of a month
	Rows   int        // about how many a transaction changes; 0 means 20,000
	// Progress, which may be nil, hears after each transaction how many reports
	// it changed.
	Progress func(reports int64)
}

// defaultPassRows is Pass.Rows when it is not given: a transaction of some
// tenths of a second.
const defaultPassRows = 20_000

// Check completes a pass, or fails with ErrInvalid.
func (p Pass) Check() (Pass, error) {
	if p.Before != firstOfMonth(p.Before) {
		return p, fmt.Errorf("%w day %s: expected the first of a month", ErrInvalid, p.Before)
	}
	if p.Rows <= 0 {
		p.Rows = defaultPassRows
	}
	if p.Progress == nil {
		p.Progress = func(int64) {}
	}
	return p, nil
}

// Reduced is a number of reports of which nothing else is known.
type Reduced struct {
	report.Report // coarse
	N             int64
}

const (
	// CoarseResolution is the resolution that is left of a coarse report's cell.
	CoarseResolution = 9

	// CoarseDigits are the bits of an H3 index of resolution 11 with the digits
	// of resolutions 10 and 11. All zero they name the centre child.
	// Source: https://h3geo.org/docs/core-library/h3Indexing
	CoarseDigits = 0o77 << (3 * (15 - report.Resolution))
)

// Coarse returns what is kept of an old report: its ancestor of resolution 9,
// written as that cell's centre child of resolution 11 so that all reports have
// cells of one resolution; the first day of its month; and its factors. Daypart
// and darkness become unknown. A coarse report is its own Coarse.
func Coarse(r report.Report) report.Report {
	return report.Report{
		Cell:    r.Cell &^ h3.Cell(CoarseDigits),
		Day:     firstOfMonth(r.Day),
		Daypart: report.UnknownDaypart,
		Dark:    report.DarkUnknown,
		Factors: r.Factors,
	}
}

func firstOfMonth(d report.Day) report.Day {
	t := d.Time()
	return d - report.Day(t.Day()-1)
}

// CoarsenOld replaces records of days before a day by their coarse form, in
// place.
func CoarsenOld(records []report.Record, before report.Day) {
	for i := range records {
		if records[i].Day < before {
			records[i].Report = Coarse(records[i].Report)
		}
	}
}

// The settings in which engines remember how far retention has come.
const (
	MetaCoarseBefore = "coarse_before" // reports of days before this day number are coarse
	MetaHistoryFrom  = "history_from"  // generation from which a follower can go on
)

// ParseCoarseBefore reads MetaCoarseBefore; "" is before everything.
func ParseCoarseBefore(value string) (report.Day, error) {
	if value == "" {
		return report.MinDay, nil
	}
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("setting %s: %w", MetaCoarseBefore, err)
	}
	return report.Day(n), nil
}

// FormatCoarseBefore writes MetaCoarseBefore.
func FormatCoarseBefore(d report.Day) string { return strconv.Itoa(int(d)) }

// The reasons for which engines retract reports by themselves.
const (
	ReasonRevised   = "revised"
	ReasonRemoved   = "source removed"
	ReasonCoarsened = "coarsened"
	ReasonReduced   = "reduced"
)

// OwnReasons lists them as SQL literals.
const OwnReasons = `'` + ReasonRevised + `', '` + ReasonRemoved + `', '` + ReasonCoarsened + `', '` + ReasonReduced + `'`

// ReducedAsReports is the table reduced, as far as it counts, with the columns
// of reports that Dialect.Where speaks of.
var ReducedAsReports = fmt.Sprintf(`(SELECT cell, occurred_on, %d AS daypart, %d AS dark, factors, source_id, n
	FROM reduced WHERE retracted_batch IS NULL) AS counts`, report.UnknownDaypart, report.DarkUnknown)

// IsCoarse is SQL that says whether a row of reports r is coarse; firstOfMonth
// is an expression that does so of its day.
func IsCoarse(firstOfMonth string) string {
	return fmt.Sprintf(`((r.cell & %d) = 0 AND r.daypart = %d AND r.dark = %d AND %s)`,
		CoarseDigits, report.UnknownDaypart, report.DarkUnknown, firstOfMonth)
}

// Expander hands on the reports that counts stand for, in portions.
type Expander struct {
	Generation uint64
	Retract    bool // instead of adding
	Fn         func(Change) error

	buffer []report.Report
}

// expanderRows is the most reports in one Change of an Expander.
const expanderRows = 8192

// Add takes counts. Flush has to follow the last.
func (e *Expander) Add(r Reduced) error {
	for range r.N {
		e.buffer = append(e.buffer, r.Report)
		if len(e.buffer) < expanderRows {
			continue
		}
		if err := e.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// Flush hands on what is left.
func (e *Expander) Flush() error {
	if len(e.buffer) == 0 {
		return nil
	}
	c := Change{Generation: e.Generation, Add: e.buffer}
	if e.Retract {
		c.Add, c.Retract = nil, e.buffer
	}
	err := e.Fn(c)
	e.buffer = e.buffer[:0]
	return err
}
