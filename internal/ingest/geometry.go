package ingest

import (
	"encoding/json"

	"github.com/streetsafe/streetsafe/internal/report"
)

// expectLngFirst is what swapped GeoJSON positions are told.
const expectLngFirst = "longitude first: GeoJSON positions are [longitude, latitude], and this place is inside the area when they are swapped"

// geometry is the geometry of a GeoJSON feature; the zero value is that of rows
// that are no features.
type geometry struct {
	kind        string // its type as written, "null" without one
	coordinates string // as written
}

func readGeometry(raw json.RawMessage) geometry {
	var g struct {
		Type        string
		Coordinates json.RawMessage
	}
	if json.Unmarshal(raw, &g) != nil || g.Type == "" {
		return geometry{kind: "null"}
	}
	return geometry{kind: g.Type, coordinates: string(g.Coordinates)}
}

// position returns the coordinates of a point, as written; other geometries
// have none.
func (g geometry) position() (lat, lng string) {
	var at []json.Number
	if g.kind != "Point" || json.Unmarshal([]byte(g.coordinates), &at) != nil || len(at) < 2 {
		return "", ""
	}
	return at[1].String(), at[0].String()
}

// noPosition says why a feature has no position.
func (g geometry) noPosition() *report.FieldError {
	if g.kind != "Point" {
		return &report.FieldError{Field: "geometry", Value: g.kind, Reason: ReasonNotAPoint,
			Expect: "geometry is " + clip(g.kind) + ", a Point is needed"}
	}
	return &report.FieldError{Field: "coordinates", Value: g.coordinates, Reason: ReasonNoPosition,
		Expect: "a position as [longitude, latitude] in degrees"}
}
