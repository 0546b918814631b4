// Package demographics makes the tables of what reporters say of themselves:
// counts of single questions by police force and half-year, from which nobody
// can be told. It knows no report and no store.
package demographics

import (
	"cmp"
	"slices"
)

// The rules of design/privacy.md for these tables.
const (
	LeastTotal = 50 // reports in a table
	LeastCell  = 5  // reports in a cell that is shown
	Base       = 5  // shown numbers are multiples of it
)

// NotGiven is the answer of those who gave none.
const NotGiven = "not_given"

// Question is one question with the answers it may have.
type Question struct {
	ID      string
	Answers []string
}

// Area is where reports are counted together.
type Area struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Person is what was said with one report.
type Person struct {
	Area    Area
	Answers []string // by question; "", or what the question does not know, is NotGiven
}

// Table is what is shown of an area. Areas with fewer than LeastTotal reports
// have none.
type Table struct {
	Area      Area      `json:"area"`
	Total     int       `json:"total"` // rounded
	Questions []Figures `json:"questions"`
}

// Figures are the counts of one question. They have a cell for each answer and
// for NotGiven, in the order of the question.
type Figures struct {
	Question string `json:"question"`
	Cells    []Cell `json:"cells"`
}

// Cell is one count.
type Cell struct {
	Answer string `json:"answer"`
	Hidden bool   `json:"hidden,omitempty"` // fewer than LeastCell, or hides one that has
	Count  int    `json:"count"`            // rounded; 0 when hidden
}

// Tables makes the tables of all areas that may have one, by identifier. It is a
// pure function, and the order of the people does not matter.
func Tables(questions []Question, people []Person) []Table {
	byArea := map[Area][]Person{}
	for _, p := range people {
		byArea[p.Area] = append(byArea[p.Area], p)
	}
	tables := []Table{}
	for area, there := range byArea {
		if len(there) < LeastTotal {
			continue
		}
		t := Table{Area: area, Total: round(len(there))}
		for i, q := range questions {
			t.Questions = append(t.Questions, figures(q, count(q, i, there)))
		}
		tables = append(tables, t)
	}
	slices.SortFunc(tables, func(a, b Table) int { return cmp.Compare(a.Area.ID, b.Area.ID) })
	return tables
}

// count returns how many gave each answer to question number i, and last how
// many gave none.
func count(q Question, i int, people []Person) []int {
	counts := make([]int, len(q.Answers)+1)
	for _, p := range people {
		at := -1
		if i < len(p.Answers) {
			at = slices.Index(q.Answers, p.Answers[i])
		}
		if at < 0 {
			at = len(q.Answers)
		}
		counts[at]++
	}
	return counts
}

func figures(q Question, counts []int) Figures {
	f := Figures{Question: q.ID}
	hidden := Suppress(counts)
	for i, n := range counts {
		c := Cell{Answer: NotGiven, Hidden: hidden[i]}
		if i < len(q.Answers) {
			c.Answer = q.Answers[i]
		}
		if !c.Hidden {
			c.Count = round(n)
		}
		f.Cells = append(f.Cells, c)
	}
	return f
}

// Suppress says which counts of a question are hidden: those below LeastCell
// and, when there are any, of the others as many of the last as it takes, at
// least one, to make the hidden ones add up to enough that each small one may be
// anything below LeastCell. For the total is shown, and with it that sum.
//
// It is the last ones, NotGiven first, and not the smallest, because a choice by
// size would tell that what is hidden is no larger than what is shown.
func Suppress(counts []int) []bool {
	const enough = LeastCell + LeastCell - 1
	hidden := make([]bool, len(counts))
	small, others, sum := 0, 0, 0
	for i, n := range counts {
		if n < LeastCell {
			hidden[i] = true
			small++
			sum += n
		}
	}
	for i := len(counts) - 1; i >= 0 && small > 0 && (others == 0 || sum < enough); i-- {
		if !hidden[i] {
			hidden[i] = true
			others++
			sum += counts[i]
		}
	}
	return hidden
}

// round returns the nearest multiple of Base, which is odd.
func round(n int) int { return (n + Base/2) / Base * Base }
