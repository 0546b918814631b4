package storetest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// oldBefore and olderBefore are the firsts of months inside the days of a maker:
// between the two, reports are coarse, before them counts.
var (
	oldBefore   = firstOf(2025, time.June)
	olderBefore = firstOf(2025, time.January)
)

func firstOf(year int, month time.Month) report.Day {
	return report.DayOf(time.Date(year, month, 1, 0, 0, 0, 0, time.UTC))
}

// passRows is small, so that a pass takes several transactions.
const passRows = 250

// coarsen does what Coarsen must.
func (m *model) coarsen(before report.Day) {
	for _, reports := range m.reports {
		for id, r := range reports {
			if r.Day < before {
				reports[id] = store.Coarse(r)
			}
		}
	}
}

func testRetention(t *testing.T, create New) {
	t.Run("coarse", testCoarse)
	t.Run("life of old reports", func(t *testing.T) { testRetentionLife(t, create) })
	t.Run("stopped and gone on with", func(t *testing.T) { testRetentionStopped(t, create) })
	t.Run("submitted reports", func(t *testing.T) { testRetentionPublish(t, create) })
	t.Run("removed", func(t *testing.T) { testRetentionRemove(t, create) })
	t.Run("copy", func(t *testing.T) { testRetentionCopy(t, create) })
	t.Run("invalid", func(t *testing.T) {
		s, ctx := openNew(t, create), context.Background()
		for name, err := range map[string]error{
			"coarsen in mid-month":          s.Coarsen(ctx, store.Pass{Before: oldBefore + 1}),
			"reduce in mid-month":           s.Reduce(ctx, store.Pass{Before: oldBefore + 1}),
			"forget in mid-month":           s.Forget(ctx, store.Pass{Before: oldBefore + 1}, 0),
			"reduce what may not be coarse": s.Reduce(ctx, store.Pass{Before: oldBefore}),
		} {
			if !errors.Is(err, store.ErrInvalid) {
				t.Errorf("%s: error %v, want %v", name, err, store.ErrInvalid)
			}
		}
	})
}

// The bits of Coarse are what H3 calls the centre child of the ancestor.
func testCoarse(t *testing.T) {
	m := newMaker(80)
	for range 500 {
		r := m.report()
		c := store.Coarse(r)
		want, err := ancestor(r.Cell, store.CoarseResolution).CenterChild(report.Resolution)
		if err != nil {
			t.Fatal(err)
		}
		if c.Cell != want || c.Day.Time().Day() != 1 || c.Day.Month() != r.Day.Month() || c.Factors != r.Factors ||
			c.Daypart != report.UnknownDaypart || c.Dark != report.DarkUnknown || store.Coarse(c) != c {
			t.Errorf("%+v became %+v, want the cell %s", r, c, want)
		}
	}
}

