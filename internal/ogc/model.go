package ogc

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

func readModel(data source) (*model, error) {
	raw, _, ok := data.Open("/" + public.ManifestFile)
	if !ok {
		return nil, errors.New("ogc: no release is published")
	}
	var index public.Index
	if err := json.Unmarshal(raw, &index); err != nil {
		return nil, fmt.Errorf("ogc: %s: %w", public.ManifestFile, err)
	}
	m := &model{byID: map[string]*collection{}, tilesets: map[string]*tileset{}}
	limits := tileLimits(data.Paths())
	slices.SortFunc(index.Releases, func(a, b public.Release) int { // newest first; of the same end the shorter
		return strings.Compare(b.To+b.From, a.To+a.From)
	})
	for _, r := range index.Releases {
		if err := m.addRelease(data, r, limits[r.ID]); err != nil {
			return nil, fmt.Errorf("ogc: release %s: %w", r.ID, err)
		}
	}
	return m, m.addActions(data)
}

func (m *model) add(c *collection) {
	m.collections = append(m.collections, c)
	m.byID[c.ID] = c
}

func (m *model) addRelease(data source, r public.Release, limits []limit) error {
	to, err := time.Parse(dayForm, r.To)
	if err != nil {
		return err
	}
	last := to.AddDate(0, 0, -1).Format(dayForm)
	t, err := readTileset(data, r, limits)
	if err != nil {
		return err
	}
	m.tilesets[r.ID] = t
	made := ""
	if r.Synthetic {
		made = " Every report in it is made up."
	}
	for res := tiledRes; res >= coarsestRes; res-- {
		c := &collection{ID: "cells-" + r.ID, Release: r.ID, Synthetic: r.Synthetic, Box: t.Box, First: r.From, Last: last,
			Title: fmt.Sprintf("%s: hexagons of about %s", r.ID, areaOfCell[res]),
			Description: fmt.Sprintf("About how many reports of feeling unsafe there were from %s to %s in hexagons of resolution %d of the H3 grid. "+
				"A place without a number is not a safe place: it may have no reports, too few to show, or none that anybody sent.%s", r.From, last, res, made)}
		if res == tiledRes {
			c.tiles = t
		} else {
			c.ID += "-res" + strconv.Itoa(res)
		}
		c.features = reader(data, fmt.Sprintf("/%s/res%d.geojson", r.ID, res), c.First, c.Last)
		m.add(c)
	}
	areas := "/" + r.ID + "/areas.geojson"
	if _, _, ok := data.Open(areas); ok {
		year := last[:4]
		c := &collection{ID: "areas-" + year, Release: r.ID, Synthetic: r.Synthetic, First: year + "-01-01", Last: last,
			Title: year + ": police forces by factor",
			Description: "For each police force or area how many reports of the year named each factor. " +
				"Outlines run along hexagons. A factor without a number is not one without reports." + made}
		c.features = reader(data, areas, c.First, c.Last)
		if c.Box, err = boxOf(c); err != nil {
			return err
		}
		m.add(c)
	}
	return nil
}

// boxOf is the box around all features of a collection.
func boxOf(c *collection) (rect, error) {
	list, err := c.features()
	box := empty
	for _, f := range list {
		box = box.and(f.shape.box)
	}
	if box == empty {
		box = rect{-180, -90, 180, 90}
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

// tileset is the tiles of a release.
type tileset struct {
	Release string
	Title   string
	Box     rect
	MinZoom int
	MaxZoom int
	Layers  []layer
	Limits  []limit
}

type layer struct {
	ID          string            `json:"id"`
	Description string            `json:"description,omitempty"`
	MinZoom     int               `json:"minzoom"`
	MaxZoom     int               `json:"maxzoom"`
	Fields      map[string]string `json:"fields"`
}

// limit is which tiles of a zoom there are.
type limit struct {
	Zoom                           int
	MinRow, MaxRow, MinCol, MaxCol int
}

// readTileset reads what the release's archive says of its tiles: the header and
// the metadata of PMTiles, version 3.
func readTileset(data source, r public.Release, limits []limit) (*tileset, error) {
	const header, e7 = 127, 1e7
	raw, _, ok := data.Open("/" + r.ID + "/tiles.pmtiles")
	if !ok || len(raw) < header || string(raw[:8]) != "PMTiles\x03" {
		return nil, errors.New("it has no tiles.pmtiles of version 3")
	}
	at, n := binary.LittleEndian.Uint64(raw[24:]), binary.LittleEndian.Uint64(raw[32:])
	if at > uint64(len(raw)) || n > uint64(len(raw))-at {
		return nil, errors.New("tiles.pmtiles is damaged")
	}
	z, err := gzip.NewReader(bytes.NewReader(raw[at : at+n]))
	if err != nil {
		return nil, fmt.Errorf("tiles.pmtiles: %w", err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("tiles.pmtiles: %w", err)
	}
	var about struct {
		Name   string
		Layers []layer `json:"vector_layers"`
	}
	if err := json.Unmarshal(text, &about); err != nil {
		return nil, fmt.Errorf("tiles.pmtiles: %w", err)
	}
	t := &tileset{Release: r.ID, Title: about.Name, Layers: about.Layers, Limits: limits, MinZoom: int(raw[100]), MaxZoom: int(raw[101])}
	for i := range t.Box {
		t.Box[i] = float64(int32(binary.LittleEndian.Uint32(raw[102+4*i:]))) / e7
	}
	return t, nil
}

// tileLimits reads from the paths of all files which tiles each release has.
func tileLimits(paths []string) map[string][]limit {
	byZoom := map[string]map[int]*limit{}
	for _, p := range paths {
		name, ok := strings.CutSuffix(p, ".mvt")
		parts := strings.Split(name, "/")
		if !ok || len(parts) != 5 {
			continue
		}
		z, err1 := strconv.Atoi(parts[2])
		x, err2 := strconv.Atoi(parts[3])
		y, err3 := strconv.Atoi(parts[4])
		if errors.Join(err1, err2, err3) != nil {
			continue
		}
		zooms := byZoom[parts[1]]
		if zooms == nil {
			zooms = map[int]*limit{}
			byZoom[parts[1]] = zooms
		}
		l := zooms[z]
		if l == nil {
			l = &limit{z, y, y, x, x}
			zooms[z] = l
		}
		l.MinRow, l.MaxRow, l.MinCol, l.MaxCol = min(l.MinRow, y), max(l.MaxRow, y), min(l.MinCol, x), max(l.MaxCol, x)
	}
	out := map[string][]limit{}
	for release, zooms := range byZoom {
		for _, l := range zooms {
			out[release] = append(out[release], *l)
		}
		slices.SortFunc(out[release], func(a, b limit) int { return a.Zoom - b.Zoom })
	}
	return out
}
