package gazetteer

import (
	"cmp"
	"math"
	"slices"
)

const (
	// landmarkMetres is how near a station or a street must be to say where a
	// point is better than the town does.
	landmarkMetres = 400

	// streetSquare is the side of the squares that streets are sorted into, in
	// degrees: the nine around a point reach further than landmarkMetres as far
	// north as Shetland.
	streetSquare = 0.01
)

// Landmark is the place that tells people best where a point is: the nearest
// street, station or part of a town within 400 metres, or else what Nearest
// gives. Distances are to the middle of a place. A station lies in the place that
// Nearest gives.
func (x *Index) Landmark(lat, lng float64) (p Place, distance float64, ok bool) {
	if p, distance, ok = x.Nearest(lat, lng); !(math.Abs(lat) <= 90 && math.Abs(lng) <= 180) {
		return p, distance, ok
	}
	reach := float64(landmarkMetres)
	if ok {
		reach = min(reach, distance)
	}
	take := func(q Place) {
		if d := metres(lat, lng, q.Lat, q.Lng); d < reach {
			p, distance, reach, ok = q, d, d, true
		}
	}
	town := p.Name
	for _, i := range x.stations.around(square(lat, lng)) {
		station := x.entries[i].place
		if town != "" {
			station.Admin = town
		}
		take(station)
	}
	if x.details != nil {
		x.details.near(lat, lng, take)
	}
	return p, distance, ok
}

// around returns the entries of a square and of its eight neighbours.
func (g grid) around(at [2]int16) (all []int32) {
	for dy := int16(-1); dy <= 1; dy++ {
		for dx := int16(-1); dx <= 1; dx++ {
			all = append(all, g.squares[[2]int16{at[0] + dy, at[1] + dx}]...)
		}
	}
	return all
}

// streetAt is the square of streetSquare that a point lies in, row by row.
func streetAt(lat, lng float64) int32 {
	const columns = 360 / streetSquare
	return int32(math.Floor(lat/streetSquare))*columns + int32(math.Floor(lng/streetSquare))
}

func (s *street) square() int32 { return streetAt(float64(s.lat), float64(s.lng)) }

// indexSquares sorts the numbers of streets by square, for near: 4 bytes each.
func (d *Details) indexSquares() {
	d.bySquare = make([]int32, len(d.streets))
	for i := range d.bySquare {
		d.bySquare[i] = int32(i)
	}
	slices.SortFunc(d.bySquare, func(a, b int32) int {
		return cmp.Or(cmp.Compare(d.streets[a].square(), d.streets[b].square()), cmp.Compare(a, b))
	})
}

// near gives take the streets of the squares around a point.
func (d *Details) near(lat, lng float64, take func(Place)) {
	for dy := -1; dy <= 1; dy++ {
		y := lat + float64(dy)*streetSquare
		first, last := streetAt(y, lng-streetSquare), streetAt(y, lng+streetSquare)
		i, _ := slices.BinarySearchFunc(d.bySquare, first, func(n, want int32) int { return cmp.Compare(d.streets[n].square(), want) })
		for ; i < len(d.bySquare) && d.streets[d.bySquare[i]].square() <= last; i++ {
			take(d.streets[d.bySquare[i]].place())
		}
	}
}

func (s *street) place() Place {
	return Place{Name: s.name, Kind: s.kind, Admin: s.admin, Lat: float64(s.lat), Lng: float64(s.lng), Zoom: 17}
}
