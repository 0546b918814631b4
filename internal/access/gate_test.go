package access_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/store"
)

func TestGate_sessions(t *testing.T) {
	f := newFixture(t, nil)
	f.add("o@example.org", "officer", "")
	cookies := f.login(f.gate, "o@example.org")
	in := with(at("/hub"), cookies...)
	f.wantRole("logged in", f.gate, in, access.Officer)
	f.wantRole("no cookie", f.gate, at("/hub"), access.Nobody)
	f.wantRole("another cookie", f.gate, with(at("/hub"), &http.Cookie{Name: "streetsafe", Value: "x"}), access.Nobody)

	// A new log-in is a new session, and the browser's old one is over.
	second := with(at("/hub"), f.login(f.gate, "o@example.org", cookies...)...)
	f.wantRole("rotated away", f.gate, in, access.Nobody)
	f.wantRole("after a second log-in", f.gate, second, access.Officer)

	who := f.who(f.gate, second)
	if err := f.gate.Logout(recorder(), second, who); err != nil {
		t.Fatal(err)
	}
	f.wantRole("logged out", f.gate, second, access.Nobody)
}

func TestGate_limits(t *testing.T) {
	f := newFixture(t, func(c *access.Config) { c.Idle, c.Absolute = time.Hour, 12*time.Hour })
	f.add("o@example.org", "officer", "")
	idle := with(at("/hub"), f.login(f.gate, "o@example.org")...)
	f.clock.pass(59 * time.Minute)
	f.wantRole("after 59 idle minutes", f.gate, idle, access.Officer)
	f.clock.pass(61 * time.Minute)
	f.wantRole("after an idle hour", f.gate, idle, access.Nobody)

	busy := with(at("/hub"), f.login(f.gate, "o@example.org")...)
	for range 23 {
		f.clock.pass(30 * time.Minute)
		f.wantRole("in use", f.gate, busy, access.Officer)
	}
	f.clock.pass(31 * time.Minute)
	f.wantRole("after twelve hours of use", f.gate, busy, access.Nobody)
	if err := f.store.Sweep(ctx, f.clock.now()); err != nil {
		t.Fatal(err)
	}
}

// Another process ends what this one remembers: the map must hear of it.
func TestGate_revocationElsewhere(t *testing.T) {
	f := newFixture(t, nil)
	a := f.add("o@example.org", "officer", "")
	in := with(at("/hub"), f.login(f.gate, "o@example.org")...)
	_, other := f.open(nil)
	for _, c := range []struct {
		name string
		do   func() error
		back func() error
	}{
		{"disabled", func() error { return other.SetDisabled(ctx, a.ID, true, "test") }, func() error { return other.SetDisabled(ctx, a.ID, false, "test") }},
		{"sessions ended", func() error { return other.EndOthers(ctx, &access.Identity{Account: a.ID, Email: a.Email}) }, nil},
	} {
		f.wantRole("before being "+c.name, f.gate, in, access.Officer)
		if err := c.do(); err != nil {
			t.Fatal(err)
		}
		if err := f.gate.Hear(ctx); err != nil {
			t.Fatal(err)
		}
		f.wantRole(c.name, f.gate, in, access.Nobody)
		if c.back != nil {
			if err := c.back(); err != nil {
				t.Fatal(err)
			}
			in = with(at("/hub"), f.login(f.gate, "o@example.org")...)
		}
	}
}

// away is a store that cannot be reached while it is down.
type away struct {
	store.Access
	down atomic.Bool
}

func (a *away) Session(ctx context.Context, hash store.SecretHash) (store.Session, store.Account, error) {
	if a.down.Load() {
		return store.Session{}, store.Account{}, store.ErrUnavailable
	}
	return a.Access.Session(ctx, hash)
}

func (a *away) TokenByHash(ctx context.Context, hash store.SecretHash) (store.Token, store.Account, error) {
	if a.down.Load() {
		return store.Token{}, store.Account{}, store.ErrUnavailable
	}
	return a.Access.TokenByHash(ctx, hash)
}

