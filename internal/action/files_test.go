package action_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/action"
)

// two is a document of two actions, one with a ring of cells around a hole and
// texts that break files.
func two(t testing.TB) []action.Dated {
	other := lamps(t)
	other.ID, other.Kind, other.Title, other.Body = secondID, action.Patrol, "=HYPERLINK(\"x\")", `Bodies, "quoted" & <Sons>`
	other.Steps = []action.Step{{Status: action.Declined, Day: 20_402, Body: "Force", Note: "No; </content> ]]>", Recorded: 20_402}}
	at := cellAt(t, 51.5, -0.3, 8)
	disk, err := at.GridDisk(1)
	if err != nil {
		t.Fatal(err)
	}
	other.Cells = slices.DeleteFunc(disk, func(c h3.Cell) bool { return c == at })
	return []action.Dated{{Action: lamps(t), Changed: 20_402}, {Action: other.Tidy(), Changed: 20_403}}
}

func filesOf(t testing.TB, all []action.Dated) map[string][]byte {
	t.Helper()
	doc, err := action.NewDocument(all)
	if err != nil {
		t.Fatal(err)
	}
	files, err := doc.Files("store")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, f := range files {
		out[f.Name] = f.Body
	}
	return out
}

// The bytes depend on the actions and on nothing else: not on their order, nor on
// that of their cells.
func TestDocument_Files_deterministic(t *testing.T) {
	want := filesOf(t, two(t))
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		all := two(t)
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, a := range all {
			random.Shuffle(len(a.Cells), func(i, j int) { a.Cells[i], a.Cells[j] = a.Cells[j], a.Cells[i] })
		}
		for name, body := range filesOf(t, all) {
			if !bytes.Equal(body, want[name]) {
				t.Fatalf("%s differs", name)
			}
		}
	}
}

