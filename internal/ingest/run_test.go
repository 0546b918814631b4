package ingest_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/ingest"
	"github.com/streetsafe/streetsafe/internal/report"
)

const canonical = `external_id,lat,lng,occurred_at,factors
a1,51.3748,-0.1003,2025-01-17T23:10:00Z,badly_lit|no_cctv
a2,51.3751,-0.0928,2025-07-01 08:30:00,followed
a3,51.4045,0.0150,2025-05-04,Rundown e.g. derelict buildings
a4,51.3640,-0.1930,2024-11,verbal_group
`

var (
	lit      = report.FactorSet(report.BadlyLit)
	litCCTV  = report.FactorSet(report.BadlyLit, report.NoCCTV)
	followed = report.FactorSet(report.Followed)
)

// want is a report without its cell, which is told by a position.
type want struct {
	lat, lng float64
	day      string
	daypart  report.Daypart
	dark     report.Dark
	factors  report.Factors
}

func (w want) report(t *testing.T) report.Report {
	t.Helper()
	cell, err := report.CellAt(w.lat, w.lng)
	if err != nil {
		t.Fatal(err)
	}
	return report.Report{Cell: cell, Day: day(t, w.day), Daypart: w.daypart, Dark: w.dark, Factors: w.factors}
}

func check(t *testing.T, got map[string]report.Report, wants map[string]want) {
	t.Helper()
	for id, w := range wants {
		if got[id] != w.report(t) {
			t.Errorf("%s: %+v, want %+v", id, got[id], w.report(t))
		}
	}
	if len(got) != len(wants) {
		t.Errorf("%d reports, want %d: %v", len(got), len(wants), slices.Sorted(maps.Keys(got)))
	}
}

// The same four reports in every format give the same records.
func TestRun_Formats(t *testing.T) {
	rows := strings.Replace(canonical, "Rundown e.g. derelict buildings", `"Rundown e.g. derelict buildings, abandoned cars, graffiti, fly-tipping etc."`, 1)
	ndjson := `{"external_id":"a1","lat":51.3748,"lng":-0.1003,"occurred_at":"2025-01-17T23:10:00Z","factors":["badly_lit","no_cctv"]}
{"external_id":"a2","lat":"51.3751","lng":-0.0928,"occurred_at":"2025-07-01 08:30:00","factors":"followed","note":{"x":[1]}}

{"factors":["rundown"],"external_id":"a3","lat":51.4045,"lng":0.0150,"occurred_at":"2025-05-04"}
{"external_id":"a4","lat":51.3640,"lng":-0.1930,"occurred_at":"2024-11","factors":["Verbal harassment from / by a group of people"]}`
	feature := func(id, lng, lat, at, factors string) string {
		return fmt.Sprintf(`{"type":"Feature","id":%q,"geometry":{"type":"Point","coordinates":[%s,%s,12.5]},"properties":{"occurred_at":%q,"factors":%q,"name":"a \" } ] b"}}`,
			id, lng, lat, at, factors)
	}
	features := []string{
		feature("a1", "-0.1003", "51.3748", "2025-01-17T23:10:00Z", "badly_lit|no_cctv"),
		feature("a2", "-0.0928", "51.3751", "2025-07-01 08:30:00", "followed"),
		feature("a3", "0.0150", "51.4045", "2025-05-04", "rundown"),
		feature("a4", "-0.1930", "51.3640", "2024-11", "verbal_group"),
	}
	collection := `{"type": "FeatureCollection", "name": "features", "crs": {"properties": {"features": [1]}}, "features" :[` + "\n" +
		strings.Join(features, ",\n") + "\n]}"
	wants := map[string]want{
		"a1": {51.3748, -0.1003, "2025-01-17", report.Evening, report.DarkYes, litCCTV},
		"a2": {51.3751, -0.0928, "2025-07-01", report.Morning, report.DarkNo, followed},
		"a3": {51.4045, 0.0150, "2025-05-04", report.UnknownDaypart, report.DarkUnknown, report.FactorSet(report.Rundown)},
		"a4": {51.3640, -0.1930, "2024-11-01", report.UnknownDaypart, report.DarkUnknown, report.FactorSet(report.VerbalGroup)},
	}
	for _, tc := range []struct {
		name, text string
		format     ingest.Format
	}{
		{"csv", rows, ingest.CSV},
		{"csv with BOM and CRLF", "\xef\xbb\xbf" + strings.ReplaceAll(rows, "\n", "\r\n"), ingest.CSV},
		{"csv with semicolons", strings.ReplaceAll(strings.ReplaceAll(canonical, "Rundown e.g. derelict buildings", "rundown"), ",", ";"), ingest.CSV},
		{"csv without last line end", strings.TrimSuffix(rows, "\n"), ingest.CSV},
		{"ndjson", ndjson, ingest.NDJSON},
		{"json array", "[" + strings.ReplaceAll(strings.ReplaceAll(ndjson, "\n\n", "\n"), "\n", ",\n") + "]", ingest.JSONArray},
		{"geojson", collection, ingest.GeoJSON},
		{"geojson indented", indent(t, collection), ingest.GeoJSON},
		{"geojson sequence", "\x1e" + strings.Join(features, "\n\x1e") + "\n", ingest.NDJSON},
	} {
		for _, compressed := range []bool{false, true} {
			for _, size := range []int{1, 50, 1 << 20} {
				t.Run(fmt.Sprintf("%s gzip %v chunk %d", tc.name, compressed, size), func(t *testing.T) {
					text := tc.text
					if compressed {
						text = string(gzipped(t, text))
					}
					sink := &memory{}
					s := run(t, text, ingest.WithChunkBytes(options(t), size), sink)
					check(t, sink.only(t), wants)
					if s.Format != tc.format || s.Preset != ingest.CanonicalPreset || s.Accepted != 4 || !s.MonthPrecision || !sink.last.MonthPrecision {
						t.Errorf("%+v", s)
					}
				})
			}
		}
	}
}

