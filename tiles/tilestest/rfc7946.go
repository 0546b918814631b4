package tilestest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// CheckGeoJSON holds a FeatureCollection or Feature to RFC 7946, strictly: what
// the RFC says SHOULD or "is RECOMMENDED" counts as a rule, such as the order of
// rings. It returns the number of features.
func CheckGeoJSON(b []byte) (features int, err error) {
	var doc map[string]any
	if err := json.Unmarshal(b, &doc); err != nil {
		return 0, err
	}
	if doc["type"] == "Feature" {
		return 1, checkFeature(doc)
	}
	if doc["type"] != "FeatureCollection" {
		return 0, fmt.Errorf("type %v: expected FeatureCollection or Feature", doc["type"])
	}
	if err := foreign(doc, "coordinates", "geometries", "geometry", "properties", "crs", "bbox"); err != nil {
		return 0, err
	}
	list, ok := doc["features"].([]any)
	if !ok {
		return 0, errors.New("features is no array")
	}
	ids := map[string]bool{}
	for i, f := range list {
		f, ok := f.(map[string]any)
		if !ok || f["type"] != "Feature" {
			return 0, fmt.Errorf("feature %d is none", i)
		}
		if err := checkFeature(f); err != nil {
			return 0, fmt.Errorf("feature %d: %w", i, err)
		}
		if id := fmt.Sprint(f["id"]); f["id"] != nil && ids[id] {
			return 0, fmt.Errorf("feature %d: id %s comes twice", i, id)
		} else {
			ids[id] = true
		}
	}
	return len(list), nil
}

// foreign refuses members that belong to another type of object (RFC 7946, 7.1)
// or to the older GeoJSON.
func foreign(object map[string]any, names ...string) error {
	for _, n := range names {
		if _, ok := object[n]; ok {
			return fmt.Errorf("a %v has the member %q", object["type"], n)
		}
	}
	return nil
}

func checkFeature(f map[string]any) error {
	if err := foreign(f, "coordinates", "geometries", "features", "crs"); err != nil {
		return err
	}
	switch f["id"].(type) {
	case nil, string, float64:
	default:
		return fmt.Errorf("id %v is neither a text nor a number", f["id"])
	}
	properties, ok := f["properties"]
	if _, object := properties.(map[string]any); !ok || properties != nil && !object {
		return errors.New("properties is neither an object nor null")
	}
	g, ok := f["geometry"]
	if !ok {
		return errors.New("there is no geometry, not even null")
	}
	if g == nil {
		return nil
	}
	geometry, ok := g.(map[string]any)
	if !ok {
		return errors.New("geometry is no object")
	}
	if err := foreign(geometry, "geometry", "properties", "features", "crs"); err != nil {
		return err
	}
	return checkGeometry(geometry)
}

func checkGeometry(g map[string]any) error {
	switch g["type"] {
	case "Point":
		_, err := position(g["coordinates"])
		return err
	case "Polygon":
		return checkPolygon(g["coordinates"])
	case "MultiPolygon":
		list, ok := g["coordinates"].([]any)
		if !ok {
			return errors.New("coordinates is no array")
		}
		for _, p := range list {
			if err := checkPolygon(p); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("geometry %v is none that we publish", g["type"])
}

func checkPolygon(v any) error {
	rings, ok := v.([]any)
	if !ok || len(rings) == 0 {
		return errors.New("a polygon has no ring")
	}
	for i, r := range rings {
		if err := checkRing(r, i == 0); err != nil {
			return fmt.Errorf("ring %d: %w", i, err)
		}
	}
	return nil
}

// checkRing wants a closed ring of four or more positions that follows the
// right-hand rule (3.1.6) and does not cross the 180th meridian (3.1.9).
func checkRing(v any, outer bool) error {
	list, ok := v.([]any)
	if !ok || len(list) < 4 {
		return errors.New("it has fewer than four positions")
	}
	points := make([][2]float64, len(list))
	for i, p := range list {
		var err error
		if points[i], err = position(p); err != nil {
			return err
		}
	}
	if points[0] != points[len(points)-1] {
		return errors.New("it is not closed")
	}
	area, west, east := 0.0, 180.0, -180.0
	o := points[0] // so that a small ring far from zero keeps its digits
	for i, p := range points[1:] {
		q := points[i]
		area += (q[0]-o[0])*(p[1]-o[1]) - (p[0]-o[0])*(q[1]-o[1])
		west, east = min(west, p[0]), max(east, p[0])
	}
	if (area > 0) != outer || area == 0 {
		return fmt.Errorf("it turns the wrong way round, area %g", area)
	}
	if east-west > 180 {
		return errors.New("it crosses the 180th meridian")
	}
	return nil
}

func position(v any) (p [2]float64, err error) {
	list, ok := v.([]any)
	if !ok || len(list) != 2 { // a height would be allowed, but we have none
		return p, fmt.Errorf("position %v: expected longitude and latitude", v)
	}
	for i, n := range list {
		if p[i], ok = n.(float64); !ok {
			return p, fmt.Errorf("position %v has something else than numbers", v)
		}
	}
	limits := [2]float64{180, 90}
	if slices.ContainsFunc([]int{0, 1}, func(i int) bool { return p[i] < -limits[i] || p[i] > limits[i] }) {
		return p, fmt.Errorf("position %v is not on the Earth", p)
	}
	return p, nil
}
