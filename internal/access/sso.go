package access

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/streetsafe/streetsafe/internal/store"
)

// OIDC is how to log in through a force's or council's own provider (OpenID
// Connect Core 1.0, authorization code flow with PKCE).
type OIDC struct {
	Issuer       string // such as https://login.example.org/realms/police
	ClientID     string
	ClientSecret string   // "" for a public client: PKCE alone then protects the code
	Scopes       []string // to ask for beside openid and email
	GroupsClaim  string   // where the groups are; dots lead into objects, as realm_access.roles
	Groups       []GroupRole
	Client       *http.Client // nil for http.DefaultClient
}

// GroupRole says what the members of a group are. The first that fits counts.
type GroupRole struct {
	Group string
	Role  Role
	Area  string
}

// ParseGroupRole reads GROUP=ROLE or GROUP=ROLE:AREA.
func ParseGroupRole(s string) (g GroupRole, err error) {
	i := strings.LastIndexByte(s, '=')
	if i < 1 {
		return g, fmt.Errorf("group %q: expected GROUP=ROLE or GROUP=ROLE:AREA, such as met-officers=officer:metropolitan", s)
	}
	role, area, _ := strings.Cut(s[i+1:], ":")
	g.Group = s[:i]
	if g.Role, err = ParseRole(role); err != nil {
		return g, fmt.Errorf("group %q: %w", s, err)
	}
	if g.Area, err = ParseArea(area, g.Role); err != nil {
		return g, fmt.Errorf("group %q: %w", s, err)
	}
	return g, nil
}

// CallbackPath is where the provider sends browsers back to.
const CallbackPath = "/login/oidc/callback"

// ssoMinutes is how long somebody may take at the provider.
const ssoMinutes = 10

// sso is a provider, asked for its addresses when it is first needed.
type sso struct {
	cfg      OIDC
	redirect string

	mu       sync.Mutex // guards provider
	provider *oidc.Provider
}

// UseOIDC adds a provider. The public URL must be configured: providers only
// send browsers back to addresses that they know.
func (g *Gate) UseOIDC(cfg OIDC) error {
	u, err := url.Parse(cfg.Issuer)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("OpenID Connect issuer %q: expected the provider's URL", cfg.Issuer)
	case cfg.ClientID == "":
		return errors.New("OpenID Connect needs a client ID")
	case len(cfg.Groups) == 0:
		return errors.New("OpenID Connect needs at least one group that may log in")
	case g.cfg.PublicURL == "":
		return errors.New("OpenID Connect needs the public URL of the hub")
	}
	if cfg.GroupsClaim == "" {
		cfg.GroupsClaim = "groups"
	}
	if cfg.Client == nil {
		cfg.Client = &http.Client{Timeout: 10 * time.Second}
	}
	g.sso = &sso{cfg: cfg, redirect: g.cfg.PublicURL + CallbackPath}
	return nil
}

// SSO reports whether there is a provider.
func (g *Gate) SSO() bool { return g.sso != nil }

func (s *sso) connect(ctx context.Context) (*oidc.Provider, *oauth2.Config, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.provider == nil {
		p, err := oidc.NewProvider(ctx, s.cfg.Issuer)
		if err != nil {
			return nil, nil, fmt.Errorf("ask the provider %s: %w", s.cfg.Issuer, err)
		}
		s.provider = p
	}
	return s.provider, &oauth2.Config{ClientID: s.cfg.ClientID, ClientSecret: s.cfg.ClientSecret, Endpoint: s.provider.Endpoint(),
		RedirectURL: s.redirect, Scopes: append([]string{oidc.ScopeOpenID, "email"}, s.cfg.Scopes...)}, nil
}

// journey is what must come back from the provider with the browser. It travels
// in a signed cookie, so that any replica can take it up.
type journey struct {
	State    string
	Nonce    string
	Verifier string
	Next     string
	Ends     int64 // Unix seconds
}

