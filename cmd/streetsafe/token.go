package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/store"
)

func newToken(std *streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Manage API tokens, for programs such as QGIS",
		Long: `token manages API tokens. A program sends one as a bearer (Authorization: Bearer
TOKEN) or as the password of HTTP Basic with any user name. It sees what its
account sees, within its scopes:

  tiles    map tiles, TileJSON and class breaks
  figures  totals, breakdowns and places
  export   files to take away`,
		Example: `  streetsafe token create --data DIR --user planner@example.org --name "QGIS on my desk"
  streetsafe token list --data DIR
  streetsafe token revoke --data DIR 7`,
	}
	c := newAccountCommand(std, cmd)
	cmd.AddCommand(newTokenCreate(c), newTokenList(c), newTokenRevoke(c))
	return cmd
}

func newTokenCreate(c *accountCommand) *cobra.Command {
	var email, name string
	var scopes []string
	var days int
	cmd := &cobra.Command{
		Use: "create", Short: "Make a token and print it; it is not shown again", Args: cobra.NoArgs,
		Example: `  streetsafe token create --data DIR --user planner@example.org --name "QGIS on my desk"
  streetsafe token create --data DIR --user officer@example.org --name report --scope figures --days 7`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.with(cmd.Context(), func(ctx context.Context, g *access.Gate) error {
				a, err := find(ctx, g, email)
				if err != nil {
					return err
				}
				n := access.NewToken{Account: a.ID, Name: name, Days: days, By: access.System}
				if n.Scopes, err = access.ParseScopes(strings.Join(scopes, " ")); err != nil {
					return err
				}
				secret, _, err := g.CreateToken(ctx, n)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(c.std.out, secret)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&email, "user", "", "address of the account that the token acts for")
	cmd.Flags().StringVar(&name, "name", "", "what the token is for")
	cmd.Flags().StringSliceVar(&scopes, "scope", []string{"tiles", "figures"}, "what it may be used for: some of "+strings.Join(access.ScopeNames(), ", "))
	cmd.Flags().IntVar(&days, "days", access.DefaultTokenDays, "days until it ends, at most "+strconv.Itoa(access.MaxTokenDays))
	return cmd
}

func newTokenList(c *accountCommand) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the tokens, without their secrets", Example: "  streetsafe token list --data DIR", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.with(cmd.Context(), func(ctx context.Context, g *access.Gate) error {
				all, err := g.Tokens(ctx, 0)
				if err != nil {
					return err
				}
				w := tabwriter.NewWriter(c.std.out, 0, 0, 2, ' ', 0)
				fmt.Fprintln(w, "ID\tACCOUNT\tFOR\tSCOPES\tENDS\tLAST USED")
				for _, t := range all {
					a, err := g.Account(ctx, t.Account)
					if err != nil {
						return err
					}
					fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", t.ID, a.Email, t.Name, t.Scopes, endOf(t), lastUse(t))
				}
				return w.Flush()
			})
		},
	}
}

func endOf(t store.Token) string {
	if t.Revoked {
		return "revoked"
	}
	return t.ExpiresAt.Format(time.DateOnly)
}

func lastUse(t store.Token) string {
	if t.UsedOn == 0 {
		return "never"
	}
	return t.UsedOn.String()
}

func newTokenRevoke(c *accountCommand) *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID", Short: "End a token at once", Example: "  streetsafe token revoke --data DIR 7", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return fmt.Errorf("%q: expected the number of a token; streetsafe token list shows them", args[0])
			}
			return c.with(cmd.Context(), func(ctx context.Context, g *access.Gate) error {
				err := g.RevokeToken(ctx, 0, id, access.System)
				if errors.Is(err, store.ErrNotFound) {
					return &access.InputError{Text: "there is no token " + args[0] + ": streetsafe token list shows them"}
				}
				if err == nil {
					fmt.Fprintf(c.std.out, "revoked token %d\n", id)
				}
				return err
			})
		},
	}
}
