// Package gazetteer finds places by name, postcode or coordinate, and the
// place nearest to a point, from tables embedded in the program: nothing is
// asked of another host, so nobody learns what is looked for.
//
// The tables are made by the command in gen out of licensed packages; see
// LICENCES.md beside this file for what comes from where.
package gazetteer

import (
	"embed"
	"fmt"
	"strings"
)

//go:generate go run ./gen -out .

//go:embed places.tsv.gz stations.tsv.gz london.tsv.gz
var tables embed.FS

// Attribution is what the licences of the data ask to be shown with answers.
const attribution = "Places: GeoNames (CC BY 4.0). " +
	"Railway stations: davwheat and Trainline EU (ODbL 1.0). " +
	"Areas and postcode districts of London: Wikipedia (CC BY-SA 3.0)."

// Kinds of place, as Place.Kind has them.
const (
	KindCity         = "city"
	KindTown         = "town"
	KindVillage      = "village"
	KindArea         = "area" // a part of a town
	KindStation      = "station"
	KindPostcode     = "postcode"      // a postcode district, "CR0"
	KindPostcodeArea = "postcode area" // "CR"
	KindCoordinate   = "coordinate"
)

// Place is one answer.
type Place struct {
	Name  string  `json:"name"`  // "Croydon", "CR0", "51.37000, -0.10000"
	Kind  string  `json:"kind"`  // one of the Kind constants
	Admin string  `json:"admin"` // what it lies in, "Greater London, England"; may be empty
	Lat   float64 `json:"lat"`   // WGS 84 degrees
	Lng   float64 `json:"lng"`
	Zoom  int     `json:"zoom"` // the web map zoom that shows it
}

// Index is the loaded gazetteer. It never changes, so any number of
// goroutines may use it.
type Index struct {
	entries []entry
	codes   []postcode // sorted by code
	grid    grid
	details *Details // nil for none

	stations grid
}

// entry is a place with what searching for it needs.
type entry struct {
	place      Place
	keys       []key // the name first, then other names
	admin      string
	population int32
	importance int32 // orders places that match equally well
}

// Open loads the embedded tables, in some tens of milliseconds and about
// 4 MB. It fails only if the build embedded damaged files.
func Open() (*Index, error) {
	x := &Index{}
	for _, name := range []string{"places.tsv.gz", "stations.tsv.gz", "london.tsv.gz"} {
		data, err := tables.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("gazetteer: %w", err)
		}
		rows, err := readTable(data)
		if err != nil {
			return nil, fmt.Errorf("gazetteer: %s: %w", name, err)
		}
		x.add(rows)
	}
	x.addPostcodeAreas()
	x.grid, x.stations = newGrid(x.entries, false), newGrid(x.entries, true)
	return x, nil
}

// Attribution is the text that has to be shown wherever answers are.
func (x *Index) Attribution() string {
	if x.details == nil {
		return attribution
	}
	return strings.Join(append([]string{attribution}, x.details.credits...), " ")
}

// Len is the number of named places, postcodes not counted.
func (x *Index) Len() int { return len(x.entries) }

// add indexes rows. An area that GeoNames knows already, by a like name within
// three kilometres, is left out: GeoNames has its population.
func (x *Index) add(rows []row) {
	known := make(map[string][]int)
	for i := range x.entries {
		name := x.entries[i].keys[0].text
		known[name] = append(known[name], i)
	}
	for _, r := range rows {
		if r.kind == KindPostcode {
			x.codes = append(x.codes, postcode{code: r.name, place: r.place(zoomFor(r))})
			continue
		}
		e := newEntry(r)
		if r.kind == KindArea && x.doubles(known[e.keys[0].text], r) {
			continue
		}
		x.entries = append(x.entries, e)
	}
}

const sameAreaMetres = 3000

func (x *Index) doubles(namesakes []int, r row) bool {
	for _, i := range namesakes {
		p := x.entries[i].place
		if p.Kind != KindStation && metres(p.Lat, p.Lng, r.lat, r.lng) < sameAreaMetres {
			return true
		}
	}
	return false
}

func newEntry(r row) entry {
	e := entry{
		place:      r.place(zoomFor(r)),
		keys:       []key{newKey(r.name)},
		admin:      fold(r.admin),
		population: int32(r.population),
		importance: importance(r),
	}
	for _, a := range r.aliases {
		e.keys = append(e.keys, newKey(a))
	}
	return e
}

// importance is the population; what has none counted stands among the
// villages, stations and parts of towns above them, since people name those to
// find streets.
func importance(r row) int32 {
	if r.population > 0 {
		return int32(r.population)
	}
	switch r.kind {
	case KindStation:
		return 3000
	case KindArea:
		return 3500
	}
	return 500
}

func zoomFor(r row) int {
	switch r.kind {
	case KindCity:
		if r.population > 400_000 {
			return 11
		}
		return 12
	case KindTown, KindPostcode:
		return 13
	case KindStation:
		return 16
	case KindPostcodeArea:
		return 11
	}
	return 14
}

func (r row) place(zoom int) Place {
	return Place{Name: r.name, Kind: r.kind, Admin: strings.TrimPrefix(r.admin, ", "), Lat: r.lat, Lng: r.lng, Zoom: zoom}
}