// testRetentionLife takes reports from fine to counts, and a follower with them.
func testRetentionLife(t *testing.T, create New) {
	ctx := context.Background()
	var c clock
	c.set(evening)
	s := openFrom(t, create(t, c.now))
	m, model := newMaker(81), newModel()
	a, b := m.fresh("a", 1000), m.fresh("b", 300)
	for source, records := range map[string][]report.Record{"a": a, "b": b} {
		must[store.Result](t)(s.Insert(ctx, source, records))
		model.insert(source, records)
	}
	if err := s.Withdraw(ctx, "a", "a3", "the sender asked"); err != nil {
		t.Fatal(err)
	}
	model.withdraw("a", "a3")
	oracle := model.bag()
	follower := bag{}
	reached := follow(t, s, follower, 0)
	behind, start := maps.Clone(follower), reached

	wantAll := func(step string) {
		t.Helper()
		if reached = follow(t, s, follower, reached); !maps.Equal(follower, model.bag()) {
			t.Errorf("%s: the follower differs", step)
		}
		wantBag(t, s, model.bag())
		wantCoarseCounts(t, s, oracle)
		wantSound(t, s)
	}
	if err := s.Coarsen(ctx, store.Pass{Before: oldBefore, Rows: passRows}); err != nil {
		t.Fatal(err)
	}
	model.coarsen(oldBefore)
	wantAll("coarsened")
	if r := must[store.Result](t)(s.Insert(ctx, "a", a)); r.Duplicates != len(a) {
		t.Errorf("importing what is coarse again: %+v, want only duplicates", r)
	}
	late := m.fresh("late", 200)
	must[store.Result](t)(s.Insert(ctx, "a", late))
	model.insert("a", late)
	for r, n := range bagOf(late) {
		oracle[r] += n
	}
	model.coarsen(oldBefore)
	wantAll("late ones come in coarse")

	if err := s.Reduce(ctx, store.Pass{Before: olderBefore}); err != nil {
		t.Fatal(err)
	}
	wantAll("reduced")
	wantReduced(t, s, model)
	if r := must[store.Result](t)(s.Insert(ctx, "a", slices.Concat(a, late))); r.Duplicates != len(a)+len(late) {
		t.Errorf("importing what is only counted again: %+v, want only duplicates", r)
	}

	if err := s.Forget(ctx, store.Pass{Before: oldBefore, Rows: passRows}, report.DayOf(evening)); err != nil {
		t.Fatal(err)
	}
	if follow(t, s, behind, start); !maps.Equal(behind, model.bag()) {
		t.Error("a follower of the day before, whose batches may not be forgotten yet, differs")
	}
	if err := s.Forget(ctx, store.Pass{Before: oldBefore, Rows: passRows}, report.DayOf(evening)+1); err != nil {
		t.Fatal(err)
	}
	wantAll("forgotten")
	if _, err := s.Changes(ctx, start, func(store.Change) error { return nil }); !errors.Is(err, store.ErrForgotten) {
		t.Errorf("a follower too far behind: error %v, want %v", err, store.ErrForgotten)
	}
	if err := s.Withdraw(ctx, "a", "a3", "again"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("withdrawing what was withdrawn: error %v, want %v", err, store.ErrNotFound)
	}
}

func bagOf(records []report.Record) bag {
	b := bag{}
	for _, r := range records {
		b[r.Report]++
	}
	return b
}

// wantCoarseCounts compares counts at resolution 9 and coarser, by factors and
// whole months, with those before anything was coarsened.
func wantCoarseCounts(t *testing.T, s store.Store, before bag) {
	t.Helper()
	ctx := context.Background()
	for i, f := range []report.Filter{
		{}, {Factors: 1}, {Factors: 6},
		{From: firstOf(2024, time.November), To: firstOf(2025, time.March)},
		{Factors: 3, From: oldBefore},
	} {
		resolution := store.CoarseResolution - i
		got := must[map[h3.Cell]int64](t)(s.CountByCell(ctx, f, resolution))
		if !maps.Equal(got, before.countByCell(f, resolution)) {
			t.Errorf("%q at resolution %d differs from what it was", f.Query(), resolution)
		}
		if got, want := must[int64](t)(s.Count(ctx, f, 0)), before.count(f, 0); got != want {
			t.Errorf("%q: %d, want %d", f.Query(), got, want)
		}
	}
	total := int64(0)
	for _, source := range must[[]store.Source](t)(s.Sources(ctx)) {
		total += source.Reports
	}
	if want := before.count(report.Filter{}, 0); total != want {
		t.Errorf("the sources have %d reports, want %d", total, want)
	}
}

