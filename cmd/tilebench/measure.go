package main

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/streetsafe/streetsafe/internal/tilecache"
)

// The modes of a run.
const (
	modeHandler = "handler" // one caller, no network, no cache
	modeLeast   = "least"   // the same, the least of three times for each request
	modeCold    = "cold"    // HTTP, no cache: every tile is worked out
	modeFirst   = "first"   // HTTP, a cache that starts empty
	modeHot     = "hot"     // HTTP, the same trace again: everything is cached
	modeCeiling = "ceiling" // HTTP, a bare handler with the same bytes
	modeURL     = "url"     // another server
	modeAgain   = "again"   // another server, the same trace again
)

// outcome is what one command writes as JSON.
type outcome struct {
	Command string       `json:"command"`
	Started time.Time    `json:"started"`
	Machine machine      `json:"machine"`
	Seed    uint64       `json:"seed"`
	Bodies  []bodyResult `json:"bodies,omitempty"`
	URL     string       `json:"url,omitempty"`
}

type machine struct {
	Go    string `json:"go"`
	OS    string `json:"os"`
	Arch  string `json:"arch"`
	Cores int    `json:"cores"` // that the program uses
}

// bodyResult is everything measured on one body.
type bodyResult struct {
	Reports        int      `json:"reports"`
	BuildSeconds   float64  `json:"build_seconds"` // making the reports included
	CubeBytes      int      `json:"cube_bytes,omitempty"`
	BytesPerReport float64  `json:"cube_bytes_per_report,omitempty"`
	RSS            int64    `json:"rss_bytes"` // after the build, garbage collected
	Runs           []result `json:"runs"`
}

func newOutcome(command string, o *options) *outcome {
	return &outcome{
		Command: command, Started: time.Now().UTC(), Seed: o.seed,
		Machine: machine{Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.GOMAXPROCS(0)},
	}
}

// measurement is the main command's own flags.
type measurement struct {
	*options
	url string
	pid string
}

func addMeasure(cmd *cobra.Command, o *options) {
	m := &measurement{options: o}
	cmd.Flags().StringVar(&m.url, "url", "", "drive this server instead: http://127.0.0.1:PORT/...{z}/{x}/{y}..., with {filter} where it takes the product's filters")
	cmd.Flags().StringVar(&m.pid, "pid", "", "process of that server, for its memory")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		out := newOutcome("measure", o)
		var err error
		if m.url != "" {
			err = m.other(out)
		} else {
			err = m.ours(cmd.Context(), out)
		}
		if err != nil {
			return err
		}
		return finish(o, out, out.failed())
	}
}

func (o *options) traceConfig() traceConfig {
	return traceConfig{Seed: o.seed, Requests: int(o.requests), Days: benchDays, Repeat: 0.3, MinZoom: 6, MaxZoom: 17, Filters: true}
}

// ours measures the product.
func (m *measurement) ours(ctx context.Context, out *outcome) error {
	for _, n := range m.reports {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, br, err := m.build(n)
		if err != nil {
			return err
		}
		if err := m.runAll(ctx, b, &br); err != nil {
			return err
		}
		out.Bodies = append(out.Bodies, br)
		printBody(m.out, &br)
	}
	return nil
}

// build makes a body and describes it.
func (o *options) build(n int) (*body, bodyResult, error) {
	o.logf("building %s reports ...", shortCount(n))
	b, err := newBody(o.seed, n)
	if err != nil {
		return nil, bodyResult{}, err
	}
	br := bodyResult{Reports: n, BuildSeconds: b.took.Seconds(), RSS: memoryOf("self").rss}
	br.CubeBytes = b.cube.Current().Size()
	br.BytesPerReport = float64(br.CubeBytes) / float64(n)
	o.logf("  %.1f s, cube %s, %.1f bytes a report, process %s", br.BuildSeconds, megabytes(int64(br.CubeBytes)), br.BytesPerReport, megabytes(br.RSS))
	return b, br, nil
}

