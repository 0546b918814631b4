package site_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/streetsafe/streetsafe/internal/release/public"
	"github.com/streetsafe/streetsafe/internal/site"
)

const (
	shown   = "88194ad305fffff" // 40 in the first half-year, 45 in the second
	around  = "86194ad37ffffff" // the hexagon of resolution 6 that themes are of
	hidden  = "88194ad30dfffff" // never shown
	oneOnly = "88194ad301fffff" // in the second half-year alone
)

func sha(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// half is a release as `streetsafe release build` writes one.
type half struct {
	id, kind, from, to string
	cells, forces      string
	welsh              bool
}

const cellsHead = "resolution,cell,lat,lng,count,environmental,behavioural,environmental_only,behavioural_only,both,synthetic\r\n"

func halves() []half {
	return []half{
		{id: "2025-H2", kind: "half-year", from: "2025-07-01", to: "2026-01-01",
			cells:  "6," + around + ",51.38,-0.10,210,180,,160,,,true\r\n8," + shown + ",51.3700,-0.0900,40,,,,,,true\r\n",
			forces: "2025,london,\"London, all of it\",badly_lit,Badly lit,1045,true\r\n2025,surrey,Surrey,followed,Followed,130,true\r\n"},
		{id: "2026-H1", kind: "half-year", from: "2026-01-01", to: "2026-07-01", welsh: true,
			cells: "6," + around + ",51.38,-0.10,250,200,60,190,50,,true\r\n8," + shown + ",51.3700,-0.0900,45,,,,,,true\r\n8," + oneOnly + ",51.3800,-0.0800,15,,,,,,true\r\n"},
		{id: "2026-H1-12m", kind: "twelve-months", from: "2025-07-01", to: "2026-07-01",
			cells: "8," + shown + ",51.3700,-0.0900,85,,,,,,true\r\n"},
	}
}

// publish writes releases as a directory that the public gets.
func publish(t testing.TB, dir string, list []half) {
	t.Helper()
	put := func(name string, b []byte) {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	index := public.Index{Format: 1, Synthetic: true, Releases: []public.Release{}}
	for _, h := range list {
		files := map[string]string{"cells.csv": cellsHead + h.cells, "method.txt": "How", "res8.geojson": geoJSON(h.cells, "8"), "res6.geojson": geoJSON(h.cells, "6"), "res7.geojson": geoJSON("", "7"), "res5.geojson": geoJSON("", "5"), "12/2046/1363.mvt": "t", "12/2047/1363.mvt": "t", "9/255/170.mvt": "t"}
		if h.forces != "" {
			files["areas.geojson"] = `{"type":"FeatureCollection","features":[{"type":"Feature","id":"london","geometry":{"type":"MultiPolygon","coordinates":[[[[-0.5,51.2],[0.3,51.2],[0.3,51.7],[-0.5,51.2]]]]},"properties":{"force_id":"london","force":"London, all of it","year":"2025"}}]}`
			files["forces.csv"] = "year,force_id,force,factor,factor_label,count,synthetic\r\n" + h.forces
		}
		if h.welsh {
			files["method.cy.txt"] = "Sut"
		}
		var m struct {
			public.Manifest
			FrozenOn string         `json:"frozen_on"`
			Tiles    map[string]any `json:"tiles"`
		}
		m.Format, m.Release, m.FrozenOn = 1, h.id, h.to
		m.Tiles = map[string]any{"maxzoom": 12, "resolution_of_zoom": map[string]int{"8": 5, "9": 6, "10": 7, "11": 7, "12": 8}}
		for _, name := range slices.Sorted(maps.Keys(files)) {
			content := files[name]
			put(h.id+"/"+name, []byte(content))
			m.Files = append(m.Files, public.File{Path: name, Bytes: int64(len(content)), SHA256: sha([]byte(content))})
		}
		raw, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		put(h.id+"/manifest.json", raw)
		index.Releases = append(index.Releases, public.Release{ID: h.id, Kind: h.kind, From: h.from, To: h.to, Synthetic: true, Manifest: h.id + "/manifest.json", SHA256: sha(raw)})
	}
	raw, err := json.Marshal(index)
	if err != nil {
		t.Fatal(err)
	}
	put("manifest.json", raw)
}

// geoJSON are the cells of a resolution with squares for hexagons.
func geoJSON(table, res string) string {
	var features []string
	for row := range strings.SplitSeq(strings.TrimSpace(table), "\r\n") {
		f := strings.Split(row, ",")
		if f[0] != res {
			continue
		}
		var lat, lng float64
		_, _ = fmt.Sscan(f[2]+" "+f[3], &lat, &lng) // the rows are ours
		const d = 0.004
		features = append(features, fmt.Sprintf(`{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[%f,%f],[%f,%f],[%f,%f],[%f,%f],[%f,%f]]]},"properties":{"cell":%q}}`,
			lng-d, lat-d, lng+d, lat-d, lng+d, lat+d, lng-d, lat+d, lng-d, lat-d, f[1]))
	}
	return `{"type":"FeatureCollection","features":[` + strings.Join(features, ",") + `]}`
}

// publishActions writes what was done beside the releases.
func publishActions(t testing.TB, dir, actions string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "actions"), 0o755); err != nil {
		t.Fatal(err)
	}
	list := map[string]any{"format": 1, "files": []public.File{{Path: "actions.json", Bytes: int64(len(actions)), SHA256: sha([]byte(actions))}}}
	raw, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"actions.json": []byte(actions), "manifest.json": raw} {
		if err := os.WriteFile(filepath.Join(dir, "actions", name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// open returns the site over a directory.
func open(t testing.TB, dir string, cfg site.Config) (*site.Site, *public.Handler) {
	t.Helper()
	data := handlerOf(t, dir)
	cfg.Log = slog.New(slog.DiscardHandler)
	s, err := site.New(cfg, data)
	if err != nil {
		t.Fatal(err)
	}
	return s, data
}

func handlerOf(t testing.TB, dir string) *public.Handler {
	t.Helper()
	data, err := public.NewHandler(dir)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// fixture is the site over halves.
func fixture(t testing.TB, cfg site.Config) *site.Site {
	t.Helper()
	dir := t.TempDir()
	publish(t, dir, halves())
	s, _ := open(t, dir, cfg)
	return s
}

var (
	sharedOnce sync.Once
	sharedSite *site.Site
)

// shared is the fixture with nothing set, which no test changes. It is in memory
// once it is loaded.
func shared(t testing.TB) *site.Site {
	sharedOnce.Do(func() { sharedSite = fixture(t, site.Config{ReportURL: "/report"}) })
	if sharedSite == nil {
		t.Fatal("the fixture that tests share could not be made")
	}
	return sharedSite
}

func get(h http.Handler, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// answer is everything of a response that a client sees.
func answer(w *httptest.ResponseRecorder) string { return fmt.Sprint(w.Code, w.Header(), w.Body) }
