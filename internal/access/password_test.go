package access_test

import (
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/access"
)

func TestCheckPassword(t *testing.T) {
	for password, good := range map[string]bool{
		goodPassword: true, "Füchse springen": true, "short": false, "aaaaaaaaaaaaaaaa": false, "password1234": false, "Password1234!": false,
		"name@example.org": false, "my name@example.org 1": false, "name12345678": false, strings.Repeat("long enough ", 100): false, "\xff\xfe not text at all": false,
		"correct horse battery": true,
	} {
		if err := access.CheckPassword(password, "name@example.org"); (err == nil) != good {
			t.Errorf("%.30q: %v, want good %v", password, err, good)
		}
	}
}

func TestHasher(t *testing.T) {
	h, err := access.NewHasher(cheap)
	if err != nil {
		t.Fatal(err)
	}
	a, err := h.Hash(ctx, goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	b, err := h.Hash(ctx, goodPassword)
	if err != nil || a == b || !strings.HasPrefix(a, "$argon2id$v=19$m=8,t=1,p=1$") {
		t.Errorf("two hashes of one password: %s and %s", a, b)
	}
	for _, c := range []struct {
		phc, password string
		ok            bool
	}{{a, goodPassword, true}, {b, goodPassword, true}, {a, goodPassword + " ", false}, {a, "", false}, {"", goodPassword, false}, {"", "", false}} {
		if ok, again, err := h.Verify(ctx, c.phc, c.password); ok != c.ok || again || err != nil {
			t.Errorf("%q with %q: %v, %v, %v", c.phc, c.password, ok, again, err)
		}
	}
	dearer, err := access.NewHasher(access.Params{Time: 2, Memory: 16, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	if ok, again, err := dearer.Verify(ctx, a, goodPassword); !ok || !again || err != nil {
		t.Errorf("a cheaper hash: %v, %v, %v; want it to fit and to be made anew", ok, again, err)
	}
}

// A hash of the reference implementation (phc-winner-argon2, src/test.c).
func TestHasher_reference(t *testing.T) {
	h, err := access.NewHasher(cheap)
	if err != nil {
		t.Fatal(err)
	}
	// RFC 9106, 4: the parameters that are the default.
	if access.DefaultParams != (access.Params{Time: 3, Memory: 64 * 1024, Threads: 4}) {
		t.Errorf("the default is %+v", access.DefaultParams)
	}
	const known = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if ok, _, err := h.Verify(ctx, known, "password"); !ok || err != nil {
		t.Errorf("the reference hash does not fit: %v, %v", ok, err)
	}
}

func FuzzParsePHC(f *testing.F) {
	for _, s := range []string{"", "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA", "$argon2i$v=19$m=8,t=1,p=1$AAAA$AAAA",
		"$argon2id$v=16$m=8,t=1,p=1$AAAA$AAAA", "$argon2id$v=19$m=4294967295,t=4294967295,p=255$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA", "$argon2id$v=19$m=8,t=0,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := access.ParsePHC(s)
		if err == nil && (p.Time < 1 || p.Time > 64 || p.Memory > 4<<20 || p.Threads < 1) {
			t.Errorf("%q gives %+v: checking it could fill the memory or never end", s, p)
		}
	})
}
