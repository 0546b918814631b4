package access

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"
)

const (
	// freeTries is how often somebody may mistype before waiting begins.
	freeTries = 5

	firstWait = 2 * time.Second
	maxWait   = 15 * time.Minute

	// forgetAfter is when failures no longer count. The longest wait ends
	// before, so waiting one out does not start the count anew.
	forgetAfter = 30 * time.Minute

	// clientTries is how often one client may fail over all accounts: trying
	// one password on many accounts is held back too.
	clientTries = 30

	// maxKeys bounds the memory. Over it, those that fail no longer are
	// forgotten, then everything: an attacker with so many addresses is not held
	// back by counting them, and nobody else is locked out.
	maxKeys = 50_000
)

type backoffKey [sha256.Size]byte

// backoff makes those wait who fail to log in. It counts for each pair of
// account and client, so that failing on somebody's account from elsewhere does
// not keep that person out. Clients are known by keyed hashes that die with the
// process; nothing is written anywhere.
type backoff struct {
	key [32]byte
	now func() time.Time

	mu    sync.Mutex // guards tries
	tries map[backoffKey]*failures
}

type failures struct {
	n     int
	last  time.Time
	until time.Time // no try before then
}

func newBackoff(now func() time.Time) *backoff {
	b := &backoff{now: now, tries: map[backoffKey]*failures{}}
	_, _ = rand.Read(b.key[:]) // never fails (Go 1.24)
	return b
}

// keys are what a try counts for: the account from this client, and the client.
func (b *backoff) keys(account, client string) [2]backoffKey {
	return [2]backoffKey{b.sum("account", account, client), b.sum("client", client)}
}

func (b *backoff) sum(parts ...string) (k backoffKey) {
	mac := hmac.New(sha256.New, b.key[:])
	for _, p := range parts {
		_, _ = mac.Write([]byte{byte(len(p) >> 8), byte(len(p))})
		_, _ = mac.Write([]byte(p))
	}
	mac.Sum(k[:0])
	return k
}

// begin returns how long to wait before the next try; with 0 the try counts as
// failed from now on, until succeed says otherwise. Counting first keeps many
// tries at once from all being free.
func (b *backoff) begin(account, client string) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	keys := b.keys(account, client)
	var wait time.Duration
	for _, k := range keys {
		if f := b.tries[k]; f != nil && now.Sub(f.last) < forgetAfter {
			wait = max(wait, f.until.Sub(now))
		}
	}
	if wait > 0 {
		return wait
	}
	b.makeRoom(now)
	for i, k := range keys {
		free := freeTries
		if i == 1 {
			free = clientTries
		}
		b.fail(k, free, now)
	}
	return 0
}

func (b *backoff) fail(k backoffKey, free int, now time.Time) {
	f := b.tries[k]
	if f == nil || now.Sub(f.last) >= forgetAfter {
		f = &failures{}
		b.tries[k] = f
	}
	f.n++
	f.last = now
	if over := f.n - free; over >= 0 {
		f.until = now.Add(min(firstWait<<min(over, 16), maxWait))
	}
}

// succeed takes the try back: the account and client owe nothing.
func (b *backoff) succeed(account, client string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	keys := b.keys(account, client)
	delete(b.tries, keys[0])
	// One right password must not wash off the tries on other accounts.
	if f := b.tries[keys[1]]; f != nil {
		f.n--
		f.until = time.Time{}
	}
}

func (b *backoff) makeRoom(now time.Time) {
	if len(b.tries) < maxKeys {
		return
	}
	for k, f := range b.tries {
		if now.Sub(f.last) >= forgetAfter {
			delete(b.tries, k)
		}
	}
	if len(b.tries) >= maxKeys {
		clear(b.tries)
	}
}
