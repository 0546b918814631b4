package release_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/piprate/json-gold/ld"

	"github.com/streetsafe/streetsafe/internal/release"
	"github.com/streetsafe/streetsafe/tiles/tilestest"
)

var ids = []string{"2025-H1", "2025-H2", "2025-H2-12m"}

// A release that was published by an earlier program stays as it is, byte for
// byte, is verified against its own edition, and newer ones stand beside it.
func TestPublish_earlierEdition(t *testing.T) {
	dir := t.TempDir()
	b := builder(t, dir, body(items(t, 2000, 1)), nil)
	if err := b.Freeze(t.Context(), h1, h2); err != nil {
		t.Fatal(err)
	}
	sets, err := b.Datasets()
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	files := map[string][]byte{}
	for _, d := range sets {
		out := filepath.Join(dir, "public", d.ID)
		if err := os.MkdirAll(out, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := release.WriteEdition(out, d, 0); err != nil {
			t.Fatal(err)
		}
		for name, body := range tree(t, out) {
			files[d.ID+"/"+name] = body
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		all += name + " " + sha(files[name]) + "\n"
	}
	// Of the bytes that the program wrote before there were editions.
	if got, want := sha([]byte(all)), "fdefc3422a50e4176e80531ff6ec500ce8678c3ddbcdc11d8e2c7e319d786df3"; got != want {
		t.Errorf("the files of edition 0 have the hash %s, they had %s: releases that are out there could not be made again", got, want)
	}
	if err := os.RemoveAll(filepath.Join(dir, "public", "2025-H2")); err != nil {
		t.Fatal(err)
	}
	if err := b.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	now := tree(t, dir+"/public")
	if now["2025-H1/areas.geojson"] != nil || now["2025-H1/cells.csv-metadata.json"] != nil || now["2025-H2/areas.geojson"] == nil ||
		now["2025-H1/method.cy.txt"] != nil || now["2025-H2/method.cy.txt"] == nil {
		t.Error("an old release was changed, or a new one was made the old way")
	}
	checks, err := release.VerifyPublic(dir + "/public")
	if err != nil {
		t.Fatal(err)
	}
	rebuilt, err := b.VerifyRebuilt()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range append(checks, rebuilt...) {
		if c.Err != nil {
			t.Errorf("%s: %s: %v", c.Release, c.What, c.Err)
		}
	}
	newer := filepath.Join(dir, "public", "2025-H1", "manifest.json")
	if err := replace(newer, `"release": "2025-H1",`, fmt.Sprintf(`"release": "2025-H1", "edition": %d,`, release.Edition+1)); err != nil {
		t.Fatal(err)
	}
	if rebuilt, err = b.VerifyRebuilt(); err != nil || rebuilt[0].Err == nil || !strings.Contains(rebuilt[0].Err.Error(), "newer") {
		t.Errorf("a release of a newer program: %v, %v", rebuilt, err)
	}
}

// The notes say the same numbers in both languages.
func TestPublish_methodNotes(t *testing.T) {
	dir := t.TempDir()
	b := builder(t, dir, body(items(t, 200, 1)), nil)
	if err := b.Build(t.Context(), h1); err != nil {
		t.Fatal(err)
	}
	files := tree(t, dir+"/public")
	numbers := func(name string) []string {
		found := regexp.MustCompile(`\d+(\.\d+)?%?`).FindAllString(string(files["2025-H1/"+name]), -1)
		slices.Sort(found)
		return found
	}
	if english, welsh := numbers("method.txt"), numbers("method.cy.txt"); len(english) < 30 || !slices.Equal(english, welsh) {
		t.Errorf("English has the numbers\n%v\nWelsh\n%v", english, welsh)
	}
}

func TestPublish_geoJSONKeepsRFC7946(t *testing.T) {
	dir := t.TempDir()
	built(t, dir, items(t, 8000, 1))
	files := tree(t, dir+"/public")
	features := 0
	for name, b := range files {
		if !strings.HasSuffix(name, ".geojson") {
			continue
		}
		n, err := tilestest.CheckGeoJSON(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		features += n
	}
	if features < 500 {
		t.Errorf("%d features were checked", features)
	}
	var areas struct {
		Synthetic bool
		Features  []struct {
			ID         string
			Properties map[string]any
		}
	}
	if err := json.Unmarshal(files["2025-H2/areas.geojson"], &areas); err != nil {
		t.Fatal(err)
	}
	if len(areas.Features) != 2 || areas.Features[1].ID != "east" || areas.Features[0].Properties["force"] != "West, with a comma" ||
		areas.Features[0].Properties["year"] != "2025" || !areas.Synthetic || len(areas.Features[0].Properties) < 6 {
		t.Errorf("the areas are %+v", areas)
	}
}

// csvwDoc is what the tests read of a table's description.
type csvwDoc struct {
	Context []any `json:"@context"`
	URL     string
	Dialect map[string]any
	Schema  struct {
		Columns []struct {
			Name, Titles string
			Required     bool
			Datatype     struct{ Base, Format, Minimum, Maximum string }
		}
		PrimaryKey []string
	} `json:"tableSchema"`
}

// The words that the W3C's vocabulary has for each kind of object, besides
// common properties such as dc:title (https://www.w3.org/TR/tabular-metadata/).
var csvwWords = map[string][]string{
	"table":    {"@context", "url", "dialect", "tableSchema", "notes", "tableDirection", "suppressOutput", "@id", "@type"},
	"dialect":  {"commentPrefix", "delimiter", "doubleQuote", "encoding", "header", "headerRowCount", "lineTerminators", "quoteChar", "skipBlankRows", "skipColumns", "skipInitialSpace", "skipRows", "trim"},
	"schema":   {"columns", "foreignKeys", "primaryKey", "rowTitles"},
	"column":   {"name", "titles", "suppressOutput", "virtual", "aboutUrl", "datatype", "default", "lang", "null", "ordered", "propertyUrl", "required", "separator", "textDirection", "valueUrl"},
	"datatype": {"base", "format", "length", "minLength", "maxLength", "minimum", "maximum", "minInclusive", "maxInclusive", "minExclusive", "maxExclusive"},
}

// Each table is described by a document of the vocabulary, and every field of
// every row is what the description says.
func TestPublish_tablesKeepCSVW(t *testing.T) {
	dir := t.TempDir()
	built(t, dir, items(t, 8000, 1))
	files := tree(t, dir+"/public")
	tables := 0
	for name, b := range files {
		table, ok := strings.CutSuffix(name, "-metadata.json")
		if !ok {
			continue
		}
		tables++
		checkWords(t, name, b)
		var doc csvwDoc
		if err := json.Unmarshal(b, &doc); err != nil {
			t.Fatal(err)
		}
		if doc.URL != filepath.Base(table) || len(doc.Context) != 2 || doc.Context[0] != "http://www.w3.org/ns/csvw" {
			t.Errorf("%s describes %q in %v", name, doc.URL, doc.Context)
		}
		checkRows(t, table, files[table], doc)
	}
	if tables != 4 {
		t.Errorf("%d tables are described", tables)
	}
}

func checkWords(t *testing.T, name string, b []byte) {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	check := func(kind string, object any) {
		for word := range object.(map[string]any) {
			if !slices.Contains(csvwWords[kind], word) && !strings.HasPrefix(word, "dc:") {
				t.Errorf("%s: the vocabulary has no %q in a %s", name, word, kind)
			}
		}
	}
	schema := doc["tableSchema"].(map[string]any)
	check("table", doc)
	check("dialect", doc["dialect"])
	check("schema", schema)
	for _, c := range schema["columns"].([]any) {
		check("column", c)
		check("datatype", c.(map[string]any)["datatype"])
	}
}

func checkRows(t *testing.T, name string, table []byte, doc csvwDoc) {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(table)).ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("%s: %d rows, %v", name, len(rows), err)
	}
	columns := doc.Schema.Columns
	if len(columns) != len(rows[0]) {
		t.Fatalf("%s has %d columns, %d are described", name, len(rows[0]), len(columns))
	}
	keys := map[string]bool{}
	for n, row := range rows {
		key := ""
		for i, c := range columns {
			if n == 0 {
				if row[i] != c.Titles {
					t.Errorf("%s: column %q is described as %q", name, row[i], c.Titles)
				}
				continue
			}
			if slices.Contains(doc.Schema.PrimaryKey, c.Name) {
				key += row[i] + "\x00"
			}
			if row[i] == "" && !c.Required {
				continue
			}
			if !fits(row[i], c.Datatype.Base, c.Datatype.Format, c.Datatype.Minimum, c.Datatype.Maximum) {
				t.Fatalf("%s: line %d: %s is %q, described as %+v", name, n+1, c.Name, row[i], c.Datatype)
			}
		}
		if keys[key] {
			t.Fatalf("%s: line %d has the key of another", name, n+1)
		}
		keys[key] = true
	}
}

func fits(field, base, format, least, most string) bool {
	switch base {
	case "string":
		return format == "" && field != "" || format != "" && regexp.MustCompile(`^(?:`+format+`)$`).MatchString(field)
	case "boolean":
		return slices.Contains(strings.Split(format, "|"), field)
	case "gYear":
		return regexp.MustCompile(`^\d{4}$`).MatchString(field)
	case "integer", "decimal":
		n, err := strconv.ParseFloat(field, 64)
		lo, err1 := strconv.ParseFloat(least, 64)
		hi, err2 := strconv.ParseFloat(most, 64)
		whole := base == "decimal" || n == float64(int64(n))
		return err == nil && err1 == nil && n >= lo && (most == "" || err2 == nil && n <= hi) && whole
	}
	return false
}

const (
	rdfType = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
	dcat    = "http://www.w3.org/ns/dcat#"
	dct     = "http://purl.org/dc/terms/"
)

// graph reads a catalogue as RDF: for each subject its properties and values.
func graph(t *testing.T, b []byte, base string) map[string]map[string][]ld.Node {
	t.Helper()
	var doc any
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	set, err := ld.NewJsonLdProcessor().ToRDF(doc, ld.NewJsonLdOptions(base))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string][]ld.Node{}
	for _, q := range set.(*ld.RDFDataset).Graphs["@default"] {
		s := q.Subject.GetValue()
		if out[s] == nil {
			out[s] = map[string][]ld.Node{}
		}
		out[s][q.Predicate.GetValue()] = append(out[s][q.Predicate.GetValue()], q.Object)
	}
	return out
}

