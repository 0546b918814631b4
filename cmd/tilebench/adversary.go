package main

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
)

// attack is what the adversary did and what it did to the server.
type attack struct {
	Reports   int     `json:"reports"`
	Filters   int     `json:"filters"` // all different
	Seconds   float64 `json:"seconds"`
	Budget    int64   `json:"budget_bytes"`
	MaxBytes  int64   `json:"max_cache_bytes"` // highest reading; never above the budget
	Entries   int     `json:"entries"`
	Evicted   uint64  `json:"evicted"`
	RSSBefore int64   `json:"rss_before_bytes"`
	RSSAfter  int64   `json:"rss_after_bytes"` // garbage collected
	PeakRSS   int64   `json:"peak_rss_bytes"`
	Latencies spread  `json:"latencies"`
}

type adversary struct {
	*options
	filters count
}

// statsEvery is how many requests lie between two readings of the cache's size.
const statsEvery = 1000

func newAdversary(o *options) *cobra.Command {
	a := &adversary{options: o, filters: 1_000_000}
	cmd := &cobra.Command{
		Use:   "adversary",
		Short: "Ask for a million different filters and watch the cache's budget",
		Long: `Ask for a million different filters and watch the cache's budget.

Nothing that is asked for is ever asked for again, so every answer is new to
the cache and pushes others out. The command fails when the cache is ever
larger than its budget.`,
		Example: `  tilebench adversary --reports 100k --filters 50k --cache 16MB
  tilebench adversary --reports 10M`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := struct {
				*outcome
				Attacks []attack `json:"attacks"`
			}{outcome: newOutcome("adversary", o)}
			var problem error
			for _, n := range o.reports {
				at, err := a.run(cmd.Context(), n)
				if err != nil {
					return err
				}
				out.Attacks = append(out.Attacks, at)
				if at.MaxBytes > at.Budget {
					problem = fmt.Errorf("the cache held %d bytes with a budget of %d", at.MaxBytes, at.Budget)
				}
			}
			printAttacks(o, out.Attacks)
			return finish(o, out, problem)
		},
	}
	cmd.Flags().Var(&a.filters, "filters", "number of different filters")
	return cmd
}

func (a *adversary) run(ctx context.Context, n int) (attack, error) {
	b, _, err := a.build(n)
	if err != nil {
		return attack{}, err
	}
	svc, err := newService(b.cube, int64(a.cache))
	if err != nil {
		return attack{}, err
	}
	at := attack{Reports: n, Filters: int(a.filters), Budget: svc.stats().Budget, RSSBefore: memoryOf("self").rss}
	a.logf("asking for %s filters ...", shortCount(int(a.filters)))
	start := time.Now()
	times, err := a.ask(ctx, b, svc, &at)
	if err != nil {
		return attack{}, err
	}
	at.Seconds = time.Since(start).Seconds()
	at.PeakRSS = memoryOf("self").peak
	runtime.GC()
	stats := svc.stats()
	at.Entries, at.Evicted, at.RSSAfter = stats.Entries, stats.Evicted, memoryOf("self").rss
	at.Latencies = spreadOf(times)
	return at, nil
}

// ask sends each filter once, from as many callers as there are cores, to a
// town's tile: full enough to be worth caching, cheap enough to ask a million
// times.
func (a *adversary) ask(ctx context.Context, b *body, svc *service, at *attack) ([]time.Duration, error) {
	const zoom = 12
	times := make([]time.Duration, at.Filters)
	var next, highest atomic.Int64
	var failure atomic.Pointer[error]
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			in, out := newInput(a.accept), newSink(false)
			for ctx.Err() == nil && failure.Load() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(times) {
					return
				}
				took, err := a.askOne(svc, in, out, adverse{b.places.at[i%len(b.places.at)], zoom, i})
				if err != nil {
					failure.Store(&err)
					return
				}
				times[i] = took
				if i%statsEvery == 0 {
					raise(&highest, svc.stats().Bytes)
				}
			}
		})
	}
	wg.Wait()
	if err := failure.Load(); err != nil {
		return nil, *err
	}
	at.MaxBytes = max(highest.Load(), svc.stats().Bytes)
	return times, ctx.Err()
}

// adverse is one request of the adversary.
type adverse struct {
	at     position
	zoom   int
	number int
}

func (a *adversary) askOne(h http.Handler, in *input, out *sink, q adverse) (time.Duration, error) {
	f, err := numberedFilter(q.number, benchDays)
	if err != nil {
		return 0, err
	}
	side := float64(int(1) << q.zoom)
	path := fmt.Sprintf("/tiles/reports/%d/%d/%d.mvt?%s", q.zoom, int(q.at.x*side), int(q.at.y*side), f.Query())
	if err := in.setPath(path); err != nil {
		return 0, err
	}
	out.reset()
	began := time.Now()
	h.ServeHTTP(out, &in.request)
	took := time.Since(began)
	if out.status >= http.StatusBadRequest {
		return 0, fmt.Errorf("GET %s: status %d", path, out.status)
	}
	return took, nil
}

func raise(to *atomic.Int64, v int64) {
	for old := to.Load(); v > old && !to.CompareAndSwap(old, v); old = to.Load() {
	}
}

func printAttacks(o *options, attacks []attack) {
	var rows [][]string
	for _, a := range attacks {
		rows = append(rows, []string{
			shortCount(a.Reports), shortCount(a.Filters), fmt.Sprintf("%.0f", float64(a.Filters)/a.Seconds), megabytes(a.Budget), megabytes(a.MaxBytes),
			fmt.Sprint(a.Entries), fmt.Sprint(a.Evicted), megabytes(a.RSSBefore), megabytes(a.RSSAfter), megabytes(a.PeakRSS), milli(a.Latencies.P50), milli(a.Latencies.P99),
		})
	}
	table(o.out, "Adversary: filters that are all different",
		[]string{"reports", "filters", "tiles/s", "budget", "cache max", "entries", "evicted", "RSS before", "RSS after", "RSS peak", "p50 ms", "p99 ms"}, rows)
}
