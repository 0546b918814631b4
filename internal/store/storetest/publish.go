package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// clock is a clock that tests set.
type clock struct{ unix atomic.Int64 }

func (c *clock) now() time.Time  { return time.Unix(c.unix.Load(), 0).UTC() }
func (c *clock) set(t time.Time) { c.unix.Store(t.Unix()) }

// evening is when the reports of these tests are submitted: late, so that one
// day later by the date is not yet 24 hours.
var evening = time.Date(2025, 3, 10, 23, 59, 0, 0, time.UTC)

// in makes n records in one area each.
func (m *maker) in(area h3.LatLng, prefix string, n int) []report.Record {
	cell, err := h3.LatLngToCell(area, report.Resolution)
	if err != nil {
		panic(err)
	}
	records := m.fresh(prefix, n)
	for i := range records {
		records[i].Cell = cell
	}
	return records
}

func submit(t testing.TB, s store.Store, records []report.Record) {
	t.Helper()
	for _, r := range records {
		if err := s.Submit(context.Background(), "form", store.Submission{Record: r, Weight: 1}); err != nil {
			t.Fatal(err)
		}
	}
}

func testPublish(t *testing.T, create New) {
	ctx := context.Background()
	m := newMaker(70)
	schedule := store.DefaultSchedule()

	t.Run("what waits shows nowhere", func(t *testing.T) {
		s := openNew(t, create)
		records := m.in(croydon, "", 3)
		submit(t, s, records)
		submit(t, s, records) // again, as a browser may
		if n := must[int64](t)(s.Waiting(ctx)); n != 3 {
			t.Errorf("%d wait, want 3", n)
		}
		wantBag(t, s, bag{})
		if n := must[int64](t)(s.Count(ctx, report.Filter{}, 0)); n != 0 || generation(t, s) != 0 {
			t.Errorf("%d reports, generation %d, want none", n, generation(t, s))
		}
		wantSound(t, s)
	})
	t.Run("when", func(t *testing.T) { testPublishWhen(t, create) })
	t.Run("each area for itself", func(t *testing.T) {
		var c clock
		c.set(evening)
		s := openFrom(t, create(t, c.now))
		crowd, lone := m.in(croydon, "a", 6), m.in(kirkwall, "b", 1)
		submit(t, s, crowd)
		submit(t, s, lone)
		c.set(evening.AddDate(0, 0, 2))
		if r := must[store.Result](t)(s.Publish(ctx, schedule)); r != (store.Result{Accepted: 6, Generation: 1}) {
			t.Errorf("%+v, want the 6 as generation 1", r)
		}
		model := newModel()
		model.insert("form", crowd)
		wantBag(t, s, model.bag())
		submit(t, s, crowd) // known, so they do not wait again
		if n := must[int64](t)(s.Waiting(ctx)); n != 1 {
			t.Errorf("%d wait, want the lone one", n)
		}
		wantSound(t, s)
	})
	t.Run("a removed source waits no more", func(t *testing.T) {
		s := openNew(t, create)
		submit(t, s, m.in(croydon, "", 2))
		must[int64](t)(s.RemoveSource(ctx, "form"))
		if n := must[int64](t)(s.Waiting(ctx)); n != 0 {
			t.Errorf("%d wait, want none", n)
		}
	})
	t.Run("invalid", func(t *testing.T) {
		s := openNew(t, create)
		good := m.in(croydon, "", 1)[0]
		for _, bad := range []store.Submission{
			{}, {Record: good, Weight: 2}, {Record: good, Weight: 1, Quarantine: "no_proof"}, {Record: good, Quarantine: "it's"},
		} {
			if err := s.Submit(ctx, "form", bad); !errors.Is(err, store.ErrInvalid) {
				t.Errorf("Submit %+v: error %v, want %v", bad, err, store.ErrInvalid)
			}
		}
		if _, err := s.Publish(ctx, store.Schedule{}); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("Publish: error %v, want %v", err, store.ErrInvalid)
		}
	})
	t.Run("by several programs at once", func(t *testing.T) { testPublishAtOnce(t, create) })
}

// testPublishWhen submits reports in the evening and tries to publish at later
// times.
func testPublishWhen(t *testing.T, create New) {
	ctx := context.Background()
	for _, c := range []struct {
		reports int
		after   time.Duration
		want    int
	}{
		{5, 0, 0},
		{5, 24*time.Hour - time.Minute, 0},
		{5, 24*time.Hour + time.Minute, 5},
		{4, 24*time.Hour + time.Minute, 0},
		{4, 6 * 24 * time.Hour, 0},
		{4, 7 * 24 * time.Hour, 4},
		{1, 7 * 24 * time.Hour, 1},
		{0, 7 * 24 * time.Hour, 0},
	} {
		t.Run(fmt.Sprintf("%d after %v", c.reports, c.after), func(t *testing.T) {
			var clock clock
			clock.set(evening)
			s := openFrom(t, create(t, clock.now))
			submit(t, s, newMaker(71).in(h3.LatLng{Lat: 51.3762, Lng: -0.0982}, "", c.reports))
			clock.set(evening.Add(c.after))
			r := must[store.Result](t)(s.Publish(ctx, store.DefaultSchedule()))
			if want := (store.Result{Accepted: c.want, Generation: uint64(min(c.want, 1))}); r != want {
				t.Errorf("%+v, want %+v", r, want)
			}
			if n := must[int64](t)(s.Waiting(ctx)); n != int64(c.reports-c.want) {
				t.Errorf("%d wait, want %d", n, c.reports-c.want)
			}
		})
	}
}

func testPublishAtOnce(t *testing.T, create New) {
	var c clock
	c.set(evening)
	open := create(t, c.now)
	records := newMaker(72).in(h3.LatLng{Lat: 51.3762, Lng: -0.0982}, "", 20)
	s := openFrom(t, open)
	submit(t, s, records)
	c.set(evening.AddDate(0, 0, 2))
	var published atomic.Int64
	var group sync.WaitGroup
	for range 4 {
		other := openFrom(t, open)
		group.Go(func() {
			r, err := other.Publish(context.Background(), store.DefaultSchedule())
			if err != nil {
				t.Error(err)
			}
			published.Add(int64(r.Accepted))
		})
	}
	group.Wait()
	if published.Load() != 20 || generation(t, s) != 1 {
		t.Errorf("%d published up to generation %d, want 20 as generation 1", published.Load(), generation(t, s))
	}
	model, got := newModel(), bag{}
	model.insert("form", records)
	if follow(t, s, got, 0); !maps.Equal(got, model.bag()) {
		t.Error("the published reports differ from the submitted ones")
	}
	wantSound(t, s)
}
