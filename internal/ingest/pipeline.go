package ingest

import (
	"context"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/streetsafe/streetsafe/internal/report"
)

// pipeline moves a file through reader, parsers and deliverer. The reader cuts
// chunks, each parser works on one of them at a time, and the deliverer takes
// them back in the order of the file, which identities depend on. The channels
// bound how many chunks are in flight.
type pipeline struct {
	doc     *document
	opts    Options
	sink    Sink
	summary *Summary
	start   time.Time

	jobs    chan *job // to the parsers
	order   chan *job // to the deliverer, in order
	readErr error     // set before order is closed

	ids     *identities
	seen    *seenIDs // in a dry run
	rejects *rejectWriter
	source  Source
	batch   []report.Record
	shown   time.Time // of the last progress
}

type job struct {
	chunk chunk
	out   chan *parsed // takes one value
}

// chunksAhead is how many chunks wait for each parser.
const chunksAhead = 2

func newPipeline(d *document, o Options, sink Sink, s *Summary) *pipeline {
	return &pipeline{
		doc: d, opts: o, sink: sink, summary: s,
		jobs:    make(chan *job, o.Workers),
		order:   make(chan *job, chunksAhead*o.Workers),
		ids:     newIdentities(d.plan.repeatsIDs),
		seen:    newSeenIDs(maxSeenIDs),
		rejects: newRejectWriter(o.Rejects),
		source:  Source{Name: s.Source, Preset: d.plan.preset},
		batch:   make([]report.Record, 0, o.BatchRows),
	}
}

func (p *pipeline) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	// The reader is not waited for: it may hang in a read of a terminal. When
	// all goes well it has ended, since it closes the channels.
	go p.read(ctx)
	for range p.opts.Workers {
		group.Go(func() error { return p.parse(ctx) })
	}
	group.Go(func() error { return p.deliver(ctx) })
	err := group.Wait()
	if flushErr := p.rejects.flush(); err == nil && flushErr != nil {
		err = fmt.Errorf("write the rejected rows: %w", flushErr)
	}
	return err
}

func (p *pipeline) read(ctx context.Context) {
	defer close(p.order)
	defer close(p.jobs)
	chunks := newChunks(p.doc, p.opts.chunkBytes)
	for {
		c, err := chunks.next()
		if err != nil {
			if err != io.EOF {
				p.readErr = err
			}
			return
		}
		j := &job{chunk: c, out: make(chan *parsed, 1)}
		for _, to := range []chan *job{p.order, p.jobs} {
			select {
			case to <- j:
			case <-ctx.Done():
				return
			}
		}
	}
}

func (p *pipeline) parse(ctx context.Context) error {
	c := newConverter(p.doc.plan)
	for {
		select {
		case j, ok := <-p.jobs:
			if !ok {
				return nil
			}
			j.out <- c.parse(j.chunk)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// deliver takes the chunks in order until the file ends.
func (p *pipeline) deliver(ctx context.Context) error {
	for {
		select {
		case j, ok := <-p.order:
			if !ok {
				return p.finish(ctx)
			}
			select {
			case out := <-j.out:
				if err := p.add(ctx, out); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// add counts a chunk and sends the batches that it completes.
func (p *pipeline) add(ctx context.Context, out *parsed) error {
	p.summary.count(out)
	p.source.MonthPrecision = p.source.MonthPrecision || out.month
	for i := range out.rejects {
		if err := p.rejects.write(&out.rejects[i]); err != nil {
			return fmt.Errorf("write the rejected rows: %w", err)
		}
	}
	if p.summary.Read >= wrongAfterRows {
		if err := p.summary.wrongFile(p.doc.plan); err != nil {
			return err
		}
	}
	for i := range out.records {
		p.ids.identify(&out.records[i])
		p.batch = append(p.batch, out.records[i])
		if len(p.batch) == p.opts.BatchRows {
			if err := p.send(ctx); err != nil {
				return err
			}
		}
	}
	p.progress(false)
	return nil
}

func (p *pipeline) finish(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := p.send(ctx); err != nil {
		return err
	}
	p.progress(true)
	if p.readErr != nil {
		return p.readErr
	}
	return p.summary.wrongFile(p.doc.plan)
}

// send gives the batch to the sink.
func (p *pipeline) send(ctx context.Context) error {
	n := len(p.batch)
	if n == 0 {
		return nil
	}
	defer func() { p.batch = p.batch[:0] }()
	if p.opts.DryRun {
		p.seen.count(p.batch, p.summary)
		return nil
	}
	r, err := p.sink.Insert(ctx, p.source, p.batch)
	if err != nil {
		return fmt.Errorf("store %d rows: %w", n, err)
	}
	p.summary.Accepted += int64(r.Accepted)
	p.summary.Duplicates += int64(r.Duplicates)
	p.summary.Revised += int64(r.Revised)
	return nil
}

// progressEvery spares callers a call for each chunk: people see ten a second.
const progressEvery = 100 * time.Millisecond

func (p *pipeline) progress(last bool) {
	if p.opts.Progress == nil {
		return
	}
	now := time.Now()
	if !last && now.Sub(p.shown) < progressEvery {
		return
	}
	p.shown = now
	p.opts.Progress(Progress{Bytes: p.doc.raw.n.Load(), TotalBytes: p.doc.size, Rows: p.summary.Read, Elapsed: now.Sub(p.start)})
}
