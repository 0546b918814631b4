package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// patience is how long a test waits for what must come, before it fails.
const patience = 30 * time.Second

func testMeta(t *testing.T, create New) {
	ctx := context.Background()
	open := create(t, time.Now)
	s := openFrom(t, open)
	if v, ok, err := s.Meta(ctx, store.MetaSeed); v != "" || ok || err != nil {
		t.Errorf("before: %q, %v, %v", v, ok, err)
	}
	for _, v := range []string{"1", "", "2"} {
		if err := s.SetMeta(ctx, store.MetaSeed, v); err != nil {
			t.Fatal(err)
		}
		if got, ok, err := openFrom(t, open).Meta(ctx, store.MetaSeed); got != v || !ok || err != nil {
			t.Errorf("after setting %q: %q, %v, %v", v, got, ok, err)
		}
	}
	for _, key := range []string{"", "store_id"} {
		if err := s.SetMeta(ctx, key, "x"); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("SetMeta(%q): error %v, want %v", key, err, store.ErrInvalid)
		}
	}
	testClaim(t, open)
	if again := openFrom(t, open).ID(); again != s.ID() || again == "" {
		t.Errorf("ID %q after opening again, was %q", again, s.ID())
	}
	if other := openNew(t, create).ID(); other == s.ID() {
		t.Errorf("two stores have the ID %q", other)
	}
	for _, m := range must[[]store.MigrationState](t)(s.Migrations(ctx)) {
		if !m.Applied || m.Name == "" {
			t.Errorf("migration %+v", m)
		}
	}
}

// testClaim lets processes claim one setting at once: all are told of the same
// winner, and it stays.
func testClaim(t *testing.T, open func() store.Store) {
	ctx := context.Background()
	stores := []store.Store{openFrom(t, open), openFrom(t, open)}
	kept, errs := make([]string, 8), make([]error, 8)
	var wait sync.WaitGroup
	for i := range kept {
		wait.Go(func() { kept[i], errs[i] = stores[i%2].ClaimMeta(ctx, "claimed", fmt.Sprint(i)) })
	}
	wait.Wait()
	value, ok, err := stores[1].Meta(ctx, "claimed")
	for i := range kept {
		if errs[i] != nil || !ok || err != nil || kept[i] != value {
			t.Errorf("claim %d was told %q (%v), kept is %q (%v)", i, kept[i], errs[i], value, err)
		}
	}
	if _, err := stores[0].ClaimMeta(ctx, "store_id", "x"); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("a claim of the store's own setting: %v", err)
	}
}

func testWatch(t *testing.T, create New) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	open, m := create(t, time.Now), newMaker(40)
	writer, follower := openFrom(t, open), open()
	for name, s := range map[string]store.Store{"the same process": writer, "another process": follower} {
		watched := s.Watch(ctx)
		if seen := <-watched; seen != (store.Sighting{Generation: generation(t, writer)}) {
			t.Errorf("%s: first %+v, want the generation %d", name, seen, generation(t, writer))
		}
		for i := range 3 {
			before := generation(t, writer)
			want := must[store.Result](t)(writer.Insert(ctx, "s", m.fresh(fmt.Sprint(name, i), 5))).Generation
			seen := <-watched
			for seen.Generation == before { // a look that came before the batch
				seen = <-watched
			}
			if seen != (store.Sighting{Generation: want}) {
				t.Errorf("%s: %+v, want %d", name, seen, want)
			}
		}
	}

	leaving, leave := context.WithCancel(ctx)
	left, ended := follower.Watch(leaving), follower.Watch(ctx)
	<-left
	<-ended
	leave()
	wantEnd(t, left, "the context ended")
	if err := follower.Close(); err != nil {
		t.Fatal(err)
	}
	wantEnd(t, ended, "the store was closed")
	if ctx.Err() != nil {
		t.Fatal("gave up waiting")
	}
}

// wantEnd wants a watch to end, at most one sighting later.
func wantEnd(t testing.TB, watched <-chan store.Sighting, why string) {
	t.Helper()
	if _, open := <-watched; open {
		if seen, open := <-watched; open {
			t.Errorf("%+v after %s", seen, why)
		}
	}
}

// testProcesses lets several stores on one database write at once, with ids
// that they share in part.
func testProcesses(t *testing.T, create New) {
	const writers, calls, rows = 4, 12, 60
	ctx := context.Background()
	open := create(t, time.Now)
	m := newMaker(41)
	shared := m.fresh("shared", rows)
	var group sync.WaitGroup
	results := make([][]store.Result, writers)
	for w := range writers {
		s := openFrom(t, open)
		group.Go(func() {
			for c := range calls {
				own := newMaker(uint64(100*w+c)).fresh(fmt.Sprintf("%d-%d-", w, c), rows)
				r, err := s.Insert(ctx, "s", append(own, shared...))
				if err != nil {
					t.Errorf("writer %d: %v", w, err)
					return
				}
				results[w] = append(results[w], r)
			}
		})
	}
	group.Wait()

	s := openFrom(t, open)
	seen, accepted := map[uint64]bool{}, 0
	for _, rs := range results {
		for _, r := range rs {
			if seen[r.Generation] {
				t.Errorf("generation %d twice", r.Generation)
			}
			seen[r.Generation] = true
			accepted += r.Accepted
		}
	}
	if want := writers*calls*rows + rows; accepted != want {
		t.Errorf("%d accepted, want %d", accepted, want)
	}
	if g := generation(t, s); g != writers*calls {
		t.Errorf("generation %d, want %d", g, writers*calls)
	}
	if n := must[int64](t)(s.Count(ctx, report.Filter{}, 0)); n != int64(accepted) {
		t.Errorf("%d reports, %d accepted", n, accepted)
	}
	wantSound(t, s)
}
