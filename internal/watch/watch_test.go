package watch_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/internal/store/sqlite"
	"github.com/streetsafe/streetsafe/internal/watch"
)

var now = time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)

// officers lets everybody act as an officer, who may be bound to a region.
type officers struct{ who *access.Identity }

func (o officers) Acting(_ context.Context, account int64) (*access.Identity, error) {
	if account == 404 {
		return nil, store.ErrNotFound
	}
	return o.who, nil
}

// history is a year with about ten reports in four weeks around a place, and
// last of them in the latest four.
func history(t testing.TB, last int) []report.Report {
	t.Helper()
	cell, err := report.CellAt(51.5, -0.1)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	end := report.DayOf(now)
	var out []report.Report
	add := func(d report.Day) {
		out = append(out, report.Report{Cell: cell, Day: d, Daypart: report.Night, Dark: report.DarkYes, Factors: report.FactorSet(report.BadlyLit)})
	}
	for d := end - 364; d <= end-28; d++ {
		if rng.IntN(28) < 10 {
			add(d)
		}
	}
	for i := range last {
		add(end - report.Day(i%28))
	}
	return out
}

type bench struct {
	*watch.Watcher
	store *sqlite.Store
	cube  *cube.Cube
	log   *bytes.Buffer
	who   *access.Identity
}

func newBench(t testing.TB, who *access.Identity, reports []report.Report, send ...watch.Channel) *bench {
	t.Helper()
	b := cube.NewBuilder()
	if err := b.Add(cube.Batch{Generation: 1, Add: reports}); err != nil {
		t.Fatal(err)
	}
	snap, err := b.Snapshot(1)
	if err != nil {
		t.Fatal(err)
	}
	st, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), sqlite.FileName), sqlite.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	x := &bench{store: st, cube: cube.New(snap), log: &bytes.Buffer{}, who: who}
	x.Watcher = watch.New(watch.Parts{Library: st, Gate: officers{who}, Cube: x.cube, Now: func() time.Time { return now }, Log: slog.New(slog.NewTextHandler(x.log, nil)), Send: send})
	return x
}

func officer() *access.Identity { return access.NewIdentity(access.Officer, access.National, nil) }

var wish = watch.Wish{Name: "Soho after dark", Address: "?at=51.5,-0.1,14", Filter: "factors=badly_lit&from=2026-01-01&to=2026-02-01", Box: "-0.2,51.4,0,51.6", Resolution: 9, Alert: true}

func (b *bench) save(t testing.TB, w watch.Wish) int64 {
	t.Helper()
	id, err := b.Save(context.Background(), b.who, w)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (b *bench) alerts(t testing.TB) []store.ViewAlert {
	t.Helper()
	if err := b.Look(context.Background()); err != nil {
		t.Fatal(err)
	}
	list, err := b.Alerts(context.Background(), b.who)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestWatcher_Look(t *testing.T) {
	for _, c := range []struct {
		name   string
		last   int
		change func(*watch.Wish)
		want   int
	}{
		{"as ever", 10, func(*watch.Wish) {}, 0},
		{"three times as many", 32, func(*watch.Wish) {}, 1},
		{"not watched", 32, func(w *watch.Wish) { w.Alert = false }, 0},
		{"another place", 32, func(w *watch.Wish) { w.Box = "-3,53,-2,54" }, 0},
		{"another factor", 32, func(w *watch.Wish) { w.Filter = "factors=followed" }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, officer(), history(t, c.last))
			w := wish
			c.change(&w)
			b.save(t, w)
			list := b.alerts(t)
			if len(list) != c.want {
				t.Fatalf("%d alerts, want %d: %+v", len(list), c.want, list)
			}
			if c.want > 0 && (list[0].Reports != int64(c.last) || list[0].Name != wish.Name || list[0].Sentence == "" || float64(c.last) <= list[0].Upper) {
				t.Errorf("%+v", list[0])
			}
			if again := b.alerts(t); len(again) != c.want {
				t.Errorf("looking again gives %d alerts", len(again))
			}
		})
	}
}

