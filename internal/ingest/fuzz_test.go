package ingest_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"github.com/streetsafe/streetsafe/internal/ingest"
)

// outcome is all that an import does.
type outcome struct {
	summary ingest.Summary
	err     string
	rejects string
	sink    memory
}

func importText(t *testing.T, text []byte, format ingest.Format, chunk, workers int) outcome {
	t.Helper()
	var out outcome
	var rejects bytes.Buffer
	o := ingest.WithChunkBytes(options(t), chunk)
	o.Format, o.Rejects, o.Workers, o.BatchRows = format, &rejects, workers, 7
	s, err := ingest.Run(t.Context(), ingest.Input{Name: "f", Reader: bytes.NewReader(text)}, o, &out.sink)
	s.Seconds, s.RowsPerSecond = 0, 0
	out.summary, out.rejects = s, rejects.String()
	if err != nil {
		out.err = err.Error()
		var wrong *ingest.WrongFileError
		if errors.As(err, &wrong) && (wrong.Reason == "" || wrong.Hint == "") {
			t.Errorf("%q: error without advice: %+v", text, wrong)
		}
	}
	return out
}

// checkText holds any text to what is true of every import: it does not panic,
// every row is accounted for, and the borders of chunks and the number of
// workers make no difference.
func checkText(t *testing.T, text []byte, format ingest.Format) {
	t.Helper()
	whole := importText(t, text, format, 1<<20, 1)
	s := whole.summary
	if sum := s.Accepted + s.Duplicates + s.Revised + s.Skipped + s.Rejected; whole.err == "" && sum != s.Read {
		t.Errorf("%q: read %d, accounted for %d", text, s.Read, sum)
	}
	if parts := importText(t, text, format, 5, 3); !reflect.DeepEqual(whole, parts) {
		t.Errorf("%q: as a whole\n%+v\nin parts\n%+v", text, whole, parts)
	}
}

func FuzzRunCSV(f *testing.F) {
	f.Add([]byte(canonical))
	for _, s := range csvHazards {
		f.Add([]byte(canonicalHeader + s + "ok,51.37,-0.1,2025-01-17,badly_lit\n"))
	}
	f.Add([]byte("lat;lng;occurred_at;factors\r\n51.37;-0.1;2025-01;followed\r\n;;;\r\n"))
	f.Add([]byte(police))
	f.Add([]byte(nycStreetLight))
	f.Fuzz(func(t *testing.T, text []byte) { checkText(t, text, ingest.CSV) })
}

func FuzzRunNDJSON(f *testing.F) {
	for _, s := range []string{
		`{"external_id":1,"lat":51.37,"lng":-0.1,"occurred_at":"2025-01-17","factors":["badly_lit"]}`,
		"{\"lat\":\"51.37\",\"lng\":-0.1,\"occurred_at\":\"2025-01\",\"factors\":\"followed\"}\r\n\n{}\n[]\nnull\n",
		`{"type":"Feature","id":7,"geometry":{"type":"Point","coordinates":[-0.1,51.37]},"properties":{"occurred_at":"2025-01-17","factors":"badly_lit"}}`,
		`{"lat":1e999,"lng":{},"occurred_at":true,"factors":[null,[["badly_lit"]]]}`, "{\"a\"", "\x1e{}\n", "{\"lat\":\"\\ud800\"}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) { checkText(t, text, ingest.NDJSON) })
}

func FuzzRunGeoJSON(f *testing.F) {
	point := `{"type":"Feature","geometry":{"type":"Point","coordinates":[-0.1,51.37]},"properties":{"occurred_at":"2025-01-17","factors":"badly_lit"}}`
	for _, s := range []string{
		`{"type":"FeatureCollection","features":[` + point + `]}`,
		`{"features":[` + point + `,` + point + `], "x":1}`, `{"features":[null,1,"a]",{},` + point + `,]`, `{"features":[`, `{"features":[]}`,
		`{"a":{"features":[1]},"features" : [` + point + ` ` + point + `]}`, `{"features":[{"type":"Feature"]]}`, `{"features":[}`, `{"features":["\"`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) { checkText(t, text, ingest.GeoJSON) })
}

// Whatever a file is, it is recognised or refused with advice.
func FuzzRunAny(f *testing.F) {
	for _, s := range []string{canonical, "", "PK\x03\x04", "\x1f\x8b\x08", "\xef\xbb\xbf[{}]", `{"features":[]}`, "<html>", "\x00", "{}\n{}"} {
		f.Add([]byte(s))
	}
	f.Add(gzipped(f, canonical))
	f.Fuzz(func(t *testing.T, text []byte) { checkText(t, text, ingest.FormatAuto) })
}