// While the store is away, those who are known go on within the limits of their
// session, and nobody else comes in. What they did meanwhile counts as use.
func TestGate_storeAway(t *testing.T) {
	f := newFixture(t, nil)
	a := f.add("o@example.org", "officer", "")
	kept := &away{Access: f.store}
	g, err := access.New(ctx, kept, access.Config{Params: cheap, Now: f.clock.now, Log: discard()})
	if err != nil {
		t.Fatal(err)
	}
	at12 := func() *http.Request { return with(at("/hub"), f.login(g, "o@example.org")...) }
	working, leaving, late := at12(), at12(), at12()
	secret, _, err := g.CreateToken(ctx, access.NewToken{Account: a.ID, Name: "QGIS", Scopes: access.ScopeTiles, Days: 300})
	if err != nil {
		t.Fatal(err)
	}
	token := withToken(basic("token", secret))
	for _, r := range []*http.Request{working, leaving, token} {
		f.wantRole("before", g, r, access.Officer)
	}
	kept.down.Store(true)
	f.clock.pass(2 * time.Minute)
	for what, r := range map[string]*http.Request{"unknown": with(at("/"), &http.Cookie{Name: "streetsafe", Value: "unknown"}), "not asked for before": late} {
		if who, err := g.Who(r); err == nil || who.SignedIn() {
			t.Errorf("%s: %s, %v", what, who.Role, err)
		}
	}
	work := func(halfHours int, all ...*http.Request) {
		for range halfHours {
			f.clock.pass(30 * time.Minute)
			for _, r := range all {
				f.wantRole("at work without the store", g, r, access.Officer)
			}
		}
	}
	work(4, working, token)
	if who, err := g.Who(leaving); err == nil || who.SignedIn() {
		t.Errorf("after two hours without use: %s, %v", who.Role, err)
	}
	kept.down.Store(false)
	f.clock.pass(time.Minute) // asked again
	f.wantRole("the store is back", g, working, access.Officer)
	f.wantRole("a token, the store is back", g, token, access.Officer)
	f.wantRole("not used meanwhile, the store is back", g, leaving, access.Nobody)
	kept.down.Store(true)
	work(18, working, token)
	f.clock.pass(57 * time.Minute) // twelve hours since they logged in
	if who, err := g.Who(working); err == nil || who.SignedIn() {
		t.Errorf("at the end of the session: %s, %v", who.Role, err)
	}
	f.clock.pass(-58 * time.Minute) // back to where the token was used last
	work(6, token)
	f.clock.pass(30 * time.Minute)
	if who, err := g.Who(token); err == nil || who.SignedIn() {
		t.Errorf("a token, twelve hours without the store: %s, %v", who.Role, err)
	}
}

func TestGate_cookies(t *testing.T) {
	f := newFixture(t, nil)
	f.add("o@example.org", "officer", "")
	for _, secure := range []bool{false, true} {
		r := post("/login")
		prefix := ""
		if secure {
			r.Header.Set("X-Forwarded-Proto", "https")
			prefix = "__Host-"
		}
		w := recorder()
		if err := f.gate.Login(w, r, "o@example.org", goodPassword); err != nil {
			t.Fatal(err)
		}
		for _, c := range w.Result().Cookies() {
			if !strings.HasPrefix(c.Name, prefix+"streetsafe") || !c.HttpOnly || c.Secure != secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
				t.Errorf("secure %v: cookie %s", secure, c)
			}
		}
	}
	// The name for TLS counts only there: __Host- is what keeps another
	// program of the same name from planting a cookie.
	in := f.login(f.gate, "o@example.org")
	r := with(at("/hub"), in...)
	r.Header.Set("X-Forwarded-Proto", "https")
	f.wantRole("a cookie of plain HTTP through TLS", f.gate, r, access.Nobody)
}

func TestGate_wrongPasswords(t *testing.T) {
	f := newFixture(t, nil)
	a := f.add("o@example.org", "officer", "")
	try := func(email, password string) error { return f.gate.Login(recorder(), post("/login"), email, password) }
	for email, password := range map[string]string{"o@example.org": "wrong", "nobody@example.org": goodPassword, "": ""} {
		if err := try(email, password); !errors.Is(err, access.ErrWrong) {
			t.Errorf("%q: %v", email, err)
		}
	}
	if err := f.gate.SetDisabled(ctx, a.ID, true, "test"); err != nil {
		t.Fatal(err)
	}
	if err := try("o@example.org", goodPassword); !errors.Is(err, access.ErrWrong) {
		t.Errorf("a disabled account: %v", err)
	}
}

