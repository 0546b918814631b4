package server_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/streetsafe/streetsafe/internal/server"
)

// sink is a ResponseWriter that keeps nothing.
type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }
func (s *sink) WriteHeader(status int)      { s.status = status }

func benchmarkTile(b *testing.B, cacheBytes int64, header ...string) {
	f := newFixture(b, func(c *server.Config) { c.CacheBytes = cacheBytes })
	r := httptest.NewRequest(http.MethodGet, croydonTile+"?factors=badly_lit&from=2026-01-01&dark=yes", nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	b.ReportAllocs()
	for b.Loop() {
		w := sink{header: http.Header{}}
		f.handler.ServeHTTP(&w, r)
		if w.status >= 400 {
			b.Fatal(w.status)
		}
	}
}

func BenchmarkServer_tile_hot(b *testing.B) { benchmarkTile(b, 8<<20, "Accept-Encoding", "gzip") }
func BenchmarkServer_tile_cold_identity(b *testing.B) {
	benchmarkTile(b, 0)
}
func BenchmarkServer_tile_cold_gzip(b *testing.B) { benchmarkTile(b, 0, "Accept-Encoding", "gzip") }
func BenchmarkServer_tile_cold_zstd(b *testing.B) { benchmarkTile(b, 0, "Accept-Encoding", "zstd") }

// Everybody logs in: a hot tile with a session, and one for an account that is
// bound to an area.
func benchmarkAs(b *testing.B, who string) {
	s := newSite(b, true)
	r := httptest.NewRequest(http.MethodGet, croydonTile+"?factors=badly_lit&from=2026-01-01&dark=yes", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	s.asks[who](r)
	b.ReportAllocs()
	for b.Loop() {
		w := sink{header: http.Header{}}
		s.handler.ServeHTTP(&w, r)
		if w.status >= 400 {
			b.Fatal(w.status)
		}
	}
}

func BenchmarkServer_tile_hot_officer(b *testing.B) { benchmarkAs(b, "officer") }
func BenchmarkServer_tile_hot_planner(b *testing.B) { benchmarkAs(b, "planner") }
func BenchmarkServer_tile_hot_token(b *testing.B)   { benchmarkAs(b, "officer's token for tiles") }
