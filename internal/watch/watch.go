// Package watch keeps views of the map under a name and tells when one rises
// beyond what its history explains: in the hub, to a webhook, by mail. Each view
// is counted as its account may see it.
package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/analysis"
	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/uber/h3-go/v4"
)

const (
	maxViews   = 100 // of an account
	maxName    = 80  // runes
	maxAddress = 2000
	maxAlerts  = 50 // that are listed

	// quietDays is how long after an alert a view raises no other one: a rise that
	// lasts is one piece of news, not one a day.
	quietDays = 14
)

// ErrNotFound says that an account has no such view, ErrExists that it has one
// of the name.
var (
	ErrNotFound = errors.New("no such view")
	ErrExists   = errors.New("a view of this name exists")
)

// InvalidError is a view that cannot be kept. Its text is for people.
type InvalidError struct{ Field, Reason string }

func (e *InvalidError) Error() string { return e.Reason }

// Gate finds out what an account may see.
type Gate interface {
	Acting(ctx context.Context, account int64) (*access.Identity, error)
}

// Parts are what a watcher is made of.
type Parts struct {
	Library store.Library
	Gate    Gate
	Cube    *cube.Cube
	Now     func() time.Time // nil for time.Now
	Log     *slog.Logger
	Send    []Channel // where alerts go beside the hub
}

// Watcher keeps and watches views. It is safe for use by many goroutines.
type Watcher struct {
	Parts
	mu      sync.Mutex // guards the fields below
	checked map[int64]check
	of      uint64 // generation of checked
}

type check struct {
	alert analysis.Alert
	err   error
}

// New returns a watcher.
func New(p Parts) *Watcher {
	if p.Now == nil {
		p.Now = time.Now
	}
	return &Watcher{Parts: p, checked: map[int64]check{}}
}

// View is a saved view and how it stands against its history.
type View struct {
	store.View
	Now *analysis.Alert // nil when it cannot be compared
	Why string          // why not, for people
}

// Wish is a view to be saved.
type Wish struct {
	Name       string `json:"name"`
	Address    string `json:"address"` // the page's state: "" or "?..."
	Filter     string `json:"filter"`  // query string; a window in it is left out
	Box        string `json:"bbox"`
	Resolution int    `json:"res"`
	Alert      bool   `json:"alert"`
}

// Save keeps a view for somebody and returns its ID. The error may be an
// *InvalidError, an *access.Refusal or ErrExists.
func (w *Watcher) Save(ctx context.Context, who *access.Identity, wish Wish) (int64, error) {
	v, err := wish.view(w.Now())
	if err != nil {
		return 0, err
	}
	v.Account = who.Account
	if _, err := w.grant(who, v); err != nil {
		return 0, err
	}
	all, err := w.Library.Views(ctx, who.Account)
	if err != nil {
		return 0, err
	}
	if len(all) >= maxViews {
		return 0, &InvalidError{"name", fmt.Sprintf("You have %d views, as many as an account may have. Remove one first.", maxViews)}
	}
	id, err := w.Library.SaveView(ctx, v)
	if errors.Is(err, store.ErrExists) {
		return 0, ErrExists
	}
	return id, err
}

func (w Wish) view(now time.Time) (store.View, error) {
	v := store.View{Name: strings.TrimSpace(w.Name), Address: w.Address, Box: w.Box, Resolution: w.Resolution, Alert: w.Alert, CreatedAt: now}
	if v.Name == "" || len([]rune(v.Name)) > maxName || strings.ContainsFunc(v.Name, unicode.IsControl) {
		return v, &InvalidError{"name", fmt.Sprintf("Give the view a name of up to %d letters.", maxName)}
	}
	if v.Address != "" && v.Address[0] != '?' || len(v.Address) > maxAddress || strings.ContainsFunc(v.Address, unicode.IsControl) {
		return v, &InvalidError{"address", "The address of the view is not one of the map."}
	}
	if _, err := report.ParseBox(v.Box); err != nil {
		return v, &InvalidError{"bbox", "The view needs its box as west,south,east,north in degrees."}
	}
	if v.Resolution < report.CoarsestResolution || v.Resolution > report.Resolution {
		return v, &InvalidError{"res", fmt.Sprintf("The view needs a resolution from %d to %d.", report.CoarsestResolution, report.Resolution)}
	}
	f, err := parseFilter(w.Filter)
	if err != nil {
		return v, &InvalidError{"filter", "The filter of the view cannot be read."}
	}
	v.Filter = f.Query()
	return v, nil
}

// parseFilter reads a filter and leaves its window out: alerts choose their own.
func parseFilter(query string) (report.Filter, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return report.Filter{}, err
	}
	f, err := report.ParseFilter(values)
	f.From, f.To = 0, 0
	return f.Canonical(), err
}

// Views lists the views of somebody by name, each held to its history.
func (w *Watcher) Views(ctx context.Context, who *access.Identity) ([]View, error) {
	list, err := w.Library.Views(ctx, who.Account)
	if err != nil {
		return nil, err
	}
	out := make([]View, 0, len(list))
	for _, v := range list {
		x := View{View: v}
		a, err := w.check(who, v)
		var refused *access.Refusal
		switch {
		case errors.As(err, &refused):
			x.Why = refused.Reason
		case err != nil:
			return nil, err
		default:
			x.Now = &a
		}
		out = append(out, x)
	}
	return out, nil
}

