package site

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/streetsafe/streetsafe/internal/words"
)

// actionFormat is the version of actions.json that is known.
const actionFormat = 1

// Statuses in the order in which a matter moves.
var statuses = []string{"seen", "planned", "done", "declined"}

// actionList is actions.json: what councils and police did about what people
// said, newest change first.
type actionList struct {
	Format    int      `json:"format"`
	Synthetic bool     `json:"synthetic"`
	Updated   string   `json:"updated"`
	Actions   []action `json:"actions"`
}

type action struct {
	ID      string   `json:"id"`
	Kind    string   `json:"kind"`
	Status  string   `json:"status"`
	Body    string   `json:"body"`
	Title   string   `json:"title"`
	Note    string   `json:"note"`
	NoteCy  string   `json:"note_cy"`
	Place   string   `json:"place"`
	Lat     float64  `json:"lat"`
	Lng     float64  `json:"lng"`
	Cells   []string `json:"cells"`
	Steps   []step   `json:"steps"`
	Updated string   `json:"updated"`
}

type step struct {
	Status string `json:"status"`
	Day    string `json:"day"`
	Body   string `json:"body"`
	Note   string `json:"note"`
}

func readActions(raw []byte) (*actionList, error) {
	var list actionList
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("site: %s: %w", actionsPath, err)
	}
	if list.Format != actionFormat {
		return nil, fmt.Errorf("site: %s has format %d, known is %d", actionsPath, list.Format, actionFormat)
	}
	slices.SortStableFunc(list.Actions, func(a, b action) int { return strings.Compare(b.Updated, a.Updated) })
	return &list, nil
}

// note is the public's note in a language.
func (a *action) note(lang string) string {
	if lang == "cy" && a.NoteCy != "" {
		return a.NoteCy
	}
	return a.Note
}

// with returns the actions of a body and a status; empty means any.
func (l *actionList) with(body, status string) []action {
	var out []action
	for _, a := range l.Actions {
		if (body == "" || a.Body == body) && (status == "" || a.Status == status) {
			out = append(out, a)
		}
	}
	return out
}

// bodies lists who acted, in alphabetical order.
func (l *actionList) bodies() []string {
	var out []string
	for _, a := range l.Actions {
		if !slices.Contains(out, a.Body) {
			out = append(out, a.Body)
		}
	}
	slices.Sort(out)
	return out
}

// kinds of actions.
var kinds = []string{"lighting", "vegetation", "sightlines", "cctv", "patrol", "cleaning", "repair", "design", "licensing", "transport", "other"}

// actionView is an action as a page shows it.
type actionView struct {
	action
	Kind, Status string // in words
	State        string // the status as a name
	Note         string
	Steps        []stepView
	Said         string // what people had said there
	MapAt        string // the state of a map that shows it
}

type stepView struct {
	step
	Status, State string
}

// actionZoom shows one hexagon of resolution 8 and those around it.
const actionZoom = 13

// actionViews shows the first of a list; most 0 means all.
func (v *visit) actionViews(tr *words.Translator, list []action, most int) []actionView {
	if most > 0 {
		list = list[:min(most, len(list))]
	}
	var out []actionView
	for _, a := range list {
		view := actionView{action: a, Kind: tr.T("kind." + a.Kind), Status: tr.T("status." + a.Status), State: a.Status, Note: a.note(tr.Lang),
			MapAt: fmt.Sprintf("%.4f,%.4f,%d", a.Lat, a.Lng, actionZoom)}
		if a.Title == v.words.Pick(words.Fallback, "").T("kind."+a.Kind) { // it had none of its own
			view.Title = view.Kind
		}
		view.Said = tr.T("js.said.none")
		if e, n := v.model.saidBefore(&a); e != nil {
			view.Said = strings.NewReplacer("{n}", grouped(n), "{period}", e.period(tr)).Replace(tr.T("js.said"))
		}
		for _, s := range a.Steps {
			view.Steps = append(view.Steps, stepView{s, tr.T("status." + s.Status), s.Status})
		}
		out = append(out, view)
	}
	return out
}

// saidBefore gives the newest half-year that was over when an action began and
// that shows the first of its hexagons, with its count; nil for none. A later one
// would have people speak after somebody acted on what they said.
func (m *model) saidBefore(a *action) (*edition, int) {
	if len(a.Cells) == 0 || len(a.Steps) == 0 {
		return nil, 0
	}
	for _, e := range m.releases {
		if e.Kind != kindHalfYear || e.To > a.Steps[0].Day { // dates as YYYY-MM-DD
			continue
		}
		if c := e.cells[a.Cells[0]]; c != nil {
			return e, c.counts[0]
		}
	}
	return nil, 0
}

// said is a figure of saidBefore, as scripts get it.
type said struct {
	Release string `json:"release"`
	Count   int    `json:"count"`
}

// said answers with what people said before each action, by its id. An action
// before which nothing is shown is absent.
func (v *visit) said() {
	out := map[string]said{}
	for i := range v.model.actions.Actions {
		a := &v.model.actions.Actions[i]
		if e, n := v.model.saidBefore(a); e != nil {
			out[a.ID] = said{e.ID, n}
		}
	}
	v.figuresOf(out)
}

// changedData is the page of all actions.
type changedData struct {
	Bodies, Statuses []choice
	Actions          []actionView
	Any              bool // some action is published
}

func (v *visit) changedPage() {
	v.page("whatchanged", nil, func(out *view) error {
		list := v.model.actions
		data := changedData{Any: len(list.Actions) > 0, Actions: v.actionViews(out.Translator, list.with(out.Query.Body, out.Query.Status), 0)}
		for _, b := range list.bodies() {
			data.Bodies = append(data.Bodies, choice{b, b, b == out.Query.Body})
		}
		for _, s := range statuses {
			data.Statuses = append(data.Statuses, choice{s, out.T("status." + s), s == out.Query.Status})
		}
		out.Data = data
		return nil
	})
}
