package tiles

import "encoding/binary"

// sketchSize is room for ten corners of four bytes, and three commands.
const sketchSize = 64

// sketch is the geometry of one hexagon as MVT bytes.
type sketch struct {
	bytes [2 * sketchSize]byte // the first half is used; a word written at its end runs over
	n     int
}

// The inner loop keeps X and Y in one register, in lanes of 32 bits: it then
// needs half of the instructions and no spilled registers.
const (
	laneOnes = 1<<32 | 1
	laneTops = laneOnes << 31

	// laneBias keeps coordinates west and north of the tile positive. It is a
	// multiple of every tile's unit.
	laneBias = WorldSize
)

// quick draws a ring in one pass, if it is like nearly all: up to ten corners
// that stay apart, in the world, near the tile, no deeper than zoom 18, and with
// a side of eight units or more, which a cell needs to be sure to have an area.
// Otherwise it gives up, and the general way draws the ring: to the same bytes
// where both can. It takes half the time, since whatever it would have to branch
// on is gathered and looked at once.
func (f *frame) quick(ring []Vertex, s *sketch) bool {
	if len(ring) < 3 || len(ring) > MaxVertices || f.up != 0 {
		return false
	}
	down := f.down & 63
	offset := uint64(laneBias-f.minX+f.half) | uint64(laneBias-f.minY+f.half)<<32
	keep := uint64(1<<(32-down)-1) * laneOnes
	var corners [16]uint64
	var outside uint64
	for i, v := range ring {
		p := uint64(uint32(v.X)) | uint64(uint32(v.Y))<<32
		outside |= p | (p - 1) // X is over 0, and both are below 1<<30
		corners[i&15] = (p + offset) >> down & keep
	}
	if outside&(3<<WorldBits*laneOnes) != 0 {
		return false
	}

	first := corners[0]
	origin := uint64(laneBias>>down) * laneOnes
	word, size, large := twoShorts((first | laneTops) - origin ^ laneTops)
	s.bytes[0] = commandMoveTo
	binary.LittleEndian.PutUint32(s.bytes[1:], word)
	at := 1 + size
	s.bytes[at&63] = byte(len(ring)-1)<<3 | commandLineTo
	at++
	var sides uint64
	last := first
	for _, p := range corners[1:len(ring)] {
		d := (p | laneTops) - last ^ laneTops
		if d == 0 {
			return false
		}
		last = p
		word, size, z := twoShorts(d)
		sides |= z
		binary.LittleEndian.PutUint32(s.bytes[at&63:], word)
		at += size
	}
	s.bytes[at&63] = commandClosePath
	s.n = at + 1
	large |= sides
	const tooLarge = (1<<32 - 1<<14) * laneOnes
	return large&tooLarge == 0 && (sides|sides>>32)&^15 != 0 && last != first
}

// twoShorts is the two signed lanes of d as zigzag varints in a little-endian
// word, how many bytes of it they are, and the zigzag numbers, which must be below
// 1<<14. Whether a number takes one byte or two is not predictable, so there is
// no branch on it.
func twoShorts(d uint64) (word uint32, size int, z uint64) {
	sign := d >> 31 & laneOnes
	z = d<<1&^laneOnes ^ (sign<<32 - sign)
	long := (z + 0x7fffff80*laneOnes) >> 31 & laneOnes // 1 where the lane is over 0x7f
	w := z&(0x7f*laneOnes) | z<<1&(0x7f00*laneOnes) | long<<7
	return uint32(w) | uint32(w>>32)<<((8+8*(long&1))&31), int(2 + long&1 + long>>32), z
}
