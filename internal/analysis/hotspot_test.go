package analysis_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/uber/h3-go/v4"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/streetsafe/streetsafe/internal/analysis"
	"github.com/streetsafe/streetsafe/internal/report"
)

func countsOf(t testing.TB, res int, m map[h3.Cell]int64) analysis.Counts {
	t.Helper()
	c, err := analysis.CountsOf(res, m)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sparse are counts over a disk of cells: most have none, the rest few, with a mean.
func sparse(t testing.TB, r *rand.Rand, at h3.Cell, k int, mean float64) map[h3.Cell]int64 {
	m := map[h3.Cell]int64{}
	draw := distuv.Poisson{Lambda: mean, Src: rand.NewPCG(r.Uint64(), 1)}
	for _, c := range diskOf(t, at, k) {
		m[c] = int64(draw.Rand())
	}
	return m
}

// The same by the definition: h3 disks, a map, no memory of sums.
func slowScores(t *testing.T, m map[h3.Cell]int64, k int, in func(h3.Cell) bool) map[h3.Cell]analysis.CellScore {
	study := map[h3.Cell]int64{}
	for c, n := range m {
		if n == 0 || !in(c) {
			continue
		}
		for _, d := range diskOf(t, c, k) {
			if in(d) {
				study[d] = m[d]
			}
		}
	}
	var values []float64
	for _, n := range study {
		values = append(values, float64(n))
	}
	out := map[h3.Cell]analysis.CellScore{}
	for c, n := range study {
		s := analysis.CellScore{Cell: c, Count: n}
		w := 0
		for _, d := range diskOf(t, c, k) {
			if v, ok := study[d]; ok {
				s.Around += v
				w++
			}
		}
		s.Z, s.P = analysis.GiStar(values, float64(s.Around), w)
		out[c] = s
	}
	return out
}

func TestFindHotspots_EqualsDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 1))
	box := report.Box{West: -0.14, South: 51.49, East: -0.06, North: 51.53}
	inBox := func(c h3.Cell) bool { ll := centre(t, c); return box.Contains(ll.Lat, ll.Lng) }
	water := func(c h3.Cell) bool { return uint64(c)>>18%5 != 0 }
	for _, at := range append([]h3.Cell{cellAt(t, 51.51, -0.1, 9)}, awkward(t, 9)[:5]...) {
		for k := 1; k <= 3; k++ {
			m := sparse(t, r, at, 10, 0.4)
			for _, tt := range []struct {
				q  analysis.HotspotQuery
				in func(h3.Cell) bool
			}{
				{analysis.HotspotQuery{K: k}, everywhere},
				{analysis.HotspotQuery{K: k, Region: analysis.InBox(box)}, inBox},
				{analysis.HotspotQuery{K: k, Land: water}, func(c h3.Cell) bool { return m[c] > 0 || water(c) }},
			} {
				got := analysis.FindHotspots(countsOf(t, 9, m), tt.q)
				want := slowScores(t, m, k, tt.in)
				if got.Study != len(want) {
					t.Fatalf("%s k=%d: study of %d, want %d", at, k, got.Study, len(want))
				}
				reporting := 0
				for _, s := range got.Scores {
					w := want[s.Cell]
					if s.Count != w.Count || s.Around != w.Around || !near(s.Z, w.Z, 1e-9) || !near(s.P, w.P, 1e-9) {
						t.Fatalf("%s k=%d: %+v, want %+v", at, k, s, w)
					}
					if s.Count > 0 {
						reporting++
					}
				}
				for _, w := range want {
					if w.Count > 0 {
						reporting--
					}
				}
				if reporting != 0 {
					t.Fatalf("%s k=%d: %+d cells with reports", at, k, reporting)
				}
			}
		}
	}
}

