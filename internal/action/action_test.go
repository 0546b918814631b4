package action_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/action"
	"github.com/streetsafe/streetsafe/internal/report"
)

const (
	firstID  = "6f1a2b3c-0d4e-4f5a-8b6c-7d8e9f0a1b2c"
	secondID = "0a1b2c3d-4e5f-4a6b-9c7d-8e9f0a1b2c3d"
	secret   = "PARTNERS ONLY"
)

const today report.Day = 20_500

func cellAt(t testing.TB, lat, lng float64, res int) h3.Cell {
	t.Helper()
	c, err := h3.LatLngToCell(h3.LatLng{Lat: lat, Lng: lng}, res)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// lamps is an action that is done.
func lamps(t testing.TB) action.Action {
	return action.Action{
		ID: firstID, Kind: action.Lighting, Title: "Four lamps mended", Body: "Croydon Council", Note: "LED, on from dusk.", NoteCY: "LED, ymlaen o’r cyfnos.",
		PartnerNote: secret, Place: "near East Croydon", Cells: []h3.Cell{cellAt(t, 51.3752, -0.0929, 10), cellAt(t, 51.3762, -0.0929, 11)},
		Steps: []action.Step{
			{Status: action.Seen, Day: 20_300, Body: "Metropolitan Police", Recorded: 20_301},
			{Status: action.Planned, Day: 20_320, Body: "Croydon Council", Note: "This autumn", NoteCY: "Yr hydref hwn", Recorded: 20_320},
			{Status: action.Done, Day: 20_400, Body: "Croydon Council", Recorded: 20_402},
		},
		Works: action.Works{From: 20_380, To: 20_401}, Public: true,
	}
}

func TestAction_Check(t *testing.T) {
	if err := lamps(t).Tidy().Check(today); err != nil {
		t.Fatal(err)
	}
	coarse := cellAt(t, 51.4, -0.1, 3)
	for field, spoil := range map[string]func(*action.Action){
		"id":             func(a *action.Action) { a.ID = strings.ToUpper(a.ID) },
		"kind":           func(a *action.Action) { a.Kind = "magic" },
		"title":          func(a *action.Action) { a.Title = strings.Repeat("x", action.MaxLine+1) },
		"body":           func(a *action.Action) { a.Body = "" },
		"place":          func(a *action.Action) { a.Place = "two\nlines" },
		"note":           func(a *action.Action) { a.Note = "bell \a" },
		"note_cy":        func(a *action.Action) { a.NoteCY = "\xff" },
		"partner_note":   func(a *action.Action) { a.PartnerNote = strings.Repeat("x", action.MaxNote+1) },
		"steps":          func(a *action.Action) { a.Steps = nil },
		"steps[0].day":   func(a *action.Action) { a.Steps[0].Day = 0 },
		"steps[2].day":   func(a *action.Action) { a.Steps[2].Day = today + 1 },
		"steps[1].day":   func(a *action.Action) { a.Steps[0].Day = 20_350 },
		"steps[1].body":  func(a *action.Action) { a.Steps[1].Body = "x" },
		"steps[2].note":  func(a *action.Action) { a.Steps[2].Status = action.Declined },
		"steps[0].state": nil,
		"works.from":     func(a *action.Action) { a.Works.From = 1 },
		"works.to":       func(a *action.Action) { a.Works.To = a.Works.From },
		"cells":          func(a *action.Action) { a.Cells = []h3.Cell{cellAt(t, 51, 0, 12)} },
	} {
		if spoil == nil {
			field, spoil = "steps[0].status", func(a *action.Action) { a.Steps[0].Status = "lost" }
		}
		a := lamps(t)
		spoil(&a)
		var wrong *action.FieldError
		if err := a.Check(today); !errors.As(err, &wrong) || wrong.Field != field || wrong.Want == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	for name, cells := range map[string][]h3.Cell{"none": nil, "no cell": {5}, "two of the coarsest": {coarse, cellAt(t, 53, -1, 3)}} {
		a := lamps(t)
		a.Cells = cells
		if err := a.Check(today); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	a := lamps(t)
	a.Cells = []h3.Cell{coarse}
	if err := a.Check(today); err != nil {
		t.Errorf("one cell of the coarsest resolution: %v", err)
	}
}

func TestAction_Encode(t *testing.T) {
	want := lamps(t).Tidy()
	b, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := action.Decode(b)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v\nwant %+v", got, err, want)
	}
	for _, bad := range []string{``, `{"steps":[{"day":"yesterday"}]}`, `{"cells":["zzz"]}`, `{"works":{"from":"2026-01-01","to":""}}`} {
		if _, err := action.Decode([]byte(bad)); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

func TestAction_When(t *testing.T) {
	a := lamps(t)
	if w, ok := a.When(); !ok || w != a.Works {
		t.Errorf("%+v %v", w, ok)
	}
	a.Works = action.Works{}
	if w, ok := a.When(); !ok || w != (action.Works{From: 20_400, To: 20_401}) {
		t.Errorf("without works: %+v %v", w, ok)
	}
	a.Steps = a.Steps[:2]
	if _, ok := a.When(); ok {
		t.Error("what is planned has no after")
	}
}

// Every kind and status has words of its own in both languages.
func TestLabels(t *testing.T) {
	seen := map[string]bool{}
	once := func(what string, text action.Text) {
		t.Helper()
		for _, lang := range []string{"en", "cy"} {
			if s := lang + text[lang]; text[lang] == "" || seen[s] {
				t.Errorf("%s: %q in %s is empty or another's", what, text[lang], lang)
			} else {
				seen[s] = true
			}
		}
		if text.In("pl") != text["en"] {
			t.Errorf("%s: a language that is not there gives %q", what, text.In("pl"))
		}
	}
	for _, k := range action.Kinds() {
		once(string(k), k.Label())
	}
	for _, s := range action.Statuses() {
		once(string(s), s.Label())
	}
	step := action.Step{Status: action.Declined, Body: "TfL", Note: "The wall is listed.", NoteCY: "Mae’r wal yn rhestredig."}
	if got := step.Sentence(); got["en"] != "Decided against by TfL: The wall is listed." || got["cy"] != "Penderfynwyd peidio gan TfL: Mae’r wal yn rhestredig." {
		t.Errorf("%+v", got)
	}
}

// What the public sees: ancestors of what was drawn, and no word for partners.
func TestNewDocument(t *testing.T) {
	hidden := lamps(t)
	hidden.ID, hidden.Public = secondID, false
	doc, err := action.NewDocument([]action.Dated{{Action: hidden, Changed: 20_499}, {Action: lamps(t), Changed: 20_402}})
	if err != nil {
		t.Fatal(err)
	}
	want, err := lamps(t).Cells[0].Parent(8)
	if err != nil {
		t.Fatal(err)
	}
	if len(doc.Actions) != 1 || doc.Actions[0].ID != firstID || doc.Updated != "2025-11-10" || doc.Synthetic {
		t.Fatalf("%+v", doc)
	}
	a := doc.Actions[0]
	if !slices.Contains(a.Cells, want.String()) || a.Status != action.Done || a.Updated != doc.Updated || len(a.Steps) != 3 {
		t.Errorf("%+v", a)
	}
	for _, s := range a.Cells {
		if c := h3.CellFromString(s); c.Resolution() != action.PublicResolution {
			t.Errorf("cell %s of resolution %d is published", s, c.Resolution())
		}
	}
	files, err := doc.Files("store")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		body := string(f.Body)
		if strings.Contains(body, secret) || strings.Contains(body, hidden.ID) {
			t.Errorf("%s tells what is not public", f.Name)
		}
		for _, c := range lamps(t).Cells {
			if strings.Contains(body, c.String()) {
				t.Errorf("%s has the cell that was drawn", f.Name)
			}
		}
	}
}

func TestDocument_Near(t *testing.T) {
	doc, err := action.NewDocument([]action.Dated{{Action: lamps(t), Changed: 20_402}})
	if err != nil {
		t.Fatal(err)
	}
	at := h3.CellFromString(doc.Actions[0].Cells[0])
	for steps, want := range map[int]bool{0: true, 1: true, 3: false} {
		disk, err := h3.GridDiskDistances(at, steps)
		if err != nil {
			t.Fatal(err)
		}
		all := 0
		for _, c := range disk[steps] {
			near, err := doc.Near(c)
			if err != nil {
				t.Fatal(err)
			}
			all += len(near)
		}
		if all > 0 != want {
			t.Errorf("%d steps away: %d of %d cells know the action", steps, all, len(disk[steps]))
		}
	}
}
