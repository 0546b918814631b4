package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/streetsafe/streetsafe/internal/report"
)

// chunk is a part of a file that holds whole records.
type chunk struct {
	data    []byte
	line    int  // of its first byte
	tooLong bool // instead of records, the beginning of one that is too long
}

// parsed is what a chunk holds, in order.
type parsed struct {
	records []report.Record
	rejects []Reject
	read    int
	skipped map[string]int // by category
	month   bool           // a month without a day was among the times
	foreign bool           // so was an offset that is not that of the place
}

// parse reads every record of a chunk.
func (c *converter) parse(ch chunk) *parsed {
	out := &parsed{}
	c.sawMonth, c.sawForeign = false, false
	switch {
	case ch.tooLong:
		out.reject(ch.line, &report.FieldError{Field: "row", Value: string(ch.data), Reason: ReasonTooLong,
			Expect: "rows of less than " + strconv.Itoa(maxRecordBytes) + " bytes"})
	case c.plan.format == CSV:
		c.parseCSV(ch, out)
	case c.plan.format == NDJSON:
		c.parseLines(ch, out)
	default:
		c.parseItems(ch, out)
	}
	out.month, out.foreign = c.sawMonth, c.sawForeign
	out.ownIDs()
	return out
}

// add converts one row and files what became of it.
func (c *converter) add(out *parsed, r *row, line int) {
	rec, v, err := c.convert(r)
	switch v {
	case take:
		out.read++
		out.records = append(out.records, rec)
	case skip:
		out.read++
		if out.skipped == nil {
			out.skipped = map[string]int{}
		}
		out.skipped[r.text[fieldFactors]]++
	case refuse:
		out.reject(line, err)
	}
}

func (out *parsed) reject(line int, err *report.FieldError) {
	out.read++
	out.rejects = append(out.rejects, Reject{line, *err})
}

// ownIDs copies the identifiers, which are parts of the chunk's text, so that a
// record does not keep a chunk alive.
func (out *parsed) ownIDs() {
	n := 0
	for i := range out.records {
		n += len(out.records[i].ExternalID)
	}
	var b strings.Builder
	b.Grow(n)
	for i := range out.records {
		b.WriteString(out.records[i].ExternalID)
	}
	all, at := b.String(), 0
	for i := range out.records {
		id := &out.records[i].ExternalID
		*id = all[at : at+len(*id)]
		at += len(*id)
	}
}

func (c *converter) parseCSV(ch chunk, out *parsed) {
	all := string(ch.data)
	for at, line := 0, ch.line; at < len(all); {
		n, kind := nextRecord(ch.data[at:], c.plan.delim, true)
		raw := all[at : at+n]
		at += n
		start := line
		if kind == wholeRecord && strings.IndexByte(raw, '"') >= 0 {
			line += strings.Count(raw, "\n")
		} else {
			line++
		}
		record := trimLineEnd(raw)
		if record == "" {
			continue
		}
		var ok bool
		c.fields, ok = splitFields(c.fields[:0], record, c.plan.delim, kind == brokenQuotes)
		if kind == brokenQuotes && (!ok || len(c.fields) != c.plan.width) {
			out.reject(start, &report.FieldError{Field: "row", Value: record, Reason: ReasonQuotes,
				Expect: `a quoted field that ends with a quote before the next separator, quotes inside it doubled ("")`})
			continue
		}
		c.addFields(out, record, start)
	}
}

// addFields picks the fields of the plan from a CSV record.
func (c *converter) addFields(out *parsed, record string, line int) {
	p, fields := c.plan, c.fields
	if len(fields) != p.width && !c.widthFits() {
		if strings.Trim(record, " \t") != "" {
			out.reject(line, &report.FieldError{Field: "row", Value: record, Reason: ReasonColumns,
				Expect: strconv.Itoa(p.width) + " columns as in the header, found " + strconv.Itoa(len(fields))})
		}
		return
	}
	var r row
	for f, i := range p.columns {
		if i >= 0 && i < len(fields) {
			r.text[f] = fields[i]
		}
	}
	if r == (row{}) && blank(fields) {
		return // spreadsheets leave rows of separators
	}
	c.add(out, &r, line)
}

