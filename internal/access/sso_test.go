package access_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/streetsafe/streetsafe/internal/access"
)

// provider is a real OpenID provider with its own log-in page and one user,
// whose groups a test changes.
type provider struct {
	*storage.Storage
	url      string
	mu       sync.Mutex // guards the fields below
	user     storage.User
	groups   []string
	pkce     []string // challenge methods that were asked for
	back     string   // where browsers may go after a log-out
	ended    []string // whose sessions ended
	inIDOnly bool     // the groups are in the details only, not in the ID token
}

func (p *provider) GetUserByID(string) *storage.User {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := p.user
	return &u
}
func (p *provider) GetUserByUsername(string) *storage.User { return p.GetUserByID("") }
func (p *provider) ExampleClientID() string                { return "" }

func (p *provider) addGroups(u *oidc.UserInfo) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var groups []any
	for _, g := range p.groups {
		groups = append(groups, g)
	}
	u.AppendClaims("realm_access", map[string]any{"roles": groups})
	if !p.user.EmailVerified { // the provider leaves false out, others say it
		u.AppendClaims("email_verified", false)
	}
}

// SetUserinfoFromRequest fills the ID token.
func (p *provider) SetUserinfoFromRequest(ctx context.Context, u *oidc.UserInfo, r op.IDTokenRequest, scopes []string) error {
	if err := p.Storage.SetUserinfoFromRequest(ctx, u, r, scopes); err != nil {
		return err
	}
	if !p.inIDOnly {
		p.addGroups(u)
	}
	return nil
}

// SetUserinfoFromToken fills the answer with the user's details.
func (p *provider) SetUserinfoFromToken(ctx context.Context, u *oidc.UserInfo, token, subject, origin string) error {
	if err := p.Storage.SetUserinfoFromToken(ctx, u, token, subject, origin); err != nil {
		return err
	}
	p.addGroups(u)
	return nil
}

func (p *provider) CreateAuthRequest(ctx context.Context, r *oidc.AuthRequest, user string) (op.AuthRequest, error) {
	p.mu.Lock()
	p.pkce = append(p.pkce, string(r.CodeChallengeMethod))
	p.mu.Unlock()
	return p.Storage.CreateAuthRequest(ctx, r, user)
}

// startProvider starts a provider that sends browsers back to hub.
func startProvider(t *testing.T, hub string) *provider {
	t.Helper()
	p := &provider{user: storage.User{ID: "42", Username: "pc42", Password: "pw", Email: "PC42@police.example.org", EmailVerified: true}}
	storage.RegisterClients(storage.WebClient("streetsafe", "secret", hub+access.CallbackPath))
	p.Storage = storage.NewStorage(p)
	var router http.Handler
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { router.ServeHTTP(w, r) }))
	t.Cleanup(s.Close)
	p.url = s.URL
	router = exampleop.SetupServer(p.url, p, discard(), false)
	return p
}

// hub is our side as a server: it starts the journey and takes it up again.
type hub struct {
	url  string
	gate *access.Gate
	mux  *http.ServeMux
	mu   sync.Mutex // guards err
	err  error
}

func startHub(t *testing.T) (*hub, func(g *access.Gate)) {
	t.Helper()
	mux := http.NewServeMux()
	h := &hub{mux: mux}
	mux.HandleFunc("/login/oidc", func(w http.ResponseWriter, r *http.Request) {
		h.keep(h.gate.StartSSO(w, r, r.URL.Query().Get("next")))
	})
	mux.HandleFunc(access.CallbackPath, func(w http.ResponseWriter, r *http.Request) {
		next, err := h.gate.FinishSSO(w, r)
		h.keep(err)
		if err == nil {
			http.Redirect(w, r, next, http.StatusSeeOther)
		}
	})
	mux.HandleFunc("/hub", func(w http.ResponseWriter, r *http.Request) {
		who, err := h.gate.Who(r)
		h.keep(err)
		_, _ = w.Write([]byte(who.Role.String() + " " + who.Area + " " + who.Email))
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	h.url = s.URL
	return h, func(g *access.Gate) { h.gate = g }
}

func (h *hub) keep(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil {
		h.err = err
	}
}

func (h *hub) takeErr() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	err := h.err
	h.err = nil
	return err
}

func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar}
}

