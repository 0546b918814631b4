package server

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/tilecache"
)

// Basemap is an online map below the hexagons, as an operator sets it up. The
// zero value is the offline one, for which no request leaves the site.
type Basemap struct {
	URL         string // XYZ template with {z}, {x} and {y}
	Attribution string
	MaxZoom     int
}

type basemapInfo struct {
	Kind        string `json:"kind"` // "offline" or "xyz"
	URL         string `json:"url,omitempty"`
	Attribution string `json:"attribution,omitempty"`
	MaxZoom     int    `json:"maxzoom,omitempty"`
}

// config tells the pages what they need before they draw.
func (s *Server) config(w http.ResponseWriter, r *http.Request) error {
	if _, err := parseQuery(r); err != nil {
		return err
	}
	snap := s.cube.Current()
	info := struct {
		Version    string      `json:"version"`
		Mode       string      `json:"mode"`
		Synthetic  bool        `json:"synthetic"`
		Basemap    basemapInfo `json:"basemap"`
		Bounds     *[4]float64 `json:"bounds"` // null when there is no report
		Today      string      `json:"today"`
		Generation uint64      `json:"generation"`
		// Months is a note on method: nothing else tells a page that some days
		// stand for their month.
		Months *MonthPrecision `json:"month_precision,omitempty"`
	}{Version: s.cfg.Version, Mode: s.cfg.Mode, Synthetic: s.cfg.Synthetic, Basemap: basemapInfo{Kind: "offline"},
		Today: s.today().String(), Generation: snap.Generation()}
	if s.cfg.Basemap.URL != "" {
		b := s.cfg.Basemap
		info.Basemap = basemapInfo{"xyz", b.URL, b.Attribution, b.MaxZoom}
	}
	if grant, err := s.granted(r, access.Ask{Surface: access.SurfaceMap}); err != nil {
		info.Generation = 0 // whoever may not see the map is told nothing of the reports
	} else if b, ok := s.view(snap, grant).bounds(); ok {
		info.Bounds = &[4]float64{b.West, b.South, b.East, b.North}
		if s.monthPrecision != nil {
			months := s.monthPrecision()
			info.Months = &months
		}
	}
	w.Header().Set("Cache-Control", "no-store")
	return writeJSON(w, info)
}

// healthz says that the process runs.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Cache-Control", "no-store")
	return writeJSON(w, struct {
		Status string `json:"status"`
	}{"ok"})
}

// readyz says whether the map is loaded and how far behind the store it is.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) error {
	snap := s.cube.Current()
	state := s.ready()
	w.Header().Set("Cache-Control", "no-store")
	status := http.StatusOK
	if !state.Ready {
		status = http.StatusServiceUnavailable
	}
	if !s.mayKnow(r) {
		return writeJSONStatus(w, status, state)
	}
	return writeJSONStatus(w, status, struct {
		Readiness
		Generation uint64          `json:"generation"`
		Reports    int64           `json:"reports"`
		Cache      tilecache.Stats `json:"cache"`
	}{state, snap.Generation(), snap.Total(report.Filter{}), s.cache.Stats()})
}

//go:embed openapi.json
var openAPIDocument []byte

func (s *Server) openAPI(w http.ResponseWriter, r *http.Request) error {
	if _, err := parseQuery(r); err != nil {
		return err
	}
	return s.respond(w, r, answerTo{key: "openapi", typ: "application/vnd.oai.openapi+json;version=3.1", cache: revalidate,
		make: func() ([]byte, error) { return openAPIDocument, nil }})
}

func writeJSON(w http.ResponseWriter, v any) error { return writeJSONStatus(w, http.StatusOK, v) }

func writeJSONStatus(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", typeJSON)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone, and there is nobody else to tell
	return nil
}
