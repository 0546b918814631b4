package tilecache_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/streetsafe/streetsafe/internal/tilecache"
)

func entry(n int) *tilecache.Entry { return &tilecache.Entry{Body: make([]byte, n)} }

func mustFetch(t testing.TB, c *tilecache.Cache, key string, fill tilecache.Fill) *tilecache.Entry {
	t.Helper()
	e, err := c.Fetch(context.Background(), key, fill)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestCache_Fetch(t *testing.T) {
	c := tilecache.New(1<<20, 2)
	fills := 0
	fill := func() (*tilecache.Entry, error) { fills++; return entry(10), nil }
	first := mustFetch(t, c, "a", fill)
	second := mustFetch(t, c, "a", fill)
	if first != second || fills != 1 {
		t.Fatalf("got %d fills and the same entry %v, want one fill", fills, first == second)
	}
	if s := c.Stats(); s.Hits != 1 || s.Misses != 1 || s.Coalesced != 0 || s.Entries != 1 {
		t.Fatalf("stats %+v: want one hit, one miss, one entry", s)
	}
}

func TestCache_Fetch_errorIsNotKept(t *testing.T) {
	c := tilecache.New(1<<20, 2)
	boom := errors.New("boom")
	if _, err := c.Fetch(context.Background(), "a", func() (*tilecache.Entry, error) { return nil, boom }); !errors.Is(err, boom) {
		t.Fatalf("got %v, want the fill's error", err)
	}
	mustFetch(t, c, "a", func() (*tilecache.Entry, error) { return entry(1), nil })
	if s := c.Stats(); s.Misses != 2 {
		t.Fatalf("got %d misses, want 2", s.Misses)
	}
}

// An adversary asks for ever new keys, of sizes it chooses.
func TestCache_budgetHolds(t *testing.T) {
	const budget = 256 << 10
	c := tilecache.New(budget, 2)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 20_000 {
		size := rng.IntN(8 << 10)
		if i%1000 == 0 {
			size = budget // can never fit
		}
		mustFetch(t, c, fmt.Sprint("key", i), func() (*tilecache.Entry, error) { return entry(size), nil })
		if s := c.Stats(); s.Bytes > budget {
			t.Fatalf("after %d keys the cache holds %d bytes of %d", i+1, s.Bytes, int64(budget))
		}
	}
	if s := c.Stats(); s.Evicted == 0 || s.Entries == 0 {
		t.Fatalf("stats %+v: want entries kept and entries evicted", s)
	}
}

func TestCache_hotEntrySurvives(t *testing.T) {
	c := tilecache.New(64<<10, 2)
	fills := 0
	hot := func() (*tilecache.Entry, error) { fills++; return entry(1000), nil }
	for i := range 5000 {
		mustFetch(t, c, fmt.Sprint("cold", i), func() (*tilecache.Entry, error) { return entry(1000), nil })
		if i%10 == 0 {
			mustFetch(t, c, "hot", hot)
		}
	}
	if fills != 1 {
		t.Fatalf("the hot entry was worked out %d times, want once", fills)
	}
}

func TestCache_Fetch_coalesces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := tilecache.New(1<<20, 2)
		release := make(chan struct{})
		fills := 0
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				mustFetch(t, c, "a", func() (*tilecache.Entry, error) {
					fills++
					<-release
					return entry(1), nil
				})
			})
		}
		synctest.Wait()
		close(release)
		wg.Wait()
		if s := c.Stats(); fills != 1 || s.Misses != 1 || s.Coalesced != 19 {
			t.Fatalf("%d fills, stats %+v: want 1 fill, 1 miss, 19 coalesced", fills, s)
		}
	})
}

func TestCache_Fetch_leaderLeavesOthersStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := tilecache.New(1<<20, 1)
		busy := make(chan struct{})
		go c.Fetch(context.Background(), "busy", func() (*tilecache.Entry, error) { <-busy; return entry(1), nil })
		synctest.Wait()

		fill := func() (*tilecache.Entry, error) { return entry(2), nil }
		ctx, cancel := context.WithCancel(context.Background())
		go c.Fetch(ctx, "a", fill)
		synctest.Wait()
		got := make(chan *tilecache.Entry)
		go func() { e, _ := c.Fetch(context.Background(), "a", fill); got <- e }()
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(busy)
		if e := <-got; e == nil || len(e.Body) != 2 {
			t.Fatalf("the request that stayed got %v, want the entry", e)
		}
	})
}

func TestCache_Fetch_abandonedFillNeverRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := tilecache.New(1<<20, 1)
		busy := make(chan struct{})
		go c.Fetch(context.Background(), "busy", func() (*tilecache.Entry, error) { <-busy; return entry(1), nil })
		synctest.Wait()

		ran := false
		ctx, cancel := context.WithCancel(context.Background())
		errs := make(chan error, 2)
		for range 2 {
			go func() {
				_, err := c.Fetch(ctx, "a", func() (*tilecache.Entry, error) { ran = true; return entry(1), nil })
				errs <- err
			}()
		}
		synctest.Wait()
		cancel()
		for range 2 {
			if err := <-errs; !errors.Is(err, context.Canceled) {
				t.Fatalf("got %v, want context.Canceled", err)
			}
		}
		close(busy)
		synctest.Wait()
		if ran {
			t.Fatal("the fill ran although every client had gone away")
		}
	})
}

func TestCache_Fetch_manyAtOnce(t *testing.T) {
	c := tilecache.New(32<<10, 4)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(7, uint64(g)))
			for range 3000 {
				n := rng.IntN(200)
				e := mustFetch(t, c, fmt.Sprint(n), func() (*tilecache.Entry, error) { return entry(n), nil })
				if len(e.Body) != n {
					t.Errorf("key %d gave a body of %d bytes", n, len(e.Body))
				}
			}
		})
	}
	wg.Wait()
	s := c.Stats()
	if s.Hits+s.Misses+s.Coalesced != 8*3000 {
		t.Fatalf("stats %+v: every look-up must count exactly once", s)
	}
}

func BenchmarkCache_Fetch_hit(b *testing.B) {
	c := tilecache.New(1<<20, 2)
	fill := func() (*tilecache.Entry, error) { return entry(100), nil }
	b.ReportAllocs()
	for b.Loop() {
		mustFetch(b, c, "0123456789abcdef0123456789abcdef", fill)
	}
}
