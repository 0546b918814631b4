package ingest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/streetsafe/streetsafe/internal/report"
)

// header is the column names of a file, in order.
type header []string

// index finds a column by name; surrounding space and, if need be, case do not
// matter. It returns -1 when there is none.
func (h header) index(name string) int {
	i := slices.Index(h, name)
	if i < 0 {
		i = slices.IndexFunc(h, func(s string) bool { return strings.EqualFold(strings.TrimSpace(s), name) })
	}
	return i
}

// plan is how the rows of one file are read. It is made once and shared by the
// parsers, which only read it.
type plan struct {
	file   string
	format Format
	preset string
	rules  report.Rules

	names      [numFields]string // as the file calls the fields, for rejects
	columns    [numFields]int    // CSV: index of the column, or -1
	width      int               // CSV: number of columns
	delim      byte              // CSV
	categories map[string]report.Factors
	everything report.Factors // for every row, whatever its category; 0: none
	timeLayout string
	zone       *time.Location // every time is converted to it; nil: as written
	assumed    *time.Location // of times without an offset when zone is nil; nil: not known
	repeatsIDs bool
	note       string // what the summary says of the preset's categories
}

// AnyCategory is the key of Options.Factors that stands for every category that
// has no entry of its own.
const AnyCategory = "*"

// newPlan joins preset and options.
func newPlan(file string, format Format, h header, o Options) (*plan, error) {
	preset, ok := presetByName(o.Preset)
	switch {
	case o.Preset == "":
		preset = recognisePreset(h)
	case !ok:
		return nil, CheckPreset(o.Preset)
	}
	p := &plan{
		file: file, format: format, preset: preset.Name, rules: o.Rules, names: preset.columns,
		timeLayout: preset.timeLayout, repeatsIDs: preset.repeatsIDs, width: len(h),
	}
	if err := p.checkBox(preset); err != nil {
		return nil, err
	}
	p.setFactors(preset, o.Factors)
	if err := p.setZone(preset, o.Timezone); err != nil {
		return nil, err
	}
	return p, p.setColumns(preset, h, o.Columns)
}

// checkBox refuses a file of which the preset tells that all of it lies outside
// the area. A preset never widens the area by itself.
func (p *plan) checkBox(preset Preset) error {
	b := preset.box
	if b == nil || p.rules.Area.Contains((b.South+b.North)/2, (b.West+b.East)/2) {
		return nil
	}
	return &WrongFileError{p.file,
		fmt.Sprintf("it is %s (%s), and all of it lies outside the area %s", preset.Name, preset.Title, p.rules.Area),
		fmt.Sprintf("pass --area world or --area=%s", b)}
}

func (p *plan) setFactors(preset Preset, more map[string]report.Factors) {
	if len(preset.categories)+len(more) == 0 {
		return
	}
	p.note = preset.note
	for category := range more {
		if _, changed := preset.categories[normalCategory(category)]; changed {
			p.note = "" // whoever changes the mapping knows it
		}
	}
	p.categories = make(map[string]report.Factors, len(preset.categories)+len(more))
	for _, m := range []map[string]report.Factors{preset.categories, more} {
		for category, factors := range m {
			if category == AnyCategory {
				p.everything = factors
				continue
			}
			p.categories[normalCategory(category)] = factors
		}
	}
}

// setZone settles the clock; see the package comment.
func (p *plan) setZone(preset Preset, name string) error {
	if name == "" {
		name = preset.timezone
	}
	if name != "" {
		zone, err := loadZone(name)
		if err != nil {
			return err
		}
		p.zone = zone
		return nil
	}
	if !insideUK(p.rules.Area) {
		return nil
	}
	zone, err := loadZone("Europe/London")
	p.assumed = zone
	return err
}

// CheckTimezone tells whether Options.Timezone may hold a name.
func CheckTimezone(name string) error {
	if name == "" {
		return nil
	}
	_, err := loadZone(name)
	return err
}

func loadZone(name string) (*time.Location, error) {
	// LoadLocation takes "Local" for the zone of the machine, on which the
	// result of an import must not depend.
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, fmt.Errorf("unknown time zone %q: expected a name such as Europe/London or UTC", name)
	}
	return zone, nil
}

