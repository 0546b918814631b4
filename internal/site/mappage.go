package site

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/streetsafe/streetsafe/internal/blob"
	"github.com/streetsafe/streetsafe/internal/words"
)

const (
	releasePrefix = "/site/release/"
	cellPrefix    = "/site/cell/"

	// newestActions are listed on the map's page; the rest is on its own.
	newestActions = 4
)

// period names the time of a release, such as "January to June 2026".
func (e *edition) period(tr *words.Translator) string {
	from, to := e.firstDay(), e.lastDay()
	month := func(n int) string { return tr.T(fmt.Sprintf("month.%d", n)) }
	if from.Year() == to.Year() {
		return tr.T("period.half", "First", month(int(from.Month())), "Last", month(int(to.Month())), "Year", to.Year())
	}
	return tr.T("period.year", "From", fmt.Sprint(month(int(from.Month())), " ", from.Year()), "To", fmt.Sprint(month(int(to.Month())), " ", to.Year()))
}

// choice is one of a list.
type choice struct {
	ID, Label string
	Chosen    bool
}

// choices are the releases of a kind, newest first.
func (m *model) choices(tr *words.Translator, kind, chosen string) []choice {
	var out []choice
	for _, e := range m.releases {
		if e.Kind == kind {
			out = append(out, choice{e.ID, e.period(tr), e.ID == chosen})
		}
	}
	return out
}

func themeChoices(tr *words.Translator, chosen string) []choice {
	var out []choice
	for _, t := range themes {
		out = append(out, choice{t, tr.T("theme." + t), t == chosen})
	}
	return out
}

// drawn is what a script needs to draw a release.
type drawn struct {
	ID     string                   `json:"id"`
	Kind   string                   `json:"kind"`
	Bounds [4]float64               `json:"bounds"` // west, south, east, north
	Zooms  map[string]int           `json:"zooms"`  // resolution of a zoom
	Tiles  map[int][]int            `json:"tiles"`  // by zoom: row, first and last column of each run
	Breaks map[string]map[int][]int `json:"breaks"` // by theme and resolution
}

func (m *model) drawn(e *edition) *drawn {
	return &drawn{ID: e.ID, Kind: e.Kind, Bounds: e.bounds(), Zooms: e.Zooms, Tiles: e.tiles, Breaks: m.breaks[e.Kind]}
}

// scriptConfig is what the script of a map gets with its page.
type scriptConfig struct {
	Lang     string            `json:"lang"`
	Root     string            `json:"root"`
	Assets   string            `json:"assets"`
	Text     map[string]string `json:"text"`
	Releases []scriptRelease   `json:"releases"` // newest first
	Drawn    *drawn            `json:"drawn"`
	Theme    string            `json:"theme"`
	At       string            `json:"at"`
	Box      string            `json:"box"`
	Height   int               `json:"height"`
	Cell     string            `json:"cell"`
	Actions  bool              `json:"actions"`
	Themes   map[string]string `json:"themes"`
	Statuses map[string]string `json:"statuses"`
	Kinds    map[string]string `json:"kinds"`
	Plain    map[string]string `json:"plain,omitempty"` // kinds in English, which stand for titles
	Months   []string          `json:"months"`
	Accent   string            `json:"accent,omitempty"`
	Origins  []string          `json:"origins,omitempty"` // who may embed
}

type scriptRelease struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"`
	Period string `json:"period"`
}

func (v *visit) scriptConfig(out *view, e *edition) *scriptConfig {
	tr := out.Translator
	c := &scriptConfig{Lang: tr.Lang, Root: out.Root, Assets: out.Asset(""), Text: scriptTexts(tr), Theme: out.Query.theme(), At: out.Query.At, Box: out.Query.Box, Height: out.Query.height(), Cell: out.Query.Cell,
		Actions: len(v.model.actions.Actions) > 0, Themes: map[string]string{}, Statuses: map[string]string{}, Kinds: map[string]string{}, Accent: out.Query.Accent}
	if e != nil {
		c.Drawn = v.model.drawn(e)
	}
	for _, r := range v.model.releases {
		c.Releases = append(c.Releases, scriptRelease{r.ID, r.Kind, r.period(tr)})
	}
	for _, t := range themes {
		c.Themes[t] = tr.T("theme." + t)
	}
	for _, s := range statuses {
		c.Statuses[s] = tr.T("status." + s)
	}
	for _, k := range kinds {
		c.Kinds[k] = tr.T("kind." + k)
	}
	if tr.Lang != words.Fallback {
		c.Plain = map[string]string{}
		for _, k := range kinds {
			c.Plain[k] = v.words.Pick(words.Fallback, "").T("kind." + k)
		}
	}
	for i := range 12 {
		c.Months = append(c.Months, tr.T(fmt.Sprintf("month.%d", i+1)))
	}
	return c
}

