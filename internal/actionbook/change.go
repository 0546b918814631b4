package actionbook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/action"
	"github.com/streetsafe/streetsafe/internal/store"
)

// Edit is a change of an action; nil fields stay as they are.
type Edit struct {
	Kind                                          *action.Kind
	Title, Body, Note, NoteCY, PartnerNote, Place *string
	Cells                                         []h3.Cell // nil to leave them
	Steps                                         []action.Step
	Works                                         *action.Works // the zero one takes them away
	Public                                        *bool
}

// Record keeps a new action. ID, Synthetic and the days of writing are given here.
// The error is a *access.Refusal, a *action.FieldError, or of the store.
func (b *Book) Record(ctx context.Context, who *access.Identity, a action.Action) (*Entry, error) {
	a.ID, a.Synthetic = uuid.NewString(), b.Synthetic
	return b.keep(ctx, who, draft{next: a, change: "recorded"})
}

// AddStep adds a step to an action, of which the caller has seen version number.
func (b *Book) AddStep(ctx context.Context, who *access.Identity, id string, number int, s action.Step) (*Entry, error) {
	before, err := b.at(id, number)
	if err != nil {
		return nil, err
	}
	next := before.Action
	next.Steps = append(slices.Clone(next.Steps), s)
	return b.keep(ctx, who, draft{before: &before.Version, next: next, change: "step " + string(s.Status)})
}

// Change edits an action, of which the caller has seen version number.
func (b *Book) Change(ctx context.Context, who *access.Identity, id string, number int, e Edit) (*Entry, error) {
	before, err := b.at(id, number)
	if err != nil {
		return nil, err
	}
	next := before.Action
	for _, f := range []struct{ to, from *string }{
		{&next.Title, e.Title}, {&next.Body, e.Body}, {&next.Note, e.Note}, {&next.NoteCY, e.NoteCY}, {&next.PartnerNote, e.PartnerNote}, {&next.Place, e.Place},
	} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	if e.Kind != nil {
		next.Kind = *e.Kind
	}
	if e.Cells != nil {
		next.Cells = e.Cells
	}
	if e.Steps != nil {
		next.Steps = e.Steps
	}
	if e.Works != nil {
		next.Works = *e.Works
	}
	change := "edited"
	if e.Public != nil && *e.Public != next.Public {
		next.Public = *e.Public
		change = "withdrawn from the public"
		if next.Public {
			change = "shown to the public"
		}
	}
	return b.keep(ctx, who, draft{before: &before.Version, next: next, change: change})
}

func (b *Book) at(id string, number int) (*Entry, error) {
	e, err := b.Entry(id)
	if err == nil && e.Number != number {
		err = ErrStale
	}
	return e, err
}

// draft is a version to be kept.
type draft struct {
	before *Version // nil for a new action
	next   action.Action
	change string
}

// keep asks the policy, checks the action and puts it into the store.
func (b *Book) keep(ctx context.Context, who *access.Identity, d draft) (*Entry, error) {
	next := b.dated(d)
	if err := next.Check(b.Today()); err != nil {
		return nil, err
	}
	cells := next.Cells
	if d.before != nil { // whoever moves an action must be allowed to touch it where it was
		cells = append(slices.Clone(cells), d.before.Cells...)
	}
	if _, err := access.Decide(who, access.Ask{Surface: access.SurfaceRecord, Cells: cells, Today: b.Today()}); err != nil {
		return nil, err
	}
	body, err := next.Encode()
	if err != nil {
		return nil, err
	}
	v := store.ActionVersion{ID: next.ID, Number: 1, At: b.Now(), Who: NameOf(who), Change: d.change, Body: body}
	if d.before != nil {
		v.Number = d.before.Number + 1
	}
	_, err = b.Store.AddActionVersion(ctx, v, store.AuditEntry{At: v.At, Who: v.Who, What: "action " + d.change, Cell: next.Cells[0].String(),
		Why: fmt.Sprintf("%s %s, version %d", next.Kind, next.ID, v.Number)})
	if errors.Is(err, store.ErrExists) {
		err = ErrStale
	}
	if err := errors.Join(err, b.Load(ctx)); err != nil {
		return nil, err
	}
	return b.Entry(next.ID)
}

// dated fills in when each step was written down: today, unless it was there
// before in the same words.
func (b *Book) dated(d draft) action.Action {
	next, today := d.next.Tidy(), b.Today()
	for i := range next.Steps {
		s := &next.Steps[i]
		s.Recorded = today
		if d.before == nil || i >= len(d.before.Steps) {
			continue
		}
		old := d.before.Steps[i]
		if s.Recorded = old.Recorded; *s != old {
			s.Recorded = today
		}
	}
	return next
}

// NameOf is how the history and the audit log call somebody.
func NameOf(who *access.Identity) string {
	return cmp.Or(who.Email, "demo "+who.Role.String())
}
