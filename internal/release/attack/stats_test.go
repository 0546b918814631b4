package attack

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Values from R: qbeta as in binom::binom.confint(method = "exact").
func TestClopperPearson_known(t *testing.T) {
	for _, tt := range []struct {
		k, n      int
		low, high float64
	}{
		{0, 10, 0, 0.3084971}, {10, 10, 0.6915029, 1}, {5, 10, 0.1870860, 0.8129140}, {3, 100, 0.0062300, 0.0851761},
	} {
		low, high := clopperPearson(tt.k, tt.n, 0.025)
		if math.Abs(low-tt.low) > 2e-6 || math.Abs(high-tt.high) > 2e-6 {
			t.Errorf("%d of %d: %.7f to %.7f, expected %.7f to %.7f", tt.k, tt.n, low, high, tt.low, tt.high)
		}
	}
}

// laplace is good enough noise for a test of what judges noise.
func laplace(r *rand.Rand, epsilon float64) int64 {
	geometric := func() int64 { return int64(math.Floor(math.Log(r.Float64()) / -epsilon)) }
	a := geometric()
	return a - geometric()
}

func samples(epsilon float64, shift int64, seed uint64) []int64 {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]int64, 40_000)
	for i := range out {
		out[i] = shift + laplace(r, epsilon)
	}
	return out
}

// The bound is near the truth and below it, and rises above it for a mechanism
// that spends more than it says.
func TestEpsilonAtLeast(t *testing.T) {
	for _, eps := range []float64{0.25, 0.6, 1.2} {
		got := epsilonAtLeast(samples(eps, 0, 1), samples(eps, 1, 2), 0.001)
		if got > eps || got < 0.75*eps {
			t.Errorf("epsilon %.2f is measured as at least %.3f", eps, got)
		}
	}
	if got := epsilonAtLeast(make([]int64, 40), slices.Repeat([]int64{1}, 40), 0.05); got <= 0 {
		t.Errorf("samples that do not meet give %v", got)
	}
}

func TestLaplaceFit(t *testing.T) {
	if off := laplaceFit(samples(0.6, 0, 3), 0.6); off > 4 {
		t.Errorf("the right noise is off by %.1f", off)
	}
	for name, noise := range map[string][]int64{"too much": samples(0.5, 0, 4), "too little": samples(0.7, 0, 5), "moved": samples(0.6, 1, 6), "none": make([]int64, 1000)} {
		if off := laplaceFit(noise, 0.6); off < 4 {
			t.Errorf("%s noise is off by %.1f only", name, off)
		}
	}
}
