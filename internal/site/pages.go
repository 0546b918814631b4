package site

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/streetsafe/streetsafe/internal/blob"
	"github.com/streetsafe/streetsafe/internal/words"
)

//go:embed messages/*.json
var messageFiles embed.FS

//go:embed templates/*.html
var templateFiles embed.FS

const (
	typeJSON = "application/json"
	typeHTML = "text/html; charset=utf-8"

	cachePage = "public, max-age=300" // a new release is seen within five minutes

	// maxPages bounds the pages in memory: languages, looks and places in all
	// combinations that somebody may ask for. A full cache begins anew.
	maxPages = 512
)

// pageCache keeps pages that were made.
type pageCache struct {
	most  int
	mu    sync.Mutex // guards blobs
	blobs map[string]*blob.Blob
}

func newPageCache(most int) *pageCache { return &pageCache{most: most, blobs: map[string]*blob.Blob{}} }

// get returns a page, which fill makes when it is not there.
func (c *pageCache) get(key string, fill func() (*blob.Blob, error)) (*blob.Blob, error) {
	c.mu.Lock()
	b := c.blobs[key]
	c.mu.Unlock()
	if b != nil {
		return b, nil
	}
	b, err := fill()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.blobs) >= c.most {
		clear(c.blobs)
	}
	c.blobs[key] = b
	return b, nil
}

// pageSet holds one template for each page, parsed with the layout.
type pageSet struct{ byName map[string]*template.Template }

func loadPages() (*pageSet, error) {
	shared := []string{"templates/layout.html", "templates/parts.html"}
	layout, err := template.New("layout").Funcs(template.FuncMap{"json": toJSON}).ParseFS(templateFiles, shared...)
	if err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	set := &pageSet{byName: map[string]*template.Template{}}
	for _, name := range names {
		base := strings.TrimSuffix(path.Base(name), ".html")
		t, err := layout.Clone()
		if err == nil {
			t, err = t.ParseFS(templateFiles, name)
		}
		if err != nil {
			return nil, fmt.Errorf("site: %w", err)
		}
		set.byName[base] = t
	}
	return set, nil
}

