package main

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/streetsafe/streetsafe/internal/report"
)

var testDays = period{from: 20_000, to: 20_730}

// testPlaces lie in and around London.
func testPlaces() *places {
	r := rand.New(rand.NewPCG(3, 4))
	p := &places{}
	for range 2000 {
		at := position{0.4985 + r.NormFloat64()*0.001, 0.3327 + r.NormFloat64()*0.001}
		p.at = append(p.at, at)
		p.filled = append(p.filled, morton(uint32(at.x*(1<<filledZoom)), uint32(at.y*(1<<filledZoom))))
	}
	slices.Sort(p.filled)
	return p
}

func testTrace(t testing.TB, seed uint64, n int) *trace {
	t.Helper()
	tr, err := newTrace(traceConfig{Seed: seed, Requests: n, Days: testDays, Repeat: 0.3, MinZoom: 6, MaxZoom: 17, Filters: true}, testPlaces())
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestNewTrace_deterministic(t *testing.T) {
	digest := func(seed uint64) uint64 {
		tr := testTrace(t, seed, 5000)
		to, err := parseTarget("/{z}/{x}/{y}{filter}")
		if err != nil {
			t.Fatal(err)
		}
		h := fnv.New64a()
		for _, r := range tr.requests {
			_, _ = h.Write(to.appendPath(nil, tr, r))
		}
		return h.Sum64()
	}
	first := digest(1)
	if again := digest(1); first != again {
		t.Error("one seed gives two traces")
	}
	if first == digest(2) {
		t.Error("two seeds give one trace")
	}
}

func TestNewTrace_mix(t *testing.T) {
	const n = 60_000
	tr := testTrace(t, 7, n)
	if len(tr.requests) != n {
		t.Fatalf("%d requests, want %d", len(tr.requests), n)
	}
	seen := make(map[request]bool)
	var repeats int
	zooms, kinds := make(map[uint32]int), make(map[kind]int)
	for i, r := range tr.requests {
		if r.x >= 1<<r.z || r.y >= 1<<r.z {
			t.Fatalf("request %d asks for %d/%d/%d", i, r.z, r.x, r.y)
		}
		zooms[r.z]++
		kinds[tr.kinds[r.filter]]++
		again := r.repeat
		r.repeat = false
		if seen[r] != again {
			t.Fatalf("request %d: repeat is %v, seen before is %v", i, again, seen[r])
		}
		seen[r] = true
		if again {
			repeats++
		}
	}
	if share := float64(repeats) / n; share < 0.28 || share > 0.32 {
		t.Errorf("%.3f of the requests are repeats, want 0.3", share)
	}
	for z := uint32(6); z <= 17; z++ {
		if zooms[z] < n/100 {
			t.Errorf("zoom %d: %d requests of %d", z, zooms[z], n)
		}
		delete(zooms, z)
	}
	if len(zooms) > 0 {
		t.Errorf("other zooms: %v", zooms)
	}
	for k := range kind(numKinds) {
		if kinds[k] < n/40 {
			t.Errorf("kind %v: %d requests of %d", k, kinds[k], n)
		}
	}
}

func TestNewTrace_noPlaces(t *testing.T) {
	if _, err := newTrace(traceConfig{Requests: 1, MaxZoom: 1, Days: testDays}, &places{}); err == nil {
		t.Error("no error without positions")
	}
	// Four tiles exist at zoom 1 and there are no filters to tell them apart.
	cfg := traceConfig{Requests: 10, MinZoom: 1, MaxZoom: 1, Days: testDays}
	if _, err := newTrace(cfg, testPlaces()); err == nil {
		t.Error("no error when the tiles run out")
	}
}

func TestPlaces_has(t *testing.T) {
	p := testPlaces()
	r := rand.New(rand.NewPCG(8, 9))
	for range 20_000 {
		z := uint32(r.IntN(20))
		at := p.at[r.IntN(len(p.at))]
		x, y := uint32(at.x*float64(int(1)<<z)), uint32(at.y*float64(int(1)<<z))
		if r.IntN(2) == 0 && z > 0 {
			x ^= 1 // a neighbour, with or without
		}
		want := slices.ContainsFunc(p.at, func(at position) bool {
			// What is deeper than filledZoom is not told apart.
			up := z - min(z, filledZoom)
			side := float64(int(1) << (z - up))
			return uint32(at.x*side) == x>>up && uint32(at.y*side) == y>>up
		})
		if got := p.has(z, x, y); got != want {
			t.Fatalf("%d/%d/%d: %v, want %v", z, x, y, got, want)
		}
	}
}

func TestPositionOf(t *testing.T) {
	tests := []struct {
		lat, lng float64
		z, x, y  int
	}{
		{51.3762, -0.0982, 10, 511, 341}, // Croydon
		{55.9533, -3.1883, 10, 502, 319}, // Edinburgh
		{0, 0, 1, 1, 1},
		{-85, -180, 1, 0, 1},
		{90, 180, 1, 1, 0},
	}
	for _, tt := range tests {
		p := positionOf(tt.lat, tt.lng)
		side := float64(int(1) << tt.z)
		if x, y := int(p.x*side), int(p.y*side); x != tt.x || y != tt.y {
			t.Errorf("%v, %v: tile %d/%d/%d, want %d/%d", tt.lat, tt.lng, tt.z, x, y, tt.x, tt.y)
		}
	}
}

func TestRandomFilter_kinds(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		for k := range kind(numKinds) {
			f := randomFilter(r, k, testDays)
			three := k == kindThreeFactors || k == kindWindowThree || k == kindEverything
			window := k == kindWindow || k == kindWindowThree || k == kindEverything
			wantFactors := 0
			if three {
				wantFactors = 3
			} else if k == kindOneFactor {
				wantFactors = 1
			}
			if f.Factors.Len() != wantFactors || f.HasWindow() != window ||
				(f.Dayparts != 0) != (k == kindDaypart || k == kindEverything) ||
				(f.Dark != 0) != (k == kindDark || k == kindEverything) ||
				(f.Weekdays != 0) != (k == kindWeekdays || k == kindEverything) {
				t.Fatalf("%v: %+v", k, f)
			}
			if window && (f.From < testDays.from || f.To > testDays.to || f.From >= f.To) {
				t.Fatalf("%v: window %v to %v outside the days", k, f.From, f.To)
			}
		}
	}
}

