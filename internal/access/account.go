package access

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/streetsafe/streetsafe/internal/store"
)

// ErrWrong says that address and password do not fit, without telling which of
// them is wrong, or that the account is disabled.
var ErrWrong = errors.New("address and password do not fit an account")

// ErrLink says that a one-time link is unknown, used or too old.
var ErrLink = errors.New("this link was used already or is too old: ask for a new one")

// TooManyError says that somebody failed too often.
type TooManyError struct{ Wait time.Duration }

func (e *TooManyError) Error() string {
	return fmt.Sprintf("too many tries: wait %s and try again", e.Wait.Round(time.Second))
}

// LinkLife is how long a one-time link can be used.
const LinkLife = 24 * time.Hour

// Login checks a password and starts a session in the answer's cookies. The
// session that the browser had before ends. The errors that people see are
// ErrWrong and *TooManyError.
func (g *Gate) Login(w http.ResponseWriter, r *http.Request, email, password string) error {
	client, known := g.device(r, email)
	if !known {
		client = g.cfg.Proxies.client(r)
	}
	if wait := g.backoff.begin(email, client); wait > 0 {
		return &TooManyError{wait}
	}
	a, err := g.store.AccountByEmail(r.Context(), email)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	ok, again, err := g.hasher.verify(r.Context(), a.Password, password)
	if err != nil {
		return err
	}
	if !ok || a.Disabled {
		return ErrWrong
	}
	g.backoff.succeed(email, client)
	if again {
		if a.Password, err = g.hasher.hash(r.Context(), password); err != nil {
			return err
		}
		if err := g.store.UpdateAccount(r.Context(), a); err != nil {
			return err
		}
	}
	g.rememberDevice(w, r, email)
	return g.start(w, r, a, "log in")
}

// start begins a session in place of the one that the browser had.
func (g *Gate) start(w http.ResponseWriter, r *http.Request, a store.Account, what string) error {
	ctx := r.Context()
	if old := g.cookie(r, sessionCookie); old != "" {
		if err := g.end(ctx, hashOf(old)); err != nil {
			return err
		}
	}
	secret, now := newSecret(), g.now()
	err := g.store.AddSession(ctx, store.Session{Hash: hashOf(secret), Account: a.ID, CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(g.cfg.Absolute)})
	if err != nil {
		return err
	}
	if err := g.Record(ctx, Event{Who: a.Email, What: what}); err != nil {
		return err
	}
	g.setCookie(w, r, sessionCookie, secret, 0)
	return nil
}

func (g *Gate) end(ctx context.Context, key sessionKey) error {
	err := g.store.EndSession(ctx, key)
	g.forget()
	return err
}

// Logout ends the session of a request and asks the browser to forget what it
// has kept of the map.
func (g *Gate) Logout(w http.ResponseWriter, r *http.Request, who *Identity) error {
	if who.session == (sessionKey{}) {
		return nil
	}
	// The browser forgets it even when the store cannot be told.
	g.drop(who.session)
	g.setCookie(w, r, sessionCookie, "", -1)
	w.Header().Set("Clear-Site-Data", `"cache"`)
	if err := g.end(r.Context(), who.session); err != nil {
		return err
	}
	return g.Record(r.Context(), Event{Who: who.Email, What: "log out"})
}

// FormToken is what a form of somebody's session must send back.
func (g *Gate) FormToken(who *Identity) string {
	if who.session == (sessionKey{}) {
		return ""
	}
	return g.sign("form", string(who.session[:]))
}

// GoodForm reports whether a form was made for somebody's session.
func (g *Gate) GoodForm(who *Identity, token string) bool {
	return who.session != (sessionKey{}) && g.signed("form", string(who.session[:]), token)
}

// NewAccount is what an account shall be.
type NewAccount struct {
	Email    string
	Role     string
	Area     string
	Password string // "" to be set through a one-time link
	By       string // for the audit log
}

