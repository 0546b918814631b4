package release

import (
	"runtime"
	"sync"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Noisy is everything that one freeze makes: the blocks of a half-year and,
// when it ends a year, the year's table. A nil block was not made.
type Noisy struct {
	L8, L6, LF *Block
}

// Blocks lists the blocks that are there, in the order of Layers.
func (n Noisy) Blocks() []*Block {
	var bs []*Block
	for _, b := range []*Block{n.L8, n.L6, n.LF} {
		if b != nil {
			bs = append(bs, b)
		}
	}
	return bs
}

// addNoise draws the noise of a block and puts it on the true counts, which it
// does not keep. Each value has a stream of its own, named by layer, block,
// cell and atom, so the order of work does not matter and all cores share it.
func addNoise(key *Key, p Policy, b *Block, truth func(i int) int32, name func(i int) (cell uint64, atom string)) {
	num, den := p.fraction(b.Layer)
	const piece = 4096 // values between looks at the counter: some 2 ms of work
	var next sync.Mutex
	at := 0
	take := func() (from, to int) {
		next.Lock()
		defer next.Unlock()
		from = at
		at = min(at+piece, len(b.Values))
		return from, at
	}
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(b.Values)/piece+1) {
		workers.Go(func() {
			s := newStream(key)
			for from, to := take(); from < to; from, to = take() {
				for i := from; i < to; i++ {
					cell, atom := name(i)
					s.begin(b.Layer, b.Name, cell, atom)
					b.Values[i] = int64(truth(i)) + s.laplace(num, den)
				}
			}
		})
	}
	workers.Wait()
}

func newBlock(u *Universe, l Layer, name string) *Block {
	values, floors := u.shape(l)
	return &Block{Layer: l, Name: name, Values: make([]int64, values),
		Floors: [2]bitset{newBitset(floors[0]), newBitset(floors[1])}}
}

// NoisyL8 makes the block of resolution 8.
func NoisyL8(u *Universe, p Policy, key *Key, h HalfYear, truth *Truth) *Block {
	b := newBlock(u, L8, h.String())
	addNoise(key, p, b, func(i int) int32 { return truth.L8[i] },
		func(i int) (uint64, string) { return uint64(u.Cell8(i)), "" })
	floor := int32(p.Floor)
	middle := int32(0)
	for i, n := range truth.L8 {
		b.Floors[0].set(i, n >= floor)
		middle += n
		if i%perMiddle == perMiddle-1 {
			b.Floors[1].set(i/perMiddle, middle >= floor)
			middle = 0
		}
	}
	return b
}

var themeAtoms = [NumThemes]string{"environmental", "behavioural", "both"}

// NoisyL6 makes the block of resolution 6 by theme.
func NoisyL6(u *Universe, p Policy, key *Key, h HalfYear, truth *Truth) *Block {
	b := newBlock(u, L6, h.String())
	addNoise(key, p, b, func(i int) int32 { return truth.L6[i/NumThemes][i%NumThemes] },
		func(i int) (uint64, string) { return uint64(u.parents[i/NumThemes]), themeAtoms[i%NumThemes] })
	coarse := make([][NumThemes]int32, len(u.middles))
	for i, themes := range truth.L6 {
		setFloors(b.Floors[0], i, themes, p.Floor)
		for t, n := range themes {
			coarse[u.inRes5[i]][t] += n
		}
	}
	for i, themes := range coarse {
		setFloors(b.Floors[1], i, themes, p.Floor)
	}
	return b
}

func setFloors(bits bitset, cell int, themes [NumThemes]int32, floor int) {
	for j, s := range subsets {
		sum := int32(0)
		for t, n := range themes {
			if s.has(t) {
				sum += n
			}
		}
		bits.set(cell*len(subsets)+j, sum >= int32(floor))
	}
}

// NoisyLF makes the table of a year by force and factor from the true counts
// of its half-years.
func NoisyLF(u *Universe, p Policy, key *Key, year string, halves ...*Truth) *Block {
	b := newBlock(u, LF, year)
	truth := make([]int32, len(b.Values))
	for _, h := range halves {
		for f, row := range h.LF {
			for factor, n := range row {
				truth[f*report.NumFactors+factor] += n
			}
		}
	}
	addNoise(key, p, b, func(i int) int32 { return truth[i] }, func(i int) (uint64, string) {
		return uint64(i / report.NumFactors), u.forces[i/report.NumFactors].ID + "|" + report.Factor(i%report.NumFactors).ID()
	})
	for i, n := range truth {
		b.Floors[0].set(i, n >= int32(p.Floor))
	}
	return b
}