// Two planted clusters in noise are found, grown and ranked; nothing else is.
func TestFindHotspots_Clusters(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	m := sparse(t, r, cellAt(t, 51.51, -0.1, 9), 40, 0.25)
	large, small := diskOf(t, cellAt(t, 51.53, -0.12, 9), 2), diskOf(t, cellAt(t, 51.49, -0.07, 9), 1)
	for _, c := range large {
		m[c] += 6
	}
	for _, c := range small {
		m[c] += 5
	}
	got := analysis.FindHotspots(countsOf(t, 9, m), analysis.HotspotQuery{})
	if len(got.Clusters) != 2 {
		t.Fatalf("%d clusters, want 2", len(got.Clusters))
	}
	for i, planted := range [][]h3.Cell{large, small} {
		c := got.Clusters[i]
		total := int64(0)
		for _, cell := range c.Cells {
			total += m[cell]
		}
		for _, cell := range planted {
			if !slices.Contains(c.Cells, cell) {
				t.Errorf("cluster %d lacks the planted %s", i, cell)
			}
		}
		if c.Total != total || !slices.Contains(planted, c.Peak.Cell) || !slices.IsSorted(c.Cells) || len(c.Cells) > 3*len(planted)+2 {
			t.Errorf("cluster %d: %+v, total %d", i, c, total)
		}
	}
	if again := analysis.FindHotspots(countsOf(t, 9, m), analysis.HotspotQuery{}); !slices.Equal(again.Scores, got.Scores) {
		t.Error("asked again, the answer differs")
	}
	for i, s := range got.Scores[1:] {
		if s.Z > got.Scores[i].Z {
			t.Fatal("scores are not in order")
		}
	}
}

// Where chance deals the counts, most maps show no cluster: that the share stays near
// the false discovery rate is the point of adjusting. Each cell's own test at 5 %
// would light up hundreds.
func TestFindHotspots_Chance(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 2))
	at := cellAt(t, 51.51, -0.1, 9)
	const rounds = 150
	lit := 0
	for range rounds {
		m := sparse(t, r, at, 12, 0.5)
		if len(analysis.FindHotspots(countsOf(t, 9, m), analysis.HotspotQuery{}).Clusters) > 0 {
			lit++
		}
	}
	t.Logf("%d of %d maps of chance show a cluster", lit, rounds)
	if lit > rounds/10 {
		t.Errorf("%d of %d maps of chance show a cluster", lit, rounds)
	}
}

// A city in the country lights up whole against the country, and only where it is
// above itself against its surroundings.
func TestFindHotspots_Background(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	city, country := cellAt(t, 51.51, -0.1, 9), cellAt(t, 52.5, -1, 9)
	m := sparse(t, r, city, 20, 4)
	for c, n := range sparse(t, r, country, 60, 0.2) {
		m[c] = n
	}
	bad := diskOf(t, city, 1)
	for _, c := range bad {
		m[c] += 12
	}
	hot := func(background int) (n int) {
		for _, s := range analysis.FindHotspots(countsOf(t, 9, m), analysis.HotspotQuery{Background: background}).Scores {
			if s.Hot {
				n++
			}
		}
		return n
	}
	whole, near := hot(0), hot(6)
	t.Logf("hot against the whole %d, against the surroundings %d", whole, near)
	if whole < 600 || near < len(bad) || near > 4*len(bad) {
		t.Errorf("hot against the whole %d, against the surroundings %d", whole, near)
	}
}

func TestFindHotspots_Edges(t *testing.T) {
	one := cellAt(t, 51.51, -0.1, 9)
	for name, m := range map[string]map[h3.Cell]int64{"nothing": {}, "one report": {one: 1}, "one cell": {one: 1000}} {
		got := analysis.FindHotspots(countsOf(t, 9, m), analysis.HotspotQuery{})
		if len(got.Clusters) != 0 || len(got.Scores) != len(m) || got.Study != 7*len(m) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func BenchmarkFindHotspots(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, size := range []struct {
		name string
		k    int
	}{{"10k", 57}, {"100k", 182}} {
		counts := countsOf(b, 9, sparse(b, r, cellAt(b, 51.51, -0.1, 9), size.k, 0.5))
		b.Run(size.name, func(b *testing.B) {
			study := 0
			for b.Loop() {
				study = analysis.FindHotspots(counts, analysis.HotspotQuery{}).Study
			}
			b.ReportMetric(float64(study), "cells")
		})
	}
}
