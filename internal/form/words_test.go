package form_test

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/form"
	"github.com/streetsafe/streetsafe/internal/report"
)

// catalogue reads the texts of a language: identifier, plural form, text.
func catalogue(t *testing.T, lang string) map[string]map[string]string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("messages", lang+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var mixed map[string]json.RawMessage
	if err := json.Unmarshal(raw, &mixed); err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]string{}
	for id, m := range mixed {
		var one string
		if json.Unmarshal(m, &one) == nil {
			out[id] = map[string]string{"": one}
			continue
		}
		var forms map[string]string
		if err := json.Unmarshal(m, &forms); err != nil {
			t.Fatalf("%s: %s: %v", lang, id, err)
		}
		out[id] = forms
	}
	return out
}

var placeholder = regexp.MustCompile(`{{[^}]*}}`)

func TestCatalogues_complete(t *testing.T) {
	f := newFixture(t, nil)
	if got := f.Languages(); !slices.Equal(got, []string{"en", "cy", "pl"}) {
		t.Fatalf("languages %v", got)
	}
	english := catalogue(t, "en")
	for _, lang := range f.Languages() {
		own := catalogue(t, lang)
		for id, forms := range english {
			if len(own[id]) == 0 {
				t.Errorf("%s lacks %s", lang, id)
				continue
			}
			want := placeholder.FindAllString(forms["other"]+forms[""], -1)
			for plural, text := range own[id] {
				got := placeholder.FindAllString(text, -1)
				slices.Sort(got)
				slices.Sort(want)
				if plural != "zero" && !slices.Equal(got, want) {
					t.Errorf("%s: %s %s has %v, English %v", lang, id, plural, got, want)
				}
				if strings.TrimSpace(text) != text || text == "" {
					t.Errorf("%s: %s is %q", lang, id, text)
				}
				same := lang != "en" && id != "date" && len(text) > 24 && text == forms[plural]
				if same {
					t.Errorf("%s: %s is still English", lang, id)
				}
			}
		}
		for id := range own {
			if english[id] == nil {
				t.Errorf("%s has %s, which English lacks", lang, id)
			}
		}
	}
}

func TestCatalogues_plurals(t *testing.T) {
	f := newFixture(t, nil)
	for _, c := range []struct {
		lang string
		n    int
		want string
	}{
		{"en", 1, "1 place found"}, {"en", 0, "0 places found"}, {"cy", 0, "Ni chafwyd hyd i unrhyw le"}, {"cy", 2, "Cafwyd hyd i 2 le"},
		{"cy", 3, "Cafwyd hyd i 3 lle"}, {"pl", 1, "Znaleziono 1 miejsce"}, {"pl", 3, "Znaleziono 3 miejsca"}, {"pl", 5, "Znaleziono 5 miejsc"}, {"pl", 22, "Znaleziono 22 miejsca"},
	} {
		if got := f.T(c.lang, "where.count", "Count", c.n); got != c.want {
			t.Errorf("%s %d: %q, expected %q", c.lang, c.n, got, c.want)
		}
	}
}

// The wording of the factors is the one that the maps show too.
func TestCatalogues_factors(t *testing.T) {
	f := newFixture(t, nil)
	for _, x := range report.AllFactorsList() {
		if got := f.T("en", "factor."+x.ID()); got != x.Label() {
			t.Errorf("%s: %q, expected %q", x.ID(), got, x.Label())
		}
	}
	for question, values := range form.DemographicValues() {
		for _, v := range values {
			if id := "about." + question + "." + v; f.T("en", id) == id {
				t.Errorf("no text for %s", id)
			}
		}
	}
}

var usedMessage = regexp.MustCompile(`T "([a-z][a-z0-9_.]*)"`)

// Every message that a template or a handler names is there, and every message
// is used by something.
func TestCatalogues_used(t *testing.T) {
	english := catalogue(t, "en")
	used := map[string]bool{}
	files, err := filepath.Glob("templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		page := strings.TrimSuffix(filepath.Base(file), ".html")
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range usedMessage.FindAllStringSubmatch(string(raw), -1) {
			used[m[1]] = true
			if english[m[1]] == nil {
				t.Errorf("%s shows %s, which is no message", file, m[1])
			}
		}
		used[page+".title"] = true
	}
	code := ""
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range sources {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		code += string(raw)
	}
	// Families whose last part comes from data.
	families := []string{"factor.", "about.", "kind.", "month.", "daypart.", "dark.", "trouble.", "theme.", "way.",
		"place.error.", "people.error.", "when.error.", "where.error.", "near.", "lang."}
	for id := range english {
		family := slices.ContainsFunc(families, func(f string) bool { return strings.HasPrefix(id, f) })
		if !family && !used[id] && !strings.Contains(code, `"`+id+`"`) && id != "place.hint" && id != "people.hint" {
			t.Errorf("%s is shown nowhere", id)
		}
	}
}

func TestCatalogues_pick(t *testing.T) {
	f := newFixture(t, nil)
	for _, c := range []struct{ asked, accept, want string }{
		{"", "", "en"}, {"cy", "pl", "cy"}, {"", "cy-GB,en;q=0.5", "cy"}, {"", "pl-PL", "pl"}, {"", "de,fr;q=0.9", "en"}, {"xx", "pl", "pl"}, {"", ";;;", "en"},
	} {
		r := httptest.NewRequest("GET", "/report?lang="+c.asked, nil)
		r.Header.Set("Accept-Language", c.accept)
		got := f.do(r)
		if got.Header.Get("Content-Language") != c.want || !strings.Contains(read(t, got), `<html lang="`+c.want+`"`) {
			t.Errorf("asked for %q, accepting %q: %s, expected %s", c.asked, c.accept, got.Header.Get("Content-Language"), c.want)
		}
	}
}
