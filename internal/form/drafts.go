package form

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/google/uuid"
)

// maxDrafts bounds the memory of drafts: some 250 bytes each. Above it the
// Back button forgets later answers, and nothing else happens.
const maxDrafts = 50_000

// fate is what became of a draft.
type fate uint8

const (
	alive   fate = iota
	wasSent      // the report is kept
	wasLeft      // its reporter left by the exit button
)

// drafts remembers, in memory and for as long as tokens open, the newest
// answers under each submission key, so that the Back button of a browser
// without scripts shows them; and which drafts are over, so that a history
// entry opens nothing. Tokens alone are enough to go on: what is forgotten
// here, by a restart or another replica, costs only that comfort.
type drafts struct {
	now func() time.Time

	mu    sync.Mutex // guards byKey and swept
	byKey map[[16]byte]draft
	swept time.Time
}

type draft struct {
	latest answers
	fate   fate
	until  time.Time
}

func newDrafts(now func() time.Time) *drafts {
	return &drafts{now: now, byKey: map[[16]byte]draft{}}
}

// name hides the key of a report from whoever reads memory.
func (d *drafts) name(kind byte, key uuid.UUID) (out [16]byte) {
	sum := sha256.Sum256(append([]byte{kind}, key[:]...))
	copy(out[:], sum[:])
	return out
}

// newest returns the newest answers of the draft that a belongs to: those that
// are remembered when the browser went back, or a itself when another server
// has seen more of it.
func (d *drafts) newest(a answers) (answers, fate) {
	known, ok := d.get(kindDraft, a.key)
	switch {
	case !ok:
		return a, alive
	case known.fate != alive:
		return answers{}, known.fate
	case known.latest.turn < a.turn:
		return a, alive
	}
	return known.latest, alive
}

func (d *drafts) keep(a answers) { d.put(kindDraft, a.key, draft{latest: a}) }

// end makes tokens of a kind with this key open nothing any more. Answers are
// dropped; only that they are over is remembered. What was sent stays sent.
func (d *drafts) end(kind byte, key uuid.UUID, f fate) {
	if known, _ := d.get(kind, key); known.fate != wasSent {
		d.put(kind, key, draft{fate: f})
	}
}

// over reports whether end was called.
func (d *drafts) over(kind byte, key uuid.UUID) bool {
	known, ok := d.get(kind, key)
	return ok && known.fate != alive
}

func (d *drafts) get(kind byte, key uuid.UUID) (draft, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	known, ok := d.byKey[d.name(kind, key)]
	if !ok || known.until.Before(d.now()) {
		return draft{}, false
	}
	return known, true
}

func (d *drafts) put(kind byte, key uuid.UUID, x draft) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now()
	// Tokens that open now are at most tokenLife old, and so is all that
	// matters here.
	x.until = now.Add(tokenLife + time.Minute)
	if now.Sub(d.swept) > time.Minute || len(d.byKey) >= maxDrafts {
		d.swept = now
		for k, v := range d.byKey {
			if v.until.Before(now) {
				delete(d.byKey, k)
			}
		}
	}
	name := d.name(kind, key)
	if _, known := d.byKey[name]; !known && len(d.byKey) >= maxDrafts && x.fate == alive {
		return
	}
	d.byKey[name] = x
}
