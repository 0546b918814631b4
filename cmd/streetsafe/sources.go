package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/streetsafe/streetsafe/internal/store"
)

func newSources(std *streams) *cobra.Command {
	var s storage
	cmd := &cobra.Command{
		Use:   "sources",
		Short: "List the sources of reports, show one, or undo a whole import",
		Example: `  streetsafe sources list --data DIR
  streetsafe sources show --data DIR reports.csv
  streetsafe sources remove --data DIR reports.csv`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	s.addFlags(cmd.PersistentFlags(), defaultData)
	cmd.AddCommand(newSourcesList(std, &s), newSourcesShow(std, &s), newSourcesRemove(std, &s))
	return cmd
}

func newSourcesList(std *streams, s *storage) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the sources by name", Args: cobra.NoArgs,
		Example: "  streetsafe sources list --data DIR --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withStore(cmd.Context(), *s, func(st store.Store) error {
				sources, err := st.Sources(cmd.Context())
				if err != nil {
					return err
				}
				return printSources(std, sources, asJSON)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func printSources(std *streams, sources []store.Source, asJSON bool) error {
	if asJSON {
		out := make([]sourceReport, 0, len(sources))
		for _, s := range sources {
			out = append(out, newSourceReport(s))
		}
		return json.NewEncoder(std.out).Encode(out)
	}
	w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tREPORTS\tFIRST\tLAST\tPRECISION\tSYNTHETIC")
	for _, s := range sources {
		r := newSourceReport(s)
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%t\n", r.Name, r.Reports, r.First, r.Last, r.Precision, r.Synthetic)
	}
	return w.Flush()
}

func newSourcesShow(std *streams, s *storage) *cobra.Command {
	return &cobra.Command{
		Use: "show NAME", Short: "Show one source", Args: cobra.ExactArgs(1),
		Example: "  streetsafe sources show --data DIR reports.csv",
		RunE: func(cmd *cobra.Command, args []string) error {
			return withStore(cmd.Context(), *s, func(st store.Store) error {
				src, err := findSource(cmd.Context(), st, args[0])
				if err != nil {
					return err
				}
				withdrawn, err := st.Withdrawn(cmd.Context(), src.Name)
				if err != nil {
					return err
				}
				r := newSourceReport(src)
				fmt.Fprintf(std.out, "name       %s\nreports    %d\nfirst day  %s\nlast day   %s\nprecision  %s\nsynthetic  %t\nwithdrawn  %d\n",
					r.Name, r.Reports, r.First, r.Last, r.Precision, r.Synthetic, len(withdrawn))
				return nil
			})
		},
	}
}

func findSource(ctx context.Context, st store.Store, name string) (store.Source, error) {
	sources, err := st.Sources(ctx)
	if err != nil {
		return store.Source{}, err
	}
	for _, s := range sources {
		if s.Name == name {
			return s, nil
		}
	}
	return store.Source{}, noSource(name)
}

func noSource(name string) error {
	return fmt.Errorf("there is no source %q: `streetsafe sources list` names them", name)
}

func newSourcesRemove(std *streams, s *storage) *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Short: "Undo a whole import: retract every report of a source", Args: cobra.ExactArgs(1),
		Long: `remove retracts every report of a source in one batch. A running server applies
it without a restart. Importing the source again brings the reports back.`,
		Example: "  streetsafe sources remove --data DIR reports.csv",
		RunE: func(cmd *cobra.Command, args []string) error {
			return withStore(cmd.Context(), *s, func(st store.Store) error {
				n, err := st.RemoveSource(cmd.Context(), args[0])
				if errors.Is(err, store.ErrNotFound) {
					return noSource(args[0])
				}
				if err != nil {
					return err
				}
				fmt.Fprintf(std.out, "removed %q: %d reports retracted\n", args[0], n)
				return nil
			})
		},
	}
}

func newWithdraw(std *streams) *cobra.Command {
	var s storage
	var reason string
	cmd := &cobra.Command{
		Use:   "withdraw SOURCE ID",
		Short: "Withdraw a single report for a reason",
		Long: `withdraw retracts one report, named by its source and its identifier there. The
reason is kept. The report stays known, so importing it again does not bring it
back. A running server applies it without a restart.`,
		Example: "  streetsafe withdraw --data DIR --reason 'posted twice by the council' reports.csv a-1001",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withStore(cmd.Context(), s, func(st store.Store) error {
				err := st.Withdraw(cmd.Context(), args[0], args[1], reason)
				if errors.Is(err, store.ErrNotFound) {
					return fmt.Errorf("source %q has no report %q that counts: check both names", args[0], args[1])
				}
				if err != nil {
					return err
				}
				fmt.Fprintf(std.out, "withdrawn: %s of %q\n", args[1], args[0])
				return nil
			})
		},
	}
	s.addFlags(cmd.Flags(), defaultData)
	cmd.Flags().StringVar(&reason, "reason", "", "why the report is withdrawn")
	_ = cmd.MarkFlagRequired("reason") // the flag exists
	return cmd
}

// withStore opens an existing store for fn.
func withStore(ctx context.Context, s storage, fn func(store.Store) error) error {
	st, err := s.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(fn(st), st.Close())
}
