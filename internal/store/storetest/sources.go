package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

func testSources(t *testing.T, create New) {
	ctx := context.Background()
	m := newMaker(30)
	on := func(id string, d report.Day) report.Record {
		r := m.report()
		r.Day = d
		return report.Record{Report: r, ExternalID: id}
	}
	want := func(t *testing.T, s store.Store, want ...store.Source) {
		t.Helper()
		if got := must[[]store.Source](t)(s.Sources(ctx)); !slices.Equal(got, want) {
			t.Errorf("Sources() = %+v, want %+v", got, want)
		}
		var labels []store.Label
		for _, v := range want {
			labels = append(labels, store.Label{Name: v.Name, SourceInfo: v.SourceInfo})
		}
		if got := must[[]store.Label](t)(s.Labels(ctx)); !slices.Equal(got, labels) {
			t.Errorf("Labels() = %+v, want %+v", got, labels)
		}
	}
	plain := store.SourceInfo{Precision: store.PrecisionTime}

	t.Run("listed with what they have", func(t *testing.T) {
		s := openNew(t, create)
		want(t, s)
		must[store.Result](t)(s.Insert(ctx, "b.csv", []report.Record{on("1", 20000), on("2", 19000), on("3", 19500)}))
		must[store.Result](t)(s.Insert(ctx, "a.csv", []report.Record{on("1", 18000)}))
		want(t, s,
			store.Source{Name: "a.csv", SourceInfo: plain, Reports: 1, First: 18000, Last: 18000},
			store.Source{Name: "b.csv", SourceInfo: plain, Reports: 3, First: 19000, Last: 20000})
	})
	t.Run("described before and after", func(t *testing.T) {
		s := openNew(t, create)
		made := store.SourceInfo{Precision: store.PrecisionMonth, Synthetic: true}
		for _, info := range []store.SourceInfo{{}, {Precision: store.PrecisionDay}, made} {
			if err := s.DescribeSource(ctx, "demo", info); err != nil {
				t.Fatal(err)
			}
		}
		want(t, s, store.Source{Name: "demo", SourceInfo: made})
		must[store.Result](t)(s.Insert(ctx, "demo", []report.Record{on("1", 18000)}))
		want(t, s, store.Source{Name: "demo", SourceInfo: made, Reports: 1, First: 18000, Last: 18000})
		if err := s.DescribeSource(ctx, "", made); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("no name: error %v, want %v", err, store.ErrInvalid)
		}
	})
	t.Run("removed and imported again", func(t *testing.T) {
		s := openNew(t, create)
		kept, gone := m.fresh("", 50), m.fresh("", 700)
		must[store.Result](t)(s.Insert(ctx, "kept", kept))
		must[store.Result](t)(s.Insert(ctx, "gone", gone))
		if n := must[int64](t)(s.RemoveSource(ctx, "gone")); n != 700 {
			t.Errorf("removed %d, want 700", n)
		}
		model := newModel()
		model.insert("kept", kept)
		wantBag(t, s, model.bag())
		if all := must[[]store.Source](t)(s.Sources(ctx)); len(all) != 1 || all[0].Name != "kept" {
			t.Errorf("Sources() = %+v, want only kept", all)
		}
		if _, err := s.RemoveSource(ctx, "gone"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("again: error %v, want %v", err, store.ErrNotFound)
		}
		if r := must[store.Result](t)(s.Insert(ctx, "gone", gone)); r.Accepted != 700 || r.Generation != 4 {
			t.Errorf("imported again: %+v, want 700 accepted as generation 4", r)
		}
		wantSound(t, s)
	})
	t.Run("an empty one goes without a batch", func(t *testing.T) {
		s := openNew(t, create)
		if err := s.DescribeSource(ctx, "demo", plain); err != nil {
			t.Fatal(err)
		}
		if n := must[int64](t)(s.RemoveSource(ctx, "demo")); n != 0 || generation(t, s) != 0 {
			t.Errorf("removed %d, generation %d, want 0 and 0", n, generation(t, s))
		}
		want(t, s)
	})
}

func testWithdraw(t *testing.T, create New) {
	ctx := context.Background()
	s, m, model := openNew(t, create), newMaker(31), newModel()
	records := m.fresh("", 3)
	model.insert("s", records)
	must[store.Result](t)(s.Insert(ctx, "s", records))
	if err := s.Withdraw(ctx, "s", "1", "the sender asked"); err != nil {
		t.Fatal(err)
	}
	model.withdraw("s", "1")
	wantBag(t, s, model.bag())

	for _, c := range []struct {
		source, id, reason string
		want               error
	}{
		{"s", "1", "again", store.ErrNotFound},
		{"s", "9", "never was", store.ErrNotFound},
		{"t", "1", "other source", store.ErrNotFound},
		{"s", "0", "", store.ErrInvalid},
		{"s", "0", " ", store.ErrInvalid},
	} {
		if err := s.Withdraw(ctx, c.source, c.id, c.reason); !errors.Is(err, c.want) {
			t.Errorf("Withdraw(%q, %q, %q): error %v, want %v", c.source, c.id, c.reason, err, c.want)
		}
	}

	records[1].Factors = 1 // not even with other content does it come back
	if r := must[store.Result](t)(s.Insert(ctx, "s", records)); r.Duplicates != 3 || r.Generation != 2 {
		t.Errorf("imported again: %+v, want 3 duplicates and generation 2", r)
	}
	must[int64](t)(s.RemoveSource(ctx, "s"))
	if r := must[store.Result](t)(s.Insert(ctx, "s", records)); r.Accepted != 2 || r.Duplicates != 1 {
		t.Errorf("imported again after the source was removed: %+v, want 2 accepted, 1 duplicate", r)
	}
	wantSound(t, s)
}
