// Package pages serves what people log in and manage accounts with: plain HTML
// forms that work without scripts, never framed, never kept by a browser.
package pages

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/store"
)

// Paths are where the handler answers: there and below.
var Paths = []string{"/login", "/logout", "/welcome", "/account", "/admin"}

// Config is what the pages need of the rest.
type Config struct {
	Asset     func(name string) string // address of an embedded file
	Synthetic bool                     // the reports are made up
	Log       *slog.Logger

	Review Review                        // what is held back; nil for no page about it
	Near   func(lat, lng float64) string // names a place near a point, "" for none

	Posters func() map[string]int // how often the form was opened from the posters of a campaign; nil for not known
}

//go:embed templates/*.html style.css
var files embed.FS

// maxForm is how large a form may be.
const maxForm = 64 << 10

// Handler answers under Paths. The request's context says who asks, as
// access.NewContext puts it there.
type Handler struct {
	gate       *access.Gate
	cfg        Config
	templates  *template.Template
	style      []byte
	mux        *http.ServeMux
	sameOrigin *http.CrossOriginProtection
}

// New returns the handler of a gate.
func New(g *access.Gate, cfg Config) *Handler {
	h := &Handler{gate: g, cfg: cfg, mux: http.NewServeMux(), sameOrigin: http.NewCrossOriginProtection()}
	h.templates = template.Must(template.New("").Funcs(template.FuncMap{
		"date":   func(t time.Time) string { return t.Format(time.DateOnly) },
		"moment": func(t time.Time) string { return t.Format("2006-01-02 15:04") },
		"binds":  g.AreaBinds,
	}).ParseFS(files, "templates/*.html"))
	h.style, _ = files.ReadFile("style.css") // embedded above
	h.routes()
	return h
}

// action answers a request; its error is turned into a page.
type action func(http.ResponseWriter, *http.Request, *access.Identity) error

func (h *Handler) routes() {
	h.mux.HandleFunc("GET /login/style.css", h.serveStyle)
	// Before somebody is known there is no session to bind a form to: the check
	// of the origin alone guards these.
	h.open("GET /login", h.loginPage)
	h.open("POST /login", h.login)
	h.open("GET /welcome/{secret}", h.welcomePage)
	h.open("POST /welcome/{secret}", h.welcome)
	h.open("GET /logout", h.logoutPage)
	if h.gate.SSO() {
		h.open("GET /login/oidc", h.startSSO)
		h.open("GET "+access.CallbackPath, h.finishSSO)
	}
	own, accounts, audit := access.SurfaceOwn, access.SurfaceAccounts, access.SurfaceAudit
	h.guarded("POST /logout", own, h.logout)
	h.guarded("GET /account", own, h.accountPage)
	h.guarded("POST /account/password", own, h.changePassword)
	h.guarded("POST /account/tokens", own, h.createToken)
	h.guarded("POST /account/tokens/revoke", own, h.revokeToken)
	h.guarded("POST /account/sessions/end", own, h.endSessions)
	h.guarded("GET /admin", accounts, h.adminPage)
	h.guarded("POST /admin/accounts", accounts, h.addAccount)
	h.guarded("POST /admin/accounts/reset", accounts, h.resetAccount)
	h.guarded("POST /admin/accounts/disable", accounts, h.setDisabled(true))
	h.guarded("POST /admin/accounts/enable", accounts, h.setDisabled(false))
	h.guarded("GET /admin/audit", audit, h.auditPage)
	h.reviewRoutes()
	h.open("/", func(w http.ResponseWriter, r *http.Request, _ *access.Identity) error {
		return h.refuse(w, r, http.StatusNotFound, "There is nothing at this address.")
	})
}

// open registers what everybody may ask for.
func (h *Handler) open(pattern string, do action) {
	h.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		h.answer(w, r, do(w, r, access.FromContext(r.Context())))
	})
}

// guarded registers what the policy decides about. A form must come from a page
// that was made for the session.
func (h *Handler) guarded(pattern string, surface access.Surface, do action) {
	h.open(pattern, func(w http.ResponseWriter, r *http.Request, who *access.Identity) error {
		if _, err := access.Decide(who, access.Ask{Surface: surface}); err != nil {
			return err
		}
		// The demo has no sessions, and no surface but the review that forms act on;
		// that a request comes from this site was checked.
		if r.Method == http.MethodPost && !who.Demo && !h.gate.GoodForm(who, r.PostFormValue("csrf")) {
			return h.refuse(w, r, http.StatusForbidden, "This form is out of date: go back, load the page again and send it once more.")
		}
		return do(w, r, who)
	})
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Cache-Control", "no-store")
	head.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	head.Set("X-Frame-Options", "DENY")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Cross-Origin-Opener-Policy", "same-origin")
	if err := h.sameOrigin.Check(r); err != nil {
		h.answer(w, r, h.refuse(w, r, http.StatusForbidden, "This request comes from another site. Open StreetSafe itself and try again there."))
		return
	}
	h.mux.ServeHTTP(w, r)
}

