package store

import (
	"context"
	"fmt"
	"reflect"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Aside is what a store keeps beside the reports that count, in the order of
// sources and external ids. It exists to be moved to another store.
type Aside struct {
	Waiting  []WaitingSubmission
	Receipts []KeptReceipt
	Said     []KeptDemographics
	Tables   []KeptTables
}

// Identity names a report.
type Identity struct{ Source, ExternalID string }

// WaitingSubmission is a submission with its day of receipt.
type WaitingSubmission struct {
	Source string
	Submission
	ReceivedOn report.Day
}

// KeptReceipt is a receipt without its report.
type KeptReceipt struct {
	Identity
	ReceivedOn report.Day
	Weight     int
}

// KeptDemographics is what was said with a report.
type KeptDemographics struct {
	Identity
	Demographics
}

// KeptTables are the tables of a period.
type KeptTables struct {
	Period   string
	FrozenOn report.Day
	Tables   string
}

// Movable hands over what Export does not. Copy uses it, and nothing else may:
// it is the one way to read what reporters said before it became tables.
type Movable interface {
	// Aside reads everything, seen at one moment.
	Aside(ctx context.Context) (Aside, error)

	// SetAside adds what is not there yet, in one transaction.
	SetAside(ctx context.Context, a Aside) error
}

// copyAside moves what is kept beside the reports, which have to be there, and
// compares.
func copyAside(ctx context.Context, from, to Store) error {
	want, err := from.Aside(ctx)
	if err == nil {
		err = to.SetAside(ctx, want)
	}
	if err != nil {
		return fmt.Errorf("copy what is kept beside the reports: %w", err)
	}
	got, err := to.Aside(ctx)
	if err == nil && !reflect.DeepEqual(got, want) {
		err = fmt.Errorf("%w: waiting reports, receipts or what reporters said", ErrDiffers)
	}
	return err
}
