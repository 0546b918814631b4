package gazetteer

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func TestFold(t *testing.T) {
	tests := []struct{ in, want string }{
		{"Croydon", "croydon"},
		{"St. Mary's", "st marys"},
		{"Saint Mary’s", "st marys"},
		{"Stoke-on-Trent", "stoke on trent"},
		{"Ynys Môn", "ynys mon"},
		{"Tŷ Croes", "ty croes"},
		{"Elephant & Castle", "elephant and castle"},
		{"Elephant&Castle", "elephant and castle"},
		{"  a   b  ", "a b"},
		{"Heath (Low Level)", "heath low level"},
		{"'", ""},
		{"Saintfield", "saintfield"},
	}
	for _, tt := range tests {
		if got := fold(tt.in); got != tt.want {
			t.Errorf("fold(%q) = %q, want %q", tt.in, got, tt.want)
		}
		if again := fold(fold(tt.in)); again != fold(tt.in) {
			t.Errorf("folding %q twice gives %q", tt.in, again)
		}
	}
}

func TestSplitPostcode(t *testing.T) {
	tests := []struct {
		in, area, district string
		ok                 bool
	}{
		{"cr0 1nx", "CR", "CR0", true},
		{"CR01NX", "CR", "CR0", true},
		{"SW1A 1AA", "SW", "SW1A", true},
		{"sw1a1aa", "SW", "SW1A", true},
		{"M1 1AE", "M", "M1", true},
		{"M11AE", "M", "M1", true},
		{"M11 1AE", "M", "M11", true},
		{"EC1", "EC", "EC1", true},
		{"CR0 1", "CR", "CR0", true},
		{"CR0 1N", "CR", "CR0", true},
		{"cr", "CR", "", true},
		{"c", "C", "", true},
		{"croy", "", "", false},
		{"CR0 NX1", "", "", false},
		{"new addington", "", "", false},
		{"CR 0", "", "", false},
		{"CR000", "", "", false},
		{"1AA", "", "", false},
		{"", "", "", false},
	}
	for _, tt := range tests {
		area, district, ok := splitPostcode(tt.in)
		if ok != tt.ok || ok && (area != tt.area || district != tt.district) {
			t.Errorf("splitPostcode(%q) = %q, %q, %v", tt.in, area, district, ok)
		}
	}
}

// naiveTypos is the textbook table of the optimal string alignment distance.
func naiveTypos(q, s string, prefix bool) int {
	d := make([][]int, len(q)+1)
	for i := range d {
		d[i] = make([]int, len(s)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(q); i++ {
		for j := 1; j <= len(s); j++ {
			cost := 1
			if q[i-1] == s[j-1] {
				cost = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+cost)
			if i > 1 && j > 1 && q[i-1] == s[j-2] && q[i-2] == s[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	best := d[len(q)][len(s)]
	if prefix {
		for _, n := range d[len(q)] {
			best = min(best, n)
		}
	}
	return best
}

func TestTypos_againstTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[abc ]{0,12}`)
		q, s := word.Draw(t, "q"), word.Draw(t, "s")
		limit, prefix := rapid.IntRange(1, 2).Draw(t, "limit"), rapid.Bool().Draw(t, "prefix")
		want := naiveTypos(q, s, prefix)
		got, ok := typos(q, s, limit, prefix)
		if ok != (want <= limit) || ok && got != want {
			t.Fatalf("typos(%q, %q, %d, %v) = %d, %v; table says %d", q, s, limit, prefix, got, ok, want)
		}
		if ok && !maybe(letters(q), letters(s), limit, prefix) {
			t.Fatalf("maybe(%q, %q) rules out a match", q, s)
		}
	})
}

func TestIndex_Nearest_againstAll(t *testing.T) {
	x, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		lat, lng := 49+r.Float64()*12, -9+r.Float64()*12
		want, found := float64(maxNearMetres), false
		for i := range x.entries {
			p := x.entries[i].place
			if d := metres(lat, lng, p.Lat, p.Lng); p.Kind != KindStation && d < want {
				want, found = d, true
			}
		}
		if _, d, ok := x.Nearest(lat, lng); ok != found || d != want {
			t.Errorf("Nearest(%v, %v): %v m, %v; a look at all gives %v m, %v", lat, lng, d, ok, want, found)
		}
	}
}

func packTable(t testing.TB, text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReadTable(t *testing.T) {
	const good = "gazetteer 1 2 1\nKent, England\nDeal\nDover\nA;B\n\nt\nc\n0\n0\n512000\n511200\n14000\n13000\n30000\n0\n"
	rows, err := readTable(packTable(t, good))
	if err != nil || len(rows) != 2 {
		t.Fatalf("%v, %v", rows, err)
	}
	want := "{Deal [A B] town Kent, England 51.2 1.4 30000}"
	if got := fmt.Sprint(rows[0]); got != want {
		t.Errorf("first row %s, want %s", got, want)
	}
	bad := map[string]string{
		"other version":  "gazetteer 2 0 0\n",
		"huge count":     "gazetteer 1 99999999 0\n",
		"negative count": "gazetteer 1 -1 0\n",
		"unknown kind":   "gazetteer 1 1 1\nX\nA\n\nq\n0\n0\n0\n0\n",
		"no such area":   "gazetteer 1 1 1\nX\nA\n\nt\n7\n0\n0\n0\n",
		"off the earth":  "gazetteer 1 1 1\nX\nA\n\nt\n0\n9990000\n0\n0\n",
		"no name":        "gazetteer 1 1 1\nX\n\n\nt\n0\n0\n0\n0\n",
	}
	for name, text := range bad {
		if _, err := readTable(packTable(t, text)); !errors.Is(err, errTable) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	for cut := 20; cut < len(good); cut += 7 {
		if _, err := readTable(packTable(t, good[:cut])); err == nil {
			t.Errorf("cut at %d: no error", cut)
		}
	}
}

func FuzzReadTable(f *testing.F) {
	f.Add("gazetteer 1 1 1\nX\nA\n\nt\n0\n0\n0\n0\n")
	f.Add("gazetteer 1 1048576 1048576\n")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := readTable(packTable(t, text))
		if err == nil {
			x := &Index{}
			x.add(rows)
			x.grid = newGrid(x.entries, false)
			x.Search("a", 3)
		}
	})
}
