package form

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math/bits"
	"strconv"
	"strings"
	"sync"
	"time"
)

// proofLife is how long a challenge can be answered.
const proofLife = 10 * time.Minute

// proofs hands out and checks the proof of work: find a counter so that
// SHA-256(challenge text, ".", counter in decimal) begins with so many zero
// bits. It makes a flood of false reports cost something and is equally hard
// for every address.
//
// It is our own since the two known weaknesses of this kind of scheme are in
// how fields are joined and in use without end: here every field is
// length-prefixed under the HMAC, an answer counts once, and the key lives in
// memory only.
type proofs struct {
	bits int // 0 or less for no proof
	now  func() time.Time
	key  [32]byte

	mu    sync.Mutex // guards spent and swept
	spent map[[16]byte]time.Time
	swept time.Time
}

func newProofs(bits int, now func() time.Time) *proofs {
	p := &proofs{bits: bits, now: now, spent: map[[16]byte]time.Time{}}
	_, _ = rand.Read(p.key[:]) // never fails (crypto/rand)
	return p
}

const (
	nonceBytes     = 16
	challengeBytes = nonceBytes + 8 + 1 + sha256.Size // nonce, expiry, bits, HMAC
)

// challenge is what a browser has to work on.
type challenge struct {
	Text string `json:"challenge"` // base64url, opaque
	Bits int    `json:"bits"`
}

func (p *proofs) challenge() challenge {
	raw := make([]byte, nonceBytes, challengeBytes)
	_, _ = rand.Read(raw) // never fails (crypto/rand)
	raw = binary.BigEndian.AppendUint64(raw, uint64(p.now().Add(proofLife).Unix()))
	raw = append(raw, byte(max(p.bits, 0)))
	raw = append(raw, p.mac(raw)...)
	return challenge{base64.RawURLEncoding.EncodeToString(raw), max(p.bits, 0)}
}

// mac signs the fields of a challenge, each with its length before it.
func (p *proofs) mac(raw []byte) []byte {
	m := hmac.New(sha256.New, p.key[:])
	for _, field := range [][]byte{[]byte("streetsafe proof 1"), raw[:nonceBytes], raw[nonceBytes : nonceBytes+8], raw[nonceBytes+8 : nonceBytes+9]} {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(field)))
		m.Write(n[:])
		m.Write(field)
	}
	return m.Sum(nil)
}

// redeem checks an answer "challenge.counter" and spends it.
func (p *proofs) redeem(answer string) bool {
	if p.bits <= 0 {
		return true
	}
	text, counter, ok := strings.Cut(answer, ".")
	if _, err := strconv.ParseUint(counter, 10, 63); !ok || err != nil {
		return false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != challengeBytes || !hmac.Equal(raw[challengeBytes-sha256.Size:], p.mac(raw)) {
		return false
	}
	now := p.now()
	expires := time.Unix(int64(binary.BigEndian.Uint64(raw[nonceBytes:])), 0)
	if !now.Before(expires) || zeroBits(sha256.Sum256([]byte(answer))) < int(raw[nonceBytes+8]) {
		return false
	}
	return p.spend([nonceBytes]byte(raw), expires, now)
}

// spend reports whether the nonce was unused, and uses it.
func (p *proofs) spend(nonce [nonceBytes]byte, expires, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Sub(p.swept) > time.Minute {
		p.swept = now
		for n, end := range p.spent {
			if !now.Before(end) {
				delete(p.spent, n)
			}
		}
	}
	if _, used := p.spent[nonce]; used {
		return false
	}
	p.spent[nonce] = expires
	return true
}

func zeroBits(sum [sha256.Size]byte) int {
	n := 0
	for _, b := range sum {
		if b != 0 {
			return n + bits.LeadingZeros8(b)
		}
		n += 8
	}
	return n
}
