package main

import (
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/gazetteer"
	"github.com/streetsafe/streetsafe/internal/server"
	"github.com/streetsafe/streetsafe/internal/tilecache"
)

// tileTemplate is where the product serves its tiles.
const tileTemplate = "/tiles/reports/{z}/{x}/{y}.mvt{filter}"

// service is the tile server under test: the product's own handler.
type service struct {
	http.Handler
	stats func() tilecache.Stats
}

// newService serves a cube with a cache of so many bytes; zero turns it off.
// The gazetteer is an empty one: no tile asks it anything.
func newService(c *cube.Cube, cacheBytes int64) (*service, error) {
	s, err := server.New(
		server.Config{Mode: "demo", Version: "bench", Synthetic: true, StoreID: "bench", CacheBytes: cacheBytes},
		server.Parts{Cube: c, Gazetteer: &gazetteer.Index{}, Now: func() time.Time { return benchDays.to.Time() },
			Log: slog.New(slog.NewTextHandler(io.Discard, nil))},
	)
	if err != nil {
		return nil, err
	}
	return &service{Handler: s, stats: s.CacheStats}, nil
}

// hitRate is the share of look-ups between two readings that found their
// answer in the cache or in the hands of another request; nil when there was
// none, as with a cache that is off.
func hitRate(before, after tilecache.Stats) *float64 {
	if after.Budget == 0 {
		return nil
	}
	hits := float64(after.Hits - before.Hits + after.Coalesced - before.Coalesced)
	all := hits + float64(after.Misses-before.Misses)
	if all == 0 {
		return nil
	}
	rate := hits / all
	return &rate
}