func indent(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(text), "", "  "); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRun_SecondImportAddsNothing(t *testing.T) {
	withoutIDs := "lat,lng,occurred_at,factors\n" + strings.Repeat("51.3748,-0.1003,2025-01-17,badly_lit\n", 3) +
		"51.4045,0.0150,2025-05-04,rundown\n" + "51.37481,-0.10031,2025-01-17,badly_lit\n"
	reordered := "lat,lng,occurred_at,factors\n" + "51.4045,0.0150,2025-05-04,rundown\n" +
		"51.37481,-0.10031,2025-01-17,badly_lit\n" + strings.Repeat("51.3748,-0.1003,2025-01-17,badly_lit\n", 3)
	for name, texts := range map[string][2]string{
		"with ids":              {canonical, canonical},
		"without ids":           {withoutIDs, withoutIDs},
		"without ids reordered": {withoutIDs, reordered},
	} {
		t.Run(name, func(t *testing.T) {
			sink := &memory{}
			o := options(t)
			o.Rejects = io.Discard
			first := run(t, texts[0], o, sink)
			before := sink.copy()
			second := run(t, texts[1], o, sink)
			if second.Accepted != 0 || second.Revised != 0 || second.Duplicates != first.Accepted {
				t.Errorf("first %+v\nsecond %+v", first, second)
			}
			if !reflect.DeepEqual(before, sink.sources) {
				t.Error("the second import changed the store")
			}
			if name != "with ids" && first.Accepted != 5 {
				t.Errorf("repeated rows were not counted: %+v", first)
			}
		})
	}
}

