package tiles

import (
	"fmt"
	"strconv"
)

const (
	// WorldBits is the precision of world coordinates: the Web Mercator square
	// has 1<<WorldBits units on a side, 3.7 cm each at the equator. 30 is the
	// most that leaves an int32 room for a shape that runs past the dateline.
	WorldBits = 30

	// WorldSize is the side of the Web Mercator square in world units.
	WorldSize = 1 << WorldBits

	// Extent is the side of a tile in its own units, as MVT writes them.
	Extent = 1 << extentBits

	// MaxZoom is the deepest zoom at which a tile is valid. Deeper ones would
	// show finer detail than world units hold.
	MaxZoom = 22

	extentBits = 12
)

// Tile is one square of the Web Mercator pyramid: zoom Z, column X from the
// west, row Y from the north.
type Tile struct{ Z, X, Y uint32 }

// ParseTile reads the three numbers of a tile path. Only plain decimal digits
// without a sign, a space or a leading zero are accepted, so that one tile has
// one address. The error is a *TileError.
func ParseTile(z, x, y string) (Tile, error) {
	var t Tile
	for _, p := range []struct {
		part, text string
		to         *uint32
	}{{"z", z, &t.Z}, {"x", x, &t.X}, {"y", y, &t.Y}} {
		n, ok := parseIndex(p.text)
		if !ok {
			return Tile{}, &TileError{Part: p.part, Value: p.text, Outside: false}
		}
		*p.to = n
	}
	switch n := uint32(1) << min(t.Z, MaxZoom); {
	case t.Z > MaxZoom:
		return Tile{}, &TileError{Part: "z", Value: z, Outside: true}
	case t.X >= n:
		return Tile{}, &TileError{Part: "x", Value: x, Outside: true}
	case t.Y >= n:
		return Tile{}, &TileError{Part: "y", Value: y, Outside: true}
	}
	return t, nil
}

func parseIndex(s string) (uint32, bool) {
	if s == "" || len(s) > 10 || (s[0] == '0' && len(s) > 1) {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseUint(s, 10, 32)
	return uint32(n), err == nil
}

// TileError says which part of a tile's address is wrong.
type TileError struct {
	Part    string // "z", "x" or "y"
	Value   string // as it was given
	Outside bool   // a number, but no tile of the world has it
}

func (e *TileError) Error() string {
	if e.Outside {
		return fmt.Sprintf("tiles: %s %s is outside the world", e.Part, e.Value)
	}
	return fmt.Sprintf("tiles: %s %q is not a whole number", e.Part, e.Value)
}

// Valid reports whether t is a tile of the world, no deeper than MaxZoom.
func (t Tile) Valid() bool {
	return t.Z <= MaxZoom && t.X < 1<<t.Z && t.Y < 1<<t.Z
}

// String is the tile's address, z/x/y.
func (t Tile) String() string {
	b := strconv.AppendUint(make([]byte, 0, 32), uint64(t.Z), 10)
	b = strconv.AppendUint(append(b, '/'), uint64(t.X), 10)
	b = strconv.AppendUint(append(b, '/'), uint64(t.Y), 10)
	return string(b)
}

// WorldBounds is the tile's square in world units. The far edges are the near
// edges of the next tiles. The tile must be valid.
func (t Tile) WorldBounds() (minX, minY, maxX, maxY int32) {
	shift := WorldBits - min(t.Z, MaxZoom)
	side := int32(1) << shift
	minX, minY = int32(t.X<<shift), int32(t.Y<<shift)
	return minX, minY, minX + side, minY + side
}
