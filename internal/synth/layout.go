package synth

import (
	"fmt"
	"hash/fnv"
	"math"

	"github.com/streetsafe/streetsafe/internal/report"
)

// siteKind says what a place is, which decides the scenes that happen there.
type siteKind uint8

const (
	townCentre siteKind = iota
	nightSpot
	station
	greenSpace
	suburb
	numSiteKinds = 5
)

// siteScenes is how the weight of a place is spread over the scenes.
var siteScenes = [numSiteKinds][numScenes]float64{
	townCentre: {nightlife: 2, highStreet: 5, commute: 0.5, lighting: 3, backstreet: 2, residential: 1.5},
	nightSpot:  {nightlife: 8, highStreet: 1, backstreet: 0.7},
	station:    {commute: 6, lighting: 0.8, backstreet: 1},
	greenSpace: {park: 8},
	suburb:     {lighting: 3, backstreet: 1, residential: 4},
}

// site is a place around which reports gather.
type site struct {
	name     string
	lat, lng float64 // WGS84 degrees
	kind     siteKind
	weight   float64 // relative
	radius   float64 // metres within which two thirds of it happens
	sea      vector  // unit vector towards open water, or zero
}

// vector is a distance in metres, east and north.
type vector struct{ east, north float64 }

func (v vector) plus(w vector) vector   { return vector{v.east + w.east, v.north + w.north} }
func (v vector) times(f float64) vector { return vector{v.east * f, v.north * f} }
func (v vector) dot(w vector) float64   { return v.east*w.east + v.north*w.north }
func heading(angle, length float64) vector {
	return vector{math.Sin(angle) * length, math.Cos(angle) * length}
}

// layout is the places of a body before they are spread into spots.
type layout struct {
	seed  uint64
	sites []site
	spots int // how many spots all scenes have together
}

// The number of spots follows the number of reports, so that busy spots repeat
// and quiet ones do not; the bounds keep small bodies varied and the set-up of
// the largest under two seconds (1 microsecond a spot).
const (
	demoMinSpots, demoMaxSpots         = 10_000, 80_000
	nationalMinSpots, nationalMaxSpots = 50_000, 1_500_000
)

func newLayout(cfg Config) layout {
	if cfg.Extent == National {
		return layout{cfg.Seed, nationalSites(cfg.Seed), min(max(cfg.Reports/2, nationalMinSpots), nationalMaxSpots)}
	}
	return layout{cfg.Seed, demoSites(), min(max(cfg.Reports, demoMinSpots), demoMaxSpots)}
}

// fill gives every scene its spots, each site as many as its weight asks for.
func (l layout) fill(scenes *[numScenes]sceneTables) error {
	for s := range scenes {
		total := 0.0
		for _, p := range l.sites {
			total += p.weight * siteScenes[p.kind][s]
		}
		wanted := facts[s].share * float64(l.spots)
		cumulative, made := 0.0, 0
		spots := make([]spot, 0, int(wanted)+1)
		for _, p := range l.sites {
			cumulative += p.weight * siteScenes[p.kind][s]
			until := int(math.Round(cumulative / total * wanted))
			var err error
			if spots, err = l.spread(spots, p, scene(s), until-made); err != nil {
				return err
			}
			made = until
		}
		scenes[s].spots = spots
	}
	return nil
}

// spread appends n spots of a scene around a site.
func (l layout) spread(spots []spot, p site, s scene, n int) ([]spot, error) {
	if n == 0 {
		return spots, nil
	}
	rng := newStream(l.seed, streamPlace, nameKey(p.name)+uint64(s))
	var at func() vector
	switch s {
	case lighting:
		at = newStreets(rng, p.radius).point
	case residential:
		at = func() vector { return scatter(rng, p.radius*1.6) }
	default:
		at = newCluster(rng, p.radius, n).point
	}
	for range n {
		lat, lng := p.offset(at())
		cell, err := report.CellAt(lat, lng)
		if err != nil {
			return nil, fmt.Errorf("place %s: %w", p.name, err)
		}
		spots = append(spots, spot{cell, regionOf(lat, lng)})
	}
	return spots, nil
}

// offset moves from the site's centre by a distance, mirrored away from the
// sea. Positions are rounded to six decimals so that the last bits of floating
// point, which differ between processors, do not choose a cell.
func (p site) offset(v vector) (lat, lng float64) {
	if out := v.dot(p.sea); out > 0 {
		v = v.plus(p.sea.times(-2 * out))
	}
	const metresPerDegree = 111_320
	lat = p.lat + v.north/metresPerDegree
	lng = p.lng + v.east/(metresPerDegree*math.Cos(p.lat*degreesToRadians))
	return math.Round(lat*1e6) / 1e6, math.Round(lng*1e6) / 1e6
}

func nameKey(name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name)) // never fails
	return h.Sum64()
}

func scatter(rng stream, radius float64) vector {
	return vector{rng.normal() * radius, rng.normal() * radius}
}

// cluster is a handful of corners of very different popularity: a bar, a bus
// stop, an underpass.
type cluster struct {
	rng     stream
	corners []vector
}

const (
	spotsPerCorner         = 25
	minCorners, maxCorners = 3, 48
	cornerMetres           = 18.0
)

func newCluster(rng stream, radius float64, n int) cluster {
	c := cluster{rng: rng, corners: make([]vector, min(max(n/spotsPerCorner, minCorners), maxCorners))}
	for i := range c.corners {
		c.corners[i] = scatter(rng, radius*0.7)
	}
	return c
}

// point favours the first corners: the square of a uniform number gives the
// busiest tenth of the corners a third of the points.
func (c cluster) point() vector {
	u := c.rng.unit()
	return c.corners[int(u*u*float64(len(c.corners)))].plus(scatter(c.rng, cornerMetres))
}

// streets is a set of lines that wander through a neighbourhood, with some
// stretches where the lamps have failed.
type streets struct {
	rng   stream
	lamps []vector // along all streets, in order
	runs  [][2]int // stretches of lamps that most complaints are about
}

const (
	lampMetres           = 30.0
	minStreets           = 7
	extraStreets         = 8
	minLamps, extraLamps = 10, 28
	minRuns, extraRuns   = 3, 5
	minRun, extraRun     = 4, 8
	runShare             = 0.7
	kerbMetres           = 3.0
	bendRadians          = 0.12
)

func newStreets(rng stream, radius float64) streets {
	s := streets{rng: rng}
	for range minStreets + rng.below(extraStreets) {
		at, angle := scatter(rng, radius*0.8), rng.between(0, 2*math.Pi)
		for range minLamps + rng.below(extraLamps) {
			s.lamps = append(s.lamps, at)
			angle += rng.normal() * bendRadians
			at = at.plus(heading(angle, lampMetres))
		}
	}
	for range minRuns + rng.below(extraRuns) {
		n := minRun + rng.below(extraRun)
		from := rng.below(len(s.lamps) - n)
		s.runs = append(s.runs, [2]int{from, from + n})
	}
	return s
}

func (s streets) point() vector {
	lamp := s.rng.below(len(s.lamps))
	if s.rng.unit() < runShare {
		run := s.runs[s.rng.below(len(s.runs))]
		lamp = run[0] + s.rng.below(run[1]-run[0])
	}
	return s.lamps[lamp].plus(scatter(s.rng, kerbMetres))
}
