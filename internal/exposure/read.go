package exposure

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

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
	"github.com/uber/h3-go/v4"
)

// Read reads amounts for hexagons.
//
// GeoJSON with lines is streets: each hexagon of resolution 11 gets the metres of
// line that lie in it. GeoJSON points and CSV have an amount each, in the
// property or column value: CSV with a column cell has it by H3 index, all of one
// resolution from 8 to 11, CSV with lat and lng by position. Amounts of one
// hexagon are added up. An empty value means count, value, residents, footfall
// or metres, whichever is there.
func Read(data []byte, name, value string) (*Exposure, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	var sums map[h3.Cell]float64
	var err error
	if t := bytes.TrimLeft(data, " \t\r\n"); len(t) > 0 && t[0] == '{' {
		sums, err = readGeoJSON(t, value)
	} else {
		sums, err = readCSV(data, value)
	}
	if err != nil {
		return nil, err
	}
	return New(name, sums)
}

// valueNames are the names by which files call an amount, in lower case.
func valueNames() []string {
	return []string{"value", "amount", "count", "residents", "population", "footfall", "metres", "meters", "length"}
}

func findColumn(header []string, names ...string) int {
	return slices.IndexFunc(header, func(h string) bool { return slices.Contains(names, strings.ToLower(strings.TrimSpace(h))) })
}

func readCSV(data []byte, value string) (map[h3.Cell]float64, error) {
	in := csv.NewReader(bytes.NewReader(data))
	header, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("read the header: %w", err)
	}
	names := valueNames()
	if value != "" {
		names = []string{strings.ToLower(value)}
	}
	amount, cell := findColumn(header, names...), findColumn(header, "cell", "h3", "hexagon")
	lat, lng := findColumn(header, "lat", "latitude", "y"), findColumn(header, "lng", "lon", "long", "longitude", "x")
	if amount < 0 || cell < 0 && (lat < 0 || lng < 0) {
		return nil, fmt.Errorf("expected a column cell, or lat and lng, and one with the amount, which --value-column names; there are: %s", strings.Join(header, ", "))
	}
	sums := map[h3.Cell]float64{}
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return sums, nil
		}
		if err != nil {
			return nil, err
		}
		line, _ := in.FieldPos(amount)
		n, err := parseAmount(row[amount])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		var c h3.Cell
		if cell >= 0 {
			if c = h3.CellFromString(strings.TrimSpace(row[cell])); !c.IsValid() {
				return nil, fmt.Errorf("line %d: %q is no H3 index", line, row[cell])
			}
		} else if c, err = cellAt(row[lat], row[lng]); err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		if n > 0 { // nobody there: no rate either
			sums[c] += n
		}
	}
}

func parseAmount(s string) (float64, error) {
	n, err := strconv.ParseFloat(strings.ReplaceAll(strings.TrimSpace(s), ",", ""), 64)
	if err != nil || n < 0 || math.IsNaN(n) || math.IsInf(n, 1) {
		return 0, fmt.Errorf("%q is no number from 0 on", s)
	}
	return n, nil
}

func cellAt(lat, lng string) (h3.Cell, error) {
	la, err1 := strconv.ParseFloat(strings.TrimSpace(lat), 64)
	ln, err2 := strconv.ParseFloat(strings.TrimSpace(lng), 64)
	if err1 != nil || err2 != nil || !onEarth(orb.Point{ln, la}) {
		return 0, fmt.Errorf("%q, %q is no position in degrees", lat, lng)
	}
	return h3.LatLngToCell(h3.LatLng{Lat: la, Lng: ln}, FinestResolution)
}

func onEarth(p orb.Point) bool { return math.Abs(p.Lat()) <= 90 && math.Abs(p.Lon()) <= 180 }

func readGeoJSON(data []byte, value string) (map[h3.Cell]float64, error) {
	fc, err := geojson.UnmarshalFeatureCollection(data)
	if err != nil {
		return nil, fmt.Errorf("GeoJSON: %w", err)
	}
	sums := map[h3.Cell]float64{}
	for i, f := range fc.Features {
		if f == nil {
			return nil, fmt.Errorf("feature %d is null", i+1)
		}
		switch g := f.Geometry.(type) {
		case orb.LineString:
			err = addLine(sums, g)
		case orb.MultiLineString:
			for _, l := range g {
				err = errors.Join(err, addLine(sums, l))
			}
		case orb.Point:
			err = addPoint(sums, g, f.Properties, value)
		default:
			err = errors.New("expected a line of street or a point")
		}
		if err != nil {
			return nil, fmt.Errorf("feature %d: %w", i+1, err)
		}
	}
	return sums, nil
}

