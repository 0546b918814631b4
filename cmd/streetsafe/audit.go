package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/streetsafe/streetsafe/internal/store"
)

func newAudit(std *streams) *cobra.Command {
	var s storage
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Read and verify the audit log",
		Long: `audit reads the log of who did what, to which cell, why and when. Each entry holds
the hash of the one before: none can be changed, taken out or put in unseen. What
verify prints, noted somewhere else, also proves later that the end was not cut off.`,
		Example: `  streetsafe audit verify --data DIR
  streetsafe audit list --data DIR`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	s.addFlags(cmd.PersistentFlags(), defaultData)
	cmd.AddCommand(newAuditVerify(std, &s), newAuditList(std, &s))
	return cmd
}

func withAudit(ctx context.Context, s *storage, do func(store.Access) error) error {
	st, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	kept, err := accessOf(st)
	if err != nil {
		return err
	}
	return do(kept)
}

func newAuditVerify(std *streams, s *storage) *cobra.Command {
	var anchor string
	cmd := &cobra.Command{
		Use: "verify", Short: "Check that no entry was changed, taken out or put in", Args: cobra.NoArgs,
		Example: `  streetsafe audit verify --data DIR
  streetsafe audit verify --data DIR --anchor 1204:9f86d081884c7d65...`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withAudit(cmd.Context(), s, func(kept store.Access) error {
				c, err := store.VerifyAudit(cmd.Context(), kept, anchor)
				if err != nil {
					return err
				}
				if c.Broken > 0 {
					fmt.Fprintf(std.out, "the audit log was tampered with: %s\n", c.Why)
					return errReported
				}
				fmt.Fprintf(std.out, "%d entries, all sound\nanchor: %s\n", c.Entries, c.Anchor())
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&anchor, "anchor", "", "what an earlier verify printed, as NUMBER:HASH: the log must still hold that entry")
	return cmd
}

func newAuditList(std *streams, s *storage) *cobra.Command {
	var after int64
	var limit int
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the entries, the oldest first", Args: cobra.NoArgs,
		Example: `  streetsafe audit list --data DIR
  streetsafe audit list --data DIR --after 1000 --limit 100 --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 {
				return fmt.Errorf("--limit %d: expected 1 or more", limit)
			}
			return withAudit(cmd.Context(), s, func(kept store.Access) error {
				all, err := kept.Audit(cmd.Context(), after, limit)
				if err != nil {
					return err
				}
				if asJSON {
					return writeAuditJSON(std, all)
				}
				w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
				fmt.Fprintln(w, "NO.\tWHEN (UTC)\tWHO\tWHAT\tCELL\tWHY")
				for _, e := range all {
					fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", e.Seq, e.At.Format(time.DateTime), e.Who, e.What, e.Cell, e.Why)
				}
				return w.Flush()
			})
		},
	}
	cmd.Flags().Int64Var(&after, "after", 0, "begin after this entry")
	cmd.Flags().IntVar(&limit, "limit", 1000, "how many entries at most")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return cmd
}

func writeAuditJSON(std *streams, all []store.AuditEntry) error {
	out := json.NewEncoder(std.out)
	for _, e := range all {
		err := out.Encode(struct {
			Seq  int64  `json:"seq"`
			At   string `json:"at"`
			Who  string `json:"who"`
			What string `json:"what"`
			Cell string `json:"cell,omitempty"`
			Why  string `json:"why,omitempty"`
			Hash string `json:"hash"`
		}{e.Seq, e.At.Format(time.RFC3339), e.Who, e.What, e.Cell, e.Why, hex.EncodeToString(e.Hash[:])})
		if err != nil {
			return err
		}
	}
	return nil
}
