package ingest_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/ingest"
	"github.com/streetsafe/streetsafe/internal/report"
)

// The rows of this file are invented; their headers are the publishers'.

const nycStreetLight = `latitude,longitude,descriptor,created_date,incident_address,borough,community_board,is_open
40.700001,-73.900001,Street Light Out,2024-12-31,1 EXAMPLE STREET,QUEENS,01 QUEENS,0
40.700001,-73.900001,Street Light Out,2024-12-31,1 EXAMPLE STREET,QUEENS,01 QUEENS,0
40.710001,-73.910001,Fixture/Luminaire Out Of Position,2024-06-01,"2 EXAMPLE STREET, REAR",QUEENS,01 QUEENS,1
40.720001,-73.920001,Something New,2024-06-01,3 EXAMPLE STREET,QUEENS,01 QUEENS,1
`

const nyc311Header = "Unique Key,Created Date,Closed Date,Agency,Agency Name,Complaint Type,Descriptor,Location Type,Incident Zip," +
	"Incident Address,Street Name,Cross Street 1,Cross Street 2,Intersection Street 1,Intersection Street 2,Address Type,City,Landmark," +
	"Facility Type,Status,Due Date,Resolution Description,Resolution Action Updated Date,Community Board,Borough," +
	"X Coordinate (State Plane),Y Coordinate (State Plane),Park Facility Name,Park Borough,School Name,School Number,School Region," +
	"School Code,School Phone Number,School Address,School City,School State,School Zip,School Not Found," +
	"School or Citywide Complaint,Vehicle Type,Taxi Company Borough,Taxi Pick Up Location,Bridge Highway Name," +
	"Bridge Highway Direction,Road Ramp,Bridge Highway Segment,Garage Lot Name,Ferry Direction,Ferry Terminal Name,Latitude,Longitude,Location\n"

func nyc311Row(id, created, complaint, lat, lng string) string {
	fields := make([]string, 53)
	fields[0], fields[1], fields[5], fields[50], fields[51] = id, created, complaint, lat, lng
	if lat != "" {
		fields[52] = `"(` + lat + ", " + lng + `)"`
	}
	return strings.Join(fields, ",") + "\n"
}

const boston311 = `,case_enquiry_id,open_dt,sla_target_dt,closed_dt,on_time,case_status,closure_reason,case_title,subject,reason,type,queue,department,submitted_photo,closed_photo,location,latitude,longitude,geom_4326,source
1,9001,2025-01-24 03:24:56,2025-02-07 03:30:00,,OVERDUE,Open, ,Street Light Outages,PW,Street Lights,Street Light Outages,q,PWDx,,,1 Example St,42.36,-71.05,01,App
2,9002,2025-01-24 12:00:00,,,OVERDUE,Open, ,x,PW,Street Lights,Street Light Knock Downs,q,PWDx,https://example.org/a.jpg,,City Sq &amp; Example St,42.37,-71.06,01,App
3,9003,2025-01-24 12:00:00,,,OVERDUE,Open, ,x,PW,x,Sidewalk Repair (Make Safe),q,PWDx,,,,,,,App
4,9004,2025-01-24 12:00:00,,,OVERDUE,Open, ,x,PW,x,Street Light Outages,q,PWDx,,,,,,,App
`

const police = `Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,Last outcome category,Context
,2023-01,Example Police,Example Police,-0.3,51.3,On or near Example Road,E01,Example 001A,Anti-social behaviour,,
,2023-01,Example Police,Example Police,-0.3,51.3,On or near Example Road,E01,Example 001A,Anti-social behaviour,,
,2023-01,Example Police,Example Police,,,No Location,,,Anti-social behaviour,,
aa,2023-01,Example Police,Example Police,-0.3,51.3,On or near Example Road,E01,Example 001A,Drugs,Under investigation,
aa,2023-01,Example Police,Example Police,-0.4,51.4,On or near Other Road,E01,Example 001A,Drugs,Court result unavailable,
aa,2023-01,Example Police,Example Police,-0.4,51.4,On or near Other Road,E01,Example 001A,Drugs,Another outcome,
`

