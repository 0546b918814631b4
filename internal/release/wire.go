package release

import (
	"encoding/binary"
	"errors"
)

var errDamaged = errors.New("damaged")

// reader takes numbers and texts from bytes that may be damaged. After the
// first error it gives zeros.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail() {
	r.err, r.b = errDamaged, nil
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

// count is a uvarint that may not be above most, so that a damaged file cannot
// ask for more memory than its own size warrants.
func (r *reader) count(most int) int {
	n := r.uvarint()
	if n > uint64(max(most, 0)) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) byte() byte {
	b := r.bytes(1)
	if len(b) == 0 {
		return 0
	}
	return b[0]
}

func (r *reader) bytes(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.fail()
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) text() string { return string(r.bytes(r.count(len(r.b)))) }

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// bitset is a row of bits.
type bitset []byte

func newBitset(n int) bitset { return make(bitset, (n+7)/8) }

func (s bitset) has(i int) bool { return s[i/8]&(1<<(i%8)) != 0 }

func (s bitset) set(i int, on bool) {
	if on {
		s[i/8] |= 1 << (i % 8)
	}
}
