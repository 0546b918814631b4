package analysis

import "math"

const earthRadiusKm = 6371.0088 // mean radius, WGS84; also that of h3

// boxKm2 is the area of a box by its width in degrees and its latitudes.
func boxKm2(width, south, north float64) float64 {
	const rad = math.Pi / 180
	return earthRadiusKm * earthRadiusKm * width * rad * (math.Sin(north*rad) - math.Sin(south*rad))
}
