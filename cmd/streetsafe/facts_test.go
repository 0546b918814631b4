package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/demographics"
	"github.com/streetsafe/streetsafe/internal/form"
	"github.com/streetsafe/streetsafe/internal/release"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// What a release counts of the form's reports: by their day of receipt and their
// weight, not by their own day.
func TestReleaseSource(t *testing.T) {
	s := storage{dir: t.TempDir()}
	received := day(t, "2025-07-03")
	clock := received
	st := openAt(t, s, func() time.Time { return clock.Time() })
	own := submission(t, "own").Report
	put := func(id string, on report.Day, weight int) {
		t.Helper()
		r := report.Record{Report: own, ExternalID: id}
		r.Day = on
		if err := st.Submit(t.Context(), formSource, store.Submission{Record: r, Weight: weight}); err != nil {
			t.Fatal(err)
		}
	}
	put("june", day(t, "2025-06-20"), 1) // received in the next half-year
	put("july", received, 1)
	put("again", received, 0)
	put("withdrawn", received, 1)
	put("last year", day(t, "2024-11-01"), 0)
	imported := report.Record{Report: own, ExternalID: "imported"}
	imported.Day = day(t, "2025-06-20")
	if _, err := st.Insert(t.Context(), "import", []report.Record{imported}); err != nil {
		t.Fatal(err)
	}
	clock += 10
	if _, err := st.Publish(t.Context(), store.DefaultSchedule()); err != nil {
		t.Fatal(err)
	}
	if err := st.Withdraw(t.Context(), formSource, "withdrawn", "the sender asked"); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{} // by day of receipt and own day
	err := releaseSource{st}.Items(t.Context(), day(t, "2025-01-01"), day(t, "2026-01-01"), func(it release.Item) error {
		got[it.Received.String()+" "+it.Day.String()] += it.Weight
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"2025-06-20 2025-06-20": 1, "2025-07-03 2025-06-20": 1, "2025-07-03 2025-07-03": 1, "2025-07-03 2024-11-01": 0}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("weights %v, want %v", got, want)
	}
}

