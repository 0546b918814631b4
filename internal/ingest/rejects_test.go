package ingest_test

import (
	"bytes"
	"encoding/csv"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/ingest"
	"github.com/streetsafe/streetsafe/internal/report"
)

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
5,lat,,no_position,a latitude in degrees beside the longitude -0.1
6,"lat,lng","0,0.0",no_position,"a position: 0,0 stands for none"
7,lat,north,not_a_number,"` + degreesExample + `"
8,lat,"51,37",not_a_number,"` + degreesExample + `"
9,lng,NaN,not_a_number,degrees between -180 and 180
10,occurred_at,2026-01-01,future,a day not after today (2025-12-31)
11,occurred_at,1999-12-31T23:00:00Z,too_old,a day from 2000-01-01 on
12,occurred_at,,bad_time,"` + times + `"
13,occurred_at,17/01/2025,bad_time,"YYYY-MM-DD: day/month order is ambiguous; in a spreadsheet, format the column as yyyy-mm-dd and save again"
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
		if s.Accepted != 2 || s.RejectedBy[ingest.ReasonBadJSON] != 2 || s.RejectedBy[ingest.ReasonNotAPoint] != 2 || s.RejectedBy[ingest.ReasonBadTime] != 1 {
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
