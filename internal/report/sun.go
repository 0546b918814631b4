package report

import (
	"math"
	"time"
)

// civilTwilight is the height of the sun, in degrees, under which it counts as
// dark: the end of civil twilight, when street lighting is needed.
const civilTwilight = -6.0

// DarkAt says whether the sun stands more than six degrees below the horizon
// at a WGS84 position and an instant.
func DarkAt(lat, lng float64, t time.Time) Dark {
	if SunElevation(lat, lng, t) < civilTwilight {
		return DarkYes
	}
	return DarkNo
}

// SunElevation returns the geometric height of the sun's centre above the
// horizon in degrees, without refraction. It follows the low-precision
// formulas of the Astronomical Almanac (section C, "Low precision formulas for
// the Sun"; also USNO, "Computing Approximate Solar Coordinates"), good to
// about 0.01 degrees between 1950 and 2050.
func SunElevation(lat, lng float64, t time.Time) float64 {
	const j2000 = 946728000 // 2000-01-01 12:00 UTC in Unix seconds
	n := float64(t.Unix()-j2000) / secondsPerDay
	meanLng := 280.460 + 0.9856474*n
	anomaly := radians(357.528 + 0.9856003*n)
	ecliptic := radians(meanLng + 1.915*math.Sin(anomaly) + 0.020*math.Sin(2*anomaly))
	obliquity := radians(23.439 - 0.0000004*n)

	sinEcl, cosEcl := math.Sincos(ecliptic)
	ascension := math.Atan2(math.Cos(obliquity)*sinEcl, cosEcl)
	sinDecl := math.Sin(obliquity) * sinEcl
	cosDecl := math.Sqrt(1 - sinDecl*sinDecl)

	siderealDeg := 280.46061837 + 360.98564736629*n // Greenwich mean sidereal time
	hourAngle := radians(math.Mod(siderealDeg+lng, 360)) - ascension
	sinLat, cosLat := math.Sincos(radians(lat))
	return math.Asin(sinLat*sinDecl+cosLat*cosDecl*math.Cos(hourAngle)) * 180 / math.Pi
}

func radians(deg float64) float64 { return deg * math.Pi / 180 }
