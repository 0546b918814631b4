package attack

import "math"

// clopperPearson returns the exact confidence limits of a probability after k
// successes in n trials; alpha is the error of each side (Clopper and Pearson
// 1934).
func clopperPearson(k, n int, alpha float64) (low, high float64) {
	low, high = 0, 1
	if k > 0 {
		low = betaQuantile(alpha, float64(k), float64(n-k+1))
	}
	if k < n {
		high = betaQuantile(1-alpha, float64(k+1), float64(n-k))
	}
	return low, high
}

// betaQuantile inverts the regularised incomplete beta function by bisection.
func betaQuantile(p, a, b float64) float64 {
	low, high := 0.0, 1.0
	for range 40 {
		mid := (low + high) / 2
		if betaRegularised(mid, a, b) < p {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}

// betaRegularised is I_x(a, b) by its continued fraction, evaluated by Lentz's
// method (DLMF 8.17.22).
func betaRegularised(x, a, b float64) float64 {
	if x <= 0 {
		return 0
	}
	if x >= 1 {
		return 1
	}
	if x > (a+1)/(a+b+2) {
		return 1 - betaRegularised(1-x, b, a)
	}
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	front := math.Exp(lab-la-lb+a*math.Log(x)+b*math.Log(1-x)) / a
	const tiny = 1e-300
	c, d := 1.0, 1/nonZero(1-(a+b)*x/(a+1), tiny)
	f := d
	for m := 1.0; m < 10000; m++ {
		for _, step := range [...]float64{
			m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m)),
			-(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1)),
		} {
			d = 1 / nonZero(1+step*d, tiny)
			c = nonZero(1+step/c, tiny)
			f *= c * d
		}
		if math.Abs(c*d-1) < 1e-12 {
			break
		}
	}
	return front * f
}

func nonZero(x, tiny float64) float64 {
	if math.Abs(x) < tiny {
		return tiny
	}
	return x
}

// lapMass is the probability of x under discrete Laplace noise.
func lapMass(epsilon float64, x int) float64 {
	return math.Tanh(epsilon/2) * math.Exp(-epsilon*math.Abs(float64(x)))
}

// laplaceFit compares noise with the discrete Laplace distribution by Pearson's
// chi-squared and returns by how many standard deviations it is off (Wilson and
// Hilferty 1931). Below 4 it fits.
func laplaceFit(noise []int64, epsilon float64) float64 {
	const least = 20 // expected in a bin, so that the approximation holds
	n := float64(len(noise))
	reach := 0
	for lapMass(epsilon, reach+1)/(1-math.Exp(-epsilon))*n > least {
		reach++
	}
	bins := make([]float64, 2*reach+1)
	for _, x := range noise {
		bins[min(max(int(x), -reach), reach)+reach]++
	}
	chi := 0.0
	for i, seen := range bins {
		x := i - reach
		p := lapMass(epsilon, x)
		if x == reach || x == -reach {
			p /= 1 - math.Exp(-epsilon) // and everything beyond
		}
		chi += (seen - n*p) * (seen - n*p) / (n * p)
	}
	free := float64(2 * reach)
	return (math.Cbrt(chi/free) - (1 - 2/(9*free))) / math.Sqrt(2/(9*free))
}

// epsilonAtLeast returns the largest epsilon that two samples of outputs prove,
// one from each of two neighbouring bodies of reports: for any event, the
// probabilities may differ by a factor of exp(epsilon) at most. Events are all
// half-lines and points; alpha is the error over all of them.
func epsilonAtLeast(without, with []int64, alpha float64) float64 {
	low, high := without[0], without[0]
	for _, s := range [][]int64{without, with} {
		for _, x := range s {
			low, high = min(low, x), max(high, x)
		}
	}
	width := int(high-low) + 1
	counts := [2][]int{make([]int, width), make([]int, width)}
	for i, s := range [][]int64{without, with} {
		for _, x := range s {
			counts[i][x-low]++
		}
	}
	n := [2]int{len(without), len(with)}
	alpha /= float64(6 * width)
	best := 0.0
	try := func(a, b int) {
		for _, pair := range [][4]int{{a, n[0], b, n[1]}, {b, n[1], a, n[0]}} {
			// The limits lie outside the rates themselves, so most events can be
			// seen to prove no more than is proved.
			if float64(pair[0])*float64(pair[3]) <= math.Exp(best)*float64(pair[1])*float64(pair[2]) {
				continue
			}
			most, _ := clopperPearson(pair[0], pair[1], alpha)
			_, least := clopperPearson(pair[2], pair[3], alpha)
			if most > 0 {
				best = max(best, math.Log(most/least))
			}
		}
	}
	var sum [2]int
	for i := range width {
		sum[0] += counts[0][i]
		sum[1] += counts[1][i]
		try(counts[0][i], counts[1][i])
		try(sum[0], sum[1])
		try(n[0]-sum[0], n[1]-sum[1])
	}
	return best
}
