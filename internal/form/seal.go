package form

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"sync"
	"time"
)

const (
	// tokenLife is how long after the last answer a token opens: longer than
	// anybody needs for four questions, short enough that a browser's history
	// tells nobody anything an hour later.
	tokenLife = time.Hour

	sealPeriod = time.Hour // a key seals for one period and opens for two
)

// Kinds of token. The kind is authenticated, so one never passes for another.
const (
	kindDraft byte = 1 // answers so far
	kindSent  byte = 2 // what the pages after sending need
)

var errToken = errors.New("the token is damaged, of another kind or too old")

// sealer encrypts and authenticates what travels in addresses.
type sealer struct {
	now    func() time.Time
	shared []byte

	mu     sync.Mutex // guards what follows
	period int64
	keys   [2]cipher.AEAD // of this period and the one before
}

func newSealer(shared []byte, now func() time.Time) *sealer { return &sealer{now: now, shared: shared} }

// current returns the keys, renewed when their period is over: a key that is
// gone opens nothing, whoever has the machine later.
func (s *sealer) current() [2]cipher.AEAD {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch p := s.now().Unix() / int64(sealPeriod/time.Second); {
	case s.keys[0] != nil && p == s.period:
	case s.keys[0] != nil && p == s.period+1:
		s.keys[1], s.keys[0], s.period = s.keys[0], s.key(p), p
	default:
		s.keys[0], s.keys[1], s.period = s.key(p), s.key(p-1), p
	}
	return s.keys
}

func (s *sealer) key(period int64) cipher.AEAD {
	var key [32]byte
	if len(s.shared) > 0 {
		sum := sha256.New()
		sum.Write(s.shared)
		_ = binary.Write(sum, binary.BigEndian, period) // a hash does not fail
		sum.Sum(key[:0])
	} else {
		_, _ = rand.Read(key[:]) // never fails (crypto/rand)
	}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic("form: a key of 32 bytes is right for AES: " + err.Error())
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("form: AES has the block size of GCM: " + err.Error())
	}
	return aead
}

// seal returns a token for an address. Tokens of one kind are equally long,
// whatever was answered.
func (s *sealer) seal(kind byte, plain []byte) string {
	stamped := binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(plain)), uint64(s.now().Unix()))
	stamped = append(stamped, plain...)
	aead := s.current()[0]
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(stamped)+aead.Overhead())
	_, _ = rand.Read(nonce) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(aead.Seal(nonce, nonce, stamped, []byte{kind}))
}

// open returns what seal was given. Every failure is errToken.
func (s *sealer) open(kind byte, token string) ([]byte, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return nil, errToken
	}
	for _, aead := range s.current() {
		n := aead.NonceSize()
		if len(raw) < n {
			return nil, errToken
		}
		stamped, err := aead.Open(nil, raw[:n], raw[n:], []byte{kind})
		if err != nil {
			continue
		}
		age := s.now().Sub(time.Unix(int64(binary.BigEndian.Uint64(stamped)), 0))
		if age < -time.Minute || age > tokenLife {
			return nil, errToken
		}
		return stamped[8:], nil
	}
	return nil, errToken
}