// answer turns what an action could not do into a page.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, err error) {
	var refusal *access.Refusal
	switch {
	case err == nil || r.Context().Err() != nil:
		return
	case errors.As(err, &refusal) && refusal.Kind == access.SignIn && r.Method == http.MethodGet:
		seeOther(w, "/login?next="+template.URLQueryEscaper(r.URL.Path))
		return
	case errors.As(err, &refusal) && refusal.Kind == access.SignIn:
		err = h.refuse(w, r, http.StatusUnauthorized, "You are no longer logged in. Log in and do it once more.")
	case errors.As(err, &refusal):
		err = h.refuse(w, r, http.StatusForbidden, refusal.Reason)
	case access.StoreAway(err):
		w.Header().Set("Retry-After", "30")
		err = h.refuse(w, r, http.StatusServiceUnavailable, "The database cannot be reached just now, so nobody can log in and nothing can be changed. Nothing was kept. Try again in a moment.")
	default:
		h.cfg.Log.Error("request failed", slog.String("path", r.Pattern), slog.Any("error", err))
		err = h.refuse(w, r, http.StatusInternalServerError, "Something went wrong on our side. Try again in a moment.")
	}
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}

func seeOther(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}

// page is what every template may use.
type page struct {
	Title     string
	Page      string // which link of the top is here
	Who       *access.Identity
	Form      string // goes back with every form
	Synthetic bool
	Error     string
	Note      string
	Secret    string // shown once
	Email     string
	Next      string
	TileURL   string
	Leave     string // where a browser that has logged out goes on to

	Demo, SSO, First, Gone bool
	Views, ScopeNames      []string
	Accounts               []store.Account
	Tokens                 []store.Token
	Sessions               []store.Session
	Mine                   store.SecretHash
	Entries                []store.AuditEntry
	Check                  store.AuditCheck
	Review                 *reviewView
	MayReview              bool

	asset func(string) string
	near  func(lat, lng float64) string
}

// Asset is the address of an embedded file.
func (p *page) Asset(name string) string { return p.asset(name) }

func (h *Handler) newPage(r *http.Request, name, title string) *page {
	who := access.FromContext(r.Context())
	_, err := access.Decide(who, access.Ask{Surface: access.SurfaceReview})
	return &page{Title: title, Page: name, Who: who, Form: h.gate.FormToken(who), Synthetic: h.cfg.Synthetic, asset: h.cfg.Asset,
		near: h.cfg.Near, MayReview: err == nil && h.cfg.Review != nil}
}

func (h *Handler) show(w http.ResponseWriter, status int, name string, p *page) error {
	var out bytes.Buffer
	if err := h.templates.ExecuteTemplate(&out, name, p); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes()) // the client may be gone, and there is nobody else to tell
	return nil
}

func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, status int, reason string) error {
	p := h.newPage(r, "", http.StatusText(status))
	p.Error = reason
	return h.show(w, status, "refused", p)
}

// retry shows a page again with what was wrong, or passes on an error that is
// not for people.
func (h *Handler) retry(w http.ResponseWriter, name string, p *page, err error) error {
	text, ok := access.ForPeople(err)
	if !ok {
		return err
	}
	p.Error = sentence(text)
	var many *access.TooManyError
	status := http.StatusUnprocessableEntity
	if errors.As(err, &many) {
		status = http.StatusTooManyRequests
	}
	return h.show(w, status, name, p)
}

// sentence writes an error's text as one.
func sentence(s string) string {
	if s == "" {
		return s
	}
	if s[0] >= 'a' && s[0] <= 'z' {
		s = string(s[0]-'a'+'A') + s[1:]
	}
	if last := s[len(s)-1]; last != '.' && last != '!' && last != '?' {
		s += "."
	}
	return s
}

func (h *Handler) serveStyle(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=3600")
	http.ServeContent(w, r, "style.css", time.Time{}, bytes.NewReader(h.style))
}
