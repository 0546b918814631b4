package tiles

import (
	"math"

	"github.com/uber/h3-go/v4"
)

const (
	// tieMargin is how near to the middle between two integers a coordinate is
	// called a tie. H3 computes a corner anew for each of its cells, and the
	// answers differ in the last bits: by 4e-7 world units at most over 6,400
	// cells of all resolutions. Without this, one corner in a million would be
	// rounded two ways and leave a gap of a unit. 1e-4 is 250 times the
	// difference and makes one outline in 400 slow.
	tieMargin = 1e-4

	// sameCorner is how near, in degrees, two cells have the same corner: far
	// more than their answers differ, far less than the 6e-6 degrees that a side
	// has at resolution 15.
	sameCorner = 1e-9
)

func nearTie(v float64) bool {
	return math.Abs(v-math.Floor(v)-0.5) < tieMargin
}

// agreedCorner is what all cells around a corner take it to be: the word of the
// one with the lowest index. Cells that share a corner are neighbours, so each
// of them asks the same three.
func agreedCorner(c h3.Cell, corner h3.LatLng) h3.LatLng {
	disk, err := c.GridDisk(1)
	if err != nil {
		return corner
	}
	lowest, agreed := c, corner
	for _, neighbour := range disk {
		if neighbour >= lowest {
			continue
		}
		boundary, err := neighbour.Boundary()
		if err != nil {
			continue
		}
		for _, p := range boundary {
			if closeTo(p, corner) {
				lowest, agreed = neighbour, p
			}
		}
	}
	return agreed
}

// closeTo takes longitude the short way around, since -180 and 180 are one.
func closeTo(p, q h3.LatLng) bool {
	return math.Abs(p.Lat-q.Lat) < sameCorner &&
		math.Abs(math.Remainder(p.Lng-q.Lng, 360)) < sameCorner
}
