package ingest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
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
