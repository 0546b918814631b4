package ogc

import (
	"encoding/json"
	"testing"

	"github.com/streetsafe/streetsafe/tiles/tilestest"
)

// folder is published files in a test.
type folder map[string]string

func (f folder) Open(path string) ([]byte, string, bool) {
	b, ok := f[path]
	return []byte(b), path, ok
}

func (f folder) Paths() []string { return nil }

const someActions = `{"format":1,"synthetic":true,"updated":"2026-03-01","actions":[
{"id":"7a0c1f6e-0000-4000-8000-000000000001","kind":"lighting","status":"done","body":"Croydon Council","title":"New lamps","note":"Twelve LED lamps.",
 "place":"near Park Lane","lat":51.37,"lng":-0.1,"cells":["88194ad305fffff"],
 "steps":[{"status":"seen","day":"2025-11-02","body":"Croydon Council","note":""},{"status":"done","day":"2026-03-01","body":"Croydon Council","note":""}],"updated":"2026-03-01"},
{"id":"7a0c1f6e-0000-4000-8000-000000000002","kind":"patrol","status":"planned","body":"Police","title":"Patrols","note":"","place":"","lat":52,"lng":1,"cells":[],"steps":[],"updated":"2026-02-01"}]}`

// Actions are points that hold from their first step to their last, with all
// that is published of them.
func TestReadModel_actions(t *testing.T) {
	m, err := readModel(folder{"/manifest.json": `{"format":1,"releases":[]}`, actionsFile: someActions}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := m.byID["actions"]
	if c == nil || c.First != "2025-11-02" || c.Last != "2026-03-01" || c.Box != (rect{-0.1, 51.37, 1, 52}) || !c.Synthetic {
		t.Fatalf("the collection is %+v", c)
	}
	list, err := c.features()
	if err != nil || len(list) != 2 {
		t.Fatalf("%d features, %v", len(list), err)
	}
	for _, f := range list {
		b, err := json.Marshal(f.doc())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tilestest.CheckGeoJSON(b); err != nil {
			t.Errorf("%s: %v", b, err)
		}
	}
	var properties map[string]any
	if err := json.Unmarshal(list[0].properties, &properties); err != nil || properties["title"] != "New lamps" || properties["start"] != "2025-11-02" || properties["lat"] != nil || len(properties["steps"].([]any)) != 2 {
		t.Errorf("the properties are %v, %v", properties, err)
	}
	s := selection{boxes: []rect{{0, 51, 2, 53}}, from: "2026-02-01", to: "2026-02-01"}
	if s.takes(&list[0]) || !s.takes(&list[1]) {
		t.Error("the box selects the wrong action")
	}
	s = selection{from: "2025-12-01", to: "2025-12-31"}
	if !s.takes(&list[0]) || s.takes(&list[1]) {
		t.Error("the interval selects the wrong action")
	}
}

func TestReadModel_refuses(t *testing.T) {
	const index = `{"format":1,"releases":[]}`
	for name, f := range map[string]folder{
		"no list":                   {},
		"a list that is none":       {"/manifest.json": "x"},
		"another format":            {"/manifest.json": index, actionsFile: `{"format":2}`},
		"an action without a place": {"/manifest.json": index, actionsFile: `{"format":1,"actions":[{"id":"x","updated":"2026-01-01"}]}`},
		"an action without a day":   {"/manifest.json": index, actionsFile: `{"format":1,"actions":[{"id":"x","lat":1,"lng":1}]}`},
		"an archive that is none":   {"/manifest.json": `{"format":1,"releases":[{"id":"2025-H1","from":"2025-01-01","to":"2025-07-01"}]}`, "/2025-H1/tiles.pmtiles": "x"},
		"a release without days":    {"/manifest.json": `{"format":1,"releases":[{"id":"2025-H1"}]}`},
	} {
		if _, err := readModel(f, nil); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
