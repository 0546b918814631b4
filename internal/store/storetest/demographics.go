package storetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

func testDemographics(t *testing.T, create New) {
	ctx := context.Background()
	var c clock
	c.set(evening)
	s := openFrom(t, create(t, c.now))
	m := newMaker(95)
	day := report.DayOf(evening)
	spring := store.Period{Name: "spring", From: day, To: day + 30}
	summer := store.Period{Name: "summer", From: day + 30, To: day + 60}

	describe := func(id string, d store.Demographics) {
		t.Helper()
		if err := s.Describe(ctx, "form", id, d); err != nil {
			t.Fatal(err)
		}
	}
	first, held, later := m.in(croydon, "first", 6), m.in(croydon, "held", 5), m.in(kirkwall, "later", 5)
	describe("first0", store.Demographics{Age: "x"}) // not known yet: not kept
	submit(t, s, first[:5])
	if err := s.Submit(ctx, "form", store.Submission{Record: first[5]}); err != nil { // weighs nothing
		t.Fatal(err)
	}
	hold(t, s, "no_proof", held)
	for i, r := range append(slices.Clone(first), held...) {
		if i == 1 {
			continue // said nothing
		}
		describe(r.ExternalID, store.Demographics{Age: "first", Sex: "then"})
		describe(r.ExternalID, store.Demographics{Age: fmt.Sprintf("a%d", i), Gender: "g", Ethnicity: "e", Disability: "d"})
	}
	c.set(spring.To.Time())
	submit(t, s, later)
	describe(later[0].ExternalID, store.Demographics{Sex: "later"})
	c.set(spring.To.Time().AddDate(0, 0, 20))
	must[store.Result](t)(s.Publish(ctx, store.DefaultSchedule()))
	describe(first[3].ExternalID, store.Demographics{Age: "changed"}) // published by now
	if err := s.Withdraw(ctx, "form", first[4].ExternalID, "a joke"); err != nil {
		t.Fatal(err)
	}
	describe(first[4].ExternalID, store.Demographics{Age: "withdrawn"})

	if _, err := s.DemographicTables(ctx, "spring"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("tables before the freeze: error %v, want %v", err, store.ErrNotFound)
	}
	broken := errors.New("broken")
	if _, err := s.FreezeDemographics(ctx, spring, func([]store.Described) ([]byte, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("a freeze that fails: %v, want %v", err, broken)
	}
	cell := first[0].Cell
	wantFreeze(t, s, spring, []store.Described{
		{Demographics: store.Demographics{Age: "a0", Gender: "g", Ethnicity: "e", Disability: "d"}, Cell: cell},
		{Demographics: store.Demographics{Age: "a2", Gender: "g", Ethnicity: "e", Disability: "d"}, Cell: cell},
		{Demographics: store.Demographics{Age: "changed"}, Cell: cell},
	})

	// Once: the second time nothing is asked, and the tables stay.
	frozen, err := s.FreezeDemographics(ctx, spring, func([]store.Described) ([]byte, error) {
		t.Error("frozen twice")
		return nil, nil
	})
	if err != nil || frozen {
		t.Errorf("the second freeze: %t, %v", frozen, err)
	}
	if b := must[[]byte](t)(s.DemographicTables(ctx, "spring")); string(b) != "tables of spring" {
		t.Errorf("tables: %s", b)
	}
	// Nothing of that time is left, were it asked for under another name.
	wantFreeze(t, s, store.Period{Name: "again", From: spring.From, To: spring.To}, nil)
	wantFreeze(t, s, summer, []store.Described{{Demographics: store.Demographics{Sex: "later"}, Cell: later[0].Cell}})

	if err := s.Describe(ctx, "form", later[1].ExternalID, store.Demographics{Age: "my name is"}); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("free text: error %v, want %v", err, store.ErrInvalid)
	}
	if err := s.Describe(ctx, "nowhere", "nobody", store.Demographics{Age: "x"}); err != nil {
		t.Errorf("an unknown source: %v", err)
	}
	if _, err := s.FreezeDemographics(ctx, store.Period{Name: "none"}, nil); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("an empty period: error %v, want %v", err, store.ErrInvalid)
	}
	wantSound(t, s)
	t.Run("dropped", func(t *testing.T) { testDemographicsDropped(t, create) })
}

// testDemographicsDropped drops held submissions and wants their rows gone, also
// when one of the same id is published later.
func testDemographicsDropped(t *testing.T, create New) {
	ctx := context.Background()
	var c clock
	c.set(evening)
	s := openFrom(t, create(t, c.now))
	records := newMaker(96).in(croydon, "", 5)
	hold(t, s, "no_proof", records)
	for _, r := range records {
		if err := s.Describe(ctx, "form", r.ExternalID, store.Demographics{Age: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	if n := must[int64](t)(s.DropHeld(ctx, store.HeldFilter{})); n != 5 {
		t.Errorf("%d dropped, want 5", n)
	}
	submit(t, s, records)
	c.set(evening.AddDate(0, 0, 2))
	if r := must[store.Result](t)(s.Publish(ctx, store.DefaultSchedule())); r.Accepted != 5 {
		t.Errorf("%+v, want all of them", r)
	}
	wantFreeze(t, s, store.Period{Name: "p", From: report.DayOf(evening), To: report.DayOf(evening) + 1}, nil)
}

// wantFreeze freezes a period and compares what it was given.
func wantFreeze(t *testing.T, s store.Store, p store.Period, want []store.Described) {
	t.Helper()
	var got []store.Described
	frozen, err := s.FreezeDemographics(context.Background(), p, func(said []store.Described) ([]byte, error) {
		got = said
		return []byte("tables of " + p.Name), nil
	})
	if err != nil || !frozen {
		t.Fatalf("freeze of %s: %t, %v", p.Name, frozen, err)
	}
	slices.SortFunc(got, func(a, b store.Described) int { return cmp.Compare(a.Age, b.Age) })
	if !slices.Equal(got, want) {
		t.Errorf("%s: %+v, want %+v", p.Name, got, want)
	}
}
