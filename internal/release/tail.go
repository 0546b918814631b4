package release

import "math"

// The functions below judge noise, they do not make it: floating point is good
// enough to say that a threshold is safe, and never enters the sampler.

// noiseDeviation is the standard deviation of a sum of n independent discrete
// Laplace values, P(x) ~ exp(-epsilon |x|).
func noiseDeviation(epsilon float64, n int) float64 {
	q := math.Exp(-epsilon)
	return math.Sqrt(float64(n) * 2 * q / ((1 - q) * (1 - q)))
}

// NoiseTail returns P(X >= t) for the sum X of n independent discrete Laplace
// values. Each is the difference of two geometric ones, so X is the difference
// of two negative binomials, which are summed term by term.
func NoiseTail(epsilon float64, n, t int) float64 {
	if t <= 0 {
		return 1 - NoiseTail(epsilon, n, 1-t)
	}
	q := math.Exp(-epsilon)
	// mass[j] = C(j+n-1, n-1) (1-q)^n q^j, to where nothing is left to add.
	mass := []float64{math.Pow(1-q, float64(n))}
	reach := t + int(float64(n)/epsilon+60*math.Sqrt(float64(n))/epsilon)
	for j := 1; j <= reach; j++ {
		mass = append(mass, mass[j-1]*q*float64(j+n-1)/float64(j))
	}
	tail := make([]float64, len(mass)+1) // tail[j] = sum of mass from j on
	for j := len(mass) - 1; j >= 0; j-- {
		tail[j] = tail[j+1] + mass[j]
	}
	sum := 0.0
	for j := 0; j+t < len(mass); j++ {
		sum += mass[j] * tail[j+t]
	}
	return sum
}
