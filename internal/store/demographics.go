package store

import (
	"context"
	"fmt"
	"regexp"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Reporters keeps what reporters say of themselves: apart from the reports, by
// their random ids alone, and only until the tables of their half-year are made.
// There is no way to read it but in FreezeDemographics, and for Copy.
type Reporters interface {
	// Describe keeps what the reporter of a record said. The record waits or
	// counts; for one that does neither nothing is kept, which is no error. A
	// second call replaces the first.
	Describe(ctx context.Context, source, externalID string, d Demographics) error

	// FreezeDemographics makes the tables of a period, once: summarise is given, in
	// no order, what was said with each report that was received in the period,
	// counts, and weighs 1. In the same transaction its result is kept and
	// everything that was said in the period is deleted, held back submissions
	// included. It returns false, and deletes all the same, when the period has
	// its tables already.
	FreezeDemographics(ctx context.Context, p Period, summarise func([]Described) ([]byte, error)) (bool, error)

	// DemographicTables returns what FreezeDemographics kept, or ErrNotFound.
	DemographicTables(ctx context.Context, period string) ([]byte, error)
}

// Demographics are answers about a reporter, each "" for none or a short word.
type Demographics struct {
	Age, Sex, Gender, Ethnicity, Disability string
}

// Described is what was said with a report, and where that was.
type Described struct {
	Demographics
	Cell h3.Cell // of report.Resolution
}

// Period is a time of receipt, half-open, by name.
type Period struct {
	Name     string
	From, To report.Day
}

var answerForm = regexp.MustCompile(`^[a-z0-9_]{0,40}$`)

// ValidateDemographics fails with ErrInvalid for answers that no form has: free
// text is never kept.
func ValidateDemographics(d Demographics) error {
	for _, v := range []string{d.Age, d.Sex, d.Gender, d.Ethnicity, d.Disability} {
		if !answerForm.MatchString(v) {
			return fmt.Errorf("%w answer about a reporter", ErrInvalid)
		}
	}
	return nil
}

// ValidatePeriod fails with ErrInvalid for a period that cannot be.
func ValidatePeriod(p Period) error {
	if p.From >= p.To || p.From < report.MinDay || p.To > report.MaxDay+1 {
		return fmt.Errorf("%w period %s: %s to %s", ErrInvalid, p.Name, p.From, p.To)
	}
	return ValidateName(p.Name)
}
