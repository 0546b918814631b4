package access

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/streetsafe/streetsafe/internal/store"
)

// tokenPrefix lets people and secret scanners recognise a token.
const tokenPrefix = "sst_"

// The life of a token, in days.
const (
	DefaultTokenDays = 90
	MaxTokenDays     = 366
)

// tokenOf returns the token that a request carries: as a bearer (RFC 6750), or
// as the password of HTTP Basic, which every GIS program can send.
func tokenOf(r *http.Request) (string, bool) {
	h := r.Header["Authorization"]
	if len(h) == 0 {
		return "", false
	}
	scheme, value, _ := strings.Cut(h[0], " ")
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		return strings.TrimSpace(value), true
	case strings.EqualFold(scheme, "Basic"):
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
		if err != nil {
			return "", true
		}
		name, password, _ := strings.Cut(string(raw), ":")
		if password == "" && strings.HasPrefix(name, tokenPrefix) { // some programs have one field only
			return name, true
		}
		return password, true
	}
	return "", true // what we do not understand is no session either
}

// readToken reads a token from the store; ErrNotFound when it is no good.
func (g *Gate) readToken(ctx context.Context, key sessionKey, _ *memory) (*memory, error) {
	t, a, err := g.store.TokenByHash(ctx, key)
	if err != nil {
		return nil, err
	}
	now := g.now()
	if t.Revoked || a.Disabled || !now.Before(t.ExpiresAt) {
		return nil, store.ErrNotFound
	}
	who, err := g.identity(a)
	if err != nil {
		return nil, err
	}
	who.Token = true
	if who.Scopes, err = ParseScopes(t.Scopes); err != nil {
		return nil, fmt.Errorf("token %d: %w", t.ID, err)
	}
	if today := g.Today(); t.UsedOn != today {
		if err := g.store.UseToken(ctx, t.ID, today); err != nil {
			g.log.Warn("cannot remember that a token was used", slog.Any("error", err))
		}
	}
	until := now.Add(trustFor)
	if t.ExpiresAt.Before(until) {
		until = t.ExpiresAt
	}
	return &memory{who.sealed(), until, t.ExpiresAt, now}, nil
}

// NewToken is what a new API token shall be.
type NewToken struct {
	Account int64
	Name    string // what for, such as "QGIS on my desk"
	Scopes  Scopes
	Days    int
	By      string // who makes it, for the audit log
}

// CreateToken makes a token and returns its secret, which is nowhere to be seen
// again.
func (g *Gate) CreateToken(ctx context.Context, n NewToken) (secret string, id int64, err error) {
	n.Name = strings.TrimSpace(n.Name)
	switch {
	case n.Name == "" || len(n.Name) > 100:
		return "", 0, invalid("say in up to 100 letters what the token is for")
	case n.Scopes == 0 || n.Scopes&^allScopes != 0:
		return "", 0, invalid("a token needs a scope: some of %s", strings.Join(scopeNames, ", "))
	case n.Days < 1 || n.Days > MaxTokenDays:
		return "", 0, invalid("a token lasts from 1 to %d days", MaxTokenDays)
	}
	a, err := g.store.Account(ctx, n.Account)
	if err != nil {
		return "", 0, err
	}
	secret = tokenPrefix + newSecret()
	now := g.now()
	id, err = g.store.AddToken(ctx, store.Token{Hash: hashOf(secret), Account: a.ID, Name: n.Name, Scopes: n.Scopes.String(),
		CreatedAt: now, ExpiresAt: now.Add(time.Duration(n.Days) * 24 * time.Hour)})
	if err != nil {
		return "", 0, err
	}
	return secret, id, g.Record(ctx, Event{Who: n.By, What: "create token", Why: fmt.Sprintf("%d for %s: %s (%s)", id, a.Email, n.Name, n.Scopes)})
}

// Tokens lists the tokens of an account, of all for 0.
func (g *Gate) Tokens(ctx context.Context, account int64) ([]store.Token, error) {
	return g.store.Tokens(ctx, account)
}

// RevokeToken ends a token of an account; account 0 stands for any.
func (g *Gate) RevokeToken(ctx context.Context, account, id int64, by string) error {
	all, err := g.store.Tokens(ctx, account)
	if err != nil {
		return err
	}
	for _, t := range all {
		if t.ID == id {
			if err := g.store.RevokeToken(ctx, id); err != nil {
				return err
			}
			g.forget()
			return g.Record(ctx, Event{Who: by, What: "revoke token", Why: fmt.Sprintf("%d: %s", id, t.Name)})
		}
	}
	return store.ErrNotFound
}
