package storetest

import (
	"context"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// Sabotage makes an empty database and returns a store on it and a way to run
// SQL behind its back.
type Sabotage func(t testing.TB) (s store.Store, exec func(query string))

// RunSabotage spoils databases in every way that Store.Check knows and wants
// each to be found.
func RunSabotage(t *testing.T, create Sabotage) {
	ctx := context.Background()
	for _, c := range []struct {
		name, query string
		want        string // part of what Check must say
	}{
		{"a batch is gone", `DELETE FROM batches WHERE seq = 2`, "missing from the sequence"},
		{"ids overlap", `UPDATE batches SET next_report_id = next_report_id + 1 WHERE seq = 1`, "begin where the one before ends"},
		{"a report is gone", `DELETE FROM reports WHERE id = 2`, "reports that they added"},
		{"a retraction is gone", `DELETE FROM retractions`, "reports that they retracted"},
		{"a report moved to another batch", `UPDATE reports SET batch = 3 WHERE id = 2`, "outside their batch"},
		{"a report without identity", `DELETE FROM report_keys WHERE report_id = 2`, "more reports than identities"},
		{"an identity without report", `DELETE FROM reports WHERE id = 2`, "stand for no report"},
		{"a source is gone", `DELETE FROM sources`, "belong to no source"},
		{"two identities of one report", `UPDATE report_keys SET report_id = 3 WHERE report_id = 2`, "do not pair up"},
		{"counts from nowhere", `INSERT INTO reduced SELECT 1, NULL, source_id, cell, occurred_on, factors, 1 FROM reports WHERE id = 2`, "counts that they added"},
		{"a receipt of nothing", `INSERT INTO receipts SELECT source_id, 'nobody', occurred_on, 1 FROM reports WHERE id = 2`, "belong to no identity"},
		{"no factor", `UPDATE reports SET factors = 0 WHERE id = 2`, "values that do not exist"},
		{"a coarse cell", `UPDATE reports SET cell = cell - 4503599627370496 WHERE id = 2`, "values that do not exist"},
		{"an unknown daypart", `UPDATE reports SET daypart = 9 WHERE id = 2`, "values that do not exist"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, exec := create(t)
			m := newMaker(50)
			records := m.fresh("", 5)
			must[store.Result](t)(s.Insert(ctx, "s", records))
			for i := range records {
				records[i].ExternalID += "b"
			}
			must[store.Result](t)(s.Insert(ctx, "s", records))
			records[0].Report = report.Report{Cell: records[0].Cell, Day: report.MinDay, Factors: 1}
			must[store.Result](t)(s.Insert(ctx, "s", records))
			wantSound(t, s)

			exec(c.query)
			var all []string
			for _, p := range must[[]store.Problem](t)(s.Check(ctx)) {
				if p.Do == "" {
					t.Errorf("no advice for %q", p.What)
				}
				all = append(all, p.What)
			}
			if got := strings.Join(all, "; "); !strings.Contains(got, c.want) {
				t.Errorf("Check says %q, want something with %q", got, c.want)
			}
		})
	}
}
