// Package store says what keeps the reports: an interface with two engines
// behind it, SQLite and PostgreSQL, held to one contract by storetest.
//
// Reports are published in batches. Batches are numbered 1, 2, 3 ... without a
// gap, and the number of the last one is the generation. Whoever has read up
// to a generation follows by asking for the changes since it.
package store

import (
	"context"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Store keeps reports. All methods may be called at the same time from many
// goroutines; several processes may have the same store open.
type Store interface {
	Retention
	Review
	Reporters
	Movable
	Actions

	// ID returns a random name that the store got when it was made. Two stores
	// may be at the same generation with different reports, so whatever is
	// derived from a generation and kept outside belongs to an ID too.
	ID() string

	// Insert publishes records of one source as one batch, in one transaction.
	// When it returns without an error, they are durable. It may be repeated: a
	// record whose external id is known with the same content adds nothing, with
	// other content it replaces the report. When nothing changes, no batch is
	// made. Of two records with one id the last counts. A record that breaks the
	// rules of ValidateRecord fails the whole call with ErrInvalid.
	Insert(ctx context.Context, source string, records []report.Record) (Result, error)

	// Submit keeps a submission until a Publish lets it out. When it returns
	// without an error, it is durable. An external id that is known or waits
	// already changes nothing. Nothing else of the store shows the report yet,
	// and one with a reason for quarantine stays back until it is reviewed.
	Submit(ctx context.Context, source string, s Submission) error

	// Publish publishes those of the submitted records whose time has come, as
	// one batch. Several programs may call it: each record is published once.
	Publish(ctx context.Context, schedule Schedule) (Result, error)

	// Waiting returns how many submitted records wait, held back ones included.
	Waiting(ctx context.Context) (int64, error)

	// Receipts calls fn for every report that was submitted and counts now, in no
	// order, and returns the generation at which it read them. All other reports
	// have no day of receipt but their own and weigh 1.
	Receipts(ctx context.Context, fn func(Receipt) error) (uint64, error)

	// Changes calls fn for everything published after the generation since, in
	// the order of the batches, and returns the generation it reached. All of it
	// is seen at one moment. A since above the store's generation is ErrAhead,
	// and ErrForgotten is what Retention has done to those who are far behind.
	Changes(ctx context.Context, since uint64, fn func(Change) error) (uint64, error)

	// Generation returns the number of the last published batch, 0 for none.
	Generation(ctx context.Context) (uint64, error)

	// Watch looks at the generation at once, now and then, and whenever a batch
	// is announced, by whichever process, and tells what it saw. A slow reader
	// gets only the newest sighting. The channel is closed when ctx ends or the
	// store is closed.
	Watch(ctx context.Context) <-chan Sighting

	// Count returns how many reports match the filter in the cell, of any
	// resolution up to report.Resolution; the zero cell is everywhere. SQL does
	// the counting: the maps' numbers are checked against it.
	Count(ctx context.Context, f report.Filter, cell h3.Cell) (int64, error)

	// CountByCell returns the same for every cell of a resolution that has any.
	CountByCell(ctx context.Context, f report.Filter, resolution int) (map[h3.Cell]int64, error)

	// Sources lists where the reports come from, by name.
	Sources(ctx context.Context) ([]Source, error)

	// Labels lists the sources without counting their reports, by name: what a
	// start can wait for, while Sources reads every report.
	Labels(ctx context.Context) ([]Label, error)

	// DescribeSource says what is known of a source, before or after its reports
	// arrive. A source that Insert meets first has the zero SourceInfo.
	DescribeSource(ctx context.Context, name string, info SourceInfo) error

	// RemoveSource retracts every report of a source in one batch and forgets
	// the source and what waits; importing it again brings it back. It returns how many reports
	// that were. An unknown name is ErrNotFound.
	RemoveSource(ctx context.Context, name string) (int64, error)

	// Withdraw retracts one report for a reason, which is kept. The report stays
	// known: importing it again counts as a duplicate. ErrNotFound when the
	// source has no such report, or no longer.
	Withdraw(ctx context.Context, source, externalID, reason string) error

	// Export calls fn for the records of a source that count now, in the order of
	// the bytes of their external ids. The slice is reused after the callback
	// returns. An unknown name is ErrNotFound.
	Export(ctx context.Context, source string, fn func([]report.Record) error) error

	// Withdrawn lists the external ids that were withdrawn, in order.
	// An unknown name is ErrNotFound.
	Withdrawn(ctx context.Context, source string) ([]string, error)

	// Meta returns a setting kept with the data, and whether there is one.
	Meta(ctx context.Context, key string) (value string, ok bool, err error)

	// SetMeta keeps a setting with the data.
	SetMeta(ctx context.Context, key, value string) error

	// ClaimMeta keeps a setting unless there is one, and returns the one that is
	// there. Of several that claim at once, from any process, one wins.
	ClaimMeta(ctx context.Context, key, value string) (kept string, err error)

	// Check looks for damage and contradictions and lists what it found. It
	// reads everything, so it takes a while on a large store.
	Check(ctx context.Context) ([]Problem, error)

	// Migrations says what state the schema is in.
	Migrations(ctx context.Context) ([]MigrationState, error)

	// Close ends all watching and releases the database.
	Close() error
}

// Result says what became of the records of one Insert. Accepted, Duplicates
// and Revised add up to the number of records.
type Result struct {
	Accepted   int    // new
	Duplicates int    // known with the same content, withdrawn, or given again further on
	Revised    int    // known with other content, which was replaced
	Generation uint64 // the batch with these records, or the generation when none was made
}

// Change is one batch or a part of it: a batch of many rows comes in several
// Changes, one after the other, with the same generation. Rows are in no
// particular order. The slices are reused after the callback returns.
type Change struct {
	Generation uint64
	Add        []report.Report
	Retract    []report.Report // each added by an earlier batch
}

// Precision is how finely a source tells time.
type Precision string

// The precisions. The zero value of SourceInfo stands for PrecisionTime.
const (
	PrecisionTime  Precision = "time"  // the daypart is known, at least at times
	PrecisionDay   Precision = "day"   // only the date
	PrecisionMonth Precision = "month" // every day stands for its month
)

// SourceInfo is what is known of a source beside its reports.
type SourceInfo struct {
	Precision Precision
	Synthetic bool // made up by a program, to be labelled wherever it is shown
}

// Label is a source without its figures.
type Label struct {
	Name string
	SourceInfo
}

// Source is where reports come from: a file, a form, a generator.
type Source struct {
	Name string
	SourceInfo
	Reports int64      // that count now
	First   report.Day // of these; both zero when there are none
	Last    report.Day
}

// Problem is something wrong with a store and what to do about it.
type Problem struct {
	What string
	Do   string
}

// MetaSynthetic and the others are the keys of settings that several parts of
// the program read.
const (
	MetaSynthetic = "synthetic" // "true" when any of the data is made up
	MetaSeed      = "seed"      // of the synthetic data, in decimal
	MetaArea      = "area"      // the area setting, as report.ParseArea reads it
	MetaRetention = "retention" // how long reports are kept as they are, as the retention command writes it
)
