package areas

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/paulmach/orb"
)

// topology is a TopoJSON file: https://github.com/topojson/topojson-specification
type topology struct {
	Transform *struct {
		Scale     [2]float64 `json:"scale"`
		Translate [2]float64 `json:"translate"`
	} `json:"transform"`
	Arcs    [][][]float64           `json:"arcs"`
	Objects map[string]topoGeometry `json:"objects"`
}

type topoGeometry struct {
	Type       string          `json:"type"`
	ID         any             `json:"id"`
	Properties map[string]any  `json:"properties"`
	Arcs       json.RawMessage `json:"arcs"`
	Geometries []topoGeometry  `json:"geometries"`
}

var errArc = errors.New("TopoJSON: an arc that is not there")

func readTopology(data []byte) ([]feature, error) {
	var t topology
	if err := json.Unmarshal(data, &t); err != nil {
		return nil, fmt.Errorf("TopoJSON: %w", err)
	}
	lines, err := t.lines()
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(t.Objects))
	for name := range t.Objects {
		names = append(names, name)
	}
	slices.Sort(names)
	var out []feature
	for _, name := range names {
		if out, err = appendTopo(out, t.Objects[name], lines); err != nil {
			return nil, fmt.Errorf("object %s: %w", name, err)
		}
	}
	return out, nil
}

// lines decodes the arcs: with a transform they are differences in whole steps.
func (t *topology) lines() ([]orb.LineString, error) {
	out := make([]orb.LineString, len(t.Arcs))
	for i, arc := range t.Arcs {
		var x, y float64
		for _, p := range arc {
			if len(p) < 2 {
				return nil, fmt.Errorf("TopoJSON: arc %d has a position of %d numbers", i, len(p))
			}
			if t.Transform == nil {
				out[i] = append(out[i], orb.Point{p[0], p[1]})
				continue
			}
			x, y = x+p[0], y+p[1]
			out[i] = append(out[i], orb.Point{x*t.Transform.Scale[0] + t.Transform.Translate[0], y*t.Transform.Scale[1] + t.Transform.Translate[1]})
		}
	}
	return out, nil
}

func appendTopo(out []feature, g topoGeometry, lines []orb.LineString) ([]feature, error) {
	switch g.Type {
	case "GeometryCollection":
		var err error
		for _, part := range g.Geometries {
			if out, err = appendTopo(out, part, lines); err != nil {
				return nil, err
			}
		}
		return out, nil
	case "Polygon":
		var arcs [][]int
		if err := json.Unmarshal(g.Arcs, &arcs); err != nil {
			return nil, fmt.Errorf("TopoJSON: %w", err)
		}
		p, err := polygonOf(arcs, lines)
		return append(out, feature{g.ID, g.Properties, p}), err
	case "MultiPolygon":
		var arcs [][][]int
		if err := json.Unmarshal(g.Arcs, &arcs); err != nil {
			return nil, fmt.Errorf("TopoJSON: %w", err)
		}
		m := make(orb.MultiPolygon, 0, len(arcs))
		for _, a := range arcs {
			p, err := polygonOf(a, lines)
			if err != nil {
				return nil, err
			}
			m = append(m, p)
		}
		return append(out, feature{g.ID, g.Properties, m}), nil
	}
	return nil, fmt.Errorf("TopoJSON: a %q: expected polygons", g.Type)
}

// polygonOf joins arcs into rings. A negative number stands for the arc ~n
// backwards; where arcs meet, the position is in both and kept once.
func polygonOf(rings [][]int, lines []orb.LineString) (orb.Polygon, error) {
	out := make(orb.Polygon, 0, len(rings))
	for _, arcs := range rings {
		var ring orb.Ring
		for _, n := range arcs {
			back := n < 0
			if back {
				n = ^n
			}
			if n >= len(lines) || len(lines[n]) == 0 {
				return nil, errArc
			}
			line := lines[n]
			if back {
				line = slices.Clone(line)
				slices.Reverse(line)
			}
			if len(ring) > 0 {
				line = line[1:]
			}
			ring = append(ring, line...)
		}
		out = append(out, ring)
	}
	return out, nil
}
