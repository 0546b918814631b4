package form_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	h3 "github.com/uber/h3-go/v4"
	"pgregory.net/rapid"

	"github.com/streetsafe/streetsafe/internal/form"
	"github.com/streetsafe/streetsafe/internal/report"
)

// clock is a time that a test moves.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func TestAnswers_length(t *testing.T) {
	short, long := form.NewAnswers(0, ""), form.NewAnswers(0x8b194ac260b6fff, strings.Repeat("w", form.MaxSearch))
	if len(short.Encode()) != form.AnswersBytes || len(long.Encode()) != form.AnswersBytes {
		t.Errorf("%d and %d bytes: the length of an address tells what was answered", len(short.Encode()), len(long.Encode()))
	}
	for _, a := range []form.Answers{short, long} {
		if got, err := form.DecodeAnswers(a.Encode()); err != nil || got != a {
			t.Errorf("read back %+v, %v, expected %+v", got, err, a)
		}
	}
	if _, err := form.DecodeAnswers(short.Encode()[1:]); err == nil {
		t.Error("a short text is read")
	}
}

func TestReceipts(t *testing.T) {
	r, err := form.NewReceipts(bytes.Repeat([]byte{9}, 32))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		cell, err := report.CellAt(rapid.Float64Range(-89, 89).Draw(t, "lat"), rapid.Float64Range(-180, 180).Draw(t, "lng"))
		if err != nil {
			t.Fatal(err)
		}
		want, err := cell.Parent(8)
		if err != nil {
			t.Fatal(err)
		}
		one, err := r.Issue(cell)
		if err != nil {
			t.Fatal(err)
		}
		two, err := r.Issue(cell)
		if err != nil {
			t.Fatal(err)
		}
		if one == two {
			t.Fatal("two receipts of a place are the same")
		}
		text := form.FormatReceipt(one)
		spelt := strings.ToLower(strings.NewReplacer("-", " ", "0", "o", "1", "l").Replace(text))
		for _, s := range []string{text, spelt, strings.ReplaceAll(text, "-", "")} {
			code, err := form.ParseReceipt(s)
			if err != nil || code != one {
				t.Fatalf("%q reads as %x, %v", s, code, err)
			}
		}
		if got, err := r.Open(one); err != nil || got != want {
			t.Fatalf("opens %v, %v, expected %v", got, err, want)
		}
	})
}

func TestReceipts_guesses(t *testing.T) {
	r, err := form.NewReceipts(bytes.Repeat([]byte{9}, 32))
	if err != nil {
		t.Fatal(err)
	}
	other, err := form.NewReceipts(bytes.Repeat([]byte{8}, 32))
	if err != nil {
		t.Fatal(err)
	}
	rnd, opened := rand.New(rand.NewPCG(1, 1)), 0
	for range 20_000 {
		var code [16]byte
		binary.BigEndian.PutUint64(code[:], rnd.Uint64())
		binary.BigEndian.PutUint64(code[8:], rnd.Uint64())
		if _, err := r.Open(code); err == nil {
			opened++
		}
	}
	if opened > 40 {
		t.Errorf("%d of 20,000 guesses are codes", opened)
	}
	code, err := other.Issue(h3.Cell(0x8b194ac260b6fff))
	if err != nil {
		t.Fatal(err)
	}
	if c, err := r.Open(code); err == nil && c == 0x88194ac261fffff {
		t.Error("the code of another site opens its place here")
	}
	for _, s := range []string{"", "U", "0123", strings.Repeat("Z", 27), strings.Repeat("Ä", 26)} {
		if _, err := form.ParseReceipt(s); err == nil {
			t.Errorf("%q reads as a code", s)
		}
	}
}

func TestLimits(t *testing.T) {
	c := &clock{today}
	l := form.NewLimits(10, c.now)
	rep := report.Report{Cell: 0x8b194ac260b6fff, Day: mustDay(t, "2026-07-01"), Factors: report.FactorSet(report.BadlyLit)}
	over := func(from string) bool { _, over := l.Judge(from, rep); return over }
	for i := range 10 {
		if over("192.0.2.1") {
			t.Fatalf("report %d of the hour is over the limit", i+1)
		}
	}
	if !over("192.0.2.1") {
		t.Error("report 11 is within the limit")
	}
	if !over("::ffff:192.0.2.1") {
		t.Error("the same address written as IPv6 is another network")
	}
	if over("192.0.2.2") {
		t.Error("the neighbour pays for it")
	}
	c.at = c.at.Add(time.Hour)
	if over("192.0.2.1") {
		t.Error("an hour later it is still over")
	}
	for i := range 10 {
		over("2001:db8:1:2::" + string(rune('1'+i%9)))
	}
	if !over("2001:db8:1:2:ffff::9") {
		t.Error("another address of the same /64 is another network")
	}
	if over("2001:db8:1:3::1") {
		t.Error("another /64 is the same network")
	}
	// A day later nothing is recognised.
	if w, _ := l.Judge("198.51.100.1", rep); w != 1 {
		t.Fatal("a first report weighs nothing")
	}
	if w, _ := l.Judge("198.51.100.1", rep); w != 0 {
		t.Fatal("a repeat weighs")
	}
	c.at = c.at.Add(24 * time.Hour)
	if w, _ := l.Judge("198.51.100.1", rep); w != 1 {
		t.Error("a network is recognised after its key's day")
	}
}

