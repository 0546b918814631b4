// Package review looks after reports of the form that are held back: what the
// command line and the page of the hub have in common.
package review

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// The reasons for which the form holds a report back, as it names them.
const (
	NoProof   = "no_proof"   // no proof of work, or one that does not count
	OverLimit = "over_limit" // more than the limit from one network
)

// AreaResolution is the area that batches are listed by: a large town.
const AreaResolution = 5

// MaxResolution is the finest area by which anything is counted: a
// neighbourhood.
const MaxResolution = 8

// Weights says what a report weighs in public releases once it was reviewed. A
// browser without scripts sends no proof of work, and its report is one like any
// other. What one network sent over its limit may show on the hub, but the public
// figures promise to leave it out.
func Weights() map[string]int { return map[string]int{NoProof: 1, OverLimit: 0} }

// CheckReason refuses what is no reason of the form; "" stands for any.
func CheckReason(reason string) error {
	if _, known := Weights()[reason]; reason != "" && !known {
		return fmt.Errorf("%q: expected %s or %s", reason, NoProof, OverLimit)
	}
	return nil
}

// Release lets held reports be published on schedule and returns how many.
func Release(ctx context.Context, st store.Review, which store.HeldFilter) (n int64, err error) {
	for reason, weight := range Weights() {
		if which.Reason != "" && which.Reason != reason {
			continue
		}
		part := which
		part.Reason = reason
		done, err := st.ReleaseHeld(ctx, part, weight)
		if err != nil {
			return n, err
		}
		n += done
	}
	return n, nil
}

// Day is what came in on one day and is held back for one reason.
type Day struct {
	On      report.Day
	Reason  string
	Reports int64
	Areas   []store.Held // of AreaResolution, most reports first
}

// Days lists what is held back, the newest day first.
func Days(ctx context.Context, st store.Review) ([]Day, error) {
	held, err := st.Held(ctx, AreaResolution)
	if err != nil {
		return nil, err
	}
	byDay := map[[2]any]*Day{}
	var days []*Day
	for _, h := range held {
		name := [2]any{h.ReceivedOn, h.Reason}
		d := byDay[name]
		if d == nil {
			d = &Day{On: h.ReceivedOn, Reason: h.Reason}
			byDay[name], days = d, append(days, d)
		}
		d.Reports += h.Reports
		d.Areas = append(d.Areas, h)
	}
	slices.SortFunc(days, func(a, b *Day) int {
		return cmp.Or(cmp.Compare(b.On, a.On), cmp.Compare(a.Reason, b.Reason))
	})
	out := make([]Day, 0, len(days))
	for _, d := range days {
		slices.SortStableFunc(d.Areas, func(a, b store.Held) int { return cmp.Compare(b.Reports, a.Reports) })
		out = append(out, *d)
	}
	return out, nil
}

// Closer counts the held reports of a day, a reason and an area by neighbourhood.
// So few may be in one that this is a view of single reports: write it to the
// audit log first.
func Closer(ctx context.Context, st store.Review, which store.HeldFilter) ([]store.Held, error) {
	held, err := st.Held(ctx, MaxResolution)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(held, func(h store.Held) bool { return !within(h, which) }), nil
}

func within(h store.Held, which store.HeldFilter) bool {
	if h.ReceivedOn < which.From || h.ReceivedOn >= which.To || which.Reason != "" && h.Reason != which.Reason {
		return false
	}
	if which.Area == 0 {
		return true
	}
	parent, err := h.Area.Parent(which.Area.Resolution())
	return err == nil && parent == which.Area
}

// Near returns the middle of an area, for naming it.
func Near(area h3.Cell) (lat, lng float64, err error) {
	at, err := area.LatLng()
	if err != nil {
		return 0, 0, fmt.Errorf("area %s: %w", area, err)
	}
	return at.Lat, at.Lng, nil
}
