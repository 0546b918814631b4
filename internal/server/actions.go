package server

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"
	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/action"
	"github.com/streetsafe/streetsafe/internal/actionbook"
	"github.com/streetsafe/streetsafe/internal/report"
)

// actionLine is an action in a list.
type actionLine struct {
	action.Record
	Cells   []string `json:"cells,omitempty"` // left out in lists
	Number  int      `json:"version"`
	Changed string   `json:"changed"` // RFC 3339
	Lat     float64  `json:"lat"`
	Lng     float64  `json:"lng"`
	Size    int      `json:"cell_count"`
}

type actionChange struct {
	Number int           `json:"version"`
	At     string        `json:"at"`
	Who    string        `json:"who"`
	Change string        `json:"change"`
	Record action.Record `json:"action"`
}

// actionDetail is an action with its history, oldest first.
type actionDetail struct {
	actionLine
	Cells    []string       `json:"cells"`
	Boundary [][][2]float64 `json:"boundary"` // a ring for each cell, not closed; empty for very many
	May      bool           `json:"may_change"`
	History  []actionChange `json:"history"`
}

// label is a word of a form.
type label struct {
	ID     string `json:"id"`
	Label  string `json:"label"`
	Filter string `json:"factors,omitempty"` // what a kind of action is meant to mend
}

// actionsFor asks the policy, for reading or for writing.
func (s *Server) actionsFor(r *http.Request, surface access.Surface) (access.Grant, error) {
	grant, err := s.granted(r, access.Ask{Surface: surface, Today: s.today()})
	if err == nil && s.actions == nil {
		err = newProblem(http.StatusNotFound, "This server keeps no actions.")
	}
	return grant, err
}

// showsAction reports whether any part of an action lies in a region.
func showsAction(region *access.Region, e *actionbook.Entry) bool {
	return region == nil || slices.ContainsFunc(e.Cells, region.Meets)
}

// listActions lists actions by place, status and kind.
func (s *Server) listActions(w http.ResponseWriter, r *http.Request) error {
	grant, err := s.actionsFor(r, access.SurfaceActions)
	if err != nil {
		return err
	}
	v, err := parseQuery(r, "bbox", "cell", "status", "kind")
	if err != nil {
		return err
	}
	want, err := parseActionQuery(v)
	if err != nil {
		return err
	}
	out := struct {
		Synthetic bool         `json:"synthetic"`
		Body      string       `json:"body"` // to begin with in forms
		Kinds     []label      `json:"kinds"`
		Statuses  []label      `json:"statuses"`
		Total     int          `json:"total"`   // that may be seen
		Actions   []actionLine `json:"actions"` // the latest change first
	}{Synthetic: s.cfg.Synthetic, Body: s.usualBody(access.FromContext(r.Context())), Actions: []actionLine{}}
	for _, k := range action.Kinds() {
		out.Kinds = append(out.Kinds, label{string(k), k.Label().In("en"), strings.Join(k.Factors().IDs(), ",")})
	}
	for _, st := range action.Statuses() {
		out.Statuses = append(out.Statuses, label{ID: string(st), Label: st.Label().In("en")})
	}
	for _, e := range s.actions.All() {
		if !showsAction(grant.Region, e) {
			continue
		}
		out.Total++
		box := boxOf(e.Cells)
		if want.holds(e, box) {
			out.Actions = append(out.Actions, lineOf(e, box))
		}
	}
	w.Header().Set("Cache-Control", "no-store")
	return writeJSON(w, out)
}

// actionQuery is what a list is narrowed to.
type actionQuery struct {
	box      *report.Box
	cell     h3.Cell
	statuses []string
	kinds    []string
}

func parseActionQuery(v url.Values) (q actionQuery, err error) {
	if b := v.Get("bbox"); b != "" {
		box, err := report.ParseBox(b)
		if err != nil {
			return q, badParam("bbox", b, expectBox)
		}
		q.box = &box
	}
	if c := v.Get("cell"); c != "" {
		if q.cell = h3.CellFromString(c); !q.cell.IsValid() {
			return q, badParam("cell", c, "an H3 cell such as 89194ad32d3ffff")
		}
	}
	pick := func(name string, known []string) ([]string, error) {
		if v.Get(name) == "" {
			return nil, nil
		}
		all := strings.Split(v.Get(name), ",")
		for _, x := range all {
			if !slices.Contains(known, x) {
				return nil, badParam(name, v.Get(name), "some of "+strings.Join(known, ", "))
			}
		}
		return all, nil
	}
	var known []string
	for _, s := range action.Statuses() {
		known = append(known, string(s))
	}
	if q.statuses, err = pick("status", known); err != nil {
		return q, err
	}
	known = nil
	for _, k := range action.Kinds() {
		known = append(known, string(k))
	}
	q.kinds, err = pick("kind", known)
	return q, err
}

