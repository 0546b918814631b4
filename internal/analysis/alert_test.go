package analysis_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/analysis"
	"github.com/streetsafe/streetsafe/internal/report"
)

// before are the times of n periods, one after the other, up to the present one.
func before(n int) []float64 {
	at := make([]float64, n)
	for i := range at {
		at[i] = float64(i - n)
	}
	return at
}

// Worked out with R 4.2.2: glm(family=quasipoisson()), hatvalues and predict, and the
// formulas of Farrington et al. (1996) for weights and threshold.
func TestFarrington_R(t *testing.T) {
	for _, v := range []struct {
		history                     []int64
		now                         int64
		alpha                       float64
		expected, upper, dispersion float64
		trend                       bool
	}{
		{[]int64{3, 5, 2, 6, 4, 7, 3, 5, 8, 4, 6, 9, 5, 3, 7, 6, 4, 8, 5, 10}, 12, 0.01, 5.5, 11.9511428243, 1, false},
		{[]int64{1, 0, 2, 9, 0, 3, 12, 1, 0, 4}, 20, 0.01, 3.2, 17.4653421075, 5.33333335547, false},
		{[]int64{40, 45, 38, 60, 52, 61, 70, 66, 75, 82, 90, 79}, 130, 0.01, 63.1666666667, 108.369835898, 4.54737347086, false},
		{[]int64{40, 45, 38, 60, 52, 61, 70, 66, 75, 99, 82, 79}, 130, 0.05, 63.9166666667, 97.8433602194, 5.28659476117, false},
		{[]int64{20, 18, 25, 90, 22, 19, 24, 21}, 40, 0.01, 29.875, 107.215848776, 19.944411626, false},
		{[]int64{0, 0, 1, 0, 0, 0, 0, 2}, 5, 0.01, 0.375, 3.30154331552, 1.476190728, false},
		{[]int64{90, 80, 85, 70, 66, 60, 61, 50, 44, 40, 38, 30, 29, 25}, 40, 0.01, 24.9266042086, 38.7344101553, 1, true},
		{[]int64{20, 18, 25, 60, 22, 19, 24, 21, 17, 20, 23, 26, 18, 19, 22, 20, 16, 21, 24, 20, 19, 23, 18, 22, 20, 21}, 33, 0.01, 20.8207244689, 32.5266082352, 1, false},
		{[]int64{10, 12, 11, 14, 13, 15, 18, 90, 17, 19, 22, 21, 20, 24, 26, 25, 27, 30, 28, 31, 33, 34, 30, 36}, 60, 0.01, 38.8512564786, 58.9111104786, 1.3414773513, true},
	} {
		got := analysis.Farrington(v.history, before(len(v.history)), v.now, v.alpha)
		if !near(got.Expected, v.expected, 1e-6) || !near(got.Upper, v.upper, 1e-6) || !near(got.Dispersion, v.dispersion, 1e-6) || got.Trend != v.trend {
			t.Errorf("%v: %+v, want %v %v %v %v", v.history, got, v.expected, v.upper, v.dispersion, v.trend)
		}
		if above := float64(v.now) > v.upper; (got.Verdict == analysis.More) != above || (got.Score > 1) != above {
			t.Errorf("%v then %d: %+v, above %v", v.history, v.now, got, above)
		}
	}
}

func TestFarrington_Edges(t *testing.T) {
	zeros := make([]int64, 8)
	for _, v := range []struct {
		name    string
		history []int64
		now     int64
		want    analysis.Verdict
	}{
		{"five periods are no history", make([]int64, 5), 50, analysis.NoHistory},
		{"four after none", zeros, 4, analysis.NoChange},
		{"five after none", zeros, 5, analysis.More},
		{"none after none", zeros, 0, analysis.NoChange},
		{"four after next to none", []int64{0, 0, 1, 0, 0, 0, 0, 0}, 4, analysis.NoChange},
		{"none after many", []int64{90, 80, 85, 70, 66, 60}, 0, analysis.NoChange},
	} {
		if got := analysis.Farrington(v.history, before(len(v.history)), v.now, 0.01); got.Verdict != v.want {
			t.Errorf("%s: %+v, want %s", v.name, got, v.want)
		}
	}
	if got := analysis.Farrington(zeros, before(7), 9, 0.01); got.Verdict != analysis.NoHistory {
		t.Errorf("times that do not fit: %+v", got)
	}
}

