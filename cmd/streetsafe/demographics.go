package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/streetsafe/streetsafe/internal/demographics"
	"github.com/streetsafe/streetsafe/internal/form"
	"github.com/streetsafe/streetsafe/internal/release"
	"github.com/streetsafe/streetsafe/internal/store"
)

// demographicQuestions are the questions of the form, in the order of the fields
// of store.Demographics.
func demographicQuestions() []demographics.Question {
	values := form.DemographicValues()
	var all []demographics.Question
	for _, id := range []string{"age", "sex", "gender", "ethnicity", "disability"} {
		all = append(all, demographics.Question{ID: id, Answers: values[id]})
	}
	return all
}

// frozenTables is how the tables of a half-year are kept and printed.
type frozenTables struct {
	Half       string               `json:"half"`
	LeastTotal int                  `json:"least_total"`
	LeastCell  int                  `json:"least_cell"`
	Base       int                  `json:"rounded_to"`
	Tables     []demographics.Table `json:"tables"`
}

// freezeDemographics makes the tables of every half-year that is frozen and has
// none yet, so that a build that was cut off is made good by the next. With them
// it deletes what was said, and so all that led from it to a report.
func freezeDemographics(ctx context.Context, st store.Store, b *release.Builder) error {
	halves, err := b.Vault.List()
	if err != nil {
		return err
	}
	for _, h := range halves {
		p := store.Period{Name: h.String(), From: h.From(), To: h.To()}
		_, err := st.FreezeDemographics(ctx, p, func(said []store.Described) ([]byte, error) {
			return json.Marshal(frozenTables{
				Half: h.String(), LeastTotal: demographics.LeastTotal, LeastCell: demographics.LeastCell, Base: demographics.Base,
				Tables: demographics.Tables(demographicQuestions(), peopleOf(said, b.Universe)),
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// peopleOf finds the police force of what was said; what is in none counts
// nowhere.
func peopleOf(said []store.Described, u *release.Universe) []demographics.Person {
	people := make([]demographics.Person, 0, len(said))
	for _, d := range said {
		if f, ok := u.ForceOf(d.Cell); ok {
			people = append(people, demographics.Person{Area: demographics.Area(f),
				Answers: []string{d.Age, d.Sex, d.Gender, d.Ethnicity, d.Disability}})
		}
	}
	return people
}

func newDemographics(std *streams) *cobra.Command {
	var s storage
	var half string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "demographics --half HALF-YEAR",
		Short: "Print who reported, by police force and half-year",
		Long: `demographics prints what reporters said of themselves, for officers. A table is
there for each police force with 50 reports or more in the half-year; counts under
5 are hidden, with others that would give them away, and all are rounded to 5.

The tables are made once, by release build, which deletes everything they were
made from. Until then there is no way to see any of it.`,
		Example: `  streetsafe demographics --data DIR --half 2026-H1
  streetsafe demographics --data DIR --half 2026-H1 --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			h, err := release.ParseHalfYear(half)
			if err != nil {
				return fmt.Errorf("--half: %w", err)
			}
			return withStore(cmd.Context(), s, func(st store.Store) error {
				return printDemographics(cmd.Context(), std.out, st, h, asJSON)
			})
		},
	}
	s.addFlags(cmd.Flags(), defaultData)
	cmd.Flags().StringVar(&half, "half", "", "half-year of receipt, such as 2026-H1")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	_ = cmd.MarkFlagRequired("half") // the flag exists
	return cmd
}

func printDemographics(ctx context.Context, out io.Writer, st store.Store, h release.HalfYear, asJSON bool) error {
	raw, err := st.DemographicTables(ctx, h.String())
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%v has no tables: `streetsafe release build` makes them when it freezes a half-year", h)
	}
	if err != nil {
		return err
	}
	if asJSON {
		_, err = fmt.Fprintf(out, "%s\n", raw)
		return err
	}
	var f frozenTables
	if err := json.Unmarshal(raw, &f); err != nil {
		return fmt.Errorf("tables of %v: %w", h, err)
	}
	if len(f.Tables) == 0 {
		_, err = fmt.Fprintf(out, "%s: no area has %d reports whose senders said anything of themselves\n", f.Half, f.LeastTotal)
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, t := range f.Tables {
		fmt.Fprintf(w, "%s, %s: about %d reports\n", t.Area.Name, f.Half, t.Total)
		for _, q := range t.Questions {
			for _, c := range q.Cells {
				count := "hidden"
				if !c.Hidden {
					count = fmt.Sprint(c.Count)
				}
				fmt.Fprintf(w, "  %s\t%s\t%s\n", q.Question, c.Answer, count)
			}
		}
	}
	return w.Flush()
}
