package attack

import (
	"fmt"
	"math"
	"slices"
)

// advantage returns how much better than chance the attacker tells whether the
// last report was sent, at the worst number of injected reports: the most, over
// all thresholds on any one number and over pairs of numbers, of the rate of
// right alarms less that of false ones.
func advantage(outcomes []outcome, list []stat) (most float64, how string) {
	for _, m := range injected {
		var sides [2][]outcome
		for _, o := range outcomes {
			if o.m == m {
				side := 0
				if o.sent {
					side = 1
				}
				sides[side] = append(sides[side], o)
			}
		}
		for i, st := range list {
			if a := thresholdAdvantage(sides, i); a > most {
				most, how = a, fmt.Sprintf("%s, %d injected", st.name, m)
			}
		}
		if a := tableAdvantage(sides, 0, 2); a > most {
			most, how = a, fmt.Sprintf("resolutions 8 and 6 together, %d injected", m)
		}
	}
	return most, how
}

// thresholdAdvantage tries every threshold in either direction; absent is below
// all numbers.
func thresholdAdvantage(sides [2][]outcome, i int) float64 {
	var values [2][]int64
	var all []int64
	for side, os := range sides {
		for _, o := range os {
			if o.values[i] != unplayed {
				values[side] = append(values[side], o.values[i])
			}
		}
		slices.Sort(values[side])
		all = append(all, values[side]...)
	}
	slices.Sort(all)
	most := 0.0
	for _, t := range slices.Compact(all) {
		a, _ := slices.BinarySearch(values[0], t)
		b, _ := slices.BinarySearch(values[1], t)
		most = max(most, math.Abs(float64(a)/float64(len(values[0]))-float64(b)/float64(len(values[1]))))
	}
	return most
}

// tableAdvantage learns from half of the games which pairs of values speak for
// the report and is measured on the other half, and the other way round.
func tableAdvantage(sides [2][]outcome, i, j int) float64 {
	pair := func(o outcome) [2]int64 { return [2]int64{o.values[i], o.values[j]} }
	alarms := 0.0
	for fold := range 2 {
		lean := map[[2]int64]int{}
		for side, os := range sides {
			for n, o := range os {
				if n%2 == fold {
					lean[pair(o)] += 2*side - 1
				}
			}
		}
		for side, os := range sides {
			for n, o := range os {
				if n%2 != fold && lean[pair(o)] > 0 {
					alarms += float64(2*side-1) / float64(len(os))
				}
			}
		}
	}
	return alarms
}

// claims plays the attacker who takes public numbers at their word. A number
// stands for an interval, by how far rounding and differencing may have moved
// it, and absence for anything below the threshold; when the interval leaves out
// the true value with the last report, or that without it, he claims to know. It
// returns how often the kind of claim that is right most often was right, among
// kinds made often enough to judge.
func claims(outcomes []outcome, list []stat) (precision float64, how string, made int) {
	const enough = 150
	for i, st := range list {
		for _, m := range injected {
			for _, says := range []bool{true, false} {
				right, n := 0, 0
				for _, o := range outcomes {
					if o.m == m && st.claims(o.values[i], m, says) {
						n++
						if o.sent == says {
							right++
						}
					}
				}
				made += n
				if p := float64(right) / float64(n); n >= enough && p > precision {
					precision, how = p, fmt.Sprintf("%s, %d injected", st.name, m)
				}
			}
		}
	}
	return precision, how, made
}

// claims reports whether a value makes the attacker say that the last report was
// sent, or that it was not.
func (st stat) claims(value int64, m int, sent bool) bool {
	without := st.truth(m)
	with := without + 1
	if st.truth(0) == st.truth(1) {
		with = without + 2*st.slack // a difference of levels, which counts both alike
	}
	if value == unplayed {
		return false
	}
	if value == absent {
		return !sent && st.least > 0 && st.least-1 < with
	}
	if sent {
		return value-st.slack > without
	}
	return value+st.slack < with
}

// atFloor is how often something was shown of a place whose floor hung on the
// last report: then, and only then, the attacker is certain.
func atFloor(outcomes []outcome, list []stat) float64 {
	const floor = 5
	shown, games := 0, 0
	for _, o := range outcomes {
		if o.m != floor-1 || !o.sent {
			continue
		}
		games++
		for i, st := range list {
			if o.values[i] != absent && o.values[i] != unplayed && st.least > 0 && st.truth(floor-1) < 2*floor-1 {
				shown++
				break
			}
		}
	}
	return float64(shown) / float64(games)
}
