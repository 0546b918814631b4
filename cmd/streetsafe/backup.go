package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/internal/store/sqlite"
)

var errOnlySQLite = errors.New("this is for SQLite stores: back PostgreSQL up with pg_dump or pg_basebackup, see docs/OPERATIONS.md")

func newBackup(std *streams) *cobra.Command {
	var s storage
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy an SQLite store to a file while it is in use; restore or verify such a file",
		Long: `backup writes a consistent copy of the store to a new file, while servers and
imports go on. The copy is verified before the command ends.`,
		Example: `  streetsafe backup --data DIR /backups/streetsafe-2026-11-24.db
  streetsafe backup verify /backups/streetsafe-2026-11-24.db
  streetsafe backup restore --data NEWDIR /backups/streetsafe-2026-11-24.db`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withStore(cmd.Context(), s, func(st store.Store) error {
				lite, ok := st.(*sqlite.Store)
				if !ok {
					return errOnlySQLite
				}
				if err := lite.Backup(cmd.Context(), args[0]); err != nil {
					return err
				}
				return describeBackup(cmd.Context(), std, args[0])
			})
		},
	}
	s.addFlags(cmd.Flags(), defaultData)
	cmd.AddCommand(newBackupVerify(std), newBackupRestore(std))
	return cmd
}

func newBackupVerify(std *streams) *cobra.Command {
	return &cobra.Command{
		Use: "verify FILE", Short: "Check that a backup is whole", Args: cobra.ExactArgs(1),
		Example: "  streetsafe backup verify /backups/streetsafe.db",
		RunE: func(cmd *cobra.Command, args []string) error {
			return describeBackup(cmd.Context(), std, args[0])
		},
	}
}

func describeBackup(ctx context.Context, std *streams, file string) error {
	problems, err := sqlite.Verify(ctx, file)
	if err != nil {
		return err
	}
	for _, p := range problems {
		fmt.Fprintf(std.out, "WRONG  %s\n       what to do: %s\n", p.What, p.Do)
	}
	if len(problems) > 0 {
		return errReported
	}
	info, err := sqlite.Inspect(ctx, file)
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "%s is sound: %d reports at generation %d\n", file, info.Reports, info.Generation)
	return nil
}

func newBackupRestore(std *streams) *cobra.Command {
	var s storage
	cmd := &cobra.Command{
		Use: "restore FILE", Short: "Make a store from a backup; an existing store is never overwritten", Args: cobra.ExactArgs(1),
		Example: "  streetsafe backup restore --data NEWDIR /backups/streetsafe.db",
		RunE: func(cmd *cobra.Command, args []string) error {
			if s.url != "" {
				return errOnlySQLite
			}
			if err := sqlite.Restore(cmd.Context(), args[0], s.path()); err != nil {
				return err
			}
			return describeBackup(cmd.Context(), std, s.path())
		},
	}
	s.addFlags(cmd.Flags(), defaultData)
	return cmd
}

func newCopy(std *streams) *cobra.Command {
	var from, to string
	cmd := &cobra.Command{
		Use:   "copy --from STORE --to STORE",
		Short: "Move everything from one store to another, such as from SQLite to PostgreSQL",
		Long: `copy brings everything from one store to another: reports, sources and what was
withdrawn, reports that wait, accounts with their passwords, sessions, tokens, the
audit log, boundaries, lamps, saved views, alerts, actions and settings. It
compares both by counts and checksums. It may be stopped and run again: what has
arrived is left alone. Nobody may write to either store meanwhile. A store whose
audit log has entries of its own is refused and not changed.

The releases are files: copy the directories release-vault and public by hand.`,
		Example: `  streetsafe copy --from sqlite:streetsafe-data --to postgres://streetsafe@db.example.org/streetsafe
  streetsafe copy --from postgres://localhost/streetsafe --to sqlite:/var/lib/streetsafe`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runCopy(cmd.Context(), std, from, to) },
	}
	cmd.Flags().StringVar(&from, "from", "", "store to copy from: sqlite:DIR or postgres://...")
	cmd.Flags().StringVar(&to, "to", "", "store to copy to: sqlite:DIR or postgres://...")
	for _, name := range []string{"from", "to"} {
		_ = cmd.MarkFlagRequired(name) // the flags exist
	}
	return cmd
}

func runCopy(ctx context.Context, std *streams, fromText, toText string) (err error) {
	from, err := parseStorage("--from", fromText)
	if err != nil {
		return err
	}
	to, err := parseStorage("--to", toText)
	if err != nil {
		return err
	}
	src, err := from.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	dst, err := to.create(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dst.Close()) }()
	total, err := countAll(ctx, src)
	if err != nil {
		return err
	}
	bar := newBar(std.err, total, "copying", false)
	copied, err := store.Copy(ctx, src, dst, func(n int64) { bar.set(min(n, total)) })
	bar.finish()
	if errors.Is(err, store.ErrDiffers) {
		return fmt.Errorf("%w: somebody wrote to one of the stores meanwhile, or %s held something else before; stop writers and run it again", err, to)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "copied %s to %s: %d reports of %d sources, %d of them new there, and %d rows of all else; equal by count and checksum\n",
		from, to, copied.Records, copied.Sources, copied.Accepted, copied.Beside)
	return nil
}
