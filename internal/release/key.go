package release

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"runtime"
)

// Key fixes the noise of one block. It exists while the block is frozen and is
// never written anywhere.
type Key [32]byte

// TestKey returns key number n of a row of keys that everybody knows. They make
// noise that can be made again, for tests and for the attacker. Freeze refuses
// any key given to it unless it is told that this is a test.
func TestKey(n uint64) *Key {
	m := hmac.New(sha256.New, []byte("streetsafe test key, never for use"))
	_, _ = m.Write(binary.BigEndian.AppendUint64(nil, n))
	return (*Key)(m.Sum(nil))
}

// ErrTestKey is a freeze with a key from outside that is not a test.
var ErrTestKey = errors.New("release: a key that was given may be known to somebody: production blocks draw their own")

// randomKey draws a key from the operating system.
func randomKey() *Key {
	k := new(Key)
	_, _ = rand.Read(k[:]) // never fails: the program ends when there is no randomness
	return k
}

// destroy overwrites the key.
func (k *Key) destroy() {
	clear(k[:])
	runtime.KeepAlive(k)
}
