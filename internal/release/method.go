package release

import (
	_ "embed" // the note
	"fmt"
	"strings"
	"text/template"
)

//go:embed method.txt
var methodText string

// methodWelsh is the same in Welsh. It was not read by a native speaker yet.
//
//go:embed method.cy.txt
var methodWelsh string

// methodNote explains a release in plain language, from one of the texts above.
func methodNote(d Dataset, text string) ([]byte, error) {
	t, err := template.New("method").Parse(text)
	if err != nil {
		return nil, fmt.Errorf("method note: %w", err)
	}
	thresholds := d.Policy.ShownFrom.HalfYear
	if d.Kind == KindTwelveMonths {
		thresholds = d.Policy.ShownFrom.TwelveMonths
	}
	var deviation = map[int]float64{}
	for _, l := range d.Policy.Levels() {
		if strings.HasSuffix(l.Name, kindName(d.Kind)) && !strings.Contains(l.Name, "theme") {
			deviation[10*map[Layer]int{L8: 1, L6: 2}[l.Layer]+l.Atoms] = d.Policy.Safety(l).Deviation
		}
	}
	n := 1
	if d.Kind == KindTwelveMonths {
		n = 2
	}
	var b strings.Builder
	err = t.Execute(&b, map[string]any{
		"D": d, "T": thresholds, "P": d.Policy, "LastDay": d.To - 1, "Guarantee": guarantee, "Absence": absence, "AtFloor": d.Policy.MostAtFloor,
		"Res8": fmt.Sprintf("%.0f", 2*deviation[10+n]), "Res7": fmt.Sprintf("%.0f", 2*deviation[10+7*n]),
		"Res6": fmt.Sprintf("%.0f", 2*deviation[20+3*n]), "Res5": fmt.Sprintf("%.0f", 2*deviation[20+21*n]),
	})
	return []byte(b.String()), err
}

func kindName(kind string) string {
	if kind == KindTwelveMonths {
		return "twelve months"
	}
	return "half-year"
}