// Identifiers made from content are in stores: another hash would double every
// row without an identifier at the next import.
func TestRun_ContentIdentifiersArePinned(t *testing.T) {
	sink := &memory{}
	run(t, "lat,lng,occurred_at,factors\n"+strings.Repeat("51.3748,-0.1003,2025-01-17T23:10:00Z,badly_lit\n", 3), options(t), sink)
	got := slices.Sorted(maps.Keys(sink.only(t)))
	if want := []string{"~b6lg0B9iplE", "~b6lg0B9iplE.1", "~b6lg0B9iplE.2"}; !slices.Equal(got, want) {
		t.Errorf("identifiers %q, want %q", got, want)
	}
}

func TestRun_RevisedRow(t *testing.T) {
	sink := &memory{}
	run(t, canonical, options(t), sink)
	s := run(t, strings.Replace(canonical, "badly_lit|no_cctv", "badly_lit", 1), options(t), sink)
	if s.Revised != 1 || s.Duplicates != 2 {
		t.Errorf("%+v", s)
	}
	if got := sink.only(t)["a1"].Factors; got != lit {
		t.Errorf("factors %v after the revision", got)
	}
}

func TestRun_Timezone(t *testing.T) {
	for _, tc := range []struct {
		name, area, zone, at string
		day                  string
		daypart              report.Daypart
		dark                 report.Dark
	}{
		{"clock as written with its offset", "uk", "", "2025-06-30T23:30:00Z", "2025-06-30", report.Evening, report.DarkYes},
		{"offset of another place", "uk", "", "2025-07-01T01:30:00+02:00", "2025-07-01", report.Night, report.DarkYes},
		{"converted to British summer time", "uk", "Europe/London", "2025-06-30T23:30:00Z", "2025-07-01", report.Night, report.DarkYes},
		{"without an offset in the zone", "uk", "Europe/London", "2025-06-30 21:30:00", "2025-06-30", report.Evening, report.DarkNo},
		{"without an offset, taken as British", "uk", "", "2025-06-30 21:30:00", "2025-06-30", report.Evening, report.DarkNo},
		{"without an offset in a box inside the country", "-0.5,51.2,0.3,51.7", "", "2025-12-30 17:30:00", "2025-12-30", report.Afternoon, report.DarkYes},
		{"without an offset anywhere", "world", "", "2025-12-30 17:30:00", "2025-12-30", report.Afternoon, report.DarkUnknown},
		{"an offset tells the instant anywhere", "world", "", "2025-12-30T17:30:00Z", "2025-12-30", report.Afternoon, report.DarkYes},
		{"a date is not converted", "uk", "America/New_York", "2025-06-30", "2025-06-30", report.UnknownDaypart, report.DarkUnknown},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := options(t)
			o.Rules.Area, o.Timezone = area(t, tc.area), tc.zone
			sink := &memory{}
			run(t, "external_id,lat,lng,occurred_at,factors\nx,51.5,-0.1,"+tc.at+",badly_lit\n", o, sink)
			check(t, sink.only(t), map[string]want{"x": {51.5, -0.1, tc.day, tc.daypart, tc.dark, lit}})
		})
	}
}

