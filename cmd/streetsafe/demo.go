package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/internal/synth"
)

const (
	demoSource = "synthetic"
	demoBatch  = 20_000 // reports in one transaction

	// metaDemo holds what the demo's body was made from, so that a start after a
	// stopped one makes the same reports again, and none twice.
	metaDemo     = "demo"
	metaDemoDone = "demo_done"
)

type demoOptions struct {
	serveOptions
	reports int
	seed    uint64
}

func newDemo(std *streams) *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Make up a body of reports and serve its map",
		Long: `demo makes an SQLite store with synthetic reports across London, with Croydon,
Sutton and Bromley dense enough to explore, and serves the map. Nothing in it
happened: pages and API say so. A second start uses the data again.`,
		Example: `  streetsafe demo
  streetsafe demo --reports 200000 --seed 7 --data /tmp/big-demo
  streetsafe demo --listen 127.0.0.1:9000`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.mode = modeDemo
			if len(o.origins) == 0 {
				o.origins = []string{"*"} // made-up data may be read from anywhere
			}
			fixed := cmd.Flags().Changed("reports") || cmd.Flags().Changed("seed")
			return runDemo(cmd.Context(), std, o, fixed)
		},
	}
	o.addFlags(cmd.Flags(), defaultDemoData)
	cmd.Flags().IntVar(&o.reports, "reports", 60_000, "how many reports to make up")
	cmd.Flags().Uint64Var(&o.seed, "seed", 1, "seed of the generator: the same seed makes the same reports")
	return cmd
}

func runDemo(ctx context.Context, std *streams, o demoOptions, fixed bool) error {
	if err := o.check(); err != nil {
		return err
	}
	// First of all: nobody wants to wait for reports that cannot be served.
	listener, err := o.claim()
	if err != nil {
		return err
	}
	defer listener.Close() // once more after serve; before it when that is not reached
	o.listener = listener
	st, err := o.storage.create(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	if err := seed(ctx, std.err, st, o, fixed); err != nil {
		return err
	}
	return serve(ctx, std, st, o.serveOptions)
}

// seed fills the store unless that is already done.
func seed(ctx context.Context, w io.Writer, st store.Store, o demoOptions, fixed bool) error {
	cfg, err := demoConfig(ctx, st, o, fixed)
	if err != nil {
		return err
	}
	if err := seedActions(ctx, st, cfg.To); err != nil {
		return err
	}
	if done, _, err := st.Meta(ctx, metaDemoDone); err != nil || done == "true" {
		return err
	}
	works, err := newHelped(cfg)
	if err != nil {
		return err
	}
	body, err := synth.New(cfg)
	if err != nil {
		return err
	}
	if err := st.DescribeSource(ctx, demoSource, store.SourceInfo{Precision: store.PrecisionTime, Synthetic: true}); err != nil {
		return err
	}
	bar := newBar(w, int64(body.Len()), "making up reports", false)
	defer bar.finish()
	for batch := range body.Batches(demoBatch) {
		works.apply(batch)
		if _, err := st.Insert(ctx, demoSource, batch); err != nil {
			return err
		}
		bar.add(len(batch))
	}
	return st.SetMeta(ctx, metaDemoDone, "true")
}

// demoConfig returns what the body is made from: what the store remembers, or
// else the flags, which it remembers from then on.
func demoConfig(ctx context.Context, st store.Store, o demoOptions, fixed bool) (synth.Config, error) {
	kept, ok, err := st.Meta(ctx, metaDemo)
	if err != nil {
		return synth.Config{}, err
	}
	if !ok {
		if o.reports < 1 || o.reports > synth.MaxReports {
			return synth.Config{}, fmt.Errorf("--reports %d: expected 1 to %d", o.reports, synth.MaxReports)
		}
		if g, err := st.Generation(ctx); err != nil || g > 0 {
			return synth.Config{}, errors.Join(err, fmt.Errorf("%s holds reports that the demo did not make: give the demo a directory of its own with --data", o.storage.dir))
		}
		cfg := synth.DefaultConfig(report.DayOf(time.Now()))
		cfg.Reports, cfg.Seed = o.reports, o.seed
		return cfg, st.SetMeta(ctx, metaDemo, formatDemo(cfg))
	}
	cfg, err := parseDemo(kept)
	if err != nil {
		return cfg, err
	}
	if fixed && (cfg.Reports != o.reports || cfg.Seed != o.seed) {
		return cfg, fmt.Errorf("%s was made with --reports %d --seed %d: leave these flags out to use it again, or give another --data", o.storage.dir, cfg.Reports, cfg.Seed)
	}
	return cfg, nil
}

func formatDemo(c synth.Config) string {
	return fmt.Sprintf("%d %d %s %s", c.Seed, c.Reports, c.From, c.To)
}

func parseDemo(s string) (synth.Config, error) {
	var c synth.Config
	var seed, from, to string
	if _, err := fmt.Sscanf(s, "%s %d %s %s", &seed, &c.Reports, &from, &to); err != nil {
		return c, fmt.Errorf("the store's demo setting %q cannot be read: delete the data directory", s)
	}
	var err1, err2, err3 error
	c.Seed, err1 = strconv.ParseUint(seed, 10, 64)
	c.From, err2 = report.ParseDay(from)
	c.To, err3 = report.ParseDay(to)
	return c, errors.Join(err1, err2, err3)
}
