package release_test

import (
	"math"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/release"
)

func TestPolicy_Check(t *testing.T) {
	tests := []struct {
		name   string
		change func(*release.Policy)
		want   string // part of the error, "" for none
	}{
		{"as delivered", func(*release.Policy) {}, ""},
		{"threshold at the floor", func(p *release.Policy) { p.ShownFrom.HalfYear.Res8 = 5 }, "resolution 8, half-year"},
		{"threshold 10 over floor 10", func(p *release.Policy) { p.Floor, p.ShownFrom.HalfYear.Res8 = 10, 10 }, "resolution 8, half-year"},
		{"a sum with the threshold of its parts", func(p *release.Policy) { p.ShownFrom.HalfYear.Res7 = 15 }, "resolution 7, half-year"},
		{"twelve months as half a year", func(p *release.Policy) { p.ShownFrom.TwelveMonths = p.ShownFrom.HalfYear }, "twelve months"},
		{"less noise", func(p *release.Policy) { p.Epsilon[release.L8] = "4/5" }, "spend 6/5"},
		{"more noise than thresholds are for", func(p *release.Policy) { p.Epsilon[release.L8] = "1/5" }, "resolution 8"},
		{"a layer without epsilon", func(p *release.Policy) { delete(p.Epsilon, release.L6) }, "L6"},
		{"a larger budget", func(p *release.Policy) { p.TotalEpsilon = "2" }, "at most 1"},
		{"floor 3", func(p *release.Policy) { p.Floor = 3 }, "floor"},
		{"no rounding", func(p *release.Policy) { p.Rounding = 1 }, "rounding"},
		{"a month's wait", func(p *release.Policy) { p.WaitDays = 30 }, "60"},
		{"a looser bound", func(p *release.Policy) { p.MostAtFloor = 0.5 }, "0.01"},
		{"fewer deviations", func(p *release.Policy) { p.LeastDeviations = 1 }, "3 or more"},
		{"another version", func(p *release.Policy) { p.Version = 2 }, "version"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := release.DefaultPolicy()
			tt.change(&p)
			err := p.Check()
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Check() = %v, expected it to name %q", err, tt.want)
			}
		})
	}
}

func TestPolicy_Levels_isWhatTheLawSays(t *testing.T) {
	p := release.DefaultPolicy()
	h := p.ShownFrom.HalfYear
	if p.Floor != 5 || p.Rounding != 5 || p.WaitDays != 60 || p.Cap != 3 || p.FactorsPerReport != 3 ||
		h.Res8 != 15 || h.Res7 != 30 || h.Res6 != 45 || h.Res6One != 30 || h.Res6Two != 40 || h.Res5 != 115 ||
		p.Epsilon[release.L8] != "3/5" || p.Epsilon[release.L6] != "1/4" || p.Epsilon[release.LF] != "3/20" {
		t.Errorf("the policy file is not what was decided: %+v", p)
	}
	for _, l := range p.Levels() {
		s := p.Safety(l)
		t.Logf("%-42s from %3d: noise %.2f, %.2f deviations, shown at the floor %.5f", l.Name, l.Threshold, s.Deviation, s.Deviations, s.AtFloor)
		if s.AtFloor > 0.01 || s.Deviations < 3 {
			t.Errorf("%s is not safe: %+v", l.Name, s)
		}
	}
}

// The tail of a sum against plain convolution.
func TestNoiseTail_convolution(t *testing.T) {
	const eps, reach = 0.6, 200
	one := make([]float64, 2*reach+1)
	for i := range one {
		one[i] = math.Tanh(eps/2) * math.Exp(-eps*math.Abs(float64(i-reach)))
	}
	sum := one
	for n := 1; n <= 7; n++ {
		mid := len(sum) / 2
		for _, at := range []int{-3, 0, 1, 10, 25} {
			want := 0.0
			for i := mid + at; i < len(sum); i++ {
				want += sum[i]
			}
			if got := release.NoiseTail(eps, n, at); math.Abs(got-want) > 1e-9 {
				t.Errorf("P(sum of %d >= %d) = %g, convolution says %g", n, at, got, want)
			}
		}
		next := make([]float64, len(sum)+len(one)-1)
		for i, a := range sum {
			for j, b := range one {
				next[i+j] += a * b
			}
		}
		sum = next
	}
}

func TestParsePolicy_refuses(t *testing.T) {
	for _, s := range []string{"", "{}", `{"version":1,"surprise":2}`, "[]"} {
		if _, err := release.ParsePolicy([]byte(s)); err == nil {
			t.Errorf("ParsePolicy(%q) was accepted", s)
		}
	}
}

func TestHalfYear_ParseAndDays(t *testing.T) {
	h, err := release.ParseHalfYear("2026-H1")
	if err != nil {
		t.Fatal(err)
	}
	if h.From().String() != "2026-01-01" || h.To().String() != "2026-07-01" || h.Next().To().String() != "2027-01-01" ||
		h.Previous().Next() != h || h.EndsYear() || !h.Next().EndsYear() || !h.Before(h.Next()) {
		t.Errorf("%v runs from %v to %v", h, h.From(), h.To())
	}
	for d := h.Previous().From(); d < h.Next().To(); d++ {
		got := release.HalfYearOf(d)
		if d < got.From() || d >= got.To() {
			t.Fatalf("%v is put in %v", d, got)
		}
	}
	for _, s := range []string{"", "2026", "2026-H3", "2026-H0", "2026-h1", "26-H1", "2026-H1 ", "2026-H11", "1999-H1", "9999-H1"} {
		if h, err := release.ParseHalfYear(s); err == nil {
			t.Errorf("ParseHalfYear(%q) = %v", s, h)
		}
	}
}