func toJSON(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// visit is one request for a page.
type visit struct {
	*Site
	model *model
	w     http.ResponseWriter
	r     *http.Request
}

// link leads to the same page in another language.
type link struct {
	*words.Translator
	URL     string
	Current bool
}

// view is what a template sees.
type view struct {
	*words.Translator
	Page      string // name of the template
	Query     query
	Root      string // the site's root as the page's own address sees it, such as "../" or ""
	Absolute  string // the site's root as the public knows it
	Path      string // of the page, below the root
	Languages []link
	Report    string
	Synthetic bool
	Config    any // for the page's script
	Data      any

	assets *assetSet
}

// Asset returns the address of a file.
func (v *view) Asset(name string) string {
	return v.Root + strings.TrimPrefix(assetPrefix, "/") + v.assets.revision + "/" + name
}

// To returns the address of another page in this language.
func (v *view) To(page string) string { return v.Root + page + "?lang=" + v.Lang }

// Self is the address of the page with its state, as the public knows it.
func (v *view) Self() string { return v.Absolute + v.Path + "?" + v.Query.String() }

// N writes a number.
func (v *view) N(n int) string { return grouped(n) }

// grouped writes a number in groups of digits, which English and Welsh do alike.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Days writes a date as people read it; what is none, as it is.
func (v *view) Days(iso string) string {
	if t := day(iso); !t.IsZero() {
		return v.Date(t)
	}
	return iso
}

// base is the site's root as the public knows it.
func (v *visit) base() string {
	if v.cfg.Base != "" {
		return v.cfg.Base
	}
	scheme := "http"
	if v.r.TLS != nil {
		scheme = "https"
	}
	u := url.URL{Scheme: scheme, Host: v.r.Host, Path: v.cfg.Prefix + "/"}
	return u.String()
}

// page answers with a page of the site, from memory when it was made before.
// fill gives what the template and the page's script see.
func (v *visit) page(name string, ancestors []string, fill func(out *view) error) {
	q := parseQuery(v.r.URL.Query(), v.model)
	if !v.words.Has(q.Lang) {
		q.Lang = v.words.Pick("", v.r.Header.Get("Accept-Language")).Lang
	}
	p := strings.TrimPrefix(v.r.URL.Path, "/")
	key := v.base() + " " + p + " " + q.String()
	b, err := v.model.pages.get(key, func() (*blob.Blob, error) {
		out := &view{Translator: v.words.Pick(q.Lang, ""), Page: name, Query: q, Root: strings.Repeat("../", strings.Count(p, "/")), Absolute: v.base(), Path: p,
			Report: v.cfg.ReportURL, Synthetic: v.model.synthetic, assets: v.assets}
		for _, tr := range v.words.All() {
			other := q
			other.Lang = tr.Lang
			out.Languages = append(out.Languages, link{tr, path.Base(p) + "?" + other.String(), tr.Lang == q.Lang})
		}
		if err := fill(out); err != nil {
			return nil, err
		}
		var html bytes.Buffer
		if err := v.pages.byName[name].ExecuteTemplate(&html, "layout", out); err != nil {
			return nil, err
		}
		return blob.New(typeHTML, html.Bytes()), nil
	})
	if err != nil {
		v.cfg.Log.Error("a public page could not be made", "page", name, "error", err)
		http.Error(v.w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	v.guard(ancestors)
	head := v.w.Header()
	head.Set("Cache-Control", cachePage)
	head.Set("Content-Language", q.Lang)
	head.Add("Vary", "Accept-Language")
	b.Serve(v.w, v.r)
}

// guard sets what every page carries: nothing from anywhere but here, no
// device, and framed by nobody but those who are named.
func (v *visit) guard(ancestors []string) {
	framed := "'none'"
	if len(ancestors) > 0 {
		framed = "'self' " + strings.Join(ancestors, " ")
	}
	head := v.w.Header()
	head.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "+
		"frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors "+framed)
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Permissions-Policy", "geolocation=(), camera=(), microphone=(), payment=(), usb=(), browsing-topics=()")
	if len(ancestors) == 0 {
		head.Set("X-Frame-Options", "DENY")
		head.Set("Cross-Origin-Opener-Policy", "same-origin")
	}
}

// open sets what every file carries that any page may read: an embed in a
// sandbox has an origin of its own.
func (v *visit) open(cache string) {
	head := v.w.Header()
	head.Set("Cache-Control", cache)
	head.Set("Access-Control-Allow-Origin", "*")
	head.Set("Cross-Origin-Resource-Policy", "cross-origin")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "no-referrer")
}

// pair is what the template of an action sees.
type pair struct {
	Page   *view
	Action actionView
}

// Pair joins the page and one of its actions.
func (v *view) Pair(a actionView) pair { return pair{v, a} }

// Hidden are the fields of a form that keep the state but for one.
func (v *view) Hidden(but string) []choice {
	var out []choice
	for part := range strings.SplitSeq(v.Query.String(), "&") {
		name, value, _ := strings.Cut(part, "=")
		if value, err := url.QueryUnescape(value); err == nil && name != but {
			out = append(out, choice{ID: name, Label: value})
		}
	}
	return out
}

// OEmbed is the address that describes the page for other sites (oEmbed 1.0).
func (v *view) OEmbed() string {
	return v.Absolute + "oembed?format=json&url=" + url.QueryEscape(v.Self())
}

// Modules are what the page's script loads, so that browsers need not find out
// one after the other.
func (v *view) Modules() []string {
	var out []string
	for _, name := range v.assets.modules(v.entry()) {
		out = append(out, v.Asset(name))
	}
	return out
}

// entry is the page's own script.
func (v *view) entry() string { return "site/" + v.Page + ".js" }
