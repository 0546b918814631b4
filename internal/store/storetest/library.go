package storetest

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streetsafe/streetsafe/internal/store"
)

// OpenLibrary makes an empty database and returns a function that opens it, each
// call standing for another process.
type OpenLibrary func(t testing.TB) func() interface {
	store.Library
	store.Access
}

// RunLibrary runs the contract of store.Library.
func RunLibrary(t *testing.T, create OpenLibrary) {
	t.Run("datasets", func(t *testing.T) { testDatasets(t, create) })
	t.Run("views", func(t *testing.T) { testViews(t, create) })
	t.Run("alerts", func(t *testing.T) { testAlerts(t, create) })
	t.Run("alerts claimed", func(t *testing.T) { testClaims(t, create) })
}

func testDatasets(t *testing.T, create OpenLibrary) {
	ctx, open := context.Background(), create(t)
	s, other := open(), open()
	revision := int64(-1)
	grows := func(what string) {
		t.Helper()
		now, err := other.LibraryRevision(ctx)
		if err != nil || now <= revision {
			t.Errorf("%s: revision %d after %d, %v", what, now, revision, err)
		}
		revision = now
	}
	grows("a new store")
	body := bytes.Repeat([]byte{0, 1, 0xff}, 100_000)
	ward := store.Dataset{Kind: "areas", Name: "ward", About: "two wards", Body: body, ImportedAt: accessStart}
	if err := s.PutDataset(ctx, ward); err != nil {
		t.Fatal(err)
	}
	grows("put")
	got, err := other.Dataset(ctx, "areas", "ward")
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "data set", got, ward)
	_, err = s.Dataset(ctx, "lamps", "ward")
	wantErr(t, "another kind", err, store.ErrNotFound)
	ward.About, ward.Body = "three wards", []byte("x")
	borough := store.Dataset{Kind: "areas", Name: "borough", About: "one", Body: body, ImportedAt: accessStart}
	for _, d := range []store.Dataset{ward, borough, {Kind: "lamps", Name: "all", Body: body, ImportedAt: accessStart}} {
		if err := s.PutDataset(ctx, d); err != nil {
			t.Fatal(err)
		}
	}
	grows("put again")
	all, err := s.Datasets(ctx, "areas")
	if err != nil {
		t.Fatal(err)
	}
	ward.Body, borough.Body = nil, nil
	wantEqual(t, "list", all, []store.Dataset{borough, ward})
	if err := s.RemoveDataset(ctx, "areas", "ward"); err != nil {
		t.Fatal(err)
	}
	grows("remove")
	wantErr(t, "remove again", s.RemoveDataset(ctx, "areas", "ward"), store.ErrNotFound)
	wantErr(t, "without a body", s.PutDataset(ctx, store.Dataset{Kind: "areas", Name: "x"}), store.ErrInvalid)
}

func newView(account int64, name string) store.View {
	return store.View{Account: account, Name: name, Address: "?at=51,0,12", Filter: "factors=badly_lit", Box: "-1,51,0,52", Resolution: 9, Alert: true, CreatedAt: accessStart}
}

func saveView(t testing.TB, s store.Library, v store.View) store.View {
	t.Helper()
	var err error
	if v.ID, err = s.SaveView(context.Background(), v); err != nil {
		t.Fatal(err)
	}
	return v
}

func testViews(t *testing.T, create OpenLibrary) {
	ctx, s := context.Background(), create(t)()
	ann, err := s.AddAccount(ctx, newAccount("ann"))
	if err != nil {
		t.Fatal(err)
	}
	b, a := saveView(t, s, newView(ann, "b")), saveView(t, s, newView(ann, "a"))
	demo := saveView(t, s, newView(0, "a"))
	_, err = s.SaveView(ctx, newView(ann, "a"))
	wantErr(t, "a second of one name", err, store.ErrExists)
	views := func(account int64) []store.View {
		t.Helper()
		list, err := s.Views(ctx, account)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	wantEqual(t, "Ann's", views(ann), []store.View{a, b})
	wantEqual(t, "the demo's", views(0), []store.View{demo})
	watched := func(want ...store.View) {
		t.Helper()
		list, err := s.WatchedViews(ctx)
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "watched", append([]store.View{}, list...), append([]store.View{}, want...))
	}
	watched(b, a, demo)
	wantErr(t, "another's view", s.SetViewAlert(ctx, 0, a.ID, false), store.ErrNotFound)
	wantErr(t, "another's view", s.RemoveView(ctx, 0, a.ID), store.ErrNotFound)
	if err := s.SetViewAlert(ctx, ann, a.ID, false); err != nil {
		t.Fatal(err)
	}
	watched(b, demo)
	account, err := s.Account(ctx, ann)
	if err != nil {
		t.Fatal(err)
	}
	account.Disabled = true
	if err := s.UpdateAccount(ctx, account); err != nil {
		t.Fatal(err)
	}
	watched(demo)
	if err := s.RemoveView(ctx, 0, demo.ID); err != nil {
		t.Fatal(err)
	}
	watched()
}

