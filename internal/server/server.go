// Package server answers HTTP: tiles, the JSON API and the pages. It joins the
// cube, the cache and the gazetteer; it never touches a store.
package server

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorilla/mux"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/access/pages"
	"github.com/streetsafe/streetsafe/internal/actionbook"
	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/gazetteer"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/tilecache"
	"github.com/streetsafe/streetsafe/internal/watch"
)

// Config is what an operator decides.
type Config struct {
	Mode       string // "demo" or "serve"
	Version    string
	Synthetic  bool     // the reports are made up, and every surface says so
	StoreID    string   // names the body of reports in ETags and tile URLs
	Basemap    Basemap  // zero for the offline one
	Origins    []string // origins that may read answers from scripts; "*" for all
	Hosts      []string // host names that are answered; empty for all
	CacheBytes int64    // budget of the response cache
}

// Readiness says whether the process can serve and how far behind it is.
type Readiness struct {
	Ready   bool   `json:"ready"`
	Reason  string `json:"reason,omitempty"`
	Behind  uint64 `json:"behind"`  // batches published and not yet on the map
	Checked string `json:"checked"` // when the store was last heard of, RFC 3339
}

// Parts are what a server is made of.
type Parts struct {
	Cube      *cube.Cube
	Gazetteer *gazetteer.Index
	Readiness func() Readiness
	Now       func() time.Time // nil for time.Now
	Log       *slog.Logger     // nil for slog.Default
	Access    *access.Gate     // who may see what; nil in the demo opens it to everybody

	Packages PackageWriter    // writes GeoPackages; nil when there are none
	Views    *watch.Watcher   // saved views and their alerts; nil to keep none
	Actions  *actionbook.Book // what was done about places; nil to keep none

	// HistoryFrom is the generation from which on the cube knows every change; nil
	// for the first. No tile is named by an earlier one: what was taken out of it
	// before could not be told from what was never there.
	HistoryFrom func() uint64

	// MonthPrecision tells how many reports know only their month, for the note on
	// method; nil for none.
	MonthPrecision func() MonthPrecision

	Review pages.Review // reports that are held back; nil for no page about them

	Posters func() map[string]int // how often the form was opened from the posters of a campaign; nil for not known

	// Mounted are handlers that answer beside ours, such as the report form's, by
	// path: each gets that path, everything below it, and it with an ending.
	Mounted map[string]http.Handler
}

// Server is an http.Handler.
type Server struct {
	cfg     Config
	cube    *cube.Cube
	places  *gazetteer.Index
	ready   func() Readiness
	now     func() time.Time
	log     *slog.Logger
	cache   *tilecache.Cache
	files   *fileSet
	queries *queryMemo
	tables  *tableMemo
	desk    *desk
	gate    *access.Gate
	mounted map[string]http.Handler
	router  http.Handler

	announcer *announcer
	workbench atomic.Pointer[Workbench]
	packages  PackageWriter
	views     *watch.Watcher
	actions   *actionbook.Book

	monthPrecision func() MonthPrecision
	historyFrom    func() uint64
	review         pages.Review
	posters        func() map[string]int
}

// New returns a server. It fails when its embedded files do not fit together.
func New(cfg Config, p Parts) (*Server, error) {
	s := &Server{
		cfg: cfg, cube: p.Cube, places: p.Gazetteer, ready: p.Readiness, now: p.Now, log: p.Log,
		// Fills are pure computation: more of them at once than cores only
		// makes each of them slower.
		queries: newQueryMemo(), tables: newTableMemo(), desk: newDesk(), gate: p.Access,
		cache: tilecache.New(cfg.CacheBytes, runtime.GOMAXPROCS(0)),
	}
	s.announcer, s.packages, s.views, s.actions = newAnnouncer(), p.Packages, p.Views, p.Actions
	s.workbench.Store(&Workbench{})
	s.monthPrecision, s.review, s.posters = p.MonthPrecision, p.Review, p.Posters
	if s.historyFrom = p.HistoryFrom; s.historyFrom == nil {
		s.historyFrom = func() uint64 { return 0 }
	}
	if s.gate == nil {
		if cfg.Mode != modeDemo {
			return nil, errors.New("a server that is no demo needs to know who may see what")
		}
		s.gate = access.NewDemo(nil)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.ready == nil {
		s.ready = func() Readiness { return Readiness{Ready: true} }
	}
	var err error
	if s.files, err = loadFiles(); err != nil {
		return nil, err
	}
	s.mounted = p.Mounted
	s.router = s.guard(s.routes())
	return s, nil
}

// CacheStats returns the counters of the response cache.
func (s *Server) CacheStats() tilecache.Stats { return s.cache.Stats() }

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.router.ServeHTTP(w, r) }

// Header values that all answers share; net/http does not change them.
var (
	noSniff    = []string{"nosniff"}
	noReferrer = []string{"no-referrer"}
	anyOrigin  = []string{"*"}
	exposeETag = []string{"ETag"}
)

const allowedMethods = "GET, HEAD, OPTIONS"

