package ingest_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/ingest"
)

func TestOpenFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "reports.csv.gz")
	if err := os.WriteFile(path, gzipped(t, canonical), 0o600); err != nil {
		t.Fatal(err)
	}
	in, closer, err := ingest.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	sink := &memory{}
	s, err := ingest.Run(t.Context(), in, options(t), sink)
	if err != nil || s.Source != "reports.csv" || sink.last.Name != "reports.csv" || in.Size == 0 {
		t.Errorf("%v %+v", err, s)
	}
	for _, bad := range []string{dir, filepath.Join(dir, "none")} {
		if _, _, err := ingest.OpenFile(bad); err == nil {
			t.Errorf("%s opened", bad)
		}
	}
	if in, closer, err := ingest.OpenFile(ingest.StandardInput); err != nil || in.Name != "stdin" || closer.Close() != nil {
		t.Errorf("standard input: %v", err)
	}
}

func TestRejectFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rejects.csv")
	f := ingest.NewRejectFile(path)
	o := options(t)
	o.Rejects = f
	run(t, canonicalHeader+"1,51.37,-0.1,2025-01-17,badly_lit\n", o, &memory{})
	if f.Path() != "" || f.Close() != nil {
		t.Error("a file without rejects was made")
	}
	run(t, canonical, o, &memory{})
	if err := f.Close(); err != nil || f.Path() != path {
		t.Fatal(err, f.Path())
	}
	text, err := os.ReadFile(path)
	if err != nil || strings.Count(string(text), "\n") != 2 || !strings.HasPrefix(string(text), strings.Join(ingest.RejectHeader, ",")) {
		t.Errorf("%v %s", err, text)
	}
}

func TestSummary_String(t *testing.T) {
	s := ingest.Summary{File: "f.csv", Source: "f", Preset: "canonical", Format: ingest.CSV, Read: 10, Accepted: 4, Duplicates: 1, Revised: 1, Skipped: 1,
		Rejected: 3, RejectedBy: map[string]int64{"future": 1, "bad_time": 2}, Seconds: 0.5, RowsPerSecond: 20, Notes: []string{"n"}}
	want := `f.csv (csv, canonical) as source "f"
  read                10
  accepted             4
  duplicates           1
  revised              1
  skipped              1
  rejected             3
    bad_time                   2
    future                     1
  0.50 s, 20 rows/s
  note: n
`
	var b bytes.Buffer
	n, err := s.WriteTo(&b)
	if b.String() != want || n != int64(len(want)) || err != nil {
		t.Errorf("%q", b.String())
	}
	text, err := json.Marshal(s)
	if err != nil || !strings.Contains(string(text), `"format":"csv"`) || !strings.Contains(string(text), `"rejected_by_reason":{"bad_time":2,"future":1}`) {
		t.Errorf("%s %v", text, err)
	}
}

func TestParseFormat(t *testing.T) {
	for _, f := range []ingest.Format{ingest.FormatAuto, ingest.CSV, ingest.NDJSON, ingest.GeoJSON, ingest.JSONArray} {
		if got, err := ingest.ParseFormat(strings.ToUpper(f.String())); err != nil || got != f {
			t.Errorf("%v: %v %v", f, got, err)
		}
	}
	if _, err := ingest.ParseFormat("xlsx"); err == nil {
		t.Error("xlsx accepted")
	}
}
