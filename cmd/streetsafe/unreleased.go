package main

import (
	"context"
	"errors"

	"github.com/streetsafe/streetsafe/internal/release"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// unreleased is what public releases that are not frozen yet need.
type unreleased struct {
	half release.HalfYear // the first that is not frozen
	from report.Day       // the first of a month: reports of days before it are in no such release
}

// findUnreleased looks for the first half-year with reports that is not frozen.
// Retention leaves alone what it counts: dayparts and days of receipt go with
// coarsening and reducing.
func findUnreleased(ctx context.Context, st store.Store) (unreleased, error) {
	first, err := firstReport(ctx, st)
	if err != nil || first == 0 {
		return unreleased{from: report.MaxDay}, err
	}
	u := unreleased{half: release.HalfYearOf(first)}
	for {
		frozen, err := isFrozen(ctx, st, u.half)
		if err != nil {
			return u, err
		}
		if !frozen {
			break
		}
		u.half = u.half.Next()
	}
	u.from = u.half.From()
	if u.half.EndsYear() { // the table of the year counts both halves
		u.from = u.half.Previous().From()
	}
	// What was received since then may have happened before.
	counted := u.from
	_, err = st.Receipts(ctx, func(r store.Receipt) error {
		if r.ReceivedOn >= counted {
			u.from = min(u.from, r.Day)
		}
		return nil
	})
	u.from = monthsBefore(u.from, 0)
	return u, err
}

// isFrozen reports whether a half-year and what reporters said in it are frozen.
func isFrozen(ctx context.Context, st store.Store, h release.HalfYear) (bool, error) {
	if !h.Valid() {
		return true, nil // none will be made
	}
	_, ok, err := releaseRegistry{st}.Frozen(ctx, h.String())
	if err != nil || !ok {
		return false, err
	}
	_, err = st.DemographicTables(ctx, h.String())
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// firstReport is the day of the oldest report, 0 when there is none.
func firstReport(ctx context.Context, st store.Store) (first report.Day, err error) {
	sources, err := st.Sources(ctx)
	for _, s := range sources {
		if s.Reports > 0 && (first == 0 || s.First < first) {
			first = s.First
		}
	}
	return first, err
}
