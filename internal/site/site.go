// Package site is what the public sees of the releases: the map, what was
// changed, and maps to embed. Every page is made from published files alone; it
// links no database and keeps no log of requests.
package site

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/streetsafe/streetsafe/internal/ogc"
	"github.com/streetsafe/streetsafe/internal/release/public"
	"github.com/streetsafe/streetsafe/internal/words"
)

// Config says how the site is reached and by whom it may be framed.
type Config struct {
	// Base is the address of the site's root as the public knows it, such as
	// "https://maps.example.org/"; empty: as each request says.
	Base string
	// Prefix is the path below which the site is mounted, "" or "/public".
	Prefix string
	// EmbedOrigins are the sources of frame-ancestors for embeds (CSP 3);
	// nil means DefaultEmbedOrigins.
	EmbedOrigins []string
	// ReportURL is where the report form is; empty when there is none.
	ReportURL string
	Log       *slog.Logger
}

// DefaultEmbedOrigins lets every page that came over TLS frame an embed, and
// pages of the reader's own machine, to try it out. There is nothing to steal by
// framing: an embed has no cookie, no login and no button that changes anything.
func DefaultEmbedOrigins() []string {
	return []string{"https:", "http://localhost:*", "http://127.0.0.1:*"}
}

// Site answers for pages, and hands everything else to the data.
type Site struct {
	cfg    Config
	data   *public.Handler
	words  *words.Catalogue
	pages  *pageSet
	assets *assetSet
	// drawing has a place for each picture that may be drawn at once.
	drawing chan struct{}

	mu    sync.Mutex // guards what follows
	tags  [2]string  // ETags of what the model was made from
	model *model
	ogc   *ogc.Handler // nil before the first release
}

var _ http.Handler = (*Site)(nil)

// New returns the site over a directory of releases.
func New(cfg Config, data *public.Handler) (*Site, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	s := &Site{cfg: cfg, data: data, drawing: make(chan struct{}, maxDrawing)}
	var err error
	if s.words, err = words.Load(messageFiles, "messages"); err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	if s.pages, err = loadPages(); err != nil {
		return nil, err
	}
	if s.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if _, err = s.openData(); err != nil {
		return nil, err
	}
	_, err = s.current()
	return s, err
}

// openData returns the interface for GIS programs; nil before the first release,
// when there is nothing that it could offer.
func (s *Site) openData() (*ogc.Handler, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ogc != nil || s.data.Releases() == 0 {
		return s.ogc, nil
	}
	var err error
	s.ogc, err = ogc.New(s.data, ogc.Config{Base: s.cfg.Base, Prefix: s.cfg.Prefix})
	return s.ogc, err
}

func (c *Config) check() error {
	if c.Base != "" {
		u, err := url.Parse(c.Base)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || !strings.HasSuffix(u.Path, "/") || u.RawQuery != "" || u.Fragment != "" {
			return fmt.Errorf("address of the site %q: expected one such as https://maps.example.org/", c.Base)
		}
	}
	if c.EmbedOrigins == nil {
		c.EmbedOrigins = DefaultEmbedOrigins()
	}
	for _, o := range c.EmbedOrigins {
		if !validSource(o) {
			return fmt.Errorf("embed origin %q: expected one such as https://www.example.org, https://*.example.org or https: for all", o)
		}
	}
	return nil
}

// validSource accepts a scheme or an origin of CSP 3, and nothing that could end
// the directive.
func validSource(s string) bool {
	if s == "https:" || s == "http:" {
		return true
	}
	u, err := url.Parse(strings.Replace(s, ":*", ":1", 1))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Path != "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	return !strings.ContainsAny(s, "; ,'\"\\\r\n\t")
}

// current returns the model of what is published now.
func (s *Site) current() (*model, error) {
	_, index, _ := s.data.Open(indexPath)
	_, actions, _ := s.data.Open(actionsPath)
	s.mu.Lock()
	defer s.mu.Unlock()
	if tags := [2]string{index, actions}; s.model == nil || tags != s.tags {
		m, err := readModel(s.data)
		if err != nil {
			if s.model == nil {
				return nil, err
			}
			// What was there stays: a page that is a little old is better than none.
			s.cfg.Log.Error("the public pages keep what they had", slog.Any("error", err))
			m = s.model
		}
		s.model, s.tags = m, tags
	}
	return s.model, nil
}

// ServeHTTP answers GET and HEAD of pages, and what GIS programs ask for in the
// OGC's words; everything else is the data's to answer, and gets its one and the
// same 404.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if ogc.Handles(r.URL.Path) && r.URL.RawPath == "" {
		h, err := s.openData()
		if err != nil {
			s.cfg.Log.Error("no interface for GIS programs", slog.Any("error", err))
		}
		if h != nil {
			h.ServeHTTP(w, r)
			return
		}
	}
	serve := s.route(r.URL.Path)
	if serve == nil || r.URL.RawPath != "" || r.Method != http.MethodGet && r.Method != http.MethodHead {
		s.data.ServeHTTP(w, r)
		return
	}
	m, err := s.current()
	if err != nil { // New had one, so there is one
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	serve(&visit{Site: s, model: m, w: w, r: r})
}

// route is the list of pages, by path below the root.
func (s *Site) route(path string) func(*visit) {
	switch path {
	case "", "/":
		return (*visit).root
	case "/map":
		return (*visit).mapPage
	case "/whatchanged":
		return (*visit).changedPage
	case pathEmbed:
		return (*visit).embed
	case pathBuilder:
		return (*visit).builder
	case pathScript:
		return (*visit).script
	case "/oembed":
		return (*visit).oembed
	case "/picture/map.svg", "/picture/map.png":
		return (*visit).picture
	case "/site/places.json":
		return (*visit).places
	case "/site/said.json":
		return (*visit).said
	}
	switch {
	case strings.HasPrefix(path, assetPrefix):
		if _, ok := s.assets.find(path); ok {
			return (*visit).asset
		}
	case strings.HasPrefix(path, releasePrefix), strings.HasPrefix(path, cellPrefix):
		return (*visit).figures
	}
	return nil
}

// root leads to the map.
func (v *visit) root() {
	v.guard(nil)
	v.w.Header().Set("Cache-Control", cachePage)
	v.w.Header().Set("Location", v.cfg.Prefix+"/map")
	v.w.WriteHeader(http.StatusFound)
}
