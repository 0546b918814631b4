package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/analysis"
	"github.com/streetsafe/streetsafe/internal/areas"
	"github.com/streetsafe/streetsafe/internal/exposure"
	"github.com/streetsafe/streetsafe/internal/lamps"
	"github.com/streetsafe/streetsafe/internal/server"
	"github.com/streetsafe/streetsafe/internal/store"
)

// The kinds of data sets that a store keeps.
const (
	areasDataset = "areas"
	lampsDataset = "lamps"
	lampsName    = "lamps" // there is one
	ratesDataset = "rates"
	ratesName    = "cells" // there is one
)

// lookForDatasets is how soon an import beside a running server is seen.
const lookForDatasets = 10 * time.Second

// libraryOf returns what a store keeps beside the reports.
func libraryOf(st store.Store) (store.Library, error) {
	l, ok := st.(store.Library)
	if !ok {
		return nil, errors.New("this kind of store keeps no boundaries, lamps and views")
	}
	return l, nil
}

// maxImport is how large a file with boundaries or lamps may be.
const maxImport = 512 << 20

func readImport(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxImport+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxImport {
		return nil, fmt.Errorf("%s is larger than %d MiB: simplify or split it", path, maxImport>>20)
	}
	return data, nil
}

// datasets follows what is imported and hands it to the server and the gate.
type datasets struct {
	store store.Library
	log   *slog.Logger
	kinds atomic.Pointer[map[string]*areas.Kind]
	seen  int64

	mu      sync.Mutex // guards regions
	regions map[string]*access.Region
}

func newDatasets(log *slog.Logger, st store.Library) *datasets {
	return &datasets{store: st, log: log, seen: -1, regions: map[string]*access.Region{}}
}

// load reads the data sets when they have changed since.
func (d *datasets) load(ctx context.Context) (*server.Workbench, error) {
	revision, err := d.store.LibraryRevision(ctx)
	if err != nil || revision == d.seen {
		return nil, err
	}
	w := &server.Workbench{Revision: revision}
	list, err := d.store.Datasets(ctx, areasDataset)
	if err != nil {
		return nil, err
	}
	kinds := map[string]*areas.Kind{}
	for _, x := range list {
		full, err := d.store.Dataset(ctx, areasDataset, x.Name)
		if err != nil {
			return nil, err
		}
		k, err := areas.Decode(full.Body)
		if err != nil {
			return nil, fmt.Errorf("boundaries %s: %w", x.Name, err)
		}
		kinds[k.Name] = k
		w.Kinds = append(w.Kinds, k)
	}
	err = errors.Join(
		d.optional(ctx, lampsDataset, lampsName, func(body []byte) (err error) { w.Lamps, err = lamps.Decode(body); return err }),
		d.optional(ctx, ratesDataset, ratesName, func(body []byte) (err error) { w.Exposure, err = exposure.Decode(body); return err }))
	if err != nil {
		return nil, err
	}
	d.kinds.Store(&kinds)
	d.mu.Lock()
	d.regions = map[string]*access.Region{}
	d.mu.Unlock()
	d.seen = revision
	return w, nil
}

// optional hands a data set to read, if there is one.
func (d *datasets) optional(ctx context.Context, kind, name string, read func(body []byte) error) error {
	x, err := d.store.Dataset(ctx, kind, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return read(x.Body)
}

// follow looks for imports until ctx ends.
func (d *datasets) follow(ctx context.Context, tick <-chan time.Time, changed func(*server.Workbench)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
		}
		w, err := d.load(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			d.log.Warn("cannot read boundaries and lamps, trying again at the next turn", slog.Any("error", err))
		case w != nil:
			d.log.Info("boundaries and lamps loaded", slog.Int("kinds", len(w.Kinds)), slog.Int64("revision", w.Revision))
			changed(w)
		}
	}
}

// bindsAccounts tells kinds of which an account can have one as its area. Wards
// are none: loading them must not shut out those whose force is not loaded.
func bindsAccounts(kind string) bool {
	switch kind {
	case "force", "borough", "council", "district", "authority":
		return true
	}
	return false
}

// binding returns the areas that limit what accounts see, nil when none is
// loaded.
func (d *datasets) binding() access.Areas {
	for _, k := range *d.kinds.Load() {
		if bindsAccounts(k.Name) {
			return d
		}
	}
	return nil
}

// Region is access.Areas.Region.
func (d *datasets) Region(code string) (*access.Region, bool) {
	kinds := d.kinds.Load()
	if kinds == nil {
		return nil, false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if r, ok := d.regions[code]; ok {
		return r, r != nil
	}
	d.regions[code] = nil
	for _, k := range *kinds {
		a := k.Area(code)
		if a == nil || !bindsAccounts(k.Name) {
			continue
		}
		r, err := regionOf(a)
		if err != nil {
			d.log.Error("the boundary of an area cannot be used", slog.String("area", code), slog.Any("error", err))
			return nil, false
		}
		d.regions[code] = r
		return r, true
	}
	return nil, false
}

var _ access.Areas = (*datasets)(nil)

func regionOf(a *areas.Area) (*access.Region, error) {
	cells, err := analysis.PolygonCells(a.Polygons(), access.RegionResolution)
	if err != nil {
		return nil, err
	}
	return access.NewRegion(a.ID, cells)
}

func baseName(path string) string { return filepath.Base(path) }
