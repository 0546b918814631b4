package site

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/streetsafe/streetsafe/internal/blob"
	"github.com/streetsafe/streetsafe/internal/gazetteer"
	"github.com/streetsafe/streetsafe/static"
)

const (
	assetPrefix = "/site/a/"

	cacheForever = "public, max-age=31536000, immutable"

	// labelZoom is the zoom whose tiles the names of places come in, beyond the
	// few that small scales show: a screen needs one to four of them, where the
	// whole country's would be half of a page.
	labelZoom    = 9
	fewLabelZoom = 10
)

// assetSet holds style sheets, scripts and the basemap under a revision, a hash
// over all of them, so that browsers keep them for good.
type assetSet struct {
	revision string
	byName   map[string]*blob.Blob
	places   func() (*blob.Blob, error)
	base     *baseMap    // for pictures
	names    []placeName // the most important first
}

var assetTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".json": typeJSON, ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8",
}

func loadAssets() (*assetSet, error) {
	files, err := static.LoadPublic()
	if err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	// One style sheet is one request before the first paint.
	files["site/site.css"] = slices.Concat(files["vendor/leaflet.css"], files["site/site.css"])
	delete(files, "vendor/leaflet.css")
	if err := splitBase(files); err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	set := &assetSet{byName: map[string]*blob.Blob{}, places: sync.OnceValues(placeList)}
	if set.names, err = splitLabels(files); err != nil {
		return nil, fmt.Errorf("site: names of places: %w", err)
	}
	if set.base, err = readBase(files["basemap/base.json"], files["basemap/world.json"]); err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		typ, ok := assetTypes[path.Ext(name)]
		if !ok {
			return nil, fmt.Errorf("site: no type for %s", name)
		}
		fmt.Fprintf(sum, "%d %s\n", len(files[name]), name)
		sum.Write(files[name])
		set.byName[name] = blob.New(typ, files[name])
	}
	set.revision = hex.EncodeToString(sum.Sum(nil))[:12]
	return set, nil
}

// labels is the form of basemap/labels.json: by the zoom from which they show,
// names with their place in units of 1/scale degrees, longitude first.
type labels struct {
	Scale  int               `json:"scale"`
	Zooms  map[string][]name `json:"zooms"`
	Pieces []string          `json:"pieces,omitempty"` // x-y at labelZoom
}

type name [3]any

// splitBase takes the coasts of other countries out of the basemap: a quarter of
// its bytes, which maps of a town have no use for.
func splitBase(files map[string][]byte) error {
	const name = "basemap/base.json"
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(files[name], &parts); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	world := map[string]json.RawMessage{"scale": parts["scale"], "world": parts["world"]}
	delete(parts, "world")
	var err1, err2 error
	files[name], err1 = json.Marshal(parts)
	files["basemap/world.json"], err2 = json.Marshal(world)
	return errors.Join(err1, err2)
}

// splitLabels replaces the names of the whole country by pieces, and gives them
// all.
func splitLabels(files map[string][]byte) ([]placeName, error) {
	const whole = "basemap/labels.json"
	var all labels
	if err := json.Unmarshal(files[whole], &all); err != nil {
		return nil, err
	}
	names, err := all.readNames()
	if err != nil {
		return nil, err
	}
	delete(files, whole)
	few := labels{Scale: all.Scale, Zooms: map[string][]name{}}
	pieces := map[string]*labels{}
	for _, n := range names {
		zoom, key := strconv.Itoa(n.from), pieceOf(n.x, n.y)
		into := &few
		if n.from > fewLabelZoom {
			if pieces[key] == nil {
				pieces[key] = &labels{Scale: all.Scale, Zooms: map[string][]name{}}
			}
			into = pieces[key]
		}
		into.Zooms[zoom] = append(into.Zooms[zoom], n.row)
	}
	for _, key := range slices.Sorted(maps.Keys(pieces)) {
		few.Pieces = append(few.Pieces, key)
		if files["basemap/labels-"+key+".json"], err = json.Marshal(pieces[key]); err != nil {
			return nil, err
		}
	}
	files["basemap/labels-few.json"], err = json.Marshal(few)
	return names, err
}

// pieceOf names the tile at labelZoom that a place of the world's square is in.
func pieceOf(x, y float64) string {
	n := math.Exp2(labelZoom)
	return fmt.Sprintf("%d-%d", int(x*n), int(y*n))
}

// project is Web Mercator in units of the whole world, y down.
func project(lat, lng float64) (x, y float64) {
	s := math.Sin(lat * math.Pi / 180)
	return (lng + 180) / 360, 0.5 - math.Log((1+s)/(1-s))/(4*math.Pi)
}

// find gives the file of a path with the present revision.
func (s *assetSet) find(p string) (*blob.Blob, bool) {
	rest, ok := strings.CutPrefix(p, assetPrefix+s.revision+"/")
	if !ok {
		return nil, false
	}
	b, ok := s.byName[rest]
	return b, ok
}

func (v *visit) asset() {
	b, _ := v.assets.find(v.r.URL.Path)
	v.open(cacheForever)
	b.Serve(v.w, v.r)
}

// placeKinds are what the search of the map offers, with the zoom of each.
var placeKinds = []string{gazetteer.KindCity, gazetteer.KindTown, gazetteer.KindVillage, gazetteer.KindArea, gazetteer.KindPostcode, gazetteer.KindPostcodeArea}

// placeList is every place that the map can go to, the most important first. The
// whole list goes to the browser, once somebody searches: so nobody but the
// reader learns what was looked for.
func placeList() (*blob.Blob, error) {
	x, err := gazetteer.Open()
	if err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	type row = [5]any // name, what it lies in, latitude, longitude, zoom
	var rows []row
	for _, p := range x.All(placeKinds...) {
		rows = append(rows, row{p.Name, p.Admin, math.Round(p.Lat*1e4) / 1e4, math.Round(p.Lng*1e4) / 1e4, p.Zoom})
	}
	b, err := json.Marshal(map[string]any{"attribution": x.Attribution(), "places": rows})
	if err != nil {
		return nil, err
	}
	return blob.New(typeJSON, b), nil
}

func (v *visit) places() {
	b, err := v.assets.places()
	if err != nil { // a damaged build
		v.cfg.Log.Error("no list of places", "error", err)
		http.Error(v.w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	v.open(cachePage)
	b.Serve(v.w, v.r)
}

var importLine = regexp.MustCompile(`(?:from|import)\s*["'](\.[^"']+)["']`)

// modules lists what a script imports, and what that imports, without itself.
func (s *assetSet) modules(entry string) []string {
	var out []string
	for open := []string{entry}; len(open) > 0; open = open[1:] {
		b := s.byName[open[0]]
		if b == nil {
			continue
		}
		for _, m := range importLine.FindAllSubmatch(b.Body(), -1) {
			if name := path.Join(path.Dir(open[0]), string(m[1])); name != entry && !slices.Contains(out, name) {
				out = append(out, name)
				open = append(open, name)
			}
		}
	}
	return out
}
