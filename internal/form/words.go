package form

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"github.com/streetsafe/streetsafe/internal/report"
)

// messageFiles hold one language each, named by its BCP 47 tag. Adding a
// language is adding its file: the switch, the matching of Accept-Language and
// the tests find it here.
//
//go:embed messages/*.json
var messageFiles embed.FS

// fallback is the language of texts that another one lacks.
const fallback = "en"

// catalogue holds every language.
type catalogue struct {
	tags    []language.Tag // the fallback first
	byTag   map[string]*translator
	matcher language.Matcher
}

// translator speaks one language.
type translator struct {
	Lang string // BCP 47
	Dir  string // "ltr" or "rtl"
	Name string // in the language itself
	loc  *i18n.Localizer
}

func loadCatalogue() (*catalogue, error) {
	bundle := i18n.NewBundle(language.MustParse(fallback))
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	files, err := messageFiles.ReadDir("messages")
	if err != nil {
		return nil, fmt.Errorf("form: messages: %w", err)
	}
	c := &catalogue{byTag: map[string]*translator{}}
	for _, f := range files {
		m, err := bundle.LoadMessageFileFS(messageFiles, path.Join("messages", f.Name()))
		if err != nil {
			return nil, fmt.Errorf("form: messages: %w", err)
		}
		c.tags = append(c.tags, m.Tag)
	}
	slices.SortStableFunc(c.tags, func(a, b language.Tag) int {
		return strings.Compare(sortKey(a), sortKey(b))
	})
	c.matcher = language.NewMatcher(c.tags)
	for _, t := range c.tags {
		tr := &translator{Lang: t.String(), loc: i18n.NewLocalizer(bundle, t.String(), fallback)}
		tr.Dir, tr.Name = tr.T("lang.dir"), tr.T("lang.name")
		c.byTag[tr.Lang] = tr
	}
	return c, nil
}

// sortKey puts the languages of the country first, in its usual order.
func sortKey(t language.Tag) string {
	switch s := t.String(); s {
	case fallback:
		return "0"
	case "cy":
		return "1"
	default:
		return "2" + s
	}
}

// pick returns the language that was asked for, or else the best for an
// Accept-Language header.
func (c *catalogue) pick(asked, accept string) *translator {
	if tr, ok := c.byTag[asked]; ok {
		return tr
	}
	// A damaged header gives no tags and so the fallback.
	wanted, _, _ := language.ParseAcceptLanguage(accept)
	_, i, _ := c.matcher.Match(wanted...)
	return c.byTag[c.tags[i].String()]
}

// all returns the languages in the order of the switch.
func (c *catalogue) all() []*translator {
	out := make([]*translator, 0, len(c.tags))
	for _, t := range c.tags {
		out = append(out, c.byTag[t.String()])
	}
	return out
}

// T returns a message. Arguments are names and values in turn; the argument
// Count also chooses the plural form. A message that no language has is its
// own identifier, which the tests of the catalogues exclude.
func (t *translator) T(id string, args ...any) string {
	cfg := &i18n.LocalizeConfig{MessageID: id}
	if len(args) > 0 {
		data := map[string]any{}
		for i := 0; i+1 < len(args); i += 2 {
			name, _ := args[i].(string)
			data[name] = args[i+1]
		}
		cfg.TemplateData, cfg.PluralCount = data, data["Count"]
	}
	s, err := t.loc.Localize(cfg)
	if err != nil && s == "" {
		return id
	}
	return s
}

// Factor returns the wording of a factor.
func (t *translator) Factor(f report.Factor) string { return t.T("factor." + f.ID()) }

// Day writes a date as people read it, such as "3 November 2026".
func (t *translator) Day(d report.Day) string {
	at := d.Time()
	return t.T("date", "Day", at.Day(), "Month", t.T(fmt.Sprintf("month.%d", at.Month())), "Year", at.Year())
}
