package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

const (
	// retainEvery is how often a server looks whether retention has run today.
	retainEvery = time.Hour

	// keepChangesDays is how long a follower, or a snapshot file, may lag behind
	// before it has to start over.
	keepChangesDays = 7

	// metaRetained holds what the last run of retention did, as JSON.
	metaRetained = "retention_last"
)

// retention says for how many months reports stay as they are. The zero value
// keeps them for ever.
type retention struct {
	CoarsenAfter int `json:"coarsen_after_months"` // 0 for never
	ReduceAfter  int `json:"reduce_after_months"`  // 0 for never

	// Unreleased says not to wait for public releases that are not frozen.
	Unreleased bool `json:"unreleased,omitempty"`
}

func (r *retention) addFlags(f *pflag.FlagSet) {
	f.IntVar(&r.CoarsenAfter, "coarsen-after", 0, "months after which a report keeps only its month and a cell of resolution 9; 0 for never")
	f.IntVar(&r.ReduceAfter, "reduce-after", 0, "months after which reports become counts without identity; 0 for never")
	f.BoolVar(&r.Unreleased, "unreleased", false, "do not wait for public releases: for a store from which none are made")
}

func (r retention) check() error {
	switch {
	case r.CoarsenAfter < 0 || r.ReduceAfter < 0:
		return errors.New("--coarsen-after and --reduce-after: expected months, 0 for never")
	case r.ReduceAfter > 0 && (r.CoarsenAfter == 0 || r.ReduceAfter <= r.CoarsenAfter):
		return errors.New("--reduce-after: expected more months than --coarsen-after, since reports become coarse first")
	}
	return nil
}

func (r retention) off() bool { return r.CoarsenAfter == 0 }

func (r retention) String() string {
	if r.off() {
		return "off: reports are kept as they are"
	}
	s := fmt.Sprintf("coarse after %d months", r.CoarsenAfter)
	if r.ReduceAfter > 0 {
		s += fmt.Sprintf(", counts after %d months", r.ReduceAfter)
	}
	return s
}

// monthsBefore is the first day of the month so many months before today's.
func monthsBefore(today report.Day, months int) report.Day {
	t := today.Time()
	return report.DayOf(time.Date(t.Year(), t.Month()-time.Month(months), 1, 0, 0, 0, 0, time.UTC))
}

// retained is what a run did.
type retained struct {
	RanOn           string `json:"ran_on"`
	CoarsenedBefore string `json:"coarsened_before,omitempty"`
	WaitsFor        string `json:"waits_for,omitempty"` // half-year that is to be released first
	ReducedBefore   string `json:"reduced_before,omitempty"`
	Coarsened       int64  `json:"coarsened"`
	Reduced         int64  `json:"reduced"`
	Forgotten       int64  `json:"forgotten"`
}

// waiting says what a run waits for, "" for nothing.
func (d retained) waiting() string {
	if d.WaitsFor == "" {
		return ""
	}
	return fmt.Sprintf("waits      for the public release of %s, which counts reports from %s on as they are:\n"+
		"           make it with `streetsafe release build`, or give --unreleased if none are made from this store\n", d.WaitsFor, d.CoarsenedBefore)
}

// retain applies a setting once. It may be stopped at any time: another run
// goes on where it was.
func retain(ctx context.Context, log *slog.Logger, st store.Store, today report.Day, r retention) (retained, error) {
	done := retained{RanOn: today.String()}
	if r.off() {
		return done, nil
	}
	coarse := monthsBefore(today, r.CoarsenAfter)
	if !r.Unreleased {
		u, err := findUnreleased(ctx, st)
		if err != nil {
			return done, err
		}
		if u.from < coarse {
			coarse, done.WaitsFor = u.from, u.half.String()
			log.Warn("retention waits for a public release", slog.String("half_year", done.WaitsFor), slog.String("coarsened_before", coarse.String()))
		}
	}
	done.CoarsenedBefore = coarse.String()
	count := func(what string, n *int64) func(int64) {
		return func(reports int64) {
			*n += reports
			log.Info("retention: "+what, slog.Int64("reports", *n))
		}
	}
	if err := st.Coarsen(ctx, store.Pass{Before: coarse, Progress: count("coarsened", &done.Coarsened)}); err != nil {
		return done, err
	}
	if r.ReduceAfter > 0 {
		counts := min(monthsBefore(today, r.ReduceAfter), coarse)
		done.ReducedBefore = counts.String()
		if err := st.Reduce(ctx, store.Pass{Before: counts, Progress: count("reduced to counts", &done.Reduced)}); err != nil {
			return done, err
		}
	}
	forget := store.Pass{Before: coarse, Progress: count("forgot what was replaced", &done.Forgotten)}
	if err := st.Forget(ctx, forget, today-keepChangesDays); err != nil {
		return done, err
	}
	text, err := json.Marshal(done)
	if err != nil {
		return done, err
	}
	return done, st.SetMeta(ctx, metaRetained, string(text))
}

// readRetention returns the setting and the last run, zero when there are none.
func readRetention(ctx context.Context, st store.Store) (r retention, last retained, err error) {
	for key, to := range map[string]any{store.MetaRetention: &r, metaRetained: &last} {
		text, ok, err := st.Meta(ctx, key)
		if err == nil && ok {
			err = json.Unmarshal([]byte(text), to)
		}
		if err != nil {
			return r, last, fmt.Errorf("setting %s: %w", key, err)
		}
	}
	return r, last, nil
}

