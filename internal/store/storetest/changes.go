package storetest

import (
	"context"
	"errors"
	"maps"
	"testing"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

func testChanges(t *testing.T, create New) {
	ctx := context.Background()
	m := newMaker(10)

	t.Run("an empty store has none", func(t *testing.T) {
		wantBag(t, openNew(t, create), bag{})
	})
	t.Run("large batches come in portions", func(t *testing.T) {
		s := openNew(t, create)
		const rows = 30000
		must[store.Result](t)(s.Insert(ctx, "s", m.fresh("", rows)))
		portions, n := 0, 0
		must[uint64](t)(s.Changes(ctx, 0, func(c store.Change) error {
			portions++
			n += len(c.Add)
			return nil
		}))
		if portions < 2 || n != rows {
			t.Errorf("%d rows in %d portions, want %d in several", n, portions, rows)
		}
	})
	t.Run("a replica learns of retractions", func(t *testing.T) {
		s := openNew(t, create)
		a, b := m.report(), m.report()
		must[store.Result](t)(s.Insert(ctx, "s", []report.Record{{Report: a, ExternalID: "1"}}))
		must[store.Result](t)(s.Insert(ctx, "s", []report.Record{{Report: b, ExternalID: "1"}}))
		got := bag{a: 1}
		follow(t, s, got, 1)
		if !maps.Equal(got, bag{b: 1}) {
			t.Errorf("follower has %v, want only %v", got, b)
		}
	})
	t.Run("a generation from elsewhere is refused", func(t *testing.T) {
		s := openNew(t, create)
		for _, since := range []uint64{1, 1 << 63} {
			_, err := s.Changes(ctx, since, func(store.Change) error { return nil })
			if !errors.Is(err, store.ErrAhead) {
				t.Errorf("since %d: error %v, want %v", since, err, store.ErrAhead)
			}
		}
	})
	t.Run("the callback's error ends it", func(t *testing.T) {
		s, stop := openNew(t, create), errors.New("stop")
		must[store.Result](t)(s.Insert(ctx, "s", m.fresh("", 30000)))
		calls := 0
		_, err := s.Changes(ctx, 0, func(store.Change) error { calls++; return stop })
		if !errors.Is(err, stop) || calls != 1 {
			t.Errorf("error %v after %d calls, want %v after 1", err, calls, stop)
		}
		wantSound(t, s) // the connection is usable after it
	})
	t.Run("a cancelled reader stops", func(t *testing.T) {
		s := openNew(t, create)
		must[store.Result](t)(s.Insert(ctx, "s", m.fresh("", 30000)))
		leaving, cancel := context.WithCancel(ctx)
		_, err := s.Changes(leaving, 0, func(store.Change) error { cancel(); return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want %v", err, context.Canceled)
		}
		if _, err := s.Generation(ctx); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
	t.Run("all is seen at one moment", func(t *testing.T) {
		s := openNew(t, create)
		must[store.Result](t)(s.Insert(ctx, "s", m.fresh("old", 20000)))
		got, written := bag{}, false
		reached := must[uint64](t)(s.Changes(ctx, 0, func(c store.Change) error {
			if !written {
				written = true
				must[store.Result](t)(s.Insert(ctx, "s", m.fresh("new", 100)))
			}
			return got.apply(c)
		}))
		if n := got.count(report.Filter{}, 0); n != 20000 || reached != 1 {
			t.Errorf("%d reports up to %d, want 20000 up to 1", n, reached)
		}
	})
}

// testHistory does a random sequence of everything that makes a batch, checks
// each result against the model, and then lets a follower start from every
// generation there was.
func testHistory(t *testing.T, create New) {
	ctx := context.Background()
	s, model, m := openNew(t, create), newModel(), newMaker(11)
	states := []bag{{}} // by generation
	sources := []string{"a", "b", "c"}
	for range 60 {
		source := sources[m.IntN(len(sources))]
		switch m.IntN(12) {
		case 0:
			if model.reports[source] == nil {
				continue
			}
			want := int64(len(model.reports[source]))
			if got := must[int64](t)(s.RemoveSource(ctx, source)); got != want {
				t.Fatalf("RemoveSource(%s) = %d, want %d", source, got, want)
			}
			delete(model.reports, source)
		case 1, 2:
			for id := range model.reports[source] {
				if err := s.Withdraw(ctx, source, id, "sent by mistake"); err != nil {
					t.Fatal(err)
				}
				model.withdraw(source, id)
				break
			}
		default:
			records := m.records("", m.IntN(80), 200)
			want := model.insert(source, records)
			got := must[store.Result](t)(s.Insert(ctx, source, records))
			if len(records) == 0 {
				delete(model.reports, "") // nothing was inserted, so nothing is known
			}
			want.Generation = got.Generation
			if got != want {
				t.Fatalf("Insert = %+v, want %+v", got, want)
			}
			if len(records) == 0 && len(model.reports[source]) == 0 {
				delete(model.reports, source)
			}
		}
		switch g := generation(t, s); {
		case g == uint64(len(states)):
			states = append(states, model.bag())
		case g != uint64(len(states)-1):
			t.Fatalf("generation %d after %d", g, len(states)-1)
		case !maps.Equal(model.bag(), states[g]):
			t.Fatalf("the reports changed without a batch")
		}
	}
	want := model.bag()
	for since, state := range states {
		got := maps.Clone(state)
		follow(t, s, got, uint64(since))
		if !maps.Equal(got, want) {
			t.Errorf("a follower from generation %d of %d differs", since, len(states)-1)
		}
	}
	wantSound(t, s)
}
