package form

import (
	"embed"
	"fmt"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/words"
)

// messageFiles hold one language each.
//
//go:embed messages/*.json
var messageFiles embed.FS

// catalogue holds every language.
type catalogue struct {
	words *words.Catalogue
	byTag map[string]*translator
}

// translator speaks one language.
type translator struct{ *words.Translator }

func loadCatalogue() (*catalogue, error) {
	all, err := words.Load(messageFiles, "messages")
	if err != nil {
		return nil, fmt.Errorf("form: %w", err)
	}
	c := &catalogue{words: all, byTag: map[string]*translator{}}
	for _, tr := range all.All() {
		c.byTag[tr.Lang] = &translator{tr}
	}
	return c, nil
}

// pick returns the language that was asked for, or else the best for an
// Accept-Language header.
func (c *catalogue) pick(asked, accept string) *translator {
	return c.byTag[c.words.Pick(asked, accept).Lang]
}

// all returns the languages in the order of the switch.
func (c *catalogue) all() []*translator {
	var out []*translator
	for _, tr := range c.words.All() {
		out = append(out, c.byTag[tr.Lang])
	}
	return out
}

// Factor returns the wording of a factor.
func (t *translator) Factor(f report.Factor) string { return t.T("factor." + f.ID()) }

// Day writes a date as people read it, such as "3 November 2026".
func (t *translator) Day(d report.Day) string { return t.Date(d.Time()) }
