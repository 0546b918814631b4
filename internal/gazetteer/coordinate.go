package gazetteer

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// coordinate reads "51.37, -0.10", "51.37 -0.10" or "51.37N 0.10W": latitude
// first, decimal degrees. ok is false for anything else and for values outside
// the world.
func coordinate(q string) (p Place, ok bool) {
	parts := strings.FieldsFunc(q, func(r rune) bool { return r == ',' || r == ' ' || r == ';' || r == '\t' })
	if len(parts) != 2 {
		return Place{}, false
	}
	lat, okLat := degrees(parts[0], "Nn", "Ss")
	lng, okLng := degrees(parts[1], "Ee", "Ww")
	if !okLat || !okLng || math.Abs(lat) > 90 || math.Abs(lng) > 180 {
		return Place{}, false
	}
	// Five decimals are a metre: more would only look exact.
	lat, lng = math.Round(lat*1e5)/1e5, math.Round(lng*1e5)/1e5
	name := fmt.Sprintf("%.5f, %.5f", lat, lng)
	return Place{Name: name, Kind: KindCoordinate, Lat: lat, Lng: lng, Zoom: 16}, true
}

// degrees reads a number with an optional degree sign and hemisphere letter.
func degrees(s, plus, minus string) (v float64, ok bool) {
	sign := 1.0
	if last := len(s) - 1; last > 0 && strings.IndexByte(plus+minus, s[last]) >= 0 {
		if strings.IndexByte(minus, s[last]) >= 0 {
			sign = -1
		}
		s = s[:last]
	}
	s = strings.TrimSuffix(s, "°")
	// Only plain decimals: ParseFloat also takes hexadecimal, "inf" and "1e5".
	if strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune("+-.0123456789", r) }) {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return sign * v, err == nil
}
