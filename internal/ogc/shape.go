package ogc

import (
	"encoding/json"
	"fmt"
	"math"
)

// rect is west, south, east, north in degrees; west is at most east.
type rect [4]float64

// empty is the rect around nothing.
var empty = rect{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}

func (r rect) and(o rect) rect {
	return rect{min(r[0], o[0]), min(r[1], o[1]), max(r[2], o[2]), max(r[3], o[3])}
}

func (r rect) overlaps(o rect) bool {
	return r[0] <= o[2] && o[0] <= r[2] && r[1] <= o[3] && o[1] <= r[3]
}

func (r rect) has(p [2]float64) bool {
	return p[0] >= r[0] && p[0] <= r[2] && p[1] >= r[1] && p[1] <= r[3]
}

// shape is a geometry for the question whether a box meets it: a point, or the
// rings of polygons.
type shape struct {
	box   rect
	point *[2]float64
	rings [][][2]float64
}

// readShape reads a Point, Polygon or MultiPolygon of GeoJSON; null is a shape
// that no box meets.
func readShape(raw json.RawMessage) (shape, error) {
	s := shape{box: empty}
	if string(raw) == "null" {
		return s, nil
	}
	var g struct {
		Type        string
		Coordinates json.RawMessage
	}
	if err := json.Unmarshal(raw, &g); err != nil {
		return s, err
	}
	var err error
	switch g.Type {
	case "Point":
		s.point = new([2]float64)
		err = json.Unmarshal(g.Coordinates, s.point)
		s.box = rect{s.point[0], s.point[1], s.point[0], s.point[1]}
	case "Polygon":
		err = json.Unmarshal(g.Coordinates, &s.rings)
	case "MultiPolygon":
		var list [][][][2]float64
		err = json.Unmarshal(g.Coordinates, &list)
		for _, p := range list {
			s.rings = append(s.rings, p...)
		}
	default:
		err = fmt.Errorf("geometry %q is not one that releases have", g.Type)
	}
	for _, ring := range s.rings {
		for _, p := range ring {
			s.box = s.box.and(rect{p[0], p[1], p[0], p[1]})
		}
	}
	return s, err
}

// meets reports whether the shape and a rect have a point in common.
func (s *shape) meets(r rect) bool {
	if !s.box.overlaps(r) {
		return false
	}
	if s.point != nil {
		return true // its box is itself
	}
	for _, ring := range s.rings {
		for i, p := range ring {
			if r.has(p) || i > 0 && crosses(ring[i-1], p, r) {
				return true
			}
		}
	}
	return s.has([2]float64{r[0], r[1]}) // the rect lies wholly within, or apart
}

// has counts the rings that stand to the right of a point: an odd number has it,
// holes and all.
func (s *shape) has(p [2]float64) bool {
	in := false
	for _, ring := range s.rings {
		for i := 1; i < len(ring); i++ {
			a, b := ring[i-1], ring[i]
			if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < (b[0]-a[0])*(p[1]-a[1])/(b[1]-a[1])+a[0] {
				in = !in
			}
		}
	}
	return in
}

// crosses clips a line against a rect (Liang and Barsky 1984).
func crosses(a, b [2]float64, r rect) bool {
	from, to := 0.0, 1.0
	for axis := range 2 {
		d := b[axis] - a[axis]
		low, high := r[axis]-a[axis], r[axis+2]-a[axis]
		if d == 0 {
			if low > 0 || high < 0 {
				return false
			}
			continue
		}
		if d < 0 {
			low, high = high, low
		}
		from, to = max(from, low/d), min(to, high/d)
	}
	return from <= to
}