// retainDaily applies the store's setting once a day until ctx ends. Replicas
// may do so at the same time: each transaction finds what the others left.
func retainDaily(ctx context.Context, log *slog.Logger, st store.Store, now func() time.Time, tick <-chan time.Time) {
	for {
		today := report.DayOf(now().UTC())
		r, last, err := readRetention(ctx, st)
		if err == nil && !r.off() && last.RanOn != today.String() {
			_, err = retain(ctx, log, st, today, r)
		}
		if err != nil && ctx.Err() == nil {
			log.Warn("retention stopped, going on at the next turn", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick:
		}
	}
}

func newRetention(std *streams) *cobra.Command {
	var s storage
	cmd := &cobra.Command{
		Use:   "retention",
		Short: "Make old reports tell less: coarse after some months, counts after more",
		Long: `retention replaces old reports by coarse ones, which keep their factors, the
month and the cell of resolution 9, and later by counts without identity. Totals
do not change, nor do the maps at resolution 9 and coarser. It is off until it is
set; then a running server applies it once a day. What was replaced is kept
another week for servers that lag behind, and deleted then.

A coarse report is stored with the first day of its month and the centre cell of
resolution 11 of its cell of resolution 9; daypart and darkness become unknown.

What a public release that is not frozen yet will count stays as it is until then.
Where no releases are made, give --unreleased.`,
		Example: `  streetsafe retention set --data DIR --coarsen-after 24 --reduce-after 72
  streetsafe retention run --data DIR
  streetsafe retention status --data DIR`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	s.addFlags(cmd.PersistentFlags(), defaultData)
	cmd.AddCommand(newRetentionSet(std, &s), newRetentionRun(std, &s), newRetentionStatus(std, &s))
	return cmd
}

func newRetentionSet(std *streams, s *storage) *cobra.Command {
	var r retention
	cmd := &cobra.Command{
		Use: "set", Short: "Keep the setting with the data; without flags, turn retention off", Args: cobra.NoArgs,
		Example: `  streetsafe retention set --data DIR --coarsen-after 24 --reduce-after 72
  streetsafe retention set --data DIR`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := r.check(); err != nil {
				return err
			}
			return withStore(cmd.Context(), *s, func(st store.Store) error {
				text, err := json.Marshal(r)
				if err != nil {
					return err
				}
				if err := st.SetMeta(cmd.Context(), store.MetaRetention, string(text)); err != nil {
					return err
				}
				fmt.Fprintf(std.out, "retention is %s\n", r)
				if r.off() || r.Unreleased {
					return nil
				}
				u, err := findUnreleased(cmd.Context(), st)
				if err == nil && u.from < monthsBefore(report.DayOf(time.Now().UTC()), r.CoarsenAfter) {
					fmt.Fprint(std.out, retained{WaitsFor: u.half.String(), CoarsenedBefore: u.from.String()}.waiting())
				}
				return err
			})
		},
	}
	r.addFlags(cmd.Flags())
	return cmd
}

func newRetentionRun(std *streams, s *storage) *cobra.Command {
	var once retention
	cmd := &cobra.Command{
		Use: "run", Short: "Apply the setting now; may be stopped and run again", Args: cobra.NoArgs,
		Long: `run applies the stored setting now, or that of the flags for this once. It works
in small transactions beside servers and imports.`,
		Example: `  streetsafe retention run --data DIR
  streetsafe retention run --data DIR --coarsen-after 24`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := once.check(); err != nil {
				return err
			}
			return withStore(cmd.Context(), *s, func(st store.Store) error {
				r, _, err := readRetention(cmd.Context(), st)
				if err != nil {
					return err
				}
				if !once.off() {
					r = once
				}
				if r.off() {
					return errors.New("retention is off: give --coarsen-after, or set it with `streetsafe retention set`")
				}
				done, err := retain(cmd.Context(), std.log, st, report.DayOf(time.Now().UTC()), r)
				fmt.Fprintf(std.out, "coarsened %d, reduced to counts %d, forgot %d replaced reports\n", done.Coarsened, done.Reduced, done.Forgotten)
				fmt.Fprint(std.out, done.waiting())
				return err
			})
		},
	}
	once.addFlags(cmd.Flags())
	return cmd
}

func newRetentionStatus(std *streams, s *storage) *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Show the setting and what the last run did", Args: cobra.NoArgs,
		Example: "  streetsafe retention status --data DIR",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withStore(cmd.Context(), *s, func(st store.Store) error {
				r, last, err := readRetention(cmd.Context(), st)
				if err != nil {
					return err
				}
				fmt.Fprintf(std.out, "setting   %s\n", r)
				if last.RanOn == "" {
					fmt.Fprintln(std.out, "last run  never")
					return nil
				}
				fmt.Fprintf(std.out, "last run  %s: coarse before %s, %d reports", last.RanOn, last.CoarsenedBefore, last.Coarsened)
				if last.ReducedBefore != "" {
					fmt.Fprintf(std.out, "; counts before %s, %d reports", last.ReducedBefore, last.Reduced)
				}
				fmt.Fprintf(std.out, "; %d replaced reports forgotten\n%s", last.Forgotten, last.waiting())
				return nil
			})
		},
	}
}