func TestHandler_client(t *testing.T) {
	f := newFixture(t, func(c *form.Config, _ *form.Parts) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	})
	for _, c := range []struct{ peer, forwarded, want string }{
		{"203.0.113.7:1", "", "203.0.113.7"},
		{"203.0.113.7:1", "198.51.100.1", "203.0.113.7"},
		{"10.0.0.1:1", "198.51.100.1", "198.51.100.1"},
		{"10.0.0.1:1", "6.6.6.6, 198.51.100.1", "198.51.100.1"},
		{"10.0.0.1:1", "198.51.100.1, 10.0.0.2", "198.51.100.1"},
		{"10.0.0.1:1", "nonsense", "10.0.0.1"},
		{"[2001:db8::1]:1", "", "2001:db8::1"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.peer
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := f.Client(r).String(); got != c.want {
			t.Errorf("%s forwarded %q: %s, expected %s", c.peer, c.forwarded, got, c.want)
		}
	}
}

func TestNew_refuses(t *testing.T) {
	area, err := report.ParseArea("uk")
	if err != nil {
		t.Fatal(err)
	}
	good := form.Config{Area: area, Secret: form.NewSecret()}
	parts := form.Parts{Sink: &memory{}, Gazetteer: places(t)}
	if _, err := form.New(good, parts); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*form.Config){
		"no area":             func(c *form.Config) { c.Area = report.Area{} },
		"no secret":           func(c *form.Config) { c.Secret = nil },
		"short shared key":    func(c *form.Config) { c.SharedKey = func() ([][]byte, error) { return [][]byte{[]byte("short")}, nil } },
		"empty shared key":    func(c *form.Config) { c.SharedKey = func() ([][]byte, error) { return nil, nil } },
		"no shared key":       func(c *form.Config) { c.SharedKey = func() ([][]byte, error) { return nil, errDisk } },
		"map of another host": func(c *form.Config) { c.Basemap.URL = "https://tile.example/{z}/{x}/{y}.png" },
		"map by scheme":       func(c *form.Config) { c.Basemap.URL = "//tile.example/{z}/{x}/{y}.png" },
		"hard proof":          func(c *form.Config) { c.ProofBits = 30 },
		"exit by script":      func(c *form.Config) { c.ExitURL = "javascript:alert(1)" },
		"base without a host": func(c *form.Config) { c.BaseURL = "streetsafe" },
	} {
		c := good
		change(&c)
		if _, err := form.New(c, parts); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := form.New(good, form.Parts{Gazetteer: parts.Gazetteer}); err == nil {
		t.Error("no sink: accepted")
	}
}

func TestReadSupport(t *testing.T) {
	const ok = `[{"id":"a","name":{"en":"A"},"text":{"en":"B"},"phone":"0800 1","emergency":true}]`
	if list, err := form.ReadSupport(strings.NewReader(ok)); err != nil || len(list) != 1 || list[0].In("cy")["Name"] != "A" || list[0].Tel() != "08001" {
		t.Errorf("%+v, %v", list, err)
	}
	for name, s := range map[string]string{
		"no json": "x", "unknown member": `[{"id":"a","nmae":{}}]`, "no English": `[{"id":"a","name":{"cy":"A"},"text":{"cy":"B"},"phone":"1"}]`,
		"no way": `[{"id":"a","name":{"en":"A"},"text":{"en":"B"}}]`, "script": `[{"id":"a","name":{"en":"A"},"text":{"en":"B"},"url":"javascript:x"}]`,
		"none for now": strings.Replace(ok, `,"emergency":true`, "", 1), "empty": `[]`,
		"letters": `[{"id":"a","name":{"en":"A"},"text":{"en":"B"},"phone":"call me"}]`,
	} {
		if _, err := form.ReadSupport(strings.NewReader(s)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// Where a point is, is said so that people know it again: by a station or a
// place, and never twice by the same name.
func TestWhere_words(t *testing.T) {
	f := newFixture(t, nil)
	for at, want := range map[[2]string]string{
		{"51.3755", "-0.0925"}: "near East Croydon station, Croydon",
		{"51.4810", "-3.1800"}: "of Cardiff, Wales",
		{"48.85", "2.35"}:      f.T("en", "where.error.outside"),
	} {
		r := f.post("/report/near", url.Values{"lat": {at[0]}, "lng": {at[1]}, "lang": {"en"}})
		if got := read(t, r); !strings.Contains(got, want) {
			t.Errorf("%v: %s, expected %q", at, got, want)
		}
	}
}
