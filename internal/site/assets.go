package site

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"path"
	"regexp"
	"slices"
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
	// few that small scales show: a screen needs one to four of them, some 3 KB
	// each, where the whole country's would be half of a page.
	labelZoom    = 8
	fewLabelZoom = 10
)

// assetSet holds style sheets, scripts and the basemap under a revision, a hash
// over all of them, so that browsers keep them for good.
type assetSet struct {
	revision string
	byName   map[string]*blob.Blob
	places   func() (*blob.Blob, error)
}

var assetTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".json": typeJSON, ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8",
}

func loadAssets() (*assetSet, error) {
	files, err := static.LoadPublic()
	if err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	if err := splitLabels(files); err != nil {
		return nil, fmt.Errorf("site: names of places: %w", err)
	}
	set := &assetSet{byName: map[string]*blob.Blob{}, places: sync.OnceValues(placeList)}
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

// splitLabels replaces the names of the whole country by pieces.
func splitLabels(files map[string][]byte) error {
	const whole = "basemap/labels.json"
	var all labels
	if err := json.Unmarshal(files[whole], &all); err != nil {
		return err
	}
	delete(files, whole)
	few := labels{Scale: all.Scale, Zooms: map[string][]name{}}
	pieces := map[string]*labels{}
	for zoom, list := range all.Zooms {
		var z int
		if _, err := fmt.Sscan(zoom, &z); err != nil {
			return err
		}
		if z <= fewLabelZoom {
			few.Zooms[zoom] = list
			continue
		}
		for _, n := range list {
			lng, ok1 := n[1].(float64)
			lat, ok2 := n[2].(float64)
			if !ok1 || !ok2 {
				return fmt.Errorf("%v is no name with a place", n)
			}
			key := piece(lat/float64(all.Scale), lng/float64(all.Scale))
			if pieces[key] == nil {
				pieces[key] = &labels{Scale: all.Scale, Zooms: map[string][]name{}}
			}
			pieces[key].Zooms[zoom] = append(pieces[key].Zooms[zoom], n)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(pieces)) {
		few.Pieces = append(few.Pieces, key)
		b, err := json.Marshal(pieces[key])
		if err != nil {
			return err
		}
		files["basemap/labels-"+key+".json"] = b
	}
	b, err := json.Marshal(few)
	files["basemap/labels-few.json"] = b
	return err
}

// piece names the tile at labelZoom that a place is in.
func piece(lat, lng float64) string {
	x, y := project(lat, lng)
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
