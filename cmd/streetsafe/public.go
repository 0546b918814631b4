package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/streetsafe/streetsafe/internal/release/public"
	"github.com/streetsafe/streetsafe/internal/site"
	"github.com/streetsafe/streetsafe/internal/store"
)

const (
	publicPrefix = "/public"

	// lookForReleases is how soon a release that was built beside a running
	// server is there. Releases come twice a year.
	lookForReleases = time.Minute
)

// publicMap serves the public site of a data directory. It stands before the
// hub's router, which would redirect, log and answer errors in ways of its own,
// while the public gets one and the same 404 for everything that is not released.
type publicMap struct {
	dir     string
	cfg     site.Config
	hub     http.Handler
	looked  chan struct{}             // closed after the first look, for which requests wait
	site    atomic.Pointer[site.Site] // nil while nothing is released
	files   *public.Handler           // of the site; only look uses it
	changed time.Time                 // of the manifest that was read; only look uses it
	nudged  chan struct{}             // holds one when actions were published
}

func newPublicMap(cfg site.Config, data storage, hub http.Handler) *publicMap {
	release := releaseOptions{storage: data}
	cfg.Prefix, cfg.ReportURL = publicPrefix, "/report"
	return &publicMap{dir: release.publicDir(), cfg: cfg, hub: hub, looked: make(chan struct{}), nudged: make(chan struct{}, 1)}
}

// lookAtActions makes follow look at once.
func (p *publicMap) lookAtActions() {
	select {
	case p.nudged <- struct{}{}:
	default:
	}
}

// look reads the releases when there are new ones, and the actions.
func (p *publicMap) look() error {
	if err := p.lookAtReleases(); err != nil {
		return err
	}
	if p.files == nil {
		if err := p.open(); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err // neither releases nor actions is no error
		}
	}
	if p.files == nil {
		return nil
	}
	_, err := p.files.ReloadActions()
	return err
}

func (p *publicMap) lookAtReleases() error {
	info, err := os.Stat(filepath.Join(p.dir, "manifest.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || info.ModTime().Equal(p.changed) {
		return err
	}
	if p.files != nil {
		err = p.files.Reload()
	} else {
		err = p.open()
	}
	if err == nil {
		p.changed = info.ModTime()
	}
	return err
}

func (p *publicMap) open() error {
	files, err := public.NewHandler(p.dir)
	if err != nil {
		return err
	}
	pages, err := site.New(p.cfg, files)
	if err != nil {
		return err
	}
	p.files = files
	p.site.Store(pages)
	return nil
}

// follow makes what is ready when it is the demo's, then looks at once and at
// every tick until ctx ends. It runs beside the hub, whose start need not wait.
func (p *publicMap) follow(ctx context.Context, demo store.Store, tick <-chan time.Time) {
	if demo != nil {
		if _, err := buildReleases(ctx, p.cfg.Log, demo, filepath.Dir(p.dir)); err != nil && ctx.Err() == nil {
			p.cfg.Log.Error("cannot make the public releases", slog.Any("error", err))
		}
	}
	for first := true; ctx.Err() == nil; first = false {
		if err := p.look(); err != nil {
			p.cfg.Log.Warn("cannot read the new public release, serving the ones before", slog.Any("error", err))
		}
		if first {
			close(p.looked)
		}
		select {
		case <-ctx.Done():
		case <-p.nudged:
		case <-tick:
		}
	}
}

func (p *publicMap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rest, ours := strings.CutPrefix(r.URL.Path, publicPrefix)
	if ours && (rest == "" || rest[0] == '/') {
		select {
		case <-p.looked:
		case <-r.Context().Done():
			return
		}
		if h := p.site.Load(); h != nil {
			http.StripPrefix(publicPrefix, h).ServeHTTP(w, r)
			return
		}
	}
	p.hub.ServeHTTP(w, r)
}

// EndStreams ends what would outlast a shutdown.
func (p *publicMap) EndStreams() {
	if s, ok := p.hub.(interface{ EndStreams() }); ok {
		s.EndStreams()
	}
}
