package attack

import (
	"errors"
	"fmt"
	"strings"

	"github.com/streetsafe/streetsafe/internal/release"
)

// epsilon samples noisy values of neighbouring counts, at zero and at
// a larger count, and bounds epsilon from below.
func epsilon(t *trial) (string, error) {
	u, err := universe(gamesPerFreeze)
	if err != nil {
		return "", err
	}
	bounds := map[release.Layer]float64{release.L8: 0.6, release.L6: 0.25, release.LF: 0.05}
	worst := map[release.Layer]float64{}
	for i, base := range []int32{0, 14} {
		arms := map[release.Layer]*[2][]int64{release.L8: {}, release.L6: {}, release.LF: {}}
		for arm := range 2 {
			for draw := range t.Draws {
				key := release.TestKey(uint64(1000*i + 500*arm + draw))
				for _, b := range sample(t.s, u, key, base+int32(arm)).Blocks() {
					arms[b.Layer][arm] = append(arms[b.Layer][arm], b.Values...)
				}
			}
		}
		for layer, a := range arms {
			worst[layer] = max(worst[layer], epsilonAtLeast(a[0], a[1], confidence))
		}
	}
	var figures []string
	var errs []error
	for _, layer := range release.Layers() {
		figures = append(figures, fmt.Sprintf("%s %.3f of %.2f", layer, worst[layer], bounds[layer]))
		if worst[layer] > bounds[layer] {
			errs = append(errs, fmt.Errorf("%s leaks at least epsilon %.3f, of %.2f", layer, worst[layer], bounds[layer]))
		}
	}
	return strings.Join(figures, ", "), errors.Join(errs...)
}

// sample freezes a universe where every cell has the same true count.
func sample(s Subject, u *release.Universe, key *release.Key, n int32) release.Noisy {
	truth := s.Count(u, s.Policy, half, nil)
	for i := range truth.L8 {
		truth.L8[i] = n
	}
	for i := range truth.L6 {
		truth.L6[i] = [3]int32{n, n, n}
	}
	for i := range truth.LF {
		for f := range truth.LF[i] {
			truth.LF[i][f] = n
		}
	}
	return s.Noise(u, s.Policy, key, half, truth, []*release.Truth{truth})
}

func differencing(t *trial) (string, error) {
	outcomes, err := t.outcomes()
	if err != nil {
		return "", err
	}
	list := stats(t.s.Policy)
	precision, how, made := claims(outcomes, list)
	certain := atFloor(outcomes, list)
	figure := fmt.Sprintf("best of %d claims right in %.0f%% (coin: 50%%), by %s; certain at the floor in %.2f%%", made, 100*precision, how, 100*certain)
	switch {
	case precision >= mostPrecision:
		return figure, fmt.Errorf("%s tells with %.0f%%", how, 100*precision)
	case certain > mostCertain:
		return figure, fmt.Errorf("a place whose floor hangs on one report is shown in %.1f%%", 100*certain)
	case made == 0:
		return figure, errors.New("the attacker never dared a claim, which says nothing")
	}
	return figure, nil
}

func injection(t *trial) (string, error) {
	outcomes, err := t.outcomes()
	if err != nil {
		return "", err
	}
	a, how := advantage(outcomes, stats(t.s.Policy))
	figure := fmt.Sprintf("advantage %.3f, by %s", a, how)
	if a > mostAdvantage {
		return figure, fmt.Errorf("the attacker's advantage is %.3f, more than %.2f", a, mostAdvantage)
	}
	return figure, nil
}

func emptyNoise(t *trial) (string, error) {
	u, err := universe(gamesPerFreeze)
	if err != nil {
		return "", err
	}
	var l8, l6, lf []int64
	for draw := range t.Draws {
		truth := t.s.Count(u, t.s.Policy, half, nil)
		n := t.s.Noise(u, t.s.Policy, release.TestKey(uint64(70_000+draw)), half, truth, []*release.Truth{truth})
		l8, l6, lf = append(l8, n.L8.Values...), append(l6, n.L6.Values...), append(lf, n.LF.Values...)
	}
	a, b, c := laplaceFit(l8, 0.6), laplaceFit(l6, 0.25), laplaceFit(lf, 0.05)
	figure := fmt.Sprintf("%d values, off by %.1f, %.1f, %.1f deviations", len(l8)+len(l6)+len(lf), a, b, c)
	if max(a, b, c) > 4 {
		return figure, errors.New("the noise of empty cells is not discrete Laplace")
	}
	return figure, nil
}
