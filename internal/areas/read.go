package areas

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
)

// Columns says which properties of a feature hold what. Empty ones are guessed.
type Columns struct {
	ID   string
	Name string
}

// The names that the Office for National Statistics and others give, as
// prefixes or suffixes of a property in lower case: LAD13CD, WD13NM, PFA20CD.
var (
	idSuffixes   = []string{"cd", "code", "id"}
	nameSuffixes = []string{"nm", "name"}
)

// Read reads boundaries from a GeoJSON (RFC 7946) or TopoJSON file, in degrees,
// longitude first. Features that are no polygons are an error.
func Read(data []byte, kind string, c Columns) (*Kind, error) {
	features, err := readFeatures(data)
	if err != nil {
		return nil, err
	}
	if len(features) == 0 {
		return nil, errors.New("no features in it")
	}
	if c, err = c.fill(features); err != nil {
		return nil, err
	}
	list := make([]*Area, 0, len(features))
	for i, f := range features {
		a, err := c.area(f)
		if err != nil {
			return nil, fmt.Errorf("feature %d: %w", i+1, err)
		}
		list = append(list, a)
	}
	return NewKind(kind, merge(list))
}

// merge joins the parts of areas that a file gives as several features with the
// same id and name, as those with islands often are.
func merge(list []*Area) []*Area {
	out := list[:0]
	first := map[[2]string]*Area{}
	for _, a := range list {
		if b := first[[2]string{a.ID, a.Name}]; b != nil {
			b.Outline = append(b.Outline, a.Outline...)
			continue
		}
		first[[2]string{a.ID, a.Name}] = a
		out = append(out, a)
	}
	return out
}

type feature struct {
	id         any
	properties map[string]any
	geometry   orb.Geometry
}

func readFeatures(data []byte) ([]feature, error) {
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	switch head.Type {
	case "Topology":
		return readTopology(data)
	case "FeatureCollection":
		fc, err := geojson.UnmarshalFeatureCollection(data)
		if err != nil {
			return nil, fmt.Errorf("GeoJSON: %w", err)
		}
		out := make([]feature, 0, len(fc.Features))
		for _, f := range fc.Features {
			if f == nil {
				return nil, errors.New("GeoJSON: a feature is null")
			}
			out = append(out, feature{f.ID, f.Properties, f.Geometry})
		}
		return out, nil
	case "Feature":
		f, err := geojson.UnmarshalFeature(data)
		if err != nil {
			return nil, fmt.Errorf("GeoJSON: %w", err)
		}
		return []feature{{f.ID, f.Properties, f.Geometry}}, nil
	}
	return nil, fmt.Errorf("type %q: expected a GeoJSON FeatureCollection or a TopoJSON Topology", head.Type)
}

// fill guesses the columns that are not named, from all features, and checks
// the others.
func (c Columns) fill(features []feature) (Columns, error) {
	keys := map[string]int{}
	for _, f := range features {
		for k, v := range f.properties {
			if text(v) != "" {
				keys[k]++
			}
		}
	}
	all := make([]string, 0, len(keys)) // those that every feature has
	for k, n := range keys {
		if n == len(features) {
			all = append(all, k)
		}
	}
	slices.Sort(all)
	for _, named := range []struct{ flag, key string }{{"--id", c.ID}, {"--name", c.Name}} {
		if named.key != "" && !slices.Contains(all, named.key) {
			return c, fmt.Errorf("%s: not every feature has the property %s; those that every one has: %s", named.flag, named.key, strings.Join(all, ", "))
		}
	}
	if c.ID == "" {
		c.ID = guess(all, idSuffixes, features)
	}
	if c.Name == "" {
		c.Name = guess(beside(c.ID, all), nameSuffixes, nil)
	}
	if c.ID == "" && features[0].id == nil {
		return c, fmt.Errorf("name the property with the id by --id; every feature has: %s", strings.Join(all, ", "))
	}
	return c, nil
}

// guess returns the first property whose name ends in one of the suffixes, in
// their order; with features, only one that tells them apart. LAD13CD beside
// WD13CD in a file of wards is the borough's, and does not.
func guess(keys, suffixes []string, features []feature) string {
	for _, s := range suffixes {
		for _, k := range keys {
			if strings.HasSuffix(strings.ToLower(k), s) && (features == nil || unique(k, features)) {
				return k
			}
		}
	}
	return ""
}

// beside keeps the properties that begin as the one with the id does, if any
// do: beside WD13CD, the name is WD13NM and not LAD13NM.
func beside(id string, keys []string) []string {
	for _, s := range idSuffixes {
		if len(id) <= len(s) || !strings.HasSuffix(strings.ToLower(id), s) {
			continue
		}
		stem := id[:len(id)-len(s)]
		same := slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return !strings.HasPrefix(k, stem) })
		if guess(same, nameSuffixes, nil) != "" {
			return same
		}
	}
	return keys
}

func unique(key string, features []feature) bool {
	seen := map[string]bool{}
	for _, f := range features {
		v := text(f.properties[key])
		if seen[v] {
			return false
		}
		seen[v] = true
	}
	return true
}

func (c Columns) area(f feature) (*Area, error) {
	a := &Area{ID: text(f.id)}
	if c.ID != "" {
		a.ID = text(f.properties[c.ID])
	}
	if a.Name = a.ID; c.Name != "" {
		a.Name = text(f.properties[c.Name])
	}
	switch g := f.geometry.(type) {
	case orb.Polygon:
		a.Outline = orb.MultiPolygon{g}
	case orb.MultiPolygon:
		a.Outline = g
	case nil:
		return nil, fmt.Errorf("area %s has no geometry", a.ID)
	default:
		return nil, fmt.Errorf("area %s is a %s: expected polygons", a.ID, g.GeoJSONType())
	}
	for _, p := range a.Outline {
		if len(p) == 0 {
			return nil, fmt.Errorf("area %s has a polygon without a ring", a.ID)
		}
	}
	return a, nil
}

// text writes a property as a code or a name; "" for what is neither.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case int:
		return strconv.Itoa(v)
	}
	return ""
}
