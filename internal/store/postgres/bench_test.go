package postgres_test

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/internal/store/postgres"
	"github.com/streetsafe/streetsafe/internal/store/postgres/pgtest"
)

// benchBatch is the number of records that an import hands over at a time.
const benchBatch = 20000

// sample makes n records with ids of their own over two years.
func sample(prefix string, n int) []report.Record {
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
		records[i] = report.Record{ExternalID: prefix + strconv.Itoa(10_000_000+i), Report: report.Report{
			Cell:    cells[rng.IntN(len(cells))],
			Day:     report.MinDay + 9000 + report.Day(rng.IntN(730)),
			Daypart: report.Daypart(rng.IntN(report.NumDayparts)),
			Dark:    report.Dark(rng.IntN(report.NumDark)),
			Factors: report.Factors(1 + rng.IntN(int(report.AllFactors))),
		}}
	}
	return records
}

func insertAll(b *testing.B, s store.Store, records []report.Record) {
	b.Helper()
	for len(records) > 0 {
		n := min(benchBatch, len(records))
		if _, err := s.Insert(ctx, "bench", records[:n]); err != nil {
			b.Fatal(err)
		}
		records = records[n:]
	}
}

func benchStore(b *testing.B) *postgres.Store {
	b.Helper()
	pgtest.Need(b, server)
	s := open(b, server.NewDatabase(b))
	b.Cleanup(func() { s.Close() })
	return s
}

func BenchmarkStore_Insert(b *testing.B) {
	const rows = 1_000_000
	records := sample("", rows)
	for _, c := range []struct {
		name   string
		before bool // insert everything once before measuring
	}{{"serial", false}, {"serial-again", true}} {
		b.Run(c.name, func(b *testing.B) {
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
	insertAll(b, s, sample("", rows))
	for b.Loop() {
		n := 0
		_, err := s.Changes(ctx, 0, func(c store.Change) error {
			n += len(c.Add)
			return nil
		})
		if err != nil || n != rows {
			b.Fatalf("%d rows, %v", n, err)
		}
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
}
