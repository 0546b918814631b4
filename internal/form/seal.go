package form

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"
)

// tokenLife is how long after the last answer a token opens: longer than anybody
// needs for four questions, short enough that a browser's history tells nobody
// anything an hour later.
const tokenLife = time.Hour

// Kinds of token. The kind is authenticated, so one never passes for another.
const (
	kindDraft byte = 1 // answers so far
	kindSent  byte = 2 // what the pages after sending need
)

var errToken = errors.New("the token is damaged, of another kind or too old")

// sealer encrypts and authenticates what travels in addresses.
type sealer struct{ keys *keyring }

func (s *sealer) now() time.Time { return s.keys.now() }

func aeadOf(key key) cipher.AEAD {
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
	aead := aeadOf(s.keys.keys()[0])
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
	for _, key := range s.keys.keys() {
		aead := aeadOf(key)
		n := aead.NonceSize()
		if len(raw) < n {
			return nil, errToken
		}
		stamped, err := aead.Open(nil, raw[:n], raw[n:], []byte{kind})
		if err != nil {
			continue
		}
		age := s.now().Sub(time.Unix(int64(binary.BigEndian.Uint64(stamped)), 0))
		if age < -clockSkew || age > tokenLife {
			return nil, errToken
		}
		return stamped[8:], nil
	}
	return nil, errToken
}