// scriptTexts are the messages of scripts, without their prefix.
func scriptTexts(tr *words.Translator) map[string]string {
	out := map[string]string{}
	raw, err := messageFiles.ReadFile("messages/" + words.Fallback + ".json")
	var all map[string]json.RawMessage
	if err != nil || json.Unmarshal(raw, &all) != nil {
		return out // the catalogue was loaded from the same bytes, so they are there
	}
	for id := range all {
		if short, ok := strings.CutPrefix(id, "js."); ok {
			out[short] = tr.T(id)
		}
	}
	return out
}

// mapData is what the map's page says without a script.
type mapData struct {
	Release       *edition
	Period        string
	Halves, Years []choice
	Themes        []choice
	Shown, Wide   int
	Most          int
	Actions       []actionView
	ActionCount   int
	Force         *forceTable
}

func (v *visit) mapPage() {
	v.page("map", nil, func(out *view) error {
		e := out.Query.edition(v.model)
		out.Config = v.scriptConfig(out, e)
		out.Data = v.mapData(out, e)
		return nil
	})
}

// mapData is what maps say in words; e is nil while nothing is published.
func (v *visit) mapData(out *view, e *edition) mapData {
	data := mapData{Release: e, ActionCount: len(v.model.actions.Actions), Actions: v.actionViews(out.Translator, v.model.actions.Actions, newestActions), Force: v.model.forceTable(out)}
	if e == nil {
		return data
	}
	data.Period = e.period(out.Translator)
	data.Halves, data.Years = v.model.choices(out.Translator, kindHalfYear, e.ID), v.model.choices(out.Translator, kindTwelveMonths, e.ID)
	data.Themes = themeChoices(out.Translator, out.Query.theme())
	for _, c := range e.list {
		switch c.Res {
		case finestRes:
			data.Shown++
			data.Most = max(data.Most, c.counts[0])
		case themeRes:
			data.Wide++
		}
	}
	return data
}

// forceTable is the table by force and factor: forces beside each other, or one.
type forceTable struct {
	Release string
	Year    string
	Forces  []choice
	Chosen  forceFigures
	Rows    []factorRow
}

type factorRow struct {
	Label string
	Count int // 0 is not shown
}

// factors in the order of the vocabulary (internal/report), which is frozen.
var factors = []string{"no_cctv", "badly_lit", "isolated", "poor_layout", "restricted_visibility", "rundown", "drugs_alcohol", "other_environmental",
	"verbal_single", "verbal_group", "followed", "other_harassment"}

// forceTable gives the figures of the force that was asked for, or of the first.
func (m *model) forceTable(out *view) *forceTable {
	e := m.newestForces()
	if e == nil {
		return nil
	}
	t := &forceTable{Release: e.ID, Year: e.Year, Chosen: e.Forces[0]}
	for _, f := range e.Forces {
		if f.ID == out.Query.Force {
			t.Chosen = f
		}
	}
	for _, f := range e.Forces {
		t.Forces = append(t.Forces, choice{f.ID, f.Name, f.ID == t.Chosen.ID})
	}
	for _, f := range factors {
		t.Rows = append(t.Rows, factorRow{out.T("factor." + f), t.Chosen.Counts[f]})
	}
	return t
}

// figures answers with what a script needs of a release or of a hexagon. Every
// name that has the form of a hexagon has an answer: not shown is not shown,
// whatever the reason.
func (v *visit) figures() {
	p := v.r.URL.Path
	name, ok := strings.CutSuffix(path.Base(p), ".json")
	var answer any
	switch e := v.model.byID[name]; {
	case !ok, v.r.URL.RawQuery != "":
	case p == releasePrefix+name+".json" && e != nil:
		answer = v.model.drawn(e)
	case p == cellPrefix+name+".json" && cellForm.MatchString(name):
		answer = v.model.history(name)
	}
	if answer == nil {
		v.data.ServeHTTP(v.w, v.r)
		return
	}
	v.figuresOf(answer)
}

// figuresOf sends figures that a script asked for.
func (v *visit) figuresOf(answer any) {
	raw, err := json.Marshal(answer)
	if err != nil { // it holds numbers and texts alone
		v.cfg.Log.Error("no figures", "error", err)
		v.data.ServeHTTP(v.w, v.r)
		return
	}
	v.open(cachePage)
	blob.New(typeJSON, raw).Serve(v.w, v.r)
}

// history is what each release shows of a hexagon: its counts by theme. A
// release that does not show it is absent.
func (m *model) history(id string) map[string]any {
	figures := map[string]map[string]int{}
	for _, e := range m.releases {
		c := e.cells[id]
		if c == nil {
			continue
		}
		figures[e.ID] = map[string]int{}
		for i, t := range themes {
			if c.counts[i] > 0 {
				figures[e.ID][t] = c.counts[i]
			}
		}
	}
	return map[string]any{"cell": id, "figures": figures}
}

// methodNotes are the notes of a release by language, English first.
var methodNotes = []struct{ lang, file string }{{words.Fallback, "method.txt"}, {"cy", "method.cy.txt"}}

// Method is the note on how the numbers were made, in a language if it has it.
func (d mapData) Method(lang string) string {
	for _, n := range methodNotes {
		if n.lang == lang && d.Release.notes[n.file] {
			return n.file
		}
	}
	return methodNotes[0].file
}