func testAlerts(t *testing.T, create OpenLibrary) {
	ctx, s := context.Background(), create(t)()
	ann, err := s.AddAccount(ctx, newAccount("ann"))
	if err != nil {
		t.Fatal(err)
	}
	v, other := saveView(t, s, newView(ann, "mine")), saveView(t, s, newView(0, "the demo's"))
	alert := store.ViewAlert{View: v.ID, Until: 20_000, Reports: 12, Expected: 3.5, Upper: 8.25, Sentence: "More than expected.", RaisedAt: accessStart}
	raise := func(a store.ViewAlert, want bool) {
		t.Helper()
		if raised, err := s.RaiseAlert(ctx, a, 7); err != nil || raised != want {
			t.Errorf("raised %v, %v; want %v", raised, err, want)
		}
	}
	raise(alert, true)
	raise(alert, false)
	alert.Until += 7
	raise(alert, false) // still the quiet time
	alert.Until++
	raise(alert, true)
	elsewhere := alert
	elsewhere.View = other.ID
	raise(elsewhere, true)
	elsewhere.View = 999
	raise(elsewhere, false)
	list, err := s.Alerts(ctx, ann, 10)
	if err != nil || len(list) != 2 {
		t.Fatalf("%d alerts, %v", len(list), err)
	}
	want := alert
	want.ID, want.Name, want.Address, want.Email = list[0].ID, "mine", v.Address, "ann@example.org"
	wantEqual(t, "the newest", list[0], want)
	if err := s.SeeAlerts(ctx, ann, list[1].ID); err != nil {
		t.Fatal(err)
	}
	list, err = s.Alerts(ctx, ann, 10)
	if err != nil || list[0].Seen || !list[1].Seen {
		t.Errorf("seen up to the older: %+v, %v", list, err)
	}
	if list, err := s.Alerts(ctx, ann, 1); err != nil || len(list) != 1 || list[0].Until != alert.Until {
		t.Errorf("one alert: %+v, %v", list, err)
	}
	if err := s.RemoveView(ctx, ann, v.ID); err != nil {
		t.Fatal(err)
	}
	if list, err := s.Alerts(ctx, ann, 10); err != nil || len(list) != 0 {
		t.Errorf("alerts of a removed view: %+v, %v", list, err)
	}
}

func testClaims(t *testing.T, create OpenLibrary) {
	ctx, open := context.Background(), create(t)
	s := open()
	v := saveView(t, s, newView(0, "mine"))
	if _, err := s.RaiseAlert(ctx, store.ViewAlert{View: v.ID, Until: 20_000, RaisedAt: accessStart}, 7); err != nil {
		t.Fatal(err)
	}
	// Of many at once, one gets it.
	var claimed atomic.Int64
	var all sync.WaitGroup
	for range 4 {
		p := open()
		all.Go(func() {
			_, err := p.ClaimAlert(ctx, accessStart, time.Minute, 3)
			if err == nil {
				claimed.Add(1)
			} else if !errors.Is(err, store.ErrNotFound) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if claimed.Load() != 1 {
		t.Fatalf("claimed %d times", claimed.Load())
	}
	at := func(after time.Duration) time.Time { return accessStart.Add(after) }
	_, err := s.ClaimAlert(ctx, at(59*time.Second), time.Minute, 3)
	wantErr(t, "too soon", err, store.ErrNotFound)
	a, err := s.ClaimAlert(ctx, at(time.Minute), time.Minute, 3)
	if err != nil || a.Tries != 2 || a.Name != "mine" || a.Email != "" {
		t.Fatalf("second try: %+v, %v", a, err)
	}
	// It waits four times as long now.
	_, err = s.ClaimAlert(ctx, at(4*time.Minute+59*time.Second), time.Minute, 3)
	wantErr(t, "too soon again", err, store.ErrNotFound)
	if _, err := s.ClaimAlert(ctx, at(5*time.Minute), time.Minute, 3); err != nil {
		t.Fatal(err)
	}
	_, err = s.ClaimAlert(ctx, at(time.Hour), time.Minute, 3)
	wantErr(t, "a fourth try", err, store.ErrNotFound)
	if _, err = s.ClaimAlert(ctx, at(time.Hour), time.Minute, 4); err != nil {
		t.Fatal(err)
	}
	if err := s.AlertSent(ctx, a.ID); err != nil {
		t.Fatal(err)
	}
	_, err = s.ClaimAlert(ctx, at(1000*time.Hour), time.Minute, 9)
	wantErr(t, "after it arrived", err, store.ErrNotFound)
	wantErr(t, "one that is not there", s.AlertSent(ctx, 999), store.ErrNotFound)
}
