package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/streetsafe/streetsafe/internal/gazetteer"
)

// fromGridRef turns an Ordnance Survey grid reference such as "TQ335655" into
// WGS 84 latitude and longitude, of the middle of the square it names.
func fromGridRef(ref string) (lat, lng float64, err error) {
	const letters = "ABCDEFGHJKLMNOPQRSTUVWXYZ" // no I
	if len(ref) < 4 || len(ref)%2 != 0 {
		return 0, 0, fmt.Errorf("grid reference %q", ref)
	}
	a, b := strings.IndexByte(letters, ref[0]), strings.IndexByte(letters, ref[1])
	half := len(ref)/2 - 1
	east, errE := strconv.Atoi(ref[2 : 2+half])
	north, errN := strconv.Atoi(ref[2+half:])
	if a < 0 || b < 0 || errE != nil || errN != nil {
		return 0, 0, fmt.Errorf("grid reference %q", ref)
	}
	unit := math.Pow10(5 - half)
	e := float64((a-2+5)%5*5+b%5)*1e5 + (float64(east)+0.5)*unit
	n := float64(19-a/5*5-b/5)*1e5 + (float64(north)+0.5)*unit
	lat, lng = gazetteer.NationalGrid(e, n)
	return lat, lng, nil
}
