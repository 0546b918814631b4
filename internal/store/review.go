package store

import (
	"context"
	"fmt"
	"regexp"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Submission is a report on its way through the schedule.
type Submission struct {
	report.Record
	Weight     int    // 1 when it counts in public releases, else 0
	Quarantine string // why it is held back for review, "" when it is not
}

// ValidateSubmission says whether a submission may be kept. The error is an
// ErrInvalid.
func ValidateSubmission(s Submission) error {
	switch {
	case s.Weight != 0 && s.Weight != 1:
		return fmt.Errorf("%w submission: weight %d: 0 or 1", ErrInvalid, s.Weight)
	case s.Quarantine != "" && s.Weight != 0:
		return fmt.Errorf("%w submission: held back, so it weighs nothing", ErrInvalid)
	case s.Quarantine != "" && !reasonForm.MatchString(s.Quarantine):
		return fmt.Errorf("%w submission: reason %q", ErrInvalid, s.Quarantine)
	}
	return ValidateRecord(s.Record)
}

// reasonForm is what a reason to hold a submission back looks like, and what
// Dialect.WhereHeld may write into SQL.
var reasonForm = regexp.MustCompile(`^[a-z][a-z_]{0,39}$`)

// Review looks after submissions that are held back. Nobody can be told from
// them but by day and place: nothing else is kept of who sent them.
type Review interface {
	// Held counts what is held back by day of receipt, by ancestor at a
	// resolution up to report.Resolution, and by reason, in this order.
	Held(ctx context.Context, resolution int) ([]Held, error)

	// ReleaseHeld lets held submissions go the way of all others, with a weight
	// of 0 or 1, and returns how many. The next Publish looks at them.
	ReleaseHeld(ctx context.Context, which HeldFilter, weight int) (int64, error)

	// DropHeld deletes held submissions, with what their reporters said of
	// themselves, and returns how many.
	DropHeld(ctx context.Context, which HeldFilter) (int64, error)
}

// Held is a number of submissions that are held back. Few cells and few kinds
// among many reports are the mark of a flood.
type Held struct {
	ReceivedOn report.Day
	Area       h3.Cell
	Reason     string
	Reports    int64
	Cells      int64 // different cells among them
	Kinds      int64 // different sets of factors among them
}

// HeldFilter chooses held submissions. The zero value is all of them.
type HeldFilter struct {
	From, To report.Day // of receipt, half-open; both zero for any day
	Area     h3.Cell    // of resolution 0 to report.Resolution; zero is everywhere
	Reason   string     // "" for any
}

// WhereHeld writes the choice as an SQL condition on the table pending. It has
// only numbers, dates and checked words in it, so it needs no placeholders.
func (d Dialect) WhereHeld(h HeldFilter) (string, error) {
	where, err := d.Where(report.Filter{}, h.Area)
	if err != nil {
		return "", err
	}
	where += ` AND quarantine <> ''`
	if h.From != 0 || h.To != 0 {
		if h.From < report.MinDay || h.To > report.MaxDay+1 || h.From >= h.To {
			return "", fmt.Errorf("%w days %s to %s", ErrInvalid, h.From, h.To)
		}
		// The last day that exists has no literal for the day after it.
		where += fmt.Sprintf(" AND received_on BETWEEN %s AND %s", d.Day(h.From), d.Day(h.To-1))
	}
	if h.Reason != "" {
		if !reasonForm.MatchString(h.Reason) {
			return "", fmt.Errorf("%w reason %q", ErrInvalid, h.Reason)
		}
		where += ` AND quarantine = '` + h.Reason + `'`
	}
	return where, nil
}

// ValidateWeight fails with ErrInvalid for a weight that does not exist.
func ValidateWeight(w int) error {
	if w != 0 && w != 1 {
		return fmt.Errorf("%w weight %d: 0 or 1", ErrInvalid, w)
	}
	return nil
}

// Receipt is what is known, beside itself, of a report that was submitted and
// counts now.
type Receipt struct {
	report.Report
	ReceivedOn report.Day
	Weight     int // 0 or 1
}

// AsideTables are the tables that hold something beside a report, by its source
// and external id.
func AsideTables() []string { return []string{"receipts", "demographics"} }
