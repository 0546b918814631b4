package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/streetsafe/streetsafe/internal/store"
)

// OpenAccess makes an empty database and returns a function that opens it, each
// call standing for another process, and one that runs SQL behind the package's
// back and returns the error. What is made is gone when the test ends.
type OpenAccess func(t testing.TB) (open func() store.Access, exec func(query string) error)

// RunAccess runs the contract of store.Access.
func RunAccess(t *testing.T, create OpenAccess) {
	for _, c := range []struct {
		name string
		test func(*testing.T, OpenAccess)
	}{
		{"accounts", testAccounts}, {"sessions", testSessions}, {"links", testLinks},
		{"tokens", testTokens}, {"audit", testAudit}, {"audit tampered with", testAuditTampered},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, create) })
	}
}

var accessStart = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func secretHash(s string) store.SecretHash { return sha256.Sum256([]byte(s)) }

func newAccount(name string) store.Account {
	return store.Account{Email: name + "@example.org", Role: "officer", Area: "national", Password: "phc", CreatedAt: accessStart}
}

func wantErr(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: error %v, want %v", what, got, want)
	}
}

func wantEqual(t testing.TB, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

// revisionGrows fails when doing something leaves the revision as it was.
func revisionGrows(t testing.TB, s store.Access, what string, do func() error) {
	t.Helper()
	ctx := context.Background()
	before := must[int64](t)(s.AccessRevision(ctx))
	if err := do(); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if after := must[int64](t)(s.AccessRevision(ctx)); after <= before {
		t.Errorf("%s: the revision stays %d, other replicas will not hear of it", what, before)
	}
}

func testAccounts(t *testing.T, create OpenAccess) {
	ctx := context.Background()
	open, _ := create(t)
	s, other := open(), open()
	a := newAccount("b")
	a.Issuer, a.Subject = "https://id.example.org", "42"
	revisionGrows(t, s, "adding", func() (err error) { a.ID, err = s.AddAccount(ctx, a); return err })
	c := newAccount("a")
	c.ID = must[int64](t)(s.AddAccount(ctx, c))
	wantEqual(t, "by ID", must[store.Account](t)(other.Account(ctx, a.ID)), a)
	wantEqual(t, "by address", must[store.Account](t)(other.AccountByEmail(ctx, a.Email)), a)
	wantEqual(t, "by subject", must[store.Account](t)(other.AccountBySubject(ctx, a.Issuer, a.Subject)), a)
	wantEqual(t, "all", must[[]store.Account](t)(other.Accounts(ctx)), []store.Account{c, a})

	_, err := s.AddAccount(ctx, newAccount("a"))
	wantErr(t, "the same address", err, store.ErrExists)
	twin := newAccount("c")
	twin.Issuer, twin.Subject = a.Issuer, a.Subject
	_, err = s.AddAccount(ctx, twin)
	wantErr(t, "the same subject", err, store.ErrExists)
	for _, bad := range []store.Account{{}, {Email: "x", Role: "officer"}, {Email: strings.Repeat("x", 300), Role: "r", Area: "a"}, {Email: "x", Role: "r", Area: "a", Issuer: "i"}} {
		_, err = s.AddAccount(ctx, bad)
		wantErr(t, fmt.Sprintf("%+v", bad), err, store.ErrInvalid)
	}
	a.Role, a.Area, a.Disabled, a.Password = "planner", "E09000008", true, "other"
	revisionGrows(t, s, "changing", func() error { return s.UpdateAccount(ctx, a) })
	wantEqual(t, "changed", must[store.Account](t)(other.Account(ctx, a.ID)), a)
	_, err = s.Account(ctx, 999)
	wantErr(t, "an unknown ID", err, store.ErrNotFound)
	_, err = s.AccountByEmail(ctx, "nobody@example.org")
	wantErr(t, "an unknown address", err, store.ErrNotFound)
	_, err = s.AccountBySubject(ctx, "", "")
	wantErr(t, "no subject", err, store.ErrNotFound)
	a.ID = 999
	wantErr(t, "changing an unknown one", s.UpdateAccount(ctx, a), store.ErrNotFound)

	secret := must[string](t)(s.AccessSecret(ctx))
	if again := must[string](t)(other.AccessSecret(ctx)); again != secret || len(secret) != 64 {
		t.Errorf("secrets %q and %q, want one of 64 digits", secret, again)
	}
}

func testSessions(t *testing.T, create OpenAccess) {
	ctx := context.Background()
	open, _ := create(t)
	s, other := open(), open()
	a := newAccount("a")
	a.ID = must[int64](t)(s.AddAccount(ctx, a))
	var all []store.Session
	for i, name := range []string{"one", "two", "three"} {
		v := store.Session{Hash: secretHash(name), Account: a.ID, CreatedAt: accessStart.Add(-time.Duration(i) * time.Hour),
			SeenAt: accessStart, ExpiresAt: accessStart.Add(time.Duration(i) * time.Hour)}
		if err := s.AddSession(ctx, v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	wantEqual(t, "sessions", must[[]store.Session](t)(other.Sessions(ctx, a.ID)), all)
	all[1].SeenAt = accessStart.Add(time.Minute)
	if err := s.SeeSession(ctx, all[1].Hash, all[1].SeenAt); err != nil {
		t.Fatal(err)
	}
	got, owner, err := other.Session(ctx, all[1].Hash)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "session", got, all[1])
	wantEqual(t, "its account", owner, a)

	revisionGrows(t, s, "ending one", func() error { return s.EndSession(ctx, all[0].Hash) })
	_, _, err = other.Session(ctx, all[0].Hash)
	wantErr(t, "an ended one", err, store.ErrNotFound)
	revisionGrows(t, s, "ending the others", func() error { return s.EndSessions(ctx, a.ID, all[2].Hash) })
	wantEqual(t, "kept", must[[]store.Session](t)(other.Sessions(ctx, a.ID)), all[2:])
	if err := s.Sweep(ctx, all[2].ExpiresAt.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if left := must[[]store.Session](t)(other.Sessions(ctx, a.ID)); len(left) != 0 {
		t.Errorf("sweeping left %+v", left)
	}
}

func testLinks(t *testing.T, create OpenAccess) {
	ctx := context.Background()
	open, _ := create(t)
	s := open()
	old, l := store.Link{Hash: secretHash("old"), ExpiresAt: accessStart}, store.Link{Hash: secretHash("new"), ExpiresAt: accessStart}
	for _, v := range []store.Link{old, l} {
		if err := s.AddLink(ctx, v); err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.Link(ctx, old.Hash)
	wantErr(t, "a replaced link", err, store.ErrNotFound)
	wantEqual(t, "link", must[store.Link](t)(open().Link(ctx, l.Hash)), l)

	// Ten who use it at once: one gets it.
	var group sync.WaitGroup
	won := make(chan store.Link, 10)
	for range 10 {
		process := open()
		group.Go(func() {
			if v, err := process.UseLink(ctx, l.Hash); err == nil {
				won <- v
			} else if !errors.Is(err, store.ErrNotFound) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if len(won) != 1 || <-won != l {
		t.Errorf("%d used the link besides one", len(won))
	}
	if err := s.AddLink(ctx, l); err != nil {
		t.Fatal(err)
	}
	if err := s.Sweep(ctx, accessStart.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	_, err = s.Link(ctx, l.Hash)
	wantErr(t, "a swept link", err, store.ErrNotFound)
}

func testTokens(t *testing.T, create OpenAccess) {
	ctx := context.Background()
	open, _ := create(t)
	s := open()
	a, b := newAccount("a"), newAccount("b")
	a.ID, b.ID = must[int64](t)(s.AddAccount(ctx, a)), must[int64](t)(s.AddAccount(ctx, b))
	k := store.Token{Hash: secretHash("k"), Account: a.ID, Name: "QGIS", Scopes: "tiles figures", CreatedAt: accessStart, ExpiresAt: accessStart.Add(time.Hour)}
	k.ID = must[int64](t)(s.AddToken(ctx, k))
	l := store.Token{Hash: secretHash("l"), Account: b.ID, Name: "R", Scopes: "tiles", CreatedAt: accessStart, ExpiresAt: accessStart}
	l.ID = must[int64](t)(s.AddToken(ctx, l))
	_, err := s.AddToken(ctx, k)
	wantErr(t, "the same secret", err, store.ErrExists)
	if err := s.UseToken(ctx, k.ID, 20_000); err != nil {
		t.Fatal(err)
	}
	revisionGrows(t, s, "revoking", func() error { return s.RevokeToken(ctx, k.ID) })
	k.UsedOn, k.Revoked = 20_000, true
	got, owner, err := open().TokenByHash(ctx, k.Hash)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "token", got, k)
	wantEqual(t, "its account", owner, a)
	wantEqual(t, "of one account", must[[]store.Token](t)(s.Tokens(ctx, b.ID)), []store.Token{l})
	wantEqual(t, "of all", must[[]store.Token](t)(s.Tokens(ctx, 0)), []store.Token{k, l})
	_, _, err = s.TokenByHash(ctx, secretHash("none"))
	wantErr(t, "an unknown token", err, store.ErrNotFound)
	wantErr(t, "revoking an unknown one", s.RevokeToken(ctx, 999), store.ErrNotFound)
}

func auditOf(i int) store.AuditEntry {
	return store.AuditEntry{At: accessStart.Add(time.Duration(i)*time.Second + 300*time.Millisecond), Who: "a@example.org",
		What: "export", Cell: "89194ad32d3ffff", Why: fmt.Sprintf("reason %d", i)}
}

// Twenty entries from two processes at once make one chain.
func testAudit(t *testing.T, create OpenAccess) {
	ctx := context.Background()
	open, _ := create(t)
	stores := []store.Access{open(), open()}
	wantEqual(t, "head of an empty log", must[store.AuditEntry](t)(stores[0].AuditHead(ctx)), store.AuditEntry{})
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			if _, err := stores[i%2].AppendAudit(ctx, auditOf(i)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for _, bad := range []store.AuditEntry{{}, {Who: "x", What: "y"}, {Who: "x", What: strings.Repeat("y", 3000), At: accessStart}} {
		_, err := stores[0].AppendAudit(ctx, bad)
		wantErr(t, fmt.Sprintf("%.40v", bad), err, store.ErrInvalid)
	}
	all := must[[]store.AuditEntry](t)(stores[0].Audit(ctx, 0, 100))
	reasons := map[string]bool{}
	for i, e := range all {
		reasons[e.Why] = true
		if e.Seq != int64(i+1) || e.Cell == "" {
			t.Errorf("entry %d: %+v", i, e)
		}
	}
	if len(all) != 20 || len(reasons) != 20 {
		t.Fatalf("%d entries, %d reasons, want 20", len(all), len(reasons))
	}
	wantEqual(t, "a page", must[[]store.AuditEntry](t)(stores[1].Audit(ctx, 5, 3)), all[5:8])
	wantEqual(t, "head", must[store.AuditEntry](t)(stores[1].AuditHead(ctx)), all[19])

	c := must[store.AuditCheck](t)(store.VerifyAudit(ctx, stores[0], ""))
	if c.Entries != 20 || c.Broken != 0 || c.Head != all[19] {
		t.Errorf("a sound log: %+v", c)
	}
	if again := must[store.AuditCheck](t)(store.VerifyAudit(ctx, stores[0], c.Anchor())); again.Broken != 0 {
		t.Errorf("with its own anchor: %+v", again)
	}
	if cut := must[store.AuditCheck](t)(store.VerifyAudit(ctx, stores[0], "25:00")); cut.Broken == 0 {
		t.Error("an anchor beyond the end passed: a log whose end was cut off would too")
	}
}

// The engine refuses changes, and a change made with the triggers out of the
// way is found.
func testAuditTampered(t *testing.T, create OpenAccess) {
	ctx := context.Background()
	for _, query := range []string{
		`UPDATE audit_entries SET why = 'other' WHERE seq = 3`,
		`UPDATE audit_entries SET who = 'a@example.or', what = 'gexport' WHERE seq = 3`,
		`DELETE FROM audit_entries WHERE seq = 3`,
		`DELETE FROM audit_entries WHERE seq = 1`,
	} {
		open, exec := create(t)
		s := open()
		for i := range 5 {
			must[store.AuditEntry](t)(s.AppendAudit(ctx, auditOf(i)))
		}
		if err := exec(query); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: error %v, want a refusal", query, err)
		}
		for _, drop := range []string{`DROP TRIGGER audit_entries_kept`, `DROP TRIGGER audit_entries_stay`} {
			if exec(drop) != nil && exec(drop+` ON audit_entries`) != nil && strings.Contains(drop, "kept") {
				t.Fatal("the trigger cannot be dropped")
			}
		}
		if err := exec(query); err != nil {
			t.Fatal(err)
		}
		if c := must[store.AuditCheck](t)(store.VerifyAudit(ctx, s, "")); c.Broken == 0 || c.Why == "" {
			t.Errorf("%s was not found: %+v", query, c)
		}
	}
}