// AddAccount adds an account. store.ErrExists when the address is taken.
func (g *Gate) AddAccount(ctx context.Context, n NewAccount) (store.Account, error) {
	a := store.Account{CreatedAt: g.now()}
	role, err := ParseRole(n.Role)
	if err != nil {
		return a, err
	}
	a.Role = role.String()
	if a.Area, err = ParseArea(n.Area, role); err != nil {
		return a, err
	}
	if a.Email, err = ParseEmail(n.Email); err != nil {
		return a, err
	}
	if n.Password != "" {
		if err := CheckPassword(n.Password, a.Email); err != nil {
			return a, err
		}
		if a.Password, err = g.hasher.hash(ctx, n.Password); err != nil {
			return a, err
		}
	}
	if a.ID, err = g.store.AddAccount(ctx, a); err != nil {
		return a, err
	}
	g.forget()
	return a, g.Record(ctx, Event{Who: n.By, What: "add account", Why: fmt.Sprintf("%s as %s for %s", a.Email, a.Role, a.Area)})
}

// AreaBinds reports whether the boundary of an area is known.
func (g *Gate) AreaBinds(area string) bool {
	if area == National {
		return true
	}
	areas := g.boundaries()
	if areas == nil {
		return false
	}
	_, ok := areas.Region(area)
	return ok
}

// Accounts lists all accounts.
func (g *Gate) Accounts(ctx context.Context) ([]store.Account, error) { return g.store.Accounts(ctx) }

// Account finds an account by its ID.
func (g *Gate) Account(ctx context.Context, id int64) (store.Account, error) {
	return g.store.Account(ctx, id)
}

// SetDisabled closes an account, whose sessions end at once, or opens it again.
func (g *Gate) SetDisabled(ctx context.Context, id int64, disabled bool, by string) error {
	a, err := g.store.Account(ctx, id)
	if err != nil {
		return err
	}
	a.Disabled = disabled
	if err := g.store.UpdateAccount(ctx, a); err != nil {
		return err
	}
	what := "enable account"
	if disabled {
		what = "disable account"
		if err := g.store.EndSessions(ctx, id, sessionKey{}); err != nil {
			return err
		}
	}
	g.forget()
	return g.Record(ctx, Event{Who: by, What: what, Why: a.Email})
}

// InviteLink makes a one-time link that sets the password of an account and
// returns its path. The old password works until it is used.
func (g *Gate) InviteLink(ctx context.Context, id int64, by string) (path string, err error) {
	a, err := g.store.Account(ctx, id)
	if err != nil {
		return "", err
	}
	if a.Issuer != "" {
		return "", invalid("this account logs in through single sign-on and has no password here")
	}
	secret := newSecret()
	if err := g.store.AddLink(ctx, store.Link{Hash: hashOf(secret), Account: id, ExpiresAt: g.now().Add(LinkLife)}); err != nil {
		return "", err
	}
	return "/welcome/" + secret, g.Record(ctx, Event{Who: by, What: "make one-time link", Why: a.Email})
}

// FirstAdminLink makes the one-time link that makes the first administrator. It
// replaces an earlier one.
func (g *Gate) FirstAdminLink(ctx context.Context) (path string, err error) {
	secret := newSecret()
	err = g.store.AddLink(ctx, store.Link{Hash: hashOf(secret), ExpiresAt: g.now().Add(LinkLife)})
	return "/welcome/" + secret, err
}

// Empty reports whether there is no account yet.
func (g *Gate) Empty(ctx context.Context) (bool, error) {
	all, err := g.store.Accounts(ctx)
	return len(all) == 0, err
}

// CheckLink returns the account whose password a link sets; the zero account
// when it makes the first administrator. ErrLink when it does nothing any more.
func (g *Gate) CheckLink(ctx context.Context, secret string) (store.Account, error) {
	l, err := g.store.Link(ctx, hashOf(secret))
	if err != nil {
		return store.Account{}, linkError(err)
	}
	return g.linkAccount(ctx, l)
}