func TestNumberedFilter_different(t *testing.T) {
	days := period{from: 20_000, to: 20_020}
	seen := make(map[report.Filter]int)
	const all = 20 * 21 / 2 * int(report.AllFactors-1)
	for i := range all {
		f, err := numberedFilter(i, days)
		if err != nil {
			t.Fatal(err)
		}
		if j, ok := seen[f]; ok {
			t.Fatalf("filters %d and %d are both %+v", i, j, f)
		}
		if f.From < days.from || f.To > days.to || f.From >= f.To || f.Factors == 0 {
			t.Fatalf("filter %d: %+v", i, f)
		}
		seen[f] = i
	}
	if _, err := numberedFilter(all, days); err == nil {
		t.Error("no error after the last filter")
	}
}

func TestParseTarget(t *testing.T) {
	tr := &trace{filters: make([]report.Filter, 2), kinds: make([]kind, 2), queries: []string{"", "dark=yes"}}
	plain, filtered := request{z: 3, x: 1, y: 2}, request{z: 3, x: 1, y: 2, filter: 1}
	tests := []struct{ template, plain, filtered string }{
		{"/t/{z}/{x}/{y}.mvt{filter}", "/t/3/1/2.mvt", "/t/3/1/2.mvt?dark=yes"},
		{"/t/{z}/{x}/{y}.mvt", "/t/3/1/2.mvt", "/t/3/1/2.mvt"},
		{"/t/{z}/{x}/{y}.pbf?a=b{filter}&c=d", "/t/3/1/2.pbf?a=b&c=d", "/t/3/1/2.pbf?a=b&dark=yes&c=d"},
		{"/f?z={z}&x={x}&y={y}{filter}", "/f?z=3&x=1&y=2", "/f?z=3&x=1&y=2&dark=yes"},
	}
	for _, tt := range tests {
		to, err := parseTarget(tt.template)
		if err != nil {
			t.Errorf("%s: %v", tt.template, err)
			continue
		}
		if got := string(to.appendPath(nil, tr, plain)); got != tt.plain {
			t.Errorf("%s: %s, want %s", tt.template, got, tt.plain)
		}
		if got := string(to.appendPath(nil, tr, filtered)); got != tt.filtered {
			t.Errorf("%s: %s, want %s", tt.template, got, tt.filtered)
		}
	}
	for _, bad := range []string{"", "/tiles", "/{z}/{x}", "/{x}/{y}/{z}"} {
		if _, err := parseTarget(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func TestTarget_finer(t *testing.T) {
	tr := &trace{queries: []string{"", "dark=yes"}}
	to, err := parseTarget("/{z}/{x}/{y}{filter}")
	if err != nil {
		t.Fatal(err)
	}
	to.finer = 1
	tests := []struct {
		r    request
		want string
	}{
		{request{z: 13}, "/13/0/0?res=10"},
		{request{z: 13, filter: 1}, "/13/0/0?dark=yes&res=10"},
		{request{z: 17, filter: 1}, "/17/0/0?dark=yes&res=11"}, // there is nothing finer
	}
	for _, tt := range tests {
		if got := string(to.appendPath(nil, tr, tt.r)); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
}

func TestTarget_appendPath_allocates(t *testing.T) {
	tr := testTrace(t, 1, 100)
	to, err := parseTarget("/{z}/{x}/{y}{filter}")
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 0, 512)
	if n := testing.AllocsPerRun(100, func() { b = to.appendPath(b[:0], tr, tr.requests[3]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if !slices.Contains(b, '/') {
		t.Errorf("path %q", b)
	}
}
