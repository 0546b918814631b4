package ogc

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/streetsafe/streetsafe/internal/blob"
	"github.com/streetsafe/streetsafe/internal/tilecache"
)

// Media types.
const (
	typeJSON    = "application/json"
	typeGeoJSON = "application/geo+json"
	typeHTML    = "text/html; charset=utf-8"
	typeOpenAPI = "application/vnd.oai.openapi+json;version=3.0"
	typeMVT     = "application/vnd.mapbox-vector-tile"
	typeProblem = "application/problem+json"
	typeCSS     = "text/css; charset=utf-8"
)

const (
	cacheAnswer = "public, max-age=300" // as the list of releases: a new one is seen within five minutes
	leastZipped = 1000

	formatJSON = "json"
	formatHTML = "html"
)

// problem is an answer to a request that cannot be met (RFC 9457), with the
// members of the OGC's exception.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Code   string `json:"code"`
	About  string `json:"description"`
}

func (p *problem) Error() string { return p.Detail }

func fail(status int, code, detail string) *problem {
	return &problem{"about:blank", http.StatusText(status), status, detail, code, detail}
}

func invalid(name, value, want string) *problem {
	return fail(http.StatusBadRequest, "InvalidParameterValue", fmt.Sprintf("%s=%s: expected %s", name, value, want))
}

func missing(what string) *problem {
	return fail(http.StatusNotFound, "NotFound", what+" is not here. What is here is listed at ogc/collections.")
}

// visit is one request.
type visit struct {
	*model
	base    string // of the directory of releases, with a slash
	licence string
	path    []string // below /ogc, without empty parts
	query   url.Values
	format  string
	plain   string // the canonical query without f
}

// page is what a resource says, in either form.
type page struct {
	typ  string    // of the JSON form
	doc  any       // marshalled as JSON; []byte goes as it is
	html *htmlPage // nil when the resource has one form only
}

// resource answers for a path. Its parameters, besides f, are the ones it takes.
type resource struct {
	params []string
	make   func(*visit) (*page, error)
}

// ServeHTTP answers GET and HEAD; scripts of any origin may read the answers.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Access-Control-Allow-Origin", "*")
	head.Set("Access-Control-Expose-Headers", "ETag, Content-Length, Link")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "no-referrer")
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		head.Set("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
		head.Set("Access-Control-Max-Age", "86400")
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		head.Set("Allow", "GET, HEAD, OPTIONS")
		refuse(w, fail(http.StatusMethodNotAllowed, "MethodNotAllowed", "the data can be read only: use GET"))
		return
	}
	if err := h.answer(w, r); err != nil {
		var p *problem
		if !errors.As(err, &p) {
			p = fail(http.StatusInternalServerError, "InternalError", "the published files could not be read: try again, and tell the operator if it stays so")
		}
		refuse(w, p)
	}
}

func refuse(w http.ResponseWriter, p *problem) {
	b, err := json.Marshal(p)
	if err != nil {
		b = []byte("{}") // texts and a number always marshal
	}
	head := w.Header()
	head.Set("Content-Type", typeProblem)
	head.Set("Cache-Control", "public, max-age=60")
	head.Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(p.Status)
	_, _ = w.Write(b) // the client may be gone, and there is nobody else to tell
}

func (h *Handler) answer(w http.ResponseWriter, r *http.Request) error {
	m, err := h.current()
	if err != nil {
		return err
	}
	v := &visit{model: m, base: h.base(r), licence: h.cfg.Licence}
	if v.base == "" {
		return fail(http.StatusBadRequest, "InvalidHost", "the request's host is not a name")
	}
	if v.query, err = url.ParseQuery(r.URL.RawQuery); err != nil {
		return fail(http.StatusBadRequest, "InvalidParameterValue", "the query string cannot be read: "+r.URL.RawQuery)
	}
	if r.URL.Path == root+"/style.css" {
		return h.send(w, r, styleSheet)
	}
	if done, err := h.tile(w, r, v); done {
		return err
	}
	res, err := v.route(r.URL.Path)
	if err != nil {
		return err
	}
	if err := v.take(res, r); err != nil {
		return err
	}
	key := strings.Join([]string{m.key, v.base, strings.Join(v.path, "/"), v.format, v.plain}, "\x00")
	e, err := h.cache.Fetch(r.Context(), key, func() (*tilecache.Entry, error) { return v.fill(res) })
	if err != nil {
		if errors.Is(err, context.Canceled) {
			return nil // nobody is there to be told
		}
		return err
	}
	w.Header().Set("Vary", "Accept")
	return h.send(w, r, e)
}

