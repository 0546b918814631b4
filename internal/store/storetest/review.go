package storetest

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

var (
	croydon  = h3.LatLng{Lat: 51.3762, Lng: -0.0982}
	kirkwall = h3.LatLng{Lat: 58.981, Lng: -2.96}
)

// hold submits records that are held back.
func hold(t testing.TB, s store.Store, reason string, records []report.Record) {
	t.Helper()
	for _, r := range records {
		if err := s.Submit(context.Background(), "form", store.Submission{Record: r, Quarantine: reason}); err != nil {
			t.Fatal(err)
		}
	}
}

// heldOf is the set of what Held lists at the resolution of the schedule.
func heldOf(t testing.TB, s store.Store) map[store.Held]bool {
	t.Helper()
	all := map[store.Held]bool{}
	for _, h := range must[[]store.Held](t)(s.Held(context.Background(), 5)) {
		all[h] = true
	}
	return all
}

func testReview(t *testing.T, create New) {
	ctx := context.Background()
	var c clock
	c.set(evening)
	s := openFrom(t, create(t, c.now))
	m := newMaker(90)
	open, over, noProof, north := m.in(croydon, "open", 5), m.in(croydon, "over", 7), m.in(croydon, "proof", 4), m.in(kirkwall, "north", 6)
	for i := range over {
		over[i].Report = over[0].Report // a flood
	}
	submit(t, s, open)
	hold(t, s, "over_limit", over)
	hold(t, s, "no_proof", noProof)
	hold(t, s, "no_proof", open) // known, so they stay as they are
	c.set(evening.AddDate(0, 0, 1))
	hold(t, s, "no_proof", north)
	submit(t, s, north) // and the other way round

	day := report.DayOf(evening)
	want := map[store.Held]bool{
		{ReceivedOn: day, Area: areaOf(t, croydon), Reason: "over_limit", Reports: 7, Cells: 1, Kinds: 1}:               true,
		{ReceivedOn: day, Area: areaOf(t, croydon), Reason: "no_proof", Reports: 4, Cells: 1, Kinds: kinds(noProof)}:    true,
		{ReceivedOn: day + 1, Area: areaOf(t, kirkwall), Reason: "no_proof", Reports: 6, Cells: 1, Kinds: kinds(north)}: true,
	}
	if got := heldOf(t, s); !maps.Equal(got, want) {
		t.Errorf("held: %+v, want %+v", got, want)
	}

	// Whatever the clock says, nothing that is held back is published.
	model := newModel()
	model.insert("form", open)
	for _, days := range []int{2, 8, 400} {
		c.set(evening.AddDate(0, 0, days))
		must[store.Result](t)(s.Publish(ctx, store.DefaultSchedule()))
		wantBag(t, s, model.bag())
	}
	if n := must[int64](t)(s.Waiting(ctx)); n != 17 {
		t.Errorf("%d wait, want the 17 that are held back", n)
	}

	change := func(name string, want int64) func(int64, error) {
		return func(n int64, err error) {
			t.Helper()
			if err != nil || n != want {
				t.Errorf("%s: %d, %v; want %d", name, n, err, want)
			}
		}
	}
	change("drop of another day", 0)(s.DropHeld(ctx, store.HeldFilter{From: day - 1, To: day}))
	change("drop of the flood", 7)(s.DropHeld(ctx, store.HeldFilter{From: day, To: day + 1, Area: over[0].Cell, Reason: "over_limit"}))
	change("release of the north", 6)(s.ReleaseHeld(ctx, store.HeldFilter{Area: areaOf(t, kirkwall)}, 1))
	must[store.Result](t)(s.Publish(ctx, store.DefaultSchedule()))
	model.insert("form", north)
	wantBag(t, s, model.bag())
	change("release of all others", 4)(s.ReleaseHeld(ctx, store.HeldFilter{To: report.MaxDay + 1, From: report.MinDay}, 0))
	change("release of nothing", 0)(s.ReleaseHeld(ctx, store.HeldFilter{}, 0))
	must[store.Result](t)(s.Publish(ctx, store.DefaultSchedule()))
	model.insert("form", noProof)
	wantBag(t, s, model.bag())
	if n := must[int64](t)(s.Waiting(ctx)); n != 0 || len(heldOf(t, s)) != 0 {
		t.Errorf("%d wait, want none", n)
	}
	wantSound(t, s)
	for name, err := range map[string]error{
		"resolution":  second(s.Held(ctx, 12)),
		"cell":        second(s.DropHeld(ctx, store.HeldFilter{Area: 1})),
		"reason":      second(s.DropHeld(ctx, store.HeldFilter{Reason: "x' OR 'x"})),
		"days":        second(s.DropHeld(ctx, store.HeldFilter{From: day + 1, To: day})),
		"weight":      second(s.ReleaseHeld(ctx, store.HeldFilter{}, 2)),
		"half a span": second(s.ReleaseHeld(ctx, store.HeldFilter{From: day}, 0)),
	} {
		if !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: error %v, want %v", name, err, store.ErrInvalid)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func areaOf(t testing.TB, p h3.LatLng) h3.Cell {
	t.Helper()
	return must[h3.Cell](t)(h3.LatLngToCell(p, 5))
}

func kinds(records []report.Record) int64 {
	sets := map[report.Factors]bool{}
	for _, r := range records {
		sets[r.Factors] = true
	}
	return int64(len(sets))
}

// receipts lists receipts in an order of their own.
func receipts(t testing.TB, s store.Store) []store.Receipt {
	t.Helper()
	var all []store.Receipt
	g, err := s.Receipts(context.Background(), func(r store.Receipt) error {
		all = append(all, r)
		return nil
	})
	if err != nil || g != generation(t, s) {
		t.Errorf("Receipts: generation %d, %v; want %d", g, err, generation(t, s))
	}
	slices.SortFunc(all, func(a, b store.Receipt) int { return int(a.Factors) - int(b.Factors) })
	return all
}

func testReceipts(t *testing.T, create New) {
	ctx := context.Background()
	var c clock
	c.set(evening)
	s := openFrom(t, create(t, c.now))
	records := newMaker(91).in(croydon, "", 5)
	day := report.DayOf(evening)
	var want []store.Receipt
	for i := range records {
		records[i].Factors = report.Factors(1 + i)
		records[i].Day = firstOf(2024, 11) + report.Day(i) // older than olderBefore
		if err := s.Submit(ctx, "form", store.Submission{Record: records[i], Weight: i % 2}); err != nil {
			t.Fatal(err)
		}
		want = append(want, store.Receipt{Report: records[i].Report, ReceivedOn: day, Weight: i % 2})
	}
	must[store.Result](t)(s.Insert(ctx, "import", records)) // has no receipts
	if got := receipts(t, s); len(got) != 0 {
		t.Errorf("receipts of what waits: %+v", got)
	}
	c.set(evening.AddDate(0, 0, 3))
	must[store.Result](t)(s.Publish(ctx, store.DefaultSchedule()))
	if got := receipts(t, s); !slices.Equal(got, want) {
		t.Errorf("receipts %+v, want %+v", got, want)
	}
	// They follow the report when it is withdrawn, coarsened and reduced.
	if err := s.Withdraw(ctx, "form", records[4].ExternalID, "the sender asked"); err != nil {
		t.Fatal(err)
	}
	if err := s.Coarsen(ctx, store.Pass{Before: oldBefore}); err != nil {
		t.Fatal(err)
	}
	want = want[:4]
	for i := range want {
		want[i].Report = store.Coarse(want[i].Report)
	}
	if got := receipts(t, s); !slices.Equal(got, want) {
		t.Errorf("receipts %+v, want %+v", got, want)
	}
	if err := s.Reduce(ctx, store.Pass{Before: olderBefore}); err != nil {
		t.Fatal(err)
	}
	if got := receipts(t, s); len(got) != 0 {
		t.Errorf("receipts of what is only counted: %+v", got)
	}
	wantSound(t, s)
	stop := errors.New("stop")
	submit(t, s, newMaker(92).in(croydon, "more", 5))
	c.set(evening.AddDate(0, 0, 6))
	must[store.Result](t)(s.Publish(ctx, store.DefaultSchedule()))
	if _, err := s.Receipts(ctx, func(store.Receipt) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the callback's error came as %v", err)
	}
	must[int64](t)(s.RemoveSource(ctx, "form"))
	if got := receipts(t, s); len(got) != 0 {
		t.Errorf("receipts of a removed source: %+v", got)
	}
	wantSound(t, s)
}

// testAside moves what is kept beside the reports to another store.
func testAside(t *testing.T, create New) {
	ctx := context.Background()
	var c clock
	c.set(evening)
	from, to := openFrom(t, create(t, c.now)), openFrom(t, create(t, c.now))
	m := newMaker(93)
	counts, waits, held := m.in(croydon, "c", 5), m.in(croydon, "w", 3), m.in(kirkwall, "h", 4)
	submit(t, from, counts)
	hold(t, from, "over_limit", held)
	for _, r := range slices.Concat(counts, held) {
		if err := from.Describe(ctx, "form", r.ExternalID, store.Demographics{Age: "x" + r.ExternalID}); err != nil {
			t.Fatal(err)
		}
	}
	early := store.Period{Name: "early", From: report.DayOf(evening) - 10, To: report.DayOf(evening)}
	if _, err := from.FreezeDemographics(ctx, early, func([]store.Described) ([]byte, error) { return []byte("none"), nil }); err != nil {
		t.Fatal(err)
	}
	c.set(evening.AddDate(0, 0, 2))
	must[store.Result](t)(from.Publish(ctx, store.DefaultSchedule()))
	submit(t, from, waits)
	for range 2 {
		if _, err := store.Copy(ctx, from, to, nil); err != nil {
			t.Fatal(err)
		}
	}
	for table, want := range map[string]int{"pending": 7, "receipts": 5, "demographics": 9, "demographic_tables": 1} {
		got := rowsOf(t, to, table)
		if len(got) != want || !reflect.DeepEqual(got, rowsOf(t, from, table)) {
			t.Errorf("%s in the copy: %v", table, got)
		}
	}
	if got, want := heldOf(t, to), heldOf(t, from); len(want) != 1 || !maps.Equal(got, want) {
		t.Errorf("held back in the copy: %v, want %v", got, want)
	}
	if got, want := receipts(t, to), receipts(t, from); !slices.Equal(got, want) {
		t.Errorf("receipts of the copy: %v, want %v", got, want)
	}
	wantSound(t, to)
	hold(t, to, "no_proof", m.in(croydon, "more", 1))
	if _, err := store.Copy(ctx, from, to, nil); !errors.Is(err, store.ErrDiffers) {
		t.Errorf("a copy with more: %v, want %v", err, store.ErrDiffers)
	}
}
