package action

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Limits of an action. Notes are read on a phone; cells fill one hexagon of the
// coarsest resolution that the map has.
const (
	MaxLine        = 120    // runes of a title, a body, a place
	MaxNote        = 1000   // runes of a note
	MaxSteps       = 30     // steps of an action
	MaxPublicCells = 16_807 // 7^5, what a cell of resolution 3 has at PublicResolution
	MaxCells       = 20_000
)

// FieldError says which part of an action is not as it must be, and what to do.
type FieldError struct {
	Field string // as the API names it, such as "steps[1].day"
	Value string
	Want  string // what is expected
}

func (e *FieldError) Error() string {
	if e.Value == "" {
		return e.Field + ": expected " + e.Want
	}
	return fmt.Sprintf("%s %q: expected %s", e.Field, e.Value, e.Want)
}

// Tidy returns the action as it is kept: texts without space around them, cells
// ascending and each once.
func (a Action) Tidy() Action {
	for _, s := range []*string{&a.Title, &a.Body, &a.Note, &a.NoteCY, &a.PartnerNote, &a.Place} {
		*s = tidy(*s)
	}
	a.Steps = slices.Clone(a.Steps)
	for i := range a.Steps {
		s := &a.Steps[i]
		s.Body, s.Note, s.NoteCY = tidy(s.Body), tidy(s.Note), tidy(s.NoteCY)
	}
	a.Cells = slices.Clone(a.Cells)
	slices.Sort(a.Cells)
	a.Cells = slices.Compact(a.Cells)
	return a
}

func tidy(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
}

// Check says what is wrong with an action, or nil: a *FieldError. today is the
// last day on which anything can have happened.
func (a Action) Check(today report.Day) error {
	if id, err := uuid.Parse(a.ID); err != nil || id.String() != a.ID {
		return &FieldError{"id", a.ID, "a UUID in lower case"}
	}
	if !slices.Contains(Kinds(), a.Kind) {
		return &FieldError{"kind", string(a.Kind), "one of " + join(Kinds())}
	}
	for _, t := range []struct {
		field, value string
		least, most  int
		lines        bool
	}{
		{"title", a.Title, 0, MaxLine, false},
		{"body", a.Body, 2, MaxLine, false},
		{"place", a.Place, 0, MaxLine, false},
		{"note", a.Note, 0, MaxNote, true},
		{"note_cy", a.NoteCY, 0, MaxNote, true},
		{"partner_note", a.PartnerNote, 0, MaxNote, true},
	} {
		if err := checkText(t.field, t.value, t.least, t.most, t.lines); err != nil {
			return err
		}
	}
	if err := a.checkSteps(today); err != nil {
		return err
	}
	if err := a.checkWorks(); err != nil {
		return err
	}
	return a.checkCells()
}

func checkText(field, s string, least, most int, lines bool) error {
	n := utf8.RuneCountInString(s)
	if !utf8.ValidString(s) || n < least || n > most {
		return &FieldError{field, clip(s), fmt.Sprintf("%d to %d letters; it has %d", least, most, n)}
	}
	for _, c := range s {
		if unicode.IsControl(c) && !(lines && (c == '\n' || c == '\t')) {
			return &FieldError{field, clip(s), "letters, without control characters"}
		}
	}
	return nil
}

// clip keeps a value short enough to be repeated to whoever sent it.
func clip(s string) string {
	const most = 60
	if r := []rune(strings.ToValidUTF8(s, "?")); len(r) > most {
		return string(r[:most]) + "…"
	}
	return strings.ToValidUTF8(s, "?")
}

func join[T ~string](all []T) string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = string(s)
	}
	return strings.Join(out, ", ")
}

func (a Action) checkSteps(today report.Day) error {
	if len(a.Steps) == 0 || len(a.Steps) > MaxSteps {
		return &FieldError{"steps", fmt.Sprint(len(a.Steps)), fmt.Sprintf("1 to %d steps", MaxSteps)}
	}
	for i, s := range a.Steps {
		at := func(name string) string { return fmt.Sprintf("steps[%d].%s", i, name) }
		switch {
		case !slices.Contains(Statuses(), s.Status):
			return &FieldError{at("status"), string(s.Status), "one of " + join(Statuses())}
		case s.Day < report.MinDay || s.Day > today:
			return &FieldError{at("day"), s.Day.String(), fmt.Sprintf("a day from %s to today, %s: what is to come belongs into the works or the note", report.MinDay, today)}
		case i > 0 && s.Day < a.Steps[i-1].Day:
			return &FieldError{at("day"), s.Day.String(), fmt.Sprintf("a day not before that of the step before, %s", a.Steps[i-1].Day)}
		case s.Status == Declined && s.Note == "":
			return &FieldError{at("note"), "", "the reason why it is not going ahead, which the public reads"}
		}
		for _, err := range []error{
			checkText(at("body"), s.Body, 2, MaxLine, false),
			checkText(at("note"), s.Note, 0, MaxNote, true),
			checkText(at("note_cy"), s.NoteCY, 0, MaxNote, true),
		} {
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (a Action) checkWorks() error {
	w := a.Works
	switch {
	case w.IsZero():
		return nil
	case w.From < report.MinDay || w.From > report.MaxDay:
		return &FieldError{"works.from", w.From.String(), fmt.Sprintf("a day from %s on", report.MinDay)}
	case w.To <= w.From || w.To > w.From+maxWorksDays:
		return &FieldError{"works.to", w.To.String(), fmt.Sprintf("the day after the last, after %s and at most three years later", w.From)}
	}
	return nil
}

const maxWorksDays = 3 * 366

func (a Action) checkCells() error {
	if len(a.Cells) == 0 || len(a.Cells) > MaxCells {
		return &FieldError{"cells", fmt.Sprint(len(a.Cells)), fmt.Sprintf("1 to %d hexagons", MaxCells)}
	}
	public := 0
	seen := map[h3.Cell]bool{}
	for _, c := range a.Cells {
		if !c.IsValid() || c.Resolution() < report.CoarsestResolution || c.Resolution() > report.Resolution {
			return &FieldError{"cells", c.String(), fmt.Sprintf("H3 cells of resolution %d to %d", report.CoarsestResolution, report.Resolution)}
		}
		res := c.Resolution()
		if res < PublicResolution {
			n := 1
			for range PublicResolution - res {
				n *= 7
			}
			public += n
		} else if p, err := c.Parent(PublicResolution); err == nil && !seen[p] {
			seen[p] = true
			public++
		}
	}
	if public > MaxPublicCells {
		return &FieldError{"cells", fmt.Sprintf("%d hexagons of resolution %d", public, PublicResolution), fmt.Sprintf("a place of at most %d of them: draw a smaller one", MaxPublicCells)}
	}
	return nil
}

// PublicCells are the cells of PublicResolution in which an action lies,
// ascending: ancestors of finer cells, descendants of coarser ones.
func (a Action) PublicCells() ([]h3.Cell, error) {
	var out []h3.Cell
	for _, c := range a.Cells {
		if c.Resolution() < PublicResolution {
			children, err := c.Children(PublicResolution)
			if err != nil {
				return nil, fmt.Errorf("action %s: cells in %s: %w", a.ID, c, err)
			}
			out = append(out, children...)
			continue
		}
		p, err := c.Parent(PublicResolution)
		if err != nil {
			return nil, fmt.Errorf("action %s: cell around %s: %w", a.ID, c, err)
		}
		out = append(out, p)
	}
	slices.SortFunc(out, cmp.Compare[h3.Cell])
	return slices.Compact(out), nil
}