// take checks the query: parameters that a resource does not have, or that come
// twice, are refused, as Features asks (17-069r4, 7.15.1 and requirement 8).
func (v *visit) take(res *resource, r *http.Request) error {
	allowed := append([]string{"f"}, res.params...)
	for name, values := range v.query {
		if !slices.Contains(allowed, name) {
			return fail(http.StatusBadRequest, "UnknownParameter", fmt.Sprintf("%s is not a parameter of this resource: it has %s", name, strings.Join(allowed, ", ")))
		}
		if len(values) > 1 {
			return invalid(name, strings.Join(values, ","), "it once")
		}
	}
	switch f := v.query.Get("f"); {
	case f == formatJSON || f == formatHTML:
		v.format = f
	case v.query.Has("f"):
		return invalid("f", f, "json or html")
	case prefersHTML(r.Header.Get("Accept")):
		v.format = formatHTML
	default:
		v.format = formatJSON
	}
	rest := url.Values{}
	for name, values := range v.query {
		if name != "f" {
			rest[name] = values
		}
	}
	v.plain = rest.Encode()
	return nil
}

// prefersHTML holds for a browser: it names HTML, and before any JSON.
func prefersHTML(accept string) bool {
	for item := range strings.SplitSeq(accept, ",") {
		kind, _, _ := strings.Cut(strings.TrimSpace(item), ";")
		if kind == "text/html" || kind == "application/xhtml+xml" {
			return true
		}
		if strings.HasSuffix(kind, "json") {
			return false
		}
	}
	return false
}

// fill works an answer out.
func (v *visit) fill(res *resource) (*tilecache.Entry, error) {
	p, err := res.make(v)
	if err != nil {
		return nil, err
	}
	if p.html == nil && v.query.Get("f") == formatHTML {
		return nil, invalid("f", formatHTML, "json: this resource has no other form")
	}
	if v.format == formatHTML && p.html != nil {
		b, err := v.render(p.html)
		return entry(typeHTML, b), err
	}
	b, ok := p.doc.([]byte)
	if !ok {
		if b, err = json.Marshal(p.doc); err != nil {
			return nil, fmt.Errorf("ogc: %w", err)
		}
		b = append(b, '\n')
	}
	return entry(p.typ, b), nil
}

// entry is a finished body: the type, the strong ETag, and the body.
func entry(typ string, body []byte) *tilecache.Entry {
	sum := sha256.Sum256(body)
	return &tilecache.Entry{Body: body, Header: []tilecache.HeaderField{
		{Name: "Content-Type", Values: []string{typ}}, {Name: "Etag", Values: []string{hex.EncodeToString(sum[:16])}}}}
}

// send writes a finished answer, compressed when the client takes that.
func (h *Handler) send(w http.ResponseWriter, r *http.Request, e *tilecache.Entry) error {
	head := w.Header()
	typ, tag, body := e.Header[0].Values[0], e.Header[1].Values[0], e.Body
	head.Add("Vary", "Accept-Encoding")
	head.Set("Cache-Control", cacheAnswer)
	zip := len(body) >= leastZipped && blob.Accepts(r.Header.Get("Accept-Encoding"), "gzip")
	if zip {
		tag += "-gzip"
	}
	head.Set("Etag", `"`+tag+`"`)
	if typ == typeHTML {
		head.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	} else {
		head.Set("Content-Security-Policy", "default-src 'none'; sandbox")
		head.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	if blob.Matches(r.Header.Get("If-None-Match"), `"`+tag+`"`) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	if zip {
		packed, err := h.cache.Fetch(r.Context(), tag, func() (*tilecache.Entry, error) { return zipped(body) })
		if err != nil {
			return err
		}
		body = packed.Body
		head.Set("Content-Encoding", "gzip")
	}
	head.Set("Content-Type", typ)
	head.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the client may be gone, and there is nobody else to tell
	return nil
}

func zipped(body []byte) (*tilecache.Entry, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(body)
	if err := errors.Join(err, z.Close()); err != nil {
		return nil, fmt.Errorf("ogc: compress: %w", err)
	}
	return &tilecache.Entry{Body: b.Bytes()}, nil
}
