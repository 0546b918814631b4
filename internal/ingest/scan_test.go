package ingest_test

import (
	"encoding/csv"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/streetsafe/streetsafe/internal/ingest"
)

// oracle reads CSV with the standard library; it drops what it cannot agree on.
func oracle(text string) ([][]string, bool) {
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	records, err := r.ReadAll()
	return records, err == nil
}

var csvHazards = []string{
	// plain
	"a,b,c\n1,2,3\n", "a,b\r\n1,2\r\n", "one", "a,b", "a,,\n,,\n,b,\n",
	// blank lines and ends
	"\n\na\n\n\nb\n", "\r\n\r\na,b\r\n", "a\r", "a,b\r\r\n", "\r", "a\rb,c\n",
	// quotes
	`"a","b"` + "\n", `"a ""b"" c",d` + "\n", `"",""` + "\n", `""`, `"""",x`, "\"a\"\r\n", "\"a\"\r", `"a",`,
	// line ends inside quotes
	"\"a\nb\",c\nd,e\n", "\"a\r\nb\",c\r\n", "\"\n\n\"\n", "x,\"\n\",y\nz\n",
	// broken
	`"a`, "\"a\nb\nc\n", `"a"b,c` + "\n", `a"b,c` + "\n", `"a" ,b` + "\n", `"a""`, `,"`,
	// other bytes
	"\x00,\xff\n", "é,€\n", "a\u2028b,c\n",
}

// Where the standard library reads a text, the scanner must give the same.
func FuzzScanCSV(f *testing.F) {
	for _, s := range csvHazards {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, ok := oracle(text)
		if !ok {
			return
		}
		got, ok := ingest.ScanCSV([]byte(text))
		if !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: scanned %q (%v), want %q", text, got, ok, want)
		}
	})
}

func TestScanCSV_Broken(t *testing.T) {
	for _, text := range []string{`"a`, "\"a\nb\n", `"a"b,c` + "\n", `"a" ,b` + "\n", "\"a\"\rb\n"} {
		if got, ok := ingest.ScanCSV([]byte(text)); ok {
			t.Errorf("%q: read as %q", text, got)
		}
	}
	// A quote inside a field that does not begin with one is a character.
	if got, ok := ingest.ScanCSV([]byte(`5" pipe,x` + "\n")); !ok || got[0][0] != `5" pipe` {
		t.Errorf("bare quote: %q, %v", got, ok)
	}
}

func TestParseMoment(t *testing.T) {
	for _, tc := range []struct {
		text  string
		want  string // RFC 3339, or empty when refused
		zoned bool
	}{
		{"2025-03-01T22:30:15Z", "2025-03-01T22:30:15Z", true},
		{"2025-03-01T22:30:15+01:00", "2025-03-01T21:30:15Z", true},
		{"2025-03-01 22:30:15-0530", "2025-03-02T04:00:15Z", true},
		{"2025-03-01T22:30:15.123+01", "2025-03-01T21:30:15Z", true},
		{"2025-03-01 22:30:15", "2025-03-01T22:30:15Z", false},
		{"2025-03-01t22:30:15.5z", "2025-03-01T22:30:15Z", true},
		{"2025-03-01T22:30", "2025-03-01T22:30:00Z", false},
		{"2025-03-01", "2025-03-01T00:00:00Z", false},
		{"2025-03", "2025-03-01T00:00:00Z", false},
		{"2024-02-29", "2024-02-29T00:00:00Z", false},
		{"2025-02-29", "", false}, {"2100-02-29", "", false}, {"2025-04-31", "", false}, {"2025-13-01", "", false},
		{"2025-00-10", "", false}, {"2025-01-00", "", false}, {"2025-01-01T24:00:00Z", "", false}, {"2025-01-01T10:60:00Z", "", false},
		{"2025", "", false}, {"", "", false}, {"01/02/2025", "", false}, {"2025-1-1", "", false}, {"2025/01/01", "", false},
		{"2025-01-01T10:00:00.Z", "", false}, {"2025-01-01T10:00:00+1", "", false}, {"2025-01-01T10:00:00+01:0", "", false},
		{"2025-01-01T10:00:00 Z", "", false}, {"2025-01-01X10:00:00", "", false}, {"20250101", "", false}, {"2025-01-01T1", "", false},
	} {
		got, zoned, ok := ingest.ParseMoment(tc.text)
		if ok != (tc.want != "") {
			t.Errorf("%q: accepted %v", tc.text, ok)
			continue
		}
		if ok && (got.UTC().Format(time.RFC3339) != tc.want || zoned != tc.zoned) {
			t.Errorf("%q: %v zoned %v, want %s %v", tc.text, got, zoned, tc.want, tc.zoned)
		}
	}
}

// What time.Parse reads as RFC 3339 must be read as the same second.
func FuzzParseMoment(f *testing.F) {
	for _, s := range []string{"2025-03-01T22:30:15Z", "2025-03-01T22:30:15.5+01:00", "2024-02-29T00:00:00-23:59", "2025-03-01 22:30", "2025-03", "0000-01-01T00:00:00Z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, zoned, ok := ingest.ParseMoment(s)
		want, err := time.Parse(time.RFC3339, s)
		// time.Parse also takes one-digit hours and offsets of 60 minutes, which
		// RFC 3339 does not have.
		strict := err == nil && strings.HasPrefix(s, want.Format("2006-01-02T15:04:05")) && strings.HasSuffix(s, want.Format("Z07:00"))
		if strict && (!ok || !zoned || got.Unix() != want.Unix()) {
			t.Errorf("%q: %v %v %v, want %v", s, got, zoned, ok, want)
		}
	})
}
