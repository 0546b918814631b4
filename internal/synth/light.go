package synth

import (
	"math"
	"time"

	"github.com/streetsafe/streetsafe/internal/report"
)

// The sky is told by a coarse grid: within one region dusk differs by a few
// minutes, less than the hour to which a synthetic report is known.
const (
	regionSouth, regionWest = 49.0, -9.0
	regionRows, regionCols  = 12, 6
	regionLatDeg, regionLng = 1.0, 2.0
	numRegions              = regionRows * regionCols
	minutesPerDay           = 24 * 60
	civilTwilightDeg        = -6.0
	minutesPerDegree        = 4.0
	neverDusk, neverDawn    = minutesPerDay, -1
	summerTimeMinutes       = 60
	degreesToRadians        = math.Pi / 180
)

// regionOf returns the region of a position; positions outside the grid take
// the nearest one.
func regionOf(lat, lng float64) uint8 {
	row := min(max(int((lat-regionSouth)/regionLatDeg), 0), regionRows-1)
	col := min(max(int((lng-regionWest)/regionLng), 0), regionCols-1)
	return uint8(row*regionCols + col)
}

// skyTable holds, for one day, the minutes of British clock time between which
// it is light in each region.
type skyTable [numRegions]struct{ dawn, dusk int16 }

func newSkyTable(d report.Day) (t skyTable) {
	shift := 0.0
	if summerTime(d) {
		shift = summerTimeMinutes
	}
	decl, equation := sun(d)
	for r := range t {
		lat := regionSouth + (float64(r/regionCols)+0.5)*regionLatDeg
		lng := regionWest + (float64(r%regionCols)+0.5)*regionLng
		noon := 720 - minutesPerDegree*lng - equation + shift
		half := halfLight(lat*degreesToRadians, decl)
		t[r].dawn, t[r].dusk = neverDawn, neverDusk
		if half < minutesPerDay/2 {
			t[r].dawn, t[r].dusk = int16(math.Round(noon-half)), int16(math.Round(noon+half))
		}
	}
	return t
}

// at tells whether it is dark at a minute of the day.
func (t *skyTable) at(region uint8, minute int16) report.Dark {
	if s := t[region]; minute < s.dawn || minute >= s.dusk {
		return report.DarkYes
	}
	return report.DarkNo
}

// sun returns the sun's declination in radians and the equation of time in
// minutes at noon of a day, after Spencer (1971), good to a minute.
func sun(d report.Day) (declination, equationMinutes float64) {
	g := 2 * math.Pi * float64(d.Time().YearDay()-1) / 365
	declination = 0.006918 - 0.399912*math.Cos(g) + 0.070257*math.Sin(g) -
		0.006758*math.Cos(2*g) + 0.000907*math.Sin(2*g) -
		0.002697*math.Cos(3*g) + 0.00148*math.Sin(3*g)
	equationMinutes = 229.18 * (0.000075 + 0.001868*math.Cos(g) - 0.032077*math.Sin(g) -
		0.014615*math.Cos(2*g) - 0.040849*math.Sin(2*g))
	return declination, equationMinutes
}

// halfLight returns the minutes between noon and the end of civil twilight:
// half a day or more where it never gets dark.
func halfLight(lat, decl float64) float64 {
	c := (math.Sin(civilTwilightDeg*degreesToRadians) - math.Sin(lat)*math.Sin(decl)) / (math.Cos(lat) * math.Cos(decl))
	if c <= -1 {
		return minutesPerDay
	}
	return math.Acos(c) / degreesToRadians * minutesPerDegree
}

// summerTime tells whether British Summer Time holds at noon: from the last
// Sunday of March to the day before the last Sunday of October.
func summerTime(d report.Day) bool {
	t := d.Time()
	return !t.Before(lastSunday(t.Year(), time.March)) && t.Before(lastSunday(t.Year(), time.October))
}

func lastSunday(year int, m time.Month) time.Time {
	last := time.Date(year, m+1, 0, 0, 0, 0, 0, time.UTC)
	return last.AddDate(0, 0, -int(last.Weekday()))
}

// darkSeason returns 1 at the winter solstice, 0 at the summer solstice.
func darkSeason(d report.Day) float64 {
	const solstice = 355 // 21 December
	return 0.5 + 0.5*math.Cos(2*math.Pi*float64(d.Time().YearDay()-solstice)/365.25)
}
