package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// Config is what an operator decides.
type Config struct {
	PublicURL string        // how browsers reach us, such as https://hub.example.org; "" when unknown
	Idle      time.Duration // a session unused for so long ends; 0 for DefaultIdle
	Absolute  time.Duration // a session ends after so long, used or not; 0 for DefaultAbsolute
	Params    Params        // cost of passwords; zero for DefaultParams
	Proxies   Proxies
	Areas     Areas // nil while no boundary is loaded: then areas do not bind; see SetAreas
	Now       func() time.Time
	Log       *slog.Logger
}

// The limits of sessions: a break does not end one, the next shift does.
const (
	DefaultIdle     = time.Hour
	DefaultAbsolute = 12 * time.Hour
)

const (
	// trustFor is how long a session or token is believed before the store is
	// asked again. Ending one is told through the revision, within pollEvery.
	trustFor = time.Minute

	// pollEvery is how soon another process that disables an account is heard.
	pollEvery = time.Second

	sweepEvery = time.Hour

	// maxRemembered bounds the sessions and tokens kept in memory; over it all
	// are read again, at one look-up each.
	maxRemembered = 20_000
)

// Gate finds out who asks. It is safe for use by many goroutines.
type Gate struct {
	cfg         Config
	store       store.Access
	now         func() time.Time
	log         *slog.Logger
	hasher      *hasher
	backoff     *backoff
	secret      []byte
	publicHTTPS bool
	isDemo      bool
	audit       auditLog // nil in a demo that keeps none
	sso         *sso

	mu         sync.RWMutex // guards the fields below
	areas      Areas
	demo       map[string]*Identity // by the value of the cookie; nil outside the demo
	changed    chan struct{}        // closed when what is remembered may be wrong
	remembered map[sessionKey]*memory
	epoch      uint64 // grows when everything remembered is dropped
	revision   int64
}

// sessionKey is the hash of a session or token.
type sessionKey = store.SecretHash

// memory is what was read about a session or token.
type memory struct {
	who   *Identity
	until time.Time // read again from then on
	ends  time.Time // no good from then on, whatever the store says
	used  time.Time // when it was last read, or used while the store was away
}

// StoreAway reports whether an error says that the store cannot be reached just
// now: nothing is wrong with the request, and the same one may be good later.
func StoreAway(err error) bool { return errors.Is(err, store.ErrUnavailable) }

// retryAfter spares a store that cannot be read a question for each tile.
const retryAfter = 5 * time.Second

// despite is what to go by when the store fails; nil when there is nothing. Those
// who are known stay so within the limits of their session. It cannot be told to
// shut anybody out meanwhile, nor by anybody: that needs the store. A token, which
// may be good for a year, is believed for as long as a session lasts.
func (g *Gate) despite(m *memory, now time.Time) *memory {
	if m == nil || !now.Before(m.ends) || !now.Before(m.used.Add(g.cfg.Idle)) {
		return nil
	}
	ends := m.ends
	if longest := m.until.Add(g.cfg.Absolute); longest.Before(ends) {
		ends = longest
	}
	return &memory{m.who, now.Add(retryAfter), ends, now}
}

// New returns a gate over a store.
func New(ctx context.Context, st store.Access, cfg Config) (*Gate, error) {
	g := &Gate{cfg: cfg, store: st, audit: st, now: cfg.Now, log: cfg.Log, remembered: map[sessionKey]*memory{}, areas: cfg.Areas, changed: make(chan struct{})}
	if g.now == nil {
		g.now = time.Now
	}
	if g.log == nil {
		g.log = slog.Default()
	}
	if g.cfg.Idle <= 0 {
		g.cfg.Idle = DefaultIdle
	}
	if g.cfg.Absolute <= 0 {
		g.cfg.Absolute = DefaultAbsolute
	}
	if g.cfg.Params == (Params{}) {
		g.cfg.Params = DefaultParams
	}
	if cfg.PublicURL != "" {
		u, err := url.Parse(cfg.PublicURL)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Path != "" && u.Path != "/" {
			return nil, fmt.Errorf("public URL %q: expected something like https://hub.example.org", cfg.PublicURL)
		}
		g.publicHTTPS = u.Scheme == "https"
		g.cfg.PublicURL = u.Scheme + "://" + u.Host
	}
	g.hasher = newHasher(g.cfg.Params)
	secret, err := st.AccessSecret(ctx)
	if err != nil {
		return nil, err
	}
	g.secret = []byte(secret)
	g.backoff = newBackoff(g.now)
	g.revision, err = st.AccessRevision(ctx)
	return g, err
}

