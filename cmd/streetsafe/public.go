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
	"github.com/streetsafe/streetsafe/internal/store"
)

const (
	publicPrefix = "/public"

	// lookForReleases is how soon a release that was built beside a running
	// server is there. Releases come twice a year.
	lookForReleases = time.Minute
)

// publicMap serves the releases of a data directory. It stands before the hub's
// router, which would redirect, log and answer errors in ways of its own, while
// the public gets one and the same 404 for everything that is not released.
type publicMap struct {
	dir     string
	log     *slog.Logger
	hub     http.Handler
	looked  chan struct{}                  // closed after the first look, for which requests wait
	files   atomic.Pointer[public.Handler] // nil while nothing is released
	changed time.Time                      // of the manifest that was read; only look uses it
}

func newPublicMap(log *slog.Logger, data storage, hub http.Handler) *publicMap {
	release := releaseOptions{storage: data}
	return &publicMap{dir: release.publicDir(), log: log, hub: hub, looked: make(chan struct{})}
}

// look reads the releases when there are new ones.
func (p *publicMap) look() error {
	info, err := os.Stat(filepath.Join(p.dir, "manifest.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || info.ModTime().Equal(p.changed) {
		return err
	}
	if h := p.files.Load(); h != nil {
		err = h.Reload()
	} else {
		h, err = public.NewHandler(p.dir)
		if err == nil {
			p.files.Store(h)
		}
	}
	if err == nil {
		p.changed = info.ModTime()
	}
	return err
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
		if h := p.files.Load(); h != nil {
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
