package tiles

import (
	"math/bits"
	"slices"

	"github.com/uber/h3-go/v4"
)

const hexDigits = "0123456789abcdef"

// feature writes the cell in hand as one feature. Room for all of it is made
// first, then bytes are put in place without looking back: lengths that turn out
// to need a second byte are mended by moving what follows them.
func (e *Encoder) feature(c h3.Cell, count uint32, columns []uint32) {
	const (
		fixed     = 1 + 5 + 1 + 10 + 2 + 1 + 5 + 1 + 5 + sketchSize // tags and lengths of one feature
		pair      = 5 + 5                                           // a property's key and value
		perRing   = 1 + 5 + 1
		perVertex = 5 + 5
	)
	n := len(e.buf)
	room := fixed + pair*(2+len(columns)) + perRing*len(e.ends) + perVertex*len(e.points)
	if cap(e.buf)-n < room {
		e.buf = slices.Grow(e.buf, room)
	}
	b := e.buf[n : n+room]

	b[0] = tagLayerFeature
	const body = 2
	b[body] = tagFeatureID
	at := putUvarint(b, body+1, FeatureID(c))

	b[at] = tagFeatureTags
	tags := at + 2
	at = e.putTags(b, tags, count, columns)
	if e.layer.WithCell {
		at = putUvarint(b, at, uint64(e.keys.cell))
		at = putUvarint(b, at, uint64(e.cellText(c)))
	}
	at = closeLength(b, tags, at)

	b[at], b[at+1], b[at+2] = tagFeatureType, typePolygon, tagFeatureGeometry
	geometry := at + 4
	if len(e.ends) == 0 {
		// As long as the array and not as the sketch: a fixed length is two
		// instructions, and what is too much is written over.
		*(*[sketchSize]byte)(b[geometry:]) = *(*[sketchSize]byte)(e.sketch.bytes[:])
		b[geometry-1] = byte(e.sketch.n)
		at = geometry + e.sketch.n
	} else {
		at = closeLength(b, geometry, e.putGeometry(b, geometry))
	}
	at = closeLength(b, body, at)
	e.buf = e.buf[:n+at]
}

// putTags writes the number of each property's key and of its value.
func (e *Encoder) putTags(b []byte, n int, count uint32, columns []uint32) int {
	n = putUvarint(b, n, uint64(e.keys.count))
	n = putUvarint(b, n, uint64(e.dict.uint(count)))
	for i, v := range columns[:min(len(columns), len(e.layer.Columns))] {
		if v != 0 {
			n = putUvarint(b, n, uint64(e.keys.columns)+uint64(i))
			n = putUvarint(b, n, uint64(e.dict.uint(v)))
		}
	}
	return n
}

// putGeometry writes the rings of e.points: MoveTo, LineTo and ClosePath of each,
// with zigzag deltas from the last corner on.
func (e *Encoder) putGeometry(b []byte, n int) int {
	var cursor point
	begin := 0
	for _, end := range e.ends {
		ring := e.points[begin:end]
		begin = end
		b[n] = commandMoveTo
		n = putDelta(b, n+1, ring[0].x-cursor.x, ring[0].y-cursor.y)
		n = putUvarint(b, n, uint64(len(ring)-1)<<3|commandLineTo)
		cursor = ring[0]
		for _, p := range ring[1:] {
			n = putDelta(b, n, p.x-cursor.x, p.y-cursor.y)
			cursor = p
		}
		b[n] = commandClosePath
		n++
	}
	return n
}

func putDelta(b []byte, n int, dx, dy int32) int {
	x, y := zigzag(dx), zigzag(dy)
	if (x|y)>>14 != 0 {
		return putUvarint(b, putUvarint(b, n, uint64(x)), uint64(y))
	}
	// One byte or two, without a branch that nobody could predict: the upper byte
	// is always written, and kept only when it is needed.
	n = putShort(b, n, x)
	return putShort(b, n, y)
}

// putShort writes v, below 1<<14, as a varint.
func putShort(b []byte, n int, v uint32) int {
	long := (0x7f - v) >> 31
	b[n+1] = byte(v >> 7)
	b[n] = byte(v&0x7f | long<<7)
	return n + 1 + int(long)
}

// closeLength puts the length of b[from:to] into the byte before from, and
// returns where the bytes end, which have moved if the length needs more than one.
func closeLength(b []byte, from, to int) int {
	if to-from < 0x80 {
		b[from-1] = byte(to - from)
		return to
	}
	return closeLongLength(b, from, to)
}

func closeLongLength(b []byte, from, to int) int {
	size := uint64(to - from)
	more := varintLen(size) - 1
	copy(b[from+more:to+more], b[from:to])
	putUvarint(b, from-1, size)
	return to + more
}

// cellText is the dictionary's number of the cell's index in hexadecimal.
func (e *Encoder) cellText(c h3.Cell) uint32 {
	var text [16]byte
	return e.dict.text(appendHex(text[:0], uint64(c)))
}

// appendHex writes v as h3.Cell.String does, without its allocation.
func appendHex(dst []byte, v uint64) []byte {
	for shift := (bits.Len64(v|1) - 1) / 4 * 4; shift >= 0; shift -= 4 {
		dst = append(dst, hexDigits[v>>shift&15])
	}
	return dst
}
