package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/report"
)

// applied is what batches cost while officers look at the map.
type applied struct {
	Reports  int    `json:"reports"`
	Batch    int    `json:"batch"`
	Batches  int    `json:"batches"`
	Applying spread `json:"apply"`   // Cube.Apply alone
	Visible  spread `json:"visible"` // until a tile answers with the batch in it
	Quiet    result `json:"quiet"`   // tiles while nothing changes
	Busy     result `json:"busy"`    // tiles while batches arrive and merge
	// What a batch in one town leaves in the cache of the whole trace.
	KeptHits float64 `json:"kept_hits"`
	PeakRSS  int64   `json:"peak_rss_bytes"`
	RSS      int64   `json:"rss_bytes"`
}

type applying struct {
	*options
	batch    count
	batches  count
	interval time.Duration
	conns    int
}

func newApply(o *options) *cobra.Command {
	a := &applying{options: o, batch: 1000, batches: 20}
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Measure how fast a batch is on the map, and what it does to tiles meanwhile",
		Long: `Measure how fast a batch is on the map, and what it does to tiles meanwhile.

Batches of new reports, each from all over the country, are applied one after
the other while connections ask for tiles without a cache. A last batch of one
town shows how much of the cache it leaves valid.`,
		Example: `  tilebench apply --reports 10M
  tilebench apply --reports 1M --batches 100 --interval 20ms`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := struct {
				*outcome
				Applied []applied `json:"applied"`
			}{outcome: newOutcome("apply", o)}
			for _, n := range o.reports {
				r, err := a.run(cmd.Context(), n)
				if err != nil {
					return err
				}
				out.Applied = append(out.Applied, r)
			}
			printApplied(o, out.Applied)
			return finish(o, out, nil)
		},
	}
	cmd.Flags().Var(&a.batch, "batch", "reports in a batch")
	cmd.Flags().Var(&a.batches, "batches", "number of batches")
	cmd.Flags().DurationVar(&a.interval, "interval", 200*time.Millisecond, "time between two batches")
	cmd.Flags().IntVar(&a.conns, "load", 4, "connections that ask for tiles meanwhile")
	return cmd
}

func (a *applying) run(ctx context.Context, n int) (applied, error) {
	b, _, err := a.build(n)
	if err != nil {
		return applied{}, err
	}
	to, err := a.target()
	if err != nil {
		return applied{}, err
	}
	tr, err := newTrace(a.traceConfig(), &b.places)
	if err != nil {
		return applied{}, err
	}
	batches, err := newBatches(a.seed+1, int(a.batch), int(a.batches))
	if err != nil {
		return applied{}, err
	}
	svc, err := newService(b.cube, 0)
	if err != nil {
		return applied{}, err
	}
	d := driven{to, tr, a.conns}
	out := applied{Reports: n, Batch: int(a.batch), Batches: int(a.batches)}
	a.logf("tiles while nothing changes ...")
	if out.Quiet, err = a.load(ctx, svc, d, func() error { return nil }); err != nil {
		return applied{}, err
	}
	a.logf("tiles while %d batches of %d arrive ...", a.batches, a.batch)
	resetPeak()
	out.Busy, err = a.load(ctx, svc, d, func() error { return a.applyAll(ctx, b, svc, batches, &out) })
	if err != nil {
		return applied{}, err
	}
	out.PeakRSS = memoryOf("self").peak
	runtime.GC()
	out.RSS = memoryOf("self").rss
	a.logf("the cache after a batch in one town ...")
	out.KeptHits, err = a.keptHits(b, d)
	return out, err
}

// load asks for tiles, over and over, until during returns. It runs through
// the trace once at least.
func (a *applying) load(ctx context.Context, svc *service, d driven, during func() error) (result, error) {
	e, stop, err := listen(svc)
	if err != nil {
		return result{}, err
	}
	defer stop()
	e.accept = a.accept
	var done atomic.Bool
	var wg sync.WaitGroup
	var duringErr error
	wg.Go(func() {
		duringErr = during()
		done.Store(true)
	})
	long, all := *d.tr, &samples{}
	long.requests = nil
	for ctx.Err() == nil {
		s, err := drive(e, d.to, d.tr, d.conns)
		if err != nil {
			return result{}, errors.Join(err, duringErr)
		}
		long.requests = append(long.requests, d.tr.requests...)
		all.times, all.status, all.sizes = append(all.times, s.times...), append(all.status, s.status...), append(all.sizes, s.sizes...)
		all.elapsed += s.elapsed
		if done.Load() {
			break
		}
	}
	wg.Wait()
	if err := errors.Join(ctx.Err(), duringErr); err != nil {
		return result{}, err
	}
	return summarise(modeCold, d.conns, &long, all), nil
}