// StartSSO sends the browser to the provider.
func (g *Gate) StartSSO(w http.ResponseWriter, r *http.Request, next string) error {
	_, config, err := g.sso.connect(oidc.ClientContext(r.Context(), g.sso.cfg.Client))
	if err != nil {
		return err
	}
	j := journey{newSecret(), newSecret(), oauth2.GenerateVerifier(), LocalPath(next), g.now().Add(ssoMinutes * time.Minute).Unix()}
	raw, err := json.Marshal(j)
	if err != nil {
		return err
	}
	value := base64.RawURLEncoding.EncodeToString(raw)
	g.setCookie(w, r, oidcCookie, value+"."+g.sign("oidc", value), ssoMinutes*60)
	http.Redirect(w, r, config.AuthCodeURL(j.State, oidc.Nonce(j.Nonce), oauth2.S256ChallengeOption(j.Verifier)), http.StatusSeeOther)
	return nil
}

// ErrSSO says that single sign-on did not come to its end. What it wraps is for
// the log.
var ErrSSO = errors.New("logging in through single sign-on failed: begin again")

// ErrNoGroup says that the provider knows somebody who is in no group that may
// use the hub.
var ErrNoGroup = errors.New("your organisation's account is in no group that may use StreetSafe: ask your administrator")

// ErrTaken says that an account of our own has the address.
var ErrTaken = errors.New("there is an account with your address and a password: log in with that, or ask an administrator")

// FinishSSO takes a browser that comes back from the provider, starts a session
// and returns where to go. Errors for people are ErrSSO, ErrNoGroup, ErrTaken
// and ErrWrong.
func (g *Gate) FinishSSO(w http.ResponseWriter, r *http.Request) (next string, err error) {
	j, err := g.takeJourney(w, r)
	if err != nil {
		return "", errors.Join(ErrSSO, err)
	}
	claims, raw, err := g.claims(r, j)
	if err != nil {
		return "", errors.Join(ErrSSO, err)
	}
	a, err := g.ssoAccount(r.Context(), claims)
	if err != nil {
		return "", err
	}
	g.keepHint(w, r, raw)
	return j.Next, g.start(w, r, a, "log in by single sign-on")
}

func (g *Gate) takeJourney(w http.ResponseWriter, r *http.Request) (j journey, err error) {
	value, signature, _ := strings.Cut(g.cookie(r, oidcCookie), ".")
	g.setCookie(w, r, oidcCookie, "", -1)
	if !g.signed("oidc", value, signature) {
		return j, errors.New("the browser brings no journey of ours")
	}
	raw, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return j, err
	}
	if err := json.Unmarshal(raw, &j); err != nil {
		return j, err
	}
	q := r.URL.Query()
	switch {
	case g.now().Unix() >= j.Ends:
		return j, errors.New("it took too long at the provider")
	case subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(j.State)) != 1:
		return j, errors.New("the state is another one")
	case q.Get("iss") != "" && q.Get("iss") != g.sso.cfg.Issuer: // RFC 9207
		return j, errors.New("the answer is of another issuer")
	case q.Get("error") != "":
		return j, fmt.Errorf("the provider says %q", q.Get("error"))
	}
	return j, nil
}

// claims exchanges the code and returns what the provider says of somebody,
// with the ID token as it came.
func (g *Gate) claims(r *http.Request, j journey) (claims map[string]any, raw string, err error) {
	ctx := oidc.ClientContext(r.Context(), g.sso.cfg.Client)
	provider, config, err := g.sso.connect(ctx)
	if err != nil {
		return nil, "", err
	}
	token, err := config.Exchange(ctx, r.URL.Query().Get("code"), oauth2.VerifierOption(j.Verifier))
	if err != nil {
		return nil, "", fmt.Errorf("exchange the code: %w", err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return nil, "", errors.New("the provider gives no ID token")
	}
	id, err := provider.Verifier(&oidc.Config{ClientID: g.sso.cfg.ClientID, Now: g.now}).Verify(ctx, raw)
	if err != nil {
		return nil, "", fmt.Errorf("check the ID token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(j.Nonce)) != 1 {
		return nil, "", errors.New("the ID token is of another journey")
	}
	claims = map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return nil, "", err
	}
	if claims["email"] == nil || dig(claims, g.sso.cfg.GroupsClaim) == nil {
		info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			return nil, "", fmt.Errorf("ask for the user's details: %w", err)
		}
		if info.Subject != id.Subject {
			return nil, "", errors.New("the user's details are of somebody else")
		}
		more := map[string]any{}
		if err := info.Claims(&more); err != nil {
			return nil, "", err
		}
		for name, value := range more {
			if _, ok := claims[name]; !ok {
				claims[name] = value
			}
		}
	}
	claims["sub"] = id.Subject
	return claims, raw, nil
}

