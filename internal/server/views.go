package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gorilla/mux"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/analysis"
	"github.com/streetsafe/streetsafe/internal/watch"
)

// savedView is a view that somebody keeps, and how it stands.
type savedView struct {
	ID      int64      `json:"id"`
	Name    string     `json:"name"`
	Address string     `json:"address"` // to be put behind /hub
	Filter  string     `json:"filter"`
	Alert   bool       `json:"alert"`
	Created string     `json:"created"`
	Now     *viewState `json:"now,omitempty"`
	Why     string     `json:"why,omitempty"` // why it is not held to its history
}

// viewState is a view held to its history.
type viewState struct {
	From     string           `json:"from"`
	To       string           `json:"to"` // exclusive
	Reports  int64            `json:"reports"`
	Expected float64          `json:"expected"`
	Upper    float64          `json:"upper"`
	Verdict  analysis.Verdict `json:"verdict"`
	Sentence string           `json:"sentence"`
}

type viewAlert struct {
	ID       int64   `json:"id"`
	View     int64   `json:"view"`
	Name     string  `json:"name"`
	Address  string  `json:"address"`
	Until    string  `json:"until"` // the day after the period
	Reports  int64   `json:"reports"`
	Expected float64 `json:"expected"`
	Upper    float64 `json:"upper"`
	Sentence string  `json:"sentence"`
	Raised   string  `json:"raised"`
	Seen     bool    `json:"seen"`
}

// viewsFor asks the policy who may keep views: whoever sees figures. Programs
// may look and not change.
func (s *Server) viewsFor(r *http.Request) (*access.Identity, error) {
	if s.views == nil {
		return nil, newProblem(http.StatusNotFound, "This server keeps no views.")
	}
	if _, err := parseQuery(r); err != nil {
		return nil, err
	}
	who := access.FromContext(r.Context())
	if _, err := s.granted(r, access.Ask{Surface: access.SurfaceFigures}); err != nil {
		return nil, err
	}
	if who.Token && r.Method != http.MethodGet && r.Method != http.MethodHead {
		return nil, &access.Refusal{Kind: access.Forbidden, Reason: "API tokens may not change saved views: log in for that."}
	}
	return who, nil
}

func (s *Server) listViews(w http.ResponseWriter, r *http.Request) error {
	who, err := s.viewsFor(r)
	if err != nil {
		return err
	}
	views, err := s.views.Views(r.Context(), who)
	if err != nil {
		return err
	}
	alerts, err := s.views.Alerts(r.Context(), who)
	if err != nil {
		return err
	}
	out := struct {
		Views  []savedView `json:"views"`
		Alerts []viewAlert `json:"alerts"` // the newest first
		Unseen int         `json:"unseen"`
	}{[]savedView{}, []viewAlert{}, 0}
	for _, v := range views {
		x := savedView{ID: v.ID, Name: v.Name, Address: v.Address, Filter: v.Filter, Alert: v.Alert, Created: v.CreatedAt.Format(time.DateOnly), Why: v.Why}
		if a := v.Now; a != nil {
			x.Now = &viewState{a.Period.From.String(), a.Period.To.String(), a.Alarm.Now, a.Expected, a.Upper, a.Verdict, a.Sentence()}
		}
		out.Views = append(out.Views, x)
	}
	for _, a := range alerts {
		out.Alerts = append(out.Alerts, viewAlert{a.ID, a.View, a.Name, a.Address, a.Until.String(), a.Reports, a.Expected, a.Upper, a.Sentence, a.RaisedAt.Format(time.RFC3339), a.Seen})
		if !a.Seen {
			out.Unseen++
		}
	}
	w.Header().Set("Cache-Control", "no-store")
	return writeJSON(w, out)
}

func (s *Server) saveView(w http.ResponseWriter, r *http.Request) error {
	who, err := s.viewsFor(r)
	if err != nil {
		return err
	}
	var wish watch.Wish
	if err := readJSON(w, r, &wish); err != nil {
		return err
	}
	id, err := s.views.Save(r.Context(), who, wish)
	var invalid *watch.InvalidError
	switch {
	case errors.As(err, &invalid):
		p := newProblem(http.StatusBadRequest, invalid.Reason)
		p.Param = invalid.Field
		return p
	case errors.Is(err, watch.ErrExists):
		return newProblem(http.StatusConflict, "You have a view of this name already. Choose another one.")
	case err != nil:
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", "/api/v1/views/"+strconv.FormatInt(id, 10))
	return writeJSONStatus(w, http.StatusCreated, map[string]int64{"id": id})
}

func (s *Server) changeView(w http.ResponseWriter, r *http.Request) error {
	who, err := s.viewsFor(r)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(mux.Vars(r)["id"], 10, 64)
	if err != nil {
		return noView(watch.ErrNotFound)
	}
	if r.Method == http.MethodDelete {
		err = s.views.Remove(r.Context(), who, id)
	} else {
		var change struct {
			Alert *bool `json:"alert"`
		}
		if err := readJSON(w, r, &change); err != nil {
			return err
		}
		if change.Alert == nil {
			return badParam("alert", "", "true or false")
		}
		err = s.views.SetAlert(r.Context(), who, id, *change.Alert)
	}
	return s.done(w, noView(err))
}

func (s *Server) seeAlerts(w http.ResponseWriter, r *http.Request) error {
	who, err := s.viewsFor(r)
	if err != nil {
		return err
	}
	var seen struct {
		UpTo int64 `json:"up_to"`
	}
	if err := readJSON(w, r, &seen); err != nil {
		return err
	}
	return s.done(w, s.views.See(r.Context(), who, seen.UpTo))
}

func noView(err error) error {
	if errors.Is(err, watch.ErrNotFound) {
		return newProblem(http.StatusNotFound, "You have no such view.")
	}
	return err
}

func (s *Server) done(w http.ResponseWriter, err error) error {
	if err == nil {
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNoContent)
	}
	return err
}

// readJSON reads a small JSON object. The content type must say that it is one,
// which a form of another site cannot.
func readJSON(w http.ResponseWriter, r *http.Request, v any) error {
	if r.Header.Get("Content-Type") != typeJSON {
		return newProblem(http.StatusUnsupportedMediaType, "Send it as "+typeJSON+".")
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxForm))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return newProblem(http.StatusBadRequest, fmt.Sprintf("This is not the JSON that is expected here: %s.", plainJSONError(err)))
	}
	return nil
}

// plainJSONError keeps what helps a client out of a decoder's error.
func plainJSONError(err error) string {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return wrong.Field + " is a " + wrong.Value
	}
	return "see /api/openapi.json"
}

func (s *Server) viewRoutes(m *mux.Router) {
	on := func(path, method string, h handler) {
		m.Handle(path, s.answer(s.sameOrigin(h))).Methods(method)
	}
	m.Handle("/api/v1/views", s.answer(s.listViews)).Methods(http.MethodGet, http.MethodHead)
	on("/api/v1/views", http.MethodPost, s.saveView)
	on("/api/v1/views/seen", http.MethodPost, s.seeAlerts)
	on("/api/v1/views/{id}", http.MethodPost, s.changeView)
	on("/api/v1/views/{id}", http.MethodDelete, s.changeView)
}
