package analysis_test

import (
	"encoding/csv"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/streetsafe/streetsafe/internal/analysis"
)

func near(got, want, tolerance float64) bool {
	return math.Abs(got-want) <= tolerance*max(1, math.Abs(want))
}

// table reads numbers from a file of testdata, by column, without its head.
func table(t testing.TB, name string) [][]float64 {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := make([][]float64, len(rows[0]))
	for _, row := range rows[1:] {
		for i, field := range row {
			v, err := strconv.ParseFloat(field, 64)
			if err != nil {
				t.Fatal(err)
			}
			out[i] = append(out[i], v)
		}
	}
	return out
}

// The remote sensing example of Getis and Ord (1996), "Local spatial statistics: an
// overview": 16 by 16 pixels, as in R package spData (CC0), and what localG of R
// package spdep 1.2-7 makes of it with pixels that share an edge or a corner.
func TestGiStar_RemoteSensing(t *testing.T) {
	cols := table(t, "getis-ord-1996.csv")
	values := cols[0]
	const side = 16
	for name, diagonal := range map[string]bool{"rook": false, "queen": true} {
		want := cols[1]
		if diagonal {
			want = cols[2]
		}
		for i := range values {
			around, w := 0.0, 0
			for j := range values {
				dx, dy := i%side-j%side, i/side-j/side
				if d := dx*dx + dy*dy; d <= 1 || diagonal && d == 2 {
					around += values[j]
					w++
				}
			}
			if z, _ := analysis.GiStar(values, around, w); !near(z, want[i], 1e-9) {
				t.Fatalf("%s: pixel %d has Gi* %v, want %v", name, i, z, want[i])
			}
		}
	}
}

// The example of G_Local in PySAL's esda: six points, neighbours within 15.
func TestGiStar_PySAL(t *testing.T) {
	points := [][2]float64{{10, 10}, {20, 10}, {40, 10}, {15, 20}, {30, 20}, {30, 30}}
	values := []float64{2, 3, 3.2, 5, 8, 7}
	want := []float64{-1.39727626, -0.28917762, 0.65064964, -0.28917762, 1.23452088, 2.02424331}
	for i, p := range points {
		around, w := 0.0, 0
		for j, q := range points {
			if math.Hypot(p[0]-q[0], p[1]-q[1]) <= 15 {
				around += values[j]
				w++
			}
		}
		if z, _ := analysis.GiStar(values, around, w); !near(z, want[i], 1e-8) {
			t.Errorf("point %d has Gi* %v, want %v", i, z, want[i])
		}
	}
}

// Values of R 4.2.2: pgamma(k+sqrt(k)*z, k, lower.tail=FALSE) with k = 4/skew^2.
func TestPearsonUpper_R(t *testing.T) {
	for _, v := range []struct{ z, skew, want float64 }{
		{2, 0.5, 0.0344000940596},
		{4, 1, 0.00229179120779},
		{6, 2, 0.000911881965555},
		{-0.5, 0.8, 0.656058361824},
		{10, 3, 0.000128705775287},
		{3, 0.01, 0.00140959583158},
		{1, 0.2, 0.15827867006},
		{3, 0, 0.00134989803163009},
		{-2, 1, 1},
	} {
		if got := analysis.PearsonUpper(v.z, v.skew); math.Abs(got/v.want-1) > 1e-9 {
			t.Errorf("z %v skew %v: %v, want %v", v.z, v.skew, got, v.want)
		}
	}
	// A negative skew mirrors a positive one.
	if a, b := analysis.PearsonUpper(1.2, -0.7), 1-analysis.PearsonUpper(-1.2, 0.7); !near(a, b, 1e-12) {
		t.Errorf("mirror: %v and %v", a, b)
	}
}

// Counts dealt out by chance: the tail must be near what shuffling gives, where the
// normal distribution is wrong by a factor of ten and more.
func TestGiStar_ChanceEqualsShuffling(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	values := make([]float64, 2000)
	for i := range values {
		if r.IntN(4) == 0 {
			values[i] = math.Floor(r.ExpFloat64()*3) + 1
		}
	}
	const w, rounds = 7, 200_000
	for _, around := range []float64{12, 20, 28} {
		z, p := analysis.GiStar(values, around, w)
		more := 0
		for range rounds {
			total, drawn := 0.0, [w]int{}
			for k := range w {
				i := r.IntN(len(values))
				for seen := 0; seen < k; seen++ {
					if drawn[seen] == i {
						i, seen = r.IntN(len(values)), -1
					}
				}
				drawn[k] = i
				total += values[i]
			}
			if total >= around {
				more++
			}
		}
		shuffled := float64(more) / rounds
		t.Logf("sum %v: z %.2f, p %.2g, shuffled %.2g, normal %.2g", around, z, p, shuffled, math.Erfc(z/math.Sqrt2)/2)
		// A sum of counts is a step function; the distribution is smooth.
		if p < shuffled/1.8 || p > shuffled*1.8 {
			t.Errorf("sum %v: chance %v, by shuffling %v", around, p, shuffled)
		}
	}
}
