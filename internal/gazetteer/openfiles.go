package gazetteer

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// What the licences of the two products ask to be shown (Open Government
// Licence 3.0).
const (
	creditOS  = "Streets and places: contains OS data © Crown copyright and database right."
	creditONS = "Postcodes: contains OS data © Crown copyright and database right, Royal Mail data © Royal Mail copyright and database right, and National Statistics data © Crown copyright and database right."
)

// Columns of the CSV files of OS Open Names, which have no header line
// (Ordnance Survey, "OS Open Names technical specification").
const (
	namesName1    = 2
	namesName2    = 4
	namesType     = 7 // LOCAL_TYPE
	namesEast     = 8
	namesNorth    = 9
	namesDistrict = 16 // POSTCODE_DISTRICT
	namesPlace    = 18 // POPULATED_PLACE
	namesBorough  = 21 // DISTRICT_BOROUGH
	namesCounty   = 24 // COUNTY_UNITARY
	namesColumns  = 34
)

var namesKinds = map[string]string{
	"Named Road": KindStreet, "Section Of Named Road": KindStreet, "Numbered Road": KindStreet,
	"Hamlet": KindVillage, "Other Settlement": KindVillage, "Village": KindVillage, "Suburban Area": KindArea,
}

// ReadOpenNames reads one CSV file of OS Open Names and returns how many places
// it added: streets, small settlements and postcodes. Other kinds are passed
// over. The error names the line.
func (d *Details) ReadOpenNames(r io.Reader) (added int, err error) {
	c := csv.NewReader(skipMark(r))
	c.FieldsPerRecord, c.ReuseRecord, c.LazyQuotes = -1, true, true
	for {
		f, err := c.Read()
		if errors.Is(err, io.EOF) {
			d.credit(creditOS)
			return added, nil
		}
		if err != nil {
			return added, fmt.Errorf("OS Open Names: %w", err)
		}
		line, _ := c.FieldPos(0)
		if len(f) < namesColumns {
			return added, fmt.Errorf("OS Open Names, line %d: %d columns, expected %d", line, len(f), namesColumns)
		}
		if line == 1 && f[namesName1] == "NAME1" {
			continue // the header, which is a file of its own in the product
		}
		kind := namesKinds[f[namesType]]
		if kind == "" && f[namesType] != "Postcode" {
			continue
		}
		east, err1 := strconv.ParseFloat(f[namesEast], 64)
		north, err2 := strconv.ParseFloat(f[namesNorth], 64)
		if err1 != nil || err2 != nil || !(east >= 0 && east < 800_000 && north >= 0 && north < 1_400_000) {
			return added, fmt.Errorf("OS Open Names, line %d: %q, %q is no position on the National Grid", line, f[namesEast], f[namesNorth])
		}
		lat, lng := NationalGrid(east, north)
		if kind == "" {
			added += d.addUnit(f[namesName1], lat, lng)
			continue
		}
		s := street{name: strings.Clone(f[namesName1]), admin: namesAdmin(f), kind: kind, lat: float32(lat), lng: float32(lng)}
		d.add(s)
		added++
		if other := f[namesName2]; other != "" { // the name in Welsh, Gaelic or Scots
			s.name = strings.Clone(other)
			d.add(s)
		}
	}
}

// namesAdmin says where a place of OS Open Names lies.
func namesAdmin(f []string) string {
	var parts []string
	for _, c := range []int{namesPlace, namesBorough, namesCounty} {
		if s := f[c]; s != "" && !slices.Contains(parts, s) {
			parts = append(parts, s)
		}
	}
	if s := f[namesDistrict]; s != "" {
		parts = append(parts, s)
	}
	return strings.Join(parts, ", ")
}

// addUnit notes a full postcode and returns how many that were.
func (d *Details) addUnit(code string, lat, lng float64) int {
	code = strings.ToUpper(strings.ReplaceAll(code, " ", ""))
	if _, district, ok := splitPostcode(code); !ok || len(code) != len(district)+3 {
		return 0
	}
	d.units = append(d.units, unit{strings.Clone(code), float32(lat), float32(lng)})
	return 1
}

// ReadPostcodeDirectory reads the CSV file of the ONS Postcode Directory and
// returns how many postcodes it added: those in use that have a position. The
// columns are found by their names, which have stayed while others came and
// went: pcds, doterm, lat and long. The error names the line.
func (d *Details) ReadPostcodeDirectory(r io.Reader) (added int, err error) {
	c := csv.NewReader(skipMark(r))
	c.FieldsPerRecord, c.ReuseRecord = -1, true
	head, err := c.Read()
	if err != nil {
		return 0, fmt.Errorf("ONS Postcode Directory: %w", err)
	}
	column := map[string]int{}
	for i, name := range head {
		column[strings.ToLower(strings.TrimSpace(name))] = i
	}
	var at [4]int
	for i, name := range []string{"pcds", "doterm", "lat", "long"} {
		n, ok := column[name]
		if !ok {
			return 0, fmt.Errorf("ONS Postcode Directory: no column %s in %s", name, strings.Join(head, ","))
		}
		at[i] = n
	}
	widest := slices.Max(at[:])
	for {
		f, err := c.Read()
		if errors.Is(err, io.EOF) {
			d.credit(creditONS)
			return added, nil
		}
		if err != nil {
			return added, fmt.Errorf("ONS Postcode Directory: %w", err)
		}
		line, _ := c.FieldPos(0)
		if len(f) <= widest {
			return added, fmt.Errorf("ONS Postcode Directory, line %d: %d columns, expected %d", line, len(f), widest+1)
		}
		if f[at[1]] != "" {
			continue // no longer in use
		}
		lat, err1 := strconv.ParseFloat(f[at[2]], 64)
		lng, err2 := strconv.ParseFloat(f[at[3]], 64)
		if err1 != nil || err2 != nil {
			return added, fmt.Errorf("ONS Postcode Directory, line %d: %q, %q is no position", line, f[at[2]], f[at[3]])
		}
		if math.Abs(lat) > 90 || math.Abs(lng) > 180 {
			continue // 99.999999: a postcode without a position
		}
		added += d.addUnit(f[at[0]], lat, lng)
	}
}

// skipMark passes over the byte order mark that these files may begin with.
func skipMark(r io.Reader) io.Reader {
	var head [3]byte
	n, _ := io.ReadFull(r, head[:]) // an error comes again with the first line
	if n == 3 && head == [3]byte{0xEF, 0xBB, 0xBF} {
		return r
	}
	return io.MultiReader(strings.NewReader(string(head[:n])), r)
}
