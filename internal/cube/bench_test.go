package cube_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/tiles"
)

// benchReports is the size of the body that benchmarks work on. Set it to
// 10000000 for the figures in PERFORMANCE.md.
func benchReports() int {
	if n, err := strconv.Atoi(os.Getenv("CUBE_BENCH_REPORTS")); err == nil {
		return n
	}
	return 200_000
}

// country is a body with 400 towns of very different sizes between Brighton and
// Newcastle; London has a fifth of all reports.
func country() *sampler {
	s := &sampler{Rand: rand.New(rand.NewPCG(1, 2)), spread: 0.02, days: 730}
	for range 50 {
		s.places = append(s.places, h3.LatLng{Lat: 51.5 + 0.08*s.NormFloat64(), Lng: -0.1 + 0.15*s.NormFloat64()})
	}
	for range 350 {
		s.places = append(s.places, h3.LatLng{Lat: 50.8 + 4.2*s.Float64(), Lng: -3 + 3*s.Float64()})
	}
	return s
}

type benchBody struct {
	reports  []report.Report
	snapshot *cube.Snapshot
}

var body = sync.OnceValue(func() benchBody {
	by := country()
	b := benchBody{reports: make([]report.Report, benchReports())}
	for i := range b.reports {
		b.reports[i] = by.report(nil)
	}
	builder := cube.NewBuilder()
	if err := builder.Add(cube.Batch{Generation: 1, Add: b.reports}); err != nil {
		panic(err)
	}
	var err error
	if b.snapshot, err = builder.Snapshot(1); err != nil {
		panic(err)
	}
	return b
})

// benchFilters are kinds of filter by what they cost.
var benchFilters = []struct {
	name   string
	filter report.Filter
}{
	{"none", report.Filter{}},
	{"window", report.Filter{From: firstDay + 100, To: firstDay + 407}},
	{"factor", report.Filter{Factors: 1 << report.BadlyLit}},
	{"three", report.Filter{Factors: 1<<report.BadlyLit | 1<<report.Isolated | 1<<report.Followed}},
	{"everything", report.Filter{
		Factors: 1<<report.BadlyLit | 1<<report.Isolated | 1<<report.Followed, From: firstDay + 100, To: firstDay + 407,
		Dayparts: 1<<report.Evening | 1<<report.Night, Weekdays: 1<<report.Friday | 1<<report.Saturday, Dark: 1 << report.DarkYes,
	}},
}

func tileAt(b *testing.B, c h3.Cell, z uint32) tiles.Tile {
	v, err := tiles.Centre(c)
	if err != nil {
		b.Fatal(err)
	}
	return tiles.Tile{Z: z, X: uint32(v.X) >> (30 - z), Y: uint32(v.Y) >> (30 - z)}
}

func BenchmarkSnapshot_Select(b *testing.B) {
	body := body()
	var dst cube.Selection
	for _, zoom := range []uint32{6, 9, 12, 14, 16} {
		for _, f := range benchFilters {
			b.Run(fmt.Sprintf("zoom=%d/filter=%s", zoom, f.name), func(b *testing.B) {
				r := rand.New(rand.NewPCG(3, 4))
				queries := make([]cube.Query, 256)
				for i := range queries {
					t := tileAt(b, body.reports[r.IntN(len(body.reports))].Cell, zoom)
					queries[i] = cube.Query{Tile: t, Res: tiles.ResolutionForZoom(zoom), Filter: f.filter, Columns: f.filter.Factors}
				}
				cells := 0
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					body.snapshot.Select(queries[i%len(queries)], &dst)
					cells += dst.Len()
				}
				b.ReportMetric(float64(cells)/float64(b.N), "cells/op")
			})
		}
	}
}

// BenchmarkSelect_Naive is the twin of BenchmarkSnapshot_Select: a loop over all
// reports.
func BenchmarkSelect_Naive(b *testing.B) {
	body := body()
	f := benchFilters[len(benchFilters)-1].filter
	tile := tileAt(b, body.reports[0].Cell, 9)
	var ring []tiles.Vertex
	for b.Loop() {
		counts := map[h3.Cell]int{}
		for _, r := range body.reports {
			if r.Matches(f) {
				counts[parent(r.Cell, 6)]++
			}
		}
		for c := range counts {
			ring, _ = tiles.AppendOutline(ring[:0], c)
			if !tiles.Touches(ring, tile) {
				delete(counts, c)
			}
		}
	}
}

func BenchmarkSnapshot_TileGeneration(b *testing.B) {
	body := body()
	for _, zoom := range []uint32{6, 9, 12, 16} {
		b.Run(fmt.Sprintf("zoom=%d", zoom), func(b *testing.B) {
			r := rand.New(rand.NewPCG(3, 4))
			ts := make([]tiles.Tile, 256)
			for i := range ts {
				ts[i] = tileAt(b, body.reports[r.IntN(len(body.reports))].Cell, zoom)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				body.snapshot.TileGeneration(ts[i%len(ts)])
			}
		})
	}
}

func BenchmarkSnapshot_Summary(b *testing.B) {
	body := body()
	for _, f := range benchFilters {
		for _, area := range []struct {
			name string
			box  report.Box
		}{{"all", report.Box{West: -180, South: -90, East: 180, North: 90}}, {"city", report.Box{West: -0.2, South: 51.4, East: 0, North: 51.6}}} {
			b.Run("area="+area.name+"/filter="+f.name, func(b *testing.B) {
				for b.Loop() {
					body.snapshot.Summary(cube.SummaryQuery{Area: area.box, Res: 9, Top: 20, Filter: f.filter})
				}
			})
		}
	}
}

// BenchmarkCube_Apply applies batches of 1,000 reports, one after the other.
func BenchmarkCube_Apply(b *testing.B) {
	body := body()
	c := cube.New(body.snapshot)
	r := rand.New(rand.NewPCG(5, 6))
	batch := cube.Batch{Generation: 1, Add: make([]report.Report, 1000)}
	for b.Loop() {
		batch.Generation++
		for i := range batch.Add {
			batch.Add[i] = body.reports[r.IntN(len(body.reports))]
		}
		if _, err := c.Apply(batch); err != nil {
			b.Fatal(err)
		}
	}
	c.Settled()
}

// BenchmarkBuilder is the naive twin of BenchmarkCube_Apply and of
// BenchmarkReadFile: everything anew.
func BenchmarkBuilder(b *testing.B) {
	body := body()
	for b.Loop() {
		build(b, 1, body.reports)
	}
	b.ReportMetric(float64(b.N)*float64(len(body.reports))/b.Elapsed().Seconds(), "reports/s")
	b.ReportMetric(float64(body.snapshot.Size())/float64(len(body.reports)), "bytes/report")
}

func BenchmarkReadFile(b *testing.B) {
	path := filepath.Join(b.TempDir(), "cube.snapshot")
	if err := body().snapshot.WriteFile(path, origin); err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	for b.Loop() {
		if _, err := cube.ReadFile(path, origin); err != nil {
			b.Fatal(err)
		}
	}
}