// What DCAT-AP 3 makes mandatory, and what we promise beyond.
var mandatory = map[string][]string{
	dcat + "Catalog":                     {dct + "title", dct + "description", dct + "publisher", dct + "license", dct + "modified", dcat + "dataset"},
	dcat + "Dataset":                     {dct + "title", dct + "description", dct + "publisher"},
	dcat + "DatasetSeries":               {dct + "title", dct + "description", dct + "accrualPeriodicity"},
	dcat + "Distribution":                {dcat + "accessURL", dcat + "downloadURL", dcat + "mediaType", dcat + "byteSize", dct + "license", "http://spdx.org/rdf/terms#checksum"},
	dcat + "DataService":                 {dct + "title", dcat + "endpointURL", dcat + "servesDataset"},
	"http://spdx.org/rdf/terms#Checksum": {"http://spdx.org/rdf/terms#algorithm", "http://spdx.org/rdf/terms#checksumValue"},
	"http://xmlns.com/foaf/0.1/Agent":    {"http://xmlns.com/foaf/0.1/name"},
	dct + "PeriodOfTime":                 {dcat + "startDate", dcat + "endDate"},
}

func TestPublish_catalogueKeepsDCAT(t *testing.T) {
	dir := t.TempDir()
	b := builder(t, dir, body(items(t, 3000, 1)), func(o *release.Options) {
		o.About = release.About{Publisher: "Croydon Council", Licence: "https://example.org/licence", Contact: "mailto:data@example.org", URL: "https://data.example.org/safe"}
	})
	if err := b.Build(t.Context(), h1, h2); err != nil {
		t.Fatal(err)
	}
	files := tree(t, dir+"/public")
	const base = "https://data.example.org/safe/"
	g := graph(t, files["catalog.jsonld"], base+"catalog.jsonld")
	counts := map[string]int{}
	for s, properties := range g {
		for _, kind := range properties[rdfType] {
			counts[kind.GetValue()]++
			for _, p := range mandatory[kind.GetValue()] {
				if len(properties[p]) == 0 {
					t.Errorf("%s, a %s, lacks %s", s, kind.GetValue(), p)
				}
			}
		}
	}
	if counts[dcat+"Catalog"] != 1 || counts[dcat+"Dataset"] != 5 || counts[dcat+"DatasetSeries"] != 2 || counts[dcat+"DataService"] != 1 || counts[dcat+"Distribution"] != 20 {
		t.Errorf("the catalogue has %v", counts)
	}
	for _, id := range ids {
		set := g[base+"catalog.jsonld#"+id]
		if len(set[dcat+"distribution"]) < 6 || len(set[dcat+"contactPoint"]) != 1 {
			t.Errorf("%s has %v", id, set)
		}
		for _, d := range set[dcat+"distribution"] {
			checkDistribution(t, g, d.GetValue(), files, base)
		}
	}
	if c := set(g, base, "2025-H1/cells.csv#distribution"); c[dct+"conformsTo"][0].GetValue() != "https://www.w3.org/TR/tabular-metadata/" {
		t.Errorf("the described table keeps to %v", c[dct+"conformsTo"])
	}
	// The same without an address is relative, and means the same where it lies.
	actions := filepath.Join(dir, "public", "actions")
	if err := os.Mkdir(actions, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(actions, "manifest.json"), []byte(`{"format":1,"files":[{"path":"actions.csv"},{"path":"actions.atom"},{"path":"actions.geojson"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	plain := builder(t, dir, body(nil), nil)
	if err := plain.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	again, err := os.ReadFile(filepath.Join(dir, "public", "catalog.jsonld"))
	if err != nil || bytes.Contains(again, []byte("data.example.org")) {
		t.Fatalf("an address was kept: %v", err)
	}
	moved := graph(t, again, "https://elsewhere.example/catalog.jsonld")
	if len(moved["https://elsewhere.example/2025-H1/cells.csv#distribution"]) < 8 {
		t.Errorf("relative addresses give %v", slices.Sorted(maps.Keys(moved)))
	}
	done := moved["https://elsewhere.example/catalog.jsonld#actions"]
	table := moved["https://elsewhere.example/actions/actions.csv#distribution"]
	if len(done[dcat+"distribution"]) != 2 || table[dct+"conformsTo"][0].GetValue() != "https://www.rfc-editor.org/rfc/rfc4180" || len(table[dcat+"byteSize"]) != 0 {
		t.Errorf("the actions are %v, their table %v", done, table)
	}
}

func set(g map[string]map[string][]ld.Node, base, id string) map[string][]ld.Node { return g[base+id] }

func checkDistribution(t *testing.T, g map[string]map[string][]ld.Node, id string, files map[string][]byte, base string) {
	t.Helper()
	d := g[id]
	name := strings.TrimPrefix(d[dcat+"downloadURL"][0].GetValue(), base)
	body := files[name]
	sum := g[d["http://spdx.org/rdf/terms#checksum"][0].GetValue()]["http://spdx.org/rdf/terms#checksumValue"][0].GetValue()
	if body == nil || sum != sha(body) || d[dcat+"byteSize"][0].GetValue() != strconv.Itoa(len(body)) || d[dct+"license"][0].GetValue() != "https://example.org/licence" {
		t.Errorf("%s: %d bytes, hash %s, is described as %v", name, len(body), sha(body), d)
	}
}

func TestNewBuilder_refusesAbout(t *testing.T) {
	for _, a := range []release.About{{Licence: "OGL"}, {Contact: "data@example.org"}, {URL: "data.example.org"}, {URL: "mailto:x@example.org"}, {Licence: "http:///x"}} {
		_, err := release.NewBuilder(t.Context(), release.Options{VaultDir: t.TempDir(), PublicDir: t.TempDir(), Universe: croydon(t), Source: body(nil), Today: today, About: a})
		if err == nil {
			t.Errorf("%+v was accepted", a)
		}
	}
}
