package access

import (
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// Log-out at the provider too (OpenID Connect RP-Initiated Logout 1.0): on a
// shared computer, logging in again must ask for somebody's name.

const (
	// hintCookie keeps the ID token for the provider: with it the provider need
	// not ask whom to log out. Only the log-out gets it.
	hintCookie = "streetsafe-sso-hint"
	// leaveCookie keeps where to go after a log-out. The way leads through a page
	// of ours, since a form's answer may not send browsers to another site
	// (Content Security Policy, form-action).
	leaveCookie = "streetsafe-leave"

	// LogoutPath is where the provider sends browsers back to after a log-out.
	LogoutPath = "/logout"

	maxHint      = 3500 // bytes: browsers keep cookies of 4096
	leaveSeconds = 60
)

func (g *Gate) logoutCookie(w http.ResponseWriter, r *http.Request, name, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: LogoutPath, MaxAge: maxAge, HttpOnly: true, Secure: g.secure(r), SameSite: http.SameSiteLaxMode})
}

func (g *Gate) keepHint(w http.ResponseWriter, r *http.Request, idToken string) {
	if len(idToken) <= maxHint {
		g.logoutCookie(w, r, hintCookie, idToken, int(g.cfg.Absolute/time.Second))
	}
}

// LeaveSSO prepares the way to the provider's log-out for somebody who has logged
// out here; TakeLeave takes it up. Whoever has a password, and a provider that
// offers no log-out, need none.
func (g *Gate) LeaveSSO(w http.ResponseWriter, r *http.Request, who *Identity) {
	if g.sso == nil || !who.SSO {
		return
	}
	to, err := g.leaveURL(r)
	if err != nil {
		g.log.Warn("the provider cannot be asked to log out", slog.Any("error", err))
	}
	g.logoutCookie(w, r, hintCookie, "", -1)
	if to != "" {
		value := base64.RawURLEncoding.EncodeToString([]byte(to))
		g.logoutCookie(w, r, leaveCookie, value+"."+g.sign("leave", value), leaveSeconds)
	}
}

func (g *Gate) leaveURL(r *http.Request) (string, error) {
	provider, config, err := g.sso.connect(oidc.ClientContext(r.Context(), g.sso.cfg.Client))
	if err != nil {
		return "", err
	}
	var offers struct {
		EndSession string `json:"end_session_endpoint"`
	}
	if err := provider.Claims(&offers); err != nil || offers.EndSession == "" {
		return "", err
	}
	u, err := url.Parse(offers.EndSession)
	if err != nil {
		return "", err
	}
	q := u.Query()
	q.Set("client_id", config.ClientID)
	q.Set("post_logout_redirect_uri", g.cfg.PublicURL+LogoutPath)
	if c, err := r.Cookie(hintCookie); err == nil && c.Value != "" {
		q.Set("id_token_hint", c.Value)
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// TakeLeave returns where a browser that has just logged out goes next, "" for
// nowhere. It leads there once.
func (g *Gate) TakeLeave(w http.ResponseWriter, r *http.Request) string {
	c, err := r.Cookie(leaveCookie)
	if err != nil {
		return ""
	}
	g.logoutCookie(w, r, leaveCookie, "", -1)
	value, signature, _ := strings.Cut(c.Value, ".")
	to, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || !g.signed("leave", value, signature) {
		return ""
	}
	return string(to)
}
