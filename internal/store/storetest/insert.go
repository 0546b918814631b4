package storetest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

func testInsert(t *testing.T, create New) {
	ctx := context.Background()
	m := newMaker(1)
	a, b := m.report(), m.report()
	rec := func(id string, r report.Report) report.Record { return report.Record{Report: r, ExternalID: id} }

	for _, c := range []struct {
		name  string
		calls [][]report.Record
		want  []store.Result
	}{
		{
			"nothing makes no batch",
			[][]report.Record{{}, nil},
			[]store.Result{{}, {}},
		}, {
			"new reports are accepted",
			[][]report.Record{{rec("1", a), rec("2", b)}, {rec("3", a)}},
			[]store.Result{{Accepted: 2, Generation: 1}, {Accepted: 1, Generation: 2}},
		}, {
			"again adds nothing and makes no batch",
			[][]report.Record{{rec("1", a), rec("2", b)}, {rec("1", a), rec("2", b)}, {rec("3", a)}},
			[]store.Result{{Accepted: 2, Generation: 1}, {Duplicates: 2, Generation: 1}, {Accepted: 1, Generation: 2}},
		}, {
			"other content replaces the report",
			[][]report.Record{{rec("1", a)}, {rec("1", b)}, {rec("1", a)}},
			[]store.Result{{Accepted: 1, Generation: 1}, {Revised: 1, Generation: 2}, {Revised: 1, Generation: 3}},
		}, {
			"all three at once",
			[][]report.Record{{rec("1", a), rec("2", a)}, {rec("3", a), rec("2", b), rec("1", a)}},
			[]store.Result{{Accepted: 2, Generation: 1}, {Accepted: 1, Duplicates: 1, Revised: 1, Generation: 2}},
		}, {
			"of one id the last counts",
			[][]report.Record{{rec("1", a), rec("1", b), rec("1", b)}, {rec("1", a), rec("1", b)}},
			[]store.Result{{Accepted: 1, Duplicates: 2, Generation: 1}, {Duplicates: 2, Generation: 1}},
		}, {
			"ids are compared byte by byte",
			[][]report.Record{{rec("a", a), rec("A", a), rec("a ", a), rec("ä", a), rec("1", a), rec("01", a)}},
			[]store.Result{{Accepted: 6, Generation: 1}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, model := openNew(t, create), newModel()
			for i, records := range c.calls {
				model.insert("s", records)
				got := must[store.Result](t)(s.Insert(ctx, "s", records))
				if got != c.want[i] {
					t.Errorf("call %d: %+v, want %+v", i, got, c.want[i])
				}
				if g := generation(t, s); g != got.Generation {
					t.Errorf("call %d: generation %d, want %d", i, g, got.Generation)
				}
			}
			wantBag(t, s, model.bag())
			wantSound(t, s)
		})
	}

	t.Run("sources have ids of their own", func(t *testing.T) {
		s := openNew(t, create)
		for _, source := range []string{"one", "two"} {
			if got := must[store.Result](t)(s.Insert(ctx, source, []report.Record{rec("1", a)})); got.Accepted != 1 {
				t.Errorf("%s: %+v", source, got)
			}
		}
		wantBag(t, s, bag{a: 2})
	})
	t.Run("the caller's records stay as they are", func(t *testing.T) {
		s, records := openNew(t, create), []report.Record{rec("2", a), rec("1", b), rec("2", b)}
		must[store.Result](t)(s.Insert(ctx, "s", records))
		if records[0] != rec("2", a) || records[1] != rec("1", b) || records[2] != rec("2", b) {
			t.Errorf("changed to %v", records)
		}
	})
	t.Run("sizes around those of bulk statements", func(t *testing.T) { testSizes(t, create) })
	t.Run("invalid", func(t *testing.T) { testInvalid(t, create) })
	t.Run("a cancelled call leaves nothing", func(t *testing.T) {
		s := openNew(t, create)
		gone, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := s.Insert(gone, "s", m.fresh("", 3)); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want %v", err, context.Canceled)
		}
		wantBag(t, s, bag{})
	})
}

// testSizes inserts batches of many sizes, then the same again with one record
// changed and one new.
func testSizes(t *testing.T, create New) {
	ctx := context.Background()
	s, model, m := openNew(t, create), newModel(), newMaker(2)
	for _, n := range []int{1, 2, 31, 33, 511, 512, 513, 1100, 20000} {
		records := m.fresh(strings.Repeat("x", n%97), n)
		for range 2 {
			want := model.insert("s", records)
			got := must[store.Result](t)(s.Insert(ctx, "s", records))
			want.Generation = got.Generation
			if got != want {
				t.Errorf("%d records: %+v, want %+v", n, got, want)
			}
			records[n/2].Factors ^= 3
			if records[n/2].Factors == 0 {
				records[n/2].Factors = 4
			}
			records = append(records, report.Record{Report: m.report(), ExternalID: "new" + records[0].ExternalID})
		}
	}
	wantBag(t, s, model.bag())
	wantSound(t, s)
}

func testInvalid(t *testing.T, create New) {
	ctx := context.Background()
	s, m := openNew(t, create), newMaker(3)
	good := m.fresh("ok", 1)[0]
	for _, c := range []struct {
		name   string
		source string
		spoil  func(*report.Record)
	}{
		{"no source", "", func(*report.Record) {}},
		{"no id", "s", func(r *report.Record) { r.ExternalID = "" }},
		{"id with NUL", "s", func(r *report.Record) { r.ExternalID = "a\x00b" }},
		{"id not UTF-8", "s", func(r *report.Record) { r.ExternalID = "\xff" }},
		{"long id", "s", func(r *report.Record) { r.ExternalID = strings.Repeat("x", 501) }},
		{"no cell", "s", func(r *report.Record) { r.Cell = 0 }},
		{"coarse cell", "s", func(r *report.Record) { r.Cell = ancestor(r.Cell, 10) }},
		{"no factor", "s", func(r *report.Record) { r.Factors = 0 }},
		{"unknown factor", "s", func(r *report.Record) { r.Factors = report.AllFactors + 1 }},
		{"unknown daypart", "s", func(r *report.Record) { r.Daypart = report.NumDayparts }},
		{"unknown dark", "s", func(r *report.Record) { r.Dark = report.NumDark }},
		{"day too early", "s", func(r *report.Record) { r.Day = report.MinDay - 1 }},
		{"day too late", "s", func(r *report.Record) { r.Day = report.MaxDay + 1 }},
	} {
		bad := m.fresh("bad", 1)[0]
		c.spoil(&bad)
		if _, err := s.Insert(ctx, c.source, []report.Record{good, bad}); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: error %v, want %v", c.name, err, store.ErrInvalid)
		}
	}
	wantBag(t, s, bag{})
	if g := generation(t, s); g != 0 {
		t.Errorf("generation %d after nothing but refusals", g)
	}
}
