package ogc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/streetsafe/streetsafe/internal/release/public"
)

const (
	actionsFile  = "/actions/actions.json"
	actionFormat = 1

	// tiledRes is the resolution whose collection has the release's tiles: the
	// finest, which the deepest zoom shows.
	tiledRes    = 8
	coarsestRes = 5

	dayForm = "2006-01-02"
)

// areaOfCell says how large a hexagon of a resolution is.
var areaOfCell = map[int]string{8: "0.7 km²", 7: "5 km²", 6: "36 km²", 5: "250 km²"}

// source is published files, as public.Handler has them.
type source interface {
	Open(path string) (body []byte, etag string, ok bool)
	Paths() []string
}

// model is what is published, arranged as collections. It is immutable but for
// features, which are read when somebody first asks.
type model struct {
	key         string // of what it was made from
	collections []*collection
	byID        map[string]*collection
	tilesets    map[string]*tileset // by release
	releases    map[string]*parts   // by release
}

// parts is what a release adds to a model. A release never changes, so the next
// model takes it over.
type parts struct {
	manifest    string // its hash
	tiles       *tileset
	collections []*collection
}

// collection is a set of features.
type collection struct {
	ID, Title, Description string
	Release                string // empty for actions
	Synthetic              bool   // it shows made-up reports
	Box                    rect
	First, Last            string   // days, YYYY-MM-DD; empty when nothing is in it
	tiles                  *tileset // nil when it has none
	features               func() ([]feature, error)
}

// feature is one item.
type feature struct {
	id          string
	rawID       json.RawMessage
	geometry    json.RawMessage
	properties  json.RawMessage
	shape       shape
	first, last string // days in which it holds
}

// readModel reads what is published. What had holds of a release is taken over;
// had may be nil.
func readModel(data source, had *model) (*model, error) {
	raw, _, ok := data.Open("/" + public.ManifestFile)
	if !ok {
		return nil, errors.New("ogc: no release is published")
	}
	var index public.Index
	if err := json.Unmarshal(raw, &index); err != nil {
		return nil, fmt.Errorf("ogc: %s: %w", public.ManifestFile, err)
	}
	m := &model{byID: map[string]*collection{}, tilesets: map[string]*tileset{}, releases: map[string]*parts{}}
	limits := tileLimits(data.Paths())
	slices.SortFunc(index.Releases, func(a, b public.Release) int { // newest first; of the same end the shorter
		return strings.Compare(b.To+b.From, a.To+a.From)
	})
	for _, r := range index.Releases {
		p := had.release(r)
		if p == nil {
			var err error
			if p, err = readRelease(data, r, limits[r.ID]); err != nil {
				return nil, fmt.Errorf("ogc: release %s: %w", r.ID, err)
			}
		}
		m.releases[r.ID] = p
		if p.tiles != nil {
			m.tilesets[r.ID] = p.tiles
		}
		for _, c := range p.collections {
			m.add(c)
		}
	}
	return m, m.addActions(data)
}

// release is what a model has of a release, nil when it has nothing.
func (m *model) release(r public.Release) *parts {
	if m == nil || m.releases[r.ID] == nil || m.releases[r.ID].manifest != r.SHA256 {
		return nil
	}
	return m.releases[r.ID]
}

func (m *model) add(c *collection) {
	m.collections = append(m.collections, c)
	m.byID[c.ID] = c
}

func readRelease(data source, r public.Release, limits []limit) (*parts, error) {
	to, err := time.Parse(dayForm, r.To)
	if err != nil {
		return nil, err
	}
	last := to.AddDate(0, 0, -1).Format(dayForm)
	p := &parts{manifest: r.SHA256}
	if p.tiles, err = readTileset(data, r, limits); err != nil {
		return nil, err
	}
	made := ""
	if r.Synthetic {
		made = " Every report in it is made up."
	}
	for res := tiledRes; res >= coarsestRes; res-- {
		c := &collection{ID: "cells-" + r.ID, Release: r.ID, Synthetic: r.Synthetic, First: r.From, Last: last,
			Title: fmt.Sprintf("%s: hexagons of about %s", r.ID, areaOfCell[res]),
			Description: fmt.Sprintf("About how many reports of feeling unsafe there were from %s to %s in hexagons of resolution %d of the H3 grid. "+
				"A place without a number is not a safe place: it may have no reports, too few to show, or none that anybody sent.%s", r.From, last, res, made)}
		if res == tiledRes {
			c.tiles = p.tiles
		} else {
			c.ID += "-res" + strconv.Itoa(res)
		}
		if err := p.add(data, c, fmt.Sprintf("/%s/res%d.geojson", r.ID, res)); err != nil {
			return nil, err
		}
	}
	year := last[:4]
	return p, p.add(data, &collection{ID: "areas-" + year, Release: r.ID, Synthetic: r.Synthetic, First: year + "-01-01", Last: last,
		Title: year + ": police forces by factor",
		Description: "For each police force or area how many reports of the year named each factor. " +
			"Outlines run along hexagons. A factor without a number is not one without reports." + made}, "/"+r.ID+"/areas.geojson")
}

