package site

import (
	"fmt"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// query is the state of a page, as its address has it. What an address does not
// say, or says wrongly, is the default, so that an old link still opens.
type query struct {
	Lang    string
	Release string // "" is the newest
	Theme   string // "" is all reports
	At      string // "51.37270,-0.09940,12": latitude, longitude, zoom; "" is all there is
	Box     string // "-0.20,51.30,0.02,51.42": west, south, east, north, instead of At
	Cell    string // the hexagon that is open
	Look    string // "light", "dark", "contrast" or "" for the reader's own
	Accent  string // six hexadecimal digits
	View    string // "" is the map, "forces" the table by force and factor
	Force   string
	Height  int    // of an embed's map in CSS pixels; 0 is defaultHeight
	Body    string // who acted
	Status  string
}

var (
	looks       = []string{"light", "dark", "contrast"}
	cellForm    = regexp.MustCompile(`^8[0-9a-f]{14}$`)
	accentForm  = regexp.MustCompile(`^[0-9a-f]{6}$`)
	languageTag = regexp.MustCompile(`^[a-z]{2,3}$`)
)

const (
	maxMapZoom = 16

	viewForces = "forces" // query.View

	minHeight, defaultHeight, maxHeight = 240, 420, 1000
)

func parseQuery(v url.Values, m *model) query {
	known := func(name string, list ...string) string {
		if s := v.Get(name); slices.Contains(list, s) {
			return s
		}
		return ""
	}
	matched := func(name string, form *regexp.Regexp) string {
		if s := v.Get(name); form.MatchString(s) {
			return s
		}
		return ""
	}
	q := query{Lang: matched("lang", languageTag), Theme: known("theme", themes[1:]...), At: parseAt(v.Get("at")), Box: parseBox(v.Get("box")), Cell: matched("cell", cellForm),
		Look: known("look", looks...), Accent: matched("accent", accentForm), View: known("view", viewForces), Status: known("status", statuses...)}
	if q.At != "" {
		q.Box = ""
	}
	if n, err := strconv.Atoi(v.Get("h")); err == nil && n >= minHeight && n <= maxHeight && n != defaultHeight {
		q.Height = n
	}
	if m.byID[v.Get("release")] != nil {
		q.Release = v.Get("release")
	}
	if e := m.newestForces(); e != nil {
		for _, f := range e.Forces {
			if f.ID == v.Get("force") {
				q.Force = f.ID
			}
		}
	}
	if slices.Contains(m.actions.bodies(), v.Get("body")) {
		q.Body = v.Get("body")
	}
	return q
}

// parseAt reads a place and zoom and writes them again in one way.
func parseAt(s string) string {
	parts := strings.Split(s, ",")
	if len(parts) != 3 {
		return ""
	}
	lat, err1 := strconv.ParseFloat(parts[0], 64)
	lng, err2 := strconv.ParseFloat(parts[1], 64)
	zoom, err3 := strconv.Atoi(parts[2])
	// The comparison is false for what is not a number.
	if err1 != nil || err2 != nil || err3 != nil || !(math.Abs(lat) <= 85 && math.Abs(lng) <= 180) || zoom < 0 || zoom > maxMapZoom {
		return ""
	}
	return fmt.Sprintf("%.4f,%.4f,%d", lat, lng, zoom)
}

// parseBox reads a box and writes it again in one way.
func parseBox(s string) string {
	b, ok := boxOf(s)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%.4f,%.4f,%.4f,%.4f", b[0], b[1], b[2], b[3])
}

// boxOf reads west, south, east and north in degrees.
func boxOf(s string) (b [4]float64, ok bool) {
	parts := strings.Split(s, ",")
	if len(parts) != 4 {
		return b, false
	}
	for i, part := range parts {
		v, err := strconv.ParseFloat(part, 64)
		if err != nil || !(math.Abs(v) <= 180) {
			return b, false
		}
		b[i] = v
	}
	return b, b[0] < b[2] && b[1] < b[3] && b[1] >= -85 && b[3] <= 85
}

// String is the address of the state: the same for the same state.
func (q query) String() string {
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+"="+strings.ReplaceAll(url.QueryEscape(value), "%2C", ","))
		}
	}
	add("lang", q.Lang)
	add("release", q.Release)
	add("theme", q.Theme)
	add("at", q.At)
	add("box", q.Box)
	add("cell", q.Cell)
	add("view", q.View)
	add("force", q.Force)
	add("look", q.Look)
	add("accent", q.Accent)
	if q.Height > 0 {
		add("h", strconv.Itoa(q.Height))
	}
	add("body", q.Body)
	add("status", q.Status)
	return strings.Join(parts, "&")
}

// edition is the release that is asked for, or nil when there is none at all.
func (q query) edition(m *model) *edition {
	if e := m.byID[q.Release]; e != nil {
		return e
	}
	return m.newest()
}

// height is that of an embed's map in CSS pixels.
func (q query) height() int {
	if q.Height > 0 {
		return q.Height
	}
	return defaultHeight
}

// theme is the column that is asked for.
func (q query) theme() string {
	if q.Theme == "" {
		return themes[0]
	}
	return q.Theme
}
