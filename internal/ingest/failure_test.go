package ingest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/ingest"
)

func TestRun_WrongFile(t *testing.T) {
	many := func(row string) string {
		return "external_id,lat,lng,occurred_at,factors\n" + strings.Repeat(row+"\n", 5000)
	}
	for _, tc := range []struct{ name, text, reason, hint string }{
		{"empty", "", "empty", "header"},
		{"blank", "\n\n \n", "empty", "header"},
		{"binary", "external_id,\x00\x01\x02\n", "binary", "CSV"},
		{"workbook", "PK\x03\x04abc", "Excel", "CSV"},
		{"utf-16", "\xff\xfea\x00", "UTF-16", "UTF-8"},
		{"web page", "\n<!DOCTYPE html><html>", "web page", "download"},
		{"damaged gzip", "\x1f\x8bxx", "damaged", "again"},
		{"other columns", "id,where,when\n1,2,3\n", "no column for lat, lng, occurred_at, factors; it has: id, where, when", "--column"},
		{"one column missing", "external_id,lat,lng,factors\n", "no column for occurred_at", "--column"},
		{"open quote", "\"external_id,lat\n", "header", "external_id"},
		{"no features", `{"type":"FeatureCollection","features":{}}`, "no array", "FeatureCollection"},
		{"all outside", many("1,48.85,2.35,2025-01-17,badly_lit"), "outside_area", "--area world"},
		{"all swapped", many("1,-0.1,51.37,2025-01-17,badly_lit"), "swapped_lat_lng", "--column lat=lng --column lng=lat"},
		{"no times", many("1,51.37,-0.1,yesterday,badly_lit"), "bad_time", "--column occurred_at"},
		{"no factors", many("1,51.37,-0.1,2025-01-17,dragons"), "unknown_factor", "--factor"},
		{"not NDJSON", "{\n\"a\":\n1}\n", "bad_json", "one whole object on each line"},
		{"small and all wrong", canonicalHeader + "1,48.85,2.35,2025-01-17,badly_lit\n", "outside_area", "--area world"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := ingest.Run(t.Context(), input("f.csv", tc.text), options(t), &memory{fail: errors.New("nothing may be stored")})
			var wrong *ingest.WrongFileError
			if !errors.As(err, &wrong) {
				t.Fatalf("error %v", err)
			}
			if !strings.Contains(wrong.Reason, tc.reason) || !strings.Contains(wrong.Hint, tc.hint) || strings.Contains(err.Error(), "f.csv") {
				t.Errorf("%v", err)
			}
			if s.Accepted != 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}

const canonicalHeader = "external_id,lat,lng,occurred_at,factors\n"

// A wholly wrong file of any length is left after its beginning.
func TestRun_WrongFileStopsAtOnce(t *testing.T) {
	endless := io.MultiReader(strings.NewReader(canonicalHeader), &repeat{row: "1,48.85,2.35,2025-01-17,badly_lit\n"})
	s, err := ingest.Run(t.Context(), ingest.Input{Name: "endless", Reader: endless}, options(t), &memory{})
	var wrong *ingest.WrongFileError
	if !errors.As(err, &wrong) || s.Read < 1000 {
		t.Errorf("%v, %+v", err, s)
	}
}

// repeat is an endless reader.
type repeat struct {
	row  string
	rest string
}

func (r *repeat) Read(p []byte) (int, error) {
	if r.rest == "" {
		r.rest = r.row
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func TestRun_BadOptions(t *testing.T) {
	for name, change := range map[string]func(*ingest.Options){
		"preset":   func(o *ingest.Options) { o.Preset = "nope" },
		"zone":     func(o *ingest.Options) { o.Timezone = "Croydon/Purley" },
		"local":    func(o *ingest.Options) { o.Timezone = "Local" },
		"column":   func(o *ingest.Options) { o.Columns = map[string]string{"nope": "x"} },
		"a header": func(o *ingest.Options) { o.Columns = map[string]string{"external_id": "nope"} },
	} {
		o := options(t)
		change(&o)
		if _, err := ingest.Run(t.Context(), input("f", canonical), o, &memory{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := ingest.Run(t.Context(), input("f", canonical), options(t), nil); err == nil {
		t.Error("no sink: accepted")
	}
}

func TestRun_SinkFails(t *testing.T) {
	broken := errors.New("disk full")
	if _, err := ingest.Run(t.Context(), input("f", canonical), options(t), &memory{fail: broken}); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

func TestRun_Cancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	o := options(t)
	o.BatchRows = 100
	o.Progress = func(ingest.Progress) { cancel() }
	endless := io.MultiReader(strings.NewReader(canonicalHeader), &repeat{row: "1,51.37,-0.1,2025-01-17,badly_lit\n"})
	if _, err := ingest.Run(ctx, ingest.Input{Name: "endless", Reader: endless}, o, &memory{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// A read that hangs does not hold up a cancelled import.
func TestRun_CancelledWhileReading(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	defer w.Close()
	go func() {
		_, _ = w.Write([]byte(strings.Repeat(canonicalHeader, 200))) // more than the look-ahead
		cancel()
	}()
	if _, err := ingest.Run(ctx, ingest.Input{Name: "pipe", Reader: r}, options(t), &memory{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// What stands before the damage is imported, and no half row is.
func TestRun_CutOff(t *testing.T) {
	data := canonicalCSV(3000)
	zipped := gzipped(t, string(data))
	sink := &memory{}
	s, err := ingest.Run(t.Context(), ingest.Input{Name: "cut.csv", Reader: bytes.NewReader(zipped[:len(zipped)/2])}, options(t), sink)
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "the gzip file ends early: it is damaged or still being written; it was read as far as line ") {
		t.Errorf("error %v", err)
	}
	if s.Rejected != 0 || s.Accepted < 100 || s.Accepted >= 3000 {
		t.Errorf("%+v", s)
	}
	_, err = ingest.Run(t.Context(), input("cut.json", `[{"lat":51.37,"lng":-0.1,"occurred_at":"2025-01-17","factors":"badly_lit"},{"lat":`), options(t), sink)
	if err == nil || !strings.Contains(err.Error(), "cut off") || len(sink.sources["cut.json"]) != 1 {
		t.Errorf("error %v", err)
	}
}
