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
	log     *slog.Logger
	hub     http.Handler
	site    http.Handler    // without the prefix; says so while nothing is published
	files   *public.Handler // of the site
	looked  chan struct{}   // closed after the first look, for which requests wait
	changed time.Time       // of the manifest that was read; only look uses it
	nudged  chan struct{}   // holds one when actions were published
}

func newPublicMap(cfg site.Config, data storage, hub http.Handler) (*publicMap, error) {
	release := releaseOptions{storage: data}
	cfg.Prefix, cfg.ReportURL = publicPrefix, "/report"
	p := &publicMap{dir: release.publicDir(), log: cfg.Log, hub: hub, looked: make(chan struct{}), nudged: make(chan struct{}, 1)}
	p.files = public.NewEmpty(p.dir)
	pages, err := site.New(cfg, p.files)
	if err != nil {
		return nil, err
	}
	p.site = http.StripPrefix(publicPrefix, pages)
	return p, nil
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
	if err := p.files.Reload(); err != nil {
		return err
	}
	p.changed = info.ModTime()
	return nil
}

// follow makes what is ready when it is the demo's, then looks at once and at
// every tick until ctx ends. It runs beside the hub, whose start need not wait.
func (p *publicMap) follow(ctx context.Context, demo store.Store, tick <-chan time.Time) {
	if demo != nil {
		if _, err := buildReleases(ctx, p.log, demo, filepath.Dir(p.dir)); err != nil && ctx.Err() == nil {
			p.log.Error("cannot make the public releases", slog.Any("error", err))
		}
	}
	for first := true; ctx.Err() == nil; first = false {
		if err := p.look(); err != nil {
			p.log.Warn("cannot read the new public release, serving the ones before", slog.Any("error", err))
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
		p.site.ServeHTTP(w, r)
		return
	}
	p.hub.ServeHTTP(w, r)
}

// EndStreams ends what would outlast a shutdown.
func (p *publicMap) EndStreams() {
	if s, ok := p.hub.(interface{ EndStreams() }); ok {
		s.EndStreams()
	}
}
