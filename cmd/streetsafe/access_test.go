package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"net/http/cookiejar"
	neturl "net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/access"
)

// cheapPasswords lets tests log in without a machine's whole attention.
var cheapPasswords = access.Params{Time: 1, Memory: 8, Threads: 1}

// authorised returns the URL of a server with a token for everything in it,
// which net/http sends along. args are those of the server: they name the store.
func authorised(t *testing.T, url string, args []string) string {
	t.Helper()
	var s storage
	for i, a := range args[:len(args)-1] {
		switch a {
		case "--data":
			s.dir = args[i+1]
		case "--database-url":
			s.url = args[i+1]
		}
	}
	st, err := s.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	kept, err := accessOf(st)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	g, err := access.New(ctx, kept, access.Config{Params: cheapPasswords})
	if err != nil {
		t.Fatal(err)
	}
	a, err := g.AddAccount(ctx, access.NewAccount{Email: strings.ToLower(rand.Text()) + "@example.org", Role: "officer"})
	if err != nil {
		t.Fatal(err)
	}
	secret, _, err := g.CreateToken(ctx, access.NewToken{Account: a.ID, Name: "test", Scopes: access.ScopeTiles | access.ScopeFigures | access.ScopeExport, Days: 1})
	if err != nil {
		t.Fatal(err)
	}
	u, err := neturl.Parse(url)
	if err != nil {
		t.Fatal(err)
	}
	u.User = neturl.UserPassword("token", secret)
	return u.String()
}

// plain takes the token out again.
func plain(url string) string {
	u, err := neturl.Parse(url)
	if err != nil {
		return url
	}
	u.User = nil
	return u.String()
}

// runWith executes a command with something on its standard input.
func runWith(t *testing.T, in string, args ...string) (string, error) {
	t.Helper()
	var o, e bytes.Buffer
	cmd := newRoot(&streams{in: strings.NewReader(in), out: &o, err: &e, passwords: cheapPasswords})
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(t.Context())
	return o.String(), err
}

func status(t *testing.T, c *http.Client, url string) int {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// onEngines runs a test on both engines; args are the flags that name the store.
func onEngines(t *testing.T, test func(t *testing.T, args []string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, []string{"--data", filepath.Join(t.TempDir(), "d")}) })
	t.Run("postgres", func(t *testing.T) {
		args := []string{"--data", t.TempDir(), "--database-url", needDatabase(t).NewDatabase(t)}
		mustRun(t, append([]string{"migrate", "up"}, args...)...)
		test(t, args)
	})
}

func TestUser_wholeLife(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, args []string) {
		do := func(in string, command ...string) string {
			t.Helper()
			out, err := runWith(t, in, append(command, args...)...)
			if err != nil {
				t.Fatalf("%s: %v", strings.Join(command, " "), err)
			}
			return out
		}
		if out := do("three random words\n", "user", "add", "--role", "officer", "--password-stdin", "O@example.org"); !strings.Contains(out, "added o@example.org as officer for national") || strings.Contains(out, "/welcome/") {
			t.Errorf("add: %s", out)
		}
		if out := do("", "user", "add", "--role", "planner", "--area", "E09000008", "p@example.org"); !strings.Contains(out, "/welcome/") {
			t.Errorf("add without a password: %s", out)
		}
		token := strings.TrimSpace(do("", "token", "create", "--user", "o@example.org", "--name", "QGIS"))
		if !strings.HasPrefix(token, "sst_") {
			t.Errorf("token %q", token)
		}
		url, _ := start(t, append([]string{"serve"}, args...)...)
		u, err := neturl.Parse(plain(url) + "/api/v1/summary")
		if err != nil {
			t.Fatal(err)
		}
		u.User = neturl.UserPassword("anybody", token)
		if got := status(t, http.DefaultClient, u.String()); got != http.StatusOK {
			t.Errorf("with the token: status %d", got)
		}
		// The running server hears of a change on the command line.
		do("", "user", "disable", "o@example.org")
		waitFor(t, func() bool { return status(t, http.DefaultClient, u.String()) == http.StatusUnauthorized })
		if out := do("", "user", "list"); !strings.Contains(out, "disabled") || !strings.Contains(out, "waits for its link") {
			t.Errorf("list:\n%s", out)
		}
		do("", "user", "enable", "o@example.org")
		waitFor(t, func() bool { return status(t, http.DefaultClient, u.String()) == http.StatusOK })
		do("", "token", "revoke", "1")
		waitFor(t, func() bool { return status(t, http.DefaultClient, u.String()) == http.StatusUnauthorized })
		if out := do("", "token", "list"); !strings.Contains(out, "QGIS") || !strings.Contains(out, "revoked") || strings.Contains(out, token) {
			t.Errorf("token list:\n%s", out)
		}
		if out := do("", "user", "reset", "--public-url", "https://hub.example.org", "p@example.org"); !strings.Contains(out, "https://hub.example.org/welcome/") {
			t.Errorf("reset: %s", out)
		}
		out := do("", "audit", "list")
		for _, want := range []string{"add account", "disable account", "enable account", "create token", "revoke token", "make one-time link", "system"} {
			if !strings.Contains(out, want) {
				t.Errorf("the audit log lacks %q:\n%s", want, out)
			}
		}
		verified := do("", "audit", "verify")
		_, anchor, ok := strings.Cut(strings.TrimSpace(verified), "anchor: ")
		if !ok || !strings.Contains(verified, "all sound") {
			t.Fatalf("verify: %s", verified)
		}
		do("", "audit", "verify", "--anchor", anchor)
		if out, err := runWith(t, "", append([]string{"audit", "verify", "--anchor", "999:00"}, args...)...); err == nil || !strings.Contains(out, "tampered") {
			t.Errorf("an anchor that is not there: %v, %s", err, out)
		}
		if out := do("", "audit", "list", "--json", "--limit", "1"); !strings.HasPrefix(out, `{"seq":1,`) {
			t.Errorf("as JSON: %s", out)
		}
	})
}

