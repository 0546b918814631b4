package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/store"
)

// accessOptions say who may use the hub and how they get in.
type accessOptions struct {
	publicURL string
	proxies   []string // of --trusted-proxy, which the form's options read
	idle      time.Duration
	absolute  time.Duration
	oidc      access.OIDC
	oidcFile  string
	groups    []string
	areas     access.Areas // nil while no boundaries that bind accounts are loaded
}

func (o *accessOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.publicURL, "public-url", "", "how browsers reach the hub, such as https://hub.example.org; cookies are then for TLS only")
	flags.DurationVar(&o.idle, "session-idle", access.DefaultIdle, "a session unused for so long ends")
	flags.DurationVar(&o.absolute, "session-max", access.DefaultAbsolute, "a session ends after so long, used or not")
	flags.StringVar(&o.oidc.Issuer, "oidc-issuer", "", "OpenID Connect provider for single sign-on; needs --public-url, whose /login/oidc/callback the provider must know")
	flags.StringVar(&o.oidc.ClientID, "oidc-client-id", "", "what the provider calls StreetSafe")
	flags.StringVar(&o.oidcFile, "oidc-client-secret-file", "", "file with the secret that the provider gave (or the environment variable STREETSAFE_OIDC_CLIENT_SECRET)")
	flags.StringSliceVar(&o.oidc.Scopes, "oidc-scope", nil, "scope to ask the provider for beside openid and email, such as groups")
	flags.StringVar(&o.oidc.GroupsClaim, "oidc-groups-claim", "groups", "claim with the groups of a user; dots lead into objects, as realm_access.roles")
	flags.StringArrayVar(&o.groups, "oidc-group", nil, "what a group's members are: GROUP=ROLE or GROUP=ROLE:AREA, such as met=officer:metropolitan; the first that fits counts")
}

// gate opens the gate of a store.
func (o *accessOptions) gate(ctx context.Context, std *streams, st store.Store) (*access.Gate, error) {
	proxies, err := access.ParseProxies(o.proxies)
	if err != nil {
		return nil, fmt.Errorf("--trusted-proxy: %w", err)
	}
	kept, err := accessOf(st)
	if err != nil {
		return nil, err
	}
	if o.idle < 0 || o.absolute < 0 {
		return nil, errors.New("--session-idle and --session-max: expected a time such as 1h")
	}
	g, err := access.New(ctx, kept, access.Config{PublicURL: o.publicURL, Idle: o.idle, Absolute: o.absolute, Params: std.passwords,
		Proxies: proxies, Areas: o.areas, Log: std.log})
	if err != nil {
		return nil, err
	}
	return g, o.useOIDC(g)
}

func (o *accessOptions) useOIDC(g *access.Gate) error {
	if o.oidc.Issuer == "" {
		return nil
	}
	cfg := o.oidc
	cfg.ClientSecret = os.Getenv(envPrefix + "OIDC_CLIENT_SECRET")
	if o.oidcFile != "" {
		secret, err := os.ReadFile(o.oidcFile)
		if err != nil {
			return fmt.Errorf("--oidc-client-secret-file: %w", err)
		}
		cfg.ClientSecret = strings.TrimSpace(string(secret))
	}
	for _, s := range o.groups {
		m, err := access.ParseGroupRole(s)
		if err != nil {
			return fmt.Errorf("--oidc-group: %w", err)
		}
		cfg.Groups = append(cfg.Groups, m)
	}
	if err := g.UseOIDC(cfg); err != nil {
		return fmt.Errorf("single sign-on: %w", err)
	}
	return nil
}

// accessOf returns the part of a store that keeps accounts, which both engines
// have.
func accessOf(st store.Store) (store.Access, error) {
	kept, ok := st.(store.Access)
	if !ok {
		return nil, fmt.Errorf("a store of the kind %T keeps no accounts", st)
	}
	return kept, nil
}

// admit opens the gate for serve. Where others than the people of this machine
// can reach the hub, there must be accounts before it answers.
func (o *serveOptions) admit(ctx context.Context, std *streams, st store.Store) (*access.Gate, error) {
	if o.mode == modeDemo {
		kept, err := accessOf(st)
		if err != nil {
			return nil, err
		}
		g := access.NewDemo(o.access.areas)
		g.KeepLog(kept)
		return g, nil
	}
	o.access.proxies = o.form.proxies
	g, err := o.access.gate(ctx, std, st)
	if err != nil {
		return nil, err
	}
	empty, err := g.Empty(ctx)
	if err != nil || !empty || g.SSO() || o.onLoopback() {
		return g, err
	}
	return nil, fmt.Errorf("--listen %s refused: there are no accounts yet, and who reaches that address first would make the first one. Make it here: streetsafe user add %s --role admin you@example.org", o.listen, o.storage.flags())
}

func (o *serveOptions) onLoopback() bool {
	host, _, err := net.SplitHostPort(o.listen)
	return err == nil && isLoopback(host)
}

// inviteFirst prints the link that makes the first administrator, when there is
// nobody yet who could log in.
func inviteFirst(ctx context.Context, w io.Writer, g *access.Gate, addr net.Addr) error {
	if g.Demo() {
		return nil
	}
	empty, err := g.Empty(ctx)
	if err != nil || !empty {
		return err
	}
	path, err := g.FirstAdminLink(ctx)
	if err != nil {
		return err
	}
	base := g.PublicURL()
	if base == "" {
		base = "http://" + addr.String()
	}
	fmt.Fprintf(w, "make the first administrator: %s%s\n  (works once, for %.0f hours; a restart makes another)\n", base, path, access.LinkLife.Hours())
	return nil
}

// hostOf returns the host name of the public URL, which must be answered for.
func (o *accessOptions) hostOf() []string {
	u, err := url.Parse(o.publicURL)
	if err != nil || u.Hostname() == "" {
		return nil
	}
	return []string{u.Hostname()}
}

// readLine reads one line of a secret from the standard input.
func readLine(in io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", errors.New("the standard input is empty: expected a password on its first line")
	}
	return line, nil
}
