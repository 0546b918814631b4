// Command tilebench measures how fast tiles are served: it makes synthetic
// bodies of reports, builds the cube, serves it over HTTP with the product's
// own handler and replays what officers do on the map.
//
// Every measurement is closed-loop: a connection asks again when it has its
// answer, so latencies are those at a number of connections and not at a rate
// of arrival. Client and server share the machine's cores; the ceiling, a bare
// net/http handler with the same bytes, is measured with the same client in
// the same run, which makes the ratio comparable between machines.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := newRoot().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "tilebench:", err)
		os.Exit(1)
	}
}

func newRoot() *cobra.Command {
	o := &options{}
	var profile string
	var stopProfile func()
	root := &cobra.Command{
		Use:   "tilebench",
		Short: "Measure how fast tiles are served",
		Long: `Measure how fast tiles are served.

Without a command: for each size of body, the time in the handler, then over
HTTP without a cache (cold), with a cache that starts empty (first), with one
that has everything (hot), and a bare handler with the same bytes (ceiling).`,
		Example: `  tilebench --reports 100k --requests 2000
  tilebench --reports 10M --conns 8 --json results.json
  GOGC=25 tilebench --reports 10M      # with the server's own memory setting
  tilebench --reports 1M --finer 2     # tiles full of cells
  tilebench --url 'http://127.0.0.1:7800/public.hexagons/{z}/{x}/{y}.pbf' --pid 1234
  tilebench growth --reports 100k,1M,10M
  tilebench apply --reports 10M
  tilebench adversary --reports 100k --filters 50k
  tilebench public --dir streetsafe-data/public`,
		Args: cobra.NoArgs, SilenceUsage: true, SilenceErrors: true,
	}
	o.bind(root.PersistentFlags())
	root.PersistentFlags().StringVar(&profile, "cpuprofile", "", "file that receives a CPU profile of the measurements")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		o.out, o.log = cmd.OutOrStdout(), cmd.ErrOrStderr()
		if o.json == "-" { // the tables make room
			o.out = o.log
		}
		if err := o.check(); err != nil {
			return err
		}
		var err error
		stopProfile, err = startProfile(profile)
		return err
	}
	root.PersistentPostRun = func(*cobra.Command, []string) { stopProfile() }
	addMeasure(root, o)
	root.AddCommand(newGrowth(o), newApply(o), newAdversary(o), newPublic(o))
	return root
}

func startProfile(path string) (stop func(), err error) {
	if path == "" {
		return func() {}, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		_ = f.Close() // a profile that was not written shows when it is read
	}, nil
}
