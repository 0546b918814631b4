package ingest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
)

// document is an opened file: its plan is made and its reader stands at the
// first record.
type document struct {
	plan   *plan
	reader *bufio.Reader
	raw    *countingReader
	size   int64
	line   int // of the first record
}

// open looks at the beginning of a file, recognises it and makes its plan.
func open(in Input, o Options) (*document, error) {
	d := &document{raw: &countingReader{r: in.Reader}, size: in.Size, line: 1}
	var err error
	if d.reader, err = text(in.Name, d.raw); err != nil {
		return nil, err
	}
	format := o.Format
	if format == FormatAuto {
		head, _ := d.reader.Peek(64 << 10)
		format = recognise(head)
	}
	switch format {
	case CSV:
		return d, d.openCSV(in.Name, o)
	case NDJSON:
		return d, d.openJSON(in.Name, format, o)
	}
	if err := d.enterArray(in.Name, format); err != nil {
		return nil, err
	}
	return d, d.openJSON(in.Name, format, o)
}

// peekUntil looks ahead, a little at first, until found accepts what is there,
// the file ends, or a record's worth has been seen.
func (d *document) peekUntil(found func(head []byte, final bool) bool) error {
	for n := 4 << 10; ; n *= 2 {
		n = min(n, maxRecordBytes)
		head, err := d.reader.Peek(n)
		if err != nil && err != io.EOF {
			return err
		}
		if found(head, err == io.EOF) || err == io.EOF || n == maxRecordBytes {
			return nil
		}
	}
}

// skip passes what has been peeked and counts its lines.
func (d *document) skip(head []byte) {
	d.line += bytes.Count(head, []byte("\n"))
	_, _ = d.reader.Discard(len(head)) // has been peeked
}

// openCSV reads the header.
func (d *document) openCSV(name string, o Options) error {
	var line []byte
	var delim byte
	err := d.peekUntil(func(head []byte, final bool) bool {
		blank := len(head) - len(bytes.TrimLeft(head, "\r\n"))
		first, _, _ := bytes.Cut(head[blank:], []byte("\n"))
		delim = guessDelimiter(first)
		n, kind := nextRecord(head[blank:], delim, final)
		line = head[:blank+n]
		return kind == wholeRecord && n > 0
	})
	if err != nil {
		return cannotRead(err, 0)
	}
	fields, ok := splitFields(nil, trimLineEnd(strings.TrimLeft(string(line), "\r\n")), delim, false)
	switch {
	case len(line) == 0 || !ok:
		return &WrongFileError{name, "it does not begin with a header line", "the first line must name the columns, such as " + canonicalHeader}
	case strings.IndexByte(string(line[:len(line)-1]), '\r') >= 0 && bytes.IndexByte(line, '\n') < 0:
		return &WrongFileError{name, "its lines end with a carriage return alone", "save it with line feeds (in a spreadsheet: CSV UTF-8)"}
	}
	for i, f := range fields {
		fields[i] = strings.TrimSpace(f)
	}
	d.skip(line)
	d.plan, err = newPlan(name, CSV, fields, o)
	if d.plan != nil {
		d.plan.delim = delim
	}
	return err
}

// enterArray moves to the first element of the array that holds the objects.
func (d *document) enterArray(name string, format Format) error {
	at := 0
	var seen []byte
	err := d.peekUntil(func(head []byte, _ bool) bool {
		seen = head
		if format == GeoJSON {
			at = featuresStart(head)
		} else {
			at = bytes.IndexByte(head, '[') + 1
		}
		return at > 0
	})
	if err != nil {
		return cannotRead(err, 0)
	}
	if at == 0 {
		return &WrongFileError{name, "it holds no array of features", `GeoJSON must be a FeatureCollection with "features": [...]`}
	}
	d.skip(seen[:at])
	return nil
}

// openJSON takes the member names of the first object for a header.
func (d *document) openJSON(name string, format Format, o Options) error {
	var names header
	err := d.peekUntil(func(head []byte, _ bool) bool {
		at := max(bytes.IndexByte(head, '{'), 0)
		n := scanObject(head[at:])
		names = memberNames(head[at : at+n])
		return n > 0
	})
	if err != nil {
		return cannotRead(err, 0)
	}
	d.plan, err = newPlan(name, format, names, o)
	return err
}

// memberNames returns the names of an object's members, or of the properties of
// a feature, in alphabetical order.
func memberNames(object []byte) header {
	var members map[string]json.RawMessage
	if json.Unmarshal(object, &members) != nil {
		return nil
	}
	if f, ok := asFeature(members); ok {
		members = f.properties
		for _, name := range []string{"lat", "lng", "latitude", "longitude", "Latitude", "Longitude"} {
			members[name] = nil // the geometry holds it, whatever a preset calls it
		}
	}
	names := make(header, 0, len(members))
	for n := range members {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}
