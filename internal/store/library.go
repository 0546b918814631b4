package store

import (
	"context"
	"fmt"
	"time"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Library keeps what an operator loads beside the reports, such as boundaries,
// and the views that people of the hub save. Both engines implement it beside
// Store. Times are whole seconds in UTC.
type Library interface {
	// PutDataset keeps a data set in place of another of its kind and name.
	PutDataset(ctx context.Context, d Dataset) error

	// Dataset returns a data set, or ErrNotFound.
	Dataset(ctx context.Context, kind, name string) (Dataset, error)

	// Datasets lists those of a kind by name, without their bodies.
	Datasets(ctx context.Context, kind string) ([]Dataset, error)

	// RemoveDataset forgets a data set, or ErrNotFound.
	RemoveDataset(ctx context.Context, kind, name string) error

	// LibraryRevision grows whenever a data set changes.
	LibraryRevision(ctx context.Context) (int64, error)

	// SaveView keeps a view and returns its ID. ErrExists when the account has
	// one of that name.
	SaveView(ctx context.Context, v View) (int64, error)

	// Views lists the views of an account by name.
	Views(ctx context.Context, account int64) ([]View, error)

	// WatchedViews lists all views with Alert set whose account is not disabled, by ID.
	WatchedViews(ctx context.Context) ([]View, error)

	// SetViewAlert changes whether an account's view raises alerts, or ErrNotFound.
	SetViewAlert(ctx context.Context, account, id int64, alert bool) error

	// RemoveView forgets an account's view and its alerts, or ErrNotFound.
	RemoveView(ctx context.Context, account, id int64) error

	// RaiseAlert keeps an alert unless the view has one for a period that ends at
	// or after Until less quiet days, and returns whether it did.
	RaiseAlert(ctx context.Context, a ViewAlert, quiet int) (bool, error)

	// Alerts lists the latest alerts of an account's views, the newest first.
	Alerts(ctx context.Context, account int64, limit int) ([]ViewAlert, error)

	// SeeAlerts marks the alerts of an account's views up to an ID as seen.
	SeeAlerts(ctx context.Context, account, upTo int64) error

	// ClaimAlert takes an alert that is not sent and whose time has come, counts
	// a try, and keeps it from others for a while: retry at the first try, and
	// four times as long at each further one. ErrNotFound when there is none.
	// Alerts that were tried so often are left alone.
	ClaimAlert(ctx context.Context, now time.Time, retry time.Duration, tries int) (ViewAlert, error)

	// AlertSent says that an alert has arrived.
	AlertSent(ctx context.Context, id int64) error
}

// Dataset is something that was imported beside the reports.
type Dataset struct {
	Kind       string // "areas", "lamps" or "rates"
	Name       string
	About      string // a line for lists
	Body       []byte
	ImportedAt time.Time
}

// MaxDataset is how large the body of a data set may be: PostgreSQL and SQLite
// take more, but it is read as a whole.
const MaxDataset = 256 << 20

// ValidateDataset refuses what an engine could not keep.
func ValidateDataset(d Dataset) error {
	if d.Kind == "" || d.Name == "" || len(d.Body) == 0 || len(d.Body) > MaxDataset {
		return fmt.Errorf("%w: a data set needs a kind, a name and a body of up to %d bytes", ErrInvalid, MaxDataset)
	}
	return nil
}

// View is a view of the map that somebody keeps under a name.
type View struct {
	ID         int64
	Account    int64 // 0 for the demo
	Name       string
	Address    string // the page's state, as its address has it
	Filter     string // canonical, without a window
	Box        string // west,south,east,north
	Resolution int
	Alert      bool // tell when it rises beyond what its history explains
	CreatedAt  time.Time
}

// ViewAlert says that a view rose.
type ViewAlert struct {
	ID       int64
	View     int64
	Name     string // of the view
	Address  string // of the view
	Email    string // of the account that keeps the view; "" for the demo
	Until    report.Day
	Reports  int64
	Expected float64
	Upper    float64
	Sentence string
	RaisedAt time.Time
	Seen     bool
	Sent     bool
	Tries    int
}
