package release

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"math/bits"
)

// stream is an endless row of random bits that a key and a name fix: chunk i is
// HMAC-SHA256(key, fields, i), every field with its length before it so that no
// two names run into each other.
type stream struct {
	mac    hash.Hash
	name   []byte // the fields of the name, each with its length before it
	count  uint32 // of chunks drawn
	chunk  [sha256.Size]byte
	at     int    // bytes of chunk used
	bits   uint64 // bits in hand, lowest first
	have   uint   // how many bits are in hand
	buffer []byte
}

func newStream(key *Key) *stream {
	return &stream{mac: hmac.New(sha256.New, key[:])}
}

// begin sets the stream to the start of a name.
func (s *stream) begin(layer Layer, block string, cell uint64, atom string) {
	n := appendField(s.name[:0], []byte(layer))
	n = appendField(n, []byte(block))
	var c [8]byte
	binary.BigEndian.PutUint64(c[:], cell)
	n = appendField(n, c[:])
	s.name = appendField(n, []byte(atom))
	s.count, s.bits, s.have, s.at = 0, 0, 0, sha256.Size
}

func appendField(b, field []byte) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(field))), field...)
}

// refill adds 32 bits to those in hand, of which there may be 32 at most.
func (s *stream) refill() {
	if s.at == sha256.Size {
		s.mac.Reset()
		s.mac.Write(s.name)
		s.buffer = binary.BigEndian.AppendUint32(append(s.buffer[:0], 0, 0, 0, 4), s.count)
		s.mac.Write(s.buffer)
		s.mac.Sum(s.chunk[:0])
		s.count++
		s.at = 0
	}
	s.bits |= uint64(binary.LittleEndian.Uint32(s.chunk[s.at:])) << s.have
	s.have += 32
	s.at += 4
}

// take draws n bits, 32 at most.
func (s *stream) take(n uint) uint64 {
	if s.have < n {
		s.refill()
	}
	v := s.bits & (1<<n - 1)
	s.bits >>= n
	s.have -= n
	return v
}

// below draws a whole number from 0 to n-1, each exactly as likely: it draws as
// many bits as n-1 has, and again when they give n or more. n is far below 2^32:
// the largest is the denominator of an epsilon times how often algorithm 1 goes
// round, whose chance falls faster than 1/k!.
func (s *stream) below(n uint64) uint64 {
	width := uint(bits.Len64(n - 1))
	for {
		if v := s.take(width); v < n {
			return v
		}
	}
}

// bernoulliExp is true with probability exp(-num/den), for num <= den
// (Canonne, Kamath and Steinke 2020, algorithm 1).
func (s *stream) bernoulliExp(num, den uint64) bool {
	k := uint64(1)
	for s.below(den*k) < num {
		k++
	}
	return k%2 == 1
}

// laplace draws a discrete Laplace value, P(x) ~ exp(-|x| num/den), exactly and
// without a bound (Canonne, Kamath and Steinke 2020, algorithm 2). No floating
// point is used: its rounding is a leak of its own (Mironov 2012).
func (s *stream) laplace(num, den uint64) int64 {
	for {
		u := s.below(den)
		if !s.bernoulliExp(u, den) {
			continue
		}
		v := uint64(0)
		for s.bernoulliExp(1, 1) {
			v++
		}
		y := int64((u + den*v) / num)
		negative := s.take(1) == 1
		if negative && y == 0 {
			continue // or zero would come up twice as often
		}
		if negative {
			return -y
		}
		return y
	}
}
