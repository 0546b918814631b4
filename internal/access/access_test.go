package access_test

import (
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/internal/store/sqlite"
)

var ctx = context.Background()

// cheap is a cost that lets tests log in a thousand times.
var cheap = access.Params{Time: 1, Memory: 8, Threads: 1}

const goodPassword = "three random words"

// clock is a clock that tests put forward.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC).Unix())
	return c
}

func (c *clock) now() time.Time            { return time.Unix(c.at.Load(), 0).UTC() }
func (c *clock) pass(d time.Duration)      { c.at.Add(int64(d / time.Second)) }
func discard() *slog.Logger                { return slog.New(slog.NewTextHandler(io.Discard, nil)) }
func at(path string) *http.Request         { return httptest.NewRequest(http.MethodGet, path, nil) }
func post(path string) *http.Request       { return httptest.NewRequest(http.MethodPost, path, nil) }
func recorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }

type fixture struct {
	t     testing.TB
	path  string
	clock *clock
	store *sqlite.Store
	gate  *access.Gate
}

func newFixture(t testing.TB, change func(*access.Config)) *fixture {
	f := &fixture{t: t, path: filepath.Join(t.TempDir(), sqlite.FileName), clock: newClock()}
	f.store, f.gate = f.open(change)
	return f
}

// open opens the same store once more, as another process would.
func (f *fixture) open(change func(*access.Config)) (*sqlite.Store, *access.Gate) {
	f.t.Helper()
	st, err := sqlite.Open(ctx, f.path, sqlite.Options{Create: true})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { st.Close() })
	cfg := access.Config{Params: cheap, Now: f.clock.now, Log: discard()}
	if change != nil {
		change(&cfg)
	}
	g, err := access.New(ctx, st, cfg)
	if err != nil {
		f.t.Fatal(err)
	}
	return st, g
}

// add adds an account with the good password.
func (f *fixture) add(email, role, area string) store.Account {
	f.t.Helper()
	a, err := f.gate.AddAccount(ctx, access.NewAccount{Email: email, Role: role, Area: area, Password: goodPassword, By: "test"})
	if err != nil {
		f.t.Fatal(err)
	}
	return a
}

// login logs in and returns the cookies.
func (f *fixture) login(g *access.Gate, email string, before ...*http.Cookie) []*http.Cookie {
	f.t.Helper()
	w := recorder()
	if err := g.Login(w, with(post("/login"), before...), email, goodPassword); err != nil {
		f.t.Fatal(err)
	}
	return w.Result().Cookies()
}

func with(r *http.Request, cookies ...*http.Cookie) *http.Request {
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return r
}

func (f *fixture) who(g *access.Gate, r *http.Request) *access.Identity {
	f.t.Helper()
	who, err := g.Who(r)
	if err != nil {
		f.t.Fatal(err)
	}
	return who
}

func (f *fixture) wantRole(what string, g *access.Gate, r *http.Request, want access.Role) {
	f.t.Helper()
	if who := f.who(g, r); who.Role != want {
		f.t.Errorf("%s: %s, want %s", what, who.Role, want)
	}
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func withToken(authorization string) *http.Request {
	r := at("/hub")
	r.Header.Set("Authorization", authorization)
	return r
}

func copyTo(w io.Writer, r *http.Response) (int64, error) { return io.Copy(w, r.Body) }