// How often chance alone raises an alert, and how often a doubling does.
func TestFarrington_FalseAlarms(t *testing.T) {
	for _, v := range []struct {
		mean, burst float64
		periods     int
	}{{3, 1, 13}, {10, 1, 13}, {40, 1, 26}, {10, 2, 26}, {40, 2, 13}, {40, 3, 26}} {
		draw := counter(rand.New(rand.NewPCG(13, 5)), v.burst)
		const rounds = 1000
		false_, found := 0, 0
		for range rounds {
			history := make([]int64, v.periods)
			for i := range history {
				history[i] = draw(v.mean)
			}
			alarm := func(now int64) int {
				if analysis.Farrington(history, before(v.periods), now, 0.01).Verdict == analysis.More {
					return 1
				}
				return 0
			}
			false_ += alarm(draw(v.mean))
			found += alarm(draw(3 * v.mean))
		}
		share, power := float64(false_)/rounds, float64(found)/rounds
		t.Logf("%+v: false %.4f, trebling found %.2f", v, share, power)
		if share > 0.035 || v.mean >= 40 && power < 0.9 {
			t.Errorf("%+v: false alarms %.4f, trebling found %.2f", v, share, power)
		}
	}
}

func TestCheckAlert(t *testing.T) {
	const end = report.Day(19000 + 900)
	b := newBody(t)
	for day := report.Day(19000); day < end; day++ {
		if day%7 < 2 {
			b.add(place(0), day, 1)
		}
	}
	for _, v := range []struct {
		name      string
		extra     int
		q         analysis.AlertQuery
		want      analysis.Verdict
		seasonal  bool
		says      string
		histories int
	}{
		{"as always", 0, analysis.AlertQuery{Res: 9, Until: end}, analysis.NoChange, true, "within what the history explains", 6},
		{"a rise", 30, analysis.AlertQuery{Res: 9, Until: end}, analysis.More, true, "more than the history explains", 6},
		{"a rise by weeks", 30, analysis.AlertQuery{Res: 9, Until: end, Days: 7}, analysis.More, true, "in the 7 days to", 14},
		{"a young body", 0, analysis.AlertQuery{Res: 9, Until: 19000 + 100}, analysis.NoHistory, false, "too short", 2},
		{"no seasons yet", 0, analysis.AlertQuery{Res: 9, Until: 19000 + 400}, analysis.NoChange, false, "within", 13},
		{"elsewhere", 0, analysis.AlertQuery{Res: 9, Until: end, Region: analysis.InBox(report.Box{West: 1, South: 51, East: 2, North: 52})}, analysis.NoChange, true, "0 reports", 6},
		{"here", 30, analysis.AlertQuery{Res: 9, Until: end, Region: analysis.InBox(report.Box{West: -1, South: 51, East: 1, North: 52})}, analysis.More, true, "more", 6},
	} {
		t.Run(v.name, func(t *testing.T) {
			more := b.copy()
			for range v.extra {
				more.add(place(0), end-3, 1)
			}
			got, err := analysis.CheckAlert(more.snapshot(), v.q)
			if err != nil {
				t.Fatal(err)
			}
			if got.Verdict != v.want || got.Seasonal != v.seasonal || len(got.History) != v.histories || !strings.Contains(got.Sentence(), v.says) {
				t.Errorf("%+v: %s", got, got.Sentence())
			}
		})
	}
	if _, err := analysis.CheckAlert(b.snapshot(), analysis.AlertQuery{}); err == nil {
		t.Error("no resolution: no error")
	}
}
