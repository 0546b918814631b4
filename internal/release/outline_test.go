package release_test

import (
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/release"
)

const twoForces = `{"type":"FeatureCollection","features":[
 {"type":"Feature","properties":{"code":"W1","name":"West"},"geometry":{"type":"Polygon","coordinates":[[[-0.3,51.3],[-0.1,51.3],[-0.1,51.45],[-0.3,51.45],[-0.3,51.3]]]}},
 {"type":"Feature","properties":{"code":"E1","name":"East"},"geometry":{"type":"MultiPolygon","coordinates":[[[[-0.1,51.3,7],[0.1,51.3],[0.1,51.45],[-0.1,51.45],[-0.1,51.3]]]]}},
 {"type":"Feature","properties":{"code":"E1","name":"East"},"geometry":{"type":"Polygon","coordinates":[[[0.4,51.3],[0.401,51.3],[0.401,51.301],[0.4,51.3]]]}}]}`

func TestNewOutlineUniverse_nearestForce(t *testing.T) {
	areas, err := release.ReadAreas(strings.NewReader(twoForces), "code", "name")
	if err != nil {
		t.Fatal(err)
	}
	if len(areas) != 2 || len(areas[1].Polygons) != 2 || areas[1].Force != (release.Force{ID: "E1", Name: "East"}) {
		t.Fatalf("areas are %+v", areas)
	}
	u, err := release.NewOutlineUniverse(areas)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		lat, lng float64
		in       bool
	}{
		"inside West": {51.4, -0.2, true}, "inside East": {51.4, 0.05, true}, "at the coast, outside the outline": {51.47, -0.2, true},
		"an islet smaller than a cell": {51.3003, 0.4007, true}, "far away": {52, 0, false},
	} {
		c := cellAt(t, tt.lat, tt.lng, 11)
		slot, in := u.Slot(c)
		if in != tt.in {
			t.Errorf("%s: in the universe %v", name, in)
		}
		if want, err := c.Parent(8); in && (err != nil || u.Cell8(slot) != want) {
			t.Errorf("%s: slot of %v, expected %v", name, u.Cell8(slot), want)
		}
	}
	again, err := release.NewOutlineUniverse(areas)
	if err != nil || again.Hash() != u.Hash() {
		t.Errorf("the same outlines give another universe: %v", err)
	}
}

// Near a coast a force is the nearest one, which the yearly table shows.
func TestNewOutlineUniverse_countsAtTheCoast(t *testing.T) {
	areas, err := release.ReadAreas(strings.NewReader(twoForces), "code", "name")
	if err != nil {
		t.Fatal(err)
	}
	u, err := release.NewOutlineUniverse(areas)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		lng  float64
		want int
	}{"west of the line": {-0.2, 0}, "east of the line": {0.03, 1}} {
		tally := release.NewTally(u, release.DefaultPolicy(), h1)
		it := items(t, 1, 1)[0]
		it.Cell, it.Received = cellAt(t, 51.47, tt.lng, 11), h1.From()
		tally.Add(it)
		for f, row := range tally.Truth().LF {
			if (row != [12]int32{}) != (f == tt.want) {
				t.Errorf("%s: force %d has %v", name, f, row)
			}
		}
	}
}

func TestReadAreas_refuses(t *testing.T) {
	for name, text := range map[string]string{
		"not JSON":        "x",
		"no collection":   `{"type":"Feature"}`,
		"no features":     `{"type":"FeatureCollection","features":[]}`,
		"no such members": strings.ReplaceAll(twoForces, "code", "other"),
		"no geometry":     `{"type":"FeatureCollection","features":[{"properties":{"code":1,"name":"x"},"geometry":null}]}`,
		"a point":         `{"type":"FeatureCollection","features":[{"properties":{"code":1,"name":"x"},"geometry":{"type":"Point","coordinates":[0,0]}}]}`,
	} {
		if _, err := release.ReadAreas(strings.NewReader(text), "code", "name"); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, ring := range map[string][][2]float64{
		"metres": {{530000, 180000}, {531000, 180000}, {531000, 181000}}, "two points": {{0, 51}, {1, 51}}, "nothing": nil,
	} {
		_, err := release.NewOutlineUniverse([]release.Area{{Force: release.Force{ID: "x", Name: "x"}, Polygons: []release.Polygon{{ring}}}})
		if err == nil {
			t.Errorf("an outline of %s was accepted", name)
		}
	}
}

func FuzzReadAreas(f *testing.F) {
	f.Add(twoForces)
	f.Add(`{"type":"FeatureCollection","features":[{"properties":{"code":null},"geometry":{"type":"Polygon","coordinates":[[[]]]}}]}`)
	f.Add(`{"type":"FeatureCollection","features":[{"properties":{"code":1,"name":2},"geometry":{"type":"MultiPolygon","coordinates":[[[[1e400,0]]]]}}]}`)
	f.Fuzz(func(t *testing.T, s string) {
		areas, err := release.ReadAreas(strings.NewReader(s), "code", "name")
		if err == nil && len(areas) == 0 {
			t.Error("no area and no error")
		}
	})
}
