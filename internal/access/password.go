package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// Params are the cost of a password hash.
type Params struct {
	Time    uint32 // passes
	Memory  uint32 // KiB
	Threads uint8
}

// DefaultParams is the second recommended option of RFC 9106, 4: 64 MiB and
// three passes. The first one, 2 GiB, would let a few log-ins at once fill the
// memory of the machine that serves the map.
var DefaultParams = Params{Time: 3, Memory: 64 << 10, Threads: 4}

const (
	saltBytes = 16
	keyBytes  = 32

	// hashesAtOnce bounds the memory of log-ins: twice 64 MiB.
	hashesAtOnce = 2

	minPassword = 12
	maxPassword = 1024 // bytes; Argon2 reads them all, so somebody could make it read much

	// maxHashMemory and maxHashTime bound what a stored hash may make us spend.
	maxHashMemory = 4 << 20 // KiB
	maxHashTime   = 64
)

// CheckPassword refuses passwords that are too easy to guess. It follows NIST SP
// 800-63B, 3.1.1: length counts, composition does not.
func CheckPassword(password, email string) error {
	switch {
	case utf8.RuneCountInString(password) < minPassword:
		return invalid("the password needs at least %d characters; three random words are a good one", minPassword)
	case len(password) > maxPassword:
		return invalid("the password may have at most %d bytes", maxPassword)
	case !utf8.ValidString(password):
		return invalid("the password holds bytes that are no text")
	}
	lower := strings.ToLower(password)
	name, _, _ := strings.Cut(email, "@")
	if email != "" && strings.Contains(lower, strings.ToLower(email)) || len(name) >= 4 && strings.Trim(lower, "0123456789!.-_?") == strings.ToLower(name) {
		return invalid("the password is the address: choose another")
	}
	if poor(lower) {
		return invalid("the password is one of those that are tried first: choose another")
	}
	return nil
}

// poor knows passwords of twelve characters and more that lead the lists of
// stolen ones, and everything of few different characters.
func poor(lower string) bool {
	different := map[rune]bool{}
	for _, c := range lower {
		different[c] = true
	}
	if len(different) < 5 {
		return true
	}
	bare := strings.Trim(lower, "!.?*#")
	for _, known := range []string{"123456789012", "1234567890123", "password1234", "password12345", "passwordpassword",
		"qwertyuiop12", "qwertyuiop123", "1q2w3e4r5t6y", "administrator", "letmeinletmein", "iloveyou1234", "streetsafe12", "streetsafe123", "streetsafestreetsafe"} {
		if bare == known {
			return true
		}
	}
	return false
}

// hasher makes and checks password hashes, a few at a time.
type hasher struct {
	params Params
	slots  chan struct{}
	// decoy makes a hash that no password has, for accounts that do not exist,
	// when it is first needed: many programs that open a gate check no password.
	decoy func() (string, error)
}

func newHasher(p Params) *hasher {
	h := &hasher{params: p, slots: make(chan struct{}, hashesAtOnce)}
	h.decoy = sync.OnceValues(func() (string, error) { return h.hash(context.Background(), rand.Text()) })
	return h
}

func (h *hasher) enter(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// hash returns the PHC string of a password.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer func() { <-h.slots }()
	salt := make([]byte, saltBytes)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("make a salt: %w", err)
	}
	p := h.params
	key := argon2.IDKey([]byte(password), salt, p.Time, p.Memory, p.Threads, keyBytes)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.Memory, p.Time, p.Threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key)), nil
}

// verify compares a password with a PHC string. An empty string is checked
// against the decoy, so that it takes as long and never fits. again says that
// the hash was made at another cost and should be made anew.
func (h *hasher) verify(ctx context.Context, phc, password string) (ok, again bool, err error) {
	decoy := phc == ""
	if decoy {
		if phc, err = h.decoy(); err != nil {
			return false, false, err
		}
	}
	if len(password) > maxPassword {
		return false, false, nil
	}
	k, err := parsePHC(phc)
	if err != nil {
		return false, false, err
	}
	if err := h.enter(ctx); err != nil {
		return false, false, err
	}
	defer func() { <-h.slots }()
	key := argon2.IDKey([]byte(password), k.salt, k.params.Time, k.params.Memory, k.params.Threads, uint32(len(k.key)))
	ok = subtle.ConstantTimeCompare(key, k.key) == 1 && !decoy
	return ok, ok && k.params != h.params, nil
}

type phcHash struct {
	params    Params
	salt, key []byte
}

// parsePHC reads $argon2id$v=19$m=65536,t=3,p=4$salt$key, the string format of
// the Password Hashing Competition.
func parsePHC(s string) (k phcHash, err error) {
	part := strings.Split(s, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return k, errors.New("not an Argon2id hash of version 19")
	}
	var rest string
	if n, _ := fmt.Sscanf(part[3]+" .", "m=%d,t=%d,p=%d %s", &k.params.Memory, &k.params.Time, &k.params.Threads, &rest); n != 4 || rest != "." {
		return k, fmt.Errorf("parameters %q cannot be read", part[3])
	}
	p := k.params
	if p.Time < 1 || p.Time > maxHashTime || p.Threads < 1 || p.Memory < 8*uint32(p.Threads) || p.Memory > maxHashMemory {
		return k, fmt.Errorf("parameters %q are out of range", part[3])
	}
	var err1, err2 error
	k.salt, err1 = base64.RawStdEncoding.Strict().DecodeString(part[4])
	k.key, err2 = base64.RawStdEncoding.Strict().DecodeString(part[5])
	if err1 != nil || err2 != nil || len(k.salt) < 8 || len(k.key) < 16 || len(k.key) > 64 {
		return k, errors.New("salt or key cannot be read")
	}
	return k, nil
}