func TestRun_Rejects(t *testing.T) {
	o := options(t)
	var rejects bytes.Buffer
	o.Rejects = &rejects
	text := `external_id,lat,lng,occurred_at,factors
ok,51.37,-0.1,2025-01-17,badly_lit
swapped,-0.1,51.37,2025-01-17,badly_lit
outside,48.85,2.35,2025-01-17,badly_lit
nolat,,-0.1,2025-01-17,badly_lit
null island,0,0.0,2025-01-17,badly_lit
words,north,-0.1,2025-01-17,badly_lit
comma,"51,37",-0.1,2025-01-17,badly_lit
nan,51.37,NaN,2025-01-17,badly_lit
future,51.37,-0.1,2026-01-01,badly_lit
old,51.37,-0.1,1999-12-31T23:00:00Z,badly_lit
nodate,51.37,-0.1,,badly_lit
baddate,51.37,-0.1,17/01/2025,badly_lit
nofactor,51.37,-0.1,2025-01-17,
na,51.37,-0.1,2025-01-17,Not applicable
unknown,51.37,-0.1,2025-01-17,badly_lit|dragons
short,51.37,-0.1
long,51.37,-0.1,2025-01-17,badly_lit,more
trailing,51.37,-0.1,2025-01-17,badly_lit,,
"quote"d,51.37,-0.1,2025-01-17,badly_lit
"multi
line",51.37,-0.1,2025-01-40,badly_lit
"lenient "q" id",51.37,-0.1,2025-01-17,badly_lit
` + strings.Repeat("i", 201) + `,51.37,-0.1,2025-01-17,badly_lit
` + "bytes\xff,51.37,-0.1,2025-01-17,badly_lit\n" + `

,,,,
last,51.37,-0.1,2025-01-17,badly_lit
"never closed,51.37,-0.1,2025-01-17,badly_lit
after,51.37,-0.1,2025-01-17,badly_lit
`
	const degreesExample = "degrees between -90 and 90, such as 51.3748"
	const times = "a time such as 2025-03-01T22:30:00Z, 2025-03-01 22:30:00, 2025-03-01 or 2025-03"
	const quotes = `"a quoted field that ends with a quote before the next separator, quotes inside it doubled ("""")"`
	all := report.AllFactors.String()
	want := `line,field,value,reason,expected
3,"lat,lng","-0.1,51.37",swapped_lat_lng,latitude first: this place is inside the area when latitude and longitude are swapped
4,"lat,lng","48.85,2.35",outside_area,a position inside uk
5,"lat,lng",-0.1,no_position,latitude and longitude in degrees
6,"lat,lng","0,0.0",no_position,"a position: 0,0 stands for none"
7,lat,north,not_a_number,"` + degreesExample + `"
8,lat,"51,37",not_a_number,"` + degreesExample + `"
9,lng,NaN,not_a_number,degrees between -180 and 180
10,occurred_at,2026-01-01,future,a day not after today (2025-12-31)
11,occurred_at,1999-12-31T23:00:00Z,too_old,a day from 2000-01-01 on
12,occurred_at,,bad_time,"` + times + `"
13,occurred_at,17/01/2025,bad_time,"` + times + `"
14,factors,,no_factor,at least one of ` + all + `
15,factors,Not applicable,no_factor,at least one of ` + all + `
16,factors,badly_lit|dragons,unknown_factor,at least one of ` + all + `
17,row,"short,51.37,-0.1",wrong_columns,"5 columns as in the header, found 3"
18,row,"long,51.37,-0.1,2025-01-17,badly_lit,more",wrong_columns,"5 columns as in the header, found 6"
20,row,"""quote""d,51.37,-0.1,2025-01-17,badly_lit",bad_quotes,` + quotes + `
21,occurred_at,2025-01-40,bad_time,"` + times + `"
24,external_id,` + strings.Repeat("i", 200) + `…,bad_id,at most 200 bytes of UTF-8 text
25,external_id,bytes` + "\uFFFD" + `,bad_id,at most 200 bytes of UTF-8 text
30,row,"""never closed,51.37,-0.1,2025-01-17,badly_lit",bad_quotes,` + quotes + `
`
	for _, size := range []int{1, 64, 1 << 20} {
		rejects.Reset()
		sink := &memory{}
		s := run(t, text, ingest.WithChunkBytes(o, size), sink)
		if got := rejects.String(); got != want {
			t.Errorf("chunks of %d: rejects\n%s\nwant\n%s", size, got, want)
		}
		if got := slices.Sorted(maps.Keys(sink.only(t))); !slices.Equal(got, []string{"after", "last", `lenient "q" id`, "ok", "trailing"}) {
			t.Errorf("accepted %q", got)
		}
		if s.Rejected != 21 || s.RejectedBy["bad_time"] != 3 || s.Read != 26 {
			t.Errorf("%+v", s)
		}
	}
}

