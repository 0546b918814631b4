package action

import (
	"encoding/json"
	"fmt"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Record is the JSON of an action as stores keep it and as officers see it. The
// public gets Public.
type Record struct {
	ID          string       `json:"id"`
	Kind        Kind         `json:"kind"`
	Status      Status       `json:"status"`
	Title       string       `json:"title,omitempty"`
	Body        string       `json:"body"`
	Note        string       `json:"note,omitempty"`
	NoteCY      string       `json:"note_cy,omitempty"`
	PartnerNote string       `json:"partner_note,omitempty"`
	Place       string       `json:"place,omitempty"`
	Cells       []string     `json:"cells"`
	Steps       []RecordStep `json:"steps"`
	Works       *RecordWorks `json:"works,omitempty"`
	Public      bool         `json:"public"`
	Synthetic   bool         `json:"synthetic,omitempty"`
}

// RecordStep is a step in a Record.
type RecordStep struct {
	Status   Status `json:"status"`
	Day      string `json:"day"`
	Body     string `json:"body"`
	Note     string `json:"note,omitempty"`
	NoteCY   string `json:"note_cy,omitempty"`
	Recorded string `json:"recorded,omitempty"`
}

// RecordWorks is the time of the works in a Record; To is the day after the last.
type RecordWorks struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Record returns the action as JSON has it.
func (a Action) Record() Record {
	r := Record{ID: a.ID, Kind: a.Kind, Status: a.Status(), Title: a.Title, Body: a.Body, Note: a.Note, NoteCY: a.NoteCY,
		PartnerNote: a.PartnerNote, Place: a.Place, Cells: []string{}, Steps: []RecordStep{}, Public: a.Public, Synthetic: a.Synthetic}
	for _, c := range a.Cells {
		r.Cells = append(r.Cells, c.String())
	}
	for _, s := range a.Steps {
		step := RecordStep{Status: s.Status, Day: s.Day.String(), Body: s.Body, Note: s.Note, NoteCY: s.NoteCY}
		if s.Recorded != 0 {
			step.Recorded = s.Recorded.String()
		}
		r.Steps = append(r.Steps, step)
	}
	if !a.Works.IsZero() {
		r.Works = &RecordWorks{a.Works.From.String(), a.Works.To.String()}
	}
	return r
}

// Action reads what a Record says. The error is a *FieldError; what the fields
// mean is left to Check.
func (r Record) Action() (Action, error) {
	a := Action{ID: r.ID, Kind: r.Kind, Title: r.Title, Body: r.Body, Note: r.Note, NoteCY: r.NoteCY, PartnerNote: r.PartnerNote,
		Place: r.Place, Public: r.Public, Synthetic: r.Synthetic}
	for _, s := range r.Cells {
		c := h3.CellFromString(s)
		if !c.IsValid() || c.String() != s {
			return a, &FieldError{"cells", clip(s), "H3 cells in hexadecimal, such as 89194ad32d3ffff"}
		}
		a.Cells = append(a.Cells, c)
	}
	for i, s := range r.Steps {
		step := Step{Status: s.Status, Body: s.Body, Note: s.Note, NoteCY: s.NoteCY}
		var err error
		if step.Day, err = parseDay(fmt.Sprintf("steps[%d].day", i), s.Day); err != nil {
			return a, err
		}
		if s.Recorded != "" {
			if step.Recorded, err = parseDay(fmt.Sprintf("steps[%d].recorded", i), s.Recorded); err != nil {
				return a, err
			}
		}
		a.Steps = append(a.Steps, step)
	}
	if r.Works != nil {
		w, err := r.Works.Works()
		if err != nil {
			return a, err
		}
		a.Works = w
	}
	return a, nil
}

// Works reads the days.
func (r RecordWorks) Works() (w Works, err error) {
	if w.From, err = parseDay("works.from", r.From); err == nil {
		w.To, err = parseDay("works.to", r.To)
	}
	return w, err
}

func parseDay(field, s string) (report.Day, error) {
	d, err := report.ParseDay(s)
	if err != nil {
		return 0, &FieldError{field, clip(s), "a day as YYYY-MM-DD"}
	}
	return d, nil
}

// Encode returns the bytes that a store keeps, the same for the same action.
func (a Action) Encode() ([]byte, error) {
	b, err := json.Marshal(a.Record())
	if err != nil {
		return nil, fmt.Errorf("write action %s: %w", a.ID, err)
	}
	return b, nil
}

// Decode reads what Encode wrote.
func Decode(b []byte) (Action, error) {
	var r Record
	if err := json.Unmarshal(b, &r); err != nil {
		return Action{}, fmt.Errorf("read action: %w", err)
	}
	a, err := r.Action()
	if err != nil {
		return Action{}, fmt.Errorf("read action %s: %w", r.ID, err)
	}
	return a, nil
}
