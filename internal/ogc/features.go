package ogc

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	defaultLimit = 1000
	maxLimit     = 10000
	maxOffset    = 1 << 31
)

// itemParams are the parameters of a collection's items besides f.
var itemParams = []string{"limit", "offset", "bbox", "datetime"}

// selection is what a request for items asks for.
type selection struct {
	limit, offset int
	boxes         []rect // none is everywhere
	from, to      string // days; empty is open
}

type featureDoc struct {
	Type       string          `json:"type"`
	ID         json.RawMessage `json:"id"`
	Geometry   json.RawMessage `json:"geometry"`
	Properties json.RawMessage `json:"properties"`
	Links      []link          `json:"links,omitempty"`
}

type itemsDoc struct {
	Type     string       `json:"type"`
	Matched  int          `json:"numberMatched"`
	Returned int          `json:"numberReturned"`
	Links    []link       `json:"links"`
	Features []featureDoc `json:"features"`
}

func (f *feature) doc(links ...link) featureDoc {
	return featureDoc{"Feature", f.rawID, f.geometry, f.properties, links}
}

func (v *visit) items(c *collection) (*page, error) {
	s, err := v.selection()
	if err != nil {
		return nil, err
	}
	list, err := c.features()
	if err != nil {
		return nil, err
	}
	d := itemsDoc{Type: "FeatureCollection", Features: []featureDoc{}}
	var shown []*feature
	for i := range list {
		f := &list[i]
		if !s.takes(f) {
			continue
		}
		if d.Matched++; d.Matched > s.offset && len(shown) < s.limit {
			shown = append(shown, f)
			d.Features = append(d.Features, f.doc())
		}
	}
	d.Returned = len(shown)
	d.Links = append(v.selves(typeGeoJSON), link{Href: v.at("collections", c.ID), Rel: "collection", Type: typeJSON, Title: c.Title})
	d.Links = append(d.Links, v.pages(c, s, d.Matched)...)
	return &page{typeGeoJSON, d, v.itemsHTML(c, d, shown)}, nil
}

// pages are the links to the pages before and after.
func (v *visit) pages(c *collection, s *selection, matched int) []link {
	var out []link
	typ := typeGeoJSON
	if v.format == formatHTML {
		typ = "text/html"
	}
	to := func(rel, title string, offset int) {
		q := v.query
		values := map[string]string{"f": v.format, "limit": strconv.Itoa(s.limit), "offset": strconv.Itoa(offset), "bbox": q.Get("bbox"), "datetime": q.Get("datetime")}
		var parts []string
		for _, name := range append([]string{"f"}, itemParams...) {
			if values[name] != "" {
				parts = append(parts, name+"="+escape(values[name]))
			}
		}
		out = append(out, link{Href: v.at("collections", c.ID, "items") + "?" + strings.Join(parts, "&"), Rel: rel, Type: typ, Title: title})
	}
	if s.offset > 0 {
		to("prev", "The page before", max(0, s.offset-s.limit))
	}
	if s.offset+s.limit < matched {
		to("next", "The next page", s.offset+s.limit)
	}
	return out
}

func (v *visit) item(c *collection, id string) (*page, error) {
	list, err := c.features()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(f feature) bool { return f.id == id })
	if i < 0 {
		return nil, missing("item " + id)
	}
	d := list[i].doc(append(v.selves(typeGeoJSON),
		link{Href: v.at("collections", c.ID), Rel: "collection", Type: typeJSON, Title: c.Title},
		link{Href: v.licence, Rel: "license", Title: "Licence"})...)
	return &page{typeGeoJSON, d, v.itemHTML(c, &list[i])}, nil
}

func (v *visit) selection() (*selection, error) {
	s := &selection{limit: defaultLimit}
	var err1, err2, err3, err4 error
	s.limit, err1 = v.number("limit", defaultLimit, 1)
	s.limit = min(s.limit, maxLimit) // more is no error (17-069r4, requirement 21)
	s.offset, err2 = v.number("offset", 0, 0)
	if v.query.Has("bbox") {
		s.boxes, err3 = parseBoxes(v.query.Get("bbox"))
	}
	if v.query.Has("datetime") {
		s.from, s.to, err4 = parseInterval(v.query.Get("datetime"))
	}
	return s, errors.Join(err1, err2, err3, err4)
}

func (v *visit) number(name string, otherwise, least int) (int, error) {
	if !v.query.Has(name) {
		return otherwise, nil
	}
	text := v.query.Get(name)
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > maxOffset || strings.ContainsAny(text, "+ ") {
		return 0, invalid(name, text, fmt.Sprintf("a whole number, %d or more", least))
	}
	return n, nil
}

// parseBoxes reads west, south, east, north, or the same with heights, which
// features here do not have. A box over the 180th meridian becomes two.
func parseBoxes(text string) ([]rect, error) {
	bad := invalid("bbox", text, "west,south,east,north in degrees, such as -0.3,51.2,0.1,51.5")
	parts := strings.Split(text, ",")
	if len(parts) != 4 && len(parts) != 6 {
		return nil, bad
	}
	n := make([]float64, len(parts))
	for i, p := range parts {
		var err error
		if n[i], err = strconv.ParseFloat(strings.TrimSpace(p), 64); err != nil || math.IsNaN(n[i]) || math.IsInf(n[i], 0) {
			return nil, bad
		}
	}
	if len(n) == 6 {
		if n[2] > n[5] {
			return nil, bad
		}
		n = []float64{n[0], n[1], n[3], n[4]}
	}
	r := rect{n[0], n[1], n[2], n[3]}
	if r[1] > r[3] {
		return nil, bad
	}
	if r[0] > r[2] {
		return []rect{{r[0], r[1], 180, r[3]}, {-180, r[1], r[2], r[3]}}, nil
	}
	return []rect{r}, nil
}

// parseInterval reads a time, or two with a slash between, either of which may
// be open: "" or "..". Features hold for days, so a time stands for its day.
func parseInterval(text string) (from, to string, err error) {
	bad := invalid("datetime", text, "a time of RFC 3339 or a day, or two with a slash between, such as 2026-01-01T00:00:00Z/..")
	one := func(s string) (string, bool) {
		if s == "" || s == ".." {
			return "", true
		}
		for _, form := range []string{time.RFC3339, dayForm} {
			if t, err := time.Parse(form, s); err == nil {
				return t.UTC().Format(dayForm), true
			}
		}
		return "", false
	}
	first, second, interval := strings.Cut(strings.ToUpper(text), "/")
	from, ok1 := one(first)
	to, ok2 := one(second)
	if !interval {
		to, ok2 = from, from != ""
	}
	if !ok1 || !ok2 || from != "" && to != "" && from > to {
		return "", "", bad
	}
	return from, to, nil
}

func (s *selection) takes(f *feature) bool {
	if s.to != "" && f.first > s.to || s.from != "" && f.last < s.from {
		return false
	}
	return len(s.boxes) == 0 || slices.ContainsFunc(s.boxes, f.shape.meets)
}
