package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const twoWards = `{"type":"FeatureCollection","features":[
 {"type":"Feature","properties":{"WD13CD":"W1","WD13NM":"West"},"geometry":{"type":"Polygon","coordinates":[[[-0.6,51.2],[-0.1,51.2],[-0.1,51.8],[-0.6,51.8],[-0.6,51.2]]]}},
 {"type":"Feature","properties":{"WD13CD":"W2","WD13NM":"East"},"geometry":{"type":"Polygon","coordinates":[[[-0.1,51.2],[0.4,51.2],[0.4,51.8],[-0.1,51.8],[-0.1,51.2]]]}}]}`

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func getBody(t *testing.T, url string) string {
	t.Helper()
	r, err := http.Get(url) //nolint:noctx // a test on loopback
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Boundaries, what counts are divided by and lamps, from file to figures.
func TestAreas(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, stop := start(t, "demo", "--data", dir, "--reports", "2000")
	stop()
	wards := writeFile(t, "wards.geojson", twoWards)
	if out := mustRun(t, "areas", "list", "--data", dir); !strings.Contains(out, "no areas") {
		t.Errorf("nothing loaded: %q", out)
	}
	if out := mustRun(t, "areas", "import", "--data", dir, "--kind", "ward", wards); !strings.Contains(out, "ward: 2 areas from wards.geojson") {
		t.Errorf("import: %q", out)
	}
	people := writeFile(t, "people.csv", "ward,people\nW1,200000\nW2,100000\n")
	if out := mustRun(t, "areas", "denominator", "--data", dir, "--kind", "ward", "--counts", "residents", people); !strings.Contains(out, "with residents") {
		t.Errorf("denominator: %q", out)
	}
	lampFile := writeFile(t, "lamps.csv", "id,lat,lng,off\nL1,51.37,-0.1,00:00-05:30\n")
	if out := mustRun(t, "lamps", "import", "--data", dir, lampFile); !strings.Contains(out, "1 lamps from lamps.csv, with switch-off hours") {
		t.Errorf("lamps: %q", out)
	}
	roads := writeFile(t, "roads.geojson", `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"LineString","coordinates":[[-0.12,51.37],[-0.08,51.37]]}}]}`)
	if out := mustRun(t, "rates", "list", "--data", dir); !strings.Contains(out, "no rates") {
		t.Errorf("no rates loaded: %q", out)
	}
	if out := mustRun(t, "rates", "import", "--data", dir, "--counts", "metres of street", roads); !strings.Contains(out, "metres of street in ") || !strings.Contains(out, "of resolution 11, from roads.geojson") {
		t.Errorf("rates: %q", out)
	}
	url, stop := start(t, "demo", "--data", dir)
	defer stop()
	var got struct {
		Total, Outside int64
		Denominator    string
		Areas          []struct {
			ID    string
			Count int64
			Rate  *struct{ Raw float64 }
		}
	}
	if err := json.Unmarshal([]byte(getBody(t, url+"/api/v1/areas/ward/figures")), &got); err != nil {
		t.Fatal(err)
	}
	if got.Total+got.Outside != 2000 || got.Denominator != "residents" || len(got.Areas) != 2 || got.Areas[0].Rate == nil {
		t.Errorf("figures: %+v", got)
	}
	var lit struct {
		By, Denominator string
	}
	if err := json.Unmarshal([]byte(getBody(t, url+"/api/v1/lighting?by=rate&bbox=-0.12,51.36,-0.08,51.38")), &lit); err != nil || lit.By != "rate" || lit.Denominator != "metres of street" {
		t.Errorf("lighting by rate: %+v (%v)", lit, err)
	}
	if out := mustRun(t, "areas", "remove", "--data", dir, "ward"); !strings.Contains(out, "removed ward") {
		t.Errorf("remove: %q", out)
	}
}

// What was loaded can be forgotten.
func TestRates_remove(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, stop := start(t, "demo", "--data", dir, "--reports", "200")
	stop()
	file := writeFile(t, "people.csv", "lat,lng,residents\n51.37,-0.1,120\n")
	mustRun(t, "rates", "import", "--data", dir, "--counts", "residents", file)
	if out := mustRun(t, "rates", "list", "--data", dir); !strings.Contains(out, "residents in 1 hexagons") {
		t.Errorf("list: %q", out)
	}
	mustRun(t, "rates", "remove", "--data", dir)
	if out := mustRun(t, "rates", "list", "--data", dir); !strings.Contains(out, "no rates") {
		t.Errorf("after removing: %q", out)
	}
}

func TestAreas_refuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, stop := start(t, "demo", "--data", dir, "--reports", "100")
	stop()
	wards := writeFile(t, "wards.geojson", twoWards)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"areas", "import", wards}, "kind"},
		{[]string{"areas", "import", "--kind", "A ward", wards}, "lower-case"},
		{[]string{"areas", "import", "--kind", "ward", "--id", "CODE", wards}, "--id"},
		{[]string{"areas", "remove", "ward"}, "no areas ward"},
		{[]string{"areas", "denominator", "--kind", "ward", "--counts", "x", wards}, "import them first"},
		{[]string{"lamps", "import", wards}, "no point"},
		{[]string{"lamps", "import", "--column", "hue=red", wards}, "--column"},
		{[]string{"lamps", "remove"}, "no lamps"},
	} {
		_, _, err := run(t, append(c.args, "--data", dir)...)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: error %v, want one with %q", c.args, err, c.want)
		}
	}
}
