package ingest_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/ingest"
	"github.com/streetsafe/streetsafe/internal/report"
)

func feature(geometry string) string {
	return `{"type":"Feature","geometry":` + geometry + `,"properties":{"occurred_at":"2025-01-17","factors":["badly_lit"]}}`
}

func collection(geometries ...string) string {
	features := make([]string, len(geometries))
	for i, g := range geometries {
		features[i] = feature(g)
	}
	return `{"type":"FeatureCollection","features":[` + "\n" + strings.Join(features, ",\n") + "\n]}"
}

const (
	swappedPoint = `{"type":"Point","coordinates":[51.37,-0.1]}`
	goodPoint    = `{"type":"Point","coordinates":[-0.1,51.37]}`
	polygon      = `{"type":"Polygon","coordinates":[[[-0.1,51.3],[0,51.3],[0,51.4],[-0.1,51.3]]]}`
)

// rejected imports a text with one bad row and returns how that is told: field, value, reason, expected.
func rejected(t *testing.T, text string, o ingest.Options) []string {
	t.Helper()
	var rejects bytes.Buffer
	o.Rejects = &rejects
	run(t, text, o, &memory{})
	rows, err := csv.NewReader(&rejects).ReadAll()
	if err != nil || len(rows) != 2 {
		t.Fatalf("%v, rejects %q", err, rows)
	}
	return rows[1][1:]
}

