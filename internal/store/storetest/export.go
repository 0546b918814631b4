package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

func testExport(t *testing.T, create New) {
	ctx := context.Background()
	m := newMaker(60)

	t.Run("all records in the order of their ids", func(t *testing.T) {
		s := openNew(t, create)
		records := m.fresh("", store.ExportRows+10)
		for i, awkward := range []string{"é", "e", "Z", "a b", "a", "\U0001F6A8", "~"} {
			records[i].ExternalID = awkward
		}
		must[store.Result](t)(s.Insert(ctx, "s", records))
		must[store.Result](t)(s.Insert(ctx, "other", m.fresh("", 3)))
		var got []report.Record
		if err := s.Export(ctx, "s", func(rs []report.Record) error { got = append(got, rs...); return nil }); err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(records, func(a, b report.Record) int { return strings.Compare(a.ExternalID, b.ExternalID) })
		if !slices.Equal(got, records) {
			t.Errorf("%d records, want %d; they or their order differ", len(got), len(records))
		}
	})
	t.Run("the callback's error ends it", func(t *testing.T) {
		s, stop := openNew(t, create), errors.New("stop")
		must[store.Result](t)(s.Insert(ctx, "s", m.fresh("", 2)))
		if err := s.Export(ctx, "s", func([]report.Record) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("error %v, want %v", err, stop)
		}
	})
	t.Run("an unknown source", func(t *testing.T) {
		s := openNew(t, create)
		if err := s.Export(ctx, "s", func([]report.Record) error { return nil }); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Export: error %v, want %v", err, store.ErrNotFound)
		}
		if _, err := s.Withdrawn(ctx, "s"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Withdrawn: error %v, want %v", err, store.ErrNotFound)
		}
	})
	t.Run("copy", func(t *testing.T) { RunCopy(t, create, create) })
}

// RunCopy copies a store of one engine to one of another, or of the same.
func RunCopy(t *testing.T, createFrom, createTo New) {
	ctx := context.Background()
	m := newMaker(61)
	from, to := openNew(t, createFrom), openNew(t, createTo)
	info := store.SourceInfo{Precision: store.PrecisionDay, Synthetic: true}
	if err := errors.Join(from.DescribeSource(ctx, "a", info), from.SetMeta(ctx, store.MetaSynthetic, "true")); err != nil {
		t.Fatal(err)
	}
	records := m.fresh("", store.ExportRows+500)
	must[store.Result](t)(from.Insert(ctx, "a", records))
	must[store.Result](t)(from.Insert(ctx, "b", m.fresh("", 40)))
	if err := from.Withdraw(ctx, "a", "7", "the sender asked"); err != nil {
		t.Fatal(err)
	}

	stop, leave := context.WithCancel(ctx) // a copy that was interrupted
	if _, err := store.Copy(stop, from, to, func(int64) { leave() }); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want %v", err, context.Canceled)
	}
	done, err := store.Copy(ctx, from, to, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := store.Copied{Sources: 2, Records: store.ExportRows + 500 - 1 + 40, Accepted: 500 - 1 + 40, Beside: 6}
	if done != want {
		t.Errorf("%+v, want %+v", done, want)
	}
	if a, b := fmt.Sprint(must[[]store.Source](t)(from.Sources(ctx))), fmt.Sprint(must[[]store.Source](t)(to.Sources(ctx))); a != b {
		t.Errorf("sources %s, want %s", b, a)
	}
	if v, _, err := to.Meta(ctx, store.MetaSynthetic); v != "true" || err != nil {
		t.Errorf("setting %q, %v", v, err)
	}
	if r := must[store.Result](t)(to.Insert(ctx, "a", records)); r.Duplicates != len(records) {
		t.Errorf("inserting the withdrawn report into the copy: %+v, want only duplicates", r)
	}
	wantSound(t, to)

	records[3].Factors = 1 + records[3].Factors%report.AllFactors
	must[store.Result](t)(to.Insert(ctx, "a", records[3:4]))
	a, b := must[store.Checksum](t)(store.Sum(ctx, from, "a")), must[store.Checksum](t)(store.Sum(ctx, to, "a"))
	if a == b || a.Records != b.Records {
		t.Errorf("checksums %v and %v, want the same number and another hash", a, b)
	}
	must[store.Result](t)(to.Insert(ctx, "c", records[:1]))
	if _, err := store.Copy(ctx, from, to, nil); !errors.Is(err, store.ErrDiffers) {
		t.Errorf("error %v, want %v", err, store.ErrDiffers)
	}
}
