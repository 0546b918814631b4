package form_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/streetsafe/streetsafe/internal/form"
)

func TestSealer(t *testing.T) {
	for name, shared := range map[string]func() ([][]byte, error){
		"own key": nil, "shared key": func() ([][]byte, error) { return [][]byte{bytes.Repeat([]byte{3}, 32)}, nil },
	} {
		t.Run(name, func(t *testing.T) {
			c := &clock{today}
			s := form.NewSealer(shared, c.now)
			token := s.Seal(1, []byte("answers"))
			if got, err := s.Open(1, token); err != nil || string(got) != "answers" {
				t.Fatalf("opened %q, %v", got, err)
			}
			if _, err := s.Open(2, token); err == nil {
				t.Error("a token of one kind passes for another")
			}
			if s.Seal(1, []byte("answers")) == token {
				t.Error("two tokens of the same answers are the same")
			}
			for i := range len(token) {
				bad := []byte(token)
				bad[i] ^= 4
				if _, err := s.Open(1, string(bad)); err == nil {
					t.Errorf("opened with letter %d changed", i)
				}
			}
			c.at = c.at.Add(form.TokenLife)
			if _, err := s.Open(1, token); err != nil {
				t.Error("closed before its time")
			}
			c.at = c.at.Add(time.Second)
			if _, err := s.Open(1, token); err == nil {
				t.Error("opened after its time")
			}
			// However long nobody asked, an old key is gone.
			c.at = today.Add(30 * time.Hour)
			s.Seal(1, nil)
			c.at = today
			if _, err := s.Open(1, token); err == nil && shared == nil {
				t.Error("a key that was thrown away opens a token")
			}
		})
	}
}

func TestProof(t *testing.T) {
	c := &clock{today}
	p := form.NewProof(6, nil, c.now)
	key, other := uuid.New(), uuid.New()
	text, bits := p.Challenge(key)
	if bits != 6 {
		t.Fatalf("%d bits", bits)
	}
	good := form.Solve(text, bits)
	for _, bad := range []string{text + ".", text, "", text + ".-1", text + ".1x", good[:len(good)-1] + "x"} {
		if p.Proves(bad, key) {
			t.Errorf("%q counts", bad)
		}
	}
	if !p.Proves(good, key) {
		t.Error("the work does not count")
	}
	if p.Proves(good, other) || p.Proves(form.SolveFrom(text, bits, 1<<20), other) {
		t.Error("the work for one report counts for another")
	}
	c.at = c.at.Add(10*time.Minute - time.Second)
	if !p.Proves(good, key) {
		t.Error("nine minutes later the work does not count")
	}
	c.at = c.at.Add(time.Second)
	if p.Proves(good, key) {
		t.Error("ten minutes later the work still counts")
	}
	if text, bits = p.Challenge(key); !p.Proves(form.Solve(text, bits), key) {
		t.Error("new work does not count")
	}
	if text, bits := form.NewProof(6, nil, c.now).Challenge(key); p.Proves(form.Solve(text, bits), key) {
		t.Error("a challenge of another process counts")
	}
	// Easier work under a signature for harder work: every field is signed.
	text, _ = p.Challenge(key)
	for i := range len(text) {
		bad := []byte(text)
		bad[i] ^= 1
		if s := string(bad); p.Proves(form.Solve(s, 6), key) {
			t.Errorf("a challenge with letter %d changed counts", i)
		}
	}
	if !form.NewProof(-1, nil, c.now).Proves("", key) {
		t.Error("without a proof of work set up, one is asked for")
	}
}

// Servers side by side read one secret. Their clocks differ by seconds, and the
// secret is replaced now and then.
func TestSharedKey(t *testing.T) {
	first, second := bytes.Repeat([]byte{3}, 32), bytes.Repeat([]byte{4}, 32)
	file := [][]byte{first}
	var failing error
	read := func() ([][]byte, error) { return file, failing }
	slow, fast := &clock{today}, &clock{today}
	a, b := form.NewSealer(read, slow.now), form.NewSealer(read, fast.now)
	passes := func(from, to *form.Sealer) bool {
		t.Helper()
		got, err := to.Open(1, from.Seal(1, []byte("x")))
		return err == nil && string(got) == "x"
	}
	if !passes(a, b) || !passes(b, a) {
		t.Error("a server with the same secret opens nothing")
	}
	p, q := form.NewProof(6, read, slow.now), form.NewProof(6, read, fast.now)
	key := uuid.New()
	if text, bits := p.Challenge(key); !q.Proves(form.Solve(text, bits), key) {
		t.Error("a challenge of one server does not count at the other")
	}
	if form.NewSealer(read, slow.now).Seal(1, nil) == a.Seal(1, nil) {
		t.Error("two tokens are the same")
	}

	slow.at = today.Truncate(time.Hour).Add(time.Hour - 20*time.Second)
	fast.at = slow.at.Add(40 * time.Second) // in the next hour
	if !passes(a, b) || !passes(b, a) {
		t.Error("the turn of the hour parts servers whose clocks differ by 40 seconds")
	}

	old := b.Seal(1, []byte("x"))
	file = [][]byte{second, first}
	if got, err := a.Open(1, old); err != nil || string(got) != "x" {
		t.Errorf("a new secret closes what is being written: %v", err)
	}
	if !passes(a, b) {
		t.Error("the servers do not take up the new secret at once")
	}
	file = [][]byte{second}
	if _, err := a.Open(1, old); err == nil {
		t.Error("what was sealed under a secret opens when that is gone")
	}

	failing = errDisk
	slow.at, fast.at = slow.at.Add(3*time.Hour), fast.at.Add(3*time.Hour)
	if !passes(a, b) {
		t.Error("while the secret cannot be read, the one before does not go on")
	}
}

// A report begun on one server is finished on another, with the proof of work
// that the first one asked for, and counts once.
func TestHandler_sharedKey(t *testing.T) {
	secret := func() ([][]byte, error) { return [][]byte{bytes.Repeat([]byte{5}, 32)}, nil }
	with := func(read func() ([][]byte, error)) *fixture {
		return newFixture(t, func(c *form.Config, _ *form.Parts) { c.SharedKey = read })
	}
	a, b := with(secret), with(secret)
	b.sink = a.sink // one store
	b.Handler = newFixture(t, func(c *form.Config, p *form.Parts) { c.SharedKey, p.Sink = secret, a.sink }).Handler
	visitor := a.open(t, "/report/where?lang=en")
	visitor.submit("lat", "51.3762", "lng", "-0.0982")
	visitor.submit("factor", "badly_lit")
	visitor.f = b
	visitor.submit("factor", "none")
	visitor.on("/report/when")
	visitor.submit("daypart", "night")
	check := *visitor
	visitor.f = a
	visitor.submit("proof", visitor.proof())
	visitor.on("/report/sent")
	if got := a.sink.only(t); got.Quarantine != "" || got.Weight != 1 {
		t.Errorf("kept %+v", got)
	}
	check.f = b // the second press of the button reaches the other server
	check.submit("proof", check.proof())
	check.on("/report/sent")
	a.sink.only(t)
	visitor.f = b
	visitor.visit(strings.Replace(visitor.at, "/sent", "/done", 1))
	visitor.on("/report/done")

	alone := with(nil)
	visitor = with(nil).open(t, "/report/where?lang=en")
	visitor.submit("lat", "51.3762", "lng", "-0.0982")
	visitor.f = alone
	visitor.visit(visitor.at)
	visitor.on("/report/gone")
}
