package action

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

// File is one published file.
type File struct {
	Name string
	Body []byte
}

// Names of the published files.
const (
	JSONFile    = "actions.json"
	GeoJSONFile = "actions.geojson"
	CSVFile     = "actions.csv"
	AtomFile    = "actions.atom"
)

// Files are all published forms of the document, with the same bytes for the same
// document and source. source names the installation, so that its feed has an
// identifier of its own for ever.
func (d Document) Files(source string) ([]File, error) {
	plain, err := json.MarshalIndent(d, "", " ")
	if err != nil {
		return nil, fmt.Errorf("actions as JSON: %w", err)
	}
	geo, err := d.GeoJSON()
	if err != nil {
		return nil, err
	}
	table, err := d.CSV()
	if err != nil {
		return nil, err
	}
	feed, err := d.Atom(source)
	if err != nil {
		return nil, err
	}
	return []File{{JSONFile, append(plain, '\n')}, {GeoJSONFile, geo}, {CSVFile, table}, {AtomFile, feed}}, nil
}

type feature struct {
	Type       string     `json:"type"`
	ID         string     `json:"id"`
	Geometry   geometry   `json:"geometry"`
	Properties properties `json:"properties"`
}

type geometry struct {
	Type        string           `json:"type"`
	Coordinates [][][][2]float64 `json:"coordinates"`
}

type properties struct {
	Kind      Kind         `json:"kind"`
	KindLabel string       `json:"kind_label"`
	Status    Status       `json:"status"`
	Body      string       `json:"body"`
	Title     string       `json:"title"`
	Note      string       `json:"note"`
	NoteCY    string       `json:"note_cy,omitempty"`
	Place     string       `json:"place"`
	Cells     []string     `json:"cells"`
	Steps     []PublicStep `json:"steps"`
	Updated   string       `json:"updated"`
	Synthetic bool         `json:"synthetic"`
}

// GeoJSON writes a FeatureCollection (RFC 7946): an area for each action.
func (d Document) GeoJSON() ([]byte, error) {
	out := struct {
		Type     string    `json:"type"`
		Features []feature `json:"features"`
	}{"FeatureCollection", []feature{}}
	for _, a := range d.Actions {
		area, err := outline(a.cells)
		if err != nil {
			return nil, fmt.Errorf("outline of action %s: %w", a.ID, err)
		}
		out.Features = append(out.Features, feature{"Feature", a.ID, geometry{"MultiPolygon", area}, properties{
			a.Kind, a.Kind.Label().In("en"), a.Status, a.Body, a.Title, a.Note, a.NoteCY, a.Place, a.Cells, a.Steps, a.Updated, d.Synthetic}})
	}
	b, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("actions as GeoJSON: %w", err)
	}
	return append(b, '\n'), nil
}

// outline is the area of cells as coordinates of a MultiPolygon, each polygon's
// outer ring counterclockwise and its holes clockwise (RFC 7946, 3.1.6).
func outline(cells []h3.Cell) ([][][][2]float64, error) {
	polygons, err := h3.CellsToMultiPolygon(cells)
	if err != nil {
		return nil, err
	}
	out := make([][][][2]float64, 0, len(polygons))
	for _, p := range polygons {
		rings := [][][2]float64{ring(p.GeoLoop, true)}
		for _, hole := range p.Holes {
			rings = append(rings, ring(hole, false))
		}
		out = append(out, rings)
	}
	slices.SortFunc(out, func(a, b [][][2]float64) int { return slices.Compare(a[0][0][:], b[0][0][:]) })
	return out, nil
}

// ring closes a loop and turns it round when it runs the wrong way.
func ring(loop h3.GeoLoop, counterclockwise bool) [][2]float64 {
	out := make([][2]float64, 0, len(loop)+1)
	area := 0.0
	for i, p := range loop {
		q := loop[(i+1)%len(loop)]
		area += p.Lng*q.Lat - q.Lng*p.Lat
		out = append(out, [2]float64{round6(p.Lng), round6(p.Lat)})
	}
	if area > 0 != counterclockwise {
		slices.Reverse(out)
	}
	return append(out, out[0])
}

