package lamps

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
)

// The columns of a lamp.
const (
	ColumnID   = "id"
	ColumnLat  = "lat"
	ColumnLng  = "lng"
	ColumnKind = "kind"
	ColumnOff  = "off" // 00:00-05:30, or the beginning alone beside ColumnOn
	ColumnOn   = "on"
)

// Columns maps the columns of a lamp to those of a file.
type Columns map[string]string

// guesses are the names by which files call the columns, in lower case.
func guesses(column string) []string {
	switch column {
	case ColumnID:
		return []string{"id", "lamp_id", "asset_id", "assetid", "unit_no", "column_no", "column_number", "objectid"}
	case ColumnLat:
		return []string{"lat", "latitude", "y"}
	case ColumnLng:
		return []string{"lng", "lon", "long", "longitude", "x"}
	case ColumnKind:
		return []string{"kind", "type", "lamp_type", "lamptype", "unit_type"}
	case ColumnOff:
		return []string{"off", "off_hours", "switch_off_hours", "switch_off", "off_from"}
	case ColumnOn:
		return []string{"on", "switch_on", "off_to", "off_until"}
	}
	return nil
}

// AllColumns lists the columns of a lamp.
func AllColumns() []string {
	return []string{ColumnID, ColumnLat, ColumnLng, ColumnKind, ColumnOff, ColumnOn}
}

// Read reads lamps from CSV with a header or from GeoJSON points, in degrees.
// What Columns leaves out is guessed; a lamp without an id is called by its line.
func Read(data []byte, named Columns) (*Index, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	var list []Lamp
	var err error
	if t := bytes.TrimLeft(data, " \t\r\n"); len(t) > 0 && t[0] == '{' {
		list, err = readGeoJSON(t, named)
	} else {
		list, err = readCSV(data, named)
	}
	if err != nil {
		return nil, err
	}
	return NewIndex(list)
}

// finder tells where in a file each column is.
func finder(header []string, named Columns) (map[string]int, error) {
	lower := make([]string, len(header))
	for i, h := range header {
		lower[i] = strings.ToLower(strings.TrimSpace(h))
	}
	at := map[string]int{}
	for _, c := range AllColumns() {
		names := guesses(c)
		if n, ok := named[c]; ok {
			names = []string{strings.ToLower(n)}
		}
		at[c] = slices.IndexFunc(lower, func(h string) bool { return slices.Contains(names, h) })
		if _, ok := named[c]; ok && at[c] < 0 {
			return nil, fmt.Errorf("there is no %s for %s; there are: %s", named[c], c, strings.Join(header, ", "))
		}
	}
	return at, nil
}

func readCSV(data []byte, named Columns) ([]Lamp, error) {
	in := csv.NewReader(bytes.NewReader(data))
	header, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("read the header: %w", err)
	}
	at, err := finder(header, named)
	if err != nil {
		return nil, err
	}
	if at[ColumnLat] < 0 || at[ColumnLng] < 0 {
		return nil, fmt.Errorf("no columns for the position; there are: %s; name them with --column, such as --column lat=Breite", strings.Join(header, ", "))
	}
	var list []Lamp
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		line, _ := in.FieldPos(0)
		l, err := newLamp(func(c string) string {
			if at[c] < 0 {
				return ""
			}
			return strings.TrimSpace(row[at[c]])
		}, line)
		if err != nil {
			return nil, err
		}
		list = append(list, l)
	}
}

