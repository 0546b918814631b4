package tiles_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/streetsafe/streetsafe/tiles"
)

func isStep(n uint32) bool {
	for n > 9 && n%10 == 0 {
		n /= 10
	}
	return n == 1 || n == 2 || n == 5
}

func TestBreaks_Known(t *testing.T) {
	repeat := func(n int, v uint32) []uint32 { return slices.Repeat([]uint32{v}, n) }
	for _, test := range []struct {
		name   string
		counts []uint32
		want   []uint32
	}{
		{"nothing", nil, []uint32{1, 2, 5, 10, 20}},
		{"only zeros", []uint32{0, 0}, []uint32{1, 2, 5, 10, 20}},
		{"ones", repeat(100, 1), []uint32{1, 2, 5, 10, 20}},
		{"few steps", []uint32{3, 40}, []uint32{2, 5, 10, 20, 50}},
		{"exact ladder", []uint32{1, 2, 5, 10, 20}, []uint32{1, 2, 5, 10, 20}},
		{"far apart", []uint32{1, 1000}, []uint32{1, 100, 200, 500, 1000}},
		{"six occupied steps", []uint32{10, 20, 50, 100, 200, 500}, []uint32{10, 50, 100, 200, 500}},
		{"the very largest", repeat(3, math.MaxUint32), []uint32{1e8, 2e8, 5e8, 1e9, 2e9}},
	} {
		if got := tiles.Breaks(test.counts); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

// bestCost is the least cost of any five classes, by trying them all.
func bestCost(steps []float64, weights []float64) float64 {
	best := math.Inf(1)
	n := len(steps)
	for a := 1; a < n; a++ {
		for b := a + 1; b < n; b++ {
			for c := b + 1; c < n; c++ {
				for d := c + 1; d < n; d++ {
					best = min(best, costOf(steps, weights, []int{0, a, b, c, d, n}))
				}
			}
		}
	}
	return best
}

func costOf(steps, weights []float64, bounds []int) float64 {
	total := 0.0
	for k := range bounds[1:] {
		var sum, mean float64
		for i := bounds[k]; i < bounds[k+1]; i++ {
			sum += weights[i]
			mean += weights[i] * steps[i]
		}
		mean /= sum
		for i := bounds[k]; i < bounds[k+1]; i++ {
			total += weights[i] * (steps[i] - mean) * (steps[i] - mean)
		}
	}
	return total
}

func TestBreaks_NaturalAgainstBruteForce(t *testing.T) {
	ladder := []uint32{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000}
	rapid.Check(t, func(t *rapid.T) {
		cells := rapid.SliceOfN(rapid.IntRange(1, 3000), 6, len(ladder)).Draw(t, "cells")
		var counts []uint32
		var steps, weights []float64
		for i, n := range cells {
			counts = append(counts, slices.Repeat([]uint32{ladder[i]}, n)...)
			steps, weights = append(steps, float64(i)), append(weights, math.Sqrt(float64(n)))
		}
		got := tiles.Breaks(counts)
		bounds := make([]int, 0, 6)
		for _, b := range got {
			bounds = append(bounds, slices.Index(ladder, b))
		}
		cost := costOf(steps, weights, append(bounds, len(steps)))
		if best := bestCost(steps, weights); cost > best+1e-4 {
			t.Errorf("cells %v: breaks %v cost %g, the best %g", cells, got, cost, best)
		}
	})
}

func TestBreaks_OneTwoFive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.Uint32Min(1), 1, 60).Draw(t, "counts")
		got := tiles.Breaks(counts)
		if len(got) != tiles.Classes {
			t.Fatalf("%d breaks", len(got))
		}
		for i, b := range got {
			if !isStep(b) {
				t.Errorf("%d is no 1-2-5 step", b)
			}
			if i > 0 && b <= got[i-1] {
				t.Errorf("%v does not rise", got)
			}
		}
		if got[0] > slices.Min(counts) {
			t.Errorf("%v leaves out the count %d", got, slices.Min(counts))
		}
		backwards := slices.Clone(counts)
		slices.Reverse(backwards)
		if again := tiles.Breaks(backwards); !slices.Equal(got, again) {
			t.Errorf("%v, in another order %v", got, again)
		}
	})
}

func TestHistogram_StepEdges(t *testing.T) {
	// A count on a step and the one just under it belong to different steps.
	for step := uint64(10); step <= 2e9; step *= 10 {
		for _, at := range []uint64{step, 2 * step, 5 * step} {
			if at > 2e9 {
				continue
			}
			if got := tiles.Breaks([]uint32{uint32(at)}); got[0] != uint32(min(at, 1e8)) {
				t.Errorf("%d begins the classes %v", at, got)
			}
			if got := tiles.Breaks([]uint32{uint32(at - 1)}); uint64(got[0]) >= at {
				t.Errorf("%d begins the classes %v", at-1, got)
			}
		}
	}
}

func TestHistogram_Reset(t *testing.T) {
	var h tiles.Histogram
	h.Add(1_000_000)
	h.Reset()
	h.Add(3)
	if got := h.AppendBreaks([]uint32{7}); !slices.Equal(got, []uint32{7, 2, 5, 10, 20, 50}) {
		t.Errorf("breaks %v", got)
	}
}