func TestRun_RejectsTellWhatIsWrong(t *testing.T) {
	const date = "YYYY-MM-DD: day/month order is ambiguous; in a spreadsheet, format the column as yyyy-mm-dd and save again"
	row := func(rest string) string {
		return canonicalHeader + "ok,51.37,-0.1,2025-01-17,badly_lit\nx," + rest + "\n"
	}
	for name, tc := range map[string]struct {
		text string
		want []string
	}{
		"GeoJSON with latitude first": {collection(goodPoint, swappedPoint), []string{"coordinates", "[51.37,-0.1]", "swapped_lat_lng",
			"longitude first: GeoJSON positions are [longitude, latitude], and this place is inside the area when they are swapped"}},
		"a polygon":          {collection(goodPoint, polygon), []string{"geometry", "Polygon", "not_a_point", "geometry is Polygon, a Point is needed"}},
		"no geometry":        {collection(goodPoint, "null"), []string{"geometry", "null", "not_a_point", "geometry is null, a Point is needed"}},
		"no coordinates":     {collection(goodPoint, `{"type":"Point","coordinates":[]}`), []string{"coordinates", "[]", "no_position", "a position as [longitude, latitude] in degrees"}},
		"latitude 91":        {row("91,-0.1,2025-01-17,badly_lit"), []string{"lat", "91", "out_of_range", "a latitude, which runs from -90 to 90"}},
		"an easting":         {row("51.37,532000,2025-01-17,badly_lit"), []string{"lng", "532000", "out_of_range", "a longitude, which runs from -180 to 180"}},
		"no latitude":        {row(",-0.1,2025-01-17,badly_lit"), []string{"lat", "", "no_position", "a latitude in degrees beside the longitude -0.1"}},
		"no longitude":       {row("51.37,,2025-01-17,badly_lit"), []string{"lng", "", "no_position", "a longitude in degrees beside the latitude 51.37"}},
		"neither":            {row(",,2025-01-17,badly_lit"), []string{"lat,lng", "", "no_position", "latitude and longitude in degrees"}},
		"a British date":     {row("51.37,-0.1,09/07/2025,badly_lit"), []string{"occurred_at", "09/07/2025", "bad_time", date}},
		"a date with points": {row("51.37,-0.1,9.7.2025 22:30,badly_lit"), []string{"occurred_at", "9.7.2025 22:30", "bad_time", date}},
	} {
		if got := rejected(t, tc.text, options(t)); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

// What the JSON parser says is for programmers.
func TestRun_RejectsOfJSONAreInPlainWords(t *testing.T) {
	good := `{"lat":51.37,"lng":-0.1,"occurred_at":"2025-01-17","factors":"badly_lit"}` + "\n"
	for line, want := range map[string]string{
		`{"lat":51.37,}`: "a JSON object in { }: it is broken at character 14",
		`{"lat" 51.37}`:  "a JSON object in { }: it is broken at character 8",
		`[1,2]`:          "a JSON object in { }",
		`null`:           "a JSON object in { }",
		`"text"`:         "a JSON object in { }",
	} {
		if got := rejected(t, good+line+"\n", options(t)); got[1] != line || got[3] != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

func TestRun_WrongFileTellsWhatToDo(t *testing.T) {
	row := func(rest string) string { return canonicalHeader + "x," + rest + "\n" }
	for name, tc := range map[string]struct{ text, reason, hint string }{
		"swapped GeoJSON":     {collection(swappedPoint), `its only row was rejected as swapped_lat_lng (line 2: coordinates "[51.37,-0.1]", expected longitude first`, "jq '.features[].geometry.coordinates |= [.[1],.[0]]'"},
		"swapped GeoJSON seq": {feature(swappedPoint) + "\n", "longitude first", "jq -c '.geometry.coordinates |="},
		"polygons":            {collection(polygon, polygon), "(line 2: geometry is Polygon, a Point is needed)", "one Point for each report"},
		"no coordinates":      {collection(`{"type":"Point"}`), "[longitude, latitude] in degrees", "GeoJSON positions are [longitude, latitude]"},
		"eastings":            {row("165000,532000,2025-01-17,badly_lit"), "a latitude, which runs from -90 to 90", "eastings"},
		"British dates":       {row("51.37,-0.1,09/07/2025,badly_lit"), "YYYY-MM-DD", "only you know which number is the day"},
		"no latitude":         {row(",-0.1,2025-01-17,badly_lit"), "lat is empty, expected a latitude in degrees", "--column lat="},
		// The message quotes a row that fails for the reason it names.
		"two reasons": {row("48.85,2.35,2025-01-17,badly_lit") + "y,51.37,-0.1,yesterday,badly_lit\nz,51.37,-0.1,today,badly_lit\n", `line 3: occurred_at "yesterday"`, "--column occurred_at"},
	} {
		_, err := ingest.Run(t.Context(), input("f", tc.text), options(t), &memory{})
		var wrong *ingest.WrongFileError
		if !errors.As(err, &wrong) || !strings.Contains(wrong.Reason, tc.reason) || !strings.Contains(wrong.Hint, tc.hint) {
			t.Errorf("%s: %v", name, err)
		}
		if isGeoJSON := strings.HasPrefix(tc.text, "{"); isGeoJSON && strings.Contains(wrong.Hint, "--column") {
			t.Errorf("%s: no column holds the position: %v", name, err)
		}
	}
}

func TestRun_NotesForeignClock(t *testing.T) {
	const note = "times carry an offset and were taken as written; --timezone "
	for name, tc := range map[string]struct {
		area, zone, at string
		want           string // of the note; "" is none
	}{
		"UTC in summer":         {"uk", "", "2025-07-01T22:30:00Z", note + "Europe/London converts them"},
		"another country's":     {"uk", "", "2025-01-17T22:30:00+01:00", note + "Europe/London converts them"},
		"UTC in winter":         {"uk", "", "2025-01-17T22:30:00Z", ""},
		"British summer time":   {"uk", "", "2025-07-01T22:30:00+01:00", ""},
		"no offset":             {"uk", "", "2025-07-01T22:30:00", ""},
		"a date":                {"uk", "", "2025-07-01", ""},
		"converted":             {"uk", "Europe/London", "2025-07-01T22:30:00Z", ""},
		"UTC anywhere":          {"world", "", "2025-07-01T22:30:00Z", note + "with the zone of the place, such as --timezone Europe/London, converts them"},
		"local offset anywhere": {"world", "", "2025-07-01T22:30:00+02:00", ""},
	} {
		o := options(t)
		o.Rules.Area, o.Timezone = area(t, tc.area), tc.zone
		rows := "x,51.5,-0.1," + tc.at + ",badly_lit\n"
		s := run(t, canonicalHeader+strings.Repeat(rows, 3), ingest.WithChunkBytes(o, 1), &memory{})
		var notes []string
		for _, n := range s.Notes {
			if strings.HasPrefix(n, note) {
				notes = append(notes, n)
			}
		}
		if got := strings.Join(notes, "\n"); got != tc.want {
			t.Errorf("%s: noted %q, want %q", name, got, tc.want)
		}
	}
}

// Whoever reads the map must know what became of crimes.
func TestPresets_PoliceSaysWhatItTakes(t *testing.T) {
	const told = "Anti-social behaviour was taken as other_harassment"
	if s := run(t, police, options(t), &memory{}); !strings.Contains(s.String(), "note: "+told) || !strings.Contains(s.String(), "--factor") {
		t.Errorf("%s", s)
	}
	o := options(t)
	o.Factors = map[string]report.Factors{"Anti-social behaviour": 0, "Drugs": report.FactorSet(report.DrugsAlcohol)}
	if s := run(t, police, o, &memory{}); strings.Contains(s.String(), told) {
		t.Errorf("the mapping was changed, yet: %s", s)
	}
	for _, p := range ingest.Presets() {
		if p.Name == "data-police-uk" && !strings.Contains(p.Title, "Anti-social behaviour is taken as other_harassment") {
			t.Errorf("title %q", p.Title)
		}
	}
}

// A dry run counts as the import into an empty store would.
func TestRun_DryRunCountsDuplicates(t *testing.T) {
	text := canonicalHeader + "a,51.37,-0.1,2025-01-17,badly_lit\na,51.37,-0.1,2025-01-17,badly_lit\n" +
		"b,51.37,-0.1,2025-01-17,badly_lit\na,51.37,-0.1,2025-01-17,followed\n,51.37,-0.1,2025-01-17,badly_lit\n,51.37,-0.1,2025-01-17,badly_lit\n"
	o := options(t)
	real := run(t, text, o, &memory{})
	o.DryRun = true
	for _, batch := range []int{1, 2, 100} {
		o.BatchRows = batch
		dry := run(t, text, o, nil)
		if dry.Accepted != 4 || dry.Duplicates != 1 || dry.Revised != 1 {
			t.Errorf("%+v", dry)
		}
		if dry.Accepted != real.Accepted || dry.Duplicates != real.Duplicates || dry.Revised != real.Revised {
			t.Errorf("dry run %+v, import %+v", dry, real)
		}
		if !strings.Contains(dry.String(), "within this file only, not in the store") {
			t.Errorf("%s", dry)
		}
	}
}

func TestSeenIDs_limit(t *testing.T) {
	accepted, duplicates, note := ingest.CountSeen(2, "a", "b", "c", "a", "c")
	if accepted != 4 || duplicates != 1 || !strings.Contains(note, "among the first rows") {
		t.Errorf("%d accepted, %d duplicates, %q", accepted, duplicates, note)
	}
}

// The caller names the file.
func TestErrors_DoNotNameTheFile(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "missing.csv")} {
		_, _, err := ingest.OpenFile(path)
		if err == nil || strings.Contains(err.Error(), dir) || strings.HasPrefix(err.Error(), "ingest") {
			t.Errorf("%v", err)
		}
	}
	zipped := gzipped(t, canonical)
	broken := slices.Clone(zipped)
	for i := range broken[20:] {
		broken[20+i] ^= 0x55
	}
	for text, want := range map[string]string{
		string(zipped[:len(zipped)/2]): "the gzip file ends early: it is damaged or still being written",
		string(zipped[:5]):             "it starts like a gzip file but is damaged or still being written",
		string(broken):                 "the gzip file is damaged: copy or compress it again",
		`[{"lat":51.37},{`:             "it ends inside its array",
	} {
		_, err := ingest.Run(t.Context(), input("named.csv", text), options(t), &memory{})
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "named.csv") {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestCheckPreset_CheckTimezone(t *testing.T) {
	for _, ok := range []error{ingest.CheckPreset(""), ingest.CheckPreset("Data-Police-UK"), ingest.CheckTimezone(""), ingest.CheckTimezone("Europe/London")} {
		if ok != nil {
			t.Error(ok)
		}
	}
	if err := ingest.CheckPreset("nope"); err == nil || !strings.Contains(err.Error(), "data-police-uk") {
		t.Error(err)
	}
	if err := ingest.CheckTimezone("Croydon/Purley"); err == nil || !strings.Contains(err.Error(), "Europe/London") {
		t.Error(err)
	}
}

func TestRejectFile_Check(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "rejects.csv")
	if err := ingest.NewRejectFile(path).Check(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Error("the check left a file")
	}
	if err := os.WriteFile(path, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := ingest.NewRejectFile(path).Check(); err != nil {
		t.Error(err)
	}
	if kept, err := os.ReadFile(path); string(kept) != "kept" {
		t.Errorf("the check changed the file to %q, %v", kept, err)
	}
	for _, bad := range []string{dir, filepath.Join(dir, "none", "rejects.csv")} {
		if err := ingest.NewRejectFile(bad).Check(); err == nil || !strings.HasPrefix(err.Error(), bad+" cannot be written: ") || strings.Count(err.Error(), bad) != 1 {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestSummary_Add(t *testing.T) {
	var total ingest.Summary
	total.Add(ingest.Summary{Read: 10, Accepted: 4, Duplicates: 1, Revised: 2, Skipped: 1, Rejected: 2})
	total.Add(ingest.Summary{Read: 1, Accepted: 1, DryRun: true})
	const want = "11 rows read, 5 accepted, 1 duplicates, 2 revised, 1 skipped, 2 rejected; dry run: nothing was stored"
	if got := total.Line(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
