// Package report is the vocabulary of StreetSafe: what a report is, which
// factors it may name, how time is told, and how people ask for a part of the
// reports. Every other package speaks in these types and none of them is
// allowed to define the words again.
package report

import (
	"fmt"

	h3 "github.com/uber/h3-go/v4"
)

// Resolution is the H3 resolution at which a report is indexed, once, on its
// way in. Coarser cells are always ancestors of that cell: indexing the
// coordinate again would put 6.6 % of points in another parent.
const Resolution = 11

// CoarsestResolution is the coarsest H3 resolution that maps draw.
const CoarsestResolution = 3

// Report is one accepted, immutable report. It holds no coordinate and no
// clock time: the cell, the day and the daypart are all that is kept.
type Report struct {
	Cell    h3.Cell // at Resolution
	Day     Day     // calendar date at the place
	Daypart Daypart
	Dark    Dark
	Factors Factors // at least one
}

// Matches reports whether r belongs to the reports that f asks for. It is the
// definition that the cube, the stores and the tests are held to.
func (r Report) Matches(f Filter) bool {
	return (f.Factors == 0 || r.Factors&f.Factors != 0) &&
		(!f.HasWindow() || (r.Day >= f.From && r.Day < f.To)) &&
		(f.Dayparts == 0 || f.Dayparts.Has(r.Daypart)) &&
		(f.Weekdays == 0 || f.Weekdays.Has(r.Day.Weekday())) &&
		(f.Dark == 0 || f.Dark.Has(r.Dark))
}

// Record is a report with its identity: ExternalID is unique within the source
// it came from, which makes an import idempotent.
type Record struct {
	Report
	ExternalID string
}

// CellAt indexes a WGS84 position in degrees at Resolution.
func CellAt(lat, lng float64) (h3.Cell, error) {
	c, err := h3.LatLngToCell(h3.LatLng{Lat: lat, Lng: lng}, Resolution)
	if err != nil {
		return 0, fmt.Errorf("index position: %w", err)
	}
	return c, nil
}
