package store

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/fnv"
	"math"
	"slices"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Movable hands over what Export does not. Copy uses it, and nothing else may:
// it is the one way to read what reporters said before it became tables.
type Movable interface {
	// ReadRows calls fn for the rows of a table in the order of its key, with a
	// value for each column, as its Kind says.
	ReadRows(ctx context.Context, t Table, fn func(row []any) error) error

	// WriteRows adds rows in one transaction, in place of those with the same key;
	// of a table that is Kept, those stay; of one that is Replaced, all others go.
	// ErrExists says that something else has what only one may have.
	WriteRows(ctx context.Context, t Table, rows [][]any) error

	// Withdrawals lists the reports of a source that were withdrawn for a reason
	// and are still known, by external id. An unknown name is ErrNotFound.
	Withdrawals(ctx context.Context, source string) ([]Withdrawal, error)
}

// Withdrawal is a report that was withdrawn.
type Withdrawal struct {
	report.Record
	Reason string
}

// A portion of rows is written when it has so many, or so many bytes.
const (
	portionRows  = 1000
	portionBytes = 4 << 20
)

// copyTables moves the tables that come before the reports, or the others, and
// compares.
func copyTables(ctx context.Context, from, to Store, first bool) (rows int64, err error) {
	for _, t := range MovedTables() {
		if t.First != first {
			continue
		}
		n, err := copyTable(ctx, from, to, t)
		if errors.Is(err, ErrExists) {
			err = fmt.Errorf("%w: it has others already", ErrDiffers)
		}
		if err != nil {
			return rows, fmt.Errorf("copy %s: %w", t.What, err)
		}
		rows += n
	}
	return rows, nil
}

func copyTable(ctx context.Context, from, to Store, t Table) (int64, error) {
	have, err := sumRows(ctx, to, t, math.MaxInt64)
	if err != nil {
		return 0, err
	}
	if t.Kept { // checked before anything is added behind rows of another history
		begin, err := sumRows(ctx, from, t, have.Records)
		if err == nil && begin != have {
			err = fmt.Errorf("%w: it has a history of its own", ErrDiffers)
		}
		if err != nil {
			return 0, err
		}
	}
	want, err := sumRows(ctx, from, t, math.MaxInt64)
	if err != nil || want == have {
		return want.Records, err
	}
	if want, err = moveRows(ctx, from, to, t); err != nil {
		return 0, err
	}
	have, err = sumRows(ctx, to, t, math.MaxInt64)
	if err == nil && have != want {
		err = fmt.Errorf("%w: %d rows with checksum %016x instead of %d with %016x", ErrDiffers, have.Records, have.Hash, want.Records, want.Hash)
	}
	return want.Records, err
}

// moveRows writes all rows and returns the checksum of what it read.
func moveRows(ctx context.Context, from, to Store, t Table) (Checksum, error) {
	s := newRowSum()
	var portion [][]any
	var size int
	flush := func() error {
		err := to.WriteRows(ctx, t, portion)
		portion, size = portion[:0], 0
		return err
	}
	err := from.ReadRows(ctx, t, func(row []any) error {
		size += s.add(row)
		portion = append(portion, row)
		if t.Replaced || len(portion) < portionRows && size < portionBytes {
			return nil
		}
		return flush()
	})
	if err == nil && (len(portion) > 0 || t.Replaced) {
		err = flush()
	}
	return s.sum(), err
}

// errEnough ends a reading early.
var errEnough = errors.New("enough rows")

// sumRows returns the checksum of the first rows of a table.
func sumRows(ctx context.Context, from Store, t Table, limit int64) (Checksum, error) {
	s := newRowSum()
	err := from.ReadRows(ctx, t, func(row []any) error {
		if s.rows == limit {
			return errEnough
		}
		s.add(row)
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return s.sum(), err
}

// rowSum adds rows up to a checksum.
type rowSum struct {
	rows   int64
	hash   hash.Hash64
	buffer []byte
}

func newRowSum() *rowSum { return &rowSum{hash: fnv.New64a()} }

func (s *rowSum) sum() Checksum { return Checksum{Records: s.rows, Hash: s.hash.Sum64()} }

// add takes a row and returns its size. Each value begins with what it is and how
// long, so that no two rows read alike.
func (s *rowSum) add(row []any) int {
	b := s.buffer[:0]
	for _, v := range row {
		switch v := v.(type) {
		case nil:
			b = append(b, 0)
		case int64:
			b = binary.BigEndian.AppendUint64(append(b, 1), uint64(v))
		case float64:
			b = binary.BigEndian.AppendUint64(append(b, 2), math.Float64bits(v))
		case string:
			b = append(binary.BigEndian.AppendUint64(append(b, 3), uint64(len(v))), v...)
		case []byte:
			b = append(binary.BigEndian.AppendUint64(append(b, 4), uint64(len(v))), v...)
		default:
			panic(fmt.Sprintf("store: a row with a %T", v)) // an engine broke the contract of ReadRows
		}
	}
	s.hash.Write(b) // never fails
	s.rows++
	s.buffer = b
	return len(b)
}

// copyWithdrawals withdraws in the copy what was withdrawn for a reason.
func copyWithdrawals(ctx context.Context, from, to Store, source string) error {
	want, err := from.Withdrawals(ctx, source)
	if err != nil {
		return err
	}
	have, err := to.Withdrawals(ctx, source)
	if err != nil {
		return err
	}
	missing := slices.DeleteFunc(slices.Clone(want), func(w Withdrawal) bool {
		_, found := slices.BinarySearchFunc(have, w, byExternalID)
		return found
	})
	for part := range slices.Chunk(missing, ExportRows) {
		records := make([]report.Record, len(part))
		for i, w := range part {
			records[i] = w.Record
		}
		if _, err := to.Insert(ctx, source, records); err != nil {
			return err
		}
		for _, w := range part {
			if err := to.Withdraw(ctx, source, w.ExternalID, w.Reason); err != nil && !errors.Is(err, ErrNotFound) {
				return err
			}
		}
	}
	if have, err = to.Withdrawals(ctx, source); err != nil {
		return err
	}
	// Retention may have made one of two coarse and not yet the other.
	same := func(a, b Withdrawal) bool { return a.ExternalID == b.ExternalID && a.Reason == b.Reason }
	if !slices.EqualFunc(have, want, same) {
		return fmt.Errorf("%w: source %s: other reports are withdrawn", ErrDiffers, source)
	}
	return nil
}

func byExternalID(a, b Withdrawal) int { return cmp.Compare(a.ExternalID, b.ExternalID) }