func (q actionQuery) holds(e *actionbook.Entry, box report.Box) bool {
	switch {
	case q.statuses != nil && !slices.Contains(q.statuses, string(e.Status())),
		q.kinds != nil && !slices.Contains(q.kinds, string(e.Kind)),
		q.box != nil && (box.East < q.box.West || box.West > q.box.East || box.North < q.box.South || box.South > q.box.North):
		return false
	}
	return q.cell == 0 || slices.ContainsFunc(e.Cells, func(c h3.Cell) bool { return related(c, q.cell) })
}

// related reports whether one of two cells lies in the other.
func related(a, b h3.Cell) bool {
	res := min(a.Resolution(), b.Resolution())
	return access.Ancestor(a, res) == access.Ancestor(b, res)
}

// boxOf is the box of the middles of cells.
func boxOf(cells []h3.Cell) report.Box {
	b := report.Box{West: 180, South: 90, East: -180, North: -90}
	for _, c := range cells {
		lat, lng := centre(c)
		b.West, b.East, b.South, b.North = min(b.West, lng), max(b.East, lng), min(b.South, lat), max(b.North, lat)
	}
	return b
}

func lineOf(e *actionbook.Entry, box report.Box) actionLine {
	return actionLine{Record: e.Record(), Number: e.Number, Changed: e.At.Format(time.RFC3339), Size: len(e.Cells),
		Lat: round6((box.South + box.North) / 2), Lng: round6((box.West + box.East) / 2)}
}

// usualBody is who somebody wrote for the last time, or whose area it is.
func (s *Server) usualBody(who *access.Identity) string {
	for _, e := range s.actions.All() {
		if e.Who == actionbook.NameOf(who) {
			return e.Steps[len(e.Steps)-1].Body
		}
	}
	for _, k := range s.workbench.Load().Kinds {
		if a := k.Area(who.Area); a != nil {
			return a.Name
		}
	}
	return ""
}

// maxOutlined is up to how many cells of an action are drawn one by one.
const maxOutlined = 2000

func (s *Server) actionDetailOf(r *http.Request, e *actionbook.Entry) (*actionDetail, error) {
	out := &actionDetail{actionLine: lineOf(e, boxOf(e.Cells)), Boundary: [][][2]float64{}, History: []actionChange{}}
	out.Cells = out.Record.Cells
	for _, c := range e.Cells[:min(len(e.Cells), maxOutlined)] {
		b, err := outline(c)
		if err != nil {
			return nil, err
		}
		out.Boundary = append(out.Boundary, b)
	}
	if len(e.Cells) > maxOutlined {
		out.Boundary = [][][2]float64{}
	}
	_, err := s.granted(r, access.Ask{Surface: access.SurfaceRecord, Cells: e.Cells, Today: s.today()})
	out.May = err == nil
	for _, v := range e.History {
		record := v.Record()
		if len(record.Cells) > maxOutlined {
			record.Cells = []string{}
		}
		out.History = append(out.History, actionChange{v.Number, v.At.Format(time.RFC3339), v.Who, v.Change, record})
	}
	return out, nil
}

// action gives one action with its history.
func (s *Server) action(w http.ResponseWriter, r *http.Request) error {
	_, e, err := s.entry(r)
	if err != nil {
		return err
	}
	if _, err := parseQuery(r); err != nil {
		return err
	}
	return s.answerAction(w, r, http.StatusOK, e)
}

func (s *Server) answerAction(w http.ResponseWriter, r *http.Request, status int, e *actionbook.Entry) error {
	d, err := s.actionDetailOf(r, e)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	if status == http.StatusCreated {
		w.Header().Set("Location", "/api/v1/actions/"+e.ID)
	}
	return writeJSONStatus(w, status, d)
}

// entry finds the action of a request among those that may be seen.
func (s *Server) entry(r *http.Request) (access.Grant, *actionbook.Entry, error) {
	grant, err := s.actionsFor(r, access.SurfaceActions)
	if err != nil {
		return grant, nil, err
	}
	e, err := s.actions.Entry(mux.Vars(r)["id"])
	if err == nil && !showsAction(grant.Region, e) {
		err = actionbook.ErrNotFound
	}
	return grant, e, actionProblem(err)
}