func TestRun_RejectsJSON(t *testing.T) {
	var rejects bytes.Buffer
	o := options(t)
	o.Rejects = &rejects
	collection := `{"type":"FeatureCollection","features":[
{"type":"Feature","geometry":{"type":"Point","coordinates":[-0.1,51.37]},"properties":{"external_id":"ok","occurred_at":"2025-01-17","factors":["badly_lit"]}},
{"type":"Feature","geometry":null,"properties":{"external_id":"none","occurred_at":"2025-01-17","factors":["badly_lit"]}},
{"type":"Feature","geometry":{"type":"LineString","coordinates":[[-0.1,51.37],[0,51]]},"properties":{"occurred_at":"2025-01-17","factors":["badly_lit"]}},
{"type":"Feature" "geometry":{},
 "properties":{}},
null,
{"type":"Feature","geometry":{"type":"Point","coordinates":[-0.1,51.37]},"properties":null},
{"type":"Feature","geometry":{"type":"Point","coordinates":[-0.1,51.37]},"properties":{"external_id":"last","occurred_at":"2025-01-17","factors":"badly_lit"}}
]}`
	for _, size := range []int{1, 1 << 20} {
		rejects.Reset()
		sink := &memory{}
		s := run(t, collection, ingest.WithChunkBytes(o, size), sink)
		rows, err := csv.NewReader(&rejects).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, row := range rows {
			lines = append(lines, row[0])
		}
		if !slices.Equal(lines, []string{"line", "3", "4", "5", "7", "8"}) {
			t.Errorf("rejects %q", rows)
		}
		if s.Accepted != 2 || s.RejectedBy[ingest.ReasonBadJSON] != 2 || s.RejectedBy[ingest.ReasonNoPosition] != 2 || s.RejectedBy[ingest.ReasonBadTime] != 1 {
			t.Errorf("%+v", s)
		}
	}
}

func TestRun_LongLine(t *testing.T) {
	sink := &memory{}
	text := canonical + strings.Repeat("x", ingest.MaxRecordBytes+10) + "\na9,51.37,-0.1,2025-01-17,badly_lit\n"
	text = strings.Replace(text, "Rundown e.g. derelict buildings", "rundown", 1)
	s := run(t, text, options(t), sink)
	if s.Accepted != 5 || s.RejectedBy[ingest.ReasonTooLong] != 1 {
		t.Errorf("%+v", s)
	}
}

func TestRun_ColumnsAndFactors(t *testing.T) {
	columns, err := ingest.ParseColumns([]string{"occurred_at=Date reported", "factors = Kind", "lat=Y", "lng=x", "external_id=Ref"})
	if err != nil {
		t.Fatal(err)
	}
	factors, err := ingest.ParseFactors([]string{"Street Light Out=badly_lit", "Bins & bushes=rundown|restricted_visibility", "a=b=no_cctv", "Pothole="})
	if err != nil {
		t.Fatal(err)
	}
	o := options(t)
	o.Columns, o.Factors = columns, factors
	text := "Ref,Y,X,Date reported,Kind\n" +
		"1,51.37,-0.1,2025-01-17,street light OUT\n" +
		"2,51.37,-0.1,2025-01-17,Bins &amp; bushes\n" +
		"3,51.37,-0.1,2025-01-17,Pothole\n" +
		"4,51.37,-0.1,2025-01-17,Something else\n" +
		"5,51.37,-0.1,2025-01-17,a=b\n" +
		"6,51.37,-0.1,2025-01-17,followed\n" +
		"7,,,,Something else\n"
	sink := &memory{}
	s := run(t, text, o, sink)
	on := func(f report.Factors) want {
		return want{51.37, -0.1, "2025-01-17", report.UnknownDaypart, report.DarkUnknown, f}
	}
	check(t, sink.only(t), map[string]want{
		"1": on(lit), "2": on(report.FactorSet(report.Rundown, report.RestrictedVisibility)),
		"5": on(report.FactorSet(report.NoCCTV)), "6": on(followed),
	})
	if s.Skipped != 3 || s.SkippedBy["Something else"] != 2 || s.SkippedBy["Pothole"] != 1 {
		t.Errorf("%+v", s)
	}

	o.Factors, err = ingest.ParseFactors([]string{"*=badly_lit"})
	if err != nil {
		t.Fatal(err)
	}
	o.Columns = nil
	sink = &memory{}
	s = run(t, "longitude,latitude,occurred_at\n-0.1,51.37,2025-01-17\n", o, sink)
	if s.Accepted != 1 {
		t.Errorf("a file without a column of factors: %+v", s)
	}
}