func addPoint(sums map[h3.Cell]float64, p orb.Point, props geojson.Properties, value string) error {
	names := valueNames()
	if value != "" {
		names = []string{value}
	}
	if !onEarth(p) {
		return fmt.Errorf("%v is no position in degrees, longitude first", p)
	}
	for _, name := range names {
		n, ok := props[name].(float64)
		if !ok {
			continue
		}
		if n < 0 {
			return fmt.Errorf("%s: %v is no number from 0 on", name, n)
		}
		c, err := h3.LatLngToCell(h3.LatLng{Lat: p.Lat(), Lng: p.Lon()}, FinestResolution)
		if n > 0 {
			sums[c] += n
		}
		return err
	}
	return fmt.Errorf("no number in %s", strings.Join(names, ", "))
}

const (
	// step is how finely lines are cut, in metres: an eighth of a hexagon of
	// resolution 11, so that a piece is in the right one but for its edge.
	step = 6
	// metresPerDegree is of the mean sphere.
	metresPerDegree = 111_195
	// longest is how long one straight line of street may be, in metres: a longer
	// one is a ferry or a slip.
	longest = 100_000
)

// addLine gives each hexagon the metres of line that lie in it.
func addLine(sums map[h3.Cell]float64, line orb.LineString) error {
	for i, p := range line {
		if !onEarth(p) {
			return fmt.Errorf("%v is no position in degrees, longitude first (EPSG:4326): convert the file, with ogr2ogr -t_srs EPSG:4326 for instance", p)
		}
		if i == 0 {
			continue
		}
		a := line[i-1]
		dx := (p.Lon() - a.Lon()) * metresPerDegree * math.Cos((p.Lat()+a.Lat())/2*math.Pi/180)
		dy := (p.Lat() - a.Lat()) * metresPerDegree
		length := math.Hypot(dx, dy)
		if length > longest {
			return fmt.Errorf("a straight piece is %.0f km long", length/1000)
		}
		pieces := max(1, int(math.Ceil(length/step)))
		for k := range pieces {
			t := (float64(k) + 0.5) / float64(pieces)
			c, err := h3.LatLngToCell(h3.LatLng{Lat: a.Lat() + t*(p.Lat()-a.Lat()), Lng: a.Lon() + t*(p.Lon()-a.Lon())}, FinestResolution)
			if err != nil {
				return err
			}
			if length > 0 {
				sums[c] += length / float64(pieces)
			}
		}
	}
	return nil
}

// fileComment marks the form in which a store keeps an exposure.
const fileComment = "exposure 1"

// maxFile bounds what Decode unpacks.
const maxFile = 512 << 20

// Encode writes an exposure as a store keeps it: packed CSV, by cell.
func (x *Exposure) Encode() ([]byte, error) {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Comment = fileComment
	w := csv.NewWriter(z)
	err := w.Write([]string{x.Name, x.Source})
	for i, c := range x.base.Cells {
		err = errors.Join(err, w.Write([]string{c.String(), strconv.FormatFloat(x.base.Amounts[i], 'g', 8, 64)}))
	}
	w.Flush()
	if err := errors.Join(err, w.Error(), z.Close()); err != nil {
		return nil, fmt.Errorf("write exposure: %w", err)
	}
	return out.Bytes(), nil
}

// Decode reads what Encode wrote.
func Decode(data []byte) (*Exposure, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("read exposure: %w", err)
	}
	if z.Comment != fileComment {
		return nil, errors.New("read exposure: it is of another version: import it again")
	}
	in := csv.NewReader(io.LimitReader(z, maxFile))
	in.FieldsPerRecord = 2
	head, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("read exposure: %w", err)
	}
	sums := map[h3.Cell]float64{}
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read exposure: %w", err)
		}
		n, err := parseAmount(row[1])
		if err != nil {
			return nil, fmt.Errorf("read exposure: %w", err)
		}
		sums[h3.CellFromString(row[0])] += n
	}
	x, err := New(head[0], sums)
	if err != nil {
		return nil, fmt.Errorf("read exposure: %w", err)
	}
	x.Source = head[1]
	return x, nil
}
