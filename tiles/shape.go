package tiles

import (
	"math"
	"strconv"

	"github.com/uber/h3-go/v4"
)

// Longitude and latitude are counted in units of the last decimal, so that they
// are rounded once and compared exactly.
const (
	lngLatDecimals = 7
	lngLatUnit     = 1e7
	halfTurn       = 180 * lngLatUnit
	fullTurn       = 360 * lngLatUnit
)

// position is a place in units of 1e-7 degrees.
type position struct{ lng, lat int64 }

// shape is the outline of a cell as GeoJSON wants it: one ring, or several where
// the 180th meridian cuts it. The buffers are kept from cell to cell.
type shape struct {
	ring  []position   // in one piece, longitude running on past 180
	parts [][]position // cut, within -180 to 180; the first n are in use
	n     int
	clip  []position
}

// set takes over H3's boundary, which is anticlockwise already.
func (s *shape) set(c h3.Cell, boundary h3.CellBoundary) {
	s.ring = s.ring[:0]
	for _, p := range boundary {
		lng, lat := p.Lng*lngLatUnit, p.Lat*lngLatUnit
		if nearTie(lng) || nearTie(lat) {
			p = agreedCorner(c, p)
			lng, lat = p.Lng*lngLatUnit, p.Lat*lngLatUnit
		}
		s.ring = append(s.ring, position{int64(math.Round(lng)), int64(math.Round(lat))})
	}
	s.unwrap()
	s.cut()
}

// unwrap makes the longitude continuous. A ring that goes around a pole is
// closed along it.
func (s *shape) unwrap() {
	r := s.ring
	first := r[0]
	for i := 1; i < len(r); i++ {
		r[i].lng = r[i-1].lng + shortTurn(r[i].lng-r[i-1].lng)
	}
	last := r[len(r)-1].lng
	end := last + shortTurn(first.lng-last)
	if end == first.lng {
		return
	}
	pole := int64(90 * lngLatUnit)
	if first.lat < 0 {
		pole = -pole
	}
	s.ring = append(r, position{end, first.lat}, position{end, pole}, position{first.lng, pole})
}

// shortTurn is the step between two longitudes the short way around.
func shortTurn(d int64) int64 {
	for d > halfTurn {
		d -= fullTurn
	}
	for d < -halfTurn {
		d += fullTurn
	}
	return d
}

// cut divides the ring at the 180th meridian, as RFC 7946 3.1.9 asks.
func (s *shape) cut() {
	s.n = 0
	west, east := s.ring[0].lng, s.ring[0].lng
	for _, p := range s.ring {
		west, east = min(west, p.lng), max(east, p.lng)
	}
	for _, turn := range [...]int64{-fullTurn, 0, fullTurn} {
		if west+turn >= halfTurn || east+turn <= -halfTurn {
			continue
		}
		if s.n == len(s.parts) {
			s.parts = append(s.parts, nil)
		}
		part := s.parts[s.n][:0]
		for _, p := range s.ring {
			part = append(part, position{p.lng + turn, p.lat})
		}
		if west+turn < -halfTurn || east+turn > halfTurn {
			s.clip = clipEast(s.clip[:0], part, 1)
			part = clipEast(part[:0], s.clip, -1)
		}
		s.parts[s.n] = part
		if len(part) >= 3 {
			s.n++
		}
	}
}

// clipEast appends what of the ring is not past the meridian sign*180, by
// Sutherland and Hodgman.
func clipEast(dst, ring []position, sign int64) []position {
	if len(ring) == 0 {
		return dst
	}
	a := ring[len(ring)-1]
	for _, b := range ring {
		aIn, bIn := a.lng*sign <= halfTurn, b.lng*sign <= halfTurn
		if aIn != bIn {
			dst = append(dst, crossing(a, b, sign*halfTurn))
		}
		if bIn {
			dst = append(dst, b)
		}
		a = b
	}
	return dst
}

// crossing is where the side from a to b meets a meridian. Both cells of the side
// must find the same latitude, so it is always computed from west to east.
func crossing(a, b position, lng int64) position {
	if a.lng > b.lng {
		a, b = b, a
	}
	share := float64(lng-a.lng) / float64(b.lng-a.lng)
	return position{lng, a.lat + int64(math.Round(share*float64(b.lat-a.lat)))}
}

func (s *shape) appendGeometry(b []byte) []byte {
	if s.n == 1 {
		b = append(b, `{"type":"Polygon","coordinates":`...)
		b = appendPolygon(b, s.parts[0])
		return append(b, '}')
	}
	b = append(b, `{"type":"MultiPolygon","coordinates":[`...)
	for i, part := range s.parts[:s.n] {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendPolygon(b, part)
	}
	return append(b, "]}"...)
}

func appendPolygon(b []byte, ring []position) []byte {
	b = append(b, "[["...)
	for _, p := range ring {
		b = append(appendPosition(b, p), ',')
	}
	return append(appendPosition(b, ring[0]), "]]"...)
}

func appendPosition(b []byte, p position) []byte {
	b = appendDegrees(append(b, '['), p.lng)
	b = appendDegrees(append(b, ','), p.lat)
	return append(b, ']')
}

// appendDegrees writes units of 1e-7 degrees as a decimal without zeros at its
// end. It is several times faster than strconv.AppendFloat.
func appendDegrees(b []byte, v int64) []byte {
	if v < 0 {
		b = append(b, '-')
		v = -v
	}
	b = strconv.AppendInt(b, v/lngLatUnit, 10)
	v %= lngLatUnit
	if v == 0 {
		return b
	}
	b = append(b, '.')
	for unit := int64(lngLatUnit / 10); v != 0; unit /= 10 {
		b = append(b, byte('0'+v/unit))
		v %= unit
	}
	return b
}
