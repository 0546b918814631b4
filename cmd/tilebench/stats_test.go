package main

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPercentile(t *testing.T) {
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = i + 1
	}
	tests := []struct {
		name   string
		sorted []int
		p      int
		want   int
	}{
		{"none", nil, 50, 0},
		{"one", []int{7}, 1, 7},
		{"one, last", []int{7}, 99, 7},
		{"median of two is the lower", []int{1, 2}, 50, 1},
		{"above the median of two", []int{1, 2}, 51, 2},
		{"p50 of 1..100", hundred, 50, 50},
		{"p95 of 1..100", hundred, 95, 95},
		{"p99 of 1..100", hundred, 99, 99},
		{"p100 of 1..100", hundred, 100, 100},
		{"p99 of 50 is the last", hundred[:50], 99, 50},
		{"p0 is the first", hundred, 0, 1},
	}
	for _, tt := range tests {
		if got := percentile(tt.sorted, tt.p); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

// The definition, counted out: at least p in a hundred values are not above
// it, and that holds for no smaller value.
func TestPercentile_definition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.IntRange(0, 50), 1, 200).Draw(t, "values")
		p := rapid.IntRange(1, 100).Draw(t, "p")
		slices.Sort(values)
		got := percentile(values, p)
		if share := notAbove(values, got); share*100 < p*len(values) {
			t.Fatalf("only %d of %d are not above %d", share, len(values), got)
		}
		if i, _ := slices.BinarySearch(values, got); i > 0 && notAbove(values, values[i-1])*100 >= p*len(values) {
			t.Fatalf("%d would do as well as %d", values[i-1], got)
		}
	})
}

func notAbove(sorted []int, v int) (n int) {
	for _, x := range sorted {
		if x <= v {
			n++
		}
	}
	return n
}

func TestSpreadOf(t *testing.T) {
	times := make([]time.Duration, 1000)
	for i := range times {
		times[i] = time.Duration(i+1) * time.Microsecond
	}
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(times), func(i, j int) { times[i], times[j] = times[j], times[i] })
	want := spread{Count: 1000, Mean: 500.5, P50: 500, P95: 950, P99: 990, Max: 1000}
	if got := spreadOf(times); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := spreadOf(nil); got != (spread{}) {
		t.Errorf("of nothing: %+v", got)
	}
}
