package tilestest_test

import (
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/tiles/tilestest"
)

const square = `{"type":"FeatureCollection","features":[{"type":"Feature","id":1,"geometry":{"type":"Polygon","coordinates":[` +
	`[[0,0],[9,0],[9,9],[0,9],[0,0]],[[1,1],[1,2],[2,2],[2,1],[1,1]]]},"properties":{"a":1}}]}`

// A checker that never objects would prove nothing.
func TestCheckGeoJSON(t *testing.T) {
	if n, err := tilestest.CheckGeoJSON([]byte(square)); n != 1 || err != nil {
		t.Fatalf("%d features, %v", n, err)
	}
	for why, change := range map[string][2]string{
		"a collection with properties":  {`"features":`, `"properties":{},"features":`},
		"an old reference system":       {`"features":`, `"crs":null,"features":`},
		"an outer ring clockwise":       {`[0,0],[9,0],[9,9],[0,9],[0,0]`, `[0,0],[0,9],[9,9],[9,0],[0,0]`},
		"a hole anticlockwise":          {`[1,1],[1,2],[2,2],[2,1],[1,1]`, `[1,1],[2,1],[2,2],[1,2],[1,1]`},
		"a ring that is open":           {`[0,9],[0,0]]`, `[0,9]]`},
		"a ring of three positions":     {`[0,0],[9,0],[9,9],[0,9],[0,0]`, `[0,0],[9,0],[0,0]`},
		"a latitude beyond the pole":    {`[9,9]`, `[9,91]`},
		"a ring around the Earth":       {`[9,0],[9,9]`, `[180,0],[-170,9]`},
		"no properties":                 {`,"properties":{"a":1}`, ``},
		"properties that are a list":    {`{"a":1}`, `[]`},
		"an id that is an object":       {`"id":1`, `"id":{}`},
		"a text as a coordinate":        {`[9,0]`, `["9",0]`},
		"a height":                      {`[9,0]`, `[9,0,1]`},
		"a feature with coordinates":    {`"id":1`, `"coordinates":[]`},
		"a geometry with properties":    {`"type":"Polygon"`, `"type":"Polygon","properties":{}`},
		"a geometry that is none":       {`"Polygon"`, `"Hexagon"`},
		"a feature that is a text":      {`"features":[`, `"features":["x",`},
		"a feature of another type":     {`"type":"Feature"`, `"type":"Place"`},
		"a document of another type":    {`"FeatureCollection"`, `"Topology"`},
		"features that are no array":    {`"features":[`, `"features":null,"x":[`},
		"a geometry that is left out":   {`"geometry"`, `"shape"`},
		"a geometry that is a number":   {`"geometry":`, `"geometry":1,"shape":`},
		"coordinates that are no array": {`"Polygon","coordinates":`, `"MultiPolygon","coordinates":1,"x":`},
	} {
		text := strings.Replace(square, change[0], change[1], 1)
		if text == square {
			t.Fatalf("%s: nothing was changed", why)
		}
		if _, err := tilestest.CheckGeoJSON([]byte(text)); err == nil {
			t.Errorf("%s was accepted", why)
		}
	}
	two := strings.Replace(square, `"features":[`, `"features":[{"type":"Feature","id":1,"geometry":null,"properties":null},`, 1)
	if _, err := tilestest.CheckGeoJSON([]byte(two)); err == nil {
		t.Error("an id that comes twice was accepted")
	}
}
