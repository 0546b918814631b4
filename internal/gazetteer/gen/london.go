package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

type district struct {
	Location, Borough, PostTown, PostcodeDistrict, OSGridRef string
}

var outcode = regexp.MustCompile(`^[A-Z]{1,2}[0-9]{1,2}[A-Z]?$`)

// londonRows reads the areas of London, and from them the middle of each
// postcode district: the mean of the areas that lie in it alone or, when
// there is none, of those that share it.
func londonRows(work string) ([]row, error) {
	data, err := packed(work, londonPackage, "districts.json")
	if err != nil {
		return nil, err
	}
	var list []district
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, err
	}
	var rows []row
	alone, shared := make(map[string]*mean), make(map[string]*mean)
	for _, d := range list {
		if d.OSGridRef == "" {
			continue
		}
		lat, lng, err := fromGridRef(d.OSGridRef)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.Location, err)
		}
		borough := strings.NewReplacer("Hounslow & Ealing", "Hounslow and Ealing", "&", "and").Replace(d.Borough)
		if borough == "City" {
			borough = "City of London"
		}
		name, _, _ := strings.Cut(d.Location, " (")
		rows = append(rows, row{name: name, kind: 'a', admin: borough + ", London", lat: lat, lng: lng})

		codes := strings.FieldsFunc(d.PostcodeDistrict, func(r rune) bool { return r == ',' || r == ' ' })
		into := shared
		if len(codes) == 1 {
			into = alone
		}
		for _, c := range codes {
			if outcode.MatchString(c) {
				add(into, c, lat, lng, borough)
			}
		}
	}
	return append(rows, outcodeRows(alone, shared)...), nil
}

type mean struct {
	lat, lng float64
	n        int
	boroughs map[string]int
}

func add(m map[string]*mean, code string, lat, lng float64, borough string) {
	if m[code] == nil {
		m[code] = &mean{boroughs: make(map[string]int)}
	}
	m[code].lat += lat
	m[code].lng += lng
	m[code].n++
	m[code].boroughs[borough]++
}

func outcodeRows(alone, shared map[string]*mean) []row {
	for code, m := range shared {
		if alone[code] == nil {
			alone[code] = m
		}
	}
	var rows []row
	for code, m := range alone {
		boroughs := make([]string, 0, len(m.boroughs))
		for b := range m.boroughs {
			boroughs = append(boroughs, b)
		}
		main := slices.MaxFunc(boroughs, func(a, b string) int {
			return cmp.Or(cmp.Compare(m.boroughs[a], m.boroughs[b]), strings.Compare(b, a))
		})
		n := float64(m.n)
		rows = append(rows, row{name: code, kind: 'p', admin: main + ", London", lat: m.lat / n, lng: m.lng / n})
	}
	return rows
}
