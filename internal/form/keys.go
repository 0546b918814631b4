package form

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

const (
	keyPeriod = time.Hour   // a key is used for one period and accepted for two
	clockSkew = time.Minute // how far the clocks of servers side by side may differ
)

type key [sha256.Size]byte

// keyring hands out keys that change every hour. Alone it draws them at random
// and forgets them, so that nobody opens afterwards what they sealed. Servers
// side by side derive the same ones from secrets that all of them read; what was
// sealed then stays closed to whoever comes later once the operator has replaced
// those.
type keyring struct {
	label  string // keeps the keys of different uses apart
	shared func() ([][]byte, error)
	now    func() time.Time
	log    *slog.Logger

	mu      sync.Mutex // guards what follows
	period  int64
	drawn   []key    // at random: of this period and the one before
	secrets [][]byte // as last read
	failing bool
}

// keys returns those that count now, the one for use first.
func (k *keyring) keys() []key {
	k.mu.Lock()
	defer k.mu.Unlock()
	at := k.now()
	if k.shared == nil {
		return k.random(periodOf(at))
	}
	k.read()
	out := make([]key, 0, 3*len(k.secrets))
	for _, secret := range k.secrets {
		out = append(out, k.derive(secret, periodOf(at)), k.derive(secret, periodOf(at)-1))
		if next := periodOf(at.Add(clockSkew)); next != periodOf(at) {
			out = append(out, k.derive(secret, next)) // a server with a faster clock
		}
	}
	return out
}

func periodOf(at time.Time) int64 { return at.Unix() / int64(keyPeriod/time.Second) }

// random keeps two keys and throws older ones away, however long nobody asked.
// k.mu is held.
func (k *keyring) random(period int64) []key {
	fresh := func() (out key) {
		_, _ = rand.Read(out[:]) // never fails (crypto/rand)
		return out
	}
	switch {
	case k.drawn != nil && period == k.period:
	case k.drawn != nil && period == k.period+1:
		k.drawn = []key{fresh(), k.drawn[0]}
	default:
		k.drawn = []key{fresh(), fresh()}
	}
	k.period = period
	return k.drawn
}

// read takes up new secrets at once, so that servers agree. While they cannot be
// read, those before go on. k.mu is held.
func (k *keyring) read() {
	secrets, err := readSecrets(k.shared)
	if err != nil && !k.failing {
		k.log.Warn("the key that servers share cannot be read; the one before goes on", slog.Any("error", err))
	}
	if k.failing = err != nil; !k.failing {
		k.secrets = secrets
	}
}

func (k *keyring) derive(secret []byte, period int64) (out key) {
	raw, err := hkdf.Key(sha256.New, secret, nil, fmt.Sprintf("streetsafe %s %d", k.label, period), len(out))
	if err != nil {
		panic("form: 32 bytes are within what HKDF gives: " + err.Error())
	}
	copy(out[:], raw)
	return out
}

// readSecrets reads shared secrets and refuses what can be guessed.
func readSecrets(read func() ([][]byte, error)) ([][]byte, error) {
	secrets, err := read()
	if err != nil {
		return nil, err
	}
	for _, s := range secrets {
		if len(s) < minSecret {
			return nil, fmt.Errorf("a secret of %d bytes: expected %d random ones or more", len(s), minSecret)
		}
	}
	if len(secrets) == 0 {
		return nil, errors.New("no secret in it")
	}
	return secrets, nil
}
