package main

import (
	"github.com/spf13/cobra"

	"github.com/streetsafe/streetsafe/internal/store"
)

// dataset is a kind of which the store keeps one, under a command named like it.
type dataset struct {
	kind, name      string
	listed, removed string // what the commands are for
}

// commands are those that list and remove it.
func (d dataset) commands(std *streams, s *storage) []*cobra.Command {
	return []*cobra.Command{
		{
			Use: "list", Short: d.listed, Args: cobra.NoArgs, Example: "  streetsafe " + d.kind + " list --data DIR",
			RunE: func(cmd *cobra.Command, _ []string) error {
				return withLibrary(cmd.Context(), *s, func(l store.Library) error { return listDatasets(cmd.Context(), std, l, d.kind) })
			},
		},
		{
			Use: "remove", Short: d.removed, Args: cobra.NoArgs, Example: "  streetsafe " + d.kind + " remove --data DIR",
			RunE: func(cmd *cobra.Command, _ []string) error {
				return withLibrary(cmd.Context(), *s, func(l store.Library) error { return removeDataset(cmd.Context(), std, l, d.kind, d.name) })
			},
		},
	}
}
