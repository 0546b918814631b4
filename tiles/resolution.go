package tiles

import (
	"fmt"
	"math"
)

const (
	// MinResolution and MaxResolution are the H3 resolutions that tiles show,
	// from 12,000 km2 a cell to 2,000 m2.
	MinResolution = 3
	MaxResolution = 11

	// resolutionLeeway is how far a client may move the resolution from the
	// zoom's own. One step is seven times the cells; three would be 343 times.
	resolutionLeeway = 2

	// MaxFeatures is the most cells a tile should hold: 5,000 are 160 KB, some
	// 50 KB compressed, which is the most that a phone should load for a tile.
	// A selection that has more is drawn one resolution coarser, so that
	// every report still counts, never with cells left out.
	MaxFeatures = 5000
)

// zoomResolution is the H3 resolution of each zoom, so that a full tile has
// between 60 and 900 cells from zoom 5 on.
var zoomResolution = [MaxZoom + 1]int8{
	3, 3, 3, 3, 3, // 0-4
	4, 4, 5, 5, 6, // 5-9
	7, 7, 8, 9, 9, // 10-14
	10, 11, 11, 11, 11, // 15-19
	11, 11, 11, // 20-22
}

// ResolutionForZoom is the H3 resolution that tiles of zoom z show when nobody
// asks for another. Zooms past MaxZoom have that of MaxZoom.
func ResolutionForZoom(z uint32) int {
	return int(zoomResolution[min(z, MaxZoom)])
}

// ResolutionRange is the coarsest and the finest resolution that a client may
// ask for at zoom z: up to two away from the zoom's own, within what exists.
func ResolutionRange(z uint32) (coarsest, finest int) {
	r := ResolutionForZoom(z)
	return max(r-resolutionLeeway, MinResolution), min(r+resolutionLeeway, MaxResolution)
}

// ClampResolution is the resolution to draw when a client asks for res at zoom
// z. A res outside ResolutionRange is a *ResolutionError, and the nearest
// resolution inside is returned with it.
func ClampResolution(z uint32, res int) (int, error) {
	lo, hi := ResolutionRange(z)
	if res < lo || res > hi {
		return min(max(res, lo), hi), &ResolutionError{Zoom: z, Res: res, Coarsest: lo, Finest: hi}
	}
	return res, nil
}

// ResolutionError is a resolution too far from the one of its zoom.
type ResolutionError struct {
	Zoom             uint32
	Res              int
	Coarsest, Finest int // what is possible
}

func (e *ResolutionError) Error() string {
	return fmt.Sprintf("tiles: resolution %d is not between %d and %d, which zoom %d can show",
		e.Res, e.Coarsest, e.Finest, e.Zoom)
}

// CellsPerTile is about how many cells of resolution res a tile of zoom z shows
// where tiles cover most, at the equator, with reports in every cell.
func CellsPerTile(z uint32, res int) float64 {
	const (
		equatorKm = 40075.017
		earthKm2  = 510065621.7
	)
	side := equatorKm / math.Exp2(float64(min(z, MaxZoom)))
	cells := 2 + 120*math.Pow(7, float64(res))
	return min(side*side/(earthKm2/cells), cells)
}
