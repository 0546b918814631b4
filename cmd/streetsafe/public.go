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
	files   atomic.Pointer[public.Handler] // nil while nothing is released
	changed time.Time                      // of the manifest that was read; only look uses it
}

// newPublicMap makes what is ready, in the demo, and looks for what is there.
func newPublicMap(ctx context.Context, log *slog.Logger, st store.Store, o serveOptions) (*publicMap, error) {
	release := releaseOptions{storage: o.storage, now: time.Now}
	p := &publicMap{dir: release.publicDir(), log: log}
	if o.mode == "demo" {
		dir, err := buildReleases(ctx, log, st, o.storage.dir)
		if err != nil {
			return nil, err
		}
		p.dir = dir
	}
	return p, p.look()
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

// follow looks at every tick until ctx ends.
func (p *publicMap) follow(ctx context.Context, tick <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
		}
		if err := p.look(); err != nil {
			p.log.Warn("cannot read the new public release, serving the ones before", slog.Any("error", err))
		}
	}
}

func (p *publicMap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := p.files.Load()
	rest, ours := strings.CutPrefix(r.URL.Path, publicPrefix)
	if h == nil || !ours || rest != "" && rest[0] != '/' {
		p.hub.ServeHTTP(w, r)
		return
	}
	http.StripPrefix(publicPrefix, h).ServeHTTP(w, r)
}

// EndStreams ends what would outlast a shutdown.
func (p *publicMap) EndStreams() {
	if s, ok := p.hub.(interface{ EndStreams() }); ok {
		s.EndStreams()
	}
}
