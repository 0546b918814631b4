package gazetteer

import "math"

// grid sorts the places into squares of cellDegrees for Nearest.
type grid struct {
	squares map[[2]int16][]int32 // entry numbers
}

// cellDegrees is about 11 km by 7 km at British latitudes: a dozen places a
// square in towns, and the eight around it reach as far as maxNearMetres.
const cellDegrees = 0.1

// maxNearMetres is the furthest place that still says where a point is.
const maxNearMetres = 10_000

// newGrid sorts the stations, or all other places.
func newGrid(entries []entry, stations bool) grid {
	g := grid{squares: make(map[[2]int16][]int32)}
	for i := range entries {
		if p := entries[i].place; (p.Kind == KindStation) == stations {
			at := square(p.Lat, p.Lng)
			g.squares[at] = append(g.squares[at], int32(i))
		}
	}
	return g
}

func square(lat, lng float64) [2]int16 {
	return [2]int16{int16(math.Floor(lat / cellDegrees)), int16(math.Floor(lng / cellDegrees))}
}

// Nearest is the city, town, village or area whose middle is nearest to a
// point in degrees, and its distance in metres. ok is false when none lies
// within ten kilometres, or when the point is none. Stations are no answer: for a
// map of a town "near Croydon" tells more people than the name of a halt does.
func (x *Index) Nearest(lat, lng float64) (p Place, distance float64, ok bool) {
	if !(math.Abs(lat) <= 90 && math.Abs(lng) <= 180) { // NaN too
		return Place{}, 0, false
	}
	at := square(lat, lng)
	reachLng := int16(math.Ceil(maxNearMetres / (metresPerDegree * cellDegrees * max(0.1, math.Cos(lat*math.Pi/180)))))
	distance = maxNearMetres
	for dy := int16(-1); dy <= 1; dy++ {
		for dx := -reachLng; dx <= reachLng; dx++ {
			for _, i := range x.grid.squares[[2]int16{at[0] + dy, at[1] + dx}] {
				e := &x.entries[i].place
				if d := metres(lat, lng, e.Lat, e.Lng); d < distance {
					p, distance, ok = *e, d, true
				}
			}
		}
	}
	return p, distance, ok
}

const metresPerDegree = 111_195 // of a great circle

// metres is the distance between two near points, on the plane that touches
// the sphere between them: within a thousandth at these distances.
func metres(lat1, lng1, lat2, lng2 float64) float64 {
	x := (lng2 - lng1) * math.Cos((lat1+lat2)/2*math.Pi/180)
	return math.Hypot(x, lat2-lat1) * metresPerDegree
}
