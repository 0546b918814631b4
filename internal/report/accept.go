package report

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Observation is what somebody sent or a file holds, before it is checked:
// the only place where a coordinate and a clock time exist. Accept reduces it.
type Observation struct {
	Lat, Lng float64   // WGS84 degrees
	At       time.Time // on the clock of the place; zero when only the day is known
	Day      Day       // used when At is zero
	Daypart  Daypart   // used when At is zero
	Dark     Dark      // used when At is zero
	Factors  Factors
}

// The reasons for which a report is refused, stable across versions so that
// summaries and clients can count them.
const (
	ReasonNotANumber    = "not_a_number"
	ReasonSwappedLatLng = "swapped_lat_lng"
	ReasonOutsideArea   = "outside_area"
	ReasonTooOld        = "too_old"
	ReasonFuture        = "future"
	ReasonNoFactor      = "no_factor"
)

// FieldError says which field of a report was refused, why, and what is
// expected instead.
type FieldError struct {
	Field  string
	Value  string
	Reason string // one of the Reason constants, or a reader's own
	Expect string
}

func (e *FieldError) Error() string {
	return fmt.Sprintf("%s %q refused (%s): expected %s", e.Field, e.Value, e.Reason, e.Expect)
}

// Rules are the checks that every report passes on its way in.
type Rules struct {
	Area  Area
	Today Day // the last day that a report may have
}

// Accept checks an observation and reduces it to a report: the coordinate to a
// cell, the clock time to day, daypart and darkness. The error is a
// *FieldError.
func (r Rules) Accept(o Observation) (Report, error) {
	if err := r.checkPosition(o.Lat, o.Lng); err != nil {
		return Report{}, err
	}
	rep := Report{Day: o.Day, Daypart: o.Daypart, Dark: o.Dark, Factors: o.Factors & AllFactors}
	if !o.At.IsZero() {
		rep.Day, rep.Daypart = DayOf(o.At), DaypartAt(o.At.Hour())
	}
	if err := r.checkDay(rep.Day); err != nil {
		return Report{}, err
	}
	if rep.Factors == 0 {
		return Report{}, &FieldError{"factors", "", ReasonNoFactor, "at least one factor: " + AllFactors.join(", ")}
	}
	if !o.At.IsZero() {
		rep.Dark = DarkAt(o.Lat, o.Lng, o.At)
	}
	cell, err := CellAt(o.Lat, o.Lng)
	if err != nil {
		return Report{}, &FieldError{"lat,lng", position(o.Lat, o.Lng), ReasonNotANumber, "a position on earth in degrees"}
	}
	rep.Cell = cell
	return rep, nil
}

func (r Rules) checkPosition(lat, lng float64) error {
	switch {
	case math.IsNaN(lat) || math.IsInf(lat, 0):
		return &FieldError{"lat", degrees(lat), ReasonNotANumber, "degrees between -90 and 90"}
	case math.IsNaN(lng) || math.IsInf(lng, 0):
		return &FieldError{"lng", degrees(lng), ReasonNotANumber, "degrees between -180 and 180"}
	case r.Area.Contains(lat, lng):
		return nil
	case r.Area.Contains(lng, lat):
		return &FieldError{"lat,lng", position(lat, lng), ReasonSwappedLatLng,
			"latitude first: this place is inside the area when latitude and longitude are swapped"}
	}
	return &FieldError{"lat,lng", position(lat, lng), ReasonOutsideArea, "a position inside " + r.Area.String()}
}

func (r Rules) checkDay(d Day) error {
	switch {
	case d < MinDay:
		return &FieldError{"occurred_at", d.String(), ReasonTooOld, "a day from 2000-01-01 on"}
	case d > r.Today || d > MaxDay:
		return &FieldError{"occurred_at", d.String(), ReasonFuture, "a day not after today (" + r.Today.String() + ")"}
	}
	return nil
}

func degrees(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func position(lat, lng float64) string { return degrees(lat) + "," + degrees(lng) }
