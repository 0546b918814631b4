package release

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"slices"
	"testing"
)

// These values pin the noise: whoever makes releases again from a key, on any
// machine or with any later version, must get them. They were made by this code
// once its distribution had been checked.
func TestStream_laplace_golden(t *testing.T) {
	s := newStream(TestKey(1))
	var got []int64
	for i := range uint64(16) {
		s.begin(L8, "2025-H1", 0x88194ad305fffff+i, "")
		got = append(got, s.laplace(3, 5))
	}
	want := []int64{2, -2, 0, -2, 1, -2, 1, 0, 1, 0, -1, -2, 2, 0, -1, 0}
	if !slices.Equal(got, want) {
		t.Errorf("noise is %v, expected %v", got, want)
	}
}

// The stream is HMAC-SHA256 over length-prefixed fields and a counter, written
// out by hand.
func TestStream_isHMAC(t *testing.T) {
	key := TestKey(2)
	s := newStream(key)
	s.begin(LF, "2025", 7, "west|badly_lit")
	var got []byte
	for range 64 {
		got = append(got, byte(s.take(8)))
	}
	var want []byte
	for counter := range byte(2) {
		m := hmac.New(sha256.New, key[:])
		m.Write([]byte("\x00\x00\x00\x02LF\x00\x00\x00\x042025\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x0ewest|badly_lit\x00\x00\x00\x04\x00\x00\x00"))
		m.Write([]byte{counter})
		want = m.Sum(want)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the stream is %s, expected %s", hex.EncodeToString(got), hex.EncodeToString(want))
	}
}

// Names that would run into each other without lengths have other noise.
func TestStream_begin_namesStayApart(t *testing.T) {
	seen := map[uint64][2]string{}
	s := newStream(TestKey(3))
	for _, n := range [][2]string{{"2025", "ab"}, {"2025a", "b"}, {"2025ab", ""}, {"", "2025ab"}} {
		s.begin(L8, n[0], 1, n[1])
		v := s.take(32)
		if other, ok := seen[v]; ok {
			t.Errorf("%q and %q have the same stream", n, other)
		}
		seen[v] = n
	}
}

func TestStream_below_uniform(t *testing.T) {
	s := newStream(TestKey(4))
	s.begin(L8, "x", 0, "")
	for _, n := range []uint64{1, 2, 3, 5, 7, 20, 64, 100} {
		const each = 2000
		counts := make([]int, n)
		for range each * n {
			counts[s.below(n)]++
		}
		for v, c := range counts { // five standard deviations
			if math.Abs(float64(c)-each) > 5*math.Sqrt(each) {
				t.Errorf("below(%d) gave %d %d times instead of about %d", n, v, c, each)
			}
		}
	}
}

func TestStream_laplace_distribution(t *testing.T) {
	for _, eps := range [][2]uint64{{3, 5}, {1, 4}, {1, 20}, {2, 1}, {1, 1}} {
		s := newStream(TestKey(5))
		const n = 60_000
		counts := map[int64]int{}
		for i := range uint64(n) {
			s.begin(L6, "x", i, "")
			counts[s.laplace(eps[0], eps[1])]++
		}
		e := float64(eps[0]) / float64(eps[1])
		chi, bins := 0.0, 0
		for x := int64(-400); x <= 400; x++ {
			want := n * math.Tanh(e/2) * math.Exp(-e*math.Abs(float64(x)))
			if want < 20 {
				continue
			}
			chi += (float64(counts[x]) - want) * (float64(counts[x]) - want) / want
			bins++
		}
		// Chi-squared has mean bins and deviation sqrt(2 bins).
		if off := (chi - float64(bins)) / math.Sqrt(2*float64(bins)); off > 5 {
			t.Errorf("epsilon %v: chi-squared %.1f over %d bins", eps, chi, bins)
		}
	}
}

// No floating point anywhere between the key and the noise: not a type, not a
// constant, not an import.
func TestSampler_hasNoFloats(t *testing.T) {
	for _, name := range []string{"sampler.go", "noise.go", "key.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			if i.Path.Value == `"math"` || i.Path.Value == `"math/rand"` || i.Path.Value == `"math/rand/v2"` {
				t.Errorf("%s imports %s", name, i.Path.Value)
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				if n.Name == "float64" || n.Name == "float32" || n.Name == "atomEpsilon" {
					t.Errorf("%s uses %s", name, n.Name)
				}
			case *ast.BasicLit:
				if n.Kind == token.FLOAT {
					t.Errorf("%s has the constant %s", name, n.Value)
				}
			}
			return true
		})
	}
}

func TestKey_destroy(t *testing.T) {
	a, b := randomKey(), randomKey()
	if *a == *b || *a == (Key{}) {
		t.Fatal("keys are not random")
	}
	a.destroy()
	if *a != (Key{}) {
		t.Error("a destroyed key is still there")
	}
}

func FuzzDecodeBlock(f *testing.F) {
	u := mustDefault(f)
	small, err := NewUniverse(u.parents[:3], u.forces, func(c h3Cell) int { return int(c) & 1 })
	if err != nil {
		f.Fatal(err)
	}
	truth := newTruth(small)
	p := DefaultPolicy()
	h := HalfYear{2025, 2}
	// Whole blocks, then cut-off and damaged ones.
	for _, b := range []*Block{NoisyL8(small, p, TestKey(1), h, truth), NoisyL6(small, p, TestKey(1), h, truth), NoisyLF(small, p, TestKey(1), "2025", truth)} {
		e := b.Encode()
		f.Add(e)
		f.Add(e[:len(e)/2])
		f.Add(append([]byte(blockMagic), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		block, err := DecodeBlock(b, small)
		if err != nil {
			return
		}
		again, err := DecodeBlock(block.Encode(), small)
		if err != nil || again.Layer != block.Layer || !slices.Equal(again.Values, block.Values) {
			t.Errorf("a block that was read cannot be written and read again: %v", err)
		}
	})
}

func FuzzDecodeUniverse(f *testing.F) {
	u := mustDefault(f)
	small, err := NewUniverse(u.parents[:3], u.forces, func(c h3Cell) int { return int(c>>30) & 1 })
	if err != nil {
		f.Fatal(err)
	}
	e := small.Encode()
	f.Add(e)
	f.Add(e[:len(e)-1])
	f.Add([]byte(universeMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		u, err := DecodeUniverse(b)
		if err != nil {
			return
		}
		again, err := DecodeUniverse(u.Encode())
		if err != nil || again.Hash() != u.Hash() {
			t.Errorf("a universe that was read cannot be written and read again: %v", err)
		}
	})
}
