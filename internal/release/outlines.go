package release

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/uber/h3-go/v4"
)

// areasFile has the areas of the yearly table with their outlines.
const areasFile = "areas.geojson"

// position is longitude and latitude in degrees.
type position [2]float64

type areaCollection struct {
	Type      string        `json:"type"`
	Synthetic bool          `json:"synthetic,omitempty"`
	Features  []areaFeature `json:"features"`
}

type areaFeature struct {
	Type       string         `json:"type"`
	ID         string         `json:"id"`
	Geometry   *areaGeometry  `json:"geometry"`
	Properties map[string]any `json:"properties"`
}

type areaGeometry struct {
	Type        string         `json:"type"`
	Coordinates [][][]position `json:"coordinates"`
}

// areasGeoJSON is the yearly table as a map: a feature for each area, with what
// is shown of each factor. Outlines run along hexagons of resolution 7, which is
// how areas are told apart to within a kilometre.
func areasGeoJSON(d Dataset) ([]byte, error) {
	u := d.universe
	if u == nil {
		return nil, errors.New("areas: the universe is not known")
	}
	cells := make([][]h3.Cell, len(u.forces))
	for i := range u.Slots() / perMiddle {
		if c := u.Cell7(i); c.IsValid() { // below a pentagon one is not
			f := u.force[i*perMiddle]
			cells[f] = append(cells[f], c)
		}
	}
	year := fmt.Sprint((d.To - 1).Time().Year())
	doc := areaCollection{Type: "FeatureCollection", Synthetic: d.Synthetic, Features: []areaFeature{}}
	for i, force := range u.forces {
		shape, err := outlineOf(cells[i])
		if err != nil {
			return nil, fmt.Errorf("outline of %s: %w", force.Name, err)
		}
		f := areaFeature{Type: "Feature", ID: force.ID, Geometry: shape,
			Properties: map[string]any{"force_id": force.ID, "force": force.Name, "year": year}}
		for _, n := range d.Forces {
			if n.Force.ID == force.ID {
				f.Properties[n.Factor.ID()] = n.Count
			}
		}
		doc.Features = append(doc.Features, f)
	}
	b, err := json.Marshal(doc)
	return append(b, '\n'), err
}

// outlineOf is the outline of cells of one resolution, nil when there are none
// or when they lie over the 180th meridian, where a simple outline would run
// around the world. Rings begin at their least position and come in order, so
// that the bytes do not hang on how H3 walks.
func outlineOf(cells []h3.Cell) (*areaGeometry, error) {
	polygons, err := h3.CellsToMultiPolygon(cells)
	if err != nil {
		return nil, err
	}
	g := &areaGeometry{Type: "MultiPolygon"}
	for _, p := range polygons {
		rings := [][]position{ring(p.GeoLoop, true)}
		for _, hole := range p.Holes {
			rings = append(rings, ring(hole, false))
		}
		slices.SortFunc(rings[1:], compareRings)
		g.Coordinates = append(g.Coordinates, rings)
		west, east := 180.0, -180.0
		for _, at := range rings[0] {
			west, east = min(west, at[0]), max(east, at[0])
		}
		if east-west > 180 {
			return nil, nil
		}
	}
	if len(g.Coordinates) == 0 {
		return nil, nil
	}
	slices.SortFunc(g.Coordinates, func(a, b [][]position) int { return compareRings(a[0], b[0]) })
	return g, nil
}

func comparePositions(a, b position) int { return slices.Compare(a[:], b[:]) }

func compareRings(a, b []position) int { return slices.CompareFunc(a, b, comparePositions) }

// ring closes a loop, anticlockwise outside and clockwise for a hole (RFC 7946,
// 3.1.6).
func ring(loop h3.GeoLoop, outer bool) []position {
	out := make([]position, 0, len(loop)+1)
	area := 0.0
	for i, at := range loop {
		next := loop[(i+1)%len(loop)]
		area += at.Lng*next.Lat - next.Lng*at.Lat
		if p := (position{round5(at.Lng), round5(at.Lat)}); len(out) == 0 || p != out[len(out)-1] {
			out = append(out, p)
		}
	}
	if (area > 0) != outer {
		slices.Reverse(out)
	}
	least := 0
	for i := range out {
		if comparePositions(out[i], out[least]) < 0 {
			least = i
		}
	}
	out = slices.Concat(out[least:], out[:least])
	return append(out, out[0])
}

// round5 rounds degrees to about a metre.
func round5(degrees float64) float64 { return math.Round(degrees*1e5) / 1e5 }

// floor5 rounds degrees down, so that a box keeps what it has.
func floor5(degrees float64) float64 { return math.Floor(degrees*1e5) / 1e5 }

// checkAreas compares the areas with the rows of the yearly table.
func (v *verifier) checkAreas(rows [][]string) error {
	b, ok := v.read[areasFile]
	if !ok {
		return nil // of an edition before
	}
	var doc areaCollection
	if err := json.Unmarshal(b, &doc); err != nil {
		return fmt.Errorf("%s: %w", areasFile, err)
	}
	numbers := 0
	for _, f := range doc.Features {
		for k, n := range f.Properties {
			if k == "force_id" || k == "force" || k == "year" {
				continue
			}
			numbers++
			if !slices.ContainsFunc(rows, func(row []string) bool {
				id := strings.TrimPrefix(row[1], "'") // the table's guard against spreadsheets
				return (row[1] == f.ID || id == f.ID) && row[3] == k && row[5] == fmt.Sprint(n)
			}) {
				return fmt.Errorf("%s: %s shows %v for %s, the table does not", areasFile, f.ID, n, k)
			}
		}
	}
	if numbers != len(rows) {
		return fmt.Errorf("%s has %d numbers, the table %d", areasFile, numbers, len(rows))
	}
	return nil
}
