package ingest

import (
	"errors"
	"html"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/streetsafe/streetsafe/internal/report"
)

// The reasons for which this package rejects rows, beside those of report.
const (
	ReasonNoPosition    = "no_position"
	ReasonNotAPoint     = "not_a_point"
	ReasonOutOfRange    = "out_of_range"
	ReasonBadTime       = "bad_time"
	ReasonUnknownFactor = "unknown_factor"
	ReasonBadID         = "bad_id"
	ReasonColumns       = "wrong_columns"
	ReasonQuotes        = "bad_quotes"
	ReasonTooLong       = "too_long"
	ReasonBadJSON       = "bad_json"
)

// maxIDBytes bounds identifiers; the longest in use are hashes of 64.
const maxIDBytes = 200

// maxCategories bounds the memory that a file with ever new categories takes.
const maxCategories = 4096

// row is the text of the fields of one row; what it lacks is empty.
type row struct {
	text     [numFields]string
	geometry geometry
}

// verdict is what becomes of a row.
type verdict uint8

const (
	take verdict = iota
	skip
	refuse
)

// category is what a value of the factors column stands for.
type category struct {
	factors report.Factors
	verdict verdict
}

// converter turns rows into records. Each parser has its own: it remembers
// categories and zones.
type converter struct {
	plan       *plan
	categories map[string]category
	zones      map[int]*time.Location
	fields     []string // scratch
	sawMonth   bool     // a month without a day was seen in this chunk
	sawForeign bool     // so was an offset that is not that of the place
}

func newConverter(p *plan) *converter {
	return &converter{plan: p, categories: map[string]category{}, zones: map[int]*time.Location{}}
}

// convert reads and checks one row. The error is nil unless the row is refused.
// The record's identifier is a part of the row's text, or empty.
func (c *converter) convert(r *row) (report.Record, verdict, *report.FieldError) {
	cat := c.category(r.text[fieldFactors])
	if cat.verdict == skip {
		return report.Record{}, skip, nil
	}
	o := report.Observation{Factors: cat.factors}
	id := strings.TrimSpace(r.text[fieldID])
	err := checkID(id)
	if err == nil {
		err = c.position(r, &o)
	}
	if err == nil {
		err = c.time(r.text[fieldTime], &o)
	}
	if err == nil && cat.verdict == refuse {
		err = c.badFactors(r.text[fieldFactors])
	}
	if err != nil {
		return report.Record{}, refuse, c.rename(err)
	}
	rep, accept := c.plan.rules.Accept(o)
	if accept != nil {
		return report.Record{}, refuse, c.rename(c.refusal(accept, r, &o))
	}
	return report.Record{Report: rep, ExternalID: id}, take, nil
}

// refusal gives a broken rule the text that the file has in place of the value
// that was read from it.
func (c *converter) refusal(err error, r *row, o *report.Observation) *report.FieldError {
	var field *report.FieldError
	if !errors.As(err, &field) {
		return &report.FieldError{Value: "", Reason: "refused", Expect: err.Error()}
	}
	if field.Reason == report.ReasonOutsideArea {
		if wrong := outOfRange(r, o); wrong != nil {
			return wrong
		}
	}
	out := *field
	if out.Reason == report.ReasonSwappedLatLng && r.geometry.kind != "" {
		out.Field, out.Value, out.Expect = "coordinates", r.geometry.coordinates, expectLngFirst
	}
	for f, name := range fieldNames {
		if field.Field == name {
			out.Value = r.text[f]
		}
	}
	return &out
}

// outOfRange tells a place that is not on earth from one outside the area.
func outOfRange(r *row, o *report.Observation) *report.FieldError {
	switch {
	case o.Lat < -90 || o.Lat > 90:
		return &report.FieldError{Field: "lat", Value: r.text[fieldLat], Reason: ReasonOutOfRange, Expect: "a latitude, which runs from -90 to 90"}
	case o.Lng < -180 || o.Lng > 180:
		return &report.FieldError{Field: "lng", Value: r.text[fieldLng], Reason: ReasonOutOfRange, Expect: "a longitude, which runs from -180 to 180"}
	}
	return nil
}

// rename makes an error speak of the columns of the file.
func (c *converter) rename(err *report.FieldError) *report.FieldError {
	parts := strings.Split(err.Field, ",")
	for i, part := range parts {
		for f, name := range fieldNames {
			if part == name && c.plan.names[f] != "" {
				parts[i] = c.plan.names[f]
			}
		}
	}
	err.Field = strings.Join(parts, ",")
	return err
}

func checkID(id string) *report.FieldError {
	if len(id) <= maxIDBytes && utf8.ValidString(id) && strings.IndexByte(id, 0) < 0 {
		return nil
	}
	return &report.FieldError{Field: "external_id", Value: id, Reason: ReasonBadID,
		Expect: "at most " + strconv.Itoa(maxIDBytes) + " bytes of UTF-8 text"}
}