// add adds a collection of the features in a published file, if it is there.
func (p *parts) add(data source, c *collection, path string) error {
	if _, _, ok := data.Open(path); !ok {
		return nil
	}
	p.collections = append(p.collections, c)
	c.features = reader(data, path, c.First, c.Last)
	var err error
	if c.Box, err = boxOf(c); err == nil && p.tiles != nil && c.Box != world {
		p.tiles.Box = p.tiles.Box.and(c.Box) // children of a hexagon stand out of it a little
	}
	return err
}

// world is the box of a collection without a feature.
var world = rect{-180, -90, 180, 90}

// boxOf is the box around all features of a collection.
func boxOf(c *collection) (rect, error) {
	list, err := c.features()
	box := empty
	for _, f := range list {
		box = box.and(f.shape.box)
	}
	if box == empty {
		box = world
	}
	return box, err
}

// reader reads the features of a published file once.
func reader(data source, path, first, last string) func() ([]feature, error) {
	return sync.OnceValues(func() ([]feature, error) {
		raw, _, ok := data.Open(path)
		if !ok {
			return nil, fmt.Errorf("ogc: %s is not published", path)
		}
		var doc struct {
			Synthetic bool
			Features  []struct {
				ID                   json.RawMessage
				Geometry, Properties json.RawMessage
			}
		}
		if err := json.Unmarshal(raw, &doc); err != nil {
			return nil, fmt.Errorf("ogc: %s: %w", path, err)
		}
		list := make([]feature, len(doc.Features))
		for i, f := range doc.Features {
			shape, err := readShape(f.Geometry)
			if err != nil {
				return nil, fmt.Errorf("ogc: %s: feature %d: %w", path, i, err)
			}
			head, ok := bytes.CutSuffix(f.Properties, []byte("}"))
			if !ok || len(head) < 2 { // every feature has a property
				return nil, fmt.Errorf("ogc: %s: feature %d has no properties", path, i)
			}
			properties := fmt.Appendf(bytes.Clone(head), `,"start":%q,"end":%q,"synthetic":%t}`, first, last, doc.Synthetic)
			list[i] = feature{id: strings.Trim(string(f.ID), `"`), rawID: f.ID, geometry: f.Geometry, properties: properties, shape: shape, first: first, last: last}
		}
		return list, nil
	})
}

func (m *model) addActions(data source) error {
	raw, _, ok := data.Open(actionsFile)
	if !ok {
		return nil
	}
	var doc struct {
		Format    int
		Synthetic bool
		Actions   []json.RawMessage
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return fmt.Errorf("ogc: %s: %w", actionsFile, err)
	}
	if doc.Format != actionFormat {
		return fmt.Errorf("ogc: %s has format %d, known is %d", actionsFile, doc.Format, actionFormat)
	}
	c := &collection{ID: "actions", Title: "What was done", Synthetic: doc.Synthetic,
		Description: "What councils and police did about places where people said that they feel unsafe: seen, planned, done, or why not. " +
			"Each stands at the middle of its first hexagon."}
	list := make([]feature, len(doc.Actions))
	for i, raw := range doc.Actions {
		f, err := readAction(raw)
		if err != nil {
			return fmt.Errorf("ogc: %s: action %d: %w", actionsFile, i, err)
		}
		list[i] = f
		if c.First == "" || f.first < c.First {
			c.First = f.first
		}
		c.Last = max(c.Last, f.last)
	}
	c.features = func() ([]feature, error) { return list, nil }
	var err error
	if c.Box, err = boxOf(c); err != nil {
		return err
	}
	m.add(c)
	return nil
}

func readAction(raw json.RawMessage) (feature, error) {
	var a struct {
		ID       string
		Lat, Lng *float64
		Steps    []struct{ Day string }
		Updated  string
	}
	var members map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(raw, &a), json.Unmarshal(raw, &members)); err != nil {
		return feature{}, err
	}
	if a.ID == "" || a.Lat == nil || a.Lng == nil {
		return feature{}, errors.New("it has no id or no place")
	}
	delete(members, "id")
	delete(members, "lat")
	delete(members, "lng")
	f := feature{id: a.ID, first: a.Updated, last: a.Updated}
	for _, s := range a.Steps {
		f.first, f.last = min(f.first, s.Day), max(f.last, s.Day)
	}
	for name, day := range map[string]string{"start": f.first, "end": f.last} {
		if _, err := time.Parse(dayForm, day); err != nil {
			return feature{}, err
		}
		members[name] = json.RawMessage(strconv.Quote(day))
	}
	var err1, err2, err3, err4 error
	f.rawID, err1 = json.Marshal(a.ID)
	f.geometry, err2 = json.Marshal(map[string]any{"type": "Point", "coordinates": [2]float64{*a.Lng, *a.Lat}})
	f.properties, err3 = json.Marshal(members)
	f.shape, err4 = readShape(f.geometry)
	return f, errors.Join(err1, err2, err3, err4)
}
