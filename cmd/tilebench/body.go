package main

import (
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"time"

	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/synth"
)

// benchDays are the 24 months that synthetic reports spread over. They are
// fixed, so that a run today and one next year ask the same questions.
var benchDays = period{from: mustDay("2024-01-01"), to: mustDay("2026-01-01")}

func mustDay(s string) report.Day {
	d, err := report.ParseDay(s)
	if err != nil {
		panic(err) // a constant of this file
	}
	return d
}

// body is a synthetic body of reports in a cube.
type body struct {
	reports int
	cube    *cube.Cube
	at      []position // of a sample of the reports
	took    time.Duration
}

// samplePositions is how many positions views are chosen from: enough that no
// town is missed, and nothing beside the cube.
const samplePositions = 20_000

// buildBatch is how many reports the builder is given at once.
const buildBatch = 8192

func synthConfig(seed uint64, reports int) synth.Config {
	return synth.Config{Seed: seed, Reports: reports, From: benchDays.from, To: benchDays.to, Extent: synth.National}
}

// newBody makes a national body of reports and builds its cube.
func newBody(seed uint64, reports int) (*body, error) {
	made, err := synth.New(synthConfig(seed, reports))
	if err != nil {
		return nil, err
	}
	start := time.Now()
	b := &body{reports: reports}
	builder := cube.NewBuilder()
	batch := cube.Batch{Generation: 1, Add: make([]report.Report, 0, buildBatch)}
	sample := newSampler(reports)
	var failed error
	for r := range made.Reports() {
		if failed = sample.see(r.Cell); failed != nil {
			break
		}
		batch.Add = append(batch.Add, r)
		if len(batch.Add) == buildBatch {
			if failed = builder.Add(batch); failed != nil {
				break
			}
			batch.Add = batch.Add[:0]
		}
	}
	if failed == nil {
		failed = builder.Add(batch)
	}
	if failed != nil {
		return nil, fmt.Errorf("build %d reports: %w", reports, failed)
	}
	snapshot, err := builder.Snapshot(1)
	if err != nil {
		return nil, fmt.Errorf("build %d reports: %w", reports, err)
	}
	b.cube, b.at, b.took = cube.New(snapshot), sample.at, time.Since(start)
	if snapshot.Len() != reports {
		return nil, fmt.Errorf("the cube holds %d reports of %d", snapshot.Len(), reports)
	}
	settle()
	return b, nil
}

// settle gives memory that the build used back to the system, so that what is
// measured afterwards is what serving needs.
func settle() {
	runtime.GC()
	debug.FreeOSMemory()
	resetPeak()
}

// sampler keeps the position of every n-th report.
type sampler struct {
	every, seen int
	at          []position
}

func newSampler(reports int) *sampler {
	return &sampler{every: max(1, reports/samplePositions)}
}

func (s *sampler) see(c h3.Cell) error {
	if s.seen++; s.seen%s.every != 0 && s.seen != 1 {
		return nil
	}
	p, err := c.LatLng()
	if err != nil {
		return fmt.Errorf("cell %s: %w", c, err)
	}
	s.at = append(s.at, positionOf(p.Lat, p.Lng))
	return nil
}

// positionOf projects degrees to the Web Mercator square.
func positionOf(lat, lng float64) position {
	sin := math.Sin(lat * math.Pi / 180)
	return position{
		x: clampUnit(lng/360 + 0.5),
		y: clampUnit(0.5 - math.Log((1+sin)/(1-sin))/(4*math.Pi)),
	}
}

// positionsOnly is the sample without a cube, for driving another server.
func positionsOnly(seed uint64) ([]position, error) {
	made, err := synth.New(synthConfig(seed, samplePositions))
	if err != nil {
		return nil, err
	}
	sample := newSampler(samplePositions)
	for r := range made.Reports() {
		if err := sample.see(r.Cell); err != nil {
			return nil, err
		}
	}
	return sample.at, nil
}
