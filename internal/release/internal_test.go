package release

import (
	"math/rand/v2"
	"testing"

	"github.com/uber/h3-go/v4"
)

type h3Cell = h3.Cell

func mustDefault(t testing.TB) *Universe {
	t.Helper()
	u, err := DefaultUniverse()
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// Parents and children by bits are H3's own, pentagons included.
func TestParentOf_isH3(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	cells, err := h3.Pentagons(11)
	if err != nil {
		t.Fatal(err)
	}
	for range 2000 {
		c, err := h3.LatLngToCell(h3.LatLng{Lat: 180*r.Float64() - 90, Lng: 360*r.Float64() - 180}, 11)
		if err != nil {
			t.Fatal(err)
		}
		cells = append(cells, c)
	}
	for _, c := range cells {
		for res := 0; res <= 11; res++ {
			want, err := c.Parent(res)
			if err != nil || parentOf(c, res) != want {
				t.Fatalf("parentOf(%v, %d) = %v, H3 says %v (%v)", c, res, parentOf(c, res), want, err)
			}
		}
		if got := childOf(parentOf(c, 9), digit(c, 10)); got != parentOf(c, 10) {
			t.Fatalf("child %d of %v is %v, expected %v", digit(c, 10), parentOf(c, 9), got, parentOf(c, 10))
		}
	}
}

func TestDefaultUniverse_hasTheLand(t *testing.T) {
	u := mustDefault(t)
	forces := u.Forces()
	for name, at := range map[string]struct {
		lat, lng float64
		force    string
	}{
		"Croydon": {51.376, -0.098, "london"}, "City": {51.5155, -0.0922, "london"}, "Land's End": {50.066, -5.713, "uk_elsewhere"},
		"Lerwick": {60.155, -1.145, "uk_elsewhere"}, "Belfast": {54.597, -5.93, "uk_elsewhere"}, "Lowestoft Ness": {52.481, 1.762, "uk_elsewhere"},
		"Hugh Town": {49.914, -6.317, "uk_elsewhere"}, "Stornoway": {58.209, -6.387, "uk_elsewhere"}, "Dover": {51.127, 1.313, "uk_elsewhere"},
	} {
		c, err := h3.LatLngToCell(h3.LatLng{Lat: at.lat, Lng: at.lng}, 11)
		if err != nil {
			t.Fatal(err)
		}
		slot, ok := u.Slot(c)
		if !ok || forces[u.force[slot]].ID != at.force {
			t.Errorf("%s: in the universe %v", name, ok)
		}
		if p, err := c.Parent(8); ok && (err != nil || u.Cell8(slot) != p) {
			t.Errorf("%s is in slot of %v, expected %v", name, u.Cell8(slot), p)
		}
	}
	for name, at := range map[string][2]float64{"Paris": {48.857, 2.352}, "Dublin": {53.35, -6.26}, "North Sea": {55, 3}} {
		if c, err := h3.LatLngToCell(h3.LatLng{Lat: at[0], Lng: at[1]}, 11); err == nil {
			if _, ok := u.Slot(c); ok {
				t.Errorf("%s is in the universe", name)
			}
		}
	}
	again, err := DecodeUniverse(u.Encode())
	if err != nil || again.Hash() != u.Hash() {
		t.Errorf("the universe is not what it was after writing and reading: %v", err)
	}
}

func BenchmarkNoisyL8_kingdom(b *testing.B) {
	u, err := DefaultUniverse()
	if err != nil {
		b.Fatal(err)
	}
	truth := newTruth(u)
	for b.Loop() {
		NoisyL8(u, DefaultPolicy(), TestKey(1), HalfYear{2025, 1}, truth)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(u.Slots()), "ns/value")
}