func (m *measurement) runAll(ctx context.Context, b *body, br *bodyResult) error {
	to, err := m.target()
	if err != nil {
		return err
	}
	tr, err := newTrace(m.traceConfig(), &b.places)
	if err != nil {
		return err
	}
	cold, err := newService(b.cube, 0)
	if err != nil {
		return err
	}
	runs, err := m.inHandler(cold, to, tr)
	if err != nil {
		return err
	}
	br.Runs = append(br.Runs, runs...)
	ceiling, covered, err := record(cold, to, tr, m.accept)
	if err != nil {
		return err
	}
	if len(covered.requests) < len(tr.requests) {
		m.logf("  the trace is cut to %d requests: their answers fill %s", len(covered.requests), megabytes(maxCannedBytes))
	}
	for _, conns := range m.conns {
		if err := ctx.Err(); err != nil {
			return err
		}
		runs, err := m.overHTTP(b, covered, conns, ceiling)
		if err != nil {
			return err
		}
		br.Runs = append(br.Runs, runs...)
	}
	return nil
}

// inHandler measures the handler alone, and what it allocates: once as it
// comes, and again for the least times.
func (m *measurement) inHandler(h http.Handler, to target, tr *trace) ([]result, error) {
	m.logf("  in the handler ...")
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s, err := call(h, to, tr, m.accept)
	if err != nil {
		return nil, err
	}
	runtime.ReadMemStats(&after)
	r := summarise(modeHandler, 0, tr, s)
	n := float64(len(tr.requests))
	r.Allocs = float64(after.Mallocs-before.Mallocs) / n
	r.AllocBytes = float64(after.TotalAlloc-before.TotalAlloc) / n
	r.addMemory("self")
	s, err = bestOf(growthPasses, func() (*samples, error) { return call(h, to, tr, m.accept) })
	if err != nil {
		return nil, err
	}
	least := summarise(modeLeast, 0, tr, s)
	least.addMemory("self")
	return []result{r, least}, nil
}

// overHTTP measures all modes at one number of connections, close together,
// so that a busy neighbour on the machine slows them alike.
func (m *measurement) overHTTP(b *body, tr *trace, conns int, ceiling bare) ([]result, error) {
	to, err := m.target()
	if err != nil {
		return nil, err
	}
	cold, err := newService(b.cube, 0)
	if err != nil {
		return nil, err
	}
	cached, err := newService(b.cube, int64(m.cache))
	if err != nil {
		return nil, err
	}
	stages := []struct {
		mode  string
		h     http.Handler
		stats func() tilecache.Stats
	}{
		{modeCold, cold, cold.stats}, {modeFirst, cached, cached.stats},
		{modeHot, cached, cached.stats}, {modeCeiling, ceiling, nil},
	}
	var runs []result
	for _, st := range stages {
		m.logf("  %s over %d connections ...", st.mode, conns)
		r, err := m.run(st.mode, st.h, st.stats, driven{to, tr, conns})
		if err != nil {
			return nil, err
		}
		runs = append(runs, r)
	}
	top := runs[len(runs)-1].TilesPerSec
	for i := range runs[:len(runs)-1] {
		runs[i].OfCeiling = runs[i].TilesPerSec / top
	}
	return runs, nil
}

// driven is what a run sends.
type driven struct {
	to    target
	tr    *trace
	conns int
}

func (m *measurement) run(mode string, h http.Handler, stats func() tilecache.Stats, d driven) (result, error) {
	e, stop, err := listen(h)
	if err != nil {
		return result{}, err
	}
	defer stop()
	e.accept = m.accept
	runtime.GC()
	var before, after tilecache.Stats
	if stats != nil {
		before = stats()
	}
	s, err := drive(e, d.to, d.tr, d.conns)
	if err != nil {
		return result{}, err
	}
	r := summarise(mode, d.conns, d.tr, s)
	if stats != nil {
		after = stats()
		r.HitRate = hitRate(before, after)
	}
	r.addMemory("self")
	return r, nil
}

func (r *result) addMemory(pid string) {
	mem := memoryOf(pid)
	r.RSS, r.PeakRSS = mem.rss, mem.peak
}

// failed says which run had answers that are errors.
func (out *outcome) failed() error {
	for _, b := range out.Bodies {
		for _, r := range b.Runs {
			if r.Errors > 0 {
				return fmt.Errorf("%d of %d answers in %s were errors, the first: %s", r.Errors, r.Requests, r.Mode, r.FirstFailure)
			}
		}
	}
	return nil
}
