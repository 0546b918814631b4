// Package ogc offers the published releases and actions as OGC API - Features
// and OGC API - Tiles, and each release's tiles as TileJSON, so that QGIS and
// other GIS programs need one address. Every answer is a pure function of
// published files and of the address under which it was asked for. It knows no
// report and keeps no log.
//
//   - OGC API - Features - Part 1: Core 1.0.1, https://docs.ogc.org/is/17-069r4/17-069r4.html
//   - OGC API - Tiles - Part 1: Core 1.0, https://docs.ogc.org/is/20-057/20-057.html
//   - TileJSON 3.0.0, https://github.com/mapbox/tilejson-spec
package ogc

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/streetsafe/streetsafe/internal/release/public"
	"github.com/streetsafe/streetsafe/internal/tilecache"
)

const (
	root         = "/ogc"
	tileJSONFile = "tiles.json"

	// cacheBytes bounds what finished answers take, and fills how many are worked
	// out at once.
	cacheBytes = 16 << 20
	fills      = 2
)

// Config says under which address the data are served.
type Config struct {
	// Base is the address of the directory of releases as the public knows it,
	// with a slash at the end, such as "https://maps.example.org/"; empty: as
	// each request says, which is right unless a proxy changes host or scheme.
	Base string
	// Prefix is the path below which requests came in, "" or such as "/public";
	// it has been cut off before they come here.
	Prefix string
	// Licence is the address of the licence; empty is the Open Government Licence.
	Licence string
}

const defaultLicence = "http://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"

// Handler answers for /ogc/… and for tiles.json of each release.
type Handler struct {
	cfg   Config
	data  *public.Handler
	cache *tilecache.Cache

	mu    sync.Mutex // guards what follows
	tags  [2]string  // ETags of what the model was made from
	model *model
}

var _ http.Handler = (*Handler)(nil)

// New returns a handler over published files. Paths are those below the
// directory of releases: what stands before is cut off by whoever mounts it.
func New(data *public.Handler, cfg Config) (*Handler, error) {
	if cfg.Base != "" {
		u, err := url.Parse(cfg.Base)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || !strings.HasSuffix(u.Path, "/") || u.RawQuery != "" || u.Fragment != "" {
			return nil, fmt.Errorf("base address %q: expected one such as https://maps.example.org/", cfg.Base)
		}
	}
	if cfg.Licence == "" {
		cfg.Licence = defaultLicence
	}
	h := &Handler{cfg: cfg, data: data, cache: tilecache.New(cacheBytes, fills)}
	_, err := h.current()
	return h, err
}

// Handles reports whether a path is this handler's to answer.
func Handles(path string) bool {
	if path == root || strings.HasPrefix(path, root+"/") {
		return true
	}
	release, file, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return ok && file == tileJSONFile && release != ""
}

// current returns the model of what is published now.
func (h *Handler) current() (*model, error) {
	_, index, _ := h.data.Open("/" + public.ManifestFile)
	_, actions, _ := h.data.Open(actionsFile)
	tags := [2]string{index, actions}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.model == nil || tags != h.tags {
		m, err := readModel(h.data, h.model)
		if err != nil {
			return nil, err
		}
		m.key = index + actions
		h.model, h.tags = m, tags
	}
	return h.model, nil
}

// base is the address of the directory of releases for a request, with a slash
// at the end; empty when the request's host is none.
func (h *Handler) base(r *http.Request) string {
	if h.cfg.Base != "" {
		return h.cfg.Base
	}
	for i := range len(r.Host) {
		c := r.Host[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(".-:[]_", c) >= 0) {
			return ""
		}
	}
	if r.Host == "" {
		return ""
	}
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	return scheme + r.Host + h.cfg.Prefix + "/"
}
