package analysis

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// moments describe the values of a study area: their number, mean, standard
// deviation (divisor n, as in the paper) and third central moment.
type moments struct {
	n                float64
	mean, sd, third  float64
	sum, sum2, cubes float64
}

func (m *moments) add(x float64) {
	m.n++
	m.sum += x
	m.sum2 += x * x
	m.cubes += x * x * x
}

func (m *moments) plus(o moments) {
	m.n, m.sum, m.sum2, m.cubes = m.n+o.n, m.sum+o.sum, m.sum2+o.sum2, m.cubes+o.cubes
}

func (m *moments) finish() {
	if m.n == 0 {
		return
	}
	m.mean = m.sum / m.n
	m.sd = math.Sqrt(max(0, m.sum2/m.n-m.mean*m.mean))
	m.third = m.cubes/m.n - 3*m.mean*m.sum2/m.n + 2*m.mean*m.mean*m.mean
}

// giStar is the statistic Gi* of Ord and Getis (1995), "Local spatial
// autocorrelation statistics", Geographical Analysis 27, 286-306, equation 14,
// with weights of one: around is the sum over a cell and its neighbours, w of them.
// It is a standard deviate: 0 means what the background gives on average.
func (m *moments) giStar(around, w float64) float64 {
	if m.n < 2 || m.sd == 0 || w >= m.n {
		return 0
	}
	return (around - m.mean*w) / (m.sd * math.Sqrt((m.n*w-w*w)/(m.n-1)))
}

// upper is the probability of a Gi* of z or more when the counts are dealt out
// over the study area by chance.
//
// The normal distribution that z is usually held to is far too generous here: a
// map of reports has many zeros and a long tail, a neighbourhood has seven cells,
// and a p of 10^-6 is needed to stand out among thousands. So the skewness of the
// permutation distribution is kept as well, which is known exactly (the third
// moment of a sum of w values drawn without replacement; Cochran, Sampling
// Techniques, 3rd edition, section 2.15), and the tail is that of a Pearson type
// III distribution, as is customary for permutation tests (Mielke and Berry,
// Permutation Methods, 2nd edition, 2007, section 2.3).
func (m *moments) upper(z, w float64) float64 {
	if m.n < 3 || m.sd == 0 || w >= m.n {
		return 1
	}
	third := w * (m.n - w) * (m.n - 2*w) / ((m.n - 1) * (m.n - 2)) * m.third
	variance := w * (m.n - w) / (m.n - 1) * m.sd * m.sd
	return pearsonUpper(z, third/math.Pow(variance, 1.5))
}

// pearsonUpper is the upper tail of the standardised Pearson type III distribution
// with a skewness.
func pearsonUpper(z, skew float64) float64 {
	const nearlyNormal = 1e-3 // the tails then differ by less than a thousandth
	if math.Abs(skew) < nearlyNormal {
		return normalUpper(z)
	}
	shape := 4 / (skew * skew)
	x := shape + math.Copysign(math.Sqrt(shape), skew)*z
	switch {
	case x <= 0 && skew > 0:
		return 1
	case x <= 0:
		return 0
	case skew > 0:
		return mathext.GammaIncRegComp(shape, x)
	}
	return mathext.GammaIncReg(shape, x)
}

func normalUpper(z float64) float64 { return math.Erfc(z/math.Sqrt2) / 2 }
