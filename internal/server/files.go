package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/gorilla/mux"

	"github.com/streetsafe/streetsafe/internal/tilecache"
	"github.com/streetsafe/streetsafe/static"
)

// fileSet holds the embedded pages and what they load, each compressed once,
// when somebody first asks for it: all of them would delay the start by a second.
// The revision is a hash over all of them: pages refer to /static/{revision}/,
// which may be cached for ever, and a new build is another revision.
type fileSet struct {
	revision string
	byPath   map[string]map[string]func() *tilecache.Entry // path, then coding tag
}

func loadFiles() (*fileSet, error) {
	raw, err := static.Load()
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		fmt.Fprintf(sum, "%d %s\n", len(raw[name]), name)
		sum.Write(raw[name])
	}
	set := &fileSet{revision: hex.EncodeToString(sum.Sum(nil))[:12], byPath: map[string]map[string]func() *tilecache.Entry{}}
	for name, body := range raw {
		set.add(name, body)
	}
	return set, nil
}

func (set *fileSet) add(name string, body []byte) {
	typ := mime.TypeByExtension(path.Ext(name))
	switch path.Ext(name) {
	case ".html":
		body = bytes.ReplaceAll(body, []byte(`"/static/`), []byte(`"/static/`+set.revision+`/`))
		typ = "text/html; charset=utf-8"
	case ".js", ".mjs":
		typ = "text/javascript; charset=utf-8"
	case ".webmanifest":
		typ = "application/manifest+json"
	case "":
		typ = "text/plain; charset=utf-8"
	}
	hash := sha256.Sum256(body)
	set.byPath[name] = map[string]func() *tilecache.Entry{}
	for _, e := range []encoding{identity, gzipped, zstded, brotlied} {
		set.byPath[name][e.tag] = sync.OnceValue(func() *tilecache.Entry {
			return e.entry(body, `"`+hex.EncodeToString(hash[:12])+e.tag+`"`, typ)
		})
	}
}

// page serves an HTML page of the embedded files.
func (s *Server) page(name string) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Content-Security-Policy", s.contentPolicy())
		w.Header().Set("Permissions-Policy", "camera=(), microphone=(), payment=(), usb=()")
		w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
		return s.file(w, r, name, cacheRevalidate)
	}
}

// contentPolicy allows our own origin and, when an online basemap is set up,
// its pictures. Nothing inline, nothing from elsewhere, never framed.
func (s *Server) contentPolicy() string {
	images := "'self' data:"
	if u, err := url.Parse(strings.Replace(s.cfg.Basemap.URL, "{s}.", "*.", 1)); err == nil && u.Host != "" {
		images += " " + u.Scheme + "://" + u.Host
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src " + images +
		"; connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}

func (s *Server) static(w http.ResponseWriter, r *http.Request) error {
	name := mux.Vars(r)["path"]
	cache := cacheRevalidate
	if rest, ok := strings.CutPrefix(name, s.files.revision+"/"); ok {
		name, cache = rest, "public, max-age=31536000, immutable"
	}
	if path.Ext(name) == ".html" {
		return s.notFound(w, r) // pages have addresses of their own
	}
	return s.file(w, r, name, cache)
}

// icon answers browsers that ask for one at the usual address, from pages that
// name none, such as an error or a file.
func (s *Server) icon(w http.ResponseWriter, r *http.Request) error {
	return s.file(w, r, "app/icon.svg", "public, max-age=86400")
}

func (s *Server) file(w http.ResponseWriter, r *http.Request, name, cache string) error {
	codings, ok := s.files.byPath[name]
	if !ok {
		return s.notFound(w, r)
	}
	e := codings[negotiateFile(r.Header.Get("Accept-Encoding")).tag]()
	h := w.Header()
	h.Set("Cache-Control", cache)
	addVary(h)
	if etag := e.Header[0].Values; matches(r.Header.Get("If-None-Match"), etag[0]) {
		h["Etag"] = etag
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return write(w, e)
}
