package public

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	cacheForever = "public, max-age=31536000, immutable"
	cacheIndex   = "public, max-age=300" // a new release is seen within five minutes
	// A 404 may become a release, and caches would keep it.
	cacheMissing = "public, max-age=60"

	missing = "Not found. Published files are listed in manifest.json.\n"
)

// Handler answers for the files of a directory of releases. It holds them in
// memory, compressed once, and reads nothing else: whatever is not in a manifest
// does not exist, and every request for it gets one and the same answer. It
// keeps no log.
type Handler struct {
	dir     string
	files   atomic.Pointer[fileSet]
	actions atomic.Pointer[fileSet] // nil while none are published
}

var _ http.Handler = (*Handler)(nil)

// NewHandler loads the releases of a directory. A file whose hash is not that of
// its manifest is an error.
func NewHandler(dir string) (*Handler, error) {
	h := &Handler{dir: dir}
	if err := h.Reload(); err != nil {
		return h, err
	}
	// Actions that are just being written come at the next look: releases do not
	// wait for them.
	_, _ = h.ReloadActions()
	return h, nil
}

// Reload loads releases that were added. A release that was served before and
// has changed is an error, which leaves everything as it was.
func (h *Handler) Reload() error {
	next, err := load(h.dir, h.files.Load())
	if err != nil {
		return err
	}
	h.files.Store(next)
	return nil
}

// Releases is how many releases are served, and Bytes the memory they take.
func (h *Handler) Releases() int { return h.files.Load().releases }

// Bytes is the memory that bodies take, all codings together.
func (h *Handler) Bytes() int64 {
	n := h.files.Load().bytes
	if set := h.actions.Load(); set != nil {
		n += set.bytes
	}
	return n
}

// Paths lists every path that is served, ascending, each beginning with "/".
func (h *Handler) Paths() []string {
	paths := h.files.Load().paths
	if set := h.actions.Load(); set != nil {
		paths = append(slices.Clone(paths), set.paths...)
		slices.Sort(paths)
	}
	return paths
}

// Open gives a published file as it is on disk, by its path with the leading
// "/", and its strong ETag. The bytes are shared: never change them.
func (h *Handler) Open(path string) (body []byte, etag string, ok bool) {
	f := h.find(path)
	if f == nil {
		return nil, "", false
	}
	plain := f.codings[len(f.codings)-1]
	return plain.body, plain.etag[0], true
}

// Header values are shared between requests and never changed.
var (
	valueNosniff = []string{"nosniff"}
	valueAny     = []string{"*"}
	valueExpose  = []string{"ETag, Content-Length, Content-Range"}
	valueCross   = []string{"cross-origin"}
	valueNoRef   = []string{"no-referrer"}
	valuePolicy  = []string{"default-src 'none'; sandbox"}
	valueVary    = []string{"Accept-Encoding"}
	valueMissing = []string{cacheMissing}
	valuePlain   = []string{"text/plain; charset=utf-8"}
	valueLength  = []string{strconv.Itoa(len(missing))}
)

// ServeHTTP answers GET and HEAD for a published path, spelt exactly so and
// without a query string.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head["X-Content-Type-Options"] = valueNosniff
	head["Access-Control-Allow-Origin"] = valueAny
	head["Access-Control-Expose-Headers"] = valueExpose
	head["Cross-Origin-Resource-Policy"] = valueCross
	head["Referrer-Policy"] = valueNoRef
	head["Content-Security-Policy"] = valuePolicy
	u := r.URL
	f := h.find(u.Path)
	if f == nil || u.RawQuery != "" || u.ForceQuery || u.RawPath != "" || r.Method != http.MethodGet && r.Method != http.MethodHead {
		head["Vary"] = valueVary
		head["Cache-Control"] = valueMissing
		head["Content-Type"] = valuePlain
		head["Content-Length"] = valueLength
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(missing)) // the client may be gone, and there is nobody else to tell
		return
	}
	f.serve(w, r)
}

// file is one published file with its headers, ready to be sent.
type file struct {
	typ, cache []string
	codings    []coding // best first; the last is the file as it is
	ranges     bool     // parts may be asked for: it is an archive, sent as it is
}

type coding struct {
	name         string // as in Content-Encoding, empty for none
	body         []byte
	etag, length []string
	header       []string
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	c := f.choose(r.Header.Get("Accept-Encoding"))
	head := w.Header()
	head["Content-Type"] = f.typ
	head["Cache-Control"] = f.cache
	head["Etag"] = c.etag
	if len(f.codings) > 1 || !f.ranges {
		head["Vary"] = valueVary
	}
	if f.ranges {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(c.body)) // ETag, If-Range, 206 and 416
		return
	}
	if matches(r.Header.Get("If-None-Match"), c.etag[0]) {
		delete(head, "Content-Type")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if c.name != "" {
		head["Content-Encoding"] = c.header
	}
	head["Content-Length"] = c.length
	_, _ = w.Write(c.body) // the client may be gone, and there is nobody else to tell
}

func (f *file) choose(accept string) *coding {
	for i := range f.codings {
		if c := &f.codings[i]; c.name == "" || accepts(accept, c.name) {
			return c
		}
	}
	return &f.codings[len(f.codings)-1]
}

// accepts reads Accept-Encoding (RFC 9110, 12.5.3) as far as we have codings: a
// coding that is named and not with q=0.
func accepts(header, name string) bool {
	for item := range strings.SplitSeq(header, ",") {
		token, params, _ := strings.Cut(strings.TrimSpace(item), ";")
		if !strings.EqualFold(strings.TrimSpace(token), name) {
			continue
		}
		q, ok := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(params), " ", ""), "q=")
		if !ok {
			return true
		}
		v, err := strconv.ParseFloat(q, 64)
		return err == nil && v > 0
	}
	return false
}

// matches implements If-None-Match (RFC 9110, 13.1.2).
func matches(header, etag string) bool {
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
