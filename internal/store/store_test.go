package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/migrations"
)

func cell(t testing.TB) h3.Cell {
	t.Helper()
	c, err := h3.LatLngToCell(h3.LatLng{Lat: 51.5, Lng: -0.1}, report.Resolution)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPrepare(t *testing.T) {
	rec := func(id string, f report.Factors) report.Record {
		return report.Record{ExternalID: id, Report: report.Report{Cell: cell(t), Day: 20000, Factors: f}}
	}
	for _, c := range []struct {
		name     string
		in, want []report.Record
	}{
		{"nothing", nil, nil},
		{"in order already", []report.Record{rec("a", 1), rec("b", 2)}, []report.Record{rec("a", 1), rec("b", 2)}},
		{"brought into order", []report.Record{rec("b", 2), rec("a", 1)}, []report.Record{rec("a", 1), rec("b", 2)}},
		{"the last of an id", []report.Record{rec("a", 1), rec("b", 1), rec("a", 2), rec("a", 3)}, []report.Record{rec("a", 3), rec("b", 1)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := slices.Clone(c.in)
			got, dropped, err := store.Prepare(c.in)
			if err != nil || !slices.Equal(got, c.want) || dropped != len(c.in)-len(c.want) {
				t.Errorf("%v, %d dropped, %v; want %v", got, dropped, err, c.want)
			}
			if !slices.Equal(c.in, before) {
				t.Errorf("changed the caller's records to %v", c.in)
			}
		})
	}
}

// The check of a cell's form by its bits agrees with H3 on all base cells, the
// pentagons among them.
func TestValidateRecord_Cells(t *testing.T) {
	rec := func(c h3.Cell) report.Record {
		return report.Record{ExternalID: "1", Report: report.Report{Cell: c, Day: 20000, Factors: 1}}
	}
	bases, err := h3.Res0Cells()
	if err != nil {
		t.Fatal(err)
	}
	for _, base := range bases {
		c, err := base.CenterChild(report.Resolution)
		if err != nil {
			t.Fatal(err)
		}
		if err := store.ValidateRecord(rec(c)); err != nil {
			t.Error(err)
		}
		for _, wrong := range []h3.Cell{base, c | -1<<63, c | 1<<56, c &^ 7, c + 127<<45} {
			if err := store.ValidateRecord(rec(wrong)); !errors.Is(err, store.ErrInvalid) {
				t.Errorf("%#x: error %v, want %v", uint64(wrong), err, store.ErrInvalid)
			}
		}
	}
}

func TestLoadMigrations(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for _, c := range []struct {
		name  string
		files fstest.MapFS
		want  string // the names joined, or part of the error
		fails bool
	}{
		{"none", fstest.MapFS{}, "", false},
		{"two", fstest.MapFS{"0001_a.sql": file("x"), "0002_b_c.sql": file("y"), "readme": file("")}, "a b_c", false},
		{"a gap", fstest.MapFS{"0001_a.sql": file(""), "0003_b.sql": file("")}, "0002_name.sql", true},
		{"two of one number", fstest.MapFS{"0001_a.sql": file(""), "0001_b.sql": file("")}, "0002_name.sql", true},
		{"no number", fstest.MapFS{"a.sql": file("")}, "0001_name.sql", true},
		{"no name", fstest.MapFS{"0001.sql": file("")}, "0001_name.sql", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			all, err := store.LoadMigrations(c.files)
			var names []string
			for _, m := range all {
				names = append(names, m.Name)
			}
			got := strings.Join(names, " ")
			if c.fails {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %v, want one with %q", err, c.want)
				}
			} else if err != nil || got != c.want {
				t.Errorf("%q, %v, want %q", got, err, c.want)
			}
		})
	}
}

// Both engines know the same steps under the same names.
func TestLoadMigrations_EnginesAgree(t *testing.T) {
	lite, err := store.LoadMigrations(migrations.SQLite())
	if err != nil {
		t.Fatal(err)
	}
	post, err := store.LoadMigrations(migrations.Postgres())
	if err != nil {
		t.Fatal(err)
	}
	if len(lite) == 0 || len(lite) != len(post) {
		t.Fatalf("%d migrations of SQLite, %d of PostgreSQL", len(lite), len(post))
	}
	for i := range lite {
		if lite[i].Name != post[i].Name {
			t.Errorf("migration %d is %s in SQLite, %s in PostgreSQL", i+1, lite[i].Name, post[i].Name)
		}
	}
}