// applyAll applies the batches and measures each until a tile shows it.
func (a *applying) applyAll(ctx context.Context, b *body, svc *service, batches [][]report.Report, out *applied) error {
	var apply, visible []time.Duration
	for _, reports := range batches {
		w, err := newWatch(svc, reports[0], a.accept)
		if err != nil {
			return err
		}
		before := w.etag()
		start := time.Now()
		next := b.cube.Current().Generation() + 1
		if _, err := b.cube.Apply(cube.Batch{Generation: next, Add: reports}); err != nil {
			return err
		}
		apply = append(apply, time.Since(start))
		if w.etag() == before {
			return fmt.Errorf("batch %d is applied and the tile over it has not changed", next)
		}
		visible = append(visible, time.Since(start))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(a.interval):
		}
	}
	out.Applying, out.Visible = spreadOf(apply), spreadOf(visible)
	return nil
}

// watch is a tile of zoom 14 over a report.
type watch struct {
	h   http.Handler
	in  *input
	out *sink
}

func newWatch(h http.Handler, r report.Report, accept string) (*watch, error) {
	const zoom = 14
	p, err := centre(r.Cell)
	if err != nil {
		return nil, err
	}
	w := &watch{h, newInput(accept), newSink(false)}
	return w, w.in.setPath(fmt.Sprintf("/tiles/reports/%d/%d/%d.mvt", zoom, int(p.x*(1<<zoom)), int(p.y*(1<<zoom))))
}

// etag asks for the tile, so it has been drawn when etag returns. The tag is
// made of all that the tile shows.
func (w *watch) etag() string {
	w.out.reset()
	w.h.ServeHTTP(w.out, &w.in.request)
	return etagOf(w.out.head)
}

// etagOf finds the tag under either spelling: HTTP/2 and Go's canonical form
// differ from the RFC's, and a map set directly keeps what it is given.
func etagOf(h http.Header) string {
	for name, values := range h {
		if strings.EqualFold(name, "ETag") && len(values) > 0 {
			return values[0]
		}
	}
	return ""
}

// keptHits fills a cache with the trace, applies a batch in one town, and
// returns the share of the trace that the cache still answers.
func (a *applying) keptHits(b *body, d driven) (float64, error) {
	svc, err := newService(b.cube, int64(a.cache))
	if err != nil {
		return 0, err
	}
	if _, err := call(svc, d.to, d.tr, a.accept); err != nil {
		return 0, err
	}
	town, err := townBatch(a.seed+2, int(a.batch))
	if err != nil {
		return 0, err
	}
	next := b.cube.Current().Generation() + 1
	if _, err := b.cube.Apply(cube.Batch{Generation: next, Add: town}); err != nil {
		return 0, err
	}
	// Each different tile once: a tile that is made anew would hit later on.
	before := svc.stats()
	if _, err := call(svc, d.to, d.tr.distinct(), a.accept); err != nil {
		return 0, err
	}
	if rate := hitRate(before, svc.stats()); rate != nil {
		return *rate, nil
	}
	return 0, nil
}

// distinct is the trace without its repeats.
func (t *trace) distinct() *trace {
	short := *t
	short.requests = nil
	for _, r := range t.requests {
		if !r.repeat {
			short.requests = append(short.requests, r)
		}
	}
	return &short
}

func printApplied(o *options, all []applied) {
	var rows [][]string
	for _, a := range all {
		rows = append(rows, []string{
			shortCount(a.Reports), fmt.Sprintf("%d x %d", a.Batches, a.Batch), milli(a.Applying.P50), milli(a.Applying.Max), milli(a.Visible.P50), milli(a.Visible.Max),
			milli(a.Quiet.All.P50), milli(a.Quiet.All.P99), milli(a.Busy.All.P50), milli(a.Busy.All.P99), milli(a.Busy.All.Max),
			fmt.Sprintf("%.1f%%", 100*a.KeptHits), megabytes(a.RSS), megabytes(a.PeakRSS),
		})
	}
	table(o.out, "Apply: batches while tiles are served", []string{"reports", "batches", "apply p50 ms", "max ms", "visible p50 ms", "max ms",
		"quiet p50 ms", "p99 ms", "busy p50 ms", "p99 ms", "max ms", "cache kept", "RSS", "peak"}, rows)
}
