package storetest

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// bag counts equal reports: what a follower has, which knows no identities.
type bag map[report.Report]int

// apply takes a change over. A retraction of what is not there is an error.
func (b bag) apply(c store.Change) error {
	for _, r := range c.Add {
		b[r]++
	}
	for _, r := range c.Retract {
		if b[r] == 0 {
			return fmt.Errorf("generation %d retracts what is not there: %+v", c.Generation, r)
		}
		if b[r]--; b[r] == 0 {
			delete(b, r)
		}
	}
	return nil
}

// count is the oracle of Store.Count.
func (b bag) count(f report.Filter, cell h3.Cell) (n int64) {
	for r, times := range b {
		if r.Matches(f) && (cell == 0 || ancestor(r.Cell, cell.Resolution()) == cell) {
			n += int64(times)
		}
	}
	return n
}

// countByCell is the oracle of Store.CountByCell.
func (b bag) countByCell(f report.Filter, resolution int) map[h3.Cell]int64 {
	counts := map[h3.Cell]int64{}
	for r, times := range b {
		if r.Matches(f) {
			counts[ancestor(r.Cell, resolution)] += int64(times)
		}
	}
	return counts
}

func ancestor(c h3.Cell, resolution int) h3.Cell {
	p, err := c.Parent(resolution)
	if err != nil {
		panic(err) // the cells of the tests have all these ancestors
	}
	return p
}

// model is a store as maps: by source and external id, what counts now.
type model struct {
	reports   map[string]map[string]report.Report
	withdrawn map[string]map[string]bool
}

func newModel() *model {
	return &model{reports: map[string]map[string]report.Report{}, withdrawn: map[string]map[string]bool{}}
}

// insert does what Store.Insert must, without the generation.
func (m *model) insert(source string, records []report.Record) store.Result {
	if m.reports[source] == nil {
		m.reports[source] = map[string]report.Report{}
	}
	last := map[string]report.Report{}
	for _, r := range records {
		last[r.ExternalID] = r.Report
	}
	res := store.Result{Duplicates: len(records) - len(last)}
	for id, r := range last {
		old, known := m.reports[source][id]
		switch {
		case m.withdrawn[source][id] || known && old == r:
			res.Duplicates++
			continue
		case known:
			res.Revised++
		default:
			res.Accepted++
		}
		m.reports[source][id] = r
	}
	return res
}

func (m *model) withdraw(source, id string) {
	delete(m.reports[source], id)
	if m.withdrawn[source] == nil {
		m.withdrawn[source] = map[string]bool{}
	}
	m.withdrawn[source][id] = true
}

// bag returns what a follower of the model must have.
func (m *model) bag() bag {
	b := bag{}
	for _, reports := range m.reports {
		for _, r := range reports {
			b[r]++
		}
	}
	return b
}

// follow reads a store into a bag from a generation on.
func follow(t testing.TB, s store.Store, b bag, since uint64) uint64 {
	t.Helper()
	last := since
	reached, err := s.Changes(context.Background(), since, func(c store.Change) error {
		if c.Generation < last || c.Generation <= since {
			t.Errorf("generation %d after %d, asked since %d", c.Generation, last, since)
		}
		if len(c.Add)+len(c.Retract) == 0 {
			t.Errorf("generation %d: an empty change", c.Generation)
		}
		last = c.Generation
		return b.apply(c)
	})
	if err != nil {
		t.Fatalf("Changes since %d: %v", since, err)
	}
	if reached != last {
		t.Errorf("Changes since %d reached %d, last change is of %d", since, reached, last)
	}
	return reached
}

// wantBag compares a whole store with what it must hold.
func wantBag(t testing.TB, s store.Store, want bag) {
	t.Helper()
	got := bag{}
	follow(t, s, got, 0)
	if !maps.Equal(got, want) {
		t.Errorf("the store has %d different reports, want %d; they differ", len(got), len(want))
	}
}

// places are cells of report.Resolution in awkward and in ordinary places.
func places() []h3.Cell {
	var cells []h3.Cell
	for _, p := range []h3.LatLng{
		{Lat: 51.3762, Lng: -0.0982},  // Croydon
		{Lat: 51.3618, Lng: -0.1945},  // Sutton
		{Lat: 64.7, Lng: 10.5362},     // on a pentagon
		{Lat: -16.78, Lng: 179.9999},  // at the antimeridian
		{Lat: -16.78, Lng: -179.9999}, // on its other side
		{Lat: 89.9999, Lng: 0},        // at the pole
	} {
		c, err := h3.LatLngToCell(p, report.Resolution)
		if err != nil {
			panic(err)
		}
		disk, err := c.GridDisk(2)
		if err != nil {
			panic(err)
		}
		cells = append(cells, disk...)
	}
	pentagons, err := h3.Pentagons(report.Resolution)
	if err != nil {
		panic(err)
	}
	return append(cells, pentagons...)
}

// maker makes reports out of a seed.
type maker struct {
	*rand.Rand
	places []h3.Cell
}

func newMaker(seed uint64) *maker {
	return &maker{Rand: rand.New(rand.NewPCG(seed, 1)), places: places()}
}

func (m *maker) report() report.Report {
	day := report.MinDay + 9000 + report.Day(m.IntN(500))
	switch m.IntN(40) {
	case 0:
		day = report.MinDay
	case 1:
		day = report.MaxDay
	}
	return report.Report{
		Cell:    m.places[m.IntN(len(m.places))],
		Day:     day,
		Daypart: report.Daypart(m.IntN(report.NumDayparts)),
		Dark:    report.Dark(m.IntN(report.NumDark)),
		Factors: report.Factors(1 + m.IntN(int(report.AllFactors))),
	}
}

// records makes n records with ids out of the first ids of a prefix, so that
// many of them come twice when n is near ids.
func (m *maker) records(prefix string, n, ids int) []report.Record {
	rs := make([]report.Record, n)
	for i := range rs {
		rs[i] = report.Record{Report: m.report(), ExternalID: fmt.Sprintf("%s%d", prefix, m.IntN(ids))}
	}
	return rs
}

// fresh makes n records with ids of their own.
func (m *maker) fresh(prefix string, n int) []report.Record {
	rs := make([]report.Record, n)
	for i := range rs {
		rs[i] = report.Record{Report: m.report(), ExternalID: fmt.Sprintf("%s%d", prefix, i)}
	}
	return rs
}

// filter makes a filter that leaves most parts open.
func (m *maker) filter() report.Filter {
	var f report.Filter
	if m.IntN(2) == 0 {
		f.Factors = report.Factors(m.IntN(int(report.AllFactors) + 1))
	}
	if m.IntN(3) == 0 {
		f.From = report.MinDay + 9000 + report.Day(m.IntN(500))
		f.To = f.From + report.Day(m.IntN(200)) - 5
	}
	if m.IntN(3) == 0 {
		f.Dayparts = report.DaypartSet(m.IntN(int(report.AllDayparts) + 1))
	}
	if m.IntN(3) == 0 {
		f.Weekdays = report.WeekdaySet(m.IntN(int(report.AllWeekdays) + 1))
	}
	if m.IntN(3) == 0 {
		f.Dark = report.DarkSet(m.IntN(int(report.AllDark) + 1))
	}
	return f
}
