package release_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/release"
	"github.com/streetsafe/streetsafe/internal/report"
)

// naive counts by maps, H3's own parents and the words of the rules: of each
// cell, day and theme at most three reports, and at most three of each factor.
func naive(t *testing.T, u *release.Universe, h release.HalfYear, items []release.Item) (l8 map[h3.Cell]int, l6 map[h3.Cell][3]int) {
	t.Helper()
	type group struct {
		cell  h3.Cell
		day   report.Day
		theme release.Theme
	}
	n := map[group]int{}
	for _, it := range items {
		if _, in := u.Slot(it.Cell); !in || it.Received < h.From() || it.Received >= h.To() {
			continue
		}
		cell, err := it.Cell.Parent(8)
		if err != nil {
			t.Fatal(err)
		}
		theme := release.BothGroups
		if it.Factors&report.BehaviouralFactors == 0 {
			theme = release.EnvironmentalOnly
		} else if it.Factors&report.EnvironmentalFactors == 0 {
			theme = release.BehaviouralOnly
		}
		n[group{cell, it.Received, theme}] += it.Weight
	}
	l8, l6 = map[h3.Cell]int{}, map[h3.Cell][3]int{}
	for g, n := range n {
		l8[g.cell] += min(n, 3)
		p, err := g.cell.Parent(6)
		if err != nil {
			t.Fatal(err)
		}
		row := l6[p]
		row[g.theme] += min(n, 3)
		l6[p] = row
	}
	return l8, l6
}

func TestTally_Truth_oracle(t *testing.T) {
	u := croydon(t)
	list := items(t, 6000, 1)
	// A crowd in one cell, so that caps are met, and some taken back.
	for i := range 300 {
		it := list[i]
		it.Cell, it.Received = list[0].Cell, h1.From()+report.Day(i%9)
		list = append(list, it)
	}
	for i := range 100 {
		it := list[i*7]
		it.Weight = -1
		list = append(list, it)
	}
	list = append(list, release.Item{Report: list[3].Report, Received: list[3].Received}) // of no weight
	for _, h := range []release.HalfYear{h1, h2} {
		tally := release.NewTally(u, release.DefaultPolicy(), h)
		for _, it := range list {
			tally.Add(it)
		}
		truth := tally.Truth()
		l8, l6 := naive(t, u, h, list)
		sum := 0
		for slot, n := range truth.L8 {
			if int(n) != l8[u.Cell8(slot)] {
				t.Fatalf("%v: %v has %d reports, by hand %d", h, u.Cell8(slot), n, l8[u.Cell8(slot)])
			}
			sum += int(n)
		}
		for i, row := range truth.L6 {
			p, err := u.Cell8(i * 49).Parent(6)
			if err != nil || row != [3]int32{int32(l6[p][0]), int32(l6[p][1]), int32(l6[p][2])} {
				t.Fatalf("%v: %v has %v, by hand %v", h, p, row, l6[p])
			}
		}
		if sum == 0 || tally.Outside() == 0 {
			t.Errorf("%v: %d reports in, %d outside: the test shows nothing", h, sum, tally.Outside())
		}
	}
}

// A report that names many factors is counted under three, which do not depend
// on anything else, and no factor is preferred.
func TestTally_Truth_atMostThreeFactors(t *testing.T) {
	u := croydon(t)
	r := rand.New(rand.NewPCG(2, 2))
	var perFactor [report.NumFactors]int
	const n = 1000
	list := items(t, n, 2)
	for i := range list {
		list[i].Factors, list[i].Cell = report.AllFactors, list[r.IntN(n)].Cell
		list[i].Received = h1.From() + report.Day(i%181)
	}
	for _, it := range list {
		tally := release.NewTally(u, release.DefaultPolicy(), h1)
		tally.Add(it)
		sum := int32(0)
		for _, row := range tally.Truth().LF {
			for f, n := range row {
				perFactor[f] += int(n)
				sum += n
			}
		}
		if _, in := u.Slot(it.Cell); in && sum != 3 {
			t.Fatalf("a report counts %d times in the table", sum)
		}
	}
	if lo, hi := slices.Min(perFactor[:]), slices.Max(perFactor[:]); lo < hi*6/10 {
		t.Errorf("factors are chosen %v times", perFactor)
	}
}

func TestThemeOf(t *testing.T) {
	for f := report.Factors(1); f <= report.AllFactors; f++ {
		env, beh := f&report.EnvironmentalFactors != 0, f&report.BehaviouralFactors != 0
		want := map[[2]bool]release.Theme{{true, false}: release.EnvironmentalOnly, {false, true}: release.BehaviouralOnly, {true, true}: release.BothGroups}[[2]bool{env, beh}]
		if release.ThemeOf(f) != want {
			t.Fatalf("%v has theme %d", f, release.ThemeOf(f))
		}
	}
}