// actionProblem turns what goes wrong with an action into an answer.
func actionProblem(err error) error {
	var wrong *action.FieldError
	switch {
	case errors.As(err, &wrong):
		p := newProblem(http.StatusBadRequest, wrong.Field+" is not valid: expected "+wrong.Want+".")
		p.Param, p.Value = wrong.Field, wrong.Value
		return p
	case errors.Is(err, actionbook.ErrNotFound):
		return newProblem(http.StatusNotFound, "There is no such action in what you may see. /api/v1/actions lists them.")
	case errors.Is(err, actionbook.ErrStale):
		return newProblem(http.StatusConflict, "Somebody else changed this action meanwhile. Load it again, then repeat your change.")
	}
	return err
}

// readAction reads the JSON of a change, after the policy let it be written.
func (s *Server) readAction(w http.ResponseWriter, r *http.Request, v any) error {
	if _, err := s.actionsFor(r, access.SurfaceRecord); err != nil {
		return err
	}
	if _, err := parseQuery(r); err != nil {
		return err
	}
	if r.Header.Get("Content-Type") != typeJSON {
		return newProblem(http.StatusUnsupportedMediaType, "Send it as "+typeJSON+".")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAreaBytes))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return newProblem(http.StatusRequestEntityTooLarge, fmt.Sprintf("This is larger than %d KiB. Draw a smaller place or a simpler outline.", maxAreaBytes>>10))
	}
	if err != nil {
		return err
	}
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return newProblem(http.StatusBadRequest, fmt.Sprintf("This is not the JSON that is expected here: %s.", plainJSONError(err)))
	}
	return nil
}

// sentStep is a step as a client sends it.
type sentStep struct {
	Status action.Status `json:"status"`
	Day    string        `json:"day"`  // "" for today
	Body   string        `json:"body"` // "" for that of the action
	Note   string        `json:"note"`
	NoteCY string        `json:"note_cy"`
}

func (s *Server) step(field string, x sentStep, body string) (action.Step, error) {
	out := action.Step{Status: x.Status, Day: s.today(), Body: cmp.Or(strings.TrimSpace(x.Body), body), Note: x.Note, NoteCY: x.NoteCY}
	if x.Day != "" {
		day, err := report.ParseDay(x.Day)
		if err != nil {
			return out, &action.FieldError{Field: field + ".day", Value: x.Day, Want: "a day as YYYY-MM-DD"}
		}
		out.Day = day
	}
	return out, nil
}

