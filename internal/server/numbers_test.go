package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/paulmach/orb/encoding/mvt"
	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/tiles"
)

var filters = []string{
	"", "factors=badly_lit", "factors=badly_lit,followed,verbal_group", "from=2026-01-01&to=2026-04-01",
	"dayparts=night,evening", "weekdays=fri,sat", "dark=yes", "dayparts=unknown&dark=unknown",
	"factors=badly_lit,isolated&from=2025-03-07&to=2026-02-11&dayparts=evening,night&weekdays=mon,wed,sun&dark=yes",
}

func matching(t testing.TB, reports []report.Report, query string) (out []report.Report) {
	t.Helper()
	v, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	f, err := report.ParseFilter(v)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range reports {
		if r.Matches(f) {
			out = append(out, r)
		}
	}
	return out
}

type summary struct {
	Total int64
	Cells int
	Top   []struct {
		Cell  string
		Count int64
	}
	ByFactor []struct {
		Factor string
		Count  int64
	} `json:"by_factor"`
	ByMonth []struct {
		Month string
		Count int64
	} `json:"by_month"`
	Matrix struct{ Counts [][]int64 } `json:"daypart_weekday"`
	ByDark map[string]int64           `json:"by_dark"`
}

// Map, panel, table and API show the same number for the same filter, and it
// is the number of reports that a loop over all of them finds.
func TestServer_oneNumberEverywhere(t *testing.T) {
	f := newFixture(t, nil)
	for _, query := range filters {
		t.Run(query, func(t *testing.T) {
			want := matching(t, f.reports, query)
			sum := decode[summary](t, f.get(t, "/api/v1/summary?res=8&top=5000&"+query))
			if sum.Total != int64(len(want)) {
				t.Errorf("summary says %d, a loop over the reports %d", sum.Total, len(want))
			}
			perCell := map[h3.Cell]int64{}
			for _, r := range want {
				p, err := r.Cell.Parent(8)
				if err != nil {
					t.Fatal(err)
				}
				perCell[p]++
			}
			if sum.Cells != len(perCell) || len(sum.Top) != len(perCell) {
				t.Errorf("summary has %d cells and lists %d, want %d", sum.Cells, len(sum.Top), len(perCell))
			}
			for _, c := range sum.Top {
				if got := perCell[h3.CellFromString(c.Cell)]; got != c.Count {
					t.Errorf("table says %d for %s, a loop %d", c.Count, c.Cell, got)
				}
			}
			f.checkTiles(t, query, perCell)
			f.checkFigures(t, sum, want)
		})
	}
}

// checkTiles draws every tile of zoom 12 around the cells.
func (f *fixture) checkTiles(t *testing.T, query string, want map[h3.Cell]int64) {
	t.Helper()
	seen := map[h3.Cell]int64{}
	for x := 2040; x <= 2055; x++ {
		for y := 1355; y <= 1375; y++ {
			r := f.get(t, fmt.Sprintf("/tiles/reports/12/%d/%d.mvt?%s", x, y, query))
			if r.StatusCode == http.StatusNoContent {
				continue
			}
			layers, err := mvt.Unmarshal(content(t, r))
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range layers {
				if l.Name != "cells" {
					continue
				}
				for _, feature := range l.Features {
					id, ok := feature.ID.(float64)
					if !ok {
						t.Fatalf("feature id is a %T", feature.ID)
					}
					c, err := tiles.CellFromFeatureID(uint64(id), 8)
					if err != nil {
						t.Fatal(err)
					}
					n := int64(feature.Properties.MustFloat64("count"))
					if before, again := seen[c]; again && before != n {
						t.Errorf("%s has %d in one tile and %d in the next", c, before, n)
					}
					seen[c] = n
				}
			}
		}
	}
	for c, n := range seen {
		if want[c] != n {
			t.Errorf("the map says %d for %s, a loop %d", n, c, want[c])
		}
	}
	if len(seen) == 0 && len(want) > 0 {
		t.Error("the map shows nothing")
	}
}

