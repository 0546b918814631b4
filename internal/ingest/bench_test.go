package ingest_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/streetsafe/streetsafe/internal/ingest"
	"github.com/streetsafe/streetsafe/internal/report"
)

// canonicalCSV makes n rows in the canonical form around London.
func canonicalCSV(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	sets := []string{"badly_lit", "badly_lit|no_cctv", "verbal_single|followed", "rundown|drugs_alcohol|poor_layout", "other_harassment"}
	var b bytes.Buffer
	b.WriteString("external_id,lat,lng,occurred_at,factors\n")
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		at := start.Add(time.Duration(r.IntN(700*24*3600)) * time.Second)
		fmt.Fprintf(&b, "r%d,%.6f,%.6f,%s,%s\n", i, 51.3+r.Float64()*0.4, -0.5+r.Float64()*0.8, at.Format(time.RFC3339), sets[r.IntN(len(sets))])
	}
	return b.Bytes()
}

// discard is a sink that costs nothing.
type discard struct{ rows int }

func (d *discard) Insert(_ context.Context, _ ingest.Source, records []report.Record) (ingest.Result, error) {
	d.rows += len(records)
	return ingest.Result{Accepted: len(records)}, nil
}

const benchRows = 200_000

func BenchmarkRun(b *testing.B) {
	data := canonicalCSV(benchRows)
	o := options(b)
	for _, workers := range []int{1, 2} {
		b.Run(strconv.Itoa(workers)+"workers", func(b *testing.B) {
			o.Workers = workers
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				s, err := ingest.Run(context.Background(), ingest.Input{Name: "bench", Reader: bytes.NewReader(data)}, o, &discard{})
				if err != nil || s.Accepted != benchRows {
					b.Fatal(s, err)
				}
			}
			b.ReportMetric(float64(benchRows*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkNaive is the same work in the plain way: one goroutine, encoding/csv
// and time.Parse.
func BenchmarkNaive(b *testing.B) {
	data := canonicalCSV(benchRows)
	rules := options(b).Rules
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if n, err := naive(data, rules); err != nil || n != benchRows {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(benchRows*b.N)/b.Elapsed().Seconds(), "rows/s")
}

func naive(data []byte, rules report.Rules) (n int, err error) {
	r := csv.NewReader(bytes.NewReader(data))
	if _, err := r.Read(); err != nil {
		return 0, err
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		var o report.Observation
		if o.Lat, err = strconv.ParseFloat(row[1], 64); err != nil {
			return n, err
		}
		if o.Lng, err = strconv.ParseFloat(row[2], 64); err != nil {
			return n, err
		}
		if o.At, err = time.Parse(time.RFC3339, row[3]); err != nil {
			return n, err
		}
		for _, id := range bytes.Split([]byte(row[4]), []byte("|")) {
			f, err := report.ParseFactor(string(id))
			if err != nil {
				return n, err
			}
			o.Factors = o.Factors.With(f)
		}
		if _, err := rules.Accept(o); err != nil {
			return n, err
		}
		n++
	}
}
