package site_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// messages reads a catalogue: identifier, plural form ("" for one), text.
func messages(t *testing.T, lang string) map[string]map[string]string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("messages", lang+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var mixed map[string]any
	if err := json.Unmarshal(raw, &mixed); err != nil {
		t.Fatalf("%s: %v", lang, err)
	}
	out := map[string]map[string]string{}
	for id, m := range mixed {
		out[id] = map[string]string{}
		switch m := m.(type) {
		case string:
			out[id][""] = m
		case map[string]any:
			for form, text := range m {
				out[id][form], _ = text.(string)
			}
		}
	}
	return out
}

// Every language says everything, with the same places to fill.
func TestMessages_complete(t *testing.T) {
	english, welsh := messages(t, "en"), messages(t, "cy")
	places := regexp.MustCompile(`{{[^}]*}}|{\w+}`)
	filled := func(forms map[string]string) []string {
		text := forms["other"] + forms[""]
		found := places.FindAllString(text, -1)
		slices.Sort(found)
		return found
	}
	for id := range english {
		if welsh[id] == nil {
			t.Errorf("Welsh lacks %s", id)
		} else if !slices.Equal(filled(welsh[id]), filled(english[id])) {
			t.Errorf("%s: Welsh fills %v, English %v", id, filled(welsh[id]), filled(english[id]))
		}
	}
	for id := range welsh {
		if english[id] == nil {
			t.Errorf("Welsh has %s, which English has not", id)
		}
	}
}