// wantReduced wants nothing but counts to be left of the oldest reports.
func wantReduced(t *testing.T, s store.Store, m *model) {
	t.Helper()
	ctx := context.Background()
	for source, reports := range m.reports {
		want := map[report.Report]int64{}
		for _, r := range reports {
			if r.Day < olderBefore {
				want[r]++
			}
		}
		got := map[report.Report]int64{}
		for _, r := range must[[]store.Reduced](t)(s.Reduced(ctx, source)) {
			got[r.Report] += r.N
		}
		if len(want) == 0 || !maps.Equal(got, want) {
			t.Errorf("%s has %d different counts, want %d; they differ", source, len(got), len(want))
		}
		err := s.Export(ctx, source, func(records []report.Record) error {
			for _, r := range records {
				if r.Day < olderBefore {
					t.Errorf("%s: %s can still be told apart", source, r.ExternalID)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// testRetentionStopped stops each pass after every transaction.
func testRetentionStopped(t *testing.T, create New) {
	s, m, model := openNew(t, create), newMaker(82), newModel()
	records := m.fresh("", 1500)
	must[store.Result](t)(s.Insert(context.Background(), "s", records))
	model.insert("s", records)
	untilDone := func(pass func(context.Context, store.Pass) error, before report.Day) (stops int) {
		for {
			ctx, stop := context.WithCancel(context.Background())
			var changed atomic.Int64
			err := pass(ctx, store.Pass{Before: before, Rows: passRows, Progress: func(n int64) {
				changed.Add(n)
				stop()
			}})
			stop()
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			if err == nil {
				return stops
			}
			if stops++; changed.Load() == 0 {
				t.Fatal("stopped without any progress")
			}
		}
	}
	if n := untilDone(s.Coarsen, oldBefore); n < 3 {
		t.Errorf("coarsened in %d parts, want some", n)
	}
	model.coarsen(oldBefore)
	wantBag(t, s, model.bag())
	if n := untilDone(s.Reduce, olderBefore); n < 3 {
		t.Errorf("reduced in %d parts, want some", n)
	}
	wantBag(t, s, model.bag())
	wantReduced(t, s, model)
	untilDone(func(ctx context.Context, p store.Pass) error { return s.Forget(ctx, p, report.MaxDay) }, oldBefore)
	wantBag(t, s, model.bag())
	wantSound(t, s)
}

func testRetentionPublish(t *testing.T, create New) {
	ctx := context.Background()
	var c clock
	c.set(evening)
	s := openFrom(t, create(t, c.now))
	records := newMaker(83).in(h3.LatLng{Lat: 51.3762, Lng: -0.0982}, "", 20)
	submit(t, s, records)
	if err := s.Coarsen(ctx, store.Pass{Before: oldBefore}); err != nil {
		t.Fatal(err)
	}
	c.set(evening.AddDate(0, 0, 2))
	must[store.Result](t)(s.Publish(ctx, store.DefaultSchedule()))
	model := newModel()
	model.insert("form", records)
	model.coarsen(oldBefore)
	wantBag(t, s, model.bag())
}

func testRetentionRemove(t *testing.T, create New) {
	ctx := context.Background()
	s, m, model := openNew(t, create), newMaker(84), newModel()
	gone, stays := m.fresh("g", 400), m.fresh("s", 100)
	must[store.Result](t)(s.Insert(ctx, "gone", gone))
	must[store.Result](t)(s.Insert(ctx, "stays", stays))
	model.insert("stays", stays)
	for _, err := range []error{
		s.Coarsen(ctx, store.Pass{Before: oldBefore}),
		s.Reduce(ctx, store.Pass{Before: olderBefore}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	model.coarsen(oldBefore)
	follower := bag{}
	reached := follow(t, s, follower, 0)
	if n := must[int64](t)(s.RemoveSource(ctx, "gone")); n != 400 {
		t.Errorf("%d removed, want 400", n)
	}
	if follow(t, s, follower, reached); !maps.Equal(follower, model.bag()) {
		t.Error("the follower differs")
	}
	wantBag(t, s, model.bag())
	wantSound(t, s)
}

func testRetentionCopy(t *testing.T, create New) {
	ctx := context.Background()
	from, to, m, model := openNew(t, create), openNew(t, create), newMaker(85), newModel()
	records := m.fresh("", 500)
	must[store.Result](t)(from.Insert(ctx, "s", records))
	model.insert("s", records)
	for _, err := range []error{
		from.Coarsen(ctx, store.Pass{Before: oldBefore}),
		from.Reduce(ctx, store.Pass{Before: olderBefore}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	model.coarsen(oldBefore)
	for range 2 {
		if _, err := store.Copy(ctx, from, to, nil); err != nil {
			t.Fatal(err)
		}
		wantBag(t, to, model.bag())
		wantSound(t, to)
	}
	if r := must[store.Result](t)(to.Insert(ctx, "s", records)); r.Duplicates != len(records) {
		t.Errorf("importing all again into the copy: %+v, want only duplicates", r)
	}
	counts := must[[]store.Reduced](t)(to.Reduced(ctx, "s"))
	if err := to.SetReduced(ctx, "s", counts[1:]); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Copy(ctx, from, to, nil); err != nil {
		t.Errorf("a copy with other counts is not put right: %v", err)
	}
	wantBag(t, to, model.bag())
	if _, err := to.Reduced(ctx, strings.Repeat("x", 3)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("counts of an unknown source: error %v, want %v", err, store.ErrNotFound)
	}
}
