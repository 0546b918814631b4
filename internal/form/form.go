// Package form is the public report form: pages that work without a script,
// the JSON and Open311 ways in, place receipts and posters.
//
// It is anonymous by construction. A coordinate becomes a cell of resolution 11
// in the handler that reads it; answers travel between the pages in a sealed
// token in the address, whose key lives in memory and changes every hour;
// addresses become keyed hashes that live a day at most; no page sets a cookie,
// stores anything in the browser or asks another host for anything; nothing of
// a request is ever logged.
package form

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
	_ "time/tzdata" // the zone must be there on a machine without a zone database

	"github.com/streetsafe/streetsafe/internal/report"
)

const (
	defaultPerHour   = 10
	defaultProofBits = 16
	defaultPace      = 400 * time.Millisecond
	defaultExit      = "https://www.bbc.co.uk/weather"
	maxProofBits     = 24
	minSecret        = 32
)

// Config is what an operator decides. Zero values stand for the defaults.
type Config struct {
	Area report.Area // where reports are taken from; required

	// Secret is at least 32 random bytes that outlive the process and are the
	// same on all replicas. It opens place receipts and nothing else: with it
	// and the database nobody learns more than with the database.
	Secret []byte

	// SharedKey reads further secrets of at least 32 random bytes, the same on
	// servers side by side: a report begun on one is then finished on another. The
	// first is for use, the others still open what is being written while they
	// are replaced. nil is for one server: keys are then random and in memory
	// only, which is better.
	SharedKey func() ([][]byte, error)

	BaseURL string // of this site as people reach it, for posters: "https://streetsafe.example"

	PerHour   int           // reports of one network in an hour that count; default 10
	ProofBits int           // leading zero bits of the proof of work; default 16; negative for no proof
	Pace      time.Duration // answers to submissions leave at multiples of it, or of more while the store is slow; default 400 ms, negative for at once
	ExitURL   string        // where "Exit this page" goes; default a weather page

	// TrustedProxies are the networks whose X-Forwarded-For is believed. Without
	// them the address of the connection counts.
	TrustedProxies []netip.Prefix

	// SenderKeys are the api_key values of councils' own applications, which
	// send for many people: they need no proof and have no hourly limit.
	SenderKeys []string

	Basemap Basemap // of our own host; zero for the offline one
	Support []SupportService
	Zone    *time.Location // of the dates people mean; default Europe/London
}

// Basemap is a map of our own host under the pin. URL is a path such as
// /basemap/{z}/{x}/{y}.png: no browser is ever sent to another host from here.
type Basemap struct {
	URL         string
	Attribution string
	MaxZoom     int
}

// Parts are what a form works with.
type Parts struct {
	Sink      Sink
	Gazetteer Gazetteer
	Outside   OutsideGazetteer // nil for none
	Places    PlaceSource      // nil until there is something public
	Now       func() time.Time // nil for time.Now
	Log       *slog.Logger     // nil for slog.Default; is never told anything of a request
}

// Handler serves the form. It is safe for many goroutines.
type Handler struct {
	cfg      Config
	sink     Sink
	places   Gazetteer
	outside  OutsideGazetteer
	facts    PlaceSource
	now      func() time.Time
	log      *slog.Logger
	words    *catalogue
	pages    *pageSet
	assets   *assetSet
	seal     *sealer
	drafts   *drafts
	limits   *limits
	proofs   *proofs
	pace     *pacer
	receipts *receipts
	posters  *tally
	router   http.Handler
}

var _ http.Handler = (*Handler)(nil)