func TestUser_refusals(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	for _, c := range []struct {
		in, args, want string
	}{
		{"", "user add --role officer nonsense", "name@example.org"},
		{"", "user add a@example.org", "officer, planner or admin"},
		{"", "user add --role planner a@example.org", "council"},
		{"short\n", "user add --role officer --password-stdin a@example.org", "12 characters"},
		{"", "user add --role officer --password-stdin a@example.org", "standard input is empty"},
		{"", "user add --role officer first@example.org", ""},
		{"", "user add --role officer First@example.org", "already"},
		{"", "user disable b@example.org", "no account b@example.org"},
		{"", "token create --user first@example.org --name x --scope everything", "scope"},
		{"", "token create --user first@example.org", "what the token is for"},
		{"", "token create --user first@example.org --name x --days 1000", "366"},
		{"", "token revoke 5", "no token 5"},
		{"", "token revoke five", "token list"},
		{"", "audit list --limit 0", "--limit"},
	} {
		_, err := runWith(t, c.in, append(strings.Fields(c.args), "--data", dir)...)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.args, err, c.want)
		}
	}
}

// Nobody gets in without logging in, also on this machine, and whoever starts
// the server first makes the first administrator.
func TestServe_firstAdministrator(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	importJSON(t, "--data", dir, write(t, "three.csv", threeReports))
	url, lines := startBare(t, "serve", "--data", dir)
	for path, want := range map[string]int{"/api/v1/summary": 401, "/tiles/reports.json": 401, "/tiles/reports/0/0/0.mvt": 401, "/api/v1/session": 200, "/healthz": 200, "/": 200} {
		if got := status(t, http.DefaultClient, url+path); got != want {
			t.Errorf("%s without logging in: status %d, want %d", path, got, want)
		}
	}
	var link string
	for _, line := range lines {
		if _, l, ok := strings.Cut(line, "make the first administrator: "); ok {
			link = l
		}
	}
	if !strings.HasPrefix(link, url+"/welcome/") {
		t.Fatalf("no link in %q", lines)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{Jar: jar}
	form := neturl.Values{"email": {"admin@example.org"}, "password": {"three random words"}, "again": {"three random words"}}
	resp, err := c.PostForm(link, form)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.Request.URL.Path != "/admin" || resp.StatusCode != http.StatusOK {
		t.Errorf("ended at %s with status %d", resp.Request.URL, resp.StatusCode)
	}
	if got := status(t, c, url+"/admin/audit"); got != http.StatusOK {
		t.Errorf("the audit log: status %d", got)
	}
	if resp, err = c.PostForm(link, form); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("the link a second time: status %d", resp.StatusCode)
	}
}

func TestServe_otherAddressesNeedAccounts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mustRun(t, "migrate", "up", "--data", dir)
	if _, err := runWith(t, "", "serve", "--data", dir, "--listen", "0.0.0.0:0"); err == nil || !strings.Contains(err.Error(), "user add --data "+dir) {
		t.Errorf("without accounts: %v, want a refusal that says what to do", err)
	}
	if _, err := runWith(t, "three random words", "user", "add", "--data", dir, "--role", "admin", "--password-stdin", "a@example.org"); err != nil {
		t.Fatal(err)
	}
	url, _ := startBare(t, "serve", "--data", dir, "--listen", "0.0.0.0:0")
	_, port, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "]:")
	if got := status(t, http.DefaultClient, "http://127.0.0.1:"+port+"/api/v1/summary"); got != http.StatusUnauthorized {
		t.Errorf("without logging in: status %d", got)
	}
	for _, bad := range [][]string{{"--public-url", "hub"}, {"--trusted-proxy", "ten"}, {"--oidc-issuer", "https://x.example.org"},
		{"--oidc-issuer", "https://x.example.org", "--oidc-group", "x"}, {"--session-idle", "-1h"}, {"--oidc-issuer", "https://x.example.org", "--oidc-client-secret-file", "/nonexistent"}} {
		if _, err := runWith(t, "", append([]string{"serve", "--data", dir}, bad...)...); err == nil {
			t.Errorf("serve %v started", bad)
		}
	}
}
