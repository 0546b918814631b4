// Package ingest reads files of reports and hands them on as records.
//
// # Files
//
// CSV, NDJSON (one object a line), GeoJSON (a FeatureCollection of points) and
// JSON arrays of objects, plain or gzip. The canonical columns are external_id,
// lat, lng, occurred_at and factors; factors are identifiers joined by "|".
// Presets know the columns, times and categories of some public data sets and
// are recognised by the header.
//
// # Time
//
// The day and daypart of a record are those of a clock. With a time zone that
// is the clock of the zone, to which every time is converted; without one it is
// the clock as written in the file. Whether it was dark needs the instant: a
// time written without an offset is then taken as British time when the area
// lies in the United Kingdom, and darkness stays unknown elsewhere. A date
// alone leaves daypart and darkness unknown; a month alone is its first day,
// and the source is marked with month precision.
//
// # Identity
//
// Importing a file twice adds nothing, because every row has an identity within
// its source. A row with an identifier keeps it. A row without one is
// identified by its content and by how many equal rows came before it in the
// file, so rows that repeat are counted. Content is what is stored of a row:
// cell, day, daypart, darkness and factors. A hash over the exact coordinate or
// clock time would let anybody who holds the store try them out and so undo the
// reduction. Two different files imported under one source name therefore
// share their equal rows: that is right for a file and its later, longer
// edition, and wrong for the parts of a split file, which need names of their
// own.
//
// In data sets that use an identifier more than once (data.police.uk does), a
// later row of the same file with the same identifier and other content gets
// the content as a suffix, so that neither is lost. Elsewhere a row with a
// known identifier and other content is a revision, and the last one stays.
//
// # Rows that are not taken
//
// A row whose category stands for no factor is skipped. A row that cannot be
// read or breaks a rule is rejected and listed with the reason; it never stops
// the file. A file in which nothing fits stops at once with a *WrongFileError.
package ingest

import (
	"context"
	"errors"
	"io"
	"runtime"
	"time"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Source says where records come from.
type Source struct {
	Name           string // identifiers are unique within it
	Preset         string // the preset that read it
	MonthPrecision bool   // some of its days are only known as months
}

// Result counts what became of the records of one Insert.
type Result struct {
	Accepted   int // new
	Duplicates int // known, with the same content
	Revised    int // known, with other content, which replaces the old
}

// Sink takes records. Insert stores them all or none, is idempotent by source
// and external identifier, and does not keep the slice after it returns.
type Sink interface {
	Insert(ctx context.Context, source Source, records []report.Record) (Result, error)
}

// Options say how to read a file. Only Rules is required.
type Options struct {
	Rules    report.Rules
	Source   string                    // default: Input.Name
	Preset   string                    // a name from Presets; default: recognised by the header
	Format   Format                    // default: recognised by the content
	Columns  map[string]string         // canonical name -> header, on top of the preset; see ParseColumns
	Factors  map[string]report.Factors // category -> factors, on top of the preset; see ParseFactors
	Timezone string                    // IANA name; default: the preset's, else the clock as written
	DryRun   bool                      // read and check only, as if into an empty store; the sink is not used and may be nil
	Rejects  io.Writer                 // takes the rejected rows as CSV; nil drops them
	Progress func(Progress)            // called a few times a second from one goroutine; may be nil

	BatchRows int // rows for each Insert; default DefaultBatchRows
	Workers   int // parsers; default one for each processor

	chunkBytes int // tests make chunks small
}

// DefaultBatchRows is the size of the slices a Sink is given: large enough that
// a transaction costs little for each row, small enough (about a megabyte) to
// show progress and to bound memory.
const DefaultBatchRows = 20_000

// Progress tells how far an import is.
type Progress struct {
	Bytes      int64 // read of the file, as stored
	TotalBytes int64 // 0 when not known
	Rows       int64
	Elapsed    time.Duration
}

// RowsPerSecond is the mean speed so far.
func (p Progress) RowsPerSecond() float64 { return perSecond(p.Rows, p.Elapsed) }

func perSecond(rows int64, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(rows) / d.Seconds()
}

// Run imports one input into the sink. Texts of errors do not name the input. The summary holds what was done also
// when the error is not nil; an error after some batches leaves those in the
// sink, and running again completes them. When ctx ends while the input blocks
// in a read, Run returns without waiting for that read.
func Run(ctx context.Context, in Input, opts Options, sink Sink) (Summary, error) {
	if opts.BatchRows <= 0 {
		opts.BatchRows = DefaultBatchRows
	}
	if opts.Workers <= 0 {
		opts.Workers = runtime.GOMAXPROCS(0)
	}
	if opts.chunkBytes <= 0 {
		opts.chunkBytes = chunkBytes
	}
	start := time.Now()
	summary := Summary{File: in.Name, Source: opts.Source, DryRun: opts.DryRun}
	if summary.Source == "" {
		summary.Source = in.Name
	}
	if sink == nil && !opts.DryRun {
		return summary, errors.New("no sink to import into")
	}
	doc, err := openOrGiveUp(ctx, in, opts)
	if err != nil {
		return summary, err
	}
	summary.Format, summary.Preset = doc.plan.format, doc.plan.preset
	p := newPipeline(doc, opts, sink, &summary)
	p.start = start
	err = p.run(ctx)
	summary.finish(doc.plan, time.Since(start))
	if opts.DryRun {
		summary.Notes = append(summary.Notes, p.seen.note())
	}
	return summary, err
}

// openOrGiveUp leaves an open that hangs in a read behind when ctx ends.
func openOrGiveUp(ctx context.Context, in Input, o Options) (*document, error) {
	type opened struct {
		doc *document
		err error
	}
	out := make(chan opened, 1)
	go func() {
		doc, err := open(in, o)
		out <- opened{doc, err}
	}()
	select {
	case got := <-out:
		return got.doc, got.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