// A new batch is looked at anew.
func TestWatcher_Look_newReports(t *testing.T) {
	b := newBench(t, officer(), history(t, 10))
	b.save(t, wish)
	if list := b.alerts(t); len(list) != 0 {
		t.Fatalf("%+v", list)
	}
	if _, err := b.cube.Apply(cube.Batch{Generation: 2, Add: history(t, 25)[len(history(t, 0)):]}); err != nil {
		t.Fatal(err)
	}
	if list := b.alerts(t); len(list) != 1 || list[0].Reports != 35 {
		t.Errorf("%+v", list)
	}
	if err := b.See(context.Background(), b.who, b.alerts(t)[0].ID); err != nil || !b.alerts(t)[0].Seen {
		t.Errorf("seen: %v, %+v", err, b.alerts(t))
	}
}

// An officer who is bound to a region is told of that region alone.
func TestWatcher_Look_bound(t *testing.T) {
	for name, at := range map[string]h3.LatLng{"here": {Lat: 51.5, Lng: -0.1}, "elsewhere": {Lat: 51.55, Lng: -0.18}} {
		c, err := h3.LatLngToCell(at, access.RegionResolution)
		if err != nil {
			t.Fatal(err)
		}
		region, err := access.NewRegion("E1", []h3.Cell{c})
		if err != nil {
			t.Fatal(err)
		}
		b := newBench(t, access.NewIdentity(access.Officer, "E1", region), history(t, 32))
		b.save(t, wish)
		if got := len(b.alerts(t)); got != map[string]int{"here": 1, "elsewhere": 0}[name] {
			t.Errorf("%s: %d alerts", name, got)
		}
	}
}

func TestWatcher_Views(t *testing.T) {
	b := newBench(t, officer(), history(t, 32))
	id := b.save(t, wish)
	views, err := b.Views(context.Background(), b.who)
	if err != nil || len(views) != 1 {
		t.Fatalf("%+v, %v", views, err)
	}
	v := views[0]
	if v.Filter != "factors=badly_lit" || v.Address != wish.Address || !v.View.Alert || v.Now == nil || v.Now.Alarm.Now != 32 {
		t.Errorf("%+v", v)
	}
	if _, err := b.Save(context.Background(), b.who, wish); !errors.Is(err, watch.ErrExists) {
		t.Errorf("a second of the name: %v", err)
	}
	if err := b.SetAlert(context.Background(), b.who, id, false); err != nil {
		t.Error(err)
	}
	if list := b.alerts(t); len(list) != 0 {
		t.Errorf("switched off, but %+v", list)
	}
	if err := errors.Join(b.Remove(context.Background(), b.who, id)); err != nil {
		t.Error(err)
	}
	for what, err := range map[string]error{"remove": b.Remove(context.Background(), b.who, id), "change": b.SetAlert(context.Background(), b.who, id, true)} {
		if !errors.Is(err, watch.ErrNotFound) {
			t.Errorf("%s what is gone: %v", what, err)
		}
	}
}

func TestWatcher_Save_refuses(t *testing.T) {
	b := newBench(t, officer(), history(t, 1))
	for field, change := range map[string]func(*watch.Wish){
		"name": func(w *watch.Wish) { w.Name = " " }, "address": func(w *watch.Wish) { w.Address = "https://evil.example" },
		"bbox": func(w *watch.Wish) { w.Box = "1,2" }, "res": func(w *watch.Wish) { w.Resolution = 2 }, "filter": func(w *watch.Wish) { w.Filter = "factors=dim" },
	} {
		w := wish
		change(&w)
		_, err := b.Save(context.Background(), b.who, w)
		var invalid *watch.InvalidError
		if !errors.As(err, &invalid) || invalid.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	w := wish
	w.Name = strings.Repeat("x", 81)
	if _, err := b.Save(context.Background(), b.who, w); err == nil {
		t.Error("a name of 81 letters is taken")
	}
	planner := access.NewIdentity(access.Planner, "E1", nil)
	w = wish
	w.Filter = "factors=verbal_single,verbal_group,followed,other_harassment"
	var refused *access.Refusal
	if _, err := b.Save(context.Background(), planner, w); !errors.As(err, &refused) {
		t.Errorf("a planner and behavioural factors: %v", err)
	}
	for i := range 100 {
		w := wish
		w.Name = strings.Repeat("v", 1+i%80) + strings.Repeat("w", i/80)
		if _, err := b.Save(context.Background(), b.who, w); err != nil && !errors.Is(err, watch.ErrExists) {
			t.Fatalf("view %d: %v", i, err)
		}
	}
	w.Name, w.Filter = "one more", ""
	if _, err := b.Save(context.Background(), b.who, w); err == nil {
		t.Error("a view beyond the limit is taken")
	}
}
