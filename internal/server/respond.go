package server

import (
	"encoding/json"
	"hash/fnv"
	"net/http"
	"strings"

	"github.com/streetsafe/streetsafe/internal/tilecache"
)

// drawingVersion goes into every ETag: raise it when the same reports begin to
// give other bytes, so that no cache keeps the old drawing.
const drawingVersion = 1

const (
	typeJSON    = "application/json"
	typeGeoJSON = "application/geo+json"
	typeMVT     = "application/vnd.mapbox-vector-tile"

	cacheRevalidate = "private, no-cache"
	cacheForever    = "private, max-age=31536000, immutable"
)

// Header values that many answers share; net/http does not change them.
var (
	revalidate   = []string{cacheRevalidate}
	forever      = []string{cacheForever}
	varyEncoding = []string{"Accept-Encoding"}
)

// answerTo is one cacheable answer: its key says everything that its bytes
// depend on.
type answerTo struct {
	key   string // without the encoding
	typ   string
	cache []string // Cache-Control
	make  func() ([]byte, error)
}

// respond answers from the cache, or with 304 before any work when the client
// already has the bytes.
func (s *Server) respond(w http.ResponseWriter, r *http.Request, a answerTo) error {
	enc := negotiate(r.Header.Get("Accept-Encoding"))
	key := a.key + enc.tag
	h := w.Header()
	h["Cache-Control"] = a.cache
	addVary(h)
	if known := r.Header.Get("If-None-Match"); known != "" {
		if etag := s.etag(key); matches(known, etag) {
			h["Etag"] = []string{etag}
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	e, err := s.cache.Fetch(r.Context(), key, func() (*tilecache.Entry, error) {
		body, err := a.make()
		if err != nil {
			return nil, err
		}
		return enc.entry(body, s.etag(key), a.typ), nil
	})
	if err != nil {
		return err
	}
	return write(w, e)
}

func addVary(h http.Header) {
	if before, ok := h["Vary"]; ok {
		h["Vary"] = append(before[:len(before):len(before)], varyEncoding...)
		return
	}
	h["Vary"] = varyEncoding
}

func write(w http.ResponseWriter, e *tilecache.Entry) error {
	h := w.Header()
	for _, f := range e.Header {
		h[f.Name] = f.Values
	}
	if e.Body == nil {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	_, _ = w.Write(e.Body) // the client may be gone, and there is nobody else to tell
	return nil
}

// respondJSON is respond for a value.
func (s *Server) respondJSON(w http.ResponseWriter, r *http.Request, key string, value func() (any, error)) error {
	return s.respond(w, r, answerTo{key: key, typ: typeJSON, cache: revalidate, make: func() ([]byte, error) {
		v, err := value()
		if err != nil {
			return nil, err
		}
		return json.Marshal(v)
	}})
}

// etag returns a strong ETag (RFC 9110, 8.8.3) for a key: equal keys over the
// same body of reports mean equal bytes, on every replica.
func (s *Server) etag(key string) string {
	h := fnv.New128a()
	_, _ = h.Write([]byte{drawingVersion})
	_, _ = h.Write([]byte(s.cfg.StoreID))
	_, _ = h.Write([]byte{0})
	_, _ = h.Write([]byte(key))
	const digits = "0123456789abcdef"
	var sum [16]byte
	out := make([]byte, 0, 34)
	out = append(out, '"')
	for _, b := range h.Sum(sum[:0]) {
		out = append(out, digits[b>>4], digits[b&15])
	}
	return string(append(out, '"'))
}

// matches implements If-None-Match (RFC 9110, 13.1.2) with weak comparison.
func matches(header, etag string) bool {
	if header == "" {
		return false
	}
	if header == "*" {
		return true
	}
	for item := range strings.SplitSeq(header, ",") {
		if strings.TrimPrefix(strings.TrimSpace(item), "W/") == etag {
			return true
		}
	}
	return false
}