func TestParseColumns_Wrong(t *testing.T) {
	for _, s := range []string{"lat", "lat=", "latitude=Y", "=x", ""} {
		if _, err := ingest.ParseColumns([]string{s}); err == nil {
			t.Errorf("%q accepted", s)
		}
	}
	for _, s := range []string{"lit", "=badly_lit", "Out=dark", "Out=badly_lit|dark", ""} {
		if _, err := ingest.ParseFactors([]string{s}); err == nil {
			t.Errorf("%q accepted", s)
		}
	}
}

func TestRun_WrongFile(t *testing.T) {
	many := func(row string) string {
		return "external_id,lat,lng,occurred_at,factors\n" + strings.Repeat(row+"\n", 5000)
	}
	for _, tc := range []struct{ name, text, reason, hint string }{
		{"empty", "", "empty", "header"},
		{"blank", "\n\n \n", "empty", "header"},
		{"binary", "external_id,\x00\x01\x02\n", "binary", "CSV"},
		{"workbook", "PK\x03\x04abc", "Excel", "CSV"},
		{"utf-16", "\xff\xfea\x00", "UTF-16", "UTF-8"},
		{"web page", "\n<!DOCTYPE html><html>", "web page", "download"},
		{"damaged gzip", "\x1f\x8bxx", "damaged", "again"},
		{"other columns", "id,where,when\n1,2,3\n", "no column for lat, lng, occurred_at, factors; it has: id, where, when", "--column"},
		{"one column missing", "external_id,lat,lng,factors\n", "no column for occurred_at", "--column"},
		{"open quote", "\"external_id,lat\n", "header", "external_id"},
		{"no features", `{"type":"FeatureCollection","features":{}}`, "no array", "FeatureCollection"},
		{"all outside", many("1,48.85,2.35,2025-01-17,badly_lit"), "outside_area", "--area world"},
		{"all swapped", many("1,-0.1,51.37,2025-01-17,badly_lit"), "swapped_lat_lng", "--column lat=lng --column lng=lat"},
		{"no times", many("1,51.37,-0.1,yesterday,badly_lit"), "bad_time", "--column occurred_at"},
		{"no factors", many("1,51.37,-0.1,2025-01-17,dragons"), "unknown_factor", "--factor"},
		{"not NDJSON", "{\n\"a\":\n1}\n", "bad_json", "one whole object on each line"},
		{"small and all wrong", canonicalHeader + "1,48.85,2.35,2025-01-17,badly_lit\n", "outside_area", "--area world"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := ingest.Run(t.Context(), input("f.csv", tc.text), options(t), &memory{fail: errors.New("nothing may be stored")})
			var wrong *ingest.WrongFileError
			if !errors.As(err, &wrong) {
				t.Fatalf("error %v", err)
			}
			if !strings.Contains(wrong.Reason, tc.reason) || !strings.Contains(wrong.Hint, tc.hint) || !strings.HasPrefix(err.Error(), "f.csv: ") {
				t.Errorf("%v", err)
			}
			if s.Accepted != 0 || s.Read > 4999 && tc.name != "small" && s.Read > 20_000 {
				t.Errorf("%+v", s)
			}
		})
	}
}

const canonicalHeader = "external_id,lat,lng,occurred_at,factors\n"

