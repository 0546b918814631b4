package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/gazetteer"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/review"
	"github.com/streetsafe/streetsafe/internal/store"
)

func newReview(std *streams) *cobra.Command {
	var s storage
	cmd := &cobra.Command{
		Use:   "review",
		Short: "Look after reports of the form that are held back",
		Long: `review looks after reports of the form that are not published by themselves: those
that came without a proof of work, from browsers without scripts for instance, and
those over the hourly limit of one network. They are known by day of receipt and
area, and by nothing else: nothing is kept of who sent them. Few spots and few
kinds (different sets of reasons) among many reports are the mark of a flood.

Released reports are published on schedule, like all others. In public releases
those without proof count, and those over the limit never do.`,
		Example: `  streetsafe review list --data DIR
  streetsafe review release --data DIR --held-for no_proof --day 2026-10-05 --reason 'as on other days'
  streetsafe review drop --data DIR --area 85194ad3fffffff --from 2026-10-01 --to 2026-10-08 --reason 'one kind, one spot'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	s.addFlags(cmd.PersistentFlags(), defaultData)
	cmd.AddCommand(newReviewList(std, &s), newReviewChange(std, &s, releaseHeld), newReviewChange(std, &s, dropHeld))
	return cmd
}

// heldJSON is a line of `review list --json`.
type heldJSON struct {
	Day     string `json:"received_on"`
	Area    string `json:"area"`
	Near    string `json:"near"`
	Reason  string `json:"held_for"`
	Reports int64  `json:"reports"`
	Spots   int64  `json:"spots"`
	Kinds   int64  `json:"kinds"`
}

func newReviewList(std *streams, s *storage) *cobra.Command {
	var resolution int
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "Count what is held back by day, area and reason", Args: cobra.NoArgs,
		Example: `  streetsafe review list --data DIR
  streetsafe review list --data DIR --resolution 8 --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if resolution < 0 || resolution > review.MaxResolution {
				return fmt.Errorf("--resolution %d: expected 0 to %d", resolution, review.MaxResolution)
			}
			return withStore(cmd.Context(), *s, func(st store.Store) error {
				held, err := st.Held(cmd.Context(), resolution)
				if err != nil {
					return err
				}
				return printHeld(std, held, asJSON)
			})
		},
	}
	cmd.Flags().IntVar(&resolution, "resolution", review.AreaResolution, "H3 resolution of the areas: 5 is a large town, 8 a neighbourhood")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func printHeld(std *streams, held []store.Held, asJSON bool) error {
	places, err := gazetteer.Open()
	if err != nil {
		return err
	}
	lines := make([]heldJSON, 0, len(held))
	for _, h := range held {
		line := heldJSON{Day: h.ReceivedOn.String(), Area: h.Area.String(), Reason: h.Reason, Reports: h.Reports, Spots: h.Cells, Kinds: h.Kinds}
		lat, lng, err := review.Near(h.Area)
		if err != nil {
			return err
		}
		if p, _, ok := places.Nearest(lat, lng); ok {
			line.Near = p.Name
		}
		lines = append(lines, line)
	}
	if asJSON {
		return json.NewEncoder(std.out).Encode(lines)
	}
	if len(lines) == 0 {
		_, err := fmt.Fprintln(std.out, "nothing is held back")
		return err
	}
	w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RECEIVED\tAREA\tNEAR\tHELD FOR\tREPORTS\tSPOTS\tKINDS")
	for _, l := range lines {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%d\n", l.Day, l.Area, l.Near, l.Reason, l.Reports, l.Spots, l.Kinds)
	}
	return w.Flush()
}

// heldFlags choose held reports.
type heldFlags struct {
	day, from, to string
	area          string
	heldFor       string
	all           bool
	reason        string
}

func (h *heldFlags) addFlags(f *pflag.FlagSet) {
	f.StringVar(&h.day, "day", "", "day of receipt, as YYYY-MM-DD")
	f.StringVar(&h.from, "from", "", "first day of receipt")
	f.StringVar(&h.to, "to", "", "day after the last day of receipt")
	f.StringVar(&h.area, "area", "", "H3 cell that the reports lie in, such as one that list prints")
	f.StringVar(&h.heldFor, "held-for", "", "why they are held back: no_proof or over_limit")
	f.BoolVar(&h.all, "all", false, "all that is held back, when nothing else is said")
	f.StringVar(&h.reason, "reason", "", "why, for the audit log")
}

