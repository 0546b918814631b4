package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/paulmach/orb/encoding/mvt"
	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/pmtiles"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/tiles"
)

// archived reads an archive: the count of each cell, by zoom. A cell that says
// two things in two tiles is an error.
func archived(t testing.TB, body []byte, cells map[string]uint64, z uint32) map[string]uint64 {
	t.Helper()
	a, err := pmtiles.Read(body)
	if err != nil {
		t.Fatal(err)
	}
	out, looked := map[string]uint64{}, map[tiles.Tile]bool{}
	for id := range cells {
		ring, err := tiles.AppendOutline(nil, h3.CellFromString(id))
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range tiles.AppendTouched(nil, ring, z) {
			if looked[at] {
				continue
			}
			looked[at] = true
			b, err := a.Tile(at)
			if err != nil {
				t.Fatal(err)
			}
			if b == nil {
				t.Fatalf("tile %v is missing", at)
			}
			layers, err := mvt.Unmarshal(b)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range layers[0].Features {
				id, n := f.Properties["cell"].(string), uint64(f.Properties["count"].(float64))
				if was, twice := out[id]; twice && was != n {
					t.Errorf("%s has %d and %d reports", id, was, n)
				}
				out[id] = n
			}
		}
	}
	return out
}

// Each zoom of an archive against a loop over all reports.
func TestServer_export_pmtiles(t *testing.T) {
	f := newFixture(t, nil)
	const query = "res=9&bbox=-0.2,51.3,0,51.45&factors=badly_lit,followed&dark=yes"
	box := report.Box{West: -0.2, South: 51.3, East: 0, North: 51.45}
	filter := filterOf(t, "factors=badly_lit,followed&dark=yes")
	r := f.get(t, "/api/v1/export.pmtiles?"+query+why)
	body := content(t, r)
	if r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != "application/vnd.pmtiles" || r.Header.Get("Content-Length") != strconv.Itoa(len(body)) {
		t.Fatalf("status %d, %s, length %s of %d", r.StatusCode, r.Header.Get("Content-Type"), r.Header.Get("Content-Length"), len(body))
	}
	a, err := pmtiles.Read(body)
	if err != nil {
		t.Fatal(err)
	}
	if least, deepest := a.Zooms(); least != 0 || deepest != 14 {
		t.Errorf("zooms %d to %d, expected 0 to 14, the last that shows resolution 9", least, deepest)
	}
	for z := range uint32(15) {
		res, want := min(tiles.ResolutionForZoom(z), 9), map[string]uint64{}
		for _, r := range f.reports {
			c, err := r.Cell.Parent(res)
			if err != nil {
				t.Fatal(err)
			}
			at, err := c.LatLng()
			if err != nil {
				t.Fatal(err)
			}
			if r.Matches(filter) && box.Contains(at.Lat, at.Lng) {
				want[c.String()]++
			}
		}
		got := archived(t, body, want, z)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("zoom %d has %d cells, expected %d", z, len(got), len(want))
		}
		if z == 14 && (len(want) < 20 || r.Header.Get("X-Total-Count") != strconv.Itoa(len(want))) {
			t.Errorf("%d cells, said %s", len(want), r.Header.Get("X-Total-Count"))
		}
	}
	var about struct {
		Layers []struct{ ID string } `json:"vector_layers"`
		About  map[string]string     `json:"about"`
	}
	raw, err := a.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &about); err != nil || len(about.Layers) == 0 || about.Layers[0].ID != "cells" ||
		about.About["filter"] != "factors=badly_lit,followed&dark=yes" || about.About["period"] == "" || about.About["source"] == "" {
		t.Errorf("metadata %s (%v)", raw, err)
	}
}

// An archive without a report is one that can be opened.
func TestServer_export_pmtilesEmpty(t *testing.T) {
	f := newFixture(t, nil)
	r := f.get(t, "/api/v1/export.pmtiles?bbox=-30,30,-29,31"+why)
	a, err := pmtiles.Read(content(t, r))
	if err != nil || a.Tiles() != 0 || r.Header.Get("X-Total-Count") != "0" {
		t.Errorf("%v with X-Total-Count %s: %v", a, r.Header.Get("X-Total-Count"), err)
	}
}

// A planner's archive has what the planner's map has, at every zoom.
func TestServer_export_pmtilesPlanner(t *testing.T) {
	s := newSite(t, true)
	const grouped = "factors=verbal_single,verbal_group,followed,other_harassment"
	for _, filter := range []string{"dark=yes", grouped} {
		r := s.as(t, "planner", http.MethodGet, "/api/v1/export.pmtiles?res=11&"+filter+why, nil)
		body := content(t, r)
		if r.StatusCode != http.StatusOK {
			t.Fatalf("%s: status %d: %s", filter, r.StatusCode, body)
		}
		for _, z := range []uint32{3, 9, 12} {
			_, _, rows := table(t, content(t, s.as(t, "planner", http.MethodGet, fmt.Sprintf("/api/v1/export.csv?res=%d&%s%s", tiles.ResolutionForZoom(z), filter, why), nil)))
			want := map[string]uint64{}
			for _, row := range rows {
				n, err := strconv.ParseUint(row[3], 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				want[row[0]] = n
			}
			if got := archived(t, body, want, z); len(want) == 0 || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s, zoom %d: %d cells, expected %d", filter, z, len(got), len(want))
			}
		}
	}
}
