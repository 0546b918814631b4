package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func newMigrate(std *streams) *cobra.Command {
	var s storage
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the schema of a store up to date, or show its state",
		Example: `  streetsafe migrate status --data DIR
  streetsafe migrate up --data DIR
  STREETSAFE_DATABASE_URL=postgres://... streetsafe migrate up`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	s.addFlags(cmd.PersistentFlags(), defaultData)
	cmd.AddCommand(
		&cobra.Command{
			Use: "status", Short: "List the migrations and whether they are applied", Args: cobra.NoArgs,
			Example: "  streetsafe migrate status --data DIR",
			RunE:    func(cmd *cobra.Command, _ []string) error { return migrateStatus(cmd.Context(), std, s) },
		},
		&cobra.Command{
			Use: "up", Short: "Apply the migrations that are missing; makes the store when there is none", Args: cobra.NoArgs,
			Example: "  streetsafe migrate up --data DIR",
			RunE: func(cmd *cobra.Command, _ []string) error {
				st, err := s.create(cmd.Context())
				if err != nil {
					return err
				}
				if err := st.Close(); err != nil {
					return err
				}
				return migrateStatus(cmd.Context(), std, s)
			},
		})
	return cmd
}

func migrateStatus(ctx context.Context, std *streams, s storage) error {
	states, err := s.migrations(ctx)
	if err != nil {
		return err
	}
	for _, m := range states {
		state := "not applied: run streetsafe migrate up"
		if m.Applied {
			state = "applied on " + m.AppliedOn.String()
		}
		if m.Unknown {
			state += " by a newer streetsafe, which this store now needs"
		}
		fmt.Fprintf(std.out, "%04d %-24s %s\n", m.Number, m.Name, state)
	}
	return nil
}