func readGeoJSON(data []byte, named Columns) ([]Lamp, error) {
	fc, err := geojson.UnmarshalFeatureCollection(data)
	if err != nil {
		return nil, fmt.Errorf("GeoJSON: %w", err)
	}
	var list []Lamp
	for i, f := range fc.Features {
		if f == nil {
			return nil, fmt.Errorf("feature %d is null", i+1)
		}
		p, ok := f.Geometry.(orb.Point)
		if !ok {
			return nil, fmt.Errorf("feature %d is no point", i+1)
		}
		keys := make([]string, 0, len(f.Properties))
		for k := range f.Properties {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		at, err := finder(keys, Columns{}) // features need not have all of the named ones
		if err != nil {
			return nil, err
		}
		l, err := newLamp(func(c string) string {
			switch c {
			case ColumnLat:
				return strconv.FormatFloat(p.Lat(), 'f', -1, 64)
			case ColumnLng:
				return strconv.FormatFloat(p.Lon(), 'f', -1, 64)
			}
			key := named[c]
			if key == "" && at[c] >= 0 {
				key = keys[at[c]]
			}
			switch v := f.Properties[key].(type) {
			case string:
				return strings.TrimSpace(v)
			case float64:
				return strconv.FormatFloat(v, 'f', -1, 64)
			}
			return ""
		}, i+1)
		if err != nil {
			return nil, err
		}
		list = append(list, l)
	}
	return list, nil
}

func newLamp(field func(string) string, line int) (Lamp, error) {
	lat, err1 := strconv.ParseFloat(field(ColumnLat), 64)
	lng, err2 := strconv.ParseFloat(field(ColumnLng), 64)
	if err1 != nil || err2 != nil || !(math.Abs(lat) <= 90 && math.Abs(lng) <= 180) {
		return Lamp{}, fmt.Errorf("line %d: %q, %q is no position in degrees", line, field(ColumnLat), field(ColumnLng))
	}
	off, err := ParseHours(field(ColumnOff), field(ColumnOn))
	if err != nil {
		return Lamp{}, fmt.Errorf("line %d: %w", line, err)
	}
	l := Lamp{ID: field(ColumnID), Lat: lat, Lng: lng, Kind: field(ColumnKind), Off: off}
	if l.ID == "" {
		l.ID = strconv.Itoa(line)
	}
	return l, nil
}

// ParseHours reads switch-off hours: both clock times in one text, as
// 00:00-05:30, or one each. Empty texts are no hours.
func ParseHours(from, to string) (Hours, error) {
	if to == "" {
		var ok bool
		if from, to, ok = strings.Cut(strings.NewReplacer("–", "-", " to ", "-").Replace(from), "-"); !ok && from != "" {
			return Hours{}, fmt.Errorf("switch-off hours %q: expected two times, such as 00:00-05:30", from)
		}
	}
	if from == "" && to == "" {
		return Hours{}, nil
	}
	a, err1 := parseClock(from)
	b, err2 := parseClock(to)
	if err := errors.Join(err1, err2); err != nil {
		return Hours{}, err
	}
	if a == b {
		return Hours{}, fmt.Errorf("switch-off hours from %s to %s: expected two times", from, to)
	}
	return Hours{a, b}, nil
}

func parseClock(s string) (time.Duration, error) {
	s = strings.TrimSpace(s)
	for _, layout := range []string{"15:04", "15:04:05", "1504"} {
		if t, err := time.Parse(layout, s); err == nil {
			return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
		}
	}
	return 0, fmt.Errorf("%q is no time of day, such as 05:30", s)
}

// Encode writes an index as a store keeps it: packed CSV.
func (x *Index) Encode() ([]byte, error) {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Comment = "lamps 1"
	z.Name = strings.Map(latin1, x.Source)
	w := csv.NewWriter(z)
	err := w.Write(AllColumns()[:5])
	for _, l := range x.lamps {
		err = errors.Join(err, w.Write([]string{l.ID, strconv.FormatFloat(l.Lat, 'f', -1, 64), strconv.FormatFloat(l.Lng, 'f', -1, 64), l.Kind, l.Off.String()}))
	}
	w.Flush()
	if err := errors.Join(err, w.Error(), z.Close()); err != nil {
		return nil, fmt.Errorf("write lamps: %w", err)
	}
	return out.Bytes(), nil
}

// latin1 keeps what the header of a gzip file can hold.
func latin1(r rune) rune {
	if r == 0 || r > 0xff {
		return '?'
	}
	return r
}

// maxFile bounds what Decode unpacks.
const maxFile = 512 << 20

// Decode reads what Encode wrote.
func Decode(data []byte) (*Index, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("read lamps: %w", err)
	}
	if z.Comment != "lamps 1" {
		return nil, errors.New("read lamps: they are of another version: import them again")
	}
	source := z.Name
	plain, err := io.ReadAll(io.LimitReader(z, maxFile))
	if err != nil {
		return nil, fmt.Errorf("read lamps: %w", err)
	}
	x, err := Read(plain, nil)
	if err != nil {
		return nil, fmt.Errorf("read lamps: %w", err)
	}
	x.Source = source
	return x, nil
}