// SetAlert changes whether a view raises alerts. ErrNotFound.
func (w *Watcher) SetAlert(ctx context.Context, who *access.Identity, id int64, alert bool) error {
	return found(w.Library.SetViewAlert(ctx, who.Account, id, alert))
}

// Remove forgets a view and its alerts. ErrNotFound.
func (w *Watcher) Remove(ctx context.Context, who *access.Identity, id int64) error {
	return found(w.Library.RemoveView(ctx, who.Account, id))
}

func found(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrNotFound
	}
	return err
}

// Alerts lists the latest alerts of somebody's views, the newest first.
func (w *Watcher) Alerts(ctx context.Context, who *access.Identity) ([]store.ViewAlert, error) {
	return w.Library.Alerts(ctx, who.Account, maxAlerts)
}

// See marks somebody's alerts up to an ID as seen.
func (w *Watcher) See(ctx context.Context, who *access.Identity, upTo int64) error {
	return w.Library.SeeAlerts(ctx, who.Account, upTo)
}

func (w *Watcher) grant(who *access.Identity, v store.View) (access.Grant, error) {
	f, err := parseFilter(v.Filter)
	if err != nil {
		return access.Grant{}, fmt.Errorf("view %d: %w", v.ID, err)
	}
	g, err := access.Decide(who, access.Ask{Surface: access.SurfaceFigures, Filter: f, Res: v.Resolution, Today: report.DayOf(w.Now().UTC())})
	if err != nil {
		return g, err
	}
	if g.Grouped {
		return g, &access.Refusal{Kind: access.Forbidden, Reason: "Behavioural factors are shown to planners as sums of half-years only, which are too few to hold a view to its history. Choose environmental factors."}
	}
	return g, nil
}

// check holds a view to its history as somebody may see it. Answers are kept
// until there are new reports: a view takes some milliseconds.
func (w *Watcher) check(who *access.Identity, v store.View) (analysis.Alert, error) {
	g, err := w.grant(who, v)
	if err != nil {
		return analysis.Alert{}, err
	}
	snap := w.Cube.Current()
	w.mu.Lock()
	if w.of != snap.Generation() {
		w.of, w.checked = snap.Generation(), map[int64]check{}
	}
	known, ok := w.checked[v.ID]
	w.mu.Unlock()
	if ok {
		return known.alert, known.err
	}
	known.alert, known.err = checkNow(snap, g, v)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.of == snap.Generation() {
		w.checked[v.ID] = known
	}
	return known.alert, known.err
}

func checkNow(snap *cube.Snapshot, g access.Grant, v store.View) (analysis.Alert, error) {
	box, err := report.ParseBox(v.Box)
	if err != nil {
		return analysis.Alert{}, fmt.Errorf("view %d: %w", v.ID, err)
	}
	q := analysis.AlertQuery{Region: analysis.InBox(box), Res: g.ClampRes(v.Resolution), Filter: g.Filter}
	if g.Region != nil {
		var in []h3.Cell
		for _, c := range g.Region.Cells() {
			if at, err := c.LatLng(); err == nil && box.Contains(at.Lat, at.Lng) {
				in = append(in, c)
			}
		}
		if q.Region, err = analysis.InCells(in); err != nil {
			return analysis.Alert{}, err
		}
		q.Res = max(q.Res, access.RegionResolution)
	}
	return analysis.CheckAlert(snap, q)
}

// Look checks all views that are watched and raises what rose. A view that
// cannot be checked stops no other.
func (w *Watcher) Look(ctx context.Context) error {
	views, err := w.Library.WatchedViews(ctx)
	if err != nil {
		return err
	}
	var trouble error
	for _, v := range views {
		if err := w.lookAt(ctx, v); err != nil && ctx.Err() == nil {
			trouble = errors.Join(trouble, fmt.Errorf("view %d: %w", v.ID, err))
		}
	}
	return trouble
}

func (w *Watcher) lookAt(ctx context.Context, v store.View) error {
	who, err := w.Gate.Acting(ctx, v.Account)
	if errors.Is(err, store.ErrNotFound) {
		return nil // the account was closed a moment ago
	}
	if err != nil {
		return err
	}
	a, err := w.check(who, v)
	var refused *access.Refusal
	if errors.As(err, &refused) {
		return nil // its role or area changed: the hub says so beside the view
	}
	if err != nil || a.Verdict != analysis.More {
		return err
	}
	raised, err := w.Library.RaiseAlert(ctx, store.ViewAlert{View: v.ID, Until: a.Period.To, Reports: a.Alarm.Now, Expected: a.Expected, Upper: a.Upper,
		Sentence: a.Sentence(), RaisedAt: w.Now()}, quietDays)
	if raised {
		w.Log.Info("a saved view rose beyond what its history explains", slog.Int64("view", v.ID))
	}
	return err
}
