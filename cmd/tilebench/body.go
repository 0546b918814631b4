package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

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
	places  places
	took    time.Duration
}

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
	builder, where := cube.NewBuilder(), newCollector(reports)
	if err := fill(builder, where, made); err != nil {
		return nil, fmt.Errorf("build %d reports: %w", reports, err)
	}
	snapshot, err := builder.Snapshot(1)
	if err != nil {
		return nil, fmt.Errorf("build %d reports: %w", reports, err)
	}
	b := &body{reports: reports, cube: cube.New(snapshot)}
	if snapshot.Len() != reports {
		return nil, fmt.Errorf("the cube holds %d reports of %d", snapshot.Len(), reports)
	}
	if b.places, err = where.places(); err != nil {
		return nil, err
	}
	b.took = time.Since(start)
	settle()
	return b, nil
}

func fill(builder *cube.Builder, where *collector, made *synth.Body) error {
	batch := cube.Batch{Generation: 1, Add: make([]report.Report, 0, buildBatch)}
	for r := range made.Reports() {
		where.see(r.Cell)
		if batch.Add = append(batch.Add, r); len(batch.Add) == buildBatch {
			if err := builder.Add(batch); err != nil {
				return err
			}
			batch.Add = batch.Add[:0]
		}
	}
	return builder.Add(batch)
}

// settle gives memory that the build used back to the system, so that what is
// measured afterwards is what serving needs.
func settle() {
	runtime.GC()
	debug.FreeOSMemory()
	resetPeak()
}

// placesOnly is where reports are, without a cube, for driving another server.
func placesOnly(seed uint64, reports int) (places, error) {
	made, err := synth.New(synthConfig(seed, reports))
	if err != nil {
		return places{}, err
	}
	where := newCollector(reports)
	for r := range made.Reports() {
		where.see(r.Cell)
	}
	return where.places()
}
