package demographics_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/streetsafe/streetsafe/internal/demographics"
)

var questions = []demographics.Question{
	{ID: "sex", Answers: []string{"female", "male"}},
	{ID: "disability", Answers: []string{"yes", "no"}},
}

// people makes n people of an area who answer alike.
func people(area string, n int, answers ...string) []demographics.Person {
	return slices.Repeat([]demographics.Person{{Area: demographics.Area{ID: area, Name: "Area " + area}, Answers: answers}}, n)
}

func TestTables(t *testing.T) {
	all := slices.Concat(
		people("b", 30, "female", "no"), people("b", 18, "male", "no"), people("b", 10, "", "no"), people("b", 3, "female", "yes"),
		people("a", 25, "female", ""), people("a", 23, "male", "free text"), people("a", 1), // one short of 50
		people("c", 50, "", ""),
	)
	want := []demographics.Table{
		{Area: demographics.Area{ID: "b", Name: "Area b"}, Total: 60, Questions: []demographics.Figures{
			{Question: "sex", Cells: []demographics.Cell{{Answer: "female", Count: 35}, {Answer: "male", Count: 20}, {Answer: "not_given", Count: 10}}},
			// Three and none: the last that is shown goes with them.
			{Question: "disability", Cells: []demographics.Cell{{Answer: "yes", Hidden: true}, {Answer: "no", Hidden: true}, {Answer: "not_given", Hidden: true}}},
		}},
		{Area: demographics.Area{ID: "c", Name: "Area c"}, Total: 50, Questions: []demographics.Figures{
			{Question: "sex", Cells: []demographics.Cell{{Answer: "female", Hidden: true}, {Answer: "male", Hidden: true}, {Answer: "not_given", Hidden: true}}},
			{Question: "disability", Cells: []demographics.Cell{{Answer: "yes", Hidden: true}, {Answer: "no", Hidden: true}, {Answer: "not_given", Hidden: true}}},
		}},
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if got := demographics.Tables(questions, all); !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v\nwant %+v", got, want)
		}
	}
	if got := demographics.Tables(questions, nil); len(got) != 0 {
		t.Errorf("tables of nobody: %+v", got)
	}
}

func TestSuppress(t *testing.T) {
	for _, c := range []struct {
		counts []int
		want   string
	}{
		{[]int{20, 20, 20}, "..."},
		{[]int{5, 25, 20}, "..."},
		{[]int{4, 26, 20}, "#.#"},
		{[]int{4, 26, 5}, "#.#"},
		{[]int{3, 26, 5}, "###"}, // eight: what is missing from the total would be 0 to 3
		{[]int{40, 26, 0}, ".##"},
		{[]int{40, 4, 4}, "###"},
		{[]int{4, 4, 52, 20}, "##.#"},
		{[]int{0, 60}, "##"},
		{[]int{3}, "#"},
		{nil, ""},
	} {
		got := ""
		for _, h := range demographics.Suppress(c.counts) {
			got += map[bool]string{true: "#", false: "."}[h]
		}
		if got != c.want {
			t.Errorf("%v: %s, want %s", c.counts, got, c.want)
		}
	}
}

// An attacker who knows the rule, the exact total and the exact counts of all
// that is shown still cannot tell a hidden count below the least cell. The same
// attacker beats a rule that hides nothing but small counts.
func TestSuppress_attacked(t *testing.T) {
	if cell := pinned(demographics.Suppress); cell != "" {
		t.Error("known for certain: " + cell)
	}
	small := func(counts []int) []bool {
		hidden := make([]bool, len(counts))
		for i, n := range counts {
			hidden[i] = n < demographics.LeastCell
		}
		return hidden
	}
	if pinned(small) == "" {
		t.Error("the attacker does not see through a rule without complementary suppression")
	}
}

// pinned goes through all tables of three and four cells with one total, groups
// those that look alike, and returns a hidden count that is small in one of them
// and cannot be each of the small numbers, or "".
func pinned(rule func([]int) []bool) string {
	const total = 53
	for _, cells := range []int{3, 4} {
		values := map[string][]map[int]bool{} // by look: the values of each cell
		each(make([]int, 0, cells), cells, total, func(counts []int) {
			hidden := rule(counts)
			look := ""
			for i, h := range hidden {
				if h {
					look += "# "
				} else {
					look += fmt.Sprint(counts[i], " ")
				}
			}
			if values[look] == nil {
				values[look] = make([]map[int]bool, cells)
				for i := range cells {
					values[look][i] = map[int]bool{}
				}
			}
			for i, n := range counts {
				values[look][i][n] = true
			}
		})
		for look, possible := range values {
			for i, v := range possible {
				small := 0
				for n := range demographics.LeastCell {
					if v[n] {
						small++
					}
				}
				if small > 0 && small < demographics.LeastCell {
					return fmt.Sprintf("cell %d of %s is only %d of the small numbers", i, look, small)
				}
			}
		}
	}
	return ""
}

// each calls fn with every way to write a total as so many counts.
func each(head []int, cells, total int, fn func([]int)) {
	if cells == 1 {
		fn(append(head, total))
		return
	}
	for n := range total + 1 {
		each(append(head, n), cells-1, total-n, fn)
	}
}
