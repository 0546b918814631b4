package ogc_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/ogc"
	"github.com/streetsafe/streetsafe/tiles/tilestest"
)

const cellsAt = host + "ogc/collections/cells-2025-H1/items"

// All pages together are the published file, each feature once.
func TestItems_pages(t *testing.T) {
	h := handler(t, ogc.Config{})
	all := read[items](t, h, cellsAt)
	if all.NumberMatched != all.NumberReturned || all.NumberMatched < 30 || all.Links.find("next") != "" || all.Links.find("prev") != "" {
		t.Fatalf("%d of %d, links %v", all.NumberReturned, all.NumberMatched, all.Links)
	}
	published := read[items](t, files(t), host+"2025-H1/res8.geojson")
	seen := 0
	for at := cellsAt + "?limit=7"; at != ""; {
		page := read[items](t, h, at)
		if page.NumberMatched != all.NumberMatched || page.NumberReturned != len(page.Features) || page.NumberReturned > 7 {
			t.Fatalf("%s: %d of %d", at, page.NumberReturned, page.NumberMatched)
		}
		for _, f := range page.Features {
			want := published.Features[seen]
			if f.ID != want.ID || fmt.Sprint(f.Geometry) != fmt.Sprint(want.Geometry) || f.Properties["count"] != want.Properties["count"] ||
				f.Properties["start"] != "2025-01-01" || f.Properties["end"] != "2025-06-30" || f.Properties["synthetic"] != true {
				t.Fatalf("feature %d is %v, published %v", seen, f, want)
			}
			seen++
		}
		at = page.Links.find("next")
		if seen > 7 && page.Links.find("prev") == "" {
			t.Error("a later page has no link back")
		}
	}
	if seen != len(published.Features) {
		t.Errorf("the pages have %d features, the file %d", seen, len(published.Features))
	}
	if w := get(h, cellsAt+"?limit=99999"); w.Code != 200 {
		t.Errorf("a limit above the most gives %d, not the most", w.Code)
	}
	id := fmt.Sprintf("%.0f", published.Features[0].ID)
	one := get(h, cellsAt+"/"+id)
	if n, err := tilestest.CheckGeoJSON(one.Body.Bytes()); n != 1 || err != nil || one.Header().Get("Content-Type") != "application/geo+json" {
		t.Errorf("one feature: %v, %s", err, one.Body)
	}
}

// A box selects what a dense grid of points in it says, within the grid.
func TestItems_bbox(t *testing.T) {
	h := handler(t, ogc.Config{})
	all := read[items](t, h, cellsAt)
	r := rand.New(rand.NewPCG(7, 7))
	some := 0
	for range 40 {
		west, south := -0.2+0.2*r.Float64(), 51.33+0.1*r.Float64()
		box := [4]float64{west, south, west + 0.06*r.Float64(), south + 0.04*r.Float64()}
		got := map[any]bool{}
		list := read[items](t, h, fmt.Sprintf("%s?bbox=%v,%v,%v,%v", cellsAt, box[0], box[1], box[2], box[3]))
		for _, f := range list.Features {
			got[f.ID] = true
		}
		some += len(got)
		for _, f := range all.Features {
			ring := f.Geometry.Coordinates.([]any)[0].([]any)
			distance := nearest(ring, box)
			if distance < -1e-4 && !got[f.ID] || distance > 1e-4 && got[f.ID] {
				t.Errorf("box %v: feature %v, %g degrees away, selected %v", box, f.ID, distance, got[f.ID])
			}
		}
	}
	if some < 40 {
		t.Errorf("all boxes together selected %d features", some)
	}
	for box, want := range map[string]int{"-180,-90,180,90": all.NumberMatched, "10,50,11,51": 0, "-0.5,51,0,0.5,52,9": all.NumberMatched, "170,-90,169,90": all.NumberMatched, "170,-90,-170,90": 0} {
		if n := read[items](t, h, cellsAt+"?bbox="+box).NumberMatched; n != want {
			t.Errorf("bbox %s selects %d of %d", box, n, want)
		}
	}
	// A box in the middle of one hexagon, which has none of its corners.
	ring := all.Features[0].Geometry.Coordinates.([]any)[0].([]any)
	x, y := 0.0, 0.0
	for _, p := range ring[1:] {
		x += p.([]any)[0].(float64) / float64(len(ring)-1)
		y += p.([]any)[1].(float64) / float64(len(ring)-1)
	}
	if n := read[items](t, h, fmt.Sprintf("%s?bbox=%v,%v,%v,%v", cellsAt, x, y, x+1e-6, y+1e-6)).NumberMatched; n != 1 {
		t.Errorf("a box within a hexagon selects %d", n)
	}
}

// nearest is how far a convex anticlockwise ring and a box are apart, below zero
// by how much they overlap: the greatest gap along a normal of either's sides.
func nearest(ring []any, box [4]float64) float64 {
	var points [][2]float64
	for _, p := range ring {
		points = append(points, [2]float64{p.([]any)[0].(float64), p.([]any)[1].(float64)})
	}
	corners := [][2]float64{{box[0], box[1]}, {box[2], box[1]}, {box[2], box[3]}, {box[0], box[3]}}
	worst := math.Inf(-1)
	gap := func(nx, ny float64) {
		length := math.Hypot(nx, ny)
		most, least := math.Inf(-1), math.Inf(1)
		for _, p := range points {
			most = max(most, (p[0]*nx+p[1]*ny)/length)
		}
		for _, p := range corners {
			least = min(least, (p[0]*nx+p[1]*ny)/length)
		}
		worst = max(worst, least-most)
	}
	for i := 1; i < len(points); i++ {
		gap(points[i][1]-points[i-1][1], points[i-1][0]-points[i][0])
	}
	for _, n := range [][2]float64{{1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
		gap(n[0], n[1])
	}
	return worst
}

func TestItems_datetime(t *testing.T) {
	h := handler(t, ogc.Config{})
	all := read[items](t, h, cellsAt).NumberMatched
	for when, want := range map[string]int{
		"2025-01-01": all, "2025-06-30": all, "2025-06-30T23:59:59Z": all, "2025-07-01T00:30:00+01:00": all, "2025-07-01": 0, "2024-12-31": 0,
		"2025-06-01/2025-09-01": all, "../2025-01-01": all, "../2024-12-31T10:00:00Z": 0, "2025-07-01/..": 0, "2025-06-30/": all, "../..": all, "/2025-03-01": all,
	} {
		if n := read[items](t, h, cellsAt+"?datetime="+url.QueryEscape(when)).NumberMatched; n != want {
			t.Errorf("datetime %s selects %d of %d", when, n, want)
		}
	}
}

// The forces are there with their outlines, in the year's own collection.
func TestItems_areas(t *testing.T) {
	h := handler(t, ogc.Config{})
	list := read[items](t, h, host+"ogc/collections/areas-2025/items")
	if list.NumberMatched != 2 || list.Features[0].ID != "west" || list.Features[0].Properties["force"] != "West" {
		t.Fatalf("the areas are %+v", list.Features)
	}
	if n := read[items](t, h, host+"ogc/collections/areas-2025/items?bbox=-0.6,51.37,-0.13,51.38").NumberMatched; n != 1 {
		t.Errorf("a box in the west selects %d areas", n)
	}
	if w := get(h, host+"ogc/collections/areas-2025/items/east"); w.Code != 200 || !strings.Contains(w.Body.String(), `"id":"east"`) {
		t.Errorf("the east gives %d", w.Code)
	}
}