// DemoArea is the council of the demo's planner: Croydon, where its reports are
// densest.
const DemoArea = "E09000008"

// NewDemo returns a gate that is open: every visitor is the demo's officer, or
// whom a cookie chooses. areas may be nil.
func NewDemo(areas Areas) *Gate {
	g := &Gate{now: time.Now, log: slog.Default(), isDemo: true, changed: make(chan struct{})}
	g.SetAreas(areas)
	return g
}

// SetAreas replaces the boundaries that bind accounts, nil for none. It holds from
// the next request on, and open streams are told.
func (g *Gate) SetAreas(areas Areas) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.areas = areas
	if g.isDemo {
		g.demo = g.demoViews()
	}
	g.dropAll()
}

func (g *Gate) demoViews() map[string]*Identity {
	out := map[string]*Identity{}
	for _, who := range []Identity{
		{Role: Officer, Area: National, Email: "demo officer"}, {Role: Planner, Area: DemoArea, Email: "demo planner"},
		{Role: Public, Area: National, Email: "demo public"}, {Role: Nobody, Area: National},
	} {
		who.Demo, who.Scopes = true, allScopes
		g.bindTo(&who, g.areas)
		out[who.Role.String()] = who.sealed()
	}
	return out
}

// demoView is the visitor of the demo who chose a view; the officer when there is
// none of that name.
func (g *Gate) demoView(view string) *Identity {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if who := g.demo[view]; who != nil {
		return who
	}
	return g.demo[Officer.String()]
}

// Demo reports whether the gate is the demo's.
func (g *Gate) Demo() bool { return g.isDemo }

// DemoViews lists the views of SetDemoView.
func DemoViews() []string {
	return []string{Officer.String(), Planner.String(), Public.String(), Nobody.String()}
}

// SetDemoView makes the visitor of the demo see it as another role; the view is
// officer, planner, public or signed-out.
func (g *Gate) SetDemoView(w http.ResponseWriter, r *http.Request, view string) bool {
	if !g.isDemo || !slices.Contains(DemoViews(), view) {
		return false
	}
	g.setCookie(w, r, demoCookie, view, 0)
	return true
}

// bind finds the region of an account's area.
func (g *Gate) bind(who *Identity) { g.bindTo(who, g.boundaries()) }

func (g *Gate) boundaries() Areas {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.areas
}

func (g *Gate) bindTo(who *Identity, areas Areas) {
	if who.Area == National || who.Area == "" || areas == nil || who.Role == Admin {
		return
	}
	region, ok := areas.Region(who.Area)
	if ok && who.Role == Planner {
		var err error
		if region, err = region.WithRing(who.Area); err != nil {
			g.log.Error("area cannot be widened", slog.String("area", who.Area), slog.Any("error", err))
			ok = false
		}
	}
	who.Region, who.Unbound = region, !ok
	if !ok {
		who.Region = nil
	}
}

// Who finds out who asks. It never returns nil: whoever is not known is Nobody.
// The error is a trouble of the store, when there is nothing in memory.
func (g *Gate) Who(r *http.Request) (*Identity, error) {
	if g.isDemo {
		return g.demoView(g.cookie(r, demoCookie)), nil
	}
	if secret, ok := tokenOf(r); ok {
		return g.recall(r.Context(), sha256.Sum256([]byte(secret)), g.readToken)
	}
	if secret := g.cookie(r, sessionCookie); secret != "" {
		return g.recall(r.Context(), sha256.Sum256([]byte(secret)), g.readSession)
	}
	return nobody, nil
}

