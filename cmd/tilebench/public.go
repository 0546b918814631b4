package main

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/streetsafe/streetsafe/internal/release/public"
	"github.com/streetsafe/streetsafe/internal/site"
)

// newPublic measures what everybody sees: the pages and files of streetsafe-public.
func newPublic(o *options) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "public",
		Short: "Measure how fast releases are served to the public",
		Long: `public serves a directory of releases as streetsafe-public does and asks over HTTP
for its tiles, its files and what GIS programs ask for, each kind in a random order.
Client and server share the machine's cores.`,
		Example: `  tilebench public --dir streetsafe-data/public --conns 8 --requests 200k`,
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return measurePublic(o, dir) },
	}
	cmd.Flags().StringVar(&dir, "dir", "streetsafe-data/public", "directory that `streetsafe release build` publishes to")
	return cmd
}

func measurePublic(o *options, dir string) error {
	began := time.Now()
	data, err := public.NewHandler(dir)
	if err != nil {
		return err
	}
	pages, err := site.New(site.Config{Log: slog.New(slog.DiscardHandler)}, data)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.out, "%d files, %d MB in memory, loaded in %v\n\n", len(data.Paths()), data.Bytes()>>20, time.Since(began).Round(time.Millisecond))
	e, stop, err := listen(pages)
	if err != nil {
		return err
	}
	defer stop()
	e.accept = o.accept
	fmt.Fprintf(o.out, "%-22s %5s %9s %9s %9s %9s %9s\n", "", "conns", "req/s", "MB/s", "p50 us", "p99 us", "max us")
	for _, kind := range publicKinds(data) {
		for _, conns := range o.conns {
			s, err := driveAll(e, kind.paths, int(o.requests), conns, o.seed)
			if err != nil {
				return err
			}
			total := 0
			for i, size := range s.sizes {
				if s.status[i] != http.StatusOK {
					return fmt.Errorf("%s: an answer was %d", kind.name, s.status[i])
				}
				total += int(size)
			}
			t := spreadOf(s.times)
			fmt.Fprintf(o.out, "%-22s %5d %9.0f %9.1f %9.0f %9.0f %9.0f\n", kind.name, conns, float64(t.Count)/s.elapsed.Seconds(),
				float64(total)/1e6/s.elapsed.Seconds(), t.P50, t.P99, t.Max)
		}
	}
	return nil
}

type pathKind struct {
	name  string
	paths []string
}

// publicKinds are what is asked for, kind by kind; those that the directory does
// not have are left out.
func publicKinds(data *public.Handler) []pathKind {
	kinds := []pathKind{{name: "tiles"}, {name: "tables and GeoJSON"}, {name: "OGC, boxes of features"}}
	for _, p := range data.Paths() {
		switch parts := strings.Split(p, "/"); {
		case strings.HasSuffix(p, ".mvt"):
			kinds[0].paths = append(kinds[0].paths, p)
		case len(parts) == 3 && (strings.HasSuffix(p, ".csv") || strings.HasSuffix(p, ".geojson")):
			kinds[1].paths = append(kinds[1].paths, p)
		}
		if release, ok := strings.CutSuffix(p, "/res8.geojson"); ok {
			for i := range 200 { // some are asked for again, as on a map that is moved
				kinds[2].paths = append(kinds[2].paths, fmt.Sprintf("/ogc/collections/cells%s/items?limit=100&bbox=%.2f,51.3,%.2f,51.6", strings.Replace(release, "/", "-", 1),
					-0.5+float64(i)/250, -0.4+float64(i)/250))
			}
		}
	}
	var out []pathKind
	for _, k := range kinds {
		if len(k.paths) > 0 {
			out = append(out, k)
		}
	}
	return out
}

// driveAll asks n times for one of the paths, in an order that the seed gives.
func driveAll(e endpoint, paths []string, n, conns int, seed uint64) (*samples, error) {
	r := rand.New(rand.NewPCG(seed, 1))
	order := make([]int, n)
	for i := range order {
		order[i] = r.IntN(len(paths))
	}
	return ask(e, n, conns, func(dst []byte, i int) []byte { return append(dst, paths[order[i]]...) })
}
