package pmtiles

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/streetsafe/streetsafe/tiles"
)

func at(z, x, y uint32) tiles.Tile { return tiles.Tile{Z: z, X: x, Y: y} }

// The ids are those of the reference implementation in the specification.
func TestTileID_specification(t *testing.T) {
	for _, tt := range []struct {
		z, x, y uint32
		want    uint64
	}{{0, 0, 0, 0}, {1, 0, 0, 1}, {1, 0, 1, 2}, {1, 1, 1, 3}, {1, 1, 0, 4}, {2, 0, 0, 5}, {12, 3423, 1763, 19078479}} {
		if got := tileID(at(tt.z, tt.x, tt.y)); got != tt.want {
			t.Errorf("tile %d/%d/%d has id %d, expected %d", tt.z, tt.x, tt.y, got, tt.want)
		}
	}
	seen := map[uint64]bool{}
	for x := range uint32(64) {
		for y := range uint32(64) {
			seen[tileID(at(6, x, y))] = true
		}
	}
	if len(seen) != 64*64 || !seen[1365] || !seen[5460] {
		t.Errorf("zoom 6 has %d ids", len(seen))
	}
}

// Write, read again, compare: few tiles, many tiles with leaf directories, and
// contents that come more than once.
func TestArchive_roundTrip(t *testing.T) {
	for _, side := range []uint32{0, 1, 5, 100} {
		t.Run(fmt.Sprint(side), func(t *testing.T) {
			a := Archive{MaxZoom: 12, West: -8, South: 49, East: 2, North: 61, Metadata: []byte(`{"name":"test"}`)}
			want := map[tiles.Tile][]byte{}
			r := rand.New(rand.NewPCG(uint64(side), 3))
			for x := range side {
				for range side {
					where := at(12, r.Uint32N(4096), r.Uint32N(4096))
					if _, twice := want[where]; twice {
						continue
					}
					want[where] = make([]byte, 1+r.IntN(60))
					for i := range want[where] {
						want[where][i] = byte(r.IntN(256)) & byte(x) // some are equal
					}
					a.Add(where, want[where])
				}
			}
			b, err := a.Encode()
			if err != nil {
				t.Fatal(err)
			}
			got, err := Read(b)
			if err != nil {
				t.Fatal(err)
			}
			if got.Tiles() != len(want) {
				t.Errorf("the archive has %d tiles of %d", got.Tiles(), len(want))
			}
			for where, w := range want {
				if g, err := got.Tile(where); err != nil || !bytes.Equal(g, w) {
					t.Fatalf("tile %v is %v, expected %v (%v)", where, g, w, err)
				}
			}
			if g, err := got.Tile(at(12, 1, 1)); g != nil || err != nil {
				t.Errorf("a tile that is not there is %v, %v", g, err)
			}
			if side == 100 && b[48] == 0 && b[49] == 0 && b[50] == 0 {
				t.Error("10,000 tiles made no leaf directory, which this test is for")
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	a := Archive{MaxZoom: 2, Metadata: []byte("{}")}
	for i := range uint32(4) {
		a.Add(at(2, i, i), []byte{byte(i / 2), 1, 2})
	}
	b, err := a.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)-2])
	f.Add(b[:headerBytes])
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := Read(b)
		if err != nil {
			return
		}
		for x := range uint32(4) {
			if _, err := a.Tile(at(2, x, x)); err != nil {
				return
			}
		}
	})
}
