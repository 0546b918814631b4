package form

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/streetsafe/streetsafe/static"
)

//go:embed assets/*.css assets/*.js assets/*.svg
var assetFiles embed.FS

// mapRoots are the files of the maps that the page of the pin uses as well,
// with all that they import. They are served from here, so that the form works
// wherever it is mounted.
var mapRoots = []string{"vendor/leaflet.css", "app/basemap.js", "basemap/base.json", "basemap/labels.json"}

var importLine = regexp.MustCompile(`from\s*["'](\.[^"']+)["']`)

const pathAssets = "/report/assets/"

// assetCache lets a phone keep style sheet and script for as long as a report
// takes. They are the same for everybody; pages are never kept.
const assetCache = "private, max-age=600"

type asset struct {
	body   []byte
	zipped func() []byte // made when first asked for
	typ    string
}

// assetSet holds style sheets and scripts, each compressed once. The revision is a
// hash over all of them.
type assetSet struct {
	revision string
	byName   map[string]asset
}

func loadAssets() (*assetSet, error) {
	bodies := map[string][]byte{}
	names, err := fs.Glob(assetFiles, "assets/*")
	if err != nil {
		return nil, fmt.Errorf("form: %w", err)
	}
	for _, name := range names {
		if bodies[path.Base(name)], err = assetFiles.ReadFile(name); err != nil {
			return nil, fmt.Errorf("form: %w", err)
		}
	}
	shared, err := static.Load()
	if err != nil {
		return nil, fmt.Errorf("form: %w", err)
	}
	open := slices.Clone(mapRoots)
	for len(open) > 0 {
		name := open[len(open)-1]
		open = open[:len(open)-1]
		body, ok := shared[name]
		if !ok {
			return nil, fmt.Errorf("form: static has no %s", name)
		}
		if _, done := bodies["map/"+name]; done {
			continue
		}
		bodies["map/"+name] = body
		if path.Ext(name) == ".js" && !strings.HasPrefix(name, "vendor/") {
			for _, m := range importLine.FindAllSubmatch(body, -1) {
				open = append(open, path.Join(path.Dir(name), string(m[1])))
			}
		}
	}
	return newAssetSet(bodies)
}

func newAssetSet(bodies map[string][]byte) (*assetSet, error) {
	set := &assetSet{byName: map[string]asset{}}
	names := make([]string, 0, len(bodies))
	for name := range bodies {
		names = append(names, name)
	}
	slices.Sort(names)
	sum := sha256.New()
	for _, name := range names {
		body := bodies[name]
		fmt.Fprintf(sum, "%d %s\n", len(body), name)
		sum.Write(body)
		typ, ok := assetTypes[path.Ext(name)]
		if !ok {
			return nil, fmt.Errorf("form: no type for %s", name)
		}
		set.byName[name] = asset{body: body, zipped: sync.OnceValue(func() []byte { return gzipped(body) }), typ: typ}
	}
	set.revision = hex.EncodeToString(sum.Sum(nil))[:12]
	return set, nil
}

var assetTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".json": "application/json", ".svg": "image/svg+xml",
}

func (s *assetSet) url(name string) string { return pathAssets + s.revision + "/" + name }

func (h *Handler) asset(w http.ResponseWriter, r *http.Request) {
	h.guard(w.Header())
	_, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, pathAssets), "/")
	a, ok := h.assets.byName[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	head, body := w.Header(), a.body
	head.Set("Cache-Control", assetCache)
	head.Set("Content-Type", a.typ)
	head.Add("Vary", "Accept-Encoding")
	if acceptsGzip(r) {
		head.Set("Content-Encoding", "gzip")
		body = a.zipped()
	}
	head.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the client may be gone, and there is nobody else to tell
}