// widthFits accepts rows that only lack or add empty columns at the end: with
// any other difference the columns may have shifted.
func (c *converter) widthFits() bool {
	p, n := c.plan, len(c.fields)
	if n > p.width {
		return blank(c.fields[p.width:])
	}
	for _, i := range p.columns {
		if i >= n {
			return false
		}
	}
	return true
}

func blank(fields []string) bool {
	for _, f := range fields {
		if strings.TrimSpace(f) != "" {
			return false
		}
	}
	return true
}

// recordSeparator may stand before each line of a GeoJSON text sequence.
const recordSeparator = "\x1e"

func (c *converter) parseLines(ch chunk, out *parsed) {
	line := ch.line
	for raw := range bytes.Lines(ch.data) {
		if object := bytes.Trim(raw, " \t\r\n"+recordSeparator); len(object) > 0 {
			c.addObject(out, object, line)
		}
		line++
	}
}

func (c *converter) parseItems(ch chunk, out *parsed) {
	b, line := ch.data, ch.line
	for {
		start, end, kind := nextItem(b)
		if kind == noMoreItems || start == len(b) {
			return
		}
		if kind == needMoreItem { // what the chunk was cut behind
			end = len(b)
		}
		line += bytes.Count(b[:start], []byte("\n"))
		c.addObject(out, b[start:end], line)
		line += bytes.Count(b[start:end], []byte("\n"))
		b = b[end:]
	}
}

func (c *converter) addObject(out *parsed, object []byte, line int) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(object, &members); err != nil || members == nil {
		out.reject(line, badJSON(object, err))
		return
	}
	var r row
	f, isFeature := asFeature(members)
	if isFeature {
		members = f.properties
	}
	for i, name := range c.plan.names {
		if name != "" {
			r.text[i] = jsonText(members[name])
		}
	}
	if isFeature {
		if r.text[fieldID] == "" {
			r.text[fieldID] = jsonText(f.id)
		}
		r.geometry = readGeometry(f.geometry)
		r.text[fieldLat], r.text[fieldLng] = r.geometry.position()
	}
	c.add(out, &r, line)
}

// badJSON says what is wrong with the text of a row that is no JSON object.
func badJSON(object []byte, err error) *report.FieldError {
	e := &report.FieldError{Field: "row", Value: string(object), Reason: ReasonBadJSON, Expect: "a JSON object in { }"}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		e.Expect += ": it is broken at character " + strconv.FormatInt(syntax.Offset, 10)
	}
	return e
}

// feature is a GeoJSON feature.
type feature struct {
	id, geometry json.RawMessage
	properties   map[string]json.RawMessage
}

func asFeature(members map[string]json.RawMessage) (f feature, ok bool) {
	if string(members["type"]) != `"Feature"` {
		return f, false
	}
	f = feature{id: members["id"], geometry: members["geometry"]}
	// What is no object has no properties: the row is then refused for what it lacks.
	_ = json.Unmarshal(members["properties"], &f.properties)
	if f.properties == nil {
		f.properties = map[string]json.RawMessage{}
	}
	return f, true
}

// jsonText returns the text of a scalar, or the texts of a list joined by "|".
func jsonText(raw json.RawMessage) string {
	if len(raw) == 0 {
		return ""
	}
	switch raw[0] {
	case '"':
		var s string
		if json.Unmarshal(raw, &s) == nil {
			return s
		}
	case '[':
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) == nil {
			parts := make([]string, len(list))
			for i, x := range list {
				parts[i] = jsonText(x)
			}
			return strings.Join(parts, "|")
		}
	case 'n':
		return ""
	}
	return string(raw)
}
