package form

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
)

//go:embed templates/*.html
var templateFiles embed.FS

// pageSet holds one template for each page, parsed with the layout.
type pageSet struct{ byName map[string]*template.Template }

func loadPages() (*pageSet, error) {
	layout, err := template.ParseFS(templateFiles, "templates/layout.html")
	if err != nil {
		return nil, fmt.Errorf("form: %w", err)
	}
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("form: %w", err)
	}
	set := &pageSet{byName: map[string]*template.Template{}}
	for _, name := range names {
		base := strings.TrimSuffix(path.Base(name), ".html")
		if base == "layout" {
			continue
		}
		t, err := layout.Clone()
		if err == nil {
			t, err = t.ParseFS(templateFiles, name)
		}
		if err != nil {
			return nil, fmt.Errorf("form: %w", err)
		}
		set.byName[base] = t
	}
	return set, nil
}

// visit is one request for a page.
type visit struct {
	*Handler
	w     http.ResponseWriter
	r     *http.Request
	tr    *translator
	token string // as it came
}

// pageError is one thing to put right: which field, and what to do.
type pageError struct{ Field, Text string }

// languageLink leads to the same page in another language.
type languageLink struct {
	*translator
	URL     string
	Current bool
}

// view is what a template sees.
type view struct {
	*translator
	Page      string // name of the template, and of its messages
	Heading   string
	Errors    []pageError
	Token     string
	Change    bool   // the answer was opened from the list of all answers
	Back      string // where the link back leads, "" for none
	Question  int    // 1 to 4, 0 for pages that are no question
	Exit      string // leaves for ExitURL and forgets the draft
	ExitURL   string
	Languages []languageLink
	Print     bool // a page for paper: no header, no exit
	Data      any

	assets *assetSet
}

// Asset returns the address of an embedded file.
func (v *view) Asset(name string) string { return v.assets.url(name) }

// Error returns the text for a field, "" when there is nothing to put right.
func (v *view) Error(field string) string {
	for _, e := range v.Errors {
		if e.Field == field {
			return e.Text
		}
	}
	return ""
}

// To returns the address of another page in this language.
func (v *view) To(p string) string { return address(p, v.Lang, v.Token) }

func address(p, lang, token string, more ...string) string {
	q := url.Values{"lang": {lang}}
	if token != "" {
		q.Set("s", token)
	}
	for i := 0; i+1 < len(more); i += 2 {
		if more[i+1] != "" {
			q.Set(more[i], more[i+1])
		}
	}
	return p + "?" + q.Encode()
}

// newView returns a view with what every page has.
func (v *visit) newView(page, token string) *view {
	out := &view{translator: v.tr, Page: page, Token: token, ExitURL: v.cfg.ExitURL, assets: v.assets,
		Exit: address(pathExit, v.tr.Lang, token), Change: v.r.URL.Query().Get("change") != ""}
	out.Heading = v.tr.T(page + ".title")
	for _, tr := range v.words.all() {
		q := v.r.URL.Query()
		q.Set("lang", tr.Lang)
		out.Languages = append(out.Languages, languageLink{tr, v.r.URL.Path + "?" + q.Encode(), tr == v.tr})
	}
	return out
}

// render answers with a page.
func (v *visit) render(status int, out *view) {
	var page bytes.Buffer
	t, ok := v.pages.byName[out.Page]
	err := errors.New("no such template")
	if ok {
		err = t.ExecuteTemplate(&page, "layout", out)
	}
	if err != nil {
		// The text of a template error holds the name of a field, never a value.
		v.log.Error("a page of the form could not be made", "page", out.Page, "error", err)
		http.Error(v.w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	head := v.w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Content-Language", out.Lang)
	head.Add("Vary", "Accept-Encoding")
	body := page.Bytes()
	if acceptsGzip(v.r) {
		head.Set("Content-Encoding", "gzip")
		body = gzipped(body)
	}
	head.Set("Content-Length", strconv.Itoa(len(body)))
	v.w.WriteHeader(status)
	_, _ = v.w.Write(body) // the client may be gone, and there is nobody else to tell
}

func acceptsGzip(r *http.Request) bool {
	for item := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(item), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			return !strings.HasPrefix(strings.ReplaceAll(params, " ", ""), "q=0") || strings.Contains(params, "0.")
		}
	}
	return false
}

func gzipped(body []byte) []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.DefaultCompression) // the level is valid
	_, _ = z.Write(body)                                       // a bytes.Buffer does not fail
	_ = z.Close()
	return out.Bytes()
}

// redirect answers 303 (RFC 9110, 15.4.4), so that every page is the answer to
// a GET: Back and Reload never ask whether to send again.
func (v *visit) redirect(to string) {
	v.w.Header().Set("Location", to)
	v.w.WriteHeader(http.StatusSeeOther)
}

// page wraps a handler of pages: headers, language, limits of the body, and
// refusal of forms that another site sends.
func (h *Handler) page(serve func(*visit)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h.guard(w.Header())
		if r.Method == http.MethodPost {
			r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
		}
		v := &visit{Handler: h, w: w, r: r}
		err := r.ParseForm()
		v.tr = h.words.pick(r.Form.Get("lang"), r.Header.Get("Accept-Language"))
		v.token = r.Form.Get("s")
		switch {
		case err != nil:
			v.trouble(http.StatusBadRequest)
		case r.Method == http.MethodPost && crossSite(r):
			v.trouble(http.StatusForbidden)
		default:
			serve(v)
		}
	}
}

// maxFormBytes is several times what the longest page sends.
const maxFormBytes = 16 << 10

// guard sets what every answer carries: kept nowhere, told to nobody, framed by
// nobody, and nothing from anywhere but here.
func (h *Handler) guard(head http.Header) {
	head.Set("Cache-Control", "no-store")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data:; "+
		"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	head.Set("Permissions-Policy", "geolocation=(self), camera=(), microphone=(), payment=(), usb=()")
	head.Set("Cross-Origin-Opener-Policy", "same-origin")
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	head.Set("X-Robots-Tag", "noindex")
	// Reports must not be read by other sites' scripts, whatever the maps allow.
	head.Del("Access-Control-Allow-Origin")
	head.Del("Access-Control-Expose-Headers")
}

// crossSite tells a form that another site sends (CSRF) without a cookie:
// browsers say so in Sec-Fetch-Site (Fetch Metadata). Those that do not say an
// origin, which is "null" under our own referrer policy, so a null one passes.
func crossSite(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return false
	case "":
		origin := r.Header.Get("Origin")
		if origin == "" || origin == "null" {
			return false
		}
		u, err := url.Parse(origin)
		return err != nil || !strings.EqualFold(u.Host, r.Host)
	}
	return true
}

// trouble answers with the page for something that cannot be done.
func (v *visit) trouble(status int) {
	out := v.newView("trouble", "")
	out.Heading = v.tr.T("trouble." + strconv.Itoa(status))
	if status == http.StatusServiceUnavailable {
		v.w.Header().Set("Retry-After", retryAfter)
	}
	v.render(status, out)
}
