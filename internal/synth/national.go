package synth

import "math"

// londonPopulation is in thousands, like those of the towns.
const londonPopulation = 8900

// How a town's weight is spread over its places.
const (
	centreShare  = 0.34
	nightShare   = 0.12
	stationShare = 0.14
	greenShare   = 0.12
	suburbShare  = 0.28

	villageWeight    = 2.5 // as people in thousands
	villageRadius    = 260.0
	villagesPerRoad  = 2
	roadsPerTown     = 3
	maxRoadDegrees   = 0.9 // longer gaps between neighbours are sea or moor
	villageWanderDeg = 0.012
)

// nationalSites returns London, the towns with places laid out around their
// centres, and villages on the way from each town to its neighbours.
func nationalSites(seed uint64) []site {
	out := scaled(demoSites(), londonPopulation)
	for _, t := range towns {
		out = append(out, t.sites(newStream(seed, streamPlace, nameKey(t.name)))...)
	}
	return append(out, villages(seed)...)
}

// sites lays out a town. Its built-up radius grows with the root of the
// population, as area does.
func (t town) sites(rng stream) []site {
	radius := 220 + 55*math.Sqrt(t.people)
	sea := seaward(t.sea)
	var out []site
	add := func(kind siteKind, name string, weight, away, r float64) {
		s := site{name: t.name + name, lat: t.lat, lng: t.lng, sea: sea}
		s.lat, s.lng = s.offset(scatter(rng, away))
		s.kind, s.weight, s.radius = kind, weight*t.people, r
		out = append(out, s)
	}
	add(townCentre, "", centreShare, 0, min(radius*0.5, 450))
	add(nightSpot, " night", nightShare, radius*0.15, min(radius*0.3, 260))
	add(station, " station", stationShare, radius*0.35, 230)
	greens := 1 + min(int(t.people/60), 6)
	for i := range greens {
		add(greenSpace, " green "+ordinals[i], greenShare/float64(greens), radius*0.9, 260)
	}
	suburbs := 1 + min(int(t.people/15), len(ordinals)-1)
	for i := range suburbs {
		add(suburb, " suburb "+ordinals[i], suburbShare/float64(suburbs), radius*1.2, 420)
	}
	return out
}

// ordinals name the parts of a town; their number bounds how many it has.
var ordinals = []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m",
	"n", "o", "p", "q", "r", "s", "t", "u", "v", "w", "x", "y", "z"}

// seaward turns a compass point such as "SW" into a unit vector; "" is none.
func seaward(point string) (v vector) {
	for _, c := range point {
		switch c {
		case 'N':
			v.north = 1
		case 'S':
			v.north = -1
		case 'E':
			v.east = 1
		case 'W':
			v.east = -1
		}
	}
	if v.east != 0 && v.north != 0 {
		return v.times(math.Sqrt2 / 2)
	}
	return v
}

// villages stand along the way between neighbouring towns, which keeps nearly
// all of them on land without a map of the coast.
func villages(seed uint64) []site {
	var out []site
	for i, a := range towns {
		rng := newStream(seed, streamVillage, nameKey(a.name))
		for n, j := range nearestTowns(i) {
			b := towns[j]
			for k := range villagesPerRoad {
				f := rng.between(0.2, 0.8)
				out = append(out, site{
					name: a.name + " road " + ordinals[n] + ordinals[k],
					lat:  a.lat + (b.lat-a.lat)*f + rng.normal()*villageWanderDeg,
					lng:  a.lng + (b.lng-a.lng)*f + rng.normal()*villageWanderDeg,
					kind: suburb, weight: villageWeight, radius: villageRadius,
				})
			}
		}
	}
	return out
}

// nearestTowns returns the indices of the closest towns, nearest first.
func nearestTowns(of int) []int {
	var best []int
	dist := func(j int) float64 {
		dy, dx := towns[j].lat-towns[of].lat, (towns[j].lng-towns[of].lng)*math.Cos(towns[of].lat*degreesToRadians)
		return math.Hypot(dx, dy)
	}
	for j := range towns {
		if j == of || dist(j) > maxRoadDegrees {
			continue
		}
		at := len(best)
		for at > 0 && dist(best[at-1]) > dist(j) {
			at--
		}
		best = append(best[:at], append([]int{j}, best[at:]...)...)
		best = best[:min(len(best), roadsPerTown)]
	}
	return best
}