func (s *Server) steps(sent []sentStep, body string) (out []action.Step, err error) {
	for i, x := range sent {
		one, err := s.step("steps["+strconv.Itoa(i)+"]", x, body)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// sentAction is an action as a client sends it: what is absent is filled in, or
// stays as it is when one is changed.
type sentAction struct {
	Number      int                 `json:"version"` // of a change: which one was seen
	Kind        *action.Kind        `json:"kind"`
	Title       *string             `json:"title"`
	Body        *string             `json:"body"`
	Note        *string             `json:"note"`
	NoteCY      *string             `json:"note_cy"`
	PartnerNote *string             `json:"partner_note"`
	Place       *string             `json:"place"`
	Cells       []string            `json:"cells"`
	Area        json.RawMessage     `json:"area"` // GeoJSON, in place of cells
	Steps       []sentStep          `json:"steps"`
	Works       *action.RecordWorks `json:"works"` // empty days take it away
	Public      *bool               `json:"public"`
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// cells reads the place of an action, nil when none was sent.
func (x *sentAction) cells() ([]h3.Cell, error) {
	if len(x.Area) > 0 && string(x.Area) != "null" {
		if x.Cells != nil {
			return nil, &action.FieldError{Field: "area", Want: "cells or an area, not both"}
		}
		a, err := parseArea(x.Area)
		if err != nil {
			return nil, badArea(err.Error())
		}
		return a.actionCells()
	}
	a, err := action.Record{Cells: x.Cells}.Action()
	if err != nil || x.Cells == nil {
		return nil, err
	}
	return append([]h3.Cell{}, a.Cells...), nil
}

// fewCells is up to how many cells a drawn place is kept with the finest
// resolution that is not finer than people draw.
const fewCells = 300

// actionCells fills a drawn area with the finest cells that are not very many.
func (a *drawnArea) actionCells() ([]h3.Cell, error) {
	for res := report.Resolution; ; res-- {
		cells, err := a.cellsAt(res)
		switch {
		case err == nil && len(cells) == 0:
			return nil, badArea("it is smaller than a hexagon: draw it larger")
		case err == nil && (len(cells) <= fewCells || res == action.PublicResolution):
			return cells, nil
		case res == action.PublicResolution:
			return nil, badArea(fmt.Sprintf("it has more than %d hexagons of resolution %d: draw it smaller", action.MaxPublicCells, res))
		}
	}
}

func (x *sentAction) works() (*action.Works, error) {
	if x.Works == nil {
		return nil, nil
	}
	if *x.Works == (action.RecordWorks{}) {
		return &action.Works{}, nil
	}
	w, err := x.Works.Works()
	return &w, err
}

// recordAction keeps a new action.
func (s *Server) recordAction(w http.ResponseWriter, r *http.Request) error {
	var x sentAction
	if err := s.readAction(w, r, &x); err != nil {
		return err
	}
	a, err := s.newAction(access.FromContext(r.Context()), &x)
	if err != nil {
		return actionProblem(err)
	}
	e, err := s.actions.Record(r.Context(), access.FromContext(r.Context()), a)
	if err != nil {
		return actionProblem(err)
	}
	return s.answerAction(w, r, http.StatusCreated, e)
}

func (s *Server) newAction(who *access.Identity, x *sentAction) (a action.Action, err error) {
	a = action.Action{Kind: value(x.Kind), Title: value(x.Title), Body: cmp.Or(strings.TrimSpace(value(x.Body)), s.usualBody(who)), Note: value(x.Note),
		NoteCY: value(x.NoteCY), PartnerNote: value(x.PartnerNote), Place: value(x.Place), Public: x.Public == nil || *x.Public}
	if a.Cells, err = x.cells(); err != nil {
		return a, err
	}
	if a.Steps, err = s.steps(x.Steps, a.Body); err != nil {
		return a, err
	}
	works, err := x.works()
	if err != nil {
		return a, err
	}
	a.Works = value(works)
	if a.Place == "" {
		// From the cell that the public sees: a nearer one would tell more.
		if public, err := a.PublicCells(); err == nil && len(public) > 0 {
			a.Place = s.whereabouts(centre(public[0]))
		}
	}
	return a, nil
}

// addStep says what happened next with an action.
func (s *Server) addStep(w http.ResponseWriter, r *http.Request) error {
	var x struct {
		Number int `json:"version"`
		sentStep
	}
	if err := s.readAction(w, r, &x); err != nil {
		return err
	}
	_, e, err := s.entry(r)
	if err != nil {
		return err
	}
	step, err := s.step("step", x.sentStep, e.Body)
	if err != nil {
		return actionProblem(err)
	}
	e, err = s.actions.AddStep(r.Context(), access.FromContext(r.Context()), e.ID, x.Number, step)
	if err != nil {
		return actionProblem(err)
	}
	return s.answerAction(w, r, http.StatusOK, e)
}

// changeAction edits an action, or withdraws it from the public.
func (s *Server) changeAction(w http.ResponseWriter, r *http.Request) error {
	var x sentAction
	if err := s.readAction(w, r, &x); err != nil {
		return err
	}
	_, e, err := s.entry(r)
	if err != nil {
		return err
	}
	edit := actionbook.Edit{Kind: x.Kind, Title: x.Title, Body: x.Body, Note: x.Note, NoteCY: x.NoteCY, PartnerNote: x.PartnerNote, Place: x.Place, Public: x.Public}
	if edit.Cells, err = x.cells(); err != nil {
		return actionProblem(err)
	}
	if edit.Steps, err = s.steps(x.Steps, e.Body); err != nil {
		return actionProblem(err)
	}
	if edit.Works, err = x.works(); err != nil {
		return actionProblem(err)
	}
	e, err = s.actions.Change(r.Context(), access.FromContext(r.Context()), e.ID, x.Number, edit)
	if err != nil {
		return actionProblem(err)
	}
	return s.answerAction(w, r, http.StatusOK, e)
}

func (s *Server) actionRoutes(m *mux.Router) {
	get := func(path string, h handler) { m.Handle(path, s.answer(h)).Methods(http.MethodGet, http.MethodHead) }
	post := func(path string, h handler) { m.Handle(path, s.answer(s.sameOrigin(h))).Methods(http.MethodPost) }
	get("/api/v1/actions", s.listActions)
	post("/api/v1/actions", s.recordAction)
	get("/api/v1/actions/{id}", s.action)
	post("/api/v1/actions/{id}", s.changeAction)
	post("/api/v1/actions/{id}/steps", s.addStep)
	get("/api/v1/actions/{id}/evaluation", s.evaluateAction)
}