// filter reads the flags.
func (h *heldFlags) filter() (store.HeldFilter, error) {
	var out store.HeldFilter
	if h.day+h.from+h.to+h.area+h.heldFor == "" && !h.all {
		return out, errors.New("say which: --day, --from and --to, --area, --held-for, or --all")
	}
	if h.day != "" && h.from+h.to != "" || (h.from == "") != (h.to == "") {
		return out, errors.New("give --day, or both --from and --to")
	}
	var err error
	if h.day != "" {
		if out.From, err = report.ParseDay(h.day); err != nil {
			return out, fmt.Errorf("--day: %w", err)
		}
		out.To = out.From + 1
	}
	if h.from != "" {
		var err1, err2 error
		out.From, err1 = report.ParseDay(h.from)
		out.To, err2 = report.ParseDay(h.to)
		if err := errors.Join(err1, err2); err != nil || out.From >= out.To {
			return out, fmt.Errorf("--from %s --to %s: expected two days, the second one later: %w", h.from, h.to, err)
		}
	}
	if h.area != "" {
		if out.Area = h3.CellFromString(h.area); !out.Area.IsValid() || out.Area.Resolution() > report.Resolution {
			return out, fmt.Errorf("--area %q: expected an H3 cell such as 85194ad3fffffff", h.area)
		}
	}
	if err := review.CheckReason(h.heldFor); err != nil {
		return out, fmt.Errorf("--held-for %w", err)
	}
	out.Reason = h.heldFor
	return out, nil
}

// reviewChange is what release and drop do.
type reviewChange struct {
	name, short, done string
	change            func(context.Context, store.Store, store.HeldFilter) (int64, error)
}

func newReviewChange(std *streams, s *storage, change func() reviewChange) *cobra.Command {
	c := change()
	var h heldFlags
	cmd := &cobra.Command{
		Use: c.name, Short: c.short, Args: cobra.NoArgs,
		Example: fmt.Sprintf(`  streetsafe review %[1]s --data DIR --day 2026-10-05 --area 85194ad3fffffff --reason '...'
  streetsafe review %[1]s --data DIR --held-for no_proof --reason '...'`, c.name),
		RunE: func(cmd *cobra.Command, _ []string) error {
			which, err := h.filter()
			if err == nil {
				err = store.ValidateReason(h.reason)
			}
			if err != nil {
				return err
			}
			return withStore(cmd.Context(), *s, func(st store.Store) error {
				// In the log first: what is not logged does not happen.
				if err := auditReview(cmd.Context(), st, "review "+c.name, h); err != nil {
					return err
				}
				n, err := c.change(cmd.Context(), st, which)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(std.out, "%d reports %s\n", n, c.done)
				return err
			})
		},
	}
	h.addFlags(cmd.Flags())
	_ = cmd.MarkFlagRequired("reason") // the flag exists
	return cmd
}

func releaseHeld() reviewChange {
	return reviewChange{"release", "Let held reports be published on schedule", "released",
		func(ctx context.Context, st store.Store, which store.HeldFilter) (int64, error) {
			return review.Release(ctx, st, which)
		}}
}

func dropHeld() reviewChange {
	return reviewChange{"drop", "Delete held reports for good", "dropped",
		func(ctx context.Context, st store.Store, which store.HeldFilter) (int64, error) {
			return st.DropHeld(ctx, which)
		}}
}

func auditReview(ctx context.Context, st store.Store, what string, h heldFlags) error {
	kept, err := accessOf(st)
	if err != nil {
		return err
	}
	for _, part := range []struct{ name, value string }{{"day", h.day}, {"from", h.from}, {"to", h.to}, {"held-for", h.heldFor}} {
		if part.value != "" {
			what += " " + part.name + " " + part.value
		}
	}
	_, err = kept.AppendAudit(ctx, store.AuditEntry{At: time.Now(), Who: access.System, What: what, Cell: h.area, Why: h.reason})
	return err
}
