package ogc_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/ogc"
	"github.com/streetsafe/streetsafe/internal/release"
	"github.com/streetsafe/streetsafe/internal/release/public"
	"github.com/streetsafe/streetsafe/internal/report"
)

const host = "http://maps.example.org/"

type reports []release.Item

func (b reports) Items(_ context.Context, from, to report.Day, fn func(release.Item) error) error {
	for _, it := range b {
		if it.Received >= from && it.Received < to {
			if err := fn(it); err != nil {
				return err
			}
		}
	}
	return nil
}

// published is a directory with the releases of 2025 around Croydon and a place
// apart, made once.
var published = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "streetsafe-ogc-")
	if err != nil {
		return "", err
	}
	// Two places apart, so that there are tiles between them with nothing in them.
	var parents []h3.Cell
	for _, at := range []h3.LatLng{{Lat: 51.376, Lng: -0.098}, {Lat: 51.7, Lng: 0.4}} {
		centre, err := h3.LatLngToCell(at, 6)
		if err != nil {
			return "", err
		}
		disk, err := centre.GridDisk(1)
		if err != nil {
			return "", err
		}
		parents = append(parents, disk...)
	}
	u, err := release.NewUniverse(parents, []release.Force{{ID: "west", Name: "West"}, {ID: "east", Name: "East"}}, func(c h3.Cell) int {
		if at, err := c.LatLng(); err == nil && at.Lng > -0.098 {
			return 1
		}
		return 0
	})
	if err != nil {
		return "", err
	}
	first, second := release.HalfYear{Year: 2025, Half: 1}, release.HalfYear{Year: 2025, Half: 2}
	r := rand.New(rand.NewPCG(1, 1))
	var list reports
	for i := range 8000 {
		lat, lng, spread := 51.376, -0.098, 0.06
		if i%10 == 0 {
			lat, lng, spread = 51.7, 0.4, 0.01
		}
		c, err := report.CellAt(lat+spread*r.NormFloat64(), lng+spread*r.NormFloat64())
		if err != nil {
			return "", err
		}
		d := first.From() + report.Day(r.IntN(365))
		list = append(list, release.Item{Report: report.Report{Cell: c, Day: d, Factors: report.FactorSet(report.Factor(r.IntN(12)), report.Factor(r.IntN(12)))}, Received: d, Weight: 1})
	}
	b, err := release.NewBuilder(context.Background(), release.Options{VaultDir: dir + "/vault", PublicDir: dir + "/public", Universe: u, Source: list,
		Today: second.To() + 60, Key: release.TestKey(1), Testing: true, Synthetic: true})
	if err != nil {
		return "", err
	}
	return dir, b.Build(context.Background(), first, second)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := published(); err == nil {
		_ = os.RemoveAll(dir) // a temporary directory
	}
	os.Exit(code)
}

// loaded is the handler over them, which never changes here.
var loaded = sync.OnceValues(func() (*public.Handler, error) {
	dir, err := published()
	if err != nil {
		return nil, err
	}
	return public.NewHandler(dir + "/public")
})

func files(t testing.TB) *public.Handler {
	t.Helper()
	h, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func handler(t testing.TB, cfg ogc.Config) http.Handler {
	t.Helper()
	h, err := ogc.New(files(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h
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

// read decodes the JSON of an answer that must be there.
func read[T any](t testing.TB, h http.Handler, target string) (v T) {
	t.Helper()
	w := get(h, target)
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s gives %d: %s", target, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("GET %s: %v", target, err)
	}
	return v
}

type links []struct {
	Href, Rel, Type string
	Templated       bool
}

func (l links) find(rel string) string {
	for _, x := range l {
		if x.Rel == rel {
			return x.Href
		}
	}
	return ""
}

type items struct {
	NumberMatched, NumberReturned int
	Links                         links
	Features                      []struct {
		ID         any
		Geometry   struct{ Coordinates any }
		Properties map[string]any
		Links      links
	}
}