func day(t *testing.T, s string) report.Day {
	t.Helper()
	d, err := report.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A build freezes what reporters said of themselves as tables, and nothing that
// leads to a report is left.
func TestDemographics(t *testing.T) {
	t.Parallel()
	s := storage{dir: t.TempDir()}
	clock := day(t, "2025-08-01")
	st := openAt(t, s, func() time.Time { return clock.Time() })
	sink := formSink{st}
	for i := range 61 {
		rec := submission(t, "")
		rec.Day = clock
		sub := form.Submission{Report: rec.Report, Weight: 1, Key: keyOf(i)}
		d := form.Demographics{Age: "25_34", Sex: "female"}
		switch {
		case i == 60:
			sub.Weight, sub.Quarantine = 0, form.QuarantineNoProof
		case i < 4:
			d = form.Demographics{Sex: "male"}
		}
		if err := sink.Accept(t.Context(), sub); err != nil {
			t.Fatal(err)
		}
		if err := sink.Describe(t.Context(), sub.Key, d); err != nil {
			t.Fatal(err)
		}
	}
	clock += 10
	if _, err := st.Publish(t.Context(), store.DefaultSchedule()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := run(t, "demographics", "--data", s.dir, "--half", "2025-H2"); err == nil || !strings.Contains(err.Error(), "release build") {
		t.Errorf("before the freeze: %v", err)
	}
	std := &streams{out: &strings.Builder{}}
	o := releaseOptions{storage: s, now: func() time.Time { return time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC) }}
	if err := runReleaseBuild(t.Context(), std, o, []string{"2025-H2"}); err != nil {
		t.Fatal(err)
	}
	var got frozenTables
	if err := json.Unmarshal([]byte(mustRun(t, "demographics", "--data", s.dir, "--half", "2025-H2", "--json")), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Tables) != 1 || got.Tables[0].Total != 60 {
		t.Fatalf("tables: %+v", got)
	}
	// Four men and none who kept it to themselves: a third is hidden with them.
	want := []demographics.Cell{{Answer: "female", Hidden: true}, {Answer: "male", Hidden: true}, {Answer: "not_given", Hidden: true}}
	if sex := got.Tables[0].Questions[1]; sex.Question != "sex" || !reflect.DeepEqual(sex.Cells, want) {
		t.Errorf("sex: %+v", sex)
	}
	if out := mustRun(t, "demographics", "--data", s.dir, "--half", "2025-H2"); !strings.Contains(out, "about 60 reports") || !strings.Contains(out, "hidden") {
		t.Errorf("got %s", out)
	}
	left := 0
	_, err := st.FreezeDemographics(t.Context(), store.Period{Name: "again", From: day(t, "2025-01-01"), To: day(t, "2026-01-01")},
		func(said []store.Described) ([]byte, error) {
			left = len(said)
			return nil, nil
		})
	if err != nil || left != 0 {
		t.Errorf("%d rows are left, %v", left, err)
	}
	if _, _, err := run(t, "demographics", "--data", s.dir, "--half", "2025"); err == nil {
		t.Error("a year passed as a half-year")
	}
}

// The page of a place shows what the newest release shows of it, to the number.
func TestPlaceFacts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := releaseOptions{storage: storeOf(t, dir, 20_000), now: func() time.Time { return time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC) }}
	// A small universe is made soon.
	o.boundaries, o.boundaryID, o.boundaryName = writeFile(t, "london.geojson", `{"type":"FeatureCollection","features":[
		{"type":"Feature","properties":{"id":"met","name":"London"},"geometry":{"type":"Polygon","coordinates":[[[-0.6,51.2],[0.4,51.2],[0.4,51.8],[-0.6,51.8],[-0.6,51.2]]]}}]}`), "id", "name"
	acted := form.Action{Title: "lamps mended", Steps: []form.ActionStep{{Day: day(t, "2026-01-02")}}}
	facts := newPlaceFacts(o.publicDir(), func(context.Context, h3.Cell) ([]form.Action, error) { return []form.Action{acted}, nil })
	croydon, err := submission(t, "").Cell.Parent(8)
	if err != nil {
		t.Fatal(err)
	}
	none, err := facts.Place(t.Context(), croydon)
	if err != nil || none.Release != "" || none.Here != 0 || len(none.Wider) != 0 || !reflect.DeepEqual(none.Actions, []form.Action{acted}) {
		t.Fatalf("before a release: %+v, %v", none, err)
	}
	if err := runReleaseBuild(t.Context(), &streams{out: &strings.Builder{}}, o, nil); err != nil {
		t.Fatal(err)
	}
	b, err := o.builder(t.Context(), openAt(t, o.storage, nil))
	if err != nil {
		t.Fatal(err)
	}
	sets, err := b.Datasets()
	if err != nil {
		t.Fatal(err)
	}
	var year release.Dataset
	for _, d := range sets {
		if d.Kind == release.KindTwelveMonths {
			year = d
		}
	}
	if len(year.Cells[8]) < 20 {
		t.Fatalf("%s shows %d cells of resolution 8", year.ID, len(year.Cells[8]))
	}
	for _, c := range year.Cells[8] {
		got, err := facts.Place(t.Context(), c.Cell)
		if err != nil {
			t.Fatal(err)
		}
		if got.Release != year.ID || got.Here != int(c.Count) || got.From != day(t, "2025-01-01") || got.To != day(t, "2026-01-01") {
			t.Fatalf("%v: %+v, want %d of %s", c.Cell, got, c.Count, year.ID)
		}
	}
	for _, c := range year.Cells[6] {
		inside, err := c.Cell.CenterChild(8)
		if err != nil {
			t.Fatal(err)
		}
		got, err := facts.Place(t.Context(), inside)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]int{"theme.all": int(c.Count), "theme.environmental": int(c.Columns[2]),
			"theme.behavioural": int(c.Columns[3]), "theme.both": int(c.Columns[4])}
		for _, f := range got.Wider {
			if n, known := want[f.Label]; known && n != f.Count {
				t.Errorf("%v: %s is %d, want %d", c.Cell, f.Label, f.Count, n)
			}
			delete(want, f.Label)
		}
		for label, n := range want {
			if n > 0 {
				t.Errorf("%v lacks %s of %d", c.Cell, label, n)
			}
		}
	}
	// A table that is not the published one is not shown.
	table := filepath.Join(o.publicDir(), year.ID, "cells.csv")
	if err := os.WriteFile(table, []byte("resolution,cell,count\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := newPlaceFacts(o.publicDir(), nil).Place(t.Context(), croydon); err == nil {
		t.Error("a changed table was read")
	}
}

func keyOf(i int) uuid.UUID { return uuid.NewSHA1(uuid.Nil, []byte{byte(i)}) }
