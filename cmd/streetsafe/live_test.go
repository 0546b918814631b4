package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/server"
	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/tiles"
)

// held lets Changes from the beginning pass when the gate opens.
type held struct {
	store.Store
	reached, open chan struct{}
}

func (g held) Changes(ctx context.Context, since uint64, fn func(store.Change) error) (uint64, error) {
	if since == 0 {
		close(g.reached)
		<-g.open
	}
	return g.Store.Changes(ctx, since, fn)
}

// dated is an empty store on a day, whose clock moves with what now points to.
func dated(t *testing.T) (day report.Day, now *time.Time, st store.Store) {
	t.Helper()
	day, err := report.ParseDay("2027-03-01")
	if err != nil {
		t.Fatal(err)
	}
	at := day.Time()
	return day, &at, openAt(t, storage{dir: t.TempDir()}, func() time.Time { return at })
}

// A map that is further behind than the store remembers is built anew without a
// restart, and serves as it was until then.
func TestLive_startsOver(t *testing.T) {
	day, now, st := dated(t)
	add := func(id string, daysAgo int) {
		t.Helper()
		r := submission(t, id)
		r.Day = day - report.Day(daysAgo)
		if _, err := st.Insert(t.Context(), "s", []report.Record{r}); err != nil {
			t.Fatal(err)
		}
	}
	add("old", 400)
	add("new", 3)
	log := slog.New(slog.DiscardHandler)
	g := held{st, make(chan struct{}), make(chan struct{})}
	l, err := loadLive(t.Context(), log, st, newSnapshotFile(t.TempDir(), st, log))
	if err != nil {
		t.Fatal(err)
	}
	l.store = g
	announced := 0
	l.announce = func() { announced++ }

	if _, err := retain(t.Context(), log, st, day, retention{CoarsenAfter: 12, Unreleased: true}); err != nil {
		t.Fatal(err)
	}
	add("later", 1)
	*now = now.AddDate(0, 0, 8)
	if _, err := retain(t.Context(), log, st, day+8, retention{CoarsenAfter: 12, Unreleased: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Changes(t.Context(), 2, func(store.Change) error { return nil }); !errors.Is(err, store.ErrForgotten) {
		t.Fatalf("the store remembers: %v", err)
	}
	caughtUp := make(chan error, 1)
	go func() { caughtUp <- l.catchUp(t.Context(), 4) }()
	<-g.reached
	if s := l.cube.Current(); s.Generation() != 2 || s.Total(report.Filter{}) != 2 || !l.readiness().Ready {
		t.Errorf("while it is built: generation %d, %d reports, %+v", s.Generation(), s.Total(report.Filter{}), l.readiness())
	}
	close(g.open)
	if err := <-caughtUp; err != nil {
		t.Fatal(err)
	}
	if s := l.cube.Current(); s.Generation() != 4 || s.Total(report.Filter{}) != 3 || announced != 1 {
		t.Errorf("built anew: generation %d, %d reports, announced %d times", s.Generation(), s.Total(report.Filter{}), announced)
	}
	add("last", 2)
	if err := l.catchUp(t.Context(), 5); err != nil {
		t.Fatal(err)
	}
	if s := l.cube.Current(); s.Generation() != 5 || s.Total(report.Filter{}) != 4 {
		t.Errorf("following again: generation %d, %d reports", s.Generation(), s.Total(report.Filter{}))
	}
}

// Two servers at one generation give the same ETags, also when one of them has
// followed every batch and the other was started after retention had forgotten some.
func TestLive_sameGenerations(t *testing.T) {
	day, now, st := dated(t)
	log := slog.New(slog.DiscardHandler)
	load := func() *live {
		t.Helper()
		l, err := loadLive(t.Context(), log, st, newSnapshotFile(t.TempDir(), st, log))
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	old := submission(t, "old")
	old.Day = day - 400
	if _, err := st.Insert(t.Context(), "s", []report.Record{old, submission(t, "new")}); err != nil {
		t.Fatal(err)
	}
	follower := load()
	if _, err := retain(t.Context(), log, st, day, retention{CoarsenAfter: 12, Unreleased: true}); err != nil {
		t.Fatal(err)
	}
	if err := follower.catchUp(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	*now = now.AddDate(0, 0, 8)
	if _, err := retain(t.Context(), log, st, day+8, retention{CoarsenAfter: 12, Unreleased: true}); err != nil {
		t.Fatal(err)
	}
	a, b := follower.cube.Current(), load().cube.Current()
	for z := uint32(0); z <= 20; z++ {
		x, y := maptile.At(orb.Point{-0.0982, 51.3762}, maptile.Zoom(z)).X, maptile.At(orb.Point{-0.0982, 51.3762}, maptile.Zoom(z)).Y
		for _, near := range []tiles.Tile{{Z: z, X: x, Y: y}, {Z: z, X: x + 1, Y: y}, {Z: z, X: x, Y: y + 1}, {Z: z, X: x - 1, Y: y}} {
			if x, y := a.TileGeneration(near), b.TileGeneration(near); x != y {
				t.Errorf("tile %v: generation %d where every batch was followed, %d where not", near, x, y)
			}
		}
	}
}

// A report that was taken out of a tile, and that the store has forgotten since,
// must not come back from the cache of a browser.
func TestLive_forgottenIsNotCached(t *testing.T) {
	day, now, st := dated(t)
	log := slog.New(slog.DiscardHandler)
	tile := func(seen string) *httptest.ResponseRecorder {
		t.Helper()
		l, err := loadLive(t.Context(), log, st, newSnapshotFile(t.TempDir(), st, log))
		if err != nil {
			t.Fatal(err)
		}
		h, err := server.New(server.Config{Mode: "demo", StoreID: "s"}, server.Parts{Cube: l.cube, Log: log, HistoryFrom: l.historyFrom})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodGet, "/tiles/reports/0/0/0.mvt", nil)
		r.Header.Set("If-None-Match", seen)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	old := submission(t, "old")
	old.Day = day - 400
	if _, err := st.Insert(t.Context(), "removed", []report.Record{old}); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Insert(t.Context(), "kept", []report.Record{submission(t, "new")}); err != nil {
		t.Fatal(err)
	}
	both := tile("").Header().Get("ETag")
	if got := tile(both); got.Code != http.StatusNotModified {
		t.Fatalf("a tile that has not changed: status %d", got.Code)
	}
	if _, err := st.RemoveSource(t.Context(), "removed"); err != nil {
		t.Fatal(err)
	}
	*now = now.AddDate(0, 0, 8)
	if _, err := retain(t.Context(), log, st, day+8, retention{CoarsenAfter: 12, Unreleased: true}); err != nil {
		t.Fatal(err)
	}
	if got := tile(both); got.Code != http.StatusOK {
		t.Errorf("a tile without the report that was removed: status %d, want 200", got.Code)
	}
}