func (f *fixture) checkFigures(t *testing.T, sum summary, want []report.Report) {
	t.Helper()
	byFactor, byMonth, byDark := map[string]int64{}, map[string]int64{}, map[string]int64{}
	var matrix [report.NumDayparts][report.NumWeekdays]int64
	for _, r := range want {
		for _, x := range r.Factors.List() {
			byFactor[x.ID()]++
		}
		byMonth[r.Day.Month()]++
		byDark[r.Dark.String()]++
		matrix[r.Daypart][r.Day.Weekday()]++
	}
	for _, c := range sum.ByFactor {
		if byFactor[c.Factor] != c.Count {
			t.Errorf("%s: panel %d, loop %d", c.Factor, c.Count, byFactor[c.Factor])
		}
	}
	for _, c := range sum.ByMonth {
		if byMonth[c.Month] != c.Count {
			t.Errorf("%s: panel %d, loop %d", c.Month, c.Count, byMonth[c.Month])
		}
		delete(byMonth, c.Month)
	}
	if len(byMonth) > 0 {
		t.Errorf("the trend lacks %v", byMonth)
	}
	for d, row := range sum.Matrix.Counts {
		for w, n := range row {
			if matrix[d][w] != n {
				t.Errorf("matrix at %d,%d: panel %d, loop %d", d, w, n, matrix[d][w])
			}
		}
	}
	for k, n := range sum.ByDark {
		if byDark[k] != n {
			t.Errorf("dark %s: panel %d, loop %d", k, n, byDark[k])
		}
	}
}

func TestServer_cellDetail(t *testing.T) {
	f := newFixture(t, nil)
	for _, query := range filters {
		for res := tiles.MinResolution; res <= tiles.MaxResolution; res++ {
			c, err := f.reports[7].Cell.Parent(res)
			if err != nil {
				t.Fatal(err)
			}
			var want []report.Report
			for _, r := range matching(t, f.reports, query) {
				if p, _ := r.Cell.Parent(res); p == c {
					want = append(want, r)
				}
			}
			got := decode[summary](t, f.get(t, "/api/v1/cells/"+c.String()+"?"+query))
			if got.Total != int64(len(want)) {
				t.Errorf("%s at resolution %d: %d, a loop finds %d", query, res, got.Total, len(want))
			}
			f.checkFigures(t, got, want)
		}
	}
}

type tileSet struct {
	TileJSON   string
	Tiles      []string
	Generation uint64
	Synthetic  bool
	Total      int64
	FirstDay   string `json:"first_day"`
}

// A new batch changes the tiles that it touches and no others; the URLs that
// TileJSON hands out change, and only the current ones may be kept for ever.
func TestServer_newBatch(t *testing.T) {
	f := newFixture(t, nil)
	const farTile = "/tiles/reports/9/252/164.mvt" // Manchester, where nothing is yet
	near, far := f.get(t, croydonTile).Header.Get("ETag"), f.get(t, farTile).Header.Get("ETag")
	before := decode[tileSet](t, f.get(t, "/tiles/reports.json?factors=badly_lit"))
	if before.TileJSON != "3.0.0" || !before.Synthetic || before.Total != int64(len(matching(t, f.reports, "factors=badly_lit"))) {
		t.Errorf("TileJSON says %+v", before)
	}

	croydon, err := report.CellAt(51.3714, -0.0977)
	if err != nil {
		t.Fatal(err)
	}
	added := report.Report{Cell: croydon, Day: f.reports[0].Day, Factors: report.FactorSet(report.BadlyLit)}
	if _, err := f.cube.Apply(cube.Batch{Generation: 2, Add: []report.Report{added}}); err != nil {
		t.Fatal(err)
	}
	if got := f.get(t, croydonTile).Header.Get("ETag"); got == near {
		t.Error("the tile with the new report kept its ETag")
	}
	if got := f.get(t, farTile).Header.Get("ETag"); got != far {
		t.Error("a tile far from the new report lost its ETag")
	}
	after := decode[tileSet](t, f.get(t, "/tiles/reports.json?factors=badly_lit"))
	if after.Total != before.Total+1 || after.Generation != 2 || after.Tiles[0] == before.Tiles[0] {
		t.Errorf("after the batch TileJSON says %+v, before %+v", after, before)
	}
	for set, immutable := range map[*tileSet]bool{&before: false, &after: true} {
		u := strings.NewReplacer("{z}", "12", "{x}", "2046", "{y}", "1364").Replace(set.Tiles[0])
		r := f.get(t, u)
		if r.StatusCode != http.StatusOK || strings.Contains(r.Header.Get("Cache-Control"), "immutable") != immutable {
			t.Errorf("%s: status %d, Cache-Control %q", u, r.StatusCode, r.Header.Get("Cache-Control"))
		}
	}
}

// Two servers over the same batches give the same bytes under the same ETag;
// over another store the ETag differs, although the generation is the same.
func TestServer_replicasAgree(t *testing.T) {
	a, b := newFixture(t, nil), newFixture(t, nil)
	ra, rb := a.get(t, croydonTile), b.get(t, croydonTile)
	if ra.Header.Get("ETag") != rb.Header.Get("ETag") || string(content(t, ra)) != string(content(t, rb)) {
		t.Error("two replicas disagree")
	}
}
