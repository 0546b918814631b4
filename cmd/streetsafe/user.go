package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/store"
)

// accountCommand is what the commands about accounts share: a store and its
// gate.
type accountCommand struct {
	std     *streams
	storage storage
	access  accessOptions
}

// with opens the store and its gate for a command.
func (c *accountCommand) with(ctx context.Context, do func(context.Context, *access.Gate) error) error {
	st, err := c.storage.open(ctx)
	if err != nil {
		return err
	}
	return c.on(ctx, st, do)
}

func (c *accountCommand) on(ctx context.Context, st store.Store, do func(context.Context, *access.Gate) error) error {
	defer st.Close()
	g, err := c.access.gate(ctx, c.std, st)
	if err != nil {
		return err
	}
	if err := do(ctx, g); err != nil {
		if text, ok := access.ForPeople(err); ok {
			return errors.New(text)
		}
		return err
	}
	return nil
}

func newAccountCommand(std *streams, cmd *cobra.Command) *accountCommand {
	c := &accountCommand{std: std}
	c.storage.addFlags(cmd.PersistentFlags(), defaultData)
	cmd.Args = cobra.NoArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	return c
}

func newUser(std *streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "user",
		Short: "Manage who may use the hub",
		Long: `user manages the accounts of a small site. Forces and councils with a provider of
their own use single sign-on instead: see streetsafe serve --help.
A running server hears of changes within a second.`,
		Example: `  streetsafe user add --data DIR --role officer officer@example.org
  streetsafe user list --data DIR
  streetsafe user disable --data DIR officer@example.org
  streetsafe user reset --data DIR officer@example.org`,
	}
	c := newAccountCommand(std, cmd)
	cmd.PersistentFlags().StringVar(&c.access.publicURL, "public-url", "", "how browsers reach the hub, for the one-time links that are printed")
	cmd.AddCommand(newUserAdd(c), newUserList(c), newUserDisable(c, true), newUserDisable(c, false), newUserReset(c))
	return cmd
}

func newUserAdd(c *accountCommand) *cobra.Command {
	var n access.NewAccount
	var fromStdin bool
	cmd := &cobra.Command{
		Use:   "add EMAIL",
		Short: "Add an account; prints a one-time link to set its password",
		Long: `add adds an account. Without --password-stdin it prints a one-time link with which
its holder sets the password. The store is made when there is none.

  officer  sees all factors, exactly; of a force's area when --area names one
  planner  sees environmental factors of a council, and behavioural ones coarsely
  admin    manages accounts and reads the audit log; sees no map`,
		Example: `  streetsafe user add --data DIR --role admin admin@example.org
  streetsafe user add --data DIR --role planner --area E09000008 lights@croydon.example.org
  echo "three random words" | streetsafe user add --data DIR --role officer --password-stdin officer@example.org`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			n.Email, n.By = args[0], access.System
			if fromStdin {
				var err error
				if n.Password, err = readLine(c.std.in); err != nil {
					return err
				}
			}
			st, err := c.storage.create(cmd.Context())
			if err != nil {
				return err
			}
			return c.on(cmd.Context(), st, func(ctx context.Context, g *access.Gate) error { return c.add(ctx, g, n) })
		},
	}
	cmd.Flags().StringVar(&n.Role, "role", "", "officer, planner or admin")
	cmd.Flags().StringVar(&n.Area, "area", "", "national, or the code of a force or council such as E09000008 (default national; a planner needs a council)")
	cmd.Flags().BoolVar(&fromStdin, "password-stdin", false, "read the password from the first line of the standard input")
	return cmd
}

func (c *accountCommand) add(ctx context.Context, g *access.Gate, n access.NewAccount) error {
	a, err := g.AddAccount(ctx, n)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.std.out, "added %s as %s for %s\n", a.Email, a.Role, a.Area)
	if !g.AreaBinds(a.Area) && a.Role != access.Admin.String() {
		fmt.Fprintf(c.std.err, "note: the boundary of %s is not loaded. As long as no boundary is, %s sees every area.\n", a.Area, a.Email)
	}
	if n.Password != "" {
		return nil
	}
	return c.link(ctx, g, a)
}

// link prints a one-time link.
func (c *accountCommand) link(ctx context.Context, g *access.Gate, a store.Account) error {
	path, err := g.InviteLink(ctx, a.ID, access.System)
	if err != nil {
		return err
	}
	base := g.PublicURL()
	if base == "" {
		base = "http://127.0.0.1:8080"
	}
	fmt.Fprintf(c.std.out, "one-time link to set the password, for %.0f hours: %s%s\n", access.LinkLife.Hours(), base, path)
	return nil
}

func newUserList(c *accountCommand) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the accounts", Example: "  streetsafe user list --data DIR", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.with(cmd.Context(), func(ctx context.Context, g *access.Gate) error {
				all, err := g.Accounts(ctx)
				if err != nil {
					return err
				}
				w := tabwriter.NewWriter(c.std.out, 0, 0, 2, ' ', 0)
				fmt.Fprintln(w, "ADDRESS\tROLE\tAREA\tLOG-IN\tADDED")
				for _, a := range all {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", a.Email, a.Role, a.Area, loginOf(a), a.CreatedAt.Format(time.DateOnly))
				}
				return w.Flush()
			})
		},
	}
}

func loginOf(a store.Account) string {
	switch {
	case a.Disabled:
		return "disabled"
	case a.Issuer != "":
		return "single sign-on"
	case a.Password != "":
		return "password"
	}
	return "waits for its link"
}

// find returns the account of an address.
func find(ctx context.Context, g *access.Gate, email string) (store.Account, error) {
	email, err := access.ParseEmail(email)
	if err != nil {
		return store.Account{}, err
	}
	all, err := g.Accounts(ctx)
	if err != nil {
		return store.Account{}, err
	}
	for _, a := range all {
		if a.Email == email {
			return a, nil
		}
	}
	return store.Account{}, &access.InputError{Text: "there is no account " + email + ": streetsafe user list shows them"}
}

func newUserDisable(c *accountCommand, disable bool) *cobra.Command {
	name, short := "disable", "Close an account: its sessions and tokens end at once"
	if !disable {
		name, short = "enable", "Open a disabled account again"
	}
	return &cobra.Command{
		Use: name + " EMAIL", Short: short, Example: "  streetsafe user " + name + " --data DIR officer@example.org", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(ctx context.Context, g *access.Gate) error {
				a, err := find(ctx, g, args[0])
				if err != nil {
					return err
				}
				if err := g.SetDisabled(ctx, a.ID, disable, access.System); err != nil {
					return err
				}
				fmt.Fprintf(c.std.out, "%sd %s\n", name, a.Email)
				return nil
			})
		},
	}
}

func newUserReset(c *accountCommand) *cobra.Command {
	return &cobra.Command{
		Use: "reset EMAIL", Short: "Print a one-time link to set another password", Args: cobra.ExactArgs(1),
		Example: "  streetsafe user reset --data DIR officer@example.org\n  streetsafe user reset --data DIR --public-url https://hub.example.org officer@example.org",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(ctx context.Context, g *access.Gate) error {
				a, err := find(ctx, g, args[0])
				if err != nil {
					return err
				}
				return c.link(ctx, g, a)
			})
		},
	}
}
