package store

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

// maxIDBytes bounds names and external ids: both are index keys, and
// PostgreSQL refuses index entries of about 2,700 bytes and more.
const maxIDBytes = 500

// ValidateName says whether a source or an external id may have this name: not
// empty, valid UTF-8 without control characters, at most 500 bytes. The error
// is an ErrInvalid.
func ValidateName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%w name: empty", ErrInvalid)
	case len(name) > maxIDBytes:
		return fmt.Errorf("%w name: %d bytes, at most %d", ErrInvalid, len(name), maxIDBytes)
	case !utf8.ValidString(name):
		return fmt.Errorf("%w name %q: not UTF-8", ErrInvalid, name)
	}
	for i := range len(name) {
		if name[i] < ' ' || name[i] == 0x7f {
			return fmt.Errorf("%w name %q: has a control character", ErrInvalid, name)
		}
	}
	return nil
}

// ValidateRecord says whether a record may be stored. Readers have checked all
// of this already with better messages; here it keeps a mistake in a program
// out of the database. The error is an ErrInvalid.
func ValidateRecord(r report.Record) error {
	if err := ValidateName(r.ExternalID); err != nil {
		return err
	}
	switch {
	case !cellInForm(r.Cell):
		return fmt.Errorf("%w record %q: %#x is no cell of resolution %d", ErrInvalid, r.ExternalID, uint64(r.Cell), report.Resolution)
	case r.Day < report.MinDay || r.Day > report.MaxDay:
		return fmt.Errorf("%w record %q: day %d", ErrInvalid, r.ExternalID, r.Day)
	case r.Daypart >= report.NumDayparts:
		return fmt.Errorf("%w record %q: daypart %d", ErrInvalid, r.ExternalID, r.Daypart)
	case r.Dark >= report.NumDark:
		return fmt.Errorf("%w record %q: dark %d", ErrInvalid, r.ExternalID, r.Dark)
	case r.Factors == 0 || r.Factors&^report.AllFactors != 0:
		return fmt.Errorf("%w record %q: factors %#x", ErrInvalid, r.ExternalID, uint16(r.Factors))
	}
	return nil
}

// cellInForm checks the fixed bits of an index by hand: h3.Cell.IsValid crosses
// into C, which would cost more than the rest of an insert.
func cellInForm(c h3.Cell) bool {
	const (
		modeCell = 1
		maxBase  = 121
		unused   = 1<<(3*(15-report.Resolution)) - 1
	)
	u := uint64(c)
	return u>>59 == modeCell && u>>56&7 == 0 &&
		int(u>>52&15) == report.Resolution &&
		u>>45&127 <= maxBase &&
		u&unused == unused
}

// Prepare checks records and returns them in the order of their external ids
// with one record per id, the last one given; dropped is the number of the
// others. The caller's slice is left alone.
//
// The order keeps neighbours in the key index together, which makes inserts
// cheap, and it keeps the order of arrival out of the database.
func Prepare(records []report.Record) (kept []report.Record, dropped int, err error) {
	for i := range records {
		if err := ValidateRecord(records[i]); err != nil {
			return nil, 0, err
		}
	}
	byID := func(a, b report.Record) int { return cmp.Compare(a.ExternalID, b.ExternalID) }
	kept = slices.Clone(records)
	if !slices.IsSortedFunc(kept, byID) {
		slices.SortStableFunc(kept, byID)
	}
	n := 0
	for i := range kept {
		if i+1 < len(kept) && kept[i].ExternalID == kept[i+1].ExternalID {
			continue
		}
		kept[n] = kept[i]
		n++
	}
	return kept[:n], len(kept) - n, nil
}

// ValidateMetaKey says whether a setting may be kept under this key. The error
// is an ErrInvalid.
func ValidateMetaKey(key string) error {
	if key == "store_id" {
		return fmt.Errorf("%w key: %s is the store's own", ErrInvalid, key)
	}
	return ValidateName(key)
}

// ValidateReason checks why a report is withdrawn: some text of at most 500
// bytes. The error is an ErrInvalid.
func ValidateReason(reason string) error {
	if strings.TrimSpace(reason) == "" {
		return fmt.Errorf("%w reason: empty", ErrInvalid)
	}
	if err := ValidateName(reason); err != nil {
		return fmt.Errorf("reason: %w", err)
	}
	return nil
}
