package analysis_test

import (
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
