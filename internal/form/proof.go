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
	"time"

	"github.com/google/uuid"
)

// proofLife is how long a challenge can be answered.
const proofLife = 10 * time.Minute

// proofs hands out and checks the proof of work: find a counter so that
// SHA-256(challenge text, ".", counter in decimal) begins with so many zero
// bits. It makes a flood of false reports cost something and is equally hard
// for every address.
//
// It is our own since the two known weaknesses of this kind of scheme are in
// how fields are joined and in use without end. Here every field is
// length-prefixed under the HMAC, and the key of the report is one of them: an
// answer is good for the one report that it was made for, and a report that is
// sent twice counts once. That holds on servers side by side too, which do not
// tell each other what was spent.
type proofs struct {
	bits int // 0 or less for no proof
	now  func() time.Time
	keys *keyring
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

// challenge makes one for the report with a key.
func (p *proofs) challenge(key uuid.UUID) challenge {
	raw := make([]byte, nonceBytes, challengeBytes)
	_, _ = rand.Read(raw) // never fails (crypto/rand)
	raw = binary.BigEndian.AppendUint64(raw, uint64(p.now().Add(proofLife).Unix()))
	raw = append(raw, byte(max(p.bits, 0)))
	raw = append(raw, signature(p.keys.keys()[0], raw, key)...)
	return challenge{base64.RawURLEncoding.EncodeToString(raw), max(p.bits, 0)}
}

// signature is the HMAC over the fields of a challenge and the key of its
// report, each with its length before it.
func signature(by key, raw []byte, report uuid.UUID) []byte {
	m := hmac.New(sha256.New, by[:])
	for _, field := range [][]byte{[]byte("streetsafe proof 2"), raw[:nonceBytes], raw[nonceBytes : nonceBytes+8], raw[nonceBytes+8 : nonceBytes+9], report[:]} {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(field)))
		m.Write(n[:])
		m.Write(field)
	}
	return m.Sum(nil)
}

// proves reports whether answer, "challenge.counter", is the work for the report
// with this key.
func (p *proofs) proves(answer string, key uuid.UUID) bool {
	if p.bits <= 0 {
		return true
	}
	text, counter, ok := strings.Cut(answer, ".")
	if _, err := strconv.ParseUint(counter, 10, 63); !ok || err != nil {
		return false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != challengeBytes || !p.signed(raw, key) {
		return false
	}
	expires := time.Unix(int64(binary.BigEndian.Uint64(raw[nonceBytes:])), 0)
	return p.now().Before(expires) && zeroBits(sha256.Sum256([]byte(answer))) >= int(raw[nonceBytes+8])
}

func (p *proofs) signed(raw []byte, key uuid.UUID) bool {
	given, ok := raw[challengeBytes-sha256.Size:], false
	for _, by := range p.keys.keys() {
		ok = hmac.Equal(given, signature(by, raw, key)) || ok
	}
	return ok
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