func (s *Server) routes() *mux.Router {
	m := mux.NewRouter()
	get := func(path string, h handler) { m.Handle(path, s.answer(h)).Methods(http.MethodGet, http.MethodHead) }

	get("/tiles/reports.json", s.tileJSON)
	get(tilesPrefix+"{address:.+}", s.tile)

	get("/api/v1/factors", s.factors)
	get("/api/v1/scale", s.scale)
	get("/api/v1/summary", s.summary)
	get("/api/v1/cells/{cell}", s.cell)
	get("/api/v1/places", s.searchPlaces)
	get("/api/v1/config", s.config)
	get("/api/v1/session", s.session)
	get("/api/v1/events", s.events)
	s.workbenchRoutes(m)
	s.officerRoutes(m)
	s.actionRoutes(m)
	get("/api/openapi.json", s.openAPI)

	get("/healthz", s.healthz)
	get("/readyz", s.readyz)

	get("/", s.page("index.html"))
	get("/hub", s.hubPage)
	get("/static/{path:.+}", s.static)
	get("/favicon.ico", s.icon)

	m.Handle("/demo/view", s.answer(s.sameOrigin(s.demoView))).Methods(http.MethodPost)
	people := pages.New(s.gate, pages.Config{Asset: s.assetURL, Synthetic: s.cfg.Synthetic, Log: s.log, Review: s.review, Near: s.nameNear, Posters: s.posters})
	for _, path := range pages.Paths {
		m.MatcherFunc(func(r *http.Request, _ *mux.RouteMatch) bool { return below(r.URL.Path, path) }).Handler(people)
	}
	for path, h := range s.mounted {
		m.MatcherFunc(func(r *http.Request, _ *mux.RouteMatch) bool { return below(r.URL.Path, path) }).Handler(h)
	}

	m.NotFoundHandler = s.answer(s.notFound)
	m.MethodNotAllowedHandler = s.answer(s.methodNotAllowed)
	return m
}

// below reports whether path is root, lies below it, or is it with an ending.
func below(path, root string) bool {
	rest, ok := strings.CutPrefix(path, root)
	return ok && (rest == "" || rest[0] == '/' || rest[0] == '.')
}

// guard sets what every answer carries and refuses host names that are not
// ours: a page of another site that makes its own name point to 127.0.0.1 (DNS
// rebinding) must not read an officer's map.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["X-Content-Type-Options"] = noSniff
		h["Referrer-Policy"] = noReferrer
		s.allowOrigin(h, r)
		if !s.knowsHost(r.Host) {
			s.fail(w, r, newProblem(http.StatusMisdirectedRequest, "This server does not answer for the host name in the request. Use the address it printed at start, or --host to add a name."))
			return
		}
		if s.forEverybody(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		who, err := s.gate.Who(r)
		if err != nil && r.URL.Path == "/readyz" {
			who, err = access.FromContext(r.Context()), nil // readiness is told without figures
		}
		if err != nil {
			s.log.Error("cannot find out who asks", slog.Any("error", err))
			s.fail(w, r, newProblem(http.StatusServiceUnavailable, "Who may see this cannot be found out just now. Try again in a moment."))
			return
		}
		if isTile(r) {
			if err := s.tileFor(who, w, r); err != nil {
				s.fail(w, r, err)
			}
			return
		}
		next.ServeHTTP(w, r.WithContext(access.NewContext(r.Context(), who)))
	})
}

// forEverybody says which addresses answer alike whoever asks: nobody is looked
// up for them, so they go on when the store cannot be read, and the report form
// never learns who is logged in.
func (s *Server) forEverybody(path string) bool {
	if path == "/healthz" || path == "/favicon.ico" || strings.HasPrefix(path, "/static/") {
		return true
	}
	for prefix := range s.mounted {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

// isTile picks out tiles before routing: most requests ask for one, and
// routing would take longer than answering a hot one.
func isTile(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && strings.HasPrefix(r.URL.Path, tilesPrefix)
}

func (s *Server) knowsHost(host string) bool {
	if len(s.cfg.Hosts) == 0 {
		return true
	}
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	for _, known := range s.cfg.Hosts {
		if strings.EqualFold(known, host) {
			return true
		}
	}
	return false
}

// allowOrigin implements CORS (Fetch Standard) for simple requests, on errors
// too, so that a script can read why it failed.
func (s *Server) allowOrigin(h http.Header, r *http.Request) {
	for _, o := range s.cfg.Origins {
		if o == "*" {
			h["Access-Control-Allow-Origin"] = anyOrigin
			h["Access-Control-Expose-Headers"] = exposeETag
			return
		}
	}
	if len(s.cfg.Origins) == 0 {
		return
	}
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	for _, o := range s.cfg.Origins {
		if o == origin {
			h.Set("Access-Control-Allow-Origin", o)
			h.Set("Access-Control-Expose-Headers", "ETag")
		}
	}
}

// today returns the calendar date in the United Kingdom.
func (s *Server) today() report.Day { return report.DayOf(s.now().In(ukZone)) }
