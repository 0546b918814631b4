package synth

import "github.com/streetsafe/streetsafe/internal/report"

// DarkAtMinute exposes the coarse sky, to hold it to report.DarkAt.
func DarkAtMinute(d report.Day, lat, lng float64, minute int) report.Dark {
	t := newSkyTable(d)
	return t.at(regionOf(lat, lng), int16(minute))
}

// TownPlaces exposes the names and positions of the places of a body.
func TownPlaces(cfg Config) (names []string, lats, lngs []float64) {
	for _, s := range newLayout(cfg).sites {
		names, lats, lngs = append(names, s.name), append(lats, s.lat), append(lngs, s.lng)
	}
	return names, lats, lngs
}