func from(addr string) *http.Request {
	r := post("/login")
	r.RemoteAddr = addr + ":1234"
	return r
}

// Somebody who fails on an account waits; its owner, elsewhere, does not, and
// neither does the owner's known browser at the attacker's own address.
func TestGate_lockOutLocksNobodyElseOut(t *testing.T) {
	f := newFixture(t, nil)
	f.add("o@example.org", "officer", "")
	home := recorder()
	if err := f.gate.Login(home, from("192.0.2.7"), "o@example.org", goodPassword); err != nil {
		t.Fatal(err)
	}
	var tooMany *access.TooManyError
	tries := 0
	for ; tries < 100 && tooMany == nil; tries++ {
		errors.As(f.gate.Login(recorder(), from("198.51.100.9"), "o@example.org", "guess"), &tooMany)
	}
	if tries < 5 || tries > 10 || tooMany == nil || tooMany.Wait <= 0 {
		t.Fatalf("%d guesses, %v", tries, tooMany)
	}
	if err := f.gate.Login(recorder(), from("198.51.100.9"), "o@example.org", goodPassword); !errors.As(err, &tooMany) {
		t.Errorf("the attacker with the right password while waiting: %v", err)
	}
	if err := f.gate.Login(recorder(), from("192.0.2.7"), "o@example.org", goodPassword); err != nil {
		t.Errorf("the owner at home: %v", err)
	}
	if err := f.gate.Login(recorder(), with(from("198.51.100.9"), home.Result().Cookies()...), "o@example.org", goodPassword); err != nil {
		t.Errorf("the owner's browser at the attacker's address: %v", err)
	}
	f.clock.pass(tooMany.Wait + time.Second)
	if err := f.gate.Login(recorder(), from("198.51.100.9"), "o@example.org", goodPassword); err != nil {
		t.Errorf("after waiting: %v", err)
	}
}

// A device cookie that was made for another account, or made up, is none.
func TestGate_deviceCookieIsSigned(t *testing.T) {
	f := newFixture(t, nil)
	f.add("o@example.org", "officer", "")
	f.add("evil@example.org", "officer", "")
	mine := f.login(f.gate, "evil@example.org")
	var tooMany *access.TooManyError
	for i := 0; i < 20 && tooMany == nil; i++ {
		r := with(from("198.51.100.9"), mine...)
		errors.As(f.gate.Login(recorder(), r, "o@example.org", "guess"), &tooMany)
	}
	if tooMany == nil {
		t.Error("the cookie of one's own account gives free guesses on others")
	}
	tooMany = nil
	for i := 0; i < 20 && tooMany == nil; i++ {
		r := with(from("198.51.100.10"), &http.Cookie{Name: "streetsafe-device", Value: string(rune('a'+i)) + ".AAAA"})
		errors.As(f.gate.Login(recorder(), r, "o@example.org", "guess"), &tooMany)
	}
	if tooMany == nil {
		t.Error("made-up cookies give free guesses")
	}
}

