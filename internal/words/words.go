// Package words speaks the languages of the pages: catalogues of messages, one
// file each, and the matching of what a browser asks for.
package words

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Fallback is the language of texts that another one lacks.
const Fallback = "en"

// Catalogue holds every language. It is immutable.
type Catalogue struct {
	tags    []language.Tag // the fallback first
	byTag   map[string]*Translator
	matcher language.Matcher
}

// Translator speaks one language.
type Translator struct {
	Lang string // BCP 47
	Dir  string // "ltr" or "rtl"
	Name string // in the language itself
	loc  *i18n.Localizer
}

// Load reads the languages of a folder, each file named by its BCP 47 tag.
// Adding a language is adding its file: the switch, the matching of
// Accept-Language and the tests find it there. Every file has the messages
// lang.dir, lang.name, date and month.1 to month.12.
func Load(files fs.FS, dir string) (*Catalogue, error) {
	bundle := i18n.NewBundle(language.MustParse(Fallback))
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	list, err := fs.ReadDir(files, dir)
	if err != nil {
		return nil, fmt.Errorf("messages: %w", err)
	}
	c := &Catalogue{byTag: map[string]*Translator{}}
	for _, f := range list {
		m, err := bundle.LoadMessageFileFS(files, path.Join(dir, f.Name()))
		if err != nil {
			return nil, fmt.Errorf("messages: %w", err)
		}
		c.tags = append(c.tags, m.Tag)
	}
	slices.SortStableFunc(c.tags, func(a, b language.Tag) int {
		return strings.Compare(sortKey(a), sortKey(b))
	})
	c.matcher = language.NewMatcher(c.tags)
	for _, t := range c.tags {
		tr := &Translator{Lang: t.String(), loc: i18n.NewLocalizer(bundle, t.String(), Fallback)}
		tr.Dir, tr.Name = tr.T("lang.dir"), tr.T("lang.name")
		c.byTag[tr.Lang] = tr
	}
	return c, nil
}

// sortKey puts the languages of the country first, in its usual order.
func sortKey(t language.Tag) string {
	switch s := t.String(); s {
	case Fallback:
		return "0"
	case "cy":
		return "1"
	default:
		return "2" + s
	}
}

// Pick returns the language that was asked for, or else the best for an
// Accept-Language header.
func (c *Catalogue) Pick(asked, accept string) *Translator {
	if tr, ok := c.byTag[asked]; ok {
		return tr
	}
	// A damaged header gives no tags and so the fallback.
	wanted, _, _ := language.ParseAcceptLanguage(accept)
	_, i, _ := c.matcher.Match(wanted...)
	return c.byTag[c.tags[i].String()]
}

// Has reports whether a language is there.
func (c *Catalogue) Has(lang string) bool { return c.byTag[lang] != nil }

// All returns the languages in the order of the switch.
func (c *Catalogue) All() []*Translator {
	out := make([]*Translator, 0, len(c.tags))
	for _, t := range c.tags {
		out = append(out, c.byTag[t.String()])
	}
	return out
}

// T returns a message. Arguments are names and values in turn; the argument
// Count also chooses the plural form. A message that no language has is its
// own identifier, which the tests of the catalogues exclude.
func (t *Translator) T(id string, args ...any) string {
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

// Date writes a date as people read it, such as "3 November 2026".
func (t *Translator) Date(at time.Time) string {
	return t.T("date", "Day", at.Day(), "Month", t.T(fmt.Sprintf("month.%d", at.Month())), "Year", at.Year())
}
