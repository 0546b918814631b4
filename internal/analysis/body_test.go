package analysis_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/report"
)

// body is reports to make a snapshot of.
type body struct {
	t       testing.TB
	reports []report.Report
}

func newBody(t testing.TB) *body { return &body{t: t} }

func (b *body) copy() *body { return &body{b.t, slices.Clone(b.reports)} }

// add puts n reports of an evening, for bad light, in a place.
func (b *body) add(at h3.LatLng, day report.Day, n int) {
	b.put(report.Report{Cell: cellAt(b.t, at.Lat, at.Lng, report.Resolution), Day: day, Daypart: report.Evening, Dark: report.DarkYes, Factors: report.FactorSet(report.BadlyLit)}, n)
}

func (b *body) put(r report.Report, n int) {
	for range n {
		b.reports = append(b.reports, r)
	}
}

func (b *body) snapshot() *cube.Snapshot {
	b.t.Helper()
	builder := cube.NewBuilder()
	if err := builder.Add(cube.Batch{Generation: 1, Add: b.reports}); err != nil {
		b.t.Fatal(err)
	}
	s, err := builder.Snapshot(1)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// place is the n-th of some places in London, two kilometres apart.
func place(n int) h3.LatLng {
	return h3.LatLng{Lat: 51.45 + 0.02*float64(n%6), Lng: -0.2 + 0.03*float64(n/6)}
}

// sample is a body of n reports over two years, most of them around a few places.
func sample(t testing.TB, seed uint64, n int) *body {
	r := rand.New(rand.NewPCG(seed, 9))
	b := newBody(t)
	for range n {
		at := place(r.IntN(9))
		at.Lat += r.NormFloat64() * 0.006
		at.Lng += r.NormFloat64() * 0.01
		b.reports = append(b.reports, report.Report{
			Cell: cellAt(t, at.Lat, at.Lng, report.Resolution), Day: 19000 + report.Day(r.IntN(800)),
			Daypart: report.Daypart(r.IntN(report.NumDayparts)), Dark: report.Dark(r.IntN(report.NumDark)),
			Factors: report.Factors(1+r.IntN(int(report.AllFactors))) & (report.Factors(r.IntN(1<<12)) | 3),
		})
		if last := &b.reports[len(b.reports)-1]; last.Factors == 0 {
			last.Factors = report.FactorSet(report.Isolated)
		}
	}
	return b
}

// counts are those of the reports that match, by brute force.
func (b *body) counts(res int, f report.Filter, in func(h3.Cell) bool) map[h3.Cell]int64 {
	m := map[h3.Cell]int64{}
	for _, r := range b.reports {
		c, err := r.Cell.Parent(res)
		if err != nil {
			b.t.Fatal(err)
		}
		if r.Matches(f) && in(c) {
			m[c]++
		}
	}
	return m
}

func everywhere(h3.Cell) bool { return true }
