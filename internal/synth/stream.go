package synth

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// The random streams of a body: every purpose and every place or day draws from
// a stream of its own, so that adding a town or a day leaves the others alone.
const (
	streamDay uint64 = iota + 1
	streamDayWeight
	streamPlace
	streamVillage
)

// stream is a seeded source. PCG's algorithm is part of math/rand/v2's promise;
// the numbers are cut from its bits here, because the helper methods of
// rand.Rand are not.
type stream struct{ pcg *rand.PCG }

func newStream(seed, purpose, key uint64) stream {
	return stream{rand.NewPCG(mix(seed^mix(purpose)), mix(key+0x9e3779b97f4a7c15))}
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (s stream) bits() uint64 { return s.pcg.Uint64() }

// unit returns a number in [0, 1).
func (s stream) unit() float64 { return float64(s.bits()>>11) / (1 << 53) }

// between returns a number in [lo, hi).
func (s stream) between(lo, hi float64) float64 { return lo + (hi-lo)*s.unit() }

// below returns an integer in [0, n).
func (s stream) below(n int) int {
	hi, _ := bits.Mul64(s.bits(), uint64(n))
	return int(hi)
}

// normal returns a standard normal number. It is rounded to 20 binary places,
// so that a last-digit difference of the mathematical functions between
// processors cannot move a report to another cell.
func (s stream) normal() float64 {
	u, v := 1-s.unit(), s.unit()
	return math.Round(math.Sqrt(-2*math.Log(u))*math.Cos(2*math.Pi*v)*(1<<20)) / (1 << 20)
}

// byteTable spreads weighted choices over the 256 values of a byte, so that a
// draw is one look-up.
type byteTable [256]uint8

// newByteTable gives every choice its share of the 256 entries; the choice with
// the largest remainder gets what rounding left over.
func newByteTable(weights []float64) (t byteTable) {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	cumulative, at := 0.0, 0
	for choice, w := range weights {
		cumulative += w
		for end := int(math.Round(cumulative / sum * 256)); at < end; at++ {
			t[at] = uint8(choice)
		}
	}
	return t
}
