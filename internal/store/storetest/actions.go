package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streetsafe/streetsafe/internal/store"
)

// OpenActions makes an empty database and returns a function that opens it, each
// call standing for another process, and one that runs SQL on it.
type OpenActions func(t testing.TB) (open func() ActionStore, exec func(query string) error)

// ActionStore is what RunActions needs: the audit log is written with each change.
type ActionStore interface {
	store.Actions
	store.Access
}

// RunActions runs the contract of store.Actions.
func RunActions(t *testing.T, create OpenActions) {
	t.Run("versions", func(t *testing.T) { testActionVersions(t, create) })
	t.Run("one of many writers wins", func(t *testing.T) { testActionRace(t, create) })
	t.Run("nothing is overwritten", func(t *testing.T) { testActionsKept(t, create) })
}

func actionVersion(id string, number int) store.ActionVersion {
	return store.ActionVersion{ID: id, Number: number, At: accessStart.Add(time.Duration(number) * time.Minute), Who: "ann@example.org", Change: "recorded",
		Body: fmt.Appendf(nil, `{"id":%q,"n":%d}`, id, number)}
}

func actionEntry(what string) store.AuditEntry {
	return store.AuditEntry{At: accessStart, Who: "ann@example.org", What: what, Cell: "88194ad32dfffff"}
}

func testActionVersions(t *testing.T, create OpenActions) {
	ctx := context.Background()
	open, _ := create(t)
	s, other := open(), open()
	if n := must[int64](t)(s.ActionRevision(ctx)); n != 0 {
		t.Errorf("an empty store is at revision %d", n)
	}
	var want []store.ActionVersion
	for i, v := range []store.ActionVersion{actionVersion("b", 1), actionVersion("a", 1), actionVersion("b", 2), actionVersion("b", 3)} {
		v.At = v.At.Add(300 * time.Millisecond)
		got := must[store.ActionVersion](t)(s.AddActionVersion(ctx, v, actionEntry(fmt.Sprintf("change %d", i))))
		v.Seq, v.At = int64(i+1), v.At.Truncate(time.Second)
		wantEqual(t, "kept", got, v)
		want = append(want, v)
	}
	wantEqual(t, "all", must[[]store.ActionVersion](t)(other.ActionVersions(ctx, 0)), want)
	wantEqual(t, "what is new", must[[]store.ActionVersion](t)(other.ActionVersions(ctx, 2)), want[2:])
	if n := must[int64](t)(other.ActionRevision(ctx)); n != 4 {
		t.Errorf("revision %d, want 4", n)
	}
	for name, number := range map[string]int{"the same again": 3, "one left out": 5} {
		_, err := s.AddActionVersion(ctx, actionVersion("b", number), actionEntry("late"))
		wantErr(t, name, err, store.ErrExists)
	}
	for name, spoil := range map[string]func(*store.ActionVersion){
		"no id": func(v *store.ActionVersion) { v.ID = "" }, "version 0": func(v *store.ActionVersion) { v.Number = 0 },
		"nobody": func(v *store.ActionVersion) { v.Who = "" }, "no change": func(v *store.ActionVersion) { v.Change = "" },
		"no time": func(v *store.ActionVersion) { v.At = time.Time{} }, "no JSON": func(v *store.ActionVersion) { v.Body = []byte("{") },
		"too large": func(v *store.ActionVersion) {
			v.Body = append(bytes.Repeat([]byte(" "), store.MaxActionBody), "{}"...)
		},
	} {
		v := actionVersion("c", 1)
		spoil(&v)
		_, err := s.AddActionVersion(ctx, v, actionEntry("bad"))
		wantErr(t, name, err, store.ErrInvalid)
	}
	_, err := s.AddActionVersion(ctx, actionVersion("c", 1), store.AuditEntry{})
	wantErr(t, "without an audit entry", err, store.ErrInvalid)
	// What was refused left no entry either.
	all := must[[]store.AuditEntry](t)(other.Audit(ctx, 0, 100))
	if len(all) != 4 || all[3].What != "change 3" {
		t.Errorf("audit log: %+v", all)
	}
	if c := must[store.AuditCheck](t)(store.VerifyAudit(ctx, other, "")); c.Broken != 0 {
		t.Errorf("the audit log does not hold: %+v", c)
	}
}

func testActionRace(t *testing.T, create OpenActions) {
	ctx := context.Background()
	open, _ := create(t)
	var won atomic.Int64
	var all sync.WaitGroup
	for range 4 {
		p := open()
		all.Go(func() {
			_, err := p.AddActionVersion(ctx, actionVersion("a", 1), actionEntry("race"))
			if err == nil {
				won.Add(1)
			} else if !errors.Is(err, store.ErrExists) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	s := open()
	if entries := must[[]store.AuditEntry](t)(s.Audit(ctx, 0, 10)); won.Load() != 1 || len(entries) != 1 {
		t.Errorf("%d won, %d entries in the log", won.Load(), len(entries))
	}
}

func testActionsKept(t *testing.T, create OpenActions) {
	ctx := context.Background()
	open, exec := create(t)
	s := open()
	must[store.ActionVersion](t)(s.AddActionVersion(ctx, actionVersion("a", 1), actionEntry("first")))
	for _, query := range []string{`UPDATE action_versions SET who = 'other'`, `DELETE FROM action_versions`} {
		if exec(query) == nil {
			t.Errorf("%s passed", query)
		}
	}
	if got := must[[]store.ActionVersion](t)(s.ActionVersions(ctx, 0)); len(got) != 1 || got[0].Who != "ann@example.org" {
		t.Errorf("%+v", got)
	}
}

// testActionsCopied moves actions to another store, twice, and finds what differs.
func testActionsCopied(t *testing.T, create New) {
	ctx := context.Background()
	from, to := openNew(t, create), openNew(t, create)
	for _, v := range []store.ActionVersion{actionVersion("b", 1), actionVersion("a", 1), actionVersion("b", 2)} {
		must[store.ActionVersion](t)(from.AddActionVersion(ctx, v, actionEntry("x")))
	}
	for range 2 {
		must[store.Copied](t)(store.Copy(ctx, from, to, nil))
	}
	wantEqual(t, "copied", must[[]store.ActionVersion](t)(to.ActionVersions(ctx, 0)), must[[]store.ActionVersion](t)(from.ActionVersions(ctx, 0)))
	wantSound(t, to)
	must[store.ActionVersion](t)(to.AddActionVersion(ctx, actionVersion("c", 1), actionEntry("x")))
	_, err := store.Copy(ctx, from, to, nil)
	wantErr(t, "a copy with more", err, store.ErrDiffers)
}