func TestPendingMigrations(t *testing.T) {
	known := []store.Migration{{Number: 1, Name: "a", Checksum: "A"}, {Number: 2, Name: "b", Checksum: "B"}}
	a := store.AppliedMigration{Number: 1, Name: "a", Checksum: "A"}
	b := store.AppliedMigration{Number: 2, Name: "b", Checksum: "B"}
	for _, c := range []struct {
		name    string
		applied []store.AppliedMigration
		pending int
		want    error
	}{
		{"a new database", nil, 2, nil},
		{"an older one", []store.AppliedMigration{a}, 1, nil},
		{"up to date", []store.AppliedMigration{a, b}, 0, nil},
		{"a newer one", []store.AppliedMigration{a, b, {Number: 3}}, 0, store.ErrNewerSchema},
		{"a skipped one", []store.AppliedMigration{b}, 0, store.ErrChangedMigration},
		{"a changed one", []store.AppliedMigration{{Number: 1, Checksum: "X"}}, 0, store.ErrChangedMigration},
	} {
		t.Run(c.name, func(t *testing.T) {
			pending, err := store.PendingMigrations(known, c.applied)
			if len(pending) != c.pending || !errors.Is(err, c.want) {
				t.Errorf("%d pending, %v; want %d, %v", len(pending), err, c.pending, c.want)
			}
		})
	}
}

func TestWatcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var beacon store.Beacon
		var generation atomic.Uint64
		generation.Store(5)
		var down, stalled atomic.Bool
		failure := errors.New("down")
		watched := store.Watcher{
			Read: func(ctx context.Context) (uint64, error) {
				if stalled.Load() {
					<-ctx.Done()
					return 0, ctx.Err()
				}
				if down.Load() {
					return 0, failure
				}
				return generation.Load(), nil
			},
			Every:  time.Minute,
			Within: time.Second,
			Beacon: &beacon,
		}.Watch(ctx)
		none := store.Sighting{Generation: 999}
		want := func(step string, want store.Sighting) {
			t.Helper()
			synctest.Wait()
			got := none
			select {
			case got = <-watched:
			default:
			}
			if got.Generation != want.Generation || !errors.Is(got.Err, want.Err) {
				t.Errorf("%s: %+v, want %+v", step, got, want)
			}
		}
		want("at first", store.Sighting{Generation: 5})
		want("no news", none)
		generation.Store(6)
		want("not looked yet", none)
		beacon.Light()
		want("woken", store.Sighting{Generation: 6})
		generation.Store(7)
		time.Sleep(time.Minute)
		want("looked by itself", store.Sighting{Generation: 7})
		down.Store(true)
		generation.Store(8)
		time.Sleep(time.Minute)
		want("the database is down", store.Sighting{Err: failure})
		down.Store(false)
		time.Sleep(time.Minute)
		want("up again", store.Sighting{Generation: 8})
		stalled.Store(true)
		time.Sleep(time.Minute + 2*time.Second)
		want("the database does not answer", store.Sighting{Err: context.DeadlineExceeded})
		stalled.Store(false)
		time.Sleep(time.Minute)
		for g := range uint64(20) {
			generation.Store(g)
			beacon.Light()
			synctest.Wait()
		}
		want("a slow reader gets the newest", store.Sighting{Generation: 19})
		beacon.Close()
		synctest.Wait()
		if _, open := <-watched; open {
			t.Error("a value after the beacon was closed")
		}
	})
}

// However late on its day a report came and however early the publishing runs,
// 24 hours lie between, and after the longest wait none is held back.
func TestSchedule_Due(t *testing.T) {
	schedule := store.DefaultSchedule()
	first := time.Date(2025, 3, 10, 0, 0, 0, 0, time.UTC)
	for received := range 48 {
		for later := range 24 * 12 {
			came := first.Add(time.Duration(received) * 30 * time.Minute)
			now := came.Add(time.Duration(later) * time.Hour)
			p := store.Pending{ReceivedOn: report.DayOf(came)}
			p.Cell = cell(t)
			alone, err := schedule.Due([]store.Pending{p}, report.DayOf(now))
			if err != nil {
				t.Fatal(err)
			}
			crowd, err := schedule.Due([]store.Pending{p, p, p, p, p}, report.DayOf(now))
			if err != nil {
				t.Fatal(err)
			}
			age := now.Sub(came)
			if len(crowd) > 0 && age < 24*time.Hour {
				t.Errorf("received %v, published %v", came, now)
			}
			if len(alone) == 0 && age >= 7*24*time.Hour || len(crowd) == 0 && age >= 48*time.Hour {
				t.Errorf("received %v, held back %v", came, now)
			}
			if len(alone) > 0 && age < 6*24*time.Hour {
				t.Errorf("one alone received %v, published %v", came, now)
			}
		}
	}
}

func TestStates_ofNewerProgram(t *testing.T) {
	known := []store.Migration{{Number: 1, Name: "a"}, {Number: 2, Name: "b"}}
	applied := []store.AppliedMigration{{Number: 1, Name: "a", AppliedOn: 5}, {Number: 2, Name: "b", AppliedOn: 6}, {Number: 3, Name: "c", AppliedOn: 7}}
	got := store.States(known, applied)
	if len(got) != 3 || got[1].Unknown || !got[2].Unknown || !got[2].Applied || got[2].Name != "c" {
		t.Errorf("%+v", got)
	}
	if got := store.States(known, applied[:1]); got[1].Applied || got[1].Unknown {
		t.Errorf("not applied yet: %+v", got)
	}
}
