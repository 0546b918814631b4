package main

import (
	"cmp"
	"slices"
	"time"
)

// spread summarises latencies. Times are in microseconds: tiles take from tens
// of them to some thousands.
type spread struct {
	Count int     `json:"count"`
	Mean  float64 `json:"mean_us"`
	P50   float64 `json:"p50_us"`
	P95   float64 `json:"p95_us"`
	P99   float64 `json:"p99_us"`
	Max   float64 `json:"max_us"`
}

// spreadOf sorts the latencies given to it.
func spreadOf(times []time.Duration) spread {
	if len(times) == 0 {
		return spread{}
	}
	slices.Sort(times)
	var sum time.Duration
	for _, t := range times {
		sum += t
	}
	return spread{
		Count: len(times),
		Mean:  micros(sum) / float64(len(times)),
		P50:   micros(percentile(times, 50)),
		P95:   micros(percentile(times, 95)),
		P99:   micros(percentile(times, 99)),
		Max:   micros(times[len(times)-1]),
	}
}

// percentile is the nearest-rank percentile of sorted values: the smallest
// value that at least p in a hundred of them do not exceed. It is always a
// value that was measured, and no interpolation can hide a slow one.
func percentile[T cmp.Ordered](sorted []T, p int) T {
	var zero T
	if len(sorted) == 0 {
		return zero
	}
	rank := (len(sorted)*p + 99) / 100 // rounded up
	return sorted[max(rank, 1)-1]
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
