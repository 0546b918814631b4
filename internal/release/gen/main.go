// Command gen writes the embedded universe: the United Kingdom's outline from
// Natural Earth (public domain) as packaged in world-atlas (ISC), with London as
// an area of its own from the borough outlines in vega-datasets (Open Government
// Licence v3). Run it from the repository root after `npm ci` in static:
//
//	go run ./internal/release/gen static/node_modules internal/release/uk.universe.gz
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/streetsafe/streetsafe/internal/release"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: gen NODE_MODULES OUT")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(modules, out string) error {
	uk, err := topology(filepath.Join(modules, "world-atlas/countries-10m.json"), "countries", func(g geometry) bool { return g.ID == "826" })
	if err != nil {
		return err
	}
	london, err := topology(filepath.Join(modules, "vega-datasets/data/londonBoroughs.json"), "boroughs", func(geometry) bool { return true })
	if err != nil {
		return err
	}
	u, err := release.NewOutlineUniverse([]release.Area{
		{Force: release.Force{ID: "london", Name: "London (Metropolitan Police and City of London Police)"}, Polygons: london},
		{Force: release.Force{ID: "uk_elsewhere", Name: "United Kingdom outside London"}, Polygons: uk},
	})
	if err != nil {
		return err
	}
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	_, err = w.Write(u.Encode())
	if err := errors.Join(err, w.Close()); err != nil {
		return err
	}
	fmt.Printf("%d cells of resolution 6, %d slots of resolution 8, %d bytes\n", u.Parents(), u.Slots(), b.Len())
	return os.WriteFile(out, b.Bytes(), 0o644)
}

type geometry struct {
	Type string
	ID   string
	Arcs json.RawMessage
}

// topology reads the polygons of a TopoJSON object
// (github.com/topojson/topojson-specification).
func topology(file, object string, want func(geometry) bool) ([]release.Polygon, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var t struct {
		Transform struct{ Scale, Translate [2]float64 }
		Arcs      [][][2]float64
		Objects   map[string]struct{ Geometries []geometry }
	}
	if err := json.Unmarshal(raw, &t); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	lines := make([][][2]float64, len(t.Arcs))
	for i, arc := range t.Arcs {
		x, y := 0.0, 0.0
		for _, d := range arc {
			x, y = x+d[0], y+d[1]
			lines[i] = append(lines[i], [2]float64{x*t.Transform.Scale[0] + t.Transform.Translate[0], y*t.Transform.Scale[1] + t.Transform.Translate[1]})
		}
	}
	ring := func(arcs []int) (out [][2]float64) {
		for _, a := range arcs {
			line := lines[max(a, ^a)]
			for i := range line {
				p := line[i]
				if a < 0 {
					p = line[len(line)-1-i]
				}
				if i > 0 || len(out) == 0 {
					out = append(out, p)
				}
			}
		}
		return out
	}
	var polygons []release.Polygon
	for _, g := range t.Objects[object].Geometries {
		if !want(g) {
			continue
		}
		var parts [][][]int
		if g.Type == "Polygon" {
			var one [][]int
			err = json.Unmarshal(g.Arcs, &one)
			parts = [][][]int{one}
		} else {
			err = json.Unmarshal(g.Arcs, &parts)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for _, part := range parts {
			var p release.Polygon
			for _, arcs := range part {
				p = append(p, ring(arcs))
			}
			polygons = append(polygons, p)
		}
	}
	if len(polygons) == 0 {
		return nil, fmt.Errorf("%s: no polygon", file)
	}
	return polygons, nil
}
