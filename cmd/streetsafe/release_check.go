package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/streetsafe/streetsafe/internal/release"
	"github.com/streetsafe/streetsafe/internal/release/attack"
	"github.com/streetsafe/streetsafe/internal/store"
)

func newReleaseList(std *streams) *cobra.Command {
	var o releaseOptions
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List releases, what they spent, and what is ready",
		Example: `  streetsafe release list
  streetsafe release list --data /var/lib/streetsafe`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runReleaseList(cmd.Context(), std, o) },
	}
	o.addReleaseFlags(cmd.Flags())
	return cmd
}

func runReleaseList(ctx context.Context, std *streams, o releaseOptions) error {
	return o.withBuilder(ctx, func(_ store.Store, b *release.Builder) error { return listReleases(ctx, std, b) })
}

func listReleases(ctx context.Context, std *streams, b *release.Builder) error {
	halves, err := b.Vault.List()
	if err != nil {
		return err
	}
	ledger, err := b.Vault.Ledger()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RELEASE\tSTATE\tFROZEN ON\tSPENT ON A REPORT\tCOMMITMENT")
	for _, h := range halves {
		f, err := b.Vault.Load(h, b.Universe)
		if err != nil {
			return err
		}
		spent, err := ledger.Spent(h.From())
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%v\tfrozen\t%s\t%s of %s\t%.16s\n", h, f.Commit.FrozenOn, spent.FloatString(2), f.Commit.Policy.TotalEpsilon, f.Commit.Commitment)
	}
	next := release.HalfYearOf(b.Today)
	for _, h := range []release.HalfYear{next.Previous(), next} {
		switch err := b.Check(ctx, h); {
		case err == nil:
			fmt.Fprintf(w, "%v\tready\t\t\t\n", h)
		case errors.Is(err, release.ErrTooEarly):
			fmt.Fprintf(w, "%v\tready from %v\t\t\t\n", h, h.ReadyOn(b.Policy))
		}
	}
	return w.Flush()
}

func newReleaseVerify(std *streams) *cobra.Command {
	var o releaseOptions
	cmd := &cobra.Command{
		Use:   "verify [PUBLIC-DIR]",
		Short: "Check that releases are whole, safe and made of the frozen blocks",
		Long: `verify checks every published file against its manifest, every number against
floor, threshold and rounding, and tables, GeoJSON, tiles and archive against
each other. With a data directory it also makes everything public again from the
frozen blocks and compares each byte. With PUBLIC-DIR alone it needs no store:
anybody can check a copy.`,
		Example: `  streetsafe release verify --data DIR
  streetsafe release verify ./copy-of-public`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runReleaseVerify(cmd.Context(), std, o, args) },
	}
	o.addReleaseFlags(cmd.Flags())
	return cmd
}

func runReleaseVerify(ctx context.Context, std *streams, o releaseOptions, args []string) error {
	dir := o.publicDir()
	if len(args) > 0 {
		dir = args[0]
	}
	checks, err := release.VerifyPublic(dir)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		err := o.withBuilder(ctx, func(_ store.Store, b *release.Builder) error {
			rebuilt, err := b.VerifyRebuilt()
			checks = append(checks, rebuilt...)
			return err
		})
		if err != nil {
			return err
		}
	}
	bad := 0
	w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	for _, c := range checks {
		result := "ok"
		if c.Err != nil {
			bad++
			result, c.Detail = "WRONG", c.Err.Error()
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", result, c.Release, c.What, c.Detail)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d checks failed", bad, len(checks))
	}
	return nil
}

func newReleaseAttack(std *streams) *cobra.Command {
	var thorough bool
	cmd := &cobra.Command{
		Use:   "attack",
		Short: "Try to learn from releases whether a certain person reported",
		Long: `attack plays somebody who knows every report but one and tries to learn about
that one from everything public. It attacks the way that StreetSafe makes
releases, on made-up reports, and broken ways that must each be caught. It reads
no store.`,
		Example: `  streetsafe release attack
  streetsafe release attack --thorough`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			effort := attack.Quick
			if thorough {
				effort = attack.Thorough
			}
			return attack.Report(cmd.Context(), std.out, effort)
		},
	}
	cmd.Flags().BoolVar(&thorough, "thorough", false, "more games and samples: minutes instead of seconds, and closer figures")
	return cmd
}