// A wholly wrong file of any length is left after its beginning.
func TestRun_WrongFileStopsAtOnce(t *testing.T) {
	endless := io.MultiReader(strings.NewReader(canonicalHeader), &repeat{row: "1,48.85,2.35,2025-01-17,badly_lit\n"})
	s, err := ingest.Run(t.Context(), ingest.Input{Name: "endless", Reader: endless}, options(t), &memory{})
	var wrong *ingest.WrongFileError
	if !errors.As(err, &wrong) || s.Read < 1000 {
		t.Errorf("%v, %+v", err, s)
	}
}

// repeat is an endless reader.
type repeat struct {
	row  string
	rest string
}

func (r *repeat) Read(p []byte) (int, error) {
	if r.rest == "" {
		r.rest = r.row
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func TestRun_BadOptions(t *testing.T) {
	for name, change := range map[string]func(*ingest.Options){
		"preset":   func(o *ingest.Options) { o.Preset = "nope" },
		"zone":     func(o *ingest.Options) { o.Timezone = "Croydon/Purley" },
		"local":    func(o *ingest.Options) { o.Timezone = "Local" },
		"column":   func(o *ingest.Options) { o.Columns = map[string]string{"nope": "x"} },
		"a header": func(o *ingest.Options) { o.Columns = map[string]string{"external_id": "nope"} },
	} {
		o := options(t)
		change(&o)
		if _, err := ingest.Run(t.Context(), input("f", canonical), o, &memory{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := ingest.Run(t.Context(), input("f", canonical), options(t), nil); err == nil {
		t.Error("no sink: accepted")
	}
}

func TestRun_DryRun(t *testing.T) {
	o := options(t)
	o.DryRun = true
	s, err := ingest.Run(t.Context(), input("f", canonical), o, nil)
	if err != nil || s.Accepted != 3 || s.Rejected != 1 || !strings.Contains(s.String(), "nothing was stored") {
		t.Errorf("%v %+v", err, s)
	}
}

func TestRun_Batches(t *testing.T) {
	o := options(t)
	o.BatchRows = 700
	var seen []ingest.Progress
	o.Progress = func(p ingest.Progress) { seen = append(seen, p) }
	sink := &memory{}
	data := canonicalCSV(2000)
	s := run(t, string(data), o, sink)
	if !slices.Equal(sink.batches, []int{700, 700, 600}) || s.Accepted != 2000 {
		t.Errorf("batches %v", sink.batches)
	}
	last := seen[len(seen)-1]
	if last.Rows != 2000 || last.Bytes != int64(len(data)) || last.TotalBytes != last.Bytes || last.RowsPerSecond() <= 0 {
		t.Errorf("last progress %+v", last)
	}
}

func TestRun_SinkFails(t *testing.T) {
	broken := errors.New("disk full")
	if _, err := ingest.Run(t.Context(), input("f", canonical), options(t), &memory{fail: broken}); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

func TestRun_Cancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	o := options(t)
	o.BatchRows = 100
	o.Progress = func(ingest.Progress) { cancel() }
	endless := io.MultiReader(strings.NewReader(canonicalHeader), &repeat{row: "1,51.37,-0.1,2025-01-17,badly_lit\n"})
	if _, err := ingest.Run(ctx, ingest.Input{Name: "endless", Reader: endless}, o, &memory{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// A read that hangs does not hold up a cancelled import.
func TestRun_CancelledWhileReading(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	defer w.Close()
	go func() {
		_, _ = w.Write([]byte(strings.Repeat(canonicalHeader, 200))) // more than the look-ahead
		cancel()
	}()
	if _, err := ingest.Run(ctx, ingest.Input{Name: "pipe", Reader: r}, options(t), &memory{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// What stands before the damage is imported, and no half row is.
func TestRun_CutOff(t *testing.T) {
	data := canonicalCSV(3000)
	zipped := gzipped(t, string(data))
	sink := &memory{}
	s, err := ingest.Run(t.Context(), ingest.Input{Name: "cut.csv", Reader: bytes.NewReader(zipped[:len(zipped)/2])}, options(t), sink)
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "cut.csv is damaged after line") {
		t.Errorf("error %v", err)
	}
	if s.Rejected != 0 || s.Accepted < 100 || s.Accepted >= 3000 {
		t.Errorf("%+v", s)
	}
	_, err = ingest.Run(t.Context(), input("cut.json", `[{"lat":51.37,"lng":-0.1,"occurred_at":"2025-01-17","factors":"badly_lit"},{"lat":`), options(t), sink)
	if err == nil || !strings.Contains(err.Error(), "cut off") || len(sink.sources["cut.json"]) != 1 {
		t.Errorf("error %v", err)
	}
}

func TestOpenFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "reports.csv.gz")
	if err := os.WriteFile(path, gzipped(t, canonical), 0o600); err != nil {
		t.Fatal(err)
	}
	in, closer, err := ingest.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	sink := &memory{}
	s, err := ingest.Run(t.Context(), in, options(t), sink)
	if err != nil || s.Source != "reports.csv" || sink.last.Name != "reports.csv" || in.Size == 0 {
		t.Errorf("%v %+v", err, s)
	}
	for _, bad := range []string{dir, filepath.Join(dir, "none")} {
		if _, _, err := ingest.OpenFile(bad); err == nil {
			t.Errorf("%s opened", bad)
		}
	}
	if in, closer, err := ingest.OpenFile(ingest.StandardInput); err != nil || in.Name != "stdin" || closer.Close() != nil {
		t.Errorf("standard input: %v", err)
	}
}

func TestRejectFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rejects.csv")
	f := ingest.NewRejectFile(path)
	o := options(t)
	o.Rejects = f
	run(t, canonicalHeader+"1,51.37,-0.1,2025-01-17,badly_lit\n", o, &memory{})
	if f.Path() != "" || f.Close() != nil {
		t.Error("a file without rejects was made")
	}
	run(t, canonical, o, &memory{})
	if err := f.Close(); err != nil || f.Path() != path {
		t.Fatal(err, f.Path())
	}
	text, err := os.ReadFile(path)
	if err != nil || strings.Count(string(text), "\n") != 2 || !strings.HasPrefix(string(text), strings.Join(ingest.RejectHeader, ",")) {
		t.Errorf("%v %s", err, text)
	}
}

func TestSummary_String(t *testing.T) {
	s := ingest.Summary{File: "f.csv", Source: "f", Preset: "canonical", Format: ingest.CSV, Read: 10, Accepted: 4, Duplicates: 1, Revised: 1, Skipped: 1,
		Rejected: 3, RejectedBy: map[string]int64{"future": 1, "bad_time": 2}, Seconds: 0.5, RowsPerSecond: 20, Notes: []string{"n"}}
	want := `f.csv (csv, canonical) as source "f"
  read                10
  accepted             4
  duplicates           1
  revised              1
  skipped              1
  rejected             3
    bad_time                   2
    future                     1
  0.50 s, 20 rows/s
  note: n
`
	var b bytes.Buffer
	n, err := s.WriteTo(&b)
	if b.String() != want || n != int64(len(want)) || err != nil {
		t.Errorf("%q", b.String())
	}
	text, err := json.Marshal(s)
	if err != nil || !strings.Contains(string(text), `"format":"csv"`) || !strings.Contains(string(text), `"rejected_by_reason":{"bad_time":2,"future":1}`) {
		t.Errorf("%s %v", text, err)
	}
}

func TestParseFormat(t *testing.T) {
	for _, f := range []ingest.Format{ingest.FormatAuto, ingest.CSV, ingest.NDJSON, ingest.GeoJSON, ingest.JSONArray} {
		if got, err := ingest.ParseFormat(strings.ToUpper(f.String())); err != nil || got != f {
			t.Errorf("%v: %v %v", f, got, err)
		}
	}
	if _, err := ingest.ParseFormat("xlsx"); err == nil {
		t.Error("xlsx accepted")
	}
}
