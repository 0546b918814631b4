package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"

	"github.com/streetsafe/streetsafe/internal/report"
)

// ExportRows is the most records that Export hands over at a time: about what
// one Insert handles best.
const ExportRows = 20000

// ErrDiffers says that a copy does not hold what its original holds.
var ErrDiffers = errors.New("the copy differs from the original")

// Copied says what a copy moved.
type Copied struct {
	Sources  int
	Records  int64 // of the original, without those that are only counts
	Accepted int64 // of these, new in the copy
	Beside   int64 // rows of MovedTables in the original
}

// Copy brings everything from one store to another, then compares both. It may be
// repeated after an interruption, or when the original has changed: what has
// arrived already is left alone. progress, which may be nil, hears how many
// records were handled so far. ErrDiffers says that the copy has something that
// the original has not; it was not changed if that is in its audit log.
//
// Batches are not kept: the copy has generations of its own. Nobody may write
// to either store meanwhile, else the comparison fails with ErrDiffers.
func Copy(ctx context.Context, from, to Store, progress func(records int64)) (Copied, error) {
	var done Copied
	sources, err := from.Sources(ctx)
	if err != nil {
		return done, err
	}
	if err := noOthers(ctx, to, sources); err != nil {
		return done, err
	}
	if done.Beside, err = copyTables(ctx, from, to, true); err != nil {
		return done, err
	}
	for _, source := range sources {
		if err := copySource(ctx, from, to, source, &done, progress); err != nil {
			return done, fmt.Errorf("copy source %s: %w", source.Name, err)
		}
		done.Sources++
	}
	if err := compare(ctx, from, to, sources); err != nil {
		return done, err
	}
	beside, err := copyTables(ctx, from, to, false)
	if done.Beside += beside; err != nil {
		return done, err
	}
	// At the end only: from then on the copy coarsens what it is given.
	return done, copyMeta(ctx, from, to, MetaCoarseBefore)
}

// noOthers fails when the copy has sources that the original has not.
func noOthers(ctx context.Context, to Store, sources []Source) error {
	copies, err := to.Labels(ctx)
	for _, c := range copies {
		if !slices.ContainsFunc(sources, func(s Source) bool { return s.Name == c.Name }) {
			return fmt.Errorf("%w: it has a source %s", ErrDiffers, c.Name)
		}
	}
	return err
}

func copyMeta(ctx context.Context, from, to Store, key string) error {
	value, ok, err := from.Meta(ctx, key)
	if err != nil || !ok {
		return err
	}
	return to.SetMeta(ctx, key, value)
}

func copySource(ctx context.Context, from, to Store, source Source, done *Copied, progress func(int64)) error {
	if err := copyWithdrawals(ctx, from, to, source.Name); err != nil {
		return err
	}
	if err := copyReduced(ctx, from, to, source.Name); err != nil {
		return err
	}
	return from.Export(ctx, source.Name, func(records []report.Record) error {
		r, err := to.Insert(ctx, source.Name, records)
		if err != nil {
			return err
		}
		done.Records += int64(len(records))
		done.Accepted += int64(r.Accepted)
		if progress != nil {
			progress(done.Records)
		}
		return nil
	})
}

// copyReduced brings the counts of a source over, unless they are there.
func copyReduced(ctx context.Context, from, to Store, source string) error {
	want, err := from.Reduced(ctx, source)
	if err != nil {
		return err
	}
	have, err := to.Reduced(ctx, source)
	if err != nil || slices.Equal(have, want) {
		return err
	}
	return to.SetReduced(ctx, source, want)
}

// compare fails when a source has other records in one store than in the other.
func compare(ctx context.Context, from, to Store, sources []Source) error {
	for _, source := range sources {
		want, err := Sum(ctx, from, source.Name)
		if err != nil {
			return err
		}
		got, err := Sum(ctx, to, source.Name)
		if err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("%w: source %s: %d records with checksum %016x instead of %d with %016x",
				ErrDiffers, source.Name, got.Records, got.Hash, want.Records, want.Hash)
		}
		if err := compareReduced(ctx, from, to, source.Name); err != nil {
			return err
		}
	}
	return nil
}

func compareReduced(ctx context.Context, from, to Store, source string) error {
	want, err := from.Reduced(ctx, source)
	if err != nil {
		return err
	}
	got, err := to.Reduced(ctx, source)
	if err == nil && !slices.Equal(got, want) {
		err = fmt.Errorf("%w: source %s: other counts of reduced reports", ErrDiffers, source)
	}
	return err
}

// Checksum stands for the records of a source.
type Checksum struct {
	Records int64
	Hash    uint64 // FNV-1a over all records in the order of Export
}

// Sum reads a source and returns its checksum, which is the same for the same
// records in any store.
func Sum(ctx context.Context, s Store, source string) (Checksum, error) {
	var sum Checksum
	hash := fnv.New64a()
	var row []byte
	err := s.Export(ctx, source, func(records []report.Record) error {
		for _, r := range records {
			row = binary.BigEndian.AppendUint32(row[:0], uint32(len(r.ExternalID)))
			row = append(row, r.ExternalID...)
			row = binary.BigEndian.AppendUint64(row, uint64(r.Cell))
			row = binary.BigEndian.AppendUint32(row, uint32(r.Day))
			row = append(row, byte(r.Daypart), byte(r.Dark))
			row = binary.BigEndian.AppendUint16(row, uint16(r.Factors))
			hash.Write(row) // never fails
		}
		sum.Records += int64(len(records))
		return nil
	})
	sum.Hash = hash.Sum64()
	return sum, err
}