// ssoAccount finds or makes the account of somebody whom the provider knows,
// with the role that their groups give today.
func (g *Gate) ssoAccount(ctx context.Context, claims map[string]any) (store.Account, error) {
	subject, _ := claims["sub"].(string)
	address, _ := claims["email"].(string)
	email, err := ParseEmail(address)
	if err != nil {
		return store.Account{}, errors.Join(ErrSSO, err)
	}
	if verified, ok := claims["email_verified"].(bool); ok && !verified {
		return store.Account{}, errors.Join(ErrSSO, errors.New("the provider has not verified the address"))
	}
	role, ok := g.sso.role(groupsOf(dig(claims, g.sso.cfg.GroupsClaim)))
	a, err := g.store.AccountBySubject(ctx, g.sso.cfg.Issuer, subject)
	switch {
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return a, err
	case !ok && err == nil:
		// Whoever has left the groups is out, other sessions included.
		if err := g.store.EndSessions(ctx, a.ID, sessionKey{}); err != nil {
			return a, err
		}
		g.forget()
		return a, ErrNoGroup
	case !ok:
		return a, ErrNoGroup
	case err != nil:
		return g.addSSOAccount(ctx, store.Account{Email: email, Role: role.Role.String(), Area: role.Area,
			Issuer: g.sso.cfg.Issuer, Subject: subject, CreatedAt: g.now()})
	case a.Disabled:
		return a, ErrWrong
	case a.Email == email && a.Role == role.Role.String() && a.Area == role.Area:
		return a, nil
	}
	a.Email, a.Role, a.Area = email, role.Role.String(), role.Area
	if err := g.store.UpdateAccount(ctx, a); err != nil {
		return a, takenError(err)
	}
	g.forget()
	return a, g.Record(ctx, Event{Who: a.Email, What: "change account", Why: fmt.Sprintf("%s for %s, by the groups of single sign-on", a.Role, a.Area)})
}

func (g *Gate) addSSOAccount(ctx context.Context, a store.Account) (store.Account, error) {
	var err error
	if a.ID, err = g.store.AddAccount(ctx, a); err != nil {
		// An address alone must not open an account with a password: the
		// provider may let people choose theirs.
		return a, takenError(err)
	}
	return a, g.Record(ctx, Event{Who: a.Email, What: "add account", Why: fmt.Sprintf("%s for %s, by single sign-on", a.Role, a.Area)})
}

func takenError(err error) error {
	if errors.Is(err, store.ErrExists) {
		return ErrTaken
	}
	return err
}

func (s *sso) role(groups []string) (GroupRole, bool) {
	for _, m := range s.cfg.Groups {
		if slices.Contains(groups, m.Group) {
			return m, true
		}
	}
	return GroupRole{}, false
}

// dig follows a path such as realm_access.roles into claims. A claim whose own
// name has dots comes first.
func dig(claims map[string]any, path string) any {
	if v, ok := claims[path]; ok {
		return v
	}
	name, rest, nested := strings.Cut(path, ".")
	inner, ok := claims[name].(map[string]any)
	if !nested || !ok {
		return nil
	}
	return dig(inner, rest)
}

func groupsOf(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, item := range v {
			if s, ok := item.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}