// recall answers from memory, or else reads the store.
func (g *Gate) recall(ctx context.Context, key sessionKey, read func(context.Context, sessionKey, *memory) (*memory, error)) (*Identity, error) {
	now := g.now()
	g.mu.RLock()
	m, epoch := g.remembered[key], g.epoch
	g.mu.RUnlock()
	if m != nil && now.Before(m.until) {
		return m.who, nil
	}
	known := m
	m, err := read(ctx, key, known)
	if errors.Is(err, store.ErrNotFound) {
		g.drop(key)
		return nobody, nil
	}
	if err != nil {
		if m = g.despite(known, now); m == nil {
			return nobody, err
		}
		g.log.Warn("the store does not say who asks: going by what it said before", slog.Any("error", err))
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	// What was read before something changed must not be kept after it.
	if g.epoch == epoch {
		if len(g.remembered) >= maxRemembered {
			clear(g.remembered)
		}
		g.remembered[key] = m
	}
	return m.who, nil
}

func (g *Gate) drop(key sessionKey) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.remembered, key)
}

// forget makes every session and token be read again.
func (g *Gate) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dropAll()
}

// dropAll needs g.mu.
func (g *Gate) dropAll() {
	clear(g.remembered)
	g.epoch++
	close(g.changed)
	g.changed = make(chan struct{})
}

// Changed returns a channel that is closed when somebody who was known may no
// longer be who they were: ask Who again then. Take it before asking.
func (g *Gate) Changed() <-chan struct{} {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.changed
}

// readSession reads a session from the store; ErrNotFound when it is no good. known,
// which may be nil, tells of use that the store could not be told of.
func (g *Gate) readSession(ctx context.Context, key sessionKey, known *memory) (*memory, error) {
	s, a, err := g.store.Session(ctx, key)
	if err != nil {
		return nil, err
	}
	now, used := g.now(), s.SeenAt
	if known != nil && known.used.After(used) {
		used = known.used
	}
	if a.Disabled || !now.Before(s.ExpiresAt) || !now.Before(used.Add(g.cfg.Idle)) {
		return nil, store.ErrNotFound
	}
	who, err := g.identity(a)
	if err != nil {
		return nil, err
	}
	who.session, who.Scopes = key, allScopes
	if now.Sub(s.SeenAt) >= time.Second {
		if err := g.store.SeeSession(ctx, key, now); err != nil {
			return nil, err
		}
	}
	until := now.Add(min(trustFor, g.cfg.Idle))
	if s.ExpiresAt.Before(until) {
		until = s.ExpiresAt
	}
	return &memory{who.sealed(), until, s.ExpiresAt, now}, nil
}

func (g *Gate) identity(a store.Account) (Identity, error) {
	role, err := ParseRole(a.Role)
	if err != nil {
		return Identity{}, fmt.Errorf("account %d: %w", a.ID, err)
	}
	who := Identity{Account: a.ID, Email: a.Email, Role: role, Area: a.Area, SSO: a.Issuer != ""}
	g.bind(&who)
	return who, nil
}

// Follow hears of changes that other processes make, and sweeps what has ended,
// until ctx ends.
func (g *Gate) Follow(ctx context.Context) {
	if g.store == nil {
		return
	}
	poll, sweep := time.NewTicker(pollEvery), time.NewTicker(sweepEvery)
	defer poll.Stop()
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-sweep.C:
			if err := g.store.Sweep(ctx, g.now()); err != nil && ctx.Err() == nil {
				g.log.Warn("cannot sweep sessions that have ended", slog.Any("error", err))
			}
		case <-poll.C:
			if err := g.hear(ctx); err != nil && ctx.Err() == nil {
				g.log.Warn("cannot ask the store who may still use the hub", slog.Any("error", err))
			}
		}
	}
}

func (g *Gate) hear(ctx context.Context) error {
	n, err := g.store.AccessRevision(ctx)
	if err != nil {
		return err
	}
	g.mu.Lock()
	changed := n != g.revision
	g.revision = n
	g.mu.Unlock()
	if changed {
		g.forget()
	}
	return nil
}

// newSecret returns 256 random bits as text.
func newSecret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails (Go 1.24)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func hashOf(secret string) store.SecretHash { return sha256.Sum256([]byte(secret)) }

// Today is the day by the gate's clock.
func (g *Gate) Today() report.Day { return report.DayOf(g.now().UTC()) }