// signIn walks the whole way through the provider's page and returns what the
// hub says in the end.
func signIn(t *testing.T, p *provider, h *hub, c *http.Client) (string, error) {
	t.Helper()
	resp, err := c.Get(h.url + "/login/oidc?next=/hub?factors=badly_lit")
	if err != nil {
		t.Fatal(err)
	}
	body := read(t, resp)
	id := resp.Request.URL.Query().Get("authRequestID")
	if id == "" {
		return "", errors.Join(h.takeErr(), errors.New("the provider shows no log-in page: "+body))
	}
	resp, err = c.PostForm(p.url+"/login/username", url.Values{"username": {"pc42"}, "password": {"pw"}, "id": {id}})
	if err != nil {
		t.Fatal(err)
	}
	body = read(t, resp)
	if err := h.takeErr(); err != nil {
		return "", err
	}
	if got := resp.Request.URL.String(); got != h.url+"/hub?factors=badly_lit" {
		t.Errorf("ended at %s", got)
	}
	return body, nil
}

func read(t *testing.T, r *http.Response) string {
	t.Helper()
	defer r.Body.Close()
	var b strings.Builder
	if _, err := copyTo(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func newSSO(t *testing.T) (*fixture, *provider, *hub) {
	h, use := startHub(t)
	p := startProvider(t, h.url)
	// The provider's clock is the real one.
	f := newFixture(t, func(c *access.Config) { c.PublicURL, c.Now = h.url, nil })
	use(f.gate)
	var groups []access.GroupRole
	for _, s := range []string{"streetsafe-admins=admin", "met=officer:metropolitan", "croydon lighting=planner:E09000008"} {
		g, err := access.ParseGroupRole(s)
		if err != nil {
			t.Fatal(err)
		}
		groups = append(groups, g)
	}
	err := f.gate.UseOIDC(access.OIDC{Issuer: p.url, ClientID: "streetsafe", ClientSecret: "secret", GroupsClaim: "realm_access.roles", Groups: groups})
	if err != nil {
		t.Fatal(err)
	}
	return f, p, h
}

func TestSSO(t *testing.T) {
	f, p, h := newSSO(t)
	p.groups = []string{"everyone", "met"}
	c := browser(t)
	if got, err := signIn(t, p, h, c); err != nil || got != "officer metropolitan pc42@police.example.org" {
		t.Fatalf("got %q, %v", got, err)
	}
	if len(p.pkce) != 1 || p.pkce[0] != "S256" {
		t.Errorf("challenge methods %v, want S256", p.pkce)
	}
	// Groups are read anew at each log-in, here from the user's details.
	p.groups, p.inIDOnly = []string{"croydon lighting"}, true
	if got, err := signIn(t, p, h, browser(t)); err != nil || got != "planner E09000008 pc42@police.example.org" {
		t.Errorf("got %q, %v", got, err)
	}
	all, err := f.gate.Accounts(ctx)
	if err != nil || len(all) != 1 || all[0].Password != "" {
		t.Fatalf("accounts %+v, %v", all, err)
	}
	// Out of all groups: no entry, and the other browser's session ends.
	p.groups = []string{"everyone"}
	if _, err := signIn(t, p, h, browser(t)); !errors.Is(err, access.ErrNoGroup) {
		t.Errorf("in no group: %v", err)
	}
	resp, err := c.Get(h.url + "/hub")
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, resp); !strings.HasPrefix(got, "signed-out") {
		t.Errorf("the session from before: %s", got)
	}
	// An account that is disabled here stays out, whatever its groups.
	p.groups = []string{"met"}
	if err := f.gate.SetDisabled(ctx, all[0].ID, true, "test"); err != nil {
		t.Fatal(err)
	}
	if _, err := signIn(t, p, h, browser(t)); !errors.Is(err, access.ErrWrong) {
		t.Errorf("disabled: %v", err)
	}
	if err := f.gate.Login(recorder(), post("/login"), "pc42@police.example.org", ""); err == nil {
		t.Error("logged in with an empty password")
	}
	if _, err := f.gate.InviteLink(ctx, all[0].ID, "test"); err == nil {
		t.Error("an account of the provider got a password link")
	}
}

// An address alone opens no account that has a password.
func TestSSO_addressOfAnotherAccount(t *testing.T) {
	f, p, h := newSSO(t)
	f.add("pc42@police.example.org", "admin", "")
	p.groups = []string{"met"}
	if _, err := signIn(t, p, h, browser(t)); !errors.Is(err, access.ErrTaken) {
		t.Errorf("got %v", err)
	}
	p.user.Email, p.user.EmailVerified = "other@police.example.org", false
	if _, err := signIn(t, p, h, browser(t)); !errors.Is(err, access.ErrSSO) {
		t.Errorf("an address that is not verified: %v", err)
	}
}

// A callback that did not begin in this browser, or comes back changed, is
// refused.
func TestSSO_callbackOfOthers(t *testing.T) {
	_, p, h := newSSO(t)
	p.groups = []string{"met"}
	for name, change := range map[string]func(*url.URL, *http.Request){
		"no cookie":      func(_ *url.URL, r *http.Request) { r.Header.Del("Cookie") },
		"another state":  func(u *url.URL, _ *http.Request) { set(u, "state", "x") },
		"another code":   func(u *url.URL, _ *http.Request) { set(u, "code", "x") },
		"another issuer": func(u *url.URL, _ *http.Request) { set(u, "iss", "https://evil.example.org") },
		"an error":       func(u *url.URL, _ *http.Request) { set(u, "error", "access_denied") },
		"a changed cookie": func(_ *url.URL, r *http.Request) {
			r.Header.Set("Cookie", strings.Replace(r.Header.Get("Cookie"), "oidc=e", "oidc=f", 1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := browser(t)
			var back *url.URL
			c.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
				if strings.HasPrefix(r.URL.String(), h.url+access.CallbackPath) {
					back = r.URL
					return http.ErrUseLastResponse
				}
				return nil
			}
			resp, err := c.Get(h.url + "/login/oidc")
			if err != nil {
				t.Fatal(err)
			}
			id := resp.Request.URL.Query().Get("authRequestID")
			if _, err := c.PostForm(p.url+"/login/username", url.Values{"username": {"pc42"}, "password": {"pw"}, "id": {id}}); err != nil {
				t.Fatal(err)
			}
			if back == nil {
				t.Fatal("the provider did not send the browser back")
			}
			r, err := http.NewRequest(http.MethodGet, back.String(), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range c.Jar.Cookies(back) {
				r.AddCookie(k)
			}
			change(r.URL, r)
			w := recorder()
			if _, err := h.gate.FinishSSO(w, r); !errors.Is(err, access.ErrSSO) {
				t.Errorf("got %v", err)
			}
			for _, k := range w.Result().Cookies() {
				if k.Name == "streetsafe" {
					t.Error("a session began")
				}
			}
		})
	}
}

func set(u *url.URL, name, value string) {
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
}

func TestUseOIDC_refusals(t *testing.T) {
	f := newFixture(t, func(c *access.Config) { c.PublicURL = "https://hub.example.org" })
	met := []access.GroupRole{{Group: "met", Role: access.Officer, Area: access.National}}
	for _, bad := range []access.OIDC{{}, {Issuer: "x", ClientID: "y", Groups: met}, {Issuer: "https://x.example.org", Groups: met}, {Issuer: "https://x.example.org", ClientID: "y"}} {
		if err := f.gate.UseOIDC(bad); err == nil {
			t.Errorf("%+v passed", bad)
		}
	}
	f = newFixture(t, nil)
	if err := f.gate.UseOIDC(access.OIDC{Issuer: "https://x.example.org", ClientID: "y", Groups: met}); err == nil {
		t.Error("passed without a public URL")
	}
	for _, bad := range []string{"", "x", "=officer", "x=boss", "x=planner", "x=officer:a b"} {
		if _, err := access.ParseGroupRole(bad); err == nil {
			t.Errorf("group %q passed", bad)
		}
	}
	if g, err := access.ParseGroupRole("cn=x,ou=y=officer"); err != nil || g.Group != "cn=x,ou=y" {
		t.Errorf("%+v, %v", g, err)
	}
}

// leaving is a client that may send browsers back to an address after a log-out.
type leaving struct {
	op.Client
	back string
}

func (l leaving) PostLogoutRedirectURIs() []string { return []string{l.back} }

// GetClientByClientID lets the hub be told of by its log-out page.
func (p *provider) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	c, err := p.Storage.GetClientByClientID(ctx, id)
	return leaving{c, p.back}, err
}

// TerminateSession notes whose session the provider ends.
func (p *provider) TerminateSession(ctx context.Context, user, client string) error {
	p.mu.Lock()
	p.ended = append(p.ended, user+" of "+client)
	p.mu.Unlock()
	return p.Storage.TerminateSession(ctx, user, client)
}

// Logging out here logs out at the provider, for the one who asks, and the
// browser comes back to our page.
func TestSSO_logout(t *testing.T) {
	f, p, h := newSSO(t)
	p.groups, p.back = []string{"met"}, h.url+access.LogoutPath
	var left string
	h.mux.HandleFunc("POST "+access.LogoutPath, func(w http.ResponseWriter, r *http.Request) {
		who, err := f.gate.Who(r)
		h.keep(errors.Join(err, f.gate.Logout(w, r, who)))
		f.gate.LeaveSSO(w, r, who)
		http.Redirect(w, r, access.LogoutPath, http.StatusSeeOther)
	})
	h.mux.HandleFunc("GET "+access.LogoutPath, func(w http.ResponseWriter, r *http.Request) {
		left = f.gate.TakeLeave(w, r)
		_, _ = w.Write([]byte("the log-out page"))
	})
	c := browser(t)
	if _, err := signIn(t, p, h, c); err != nil {
		t.Fatal(err)
	}
	if _, err := c.PostForm(h.url+access.LogoutPath, nil); err != nil {
		t.Fatal(err)
	}
	if err := h.takeErr(); err != nil || !strings.HasPrefix(left, p.url+"/") || !strings.Contains(left, "id_token_hint=") {
		t.Fatalf("the way to the provider: %q (%v)", left, err)
	}
	resp, err := c.Get(left)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, resp); got != "the log-out page" || resp.Request.URL.Path != access.LogoutPath {
		t.Errorf("ended at %s: %s", resp.Request.URL, got)
	}
	if len(p.ended) != 1 || p.ended[0] != "42 of streetsafe" {
		t.Errorf("the provider ended %v", p.ended)
	}
	if left != "" {
		t.Errorf("the log-out page leads on once more, to %s", left)
	}
	if got := f.gate.TakeLeave(recorder(), with(at("/logout"), &http.Cookie{Name: "streetsafe-leave", Value: "aHR0cHM6Ly9ldmlsLmV4YW1wbGU.x"})); got != "" {
		t.Errorf("a cookie of somebody else leads to %s", got)
	}
	// Whoever has a password has nothing to log out of elsewhere.
	f.add("admin@example.org", "admin", "")
	in := with(at("/hub"), f.login(f.gate, "admin@example.org")...)
	w := recorder()
	f.gate.LeaveSSO(w, in, f.who(f.gate, in))
	if len(w.Result().Cookies()) > 0 {
		t.Errorf("an account with a password is sent to the provider: %v", w.Result().Cookies())
	}
}
