package sqlite_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/internal/store/sqlite"
)

// benchBatch is the number of records that an import hands over at a time.
const benchBatch = 20000

// sample makes n records with ids of their own.
func sample(prefix string, n int) []report.Record {
	return makeRecords(n, func(i int) string { return prefix + strconv.Itoa(i) })
}

// makeRecords makes n records; id names them.
func makeRecords(n int, id func(i int) string) []report.Record {
	origin, err := h3.LatLngToCell(h3.LatLng{Lat: 51.5, Lng: -0.1}, 5)
	if err != nil {
		panic(err)
	}
	cells, err := origin.Children(report.Resolution)
	if err != nil {
		panic(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	records := make([]report.Record, n)
	for i := range records {
		records[i] = report.Record{ExternalID: id(i), Report: report.Report{
			Cell:    cells[rng.IntN(len(cells))],
			Day:     report.MinDay + 9000 + report.Day(rng.IntN(730)),
			Daypart: report.Daypart(rng.IntN(report.NumDayparts)),
			Dark:    report.Dark(rng.IntN(report.NumDark)),
			Factors: report.Factors(1 + rng.IntN(int(report.AllFactors))),
		}}
	}
	return records
}

func benchStore(b *testing.B) *sqlite.Store {
	b.Helper()
	s, err := sqlite.Open(context.Background(), filepath.Join(b.TempDir(), sqlite.FileName), sqlite.Options{Create: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

func insertAll(b *testing.B, s store.Store, records []report.Record) {
	b.Helper()
	for len(records) > 0 {
		n := min(benchBatch, len(records))
		if _, err := s.Insert(context.Background(), "bench", records[:n]); err != nil {
			b.Fatal(err)
		}
		records = records[n:]
	}
}

func BenchmarkStore_Insert(b *testing.B) {
	const rows = 1_000_000
	random := func(i int) string {
		rng := rand.New(rand.NewPCG(7, uint64(i)))
		return fmt.Sprintf("%016x%016x", rng.Uint64(), rng.Uint64())
	}
	for _, c := range []struct {
		name   string
		id     func(int) string
		before bool // insert everything once before measuring
	}{
		{"serial", func(i int) string { return strconv.Itoa(10_000_000 + i) }, false},
		{"serial-again", func(i int) string { return strconv.Itoa(10_000_000 + i) }, true},
		{"random", random, false},
	} {
		b.Run(c.name, func(b *testing.B) {
			records := makeRecords(rows, c.id)
			for b.Loop() {
				b.StopTimer()
				s := benchStore(b)
				if c.before {
					insertAll(b, s, records)
				}
				b.StartTimer()
				insertAll(b, s, records)
			}
			b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkStore_Changes(b *testing.B) {
	const rows = 1_000_000
	s := benchStore(b)
	insertAll(b, s, makeRecords(rows, func(i int) string { return strconv.Itoa(10_000_000 + i) }))
	for b.Loop() {
		n := 0
		_, err := s.Changes(context.Background(), 0, func(c store.Change) error {
			n += len(c.Add)
			return nil
		})
		if err != nil || n != rows {
			b.Fatalf("%d rows, %v", n, err)
		}
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
}
