package main

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// result is one run through the trace.
type result struct {
	Mode         string            `json:"mode"`  // see the mode constants
	Conns        int               `json:"conns"` // 0 in the handler
	Requests     int               `json:"requests"`
	Errors       int               `json:"errors"` // answers of 400 and above
	Empty        int               `json:"empty"`  // 204
	Seconds      float64           `json:"seconds"`
	TilesPerSec  float64           `json:"tiles_per_second"`
	OfCeiling    float64           `json:"of_ceiling,omitempty"` // tiles/s over the bare handler's at the same connections
	HitRate      *float64          `json:"hit_rate,omitempty"`   // nil when there is no cache
	Allocs       float64           `json:"allocs_per_request,omitempty"`
	AllocBytes   float64           `json:"alloc_bytes_per_request,omitempty"`
	Bytes        byteSpread        `json:"bytes"`
	RSS          int64             `json:"rss_bytes"`      // of the serving process at the end
	PeakRSS      int64             `json:"peak_rss_bytes"` // since the body was built
	All          spread            `json:"all"`
	ByBand       map[string]spread `json:"by_band"`
	ByKind       map[string]spread `json:"by_kind"`
	ByZoom       map[string]spread `json:"by_zoom"`
	FirstFailure string            `json:"first_failure,omitempty"`
}

// byteSpread is of the answers that are not empty, compressed as sent.
type byteSpread struct {
	Total int64   `json:"total"`
	Mean  float64 `json:"mean"`
	P50   int32   `json:"p50"`
	P99   int32   `json:"p99"`
	Max   int32   `json:"max"`
}

// band is a group of zooms.
type band struct {
	name     string
	from, to uint32
}

var bands = []band{{"z0-5", 0, 5}, {"z6-8", 6, 8}, {"z9-11", 9, 11}, {"z12-14", 12, 14}, {"z15-17", 15, 17}, {"z18+", 18, 30}}

func bandOf(z uint32) string {
	i := slices.IndexFunc(bands, func(b band) bool { return z >= b.from && z <= b.to })
	return bands[i].name
}

// summarise groups the latencies of a run.
func summarise(mode string, conns int, tr *trace, s *samples) result {
	r := result{
		Mode: mode, Conns: conns, Requests: len(tr.requests), Seconds: s.elapsed.Seconds(),
		TilesPerSec: float64(len(tr.requests)) / s.elapsed.Seconds(),
	}
	byBand, byKind, byZoom := groups{}, groups{}, groups{}
	var sizes []int32
	for i, q := range tr.requests {
		byBand.add(bandOf(q.z), s.times[i])
		byKind.add(tr.kinds[q.filter].String(), s.times[i])
		byZoom.add(strconv.Itoa(int(q.z)), s.times[i])
		switch {
		case s.status[i] >= 400:
			if r.Errors++; r.FirstFailure == "" {
				r.FirstFailure = fmt.Sprintf("status %d for %d/%d/%d?%s", s.status[i], q.z, q.x, q.y, tr.queries[q.filter])
			}
		case s.sizes[i] == 0:
			r.Empty++
		default:
			sizes = append(sizes, s.sizes[i])
			r.Bytes.Total += int64(s.sizes[i])
		}
	}
	if len(sizes) > 0 {
		slices.Sort(sizes)
		r.Bytes.Mean = float64(r.Bytes.Total) / float64(len(sizes))
		r.Bytes.P50, r.Bytes.P99 = percentile(sizes, 50), percentile(sizes, 99)
		r.Bytes.Max = sizes[len(sizes)-1]
	}
	r.ByBand, r.ByKind, r.ByZoom = byBand.spreads(), byKind.spreads(), byZoom.spreads()
	r.All = spreadOf(slices.Clone(s.times))
	return r
}

type groups map[string][]time.Duration

func (g groups) add(name string, d time.Duration) { g[name] = append(g[name], d) }

func (g groups) spreads() map[string]spread {
	out := make(map[string]spread, len(g))
	for name, times := range g {
		out[name] = spreadOf(times)
	}
	return out
}
