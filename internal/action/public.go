package action

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Public is what everybody may read of an action.
type Public struct {
	ID      string       `json:"id"`
	Kind    Kind         `json:"kind"`
	Status  Status       `json:"status"`
	Body    string       `json:"body"`
	Title   string       `json:"title"`
	Note    string       `json:"note"`
	NoteCY  string       `json:"note_cy,omitempty"`
	Place   string       `json:"place"`
	Lat     float64      `json:"lat"` // centre of the first cell
	Lng     float64      `json:"lng"`
	Cells   []string     `json:"cells"` // of PublicResolution, ascending
	Steps   []PublicStep `json:"steps"` // oldest first
	Updated string       `json:"updated"`

	cells []h3.Cell
}

// PublicStep is a step that everybody may read.
type PublicStep struct {
	Status Status `json:"status"`
	Day    string `json:"day"`
	Body   string `json:"body"`
	Note   string `json:"note"`
	NoteCY string `json:"note_cy,omitempty"`

	recorded report.Day
}

// Sentence says of a step who did what and why: see Step.Sentence.
func (s PublicStep) Sentence() Text {
	return Step{Status: s.Status, Body: s.Body, Note: s.Note, NoteCY: s.NoteCY}.Sentence()
}

// Document is actions.json: all that is public of all actions.
type Document struct {
	Format    int      `json:"format"`
	Synthetic bool     `json:"synthetic"` // some of them are made up
	Updated   string   `json:"updated"`   // the last day on which one changed, "" when there is none
	Actions   []Public `json:"actions"`   // the latest change first
}

// documentFormat is the version of actions.json.
const documentFormat = 1

// Dated is an action with the day of its last change.
type Dated struct {
	Action
	Changed report.Day
}

// NewDocument makes what the public sees of actions: those marked public, without
// notes for partners, at PublicResolution. It is a pure function of them.
func NewDocument(all []Dated) (Document, error) {
	doc := Document{Format: documentFormat, Actions: []Public{}}
	for _, a := range all {
		if !a.Public {
			continue
		}
		p, err := a.public()
		if err != nil {
			return Document{}, err
		}
		doc.Synthetic = doc.Synthetic || a.Synthetic
		doc.Updated = max(doc.Updated, p.Updated)
		doc.Actions = append(doc.Actions, p)
	}
	slices.SortFunc(doc.Actions, func(a, b Public) int {
		return cmp.Or(cmp.Compare(b.Updated, a.Updated), cmp.Compare(a.ID, b.ID))
	})
	return doc, nil
}

func (a Dated) public() (Public, error) {
	cells, err := a.PublicCells()
	if err != nil {
		return Public{}, err
	}
	p := Public{ID: a.ID, Kind: a.Kind, Status: a.Status(), Body: a.Body, Title: cmp.Or(a.Title, a.Kind.Label().In("en")),
		Note: a.Note, NoteCY: a.NoteCY, Place: a.Place, Cells: []string{}, Steps: []PublicStep{}, Updated: a.Changed.String(), cells: cells}
	at, err := cells[0].LatLng()
	if err != nil {
		return Public{}, fmt.Errorf("middle of %s: %w", cells[0], err)
	}
	p.Lat, p.Lng = round6(at.Lat), round6(at.Lng)
	for _, c := range cells {
		p.Cells = append(p.Cells, c.String())
	}
	for _, s := range a.Steps {
		p.Steps = append(p.Steps, PublicStep{s.Status, s.Day.String(), s.Body, s.Note, s.NoteCY, cmp.Or(s.Recorded, s.Day)})
	}
	return p, nil
}

// round6 keeps a tenth of a metre: floating point beyond that differs between
// machines, and published bytes must not.
func round6(x float64) float64 { return math.Round(x*1e6) / 1e6 }

// Near lists the actions of a cell of PublicResolution and of those around it,
// in the order of the document.
func (d Document) Near(c h3.Cell) ([]Public, error) {
	disk, err := c.GridDisk(1)
	if err != nil {
		return nil, fmt.Errorf("cells around %s: %w", c, err)
	}
	var out []Public
	for _, a := range d.Actions {
		if slices.ContainsFunc(disk, func(n h3.Cell) bool { return slices.Contains(a.Cells, n.String()) }) {
			out = append(out, a)
		}
	}
	return out, nil
}
