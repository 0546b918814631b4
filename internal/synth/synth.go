// Package synth makes synthetic bodies of reports for the demo, for tests and
// for load measurements. Nothing in them happened: the places are well-known
// ones, everything else comes from a seeded generator. The same Config gives
// the same records on every machine.
package synth

import (
	"fmt"
	"iter"
	"strconv"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Extent says which part of the country a body covers.
type Extent uint8

// The two extents.
const (
	// Demo is London, with Croydon, Sutton and Bromley dense enough to explore.
	Demo Extent = iota
	// National is the towns of Great Britain and Northern Ireland by
	// population, with the villages between them.
	National
)

// MaxReports bounds a body: identifiers and cumulative weights stay exact well
// beyond it.
const MaxReports = 1_000_000_000

// Config describes a body. The zero Extent is Demo.
type Config struct {
	Seed    uint64
	Reports int        // exactly so many records
	From    report.Day // first day
	To      report.Day // day after the last one
	Extent  Extent
}

// Months is the length, in months, of the window of a default body.
const Months = 24

// DefaultConfig returns the demo body that ends on the given day.
func DefaultConfig(last report.Day) Config {
	to := last + 1
	from := report.DayOf(to.Time().AddDate(0, -Months, 0))
	return Config{Seed: 1, Reports: 60_000, From: from, To: to}
}

func (c Config) check() error {
	switch {
	case c.Reports < 0 || c.Reports > MaxReports:
		return fmt.Errorf("synth: %d reports: expected 0 to %d", c.Reports, MaxReports)
	case c.From < report.MinDay || c.To > report.MaxDay || c.From >= c.To:
		return fmt.Errorf("synth: window %v to %v: expected at least one day from %v to %v",
			c.From, c.To, report.MinDay, report.MaxDay)
	case c.Extent > National:
		return fmt.Errorf("synth: unknown extent %d", c.Extent)
	}
	return nil
}

// Body is a body of reports that is made while it is read. It is immutable and
// safe for concurrent use; its memory depends on the places, not on the number
// of reports.
type Body struct {
	cfg    Config
	scenes [numScenes]sceneTables
}

// New prepares a body: it lays out the places and indexes their spots, which
// takes about a microsecond for each spot (tens of thousands for the demo, at
// most 1.5 million for a national body).
func New(cfg Config) (*Body, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	b := &Body{cfg: cfg}
	for s := range b.scenes {
		b.scenes[s] = newSceneTables(scene(s))
	}
	layout := newLayout(cfg)
	if err := layout.fill(&b.scenes); err != nil {
		return nil, fmt.Errorf("synth: %w", err)
	}
	return b, nil
}

// Generate returns the records of a body in order of day.
func Generate(cfg Config) (iter.Seq[report.Record], error) {
	b, err := New(cfg)
	if err != nil {
		return nil, err
	}
	return b.Records(), nil
}

// Len returns the number of records.
func (b *Body) Len() int { return b.cfg.Reports }

// Records yields every record in order of day. External identifiers are unique
// within the body.
func (b *Body) Records() iter.Seq[report.Record] {
	return func(yield func(report.Record) bool) {
		id := make([]byte, 0, 16)
		n := uint64(0)
		b.each(func(r report.Report) bool {
			id = strconv.AppendUint(append(id[:0], 's'), n, 36)
			n++
			return yield(report.Record{Report: r, ExternalID: string(id)})
		})
	}
}

// Reports yields the same body without identities, for those who only need
// what is counted.
func (b *Body) Reports() iter.Seq[report.Report] { return b.each }

// Batches yields the records in slices of at most size, each newly allocated.
func (b *Body) Batches(size int) iter.Seq[[]report.Record] {
	return func(yield func([]report.Record) bool) {
		left := b.cfg.Reports
		batch := make([]report.Record, 0, min(size, left))
		for r := range b.Records() {
			batch = append(batch, r)
			if len(batch) == size {
				left -= size
				if !yield(batch) {
					return
				}
				batch = make([]report.Record, 0, min(size, left))
			}
		}
		if len(batch) > 0 {
			yield(batch)
		}
	}
}

// each makes the reports day by day. Every day has its own random stream, so a
// day does not depend on the ones before it.
func (b *Body) each(yield func(report.Report) bool) {
	total := 0.0
	for d := b.cfg.From; d < b.cfg.To; d++ {
		total += b.weights(d).sum
	}
	cumulative, made := 0.0, 0
	for d := b.cfg.From; d < b.cfg.To; d++ {
		w := b.weights(d)
		cumulative += w.sum
		until := int(cumulative / total * float64(b.cfg.Reports))
		if d == b.cfg.To-1 {
			until = b.cfg.Reports
		}
		if until <= made {
			continue
		}
		day := newDayTables(d, w)
		rng := newStream(b.cfg.Seed, streamDay, uint64(d))
		for ; made < until; made++ {
			if !yield(b.report(rng, day)) {
				return
			}
		}
	}
}
