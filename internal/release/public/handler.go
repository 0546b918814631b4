package public

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/streetsafe/streetsafe/internal/blob"
)

const (
	cacheForever = "public, max-age=31536000, immutable"
	cacheIndex   = "public, max-age=300" // a new release is seen within five minutes
	// A 404 may become a release, and caches would keep it.
	cacheMissing = "public, max-age=60"

	missing = "Not found. Published files are listed in manifest.json.\n"
)

// Handler answers for the files of a directory of releases. It holds them in
// memory and reads nothing else: whatever is not in a manifest does not exist, and
// every request for it gets one and the same answer. It keeps no log.
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

// NewEmpty returns a Handler over a directory in which nothing need be published
// yet, and which need not be there: Reload and ReloadActions load what comes.
func NewEmpty(dir string) *Handler {
	h := &Handler{dir: dir}
	h.files.Store(&fileSet{})
	return h
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

// Bytes is the size of all files, before any is compressed.
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
	return f.body.Body(), f.body.ETag(), true
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

// file is one published file, ready to be sent. It is compressed when it is first
// asked for: a release has thousands, of which most are asked for once a day, and
// a start takes no longer than reading and hashing them.
type file struct {
	body   *blob.Blob
	cache  []string
	ranges bool // parts may be asked for: it is an archive, sent as it is
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head["Cache-Control"] = f.cache
	if !f.ranges {
		f.body.Serve(w, r)
		return
	}
	head.Set("Content-Type", f.body.Type())
	head.Set("ETag", f.body.ETag())
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body.Body())) // ETag, If-Range, 206 and 416
}