func TestPresets(t *testing.T) {
	harassed := report.FactorSet(report.OtherHarassment)
	nyc311 := nyc311Header +
		nyc311Row("11", "06/20/2016 10:04:21 PM", "Street Light Condition", "40.675", "-74.0066") +
		nyc311Row("12", "06/21/2016 12:14:50 AM", "Drug Activity", "40.676", "-74.0067") +
		nyc311Row("13", "06/21/2016 12:14:50 PM", "Noise - Residential", "40.676", "-74.0067") +
		nyc311Row("14", "21/06/2016", "Graffiti", "40.676", "-74.0067") +
		nyc311Row("15", "06/21/2016 12:14:50 PM", "Graffiti", "", "")
	for _, tc := range []struct {
		preset, area, text string
		wants              map[string]want
		skipped, rejected  int64
		months             bool
	}{
		{"nyc-street-light", "world", nycStreetLight, map[string]want{
			"~YjTBfF0o-vg":   {40.700001, -73.900001, "2024-12-31", report.UnknownDaypart, report.DarkUnknown, lit},
			"~YjTBfF0o-vg.1": {40.700001, -73.900001, "2024-12-31", report.UnknownDaypart, report.DarkUnknown, lit},
			"~HzAbVPJ6w7k":   {40.710001, -73.910001, "2024-06-01", report.UnknownDaypart, report.DarkUnknown, lit},
		}, 1, 0, false},
		{"nyc-311", "-74.3,40.4,-73.6,41", nyc311, map[string]want{
			"11": {40.675, -74.0066, "2016-06-20", report.Evening, report.DarkYes, lit},
			"12": {40.676, -74.0067, "2016-06-21", report.Night, report.DarkYes, report.FactorSet(report.DrugsAlcohol)},
		}, 1, 2, false},
		{"boston-311", "world", boston311, map[string]want{
			"9001": {42.36, -71.05, "2025-01-24", report.Night, report.DarkYes, lit},
			"9002": {42.37, -71.06, "2025-01-24", report.Afternoon, report.DarkNo, lit},
		}, 1, 1, false},
		{"data-police-uk", "uk", police, map[string]want{
			"~2FYJIJKvGHQ":   {51.3, -0.3, "2023-01-01", report.UnknownDaypart, report.DarkUnknown, harassed},
			"~2FYJIJKvGHQ.1": {51.3, -0.3, "2023-01-01", report.UnknownDaypart, report.DarkUnknown, harassed},
		}, 3, 1, true},
	} {
		t.Run(tc.preset, func(t *testing.T) {
			o := options(t)
			o.Rules.Area = area(t, tc.area)
			sink := &memory{}
			s := run(t, tc.text, o, sink)
			check(t, sink.only(t), tc.wants)
			if s.Preset != tc.preset || s.Skipped != tc.skipped || s.Rejected != tc.rejected || s.MonthPrecision != tc.months {
				t.Errorf("%+v", s)
			}
			if again := run(t, tc.text, o, sink); again.Accepted+again.Revised != 0 {
				t.Errorf("the second import: %+v", again)
			}
			o.Preset = strings.ToUpper(tc.preset)
			if named := run(t, tc.text, o, sink); named.Accepted+named.Revised != 0 {
				t.Errorf("with the preset named: %+v", named)
			}
		})
	}
}

// All eight descriptors of the extract are lamps.
func TestPresets_NYCDescriptors(t *testing.T) {
	o := options(t)
	o.Rules.Area = area(t, "world")
	text := "latitude,longitude,descriptor,created_date,borough\n"
	for _, d := range []string{"Street Light Out", "Street Light Lamp Missing", "Multiple Street Lights Out", "Street Light Lamp Dim",
		"Fixture/Luminaire Damaged", "Fixture/Luminaire Out Of Position", "Fixture/Luminaire Missing", "Flood Light Lamp Out"} {
		text += "40.7,-73.9," + d + ",2024-06-01,QUEENS\n"
	}
	if s := run(t, text, o, &memory{}); s.Accepted != 8 {
		t.Errorf("%+v", s)
	}
}

// A crime identifier that stands for two places loses neither of them, and the
// third row, which only has another outcome, is the second again.
func TestPresets_RepeatedIdentifiers(t *testing.T) {
	o := options(t)
	o.Factors = map[string]report.Factors{"Drugs": report.FactorSet(report.DrugsAlcohol), "Anti-social behaviour": 0}
	sink := &memory{}
	s := run(t, police, o, sink)
	if s.Accepted != 2 || s.Duplicates != 1 || s.Skipped != 3 {
		t.Errorf("%+v", s)
	}
	var lengths []int
	for id := range sink.only(t) {
		if !strings.HasPrefix(id, "aa") {
			t.Errorf("identifier %q", id)
		}
		lengths = append(lengths, len(id))
	}
	slices.Sort(lengths)
	if !slices.Equal(lengths, []int{2, 2 + 1 + 11}) {
		t.Errorf("identifiers of %v bytes", lengths)
	}
	if again := run(t, police, o, sink); again.Accepted+again.Revised != 0 {
		t.Errorf("the second import: %+v", again)
	}
}

// A preset does not widen the area: it says what to pass.
func TestPresets_OutsideTheArea(t *testing.T) {
	for name, text := range map[string]string{"nyc-street-light": nycStreetLight, "boston-311": boston311, "nyc-311": nyc311Header} {
		s, err := ingest.Run(t.Context(), input(name+".csv", text), options(t), &memory{})
		var wrong *ingest.WrongFileError
		if !errors.As(err, &wrong) || s.Read != 0 {
			t.Fatalf("%s: %v %+v", name, err, s)
		}
		if !strings.Contains(wrong.Reason, name) || !strings.Contains(wrong.Hint, "--area world") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPresets_NamedButNotFitting(t *testing.T) {
	o := options(t)
	o.Preset = "data-police-uk"
	_, err := ingest.Run(t.Context(), input("f.csv", canonical), o, &memory{})
	if err == nil || !strings.Contains(err.Error(), `occurred_at ("Month")`) {
		t.Errorf("error %v", err)
	}
}

// A file without a single fitting category is read, and says what to do.
func TestPresets_NothingFits(t *testing.T) {
	o := options(t)
	s := run(t, strings.ReplaceAll(police, "Anti-social behaviour", "Shoplifting"), o, &memory{})
	if s.Skipped != 6 || len(s.Notes) != 1 || !strings.Contains(s.Notes[0], "--factor 'Drugs=") && !strings.Contains(s.Notes[0], "--factor 'Shoplifting=") {
		t.Errorf("%+v", s)
	}
}

func TestPresets_Listed(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range ingest.Presets() {
		if p.Name == "" || p.Title == "" || seen[p.Name] {
			t.Errorf("%+v", p)
		}
		seen[p.Name] = true
	}
	if len(seen) != 5 {
		t.Errorf("%d presets", len(seen))
	}
}
