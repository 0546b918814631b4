package traces_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/streetsafe/streetsafe/internal/traces"
)

var sender = traces.Sender{
	Addresses: []netip.Addr{netip.MustParseAddr("203.0.113.77"), netip.MustParseAddr("2001:db8::77")},
	Texts:     []string{"TracerPhone/7.1", "tracer street"},
	Points:    [][2]float64{{51.376278, -0.098265}},
	From:      time.Date(2026, 7, 15, 13, 5, 58, 400_000_000, time.UTC), To: time.Date(2026, 7, 15, 13, 6, 4, 0, time.UTC),
}

// Every leak that one might make must be seen, in a file of any kind, or the
// tests that find nothing prove nothing.
func TestSender_Files_planted(t *testing.T) {
	at := time.Date(2026, 7, 15, 13, 6, 1, 250_000_000, time.UTC)
	be, le := binary.BigEndian, binary.LittleEndian
	number := func(n int64) []byte { return be.AppendUint64(nil, uint64(n)) }
	asJSON, err := json.Marshal(map[string]float64{"lat": 51.376278})
	if err != nil {
		t.Fatal(err)
	}
	for name, leak := range map[string][]byte{
		"address in a log":              []byte("GET / 203.0.113.77:4711"),
		"address of six":                []byte("from=2001:db8::77"),
		"address as bytes":              netip.MustParseAddr("203.0.113.77").AsSlice(),
		"agent":                         []byte(`ua="TracerPhone/7.1 (x)"`),
		"search":                        []byte("q=tracer street"),
		"coordinate in a body":          asJSON,
		"coordinate cut":                []byte("51.3762"),
		"coordinate rounded":            []byte("51.3763"),
		"longitude":                     []byte("-0.0982"),
		"coordinate as a number":        be.AppendUint64(nil, math.Float64bits(51.376278)),
		"coordinate, little-endian":     le.AppendUint64(nil, math.Float64bits(-0.098265)),
		"time in a log":                 []byte("time=" + at.Format(time.RFC3339Nano)),
		"time of day in London":         []byte("at 14:06:01"),
		"seconds as text":               fmt.Append(nil, "at=", at.Unix()),
		"milliseconds as text":          fmt.Append(nil, `{"at":`, at.UnixMilli(), "}"),
		"seconds":                       number(at.Unix()),
		"milliseconds, little-endian":   le.AppendUint64(nil, uint64(at.UnixMilli())),
		"milliseconds as SQLite has it": append([]byte{6}, number(at.UnixMilli())[2:]...),
		"microseconds of PostgreSQL":    number(at.UnixMicro() - 946_684_800_000_000),
		"nanoseconds":                   number(at.UnixNano()),
	} {
		dir := t.TempDir()
		b := append(append(make([]byte, 1021), leak...), make([]byte, 99)...)
		if err := os.WriteFile(filepath.Join(dir, "store.db-wal"), b, 0o600); err != nil {
			t.Fatal(err)
		}
		found, err := sender.Files(dir)
		if err != nil || len(found) == 0 {
			t.Errorf("%s is not seen, %v", name, err)
		}
	}
}

func TestSender_Files_clean(t *testing.T) {
	dir := t.TempDir()
	b := []byte("2026-07-15 night 8b194ac260b6fff 13:05:57 13:06:05 12:06:01 51.37 0.09 3f0f1f9a-3f62-4c37-9a51-2d8f8a2a7d6e 1784120000")
	b = binary.BigEndian.AppendUint64(b, 0x8b194ac260b6fff)
	b = binary.BigEndian.AppendUint64(b, uint64(sender.From.Unix()-1))
	if err := os.WriteFile(filepath.Join(dir, "x"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	if found, err := sender.Files(dir); err != nil || len(found) > 0 {
		t.Errorf("found %v, %v", found, err)
	}
	if _, err := sender.Files(t.TempDir()); err == nil {
		t.Error("an empty directory passes")
	}
	if _, err := sender.Files(filepath.Join(dir, "none")); err == nil {
		t.Error("a directory that is not there passes")
	}
	timeless := sender
	timeless.From, timeless.To = time.Time{}, time.Time{}
	if found := timeless.Bytes("x", []byte("13:06:01")); len(found) > 0 {
		t.Errorf("found %v", found)
	}
}
