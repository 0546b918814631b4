package main

import (
	"errors"
	"fmt"

	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/synth"
)

// newBatches makes batches of reports that are not in the body.
func newBatches(seed uint64, size, n int) ([][]report.Report, error) {
	made, err := synth.New(synthConfig(seed, size*n))
	if err != nil {
		return nil, err
	}
	// Records come by day; dealt out like cards, every batch has all days.
	batches := make([][]report.Report, n)
	i := 0
	for r := range made.Reports() {
		batches[i%n] = append(batches[i%n], r)
		i++
	}
	return batches, nil
}

// townResolution is the H3 resolution of a cell about as large as a town, five
// kilometres across.
const townResolution = 6

// townShare is how many reports of the country it takes to find one of a town
// that has many: where a body runs out first, the batch is smaller.
const townShare = 400

// townBatch makes a batch that lies within one cell the size of a town.
func townBatch(seed uint64, size int) ([]report.Report, error) {
	made, err := synth.New(synthConfig(seed, max(20_000, townShare*size)))
	if err != nil {
		return nil, err
	}
	in := make([]report.Report, 0, size)
	var town h3.Cell
	for r := range made.Reports() {
		parent, err := r.Cell.Parent(townResolution)
		if err != nil {
			return nil, fmt.Errorf("cell %s: %w", r.Cell, err)
		}
		if town == 0 {
			town = parent
		}
		if parent == town {
			if in = append(in, r); len(in) == size {
				return in, nil
			}
		}
	}
	if len(in) == 0 {
		return nil, errors.New("no reports in the town")
	}
	return in, nil
}
