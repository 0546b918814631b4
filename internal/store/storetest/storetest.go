// Package storetest is the contract of store.Store as tests. Every engine runs
// all of them, against a model that keeps the reports in maps.
package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/streetsafe/streetsafe/internal/store"
)

// New makes an empty database and returns a function that opens it, with a
// clock. Each call of that function stands for another process: it returns a
// store of its own, which the test closes. What New makes is gone when the test
// ends.
type New func(t testing.TB, now func() time.Time) (open func() store.Store)

// Run runs the whole contract.
func Run(t *testing.T, create New) {
	for _, c := range []struct {
		name string
		test func(*testing.T, New)
	}{
		{"Insert", testInsert},
		{"Changes", testChanges},
		{"Count", testCount},
		{"Sources", testSources},
		{"Withdraw", testWithdraw},
		{"Watch", testWatch},
		{"Meta", testMeta},
		{"Publish", testPublish},
		{"Review", testReview},
		{"Receipts", testReceipts},
		{"Demographics", testDemographics},
		{"Aside", testAside},
		{"Actions copied", testActionsCopied},
		{"Export", testExport},
		{"Processes", testProcesses},
		{"Retention", testRetention},
		{"History", testHistory},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel() // each has databases of its own
			c.test(t, create)
		})
	}
}

// openNew makes a database and opens it once.
func openNew(t testing.TB, create New) store.Store {
	t.Helper()
	return openFrom(t, create(t, time.Now))
}

func openFrom(t testing.TB, open func() store.Store) store.Store {
	t.Helper()
	s := open()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// must returns v and ends the test when there is an error.
func must[V any](t testing.TB) func(v V, err error) V {
	return func(v V, err error) V {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// generation asks for the generation.
func generation(t testing.TB, s store.Store) uint64 {
	t.Helper()
	return must[uint64](t)(s.Generation(context.Background()))
}

// wantSound fails the test when the store finds something wrong with itself.
func wantSound(t testing.TB, s store.Store) {
	t.Helper()
	for _, p := range must[[]store.Problem](t)(s.Check(context.Background())) {
		t.Errorf("Check: %s", p.What)
	}
}