// insideUK tells whether an area is the United Kingdom or a box inside it.
func insideUK(a report.Area) bool {
	uk, err := report.ParseArea("uk")
	if err != nil {
		return false
	}
	b := a.Bounds()
	return a.String() == uk.String() || uk.Contains(b.South, b.West) && uk.Contains(b.South, b.East) &&
		uk.Contains(b.North, b.West) && uk.Contains(b.North, b.East)
}

// setColumns finds the columns of the fields. Only CSV has a header to be held
// to; the objects of JSON may each lack some members.
func (p *plan) setColumns(preset Preset, h header, named map[string]string) error {
	for name := range named {
		if !slices.Contains(fieldNames[:], name) {
			return fmt.Errorf("unknown column %q: expected one of %s", name, strings.Join(fieldNames[:], ", "))
		}
	}
	var missing []string
	for f := range p.columns {
		given, isGiven := named[fieldNames[f]]
		if isGiven {
			p.names[f] = given
		}
		p.columns[f] = -1
		if p.names[f] == "" {
			continue
		}
		p.columns[f] = h.index(p.names[f])
		for _, alias := range preset.aliases[f] {
			if p.columns[f] < 0 && !isGiven && h.index(alias) >= 0 {
				p.names[f], p.columns[f] = alias, h.index(alias)
			}
		}
		optional := !isGiven && (f == fieldID || f == fieldFactors && p.everything != 0)
		if p.columns[f] < 0 && !optional {
			missing = append(missing, p.missing(f))
		}
	}
	if len(missing) == 0 || p.format != CSV {
		return nil
	}
	return &WrongFileError{p.file,
		fmt.Sprintf("its header has no column for %s; it has: %s", strings.Join(missing, ", "), clip(strings.Join(h, ", "))),
		"name the columns with --column, such as --column occurred_at='Date reported', or use the header " + canonicalHeader}
}

func (p *plan) missing(f int) string {
	if p.names[f] == fieldNames[f] {
		return p.names[f]
	}
	return fmt.Sprintf("%s (%q)", fieldNames[f], p.names[f])
}

// ParseColumns reads assignments such as "occurred_at=Date reported" for
// Options.Columns.
func ParseColumns(assignments []string) (map[string]string, error) {
	out := make(map[string]string, len(assignments))
	for _, a := range assignments {
		name, column, ok := strings.Cut(a, "=")
		name, column = strings.TrimSpace(name), strings.TrimSpace(column)
		if !ok || column == "" || !slices.Contains(fieldNames[:], name) {
			return nil, fmt.Errorf("column %q: expected name=header, with one of the names %s", a, strings.Join(fieldNames[:], ", "))
		}
		out[name] = column
	}
	return out, nil
}

// ParseFactors reads assignments such as "Street Light Out=badly_lit" for
// Options.Factors. Several factors are joined by "|"; none at all means that
// the category is skipped. The category "*" stands for all others.
func ParseFactors(assignments []string) (map[string]report.Factors, error) {
	out := make(map[string]report.Factors, len(assignments))
	for _, a := range assignments {
		at := strings.LastIndexByte(a, '=')
		if at <= 0 {
			return nil, fmt.Errorf("factor %q: expected category=factor, such as 'Street Light Out=badly_lit'", a)
		}
		var set report.Factors
		for _, id := range strings.Split(a[at+1:], "|") {
			if strings.TrimSpace(id) == "" {
				continue
			}
			f, err := report.ParseFactor(id)
			if err != nil {
				return nil, fmt.Errorf("factor %q: %w", a, err)
			}
			set = set.With(f)
		}
		out[strings.TrimSpace(a[:at])] = set
	}
	return out, nil
}

// maxShown bounds what messages and rejects quote from a file.
const maxShown = 200

// clip makes text from a file fit for a message: valid, short.
func clip(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= maxShown {
		return s
	}
	return strings.ToValidUTF8(s[:maxShown], "") + "…"
}
