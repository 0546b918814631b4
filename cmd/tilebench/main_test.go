package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// runCommand runs the program as the shell would, and reads its JSON.
func runCommand(t *testing.T, into any, args ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "out.json")
	var out, log bytes.Buffer
	cmd := newRoot()
	cmd.SetArgs(append(args, "--json", file))
	cmd.SetOut(&out)
	cmd.SetErr(&log)
	if err := cmd.Execute(); err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestMeasure(t *testing.T) {
	var got outcome
	out := runCommand(t, &got, "--reports", "5k", "--requests", "600", "--conns", "1,3")
	if len(got.Bodies) != 1 || got.Bodies[0].Reports != 5000 || got.Bodies[0].CubeBytes == 0 {
		t.Fatalf("bodies %+v", got.Bodies)
	}
	var modes []string
	var bytesOf int64
	for _, r := range got.Bodies[0].Runs {
		modes = append(modes, r.Mode)
		if r.Requests != 600 || r.All.Count != 600 || r.Errors != 0 || r.TilesPerSec <= 0 || r.All.P50 > r.All.P99 {
			t.Errorf("%s over %d connections: %+v", r.Mode, r.Conns, r)
		}
		if len(r.ByKind) != numKinds || len(r.ByBand) != 4 {
			t.Errorf("%s: kinds %v, bands %v", r.Mode, r.ByKind, r.ByBand)
		}
		// The same requests give the same bytes in every mode.
		if bytesOf == 0 {
			bytesOf = r.Bytes.Total
		}
		if r.Bytes.Total != bytesOf || r.Empty == r.Requests {
			t.Errorf("%s: %d bytes, the first mode had %d", r.Mode, r.Bytes.Total, bytesOf)
		}
		switch {
		case r.Mode == modeHot && (r.HitRate == nil || *r.HitRate != 1):
			t.Errorf("hot: hit rate %v", r.HitRate)
		case r.Mode == modeFirst && (r.HitRate == nil || *r.HitRate < 0.2 || *r.HitRate > 0.4):
			t.Errorf("first: hit rate %v", r.HitRate)
		case r.Mode == modeCold && r.HitRate != nil:
			t.Errorf("cold: hit rate %v", *r.HitRate)
		}
	}
	want := "handler least cold first hot ceiling cold first hot ceiling"
	if strings.Join(modes, " ") != want {
		t.Errorf("modes %v, want %s", modes, want)
	}
	for _, text := range []string{"5k reports", "ceiling", "three factors", "z15-17"} {
		if !strings.Contains(out, text) {
			t.Errorf("the table lacks %q:\n%s", text, out)
		}
	}
}

func TestMeasure_otherServer(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != "" {
			http.Error(w, "this server has no filters", http.StatusBadRequest)
			return
		}
		_, _ = w.Write([]byte(r.URL.Path))
	}))
	defer s.Close()
	var got outcome
	runCommand(t, &got, "--url", s.URL+"/hex/{z}/{x}/{y}.pbf", "--requests", "300", "--conns", "2", "--reports", "20k")
	if len(got.Bodies) != 1 || len(got.Bodies[0].Runs) != 2 {
		t.Fatalf("%+v", got)
	}
	for _, r := range got.Bodies[0].Runs {
		if r.Errors != 0 || r.Bytes.Total == 0 || len(r.ByKind) != 1 {
			t.Errorf("%+v", r)
		}
	}
}

// Figures of a run with failing tiles are worth nothing, and the exit status
// has to say so.
func TestMeasure_errorsFail(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) }))
	defer s.Close()
	cmd := newRoot()
	cmd.SetArgs([]string{"--url", s.URL + "/{z}/{x}/{y}", "--requests", "10", "--conns", "1", "--reports", "1k"})
	cmd.SetOut(&bytes.Buffer{})
	cmd.SetErr(&bytes.Buffer{})
	if err := cmd.Execute(); err == nil || !strings.Contains(err.Error(), "status 500") {
		t.Errorf("error %v", err)
	}
}

func TestGrowth(t *testing.T) {
	var got struct{ Points []growthPoint }
	out := runCommand(t, &got, "growth", "--reports", "2k,8k", "--requests", "500", "--finer", "1")
	if len(got.Points) != 2 || got.Points[0].Reports != 2000 || got.Points[1].Reports != 8000 {
		t.Fatalf("%+v", got)
	}
	for _, p := range got.Points {
		tiles := 0
		for _, c := range p.ByCells {
			tiles += c.Count
		}
		if tiles != 500 || p.CellsPerTile <= 0 || p.NanosPerCell <= 0 || p.WorstKind == "" {
			t.Errorf("%+v", p)
		}
	}
	if !strings.Contains(out, "ns/cell") {
		t.Errorf("table:\n%s", out)
	}
}

func TestAdversary(t *testing.T) {
	var got struct{ Attacks []attack }
	runCommand(t, &got, "adversary", "--reports", "5k", "--filters", "5k", "--cache", "256KB")
	if len(got.Attacks) != 1 {
		t.Fatalf("%+v", got)
	}
	if a := got.Attacks[0]; a.Filters != 5000 || a.Budget != 256<<10 || a.MaxBytes > a.Budget || a.MaxBytes == 0 || a.Evicted == 0 || a.Latencies.Count != 5000 {
		t.Errorf("%+v", a)
	}
}

func TestApply(t *testing.T) {
	var got struct{ Applied []applied }
	runCommand(t, &got, "apply", "--reports", "5k", "--batch", "50", "--batches", "4", "--interval", "1ms", "--requests", "300", "--load", "2")
	if len(got.Applied) != 1 {
		t.Fatalf("%+v", got)
	}
	a := got.Applied[0]
	if a.Applying.Count != 4 || a.Visible.Count != 4 || a.Visible.P50 < a.Applying.P50 || a.Quiet.Requests < 300 || a.Busy.Requests < 300 {
		t.Errorf("%+v", a)
	}
	if a.KeptHits <= 0.3 || a.KeptHits >= 1 {
		t.Errorf("a batch in one town leaves %v of the cache", a.KeptHits)
	}
}

func TestRoot_badFlags(t *testing.T) {
	for _, args := range [][]string{
		{"--reports", "0"}, {"--conns", "5k"}, {"--requests", "0"}, {"--finer", "3"}, {"--accept-encoding", "a\r\nb"}, {"--url", "http://example.org/{z}/{x}/{y}"},
		{"unknown"}, {"growth", "extra"},
	} {
		cmd := newRoot()
		cmd.SetArgs(args)
		cmd.SetOut(&bytes.Buffer{})
		cmd.SetErr(&bytes.Buffer{})
		if err := cmd.Execute(); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}