func TestBackoff(t *testing.T) {
	c := newClock()
	b := access.NewBackoff(c.now)
	var waits []time.Duration
	for range 40 {
		w := b.Begin("a", "x")
		if w > 0 {
			waits = append(waits, w)
			c.pass(w)
		}
	}
	for i := 1; i < len(waits); i++ {
		if waits[i] < waits[i-1] {
			t.Errorf("waits shrink: %v", waits)
			break
		}
	}
	if last := waits[len(waits)-1]; last != 15*time.Minute {
		t.Errorf("the longest wait is %v, want 15 minutes", last)
	}
	if b.Begin("a", "y") != 0 || b.Begin("b", "z") != 0 {
		t.Error("another client or account waits too")
	}
	// One client over many accounts.
	blocked := 0
	for i := range 50 {
		if b.Begin(strings.Repeat("q", i+1), "spray") > 0 {
			blocked++
		}
	}
	if blocked == 0 {
		t.Error("one client tries one password on 50 accounts without waiting")
	}
	// Many at once: no more are let through than one after the other.
	var group sync.WaitGroup
	var mu sync.Mutex
	through := 0
	for range 50 {
		group.Go(func() {
			if b.Begin("many", "at once") == 0 {
				mu.Lock()
				through++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if through > 6 {
		t.Errorf("%d of 50 tries at once were free", through)
	}
}

func TestBackoff_memory(t *testing.T) {
	c := newClock()
	b := access.NewBackoff(c.now)
	for i := range access.MaxKeys + 10 {
		b.Begin("a", time.Duration(i).String())
	}
	if n := b.Len(); n > access.MaxKeys+2 {
		t.Errorf("%d keys, the bound is %d", n, access.MaxKeys)
	}
}

func TestProxies_client(t *testing.T) {
	p, err := access.ParseProxies([]string{"10.0.0.0/8", "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ remote, forwarded, want string }{
		{"192.0.2.1:99", "", "192.0.2.1"},
		{"192.0.2.1:99", "198.51.100.1", "192.0.2.1"}, // not a proxy of ours: its word does not count
		{"10.0.0.1:99", "198.51.100.1", "198.51.100.1"},
		{"10.0.0.1:99", "203.0.113.5, 198.51.100.1", "198.51.100.1"}, // what the client itself wrote comes first
		{"10.0.0.1:99", "203.0.113.5, 198.51.100.1, 10.9.9.9", "198.51.100.1"},
		{"10.0.0.1:99", "nonsense", "10.0.0.1"},
		{"10.0.0.1:99", "", "10.0.0.1"},
		{"[2001:db8:1:2:3:4:5:6]:99", "", "2001:db8:1:2::"},
		{"[2001:db8:1:2:ffff:4:5:6]:99", "", "2001:db8:1:2::"},
		{"[::ffff:192.0.2.1]:99", "", "192.0.2.1"},
		{"pipe", "", "unknown"},
	} {
		r := at("/")
		r.RemoteAddr = c.remote
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := p.Client(r); got != c.want {
			t.Errorf("%s for %q: %s, want %s", c.remote, c.forwarded, got, c.want)
		}
	}
	if _, err := access.ParseProxies([]string{"ten"}); err == nil {
		t.Error("ten passed")
	}
}

func TestGate_tokens(t *testing.T) {
	f := newFixture(t, nil)
	a := f.add("o@example.org", "officer", "")
	secret, id, err := f.gate.CreateToken(ctx, access.NewToken{Account: a.ID, Name: "QGIS", Scopes: access.ScopeTiles, Days: 30, By: "o@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range []string{"Bearer " + secret, "bearer " + secret, basic("anything", secret), basic("", secret), basic(secret, "")} {
		who := f.who(f.gate, withToken(h))
		if who.Role != access.Officer || !who.Token || who.Scopes != access.ScopeTiles {
			t.Errorf("%.12s: %+v", h, who)
		}
	}
	for _, h := range []string{"Bearer", "Bearer x", "Basic !!", basic("a", "b"), "Digest x", secret} {
		f.wantRole(h, f.gate, withToken(h), access.Nobody)
	}
	// A token that is no good is not made good by a session.
	r := with(withToken("Bearer wrong"), f.login(f.gate, "o@example.org")...)
	f.wantRole("a wrong token with a session", f.gate, r, access.Nobody)

	who := f.who(f.gate, withToken("Bearer "+secret))
	for surface, want := range map[access.Surface]bool{access.SurfaceMap: true, access.SurfaceFigures: false, access.SurfaceExport: false, access.SurfaceReports: false,
		access.SurfaceOwn: false, access.SurfaceAccounts: false, access.SurfaceAudit: false} {
		if _, err := access.Decide(who, access.Ask{Surface: surface, Why: "good reason"}); (err == nil) != want {
			t.Errorf("surface %d by a token for tiles: %v", surface, err)
		}
	}
	all, err := f.gate.Tokens(ctx, a.ID)
	if err != nil || len(all) != 1 || all[0].UsedOn != f.gate.Today() || strings.Contains(secret, string(all[0].Hash[:])) {
		t.Errorf("tokens %+v, %v", all, err)
	}
	if err := f.gate.RevokeToken(ctx, a.ID+1, id, "x"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("somebody else's token: %v", err)
	}
	f.clock.pass(29 * 24 * time.Hour)
	f.wantRole("on the last day", f.gate, withToken("Bearer "+secret), access.Officer)
	f.clock.pass(24*time.Hour + time.Second)
	f.wantRole("expired", f.gate, withToken("Bearer "+secret), access.Nobody)

	secret, id, err = f.gate.CreateToken(ctx, access.NewToken{Account: a.ID, Name: "QGIS", Scopes: access.ScopeTiles, Days: 30, By: "x"})
	if err != nil {
		t.Fatal(err)
	}
	f.wantRole("another", f.gate, withToken("Bearer "+secret), access.Officer)
	if err := f.gate.RevokeToken(ctx, a.ID, id, "x"); err != nil {
		t.Fatal(err)
	}
	f.wantRole("revoked", f.gate, withToken("Bearer "+secret), access.Nobody)
	for _, bad := range []access.NewToken{{Account: a.ID, Name: "", Scopes: 1, Days: 1}, {Account: a.ID, Name: "x", Days: 1}, {Account: a.ID, Name: "x", Scopes: 1}, {Account: a.ID, Name: "x", Scopes: 1, Days: 400}} {
		if _, _, err := f.gate.CreateToken(ctx, bad); err == nil {
			t.Errorf("%+v passed", bad)
		}
	}
}

func TestGate_firstAdmin(t *testing.T) {
	f := newFixture(t, nil)
	path, err := f.gate.FirstAdminLink(ctx)
	if err != nil {
		t.Fatal(err)
	}
	secret := strings.TrimPrefix(path, "/welcome/")
	use := func(email, password string) (*httptest.ResponseRecorder, error) {
		w := recorder()
		return w, f.gate.UseLink(w, post(path), secret, email, password)
	}
	// What is refused leaves the link good.
	for email, password := range map[string]string{"nonsense": goodPassword, "admin@example.org": "short"} {
		if _, err := use(email, password); err == nil {
			t.Errorf("%s with %s passed", email, password)
		}
	}
	w, err := use("Admin@Example.org", goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	who := f.who(f.gate, with(at("/admin"), w.Result().Cookies()...))
	if who.Role != access.Admin || who.Email != "admin@example.org" {
		t.Errorf("logged in as %+v", who)
	}
	if _, err := use("second@example.org", goodPassword); !errors.Is(err, access.ErrLink) {
		t.Errorf("a second use: %v", err)
	}
	// A link that was made while there was no account is no good afterwards.
	if path, err = f.gate.FirstAdminLink(ctx); err != nil {
		t.Fatal(err)
	}
	secret = strings.TrimPrefix(path, "/welcome/")
	if _, err := use("second@example.org", goodPassword); !errors.Is(err, access.ErrLink) {
		t.Errorf("with an account there: %v", err)
	}
}

func TestGate_inviteLink(t *testing.T) {
	f := newFixture(t, nil)
	a := f.add("p@example.org", "planner", "E09000008")
	old := with(at("/hub"), f.login(f.gate, "p@example.org")...)
	for _, c := range []struct {
		name  string
		after time.Duration
		again bool
		want  error
	}{{"in time", time.Hour, false, nil}, {"too late", 25 * time.Hour, false, access.ErrLink}, {"replaced by another", 0, true, access.ErrLink}} {
		path, err := f.gate.InviteLink(ctx, a.ID, "admin@example.org")
		if err != nil {
			t.Fatal(err)
		}
		if c.again {
			if _, err := f.gate.InviteLink(ctx, a.ID, "admin@example.org"); err != nil {
				t.Fatal(err)
			}
		}
		f.clock.pass(c.after)
		if err := f.gate.UseLink(recorder(), post(path), strings.TrimPrefix(path, "/welcome/"), "", "other random words"); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	f.wantRole("the session from before the new password", f.gate, old, access.Nobody)
	if err := f.gate.Login(recorder(), post("/login"), "p@example.org", goodPassword); !errors.Is(err, access.ErrWrong) {
		t.Errorf("the old password: %v", err)
	}
}

func TestGate_changePassword(t *testing.T) {
	f := newFixture(t, nil)
	f.add("o@example.org", "officer", "")
	here, there := f.login(f.gate, "o@example.org"), f.login(f.gate, "o@example.org")
	r := with(post("/account"), here...)
	who := f.who(f.gate, r)
	if err := f.gate.ChangePassword(recorder(), r, who, "wrong", "other random words"); !errors.Is(err, access.ErrWrong) {
		t.Errorf("a wrong old password: %v", err)
	}
	if err := f.gate.ChangePassword(recorder(), r, who, goodPassword, "short"); err == nil {
		t.Error("a short new password passed")
	}
	w := recorder()
	if err := f.gate.ChangePassword(w, r, who, goodPassword, "other random words"); err != nil {
		t.Fatal(err)
	}
	f.wantRole("the other browser", f.gate, with(at("/hub"), there...), access.Nobody)
	f.wantRole("this one's former session", f.gate, with(at("/hub"), here...), access.Nobody)
	f.wantRole("this one", f.gate, with(at("/hub"), w.Result().Cookies()...), access.Officer)
}

func TestGate_formTokens(t *testing.T) {
	f := newFixture(t, nil)
	f.add("a@example.org", "officer", "")
	f.add("b@example.org", "officer", "")
	a := f.who(f.gate, with(at("/"), f.login(f.gate, "a@example.org")...))
	b := f.who(f.gate, with(at("/"), f.login(f.gate, "b@example.org")...))
	token := f.gate.FormToken(a)
	if token == "" || !f.gate.GoodForm(a, token) || f.gate.GoodForm(b, token) || f.gate.GoodForm(a, "") || f.gate.GoodForm(access.FromContext(ctx), "") {
		t.Error("a form's token fits its own session and no other")
	}
}

func TestGate_auditOfAccess(t *testing.T) {
	f := newFixture(t, nil)
	a := f.add("o@example.org", "officer", "")
	in := with(at("/hub"), f.login(f.gate, "o@example.org")...)
	who := f.who(f.gate, in)
	if err := f.gate.Logout(recorder(), in, who); err != nil {
		t.Fatal(err)
	}
	if err := f.gate.SetDisabled(ctx, a.ID, true, "admin@example.org"); err != nil {
		t.Fatal(err)
	}
	recent, err := f.gate.RecentAudit(ctx, 10)
	if err != nil {
		t.Fatal(err)
	}
	var what []string
	for _, e := range recent {
		what = append(what, e.What)
	}
	if got := strings.Join(what, ", "); got != "disable account, log out, log in, add account" {
		t.Errorf("the log says %s", got)
	}
	if c, err := f.gate.VerifyAudit(ctx); err != nil || c.Broken != 0 || c.Entries != 4 {
		t.Errorf("verifying: %+v, %v", c, err)
	}
}

func TestGate_areas(t *testing.T) {
	region, _ := croydon(t)
	f := newFixture(t, func(c *access.Config) { c.Areas = areas{"E09000008": region} })
	f.add("p@example.org", "planner", "E09000008")
	f.add("o@example.org", "officer", "E09000008")
	f.add("lost@example.org", "planner", "E09000099")
	p := f.who(f.gate, with(at("/"), f.login(f.gate, "p@example.org")...))
	o := f.who(f.gate, with(at("/"), f.login(f.gate, "o@example.org")...))
	lost := f.who(f.gate, with(at("/"), f.login(f.gate, "lost@example.org")...))
	if p.Region == nil || len(p.Region.Cells()) != 61 || o.Region != region {
		t.Error("a planner gets the council and one ring, an officer the force")
	}
	if _, err := access.Decide(lost, access.Ask{}); err == nil || !strings.Contains(err.Error(), "boundary") {
		t.Errorf("an area whose boundary is not loaded: %v", err)
	}
	if !f.gate.AreaBinds("E09000008") || f.gate.AreaBinds("E09000099") || !f.gate.AreaBinds(access.National) {
		t.Error("AreaBinds")
	}
}

type areas map[string]*access.Region

func (a areas) Region(code string) (*access.Region, bool) { r, ok := a[code]; return r, ok }

func TestDemo(t *testing.T) {
	g := access.NewDemo(nil)
	if who, err := g.Who(at("/")); err != nil || who.Role != access.Officer || !who.Demo {
		t.Errorf("a visitor is %+v, %v", who, err)
	}
	for view, want := range map[string]access.Role{"officer": access.Officer, "planner": access.Planner, "public": access.Public, "signed-out": access.Nobody} {
		w := recorder()
		if !g.SetDemoView(w, post("/"), view) {
			t.Fatal(view)
		}
		if who, err := g.Who(with(at("/"), w.Result().Cookies()...)); err != nil || who.Role != want {
			t.Errorf("%s: %+v, %v", view, who, err)
		}
	}
	if g.SetDemoView(recorder(), post("/"), "admin") {
		t.Error("the demo has no administrator")
	}
}

// What a demo's visitor takes away is in the log, as the page says.
func TestDemo_log(t *testing.T) {
	st := newFixture(t, nil).store
	g := access.NewDemo(nil)
	if err := g.Record(ctx, access.Event{What: "forgotten"}); err != nil {
		t.Errorf("a demo without a log: %v", err)
	}
	g.KeepLog(st)
	if err := g.Record(ctx, access.Event{Who: "demo officer", What: "export x", Why: "ward panel"}); err != nil {
		t.Fatal(err)
	}
	log, err := st.Audit(ctx, 0, 10)
	if err != nil || len(log) != 1 || log[0].Who != "demo officer" || log[0].Why != "ward panel" {
		t.Errorf("the log holds %+v, %v", log, err)
	}
	if who, err := g.Who(at("/")); err != nil || who.Role != access.Officer {
		t.Errorf("with a log the demo stays open: %+v, %v", who, err)
	}
}

func TestParse(t *testing.T) {
	for s, good := range map[string]bool{"officer": true, " Planner ": true, "admin": true, "public": false, "signed-out": false, "": false} {
		if _, err := access.ParseRole(s); (err == nil) != good {
			t.Errorf("role %q: %v", s, err)
		}
	}
	for _, c := range []struct {
		area string
		role access.Role
		good bool
	}{{"", access.Officer, true}, {"", access.Planner, false}, {"national", access.Planner, false}, {"E09000008", access.Planner, true}, {"met police", access.Officer, false}, {strings.Repeat("x", 41), access.Officer, false}} {
		if _, err := access.ParseArea(c.area, c.role); (err == nil) != c.good {
			t.Errorf("area %q of a %s: %v", c.area, c.role, err)
		}
	}
	for s, good := range map[string]bool{"A@b.org": true, "a": false, "@b": false, "a@": false, "a b@c.org": false, "<a@b.org>": false} {
		if _, err := access.ParseEmail(s); (err == nil) != good {
			t.Errorf("address %q: %v", s, err)
		}
	}
	for s, want := range map[string]string{"/hub?x=1": "/hub?x=1", "": "/hub", "//evil.org": "/hub", "https://evil.org/": "/hub", "/\\evil.org": "/hub", "hub": "/hub", "/a\nb": "/hub", "javascript:alert(1)": "/hub"} {
		if got := access.LocalPath(s); got != want {
			t.Errorf("%q leads to %q, want %q", s, got, want)
		}
	}
	if s, err := access.ParseScopes("tiles, figures"); err != nil || s.String() != "tiles figures" {
		t.Errorf("scopes %v, %v", s, err)
	}
	for _, bad := range []string{"", "all", "tiles admin"} {
		if _, err := access.ParseScopes(bad); err == nil {
			t.Errorf("scopes %q passed", bad)
		}
	}
}

func TestGate_publicURL(t *testing.T) {
	f := newFixture(t, nil)
	for url, good := range map[string]bool{"https://hub.example.org": true, "https://hub.example.org/": true, "hub.example.org": false, "https://hub.example.org/map": false, "ftp://x": false} {
		if _, err := access.New(context.Background(), f.store, access.Config{Params: cheap, PublicURL: url}); (err == nil) != good {
			t.Errorf("%s: %v", url, err)
		}
	}
}
