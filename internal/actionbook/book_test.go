package actionbook_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/action"
	"github.com/streetsafe/streetsafe/internal/actionbook"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

const today report.Day = 20_500

// shelf is a store in memory that several books share, each standing for a process.
type shelf struct {
	mu      sync.Mutex
	all     []store.ActionVersion
	entries []store.AuditEntry
	broken  error
}

func (s *shelf) AddActionVersion(_ context.Context, v store.ActionVersion, e store.AuditEntry) (store.ActionVersion, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := errors.Join(s.broken, store.ValidateActionVersion(v), store.ValidateAudit(e)); err != nil {
		return v, err
	}
	last := 0
	for _, o := range s.all {
		if o.ID == v.ID {
			last = o.Number
		}
	}
	if v.Number != last+1 {
		return v, store.ErrExists
	}
	v.Seq = int64(len(s.all) + 1)
	s.all, s.entries = append(s.all, v), append(s.entries, e)
	return v, nil
}

func (s *shelf) ActionVersions(_ context.Context, after int64) ([]store.ActionVersion, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.all[after:]), s.broken
}

func (s *shelf) ActionRevision(context.Context) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int64(len(s.all)), s.broken
}

var _ store.Actions = (*shelf)(nil)

func newBook(s *shelf) *actionbook.Book {
	return actionbook.New(actionbook.Parts{Store: s, Today: func() report.Day { return today }, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
}

func cellAt(t testing.TB, lat, lng float64, res int) h3.Cell {
	t.Helper()
	c, err := h3.LatLngToCell(h3.LatLng{Lat: lat, Lng: lng}, res)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func lamps(t testing.TB) action.Action {
	return action.Action{Kind: action.Lighting, Body: "Croydon Council", PartnerNote: "for partners", Cells: []h3.Cell{cellAt(t, 51.3752, -0.0929, 10)},
		Steps: []action.Step{{Status: action.Seen, Day: today - 10, Body: "Croydon Council"}}, Public: true}
}

var officer = access.NewIdentity(access.Officer, access.National, nil)

func record(t testing.TB, b *actionbook.Book, a action.Action) *actionbook.Entry {
	t.Helper()
	e, err := b.Record(t.Context(), officer, a)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// An action goes its way, another process sees it, and nothing of its past is lost.
func TestBook(t *testing.T) {
	s := &shelf{}
	b, other := newBook(s), newBook(s)
	heard := b.Changed()
	e := record(t, b, lamps(t))
	select {
	case <-heard:
	default:
		t.Error("nobody heard of the change")
	}
	e, err := b.AddStep(t.Context(), officer, e.ID, 1, action.Step{Status: action.Planned, Day: today, Body: "Croydon Council"})
	if err != nil {
		t.Fatal(err)
	}
	title, hide := "Lamps", false
	if e, err = b.Change(t.Context(), officer, e.ID, 2, actionbook.Edit{Title: &title}); err != nil {
		t.Fatal(err)
	}
	if e, err = b.Change(t.Context(), officer, e.ID, 3, actionbook.Edit{Public: &hide}); err != nil {
		t.Fatal(err)
	}
	if err := other.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := other.Entry(e.ID)
	if err != nil || got.Number != 4 || got.Title != "Lamps" || got.Public || got.Status() != action.Planned || len(got.History) != 4 {
		t.Fatalf("%+v, %v", got, err)
	}
	var changes, logged []string
	for i, v := range got.History {
		changes, logged = append(changes, v.Change), append(logged, s.entries[i].What)
		if v.Number != i+1 || v.Who != "demo officer" {
			t.Errorf("version %+v", v)
		}
	}
	if want := "recorded, step planned, edited, withdrawn from the public"; strings.Join(changes, ", ") != want {
		t.Errorf("changes %v", changes)
	}
	if want := "action recorded, action step planned, action edited, action withdrawn from the public"; strings.Join(logged, ", ") != want || s.entries[0].Cell == "" || !strings.Contains(s.entries[0].Why, e.ID) {
		t.Errorf("audit log %v", s.entries)
	}
	if first := got.History[0]; first.Title != "" || len(first.Steps) != 1 || !first.Public {
		t.Errorf("the first version became %+v", first)
	}
}

func TestBook_refuses(t *testing.T) {
	s := &shelf{}
	b := newBook(s)
	e := record(t, b, lamps(t))
	step := action.Step{Status: action.Done, Day: today, Body: "Croydon Council"}
	if _, err := b.AddStep(t.Context(), officer, e.ID, 2, step); !errors.Is(err, actionbook.ErrStale) {
		t.Errorf("a version that is not the last: %v", err)
	}
	if _, err := b.AddStep(t.Context(), officer, "none", 1, step); !errors.Is(err, actionbook.ErrNotFound) {
		t.Errorf("no such action: %v", err)
	}
	other := newBook(s) // another process was faster
	if err := other.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := other.AddStep(t.Context(), officer, e.ID, 1, step); err != nil {
		t.Fatal(err)
	}
	if _, err := b.AddStep(t.Context(), officer, e.ID, 1, step); !errors.Is(err, actionbook.ErrStale) {
		t.Errorf("overtaken: %v", err)
	}
	var wrong *action.FieldError
	bad := lamps(t)
	bad.Kind = "magic"
	if _, err := b.Record(t.Context(), officer, bad); !errors.As(err, &wrong) {
		t.Errorf("a wrong kind: %v", err)
	}
	// A planner of another place: not there, and not by moving it.
	here, err := access.NewRegion("here", []h3.Cell{cellAt(t, 51.3752, -0.0929, 8)})
	if err != nil {
		t.Fatal(err)
	}
	away, err := access.NewRegion("away", []h3.Cell{cellAt(t, 53, -2, 8)})
	if err != nil {
		t.Fatal(err)
	}
	planner := func(r *access.Region) *access.Identity { return access.NewIdentity(access.Planner, "E09000008", r) }
	var refusal *access.Refusal
	if _, err := b.Record(t.Context(), planner(away), lamps(t)); !errors.As(err, &refusal) {
		t.Errorf("outside: %v", err)
	}
	if _, err := b.Change(t.Context(), planner(away), e.ID, 2, actionbook.Edit{Cells: away.Cells()}); !errors.As(err, &refusal) {
		t.Errorf("moved into the own area: %v", err)
	}
	if _, err := b.Record(t.Context(), planner(here), lamps(t)); err != nil {
		t.Errorf("inside: %v", err)
	}
	s.broken = store.ErrUnavailable
	if _, err := b.Record(t.Context(), officer, lamps(t)); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a store that is down: %v", err)
	}
}

// When a step was written down stays as it was, unless it is reworded.
func TestBook_recorded(t *testing.T) {
	s := &shelf{}
	day := today
	b := actionbook.New(actionbook.Parts{Store: s, Today: func() report.Day { return day }})
	e := record(t, b, lamps(t))
	day += 5
	e, err := b.AddStep(t.Context(), officer, e.ID, 1, action.Step{Status: action.Done, Day: today, Body: "Croydon Council"})
	if err != nil || e.Steps[0].Recorded != today || e.Steps[1].Recorded != day {
		t.Fatalf("%+v, %v", e, err)
	}
	day += 5
	steps := slices.Clone(e.Steps)
	steps[0].Note = "reworded"
	e, err = b.Change(t.Context(), officer, e.ID, 2, actionbook.Edit{Steps: steps})
	if err != nil || e.Steps[0].Recorded != day || e.Steps[1].Recorded != day-5 {
		t.Errorf("%+v, %v", e, err)
	}
}

// Two processes publish into one directory: what is there is the newest, whoever
// comes last, and what was withdrawn is gone.
func TestPublisher(t *testing.T) {
	s, dir := &shelf{}, t.TempDir()
	b, late := newBook(s), newBook(s)
	e := record(t, b, lamps(t))
	publish := func(b *actionbook.Book) bool {
		t.Helper()
		changed, err := (&actionbook.Publisher{Book: b, Dir: dir, Source: "store"}).Publish(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return changed
	}
	read := func() (doc action.Document) {
		t.Helper()
		raw, err := os.ReadFile(filepath.Join(dir, action.Dir, action.JSONFile))
		if err == nil {
			err = json.Unmarshal(raw, &doc)
		}
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(raw), "for partners") {
			t.Error("the note for partners is published")
		}
		return doc
	}
	if !publish(b) || len(read().Actions) != 1 {
		t.Fatal("not published")
	}
	if publish(late) || publish(b) {
		t.Error("the same state was written again")
	}
	hide := false
	if _, err := b.Change(t.Context(), officer, e.ID, 1, actionbook.Edit{Public: &hide}); err != nil {
		t.Fatal(err)
	}
	if !publish(late) || len(read().Actions) != 0 {
		t.Error("a process that had not heard of it published the state before")
	}
}

// Every change is published without a tick; a directory that cannot be written to
// is tried again.
func TestPublisher_Follow(t *testing.T) {
	s, dir := &shelf{}, filepath.Join(t.TempDir(), "public")
	if err := os.WriteFile(dir, nil, 0o600); err != nil { // a file where the directory should be
		t.Fatal(err)
	}
	b := newBook(s)
	p := &actionbook.Publisher{Book: b, Dir: dir, Source: "store", Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	ctx, cancel := context.WithCancel(t.Context())
	retry, published, ended := make(chan time.Time), make(chan struct{}), make(chan struct{})
	go func() {
		p.Follow(ctx, retry, func() { published <- struct{}{} })
		close(ended)
	}()
	retry <- time.Time{} // taken when the first try has failed
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	// The try that the tick started may have come before or after the removal.
	for done := false; !done; {
		select {
		case retry <- time.Time{}:
		case <-published:
			done = true
		}
	}
	record(t, b, lamps(t))
	<-published
	raw, err := os.ReadFile(filepath.Join(dir, action.Dir, action.JSONFile))
	if err != nil || !strings.Contains(string(raw), "Croydon Council") {
		t.Errorf("%s, %v", raw, err)
	}
	cancel()
	<-ended
}

// Follow hears of what another process writes.
func TestBook_Follow(t *testing.T) {
	s := &shelf{}
	b, other := newBook(s), newBook(s)
	ctx, cancel := context.WithCancel(t.Context())
	tick, ended := make(chan time.Time), make(chan struct{})
	go func() { b.Follow(ctx, tick); close(ended) }()
	heard := b.Changed()
	record(t, other, lamps(t))
	tick <- time.Time{}
	<-heard
	if len(b.All()) != 1 || b.Revision() != 1 {
		t.Errorf("%d actions at revision %d", len(b.All()), b.Revision())
	}
	cancel()
	<-ended
}
