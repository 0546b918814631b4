package storetest

import (
	"context"
	"errors"
	"maps"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

func testCount(t *testing.T, create New) {
	ctx := context.Background()
	s, model, m := openNew(t, create), newModel(), newMaker(20)
	records := m.fresh("", 3000)
	model.insert("s", records)
	must[store.Result](t)(s.Insert(ctx, "s", records))
	oracle := model.bag()

	t.Run("everything", func(t *testing.T) {
		if n := must[int64](t)(s.Count(ctx, report.Filter{}, 0)); n != 3000 {
			t.Errorf("%d, want 3000", n)
		}
	})
	t.Run("any filter and cell", func(t *testing.T) {
		hits := 0
		for range 300 {
			f, cell := m.filter(), h3.Cell(0)
			if m.IntN(2) == 0 {
				cell = ancestor(m.places[m.IntN(len(m.places))], m.IntN(report.Resolution+1))
			}
			want := oracle.count(f, cell)
			if want > 0 {
				hits++
			}
			if got := must[int64](t)(s.Count(ctx, f, cell)); got != want {
				t.Errorf("Count(%q, %s) = %d, want %d", f.Query(), cell, got, want)
			}
		}
		if hits < 100 {
			t.Errorf("only %d of the questions had an answer above 0", hits)
		}
	})
	t.Run("by cell", func(t *testing.T) {
		for resolution := range report.Resolution + 1 {
			f := m.filter()
			got := must[map[h3.Cell]int64](t)(s.CountByCell(ctx, f, resolution))
			if want := oracle.countByCell(f, resolution); !maps.Equal(got, want) {
				t.Errorf("CountByCell(%q, %d) has %d cells, want %d; they differ", f.Query(), resolution, len(got), len(want))
			}
		}
	})
	t.Run("windows at the ends of time", func(t *testing.T) {
		for _, f := range []report.Filter{
			{From: report.MinDay, To: report.MinDay + 1},
			{From: report.MaxDay, To: report.MaxDay + 1},
			{From: report.MinDay, To: report.MaxDay + 1},
			{From: -1 << 31, To: 1<<31 - 1},
			{From: report.MinDay + 5, To: report.MinDay},
		} {
			want := oracle.count(f, 0)
			if got := must[int64](t)(s.Count(ctx, f, 0)); got != want {
				t.Errorf("Count(%+v) = %d, want %d", f, got, want)
			}
		}
	})
	t.Run("invalid", func(t *testing.T) {
		fine, err := h3.LatLngToCell(h3.LatLng{Lat: 51, Lng: 0}, report.Resolution+1)
		if err != nil {
			t.Fatal(err)
		}
		for _, cell := range []h3.Cell{1, fine} {
			if _, err := s.Count(ctx, report.Filter{}, cell); !errors.Is(err, store.ErrInvalid) {
				t.Errorf("cell %s: error %v, want %v", cell, err, store.ErrInvalid)
			}
		}
		for _, resolution := range []int{-1, report.Resolution + 1} {
			if _, err := s.CountByCell(ctx, report.Filter{}, resolution); !errors.Is(err, store.ErrInvalid) {
				t.Errorf("resolution %d: error %v, want %v", resolution, err, store.ErrInvalid)
			}
		}
	})
}
