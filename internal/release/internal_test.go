package release

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/tiles"
)

type h3Cell = h3.Cell

func tile(z, x, y uint32) tiles.Tile { return tiles.Tile{Z: z, X: x, Y: y} }

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

// The ids are those of the reference implementation in the specification.
func TestPMTileID_specification(t *testing.T) {
	for _, tt := range []struct {
		z, x, y uint32
		want    uint64
	}{{0, 0, 0, 0}, {1, 0, 0, 1}, {1, 0, 1, 2}, {1, 1, 1, 3}, {1, 1, 0, 4}, {2, 0, 0, 5}, {12, 3423, 1763, 19078479}} {
		if got := pmTileID(tile(tt.z, tt.x, tt.y)); got != tt.want {
			t.Errorf("tile %d/%d/%d has id %d, expected %d", tt.z, tt.x, tt.y, got, tt.want)
		}
	}
	seen := map[uint64]bool{}
	for x := range uint32(64) {
		for y := range uint32(64) {
			seen[pmTileID(tile(6, x, y))] = true
		}
	}
	if len(seen) != 64*64 || !seen[1365] || !seen[5460] {
		t.Errorf("zoom 6 has %d ids", len(seen))
	}
}

// Write, read again, compare: few tiles, many tiles with leaf directories, and
// contents that come more than once.
func TestPMArchive_roundTrip(t *testing.T) {
	for _, side := range []uint32{0, 1, 5, 100} {
		t.Run(fmt.Sprint(side), func(t *testing.T) {
			a := pmArchive{MaxZoom: 12, West: -8, South: 49, East: 2, North: 61, Metadata: []byte(`{"name":"test"}`)}
			want := map[tiles.Tile][]byte{}
			r := rand.New(rand.NewPCG(uint64(side), 3))
			for x := range side {
				for range side {
					at := tile(12, r.Uint32N(4096), r.Uint32N(4096))
					if _, twice := want[at]; twice {
						continue
					}
					want[at] = make([]byte, 1+r.IntN(60))
					for i := range want[at] {
						want[at][i] = byte(r.IntN(256)) & byte(x) // some are equal
					}
					a.add(at, want[at])
				}
			}
			b, err := a.encode()
			if err != nil {
				t.Fatal(err)
			}
			got, err := ReadPMTiles(b)
			if err != nil {
				t.Fatal(err)
			}
			if got.Tiles() != len(want) {
				t.Errorf("the archive has %d tiles of %d", got.Tiles(), len(want))
			}
			for at, w := range want {
				if g, err := got.Tile(at); err != nil || !bytes.Equal(g, w) {
					t.Fatalf("tile %v is %v, expected %v (%v)", at, g, w, err)
				}
			}
			if g, err := got.Tile(tile(12, 1, 1)); g != nil || err != nil {
				t.Errorf("a tile that is not there is %v, %v", g, err)
			}
			if side == 100 && b[48] == 0 && b[49] == 0 && b[50] == 0 {
				t.Error("10,000 tiles made no leaf directory, which this test is for")
			}
		})
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