func TestDocument_GeoJSON(t *testing.T) {
	var doc struct {
		Type     string
		Features []struct {
			ID       string
			Geometry struct {
				Type        string
				Coordinates [][][][2]float64
			}
			Properties struct{ Cells []string }
		}
	}
	if err := json.Unmarshal(filesOf(t, two(t))[action.GeoJSONFile], &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Type != "FeatureCollection" || len(doc.Features) != 2 || doc.Features[0].ID != secondID {
		t.Fatalf("%+v", doc)
	}
	if rings := doc.Features[0].Geometry.Coordinates; len(rings) != 1 || len(rings[0]) != 2 {
		t.Errorf("six cells around one are not one polygon with a hole: %v", rings)
	}
	for _, f := range doc.Features {
		want := 0.0
		for _, s := range f.Properties.Cells {
			b, err := h3.CellFromString(s).Boundary()
			if err != nil {
				t.Fatal(err)
			}
			var ring [][2]float64
			for _, p := range b {
				ring = append(ring, [2]float64{p.Lng, p.Lat})
			}
			want += math.Abs(signedArea(append(ring, ring[0])))
		}
		got := 0.0
		for _, polygon := range f.Geometry.Coordinates {
			for i, ring := range polygon {
				a := signedArea(ring)
				if ring[0] != ring[len(ring)-1] || a > 0 != (i == 0) {
					t.Errorf("%s: ring %d is open or runs the wrong way", f.ID, i)
				}
				got += a
			}
		}
		if math.Abs(got/want-1) > 1e-3 {
			t.Errorf("%s: area %g, its cells have %g", f.ID, got, want)
		}
	}
}

func signedArea(ring [][2]float64) (a float64) {
	for i := range len(ring) - 1 {
		a += ring[i][0]*ring[i+1][1] - ring[i+1][0]*ring[i][1]
	}
	return a / 2
}

func TestDocument_CSV(t *testing.T) {
	rows, err := csv.NewReader(bytes.NewReader(filesOf(t, two(t))[action.CSVFile])).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	get := func(row int, name string) string { return rows[row][slices.Index(rows[0], name)] }
	for name, want := range map[string]string{"id": secondID, "title": `'=HYPERLINK("x")`, "declined": "2025-11-10", "done": "", "synthetic": "false"} {
		if got := get(1, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := get(2, "seen") + get(2, "planned") + get(2, "done"); got != "2025-07-31"+"2025-08-20"+"2025-11-08" {
		t.Errorf("days %s", got)
	}
}

// What RFC 4287 asks of a feed, and that its identifiers outlive a rewording.
func TestDocument_Atom(t *testing.T) {
	type person struct {
		Name string `xml:"name"`
	}
	type entry struct {
		Title     string `xml:"title"`
		ID        string `xml:"id"`
		Updated   string `xml:"updated"`
		Published string `xml:"published"`
		Content   string `xml:"content"`
		Author    person `xml:"author"`
	}
	type feed struct {
		XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
		Title   string   `xml:"title"`
		ID      string   `xml:"id"`
		Updated string   `xml:"updated"`
		Author  person   `xml:"author"`
		Entries []entry  `xml:"entry"`
	}
	read := func(all []action.Dated) (f feed) {
		t.Helper()
		if err := xml.Unmarshal(filesOf(t, all)[action.AtomFile], &f); err != nil {
			t.Fatal(err)
		}
		return f
	}
	f := read(two(t))
	if len(f.Entries) != 4 || f.Author.Name == "" || f.Title == "" || len(f.ID) != len("urn:uuid:")+36 {
		t.Fatalf("%+v", f)
	}
	ids := map[string]bool{f.ID: true}
	last := "9"
	for _, e := range f.Entries {
		for _, at := range []string{e.Updated, e.Published} {
			if _, err := time.Parse(time.RFC3339, at); err != nil {
				t.Error(err)
			}
		}
		if ids[e.ID] || e.Title == "" || e.Content == "" || e.Author.Name == "" || e.Updated > last {
			t.Errorf("entry %+v", e)
		}
		ids[e.ID], last = true, e.Updated
	}
	if f.Updated != f.Entries[0].Updated {
		t.Errorf("the feed is of %s, its newest entry of %s", f.Updated, f.Entries[0].Updated)
	}
	reworded := two(t)
	reworded[0].Steps[0].Note, reworded[0].Title = "Another word", "Another title"
	for _, e := range read(reworded).Entries {
		if !ids[e.ID] {
			t.Errorf("%s: a reworded step is another entry", e.Title)
		}
	}
	if none := read(nil); none.ID != f.ID || none.Updated == "" || len(none.Entries) != 0 {
		t.Errorf("without actions: %+v", none)
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	doc, err := action.NewDocument(two(t))
	if err != nil {
		t.Fatal(err)
	}
	files, err := doc.Files("store")
	if err != nil {
		t.Fatal(err)
	}
	write := func(want bool) {
		t.Helper()
		if changed, err := action.Write(dir, files); err != nil || changed != want {
			t.Fatalf("changed %v, %v; want %v", changed, err, want)
		}
	}
	write(true)
	manifest := filepath.Join(dir, action.Dir, action.ManifestFile)
	before, err := os.Stat(manifest)
	if err != nil {
		t.Fatal(err)
	}
	write(false)
	if again, err := os.Stat(manifest); err != nil || !os.SameFile(before, again) {
		t.Errorf("the same actions were written again, %v", err)
	}
	files[0].Body = append(files[0].Body, '\n')
	write(true)
	var m action.Manifest
	b, err := os.ReadFile(manifest)
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	if err != nil || m.Format != 1 || len(m.Files) != 4 || m.Files[0].Bytes != int64(len(files[0].Body)) || len(m.Files[0].SHA256) != 64 {
		t.Errorf("%+v, %v", m, err)
	}
	entries, err := os.ReadDir(filepath.Join(dir, action.Dir))
	if err != nil || len(entries) != 5 {
		t.Errorf("%d files are left, %v", len(entries), err)
	}
}
