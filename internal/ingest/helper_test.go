package ingest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"maps"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/ingest"
	"github.com/streetsafe/streetsafe/internal/report"
)

// memory is a Sink that keeps what it is given, as a store would.
type memory struct {
	sources map[string]map[string]report.Report
	last    ingest.Source
	batches []int
	fail    error
}

var _ ingest.Sink = (*memory)(nil)

func (m *memory) Insert(ctx context.Context, source ingest.Source, records []report.Record) (r ingest.Result, err error) {
	if m.fail != nil {
		return r, m.fail
	}
	if err := ctx.Err(); err != nil {
		return r, err
	}
	if m.sources == nil {
		m.sources = map[string]map[string]report.Report{}
	}
	known := m.sources[source.Name]
	if known == nil {
		known = map[string]report.Report{}
		m.sources[source.Name] = known
	}
	for _, rec := range records {
		switch old, ok := known[rec.ExternalID]; {
		case !ok:
			r.Accepted++
		case old == rec.Report:
			r.Duplicates++
		default:
			r.Revised++
		}
		known[rec.ExternalID] = rec.Report
	}
	m.last, m.batches = source, append(m.batches, len(records))
	return r, nil
}

// only returns the reports of the one source.
func (m *memory) only(t *testing.T) map[string]report.Report {
	t.Helper()
	if len(m.sources) != 1 {
		t.Fatalf("%d sources, want one", len(m.sources))
	}
	for _, reports := range m.sources {
		return reports
	}
	return nil
}

func (m *memory) copy() map[string]map[string]report.Report {
	out := map[string]map[string]report.Report{}
	for name, reports := range m.sources {
		out[name] = maps.Clone(reports)
	}
	return out
}

func area(t testing.TB, s string) report.Area {
	t.Helper()
	a, err := report.ParseArea(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func day(t testing.TB, s string) report.Day {
	t.Helper()
	d, err := report.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// options are those of most tests: the United Kingdom, nothing after 2025.
func options(t testing.TB) ingest.Options {
	t.Helper()
	return ingest.Options{Rules: report.Rules{Area: area(t, "uk"), Today: day(t, "2025-12-31")}}
}

func input(name, text string) ingest.Input {
	return ingest.Input{Name: name, Reader: strings.NewReader(text), Size: int64(len(text))}
}

// run imports a text; the test ends when that fails.
func run(t *testing.T, text string, o ingest.Options, sink ingest.Sink) ingest.Summary {
	t.Helper()
	s, err := ingest.Run(t.Context(), input("file.csv", text), o, sink)
	if err != nil {
		t.Fatal(err)
	}
	if sum := s.Accepted + s.Duplicates + s.Revised + s.Skipped + s.Rejected; sum != s.Read {
		t.Errorf("read %d rows, accounted for %d: %+v", s.Read, sum, s)
	}
	return s
}

func gzipped(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