// CSV writes a table (RFC 4180) with a line for each action. Texts that a
// spreadsheet would run as a formula get an apostrophe before them.
func (d Document) CSV() ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	rows := [][]string{{"id", "kind", "status", "body", "title", "note", "note_cy", "place", "lat", "lng", "seen", "planned", "done", "declined", "steps", "cells", "updated", "synthetic"}}
	for _, a := range d.Actions {
		days := map[Status]string{}
		var steps []string
		for _, s := range a.Steps {
			days[s.Status] = s.Day
			steps = append(steps, s.Day+" "+s.Sentence().In("en"))
		}
		rows = append(rows, []string{a.ID, string(a.Kind), string(a.Status), a.Body, a.Title, a.Note, a.NoteCY, a.Place, degrees(a.Lat), degrees(a.Lng),
			days[Seen], days[Planned], days[Done], days[Declined], strings.Join(steps, "; "), strings.Join(a.Cells, " "), a.Updated, strconv.FormatBool(d.Synthetic)})
	}
	for _, row := range rows {
		for _, i := range []int{3, 4, 5, 6, 7} {
			row[i] = harmless(row[i])
		}
		_ = w.Write(row) // Flush tells
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return nil, fmt.Errorf("actions as CSV: %w", err)
	}
	return b.Bytes(), nil
}

func degrees(x float64) string { return strconv.FormatFloat(x, 'f', 6, 64) }

func harmless(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n", rune(s[0])) {
		return "'" + s
	}
	return s
}

// The parts of a feed (RFC 4287).
type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string      `xml:"xml:lang,attr"`
	Title   string      `xml:"title"`
	ID      string      `xml:"id"`
	Updated string      `xml:"updated"`
	Author  atomPerson  `xml:"author"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomPerson struct {
	Name string `xml:"name"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	Title     string       `xml:"title"`
	ID        string       `xml:"id"`
	Updated   string       `xml:"updated"`
	Published string       `xml:"published"`
	Author    atomPerson   `xml:"author"`
	Category  atomCategory `xml:"category"`
	Links     []atomLink   `xml:"link"`
	Content   atomContent  `xml:"content"`
}

type atomCategory struct {
	Term  string `xml:"term,attr"`
	Label string `xml:"label,attr"`
}

type atomContent struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

const (
	// feedEntries is how many steps the feed has: those of a year in a large
	// force, and small enough to be fetched every hour.
	feedEntries = 200

	// noChange stands for the time of a feed that has no entry: RFC 4287 wants one.
	noChange = "2000-01-01"
)

// Atom writes the latest steps of all actions as a feed (RFC 4287): an entry for
// each step, since readers show what is new and not what has changed. Identifiers
// are those of the action and the number of the step, whatever is reworded.
func (d Document) Atom(source string) ([]byte, error) {
	type dated struct {
		atomEntry
		recorded report.Day
	}
	var all []dated
	for _, a := range d.Actions {
		name, err := uuid.Parse(a.ID)
		if err != nil {
			return nil, fmt.Errorf("action %s: %w", a.ID, err)
		}
		for i, s := range a.Steps {
			id := uuid.NewSHA1(name, []byte("step "+strconv.Itoa(i)))
			all = append(all, dated{atomEntry{
				Title: strings.Join(strings.Fields(s.Status.Label().In("en")+": "+a.Title+" "+a.Place), " "), ID: "urn:uuid:" + id.String(),
				Updated: stamp(s.recorded.String()), Published: stamp(s.Day), Author: atomPerson{s.Body},
				Category: atomCategory{string(a.Kind), a.Kind.Label().In("en")},
				Links:    []atomLink{{"alternate", "text/html", "../whatchanged#a-" + a.ID}},
				Content:  atomContent{"text", content(a, s)},
			}, s.recorded})
		}
	}
	slices.SortStableFunc(all, func(a, b dated) int {
		if a.recorded != b.recorded {
			return int(b.recorded) - int(a.recorded)
		}
		return strings.Compare(a.ID, b.ID)
	})
	feed := atomFeed{Lang: "en-GB", Title: "StreetSafe: what changed", ID: "urn:uuid:" + uuid.NewSHA1(uuid.NameSpaceOID, []byte("streetsafe actions "+source)).String(),
		Updated: stamp(noChange), Author: atomPerson{"StreetSafe"},
		Links: []atomLink{{"self", "application/atom+xml", AtomFile}, {"alternate", "text/html", "../whatchanged"}}}
	if d.Synthetic {
		feed.Title += " (made up)"
	}
	for _, e := range all[:min(len(all), feedEntries)] {
		feed.Entries = append(feed.Entries, e.atomEntry)
	}
	if len(all) > 0 {
		feed.Updated = all[0].Updated
	}
	b, err := xml.MarshalIndent(feed, "", " ")
	if err != nil {
		return nil, fmt.Errorf("actions as a feed: %w", err)
	}
	return append([]byte(xml.Header), append(b, '\n')...), nil
}

// stamp is a day as RFC 3339 wants a time: the hour is not known and not told.
func stamp(day string) string { return day + "T00:00:00Z" }

func content(a Public, s PublicStep) string {
	parts := []string{s.Sentence().In("en")}
	if a.Note != "" {
		parts = append(parts, a.Note)
	}
	return strings.Join(parts, "\n\n")
}