// New returns a form. It fails on settings that cannot work.
func New(cfg Config, p Parts) (*Handler, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	if p.Sink == nil || p.Gazetteer == nil {
		return nil, errors.New("form: needs a sink and a gazetteer")
	}
	h := &Handler{cfg: cfg, sink: p.Sink, places: p.Gazetteer, outside: p.Outside, facts: p.Places, now: p.Now, log: p.Log}
	if h.now == nil {
		h.now = time.Now
	}
	if h.log == nil {
		h.log = slog.Default()
	}
	var err error
	if h.words, err = loadCatalogue(); err != nil {
		return nil, err
	}
	if h.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if h.pages, err = loadPages(); err != nil {
		return nil, err
	}
	if len(h.cfg.Support) == 0 {
		if h.cfg.Support, err = defaultSupport(); err != nil {
			return nil, err
		}
	}
	receiptKey, err := hkdf.Key(sha256.New, cfg.Secret, nil, "streetsafe place receipt", 32)
	if err != nil {
		return nil, fmt.Errorf("form: %w", err)
	}
	if h.receipts, err = newReceipts(receiptKey); err != nil {
		return nil, err
	}
	h.seal = &sealer{h.keyring("draft")}
	h.drafts = newDrafts(h.now)
	h.limits = newLimits(cfg.PerHour, h.now)
	h.proofs = &proofs{bits: cfg.ProofBits, now: h.now, keys: h.keyring("proof")}
	h.pace = &pacer{step: h.cfg.Pace, now: h.now}
	h.posters = newTally()
	h.router = h.routes()
	return h, nil
}

func (h *Handler) keyring(label string) *keyring {
	return &keyring{label: label, shared: h.cfg.SharedKey, now: h.now, log: h.log}
}

func (c *Config) complete() error {
	if c.Area.String() == "" {
		return errors.New("form: no area to take reports from")
	}
	if len(c.Secret) < minSecret {
		return fmt.Errorf("form: secret of %d bytes: expected %d random ones or more", len(c.Secret), minSecret)
	}
	if c.SharedKey != nil {
		if _, err := readSecrets(c.SharedKey); err != nil {
			return fmt.Errorf("form: shared key: %w", err)
		}
	}
	if c.Basemap.URL != "" && (!strings.HasPrefix(c.Basemap.URL, "/") || strings.HasPrefix(c.Basemap.URL, "//")) {
		return fmt.Errorf("form: basemap %q: expected a path of this host, so that no browser asks another one where somebody feels unsafe", c.Basemap.URL)
	}
	if c.ProofBits == 0 {
		c.ProofBits = defaultProofBits
	}
	if c.ProofBits > maxProofBits {
		return fmt.Errorf("form: proof of work of %d bits: a cheap phone needs minutes for more than %d", c.ProofBits, maxProofBits)
	}
	if c.PerHour == 0 {
		c.PerHour = defaultPerHour
	}
	if c.Pace == 0 {
		c.Pace = defaultPace
	}
	if c.ExitURL == "" {
		c.ExitURL = defaultExit
	}
	if u, err := url.Parse(c.ExitURL); err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("form: exit address %q: expected a page such as %s", c.ExitURL, defaultExit)
	}
	c.BaseURL = strings.TrimSuffix(c.BaseURL, "/")
	if u, err := url.Parse(c.BaseURL); c.BaseURL != "" && (err != nil || u.Host == "") {
		return fmt.Errorf("form: base address %q: expected one such as https://streetsafe.example", c.BaseURL)
	}
	if c.Zone == nil {
		var err error
		if c.Zone, err = time.LoadLocation("Europe/London"); err != nil {
			return fmt.Errorf("form: %w", err)
		}
	}
	return nil
}

// NewSecret returns random bytes for Config.Secret.
func NewSecret() []byte {
	b := make([]byte, minSecret)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return b
}

// today returns the calendar date where the reports are made.
func (h *Handler) today() report.Day { return report.DayOf(h.now().In(h.cfg.Zone)) }

func (h *Handler) rules() report.Rules { return report.Rules{Area: h.cfg.Area, Today: h.today()} }

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// net/http would log the address of a request that panics.
	defer func() {
		if v := recover(); v != nil {
			if v == http.ErrAbortHandler {
				panic(v)
			}
			h.log.Error("the form panicked", slog.String("type", fmt.Sprintf("%T", v)))
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		}
	}()
	h.router.ServeHTTP(w, r)
}

// durable is a context for work that must end even when the browser has gone.
func durable(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
}