func (g *Gate) linkAccount(ctx context.Context, l store.Link) (store.Account, error) {
	if !g.now().Before(l.ExpiresAt) {
		return store.Account{}, ErrLink
	}
	if l.Account == 0 {
		empty, err := g.Empty(ctx)
		if err == nil && !empty {
			err = ErrLink
		}
		return store.Account{}, err
	}
	a, err := g.store.Account(ctx, l.Account)
	if err == nil && a.Disabled {
		err = ErrLink
	}
	return a, linkError(err)
}

func linkError(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrLink
	}
	return err
}

// UseLink sets the password that a link is for and logs in. email is that of
// the first administrator and is ignored otherwise.
func (g *Gate) UseLink(w http.ResponseWriter, r *http.Request, secret, email, password string) error {
	ctx := r.Context()
	a, err := g.CheckLink(ctx, secret)
	if err != nil {
		return err
	}
	if a.ID != 0 {
		email = a.Email
	} else if email, err = ParseEmail(email); err != nil {
		return err
	}
	if err := CheckPassword(password, email); err != nil {
		return err
	}
	phc, err := g.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	// From here on the link is spent: of two who use it at once, one goes on.
	if _, err := g.store.UseLink(ctx, hashOf(secret)); err != nil {
		return linkError(err)
	}
	if a.ID == 0 {
		a = store.Account{Email: email, Role: Admin.String(), Area: National, Password: phc, CreatedAt: g.now()}
		if a.ID, err = g.store.AddAccount(ctx, a); err != nil {
			return err
		}
		if err := g.Record(ctx, Event{Who: a.Email, What: "add account", Why: "first administrator, by the link of the first start"}); err != nil {
			return err
		}
		return g.start(w, r, a, "log in")
	}
	return g.setPassword(w, r, a, phc)
}

// ChangePassword sets another password of somebody's own.
func (g *Gate) ChangePassword(w http.ResponseWriter, r *http.Request, who *Identity, old, password string) error {
	ctx := r.Context()
	client := g.cfg.Proxies.client(r)
	if wait := g.backoff.begin(who.Email, client); wait > 0 {
		return &TooManyError{wait}
	}
	a, err := g.store.Account(ctx, who.Account)
	if err != nil {
		return err
	}
	ok, _, err := g.hasher.verify(ctx, a.Password, old)
	if err != nil {
		return err
	}
	if !ok {
		return ErrWrong
	}
	g.backoff.succeed(who.Email, client)
	if err := CheckPassword(password, a.Email); err != nil {
		return err
	}
	phc, err := g.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	return g.setPassword(w, r, a, phc)
}

// setPassword keeps a password, ends every session and starts a new one.
func (g *Gate) setPassword(w http.ResponseWriter, r *http.Request, a store.Account, phc string) error {
	a.Password = phc
	if err := g.store.UpdateAccount(r.Context(), a); err != nil {
		return err
	}
	if err := g.store.EndSessions(r.Context(), a.ID, sessionKey{}); err != nil {
		return err
	}
	g.forget()
	g.rememberDevice(w, r, a.Email)
	return g.start(w, r, a, "set password")
}

// Sessions lists the sessions of somebody's account; mine is the one they use.
func (g *Gate) Sessions(ctx context.Context, who *Identity) (all []store.Session, mine store.SecretHash, err error) {
	all, err = g.store.Sessions(ctx, who.Account)
	return all, who.session, err
}

// EndOthers ends all sessions of somebody but the one they use.
func (g *Gate) EndOthers(ctx context.Context, who *Identity) error {
	err := g.store.EndSessions(ctx, who.Account, who.session)
	g.forget()
	if err != nil {
		return err
	}
	return g.Record(ctx, Event{Who: who.Email, What: "end other sessions"})
}

// PublicURL is how browsers reach the hub, "" when it is not configured.
func (g *Gate) PublicURL() string { return g.cfg.PublicURL }