func (c *converter) position(r *row, o *report.Observation) *report.FieldError {
	lat, lng := strings.TrimSpace(r.text[fieldLat]), strings.TrimSpace(r.text[fieldLng])
	if lat == "" || lng == "" {
		return noPosition(lat, lng, r.geometry)
	}
	var err error
	if o.Lat, err = strconv.ParseFloat(lat, 64); err != nil {
		return &report.FieldError{Field: "lat", Value: lat, Reason: report.ReasonNotANumber, Expect: "degrees between -90 and 90, such as 51.3748"}
	}
	if o.Lng, err = strconv.ParseFloat(lng, 64); err != nil {
		return &report.FieldError{Field: "lng", Value: lng, Reason: report.ReasonNotANumber, Expect: "degrees between -180 and 180, such as -0.0928"}
	}
	if o.Lat == 0 && o.Lng == 0 {
		return &report.FieldError{Field: "lat,lng", Value: lat + "," + lng, Reason: ReasonNoPosition,
			Expect: "a position: 0,0 stands for none"}
	}
	return nil
}

// noPosition says what a row lacks to have a position.
func noPosition(lat, lng string, g geometry) *report.FieldError {
	e := &report.FieldError{Field: "lat,lng", Reason: ReasonNoPosition, Expect: "latitude and longitude in degrees"}
	switch {
	case g.kind != "":
		return g.noPosition()
	case lat != "":
		e.Field, e.Expect = "lng", "a longitude in degrees beside the latitude "+clip(lat)
	case lng != "":
		e.Field, e.Expect = "lat", "a latitude in degrees beside the longitude "+clip(lng)
	}
	return e
}

func (c *converter) time(s string, o *report.Observation) *report.FieldError {
	s = strings.TrimSpace(s)
	m, ok := parseMoment(s)
	if !ok && c.plan.timeLayout != "" {
		t, err := time.Parse(c.plan.timeLayout, s)
		m, ok = momentOf(t), err == nil
	}
	if !ok {
		expect := expectTime
		switch {
		case c.plan.timeLayout == "" && dayMonth(s):
			expect = expectDate
		case c.plan.timeLayout != "":
			expect = "a time such as " + time.Date(2025, 3, 1, 22, 30, 0, 0, time.UTC).Format(c.plan.timeLayout)
		}
		return &report.FieldError{Field: "occurred_at", Value: s, Reason: ReasonBadTime, Expect: expect}
	}
	c.sawMonth = c.sawMonth || m.precision == toMonth
	m.observe(o, c.plan.zone, c.plan.assumed, c.fixedZone)
	c.sawForeign = c.sawForeign || m.zoned && c.plan.zone == nil && m.foreign(o.At, c.plan.assumed)
	return nil
}

// fixedZone returns the location of an offset. There are few in any file; the
// bound is for files that are made to have many.
func (c *converter) fixedZone(offsetSeconds int) *time.Location {
	if offsetSeconds == 0 {
		return time.UTC
	}
	if z, ok := c.zones[offsetSeconds]; ok {
		return z
	}
	z := time.FixedZone("", offsetSeconds)
	if len(c.zones) < maxCategories {
		c.zones[offsetSeconds] = z
	}
	return z
}

// category looks a value of the factors column up, remembering the answers.
func (c *converter) category(value string) category {
	if cat, ok := c.categories[value]; ok {
		return cat
	}
	cat := c.plan.categorise(value)
	if len(c.categories) < maxCategories {
		c.categories[strings.Clone(value)] = cat
	}
	return cat
}

// categorise decides what a value stands for: a category of the plan as a
// whole, else a list of categories and factors. With categories, what is in
// neither is skipped; without, it is an error.
func (p *plan) categorise(value string) category {
	if factors, ok := p.categories[normalCategory(value)]; ok {
		return mapped(factors)
	}
	var set report.Factors
	unknown := false
	for _, part := range strings.Split(value, "|") {
		name := normalCategory(part)
		factors, ok := p.categories[name]
		if f, err := report.ParseFactor(name); !ok && err == nil {
			factors, ok = factors.With(f), true
		}
		set |= factors
		unknown = unknown || !ok && name != "" && name != notApplicable
	}
	switch {
	case set != 0 && (!unknown || p.categories != nil):
		return category{set, take}
	case p.everything != 0:
		return mapped(p.everything)
	case p.categories != nil:
		return category{0, skip}
	}
	return category{0, refuse}
}

func mapped(factors report.Factors) category {
	if factors == 0 {
		return category{0, skip}
	}
	return category{factors, take}
}

// notApplicable is a choice of the public form, not a factor.
const notApplicable = "not applicable"

// normalCategory is the form in which categories are compared: entities
// decoded, without surrounding space, in lower case.
func normalCategory(s string) string {
	return strings.ToLower(strings.TrimSpace(html.UnescapeString(s)))
}

// badFactors says what is wrong with a value that stands for no factors.
func (c *converter) badFactors(value string) *report.FieldError {
	expect := "at least one of " + report.AllFactors.String()
	for _, part := range strings.Split(value, "|") {
		name := normalCategory(part)
		if _, err := report.ParseFactor(name); err != nil && name != "" && name != notApplicable {
			return &report.FieldError{Field: "factors", Value: value, Reason: ReasonUnknownFactor, Expect: expect}
		}
	}
	return &report.FieldError{Field: "factors", Value: value, Reason: report.ReasonNoFactor, Expect: expect}
}
