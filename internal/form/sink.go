package form

import (
	"context"

	"github.com/google/uuid"
	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/gazetteer"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/words"
)

// The reasons for which a submission waits for review instead of counting.
const (
	QuarantineOverLimit = "over_limit" // more than Config.PerHour from one network
	QuarantineNoProof   = "no_proof"   // no proof of work, or another report's or an old one
)

// Submission is one report on its way to the store. It holds nothing of who
// sent it, no coordinate and no clock time.
type Submission struct {
	Report     report.Report
	Weight     int    // 1, or 0 for a repeat from one network and for the quarantined
	Quarantine string // "" or one of the Quarantine constants
	Key        uuid.UUID
}

// Sink keeps submissions. When Accept returns nil, the submission is durable.
// A key that is known already is no error and changes nothing. The text of an
// error is logged, so it must not hold any part of the submission.
type Sink interface {
	Accept(ctx context.Context, s Submission) error
}

// Describer is what a Sink may also be: Describe keeps what a reporter says of
// themselves, apart from the report. A second call replaces the first; a key
// that is not known is no error, since not every submission is kept.
type Describer interface {
	Describe(ctx context.Context, key uuid.UUID, d Demographics) error
}

// Demographics are the optional answers about the reporter. Each is "" when not
// given, or one of the values that DemographicValues lists for it.
type Demographics struct {
	Age, Sex, Gender, Ethnicity, Disability string
}

// IsZero reports whether nothing was answered.
func (d Demographics) IsZero() bool { return d == Demographics{} }

// demographicQuestion is one question about the reporter with its answers, in
// the order of the form. Identifiers are stored, so they are frozen.
type demographicQuestion struct {
	id     string
	values []string
	field  func(*Demographics) *string
}

func demographicQuestions() []demographicQuestion {
	return []demographicQuestion{
		{"age", []string{"under_18", "18_24", "25_34", "35_44", "45_54", "55_64", "65_plus"}, func(d *Demographics) *string { return &d.Age }},
		{"sex", []string{"female", "male"}, func(d *Demographics) *string { return &d.Sex }},
		{"gender", []string{"woman", "man", "non_binary", "other"}, func(d *Demographics) *string { return &d.Gender }},
		{"ethnicity", []string{"asian", "black", "mixed", "white", "other"}, func(d *Demographics) *string { return &d.Ethnicity }},
		{"disability", []string{"yes", "no"}, func(d *Demographics) *string { return &d.Disability }},
	}
}

// DemographicValues returns the values that each question may have, by its
// identifier: age, sex, gender, ethnicity and disability.
func DemographicValues() map[string][]string {
	out := map[string][]string{}
	for _, q := range demographicQuestions() {
		out[q.id] = q.values
	}
	return out
}

// Gazetteer finds places by name and names positions.
type Gazetteer interface {
	Search(q string, limit int) []gazetteer.Place
	Landmark(lat, lng float64) (p gazetteer.Place, metres float64, ok bool)
	Attribution() string
}

// OutsideGazetteer is a gazetteer of another host, asked by the server and only
// when somebody presses the search button.
type OutsideGazetteer interface {
	Search(ctx context.Context, q string, limit int) ([]gazetteer.Place, error)
	Attribution() string
}

// PlaceFacts is what may be told to anyone about a cell of resolution 8.
type PlaceFacts struct {
	Release  string     // name of the public release that the figures are from, "" for none yet
	From, To report.Day // of receipt, half-open: what the release counts
	Here     int        // published count of the cell, 0 when it is not shown
	Wider    []Figure   // published figures of the area around; suppressed ones are absent
	Actions  []Action   // what was done there, is planned or will not be done, the latest change first
}

// Figure is one published number. Label is a message identifier of the
// catalogues, such as "theme.environmental".
type Figure struct {
	Label string
	Count int // as published: noisy and rounded
}

// Action is something done about a place, in the words of who answers for it.
type Action struct {
	Status string // identifier of the latest one: seen, planned, done or declined
	Label  Text   // of the status
	Kind   Text
	Title  string // in English
	Note   Text
	Place  string // where, in words
	Steps  []ActionStep
}

// ActionStep is one dated thing that happened with an action.
type ActionStep struct {
	Day  report.Day
	Text Text // "Planned by Croydon Council: four lamps this autumn"
}

// Text is a wording by BCP 47 tag. English must be there.
type Text map[string]string

// In returns the wording in a language, or in English.
func (t Text) In(lang string) string {
	if s := t[lang]; s != "" {
		return s
	}
	return t[words.Fallback]
}

// Lang returns the language that In answers in, so that a screen reader speaks
// it (WCAG 3.1.2).
func (t Text) Lang(lang string) string {
	if t[lang] != "" {
		return lang
	}
	return words.Fallback
}

// PlaceSource tells what is public of a place.
type PlaceSource interface {
	Place(ctx context.Context, cell h3.Cell) (PlaceFacts, error)
}
