package release

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/streetsafe/streetsafe/internal/report"
)

// ErrTooEarly is a half-year that has not been closed for long enough.
var ErrTooEarly = errors.New("release: too early")

// ErrLost is a half-year that was frozen in a vault that is not this one, on this
// host or on another that has the same store.
var ErrLost = errors.New("release: the store remembers that it was frozen, but this vault does not have it: build on the host that has it, or bring the vault's files back from a backup; there can be no second draw")

// Registry remembers outside the vault which half-years are frozen, so that a
// vault that was lost is not filled a second time, and of two hosts with vaults
// of their own one alone draws the noise of a half-year. The store's settings
// serve.
type Registry interface {
	// Frozen returns the commitment of a release, and whether there is one.
	Frozen(ctx context.Context, release string) (commitment string, ok bool, err error)
	// Claim enters the commitment of a release unless there is one, in one step
	// even when two hosts ask at once, and returns the one that is there.
	Claim(ctx context.Context, release, commitment string) (kept string, err error)
}

// Freezer makes blocks. All fields but Registry, Attach, Key and Testing are needed.
type Freezer struct {
	Vault     *Vault
	Universe  *Universe
	Policy    Policy
	Source    Source
	Today     report.Day
	Synthetic bool // the reports are made up, which everything published will say
	Registry  Registry

	// Attach gives the files that a release takes along as they are on the day of
	// the freeze; nil for none.
	Attach func(context.Context) ([]Attachment, error)

	// Key makes a release that can be made again. It is for tests: a key that
	// anybody chose is one that somebody may know. It needs Testing.
	Key     *Key
	Testing bool
}

// Check says why a half-year cannot be frozen now, or nil.
func (f *Freezer) Check(ctx context.Context, h HalfYear) error {
	if err := f.Policy.Check(); err != nil {
		return err
	}
	if f.Key != nil && !f.Testing {
		return ErrTestKey
	}
	if !h.Valid() {
		return fmt.Errorf("release: %v is no half-year of reports", h)
	}
	if ready := h.ReadyOn(f.Policy); f.Today < ready {
		return fmt.Errorf("%w: %v can be made from %v on, %d days after it closed", ErrTooEarly, h, ready, f.Policy.WaitDays)
	}
	return f.checkUnfrozen(ctx, h)
}

func (f *Freezer) checkUnfrozen(ctx context.Context, h HalfYear) error {
	ledger, err := f.Vault.Ledger()
	if err != nil {
		return err
	}
	for _, e := range f.entries(h) {
		if ledger.Has(e.Layer, e.Block) {
			return fmt.Errorf("%s/%s: %w", e.Layer, e.Block, ErrFrozen)
		}
	}
	if f.Registry != nil {
		_, ok, err := f.Registry.Frozen(ctx, h.String())
		if err != nil {
			return err
		}
		if ok {
			return fmt.Errorf("%v: %w", h, ErrLost)
		}
	}
	return ledger.checkBudget(f.entries(h), f.Policy.TotalEpsilon)
}

// entries lists the blocks that a freeze of h makes, without hashes.
func (f *Freezer) entries(h HalfYear) []Entry {
	e := func(l Layer, block string, from, to report.Day) Entry {
		return Entry{Layer: l, Block: block, From: from.String(), To: to.String(), Epsilon: f.Policy.Epsilon[l]}
	}
	out := []Entry{e(L8, h.String(), h.From(), h.To()), e(L6, h.String(), h.From(), h.To())}
	if h.EndsYear() {
		out = append(out, e(LF, strconv.Itoa(h.Year), h.Previous().From(), h.To()))
	}
	return out
}

// Freeze makes the blocks of half-years from one reading of the source. It
// refuses all of them when it would refuse any. A freeze that is cut off leaves
// nothing, or a whole release.
func (f *Freezer) Freeze(ctx context.Context, halves ...HalfYear) error {
	for _, h := range halves {
		if err := f.Check(ctx, h); err != nil {
			return err
		}
	}
	truths, err := f.count(ctx, halves)
	if err != nil {
		return err
	}
	attached, err := f.attachments(ctx)
	if err != nil {
		return err
	}
	for _, h := range halves {
		if err := f.freeze(ctx, h, truths, attached); err != nil {
			return err
		}
	}
	return nil
}

// count reads the source once for all half-years and for the first halves of
// the years that they end.
func (f *Freezer) count(ctx context.Context, halves []HalfYear) (map[HalfYear]*Truth, error) {
	tallies := map[HalfYear]*Tally{}
	var from, to report.Day
	for _, h := range halves {
		need := []HalfYear{h}
		if h.EndsYear() {
			need = append(need, h.Previous())
		}
		for _, n := range need {
			if len(tallies) == 0 {
				from, to = n.From(), n.To()
			}
			from, to = min(from, n.From()), max(to, n.To())
			tallies[n] = NewTally(f.Universe, f.Policy, n)
		}
	}
	err := f.Source.Items(ctx, from, to, func(it Item) error {
		if t := tallies[HalfYearOf(it.Received)]; t != nil {
			t.Add(it)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("freeze: read reports: %w", err)
	}
	truths := map[HalfYear]*Truth{}
	for h, t := range tallies {
		truths[h] = t.Truth()
	}
	return truths, nil
}

func (f *Freezer) freeze(ctx context.Context, h HalfYear, truths map[HalfYear]*Truth, attached []Attachment) error {
	key := f.Key
	if key == nil {
		key = randomKey()
		defer key.destroy()
	}
	u, p := f.Universe, f.Policy
	blocks := []*Block{NoisyL8(u, p, key, h, truths[h]), NoisyL6(u, p, key, h, truths[h])}
	if h.EndsYear() {
		blocks = append(blocks, NoisyLF(u, p, key, strconv.Itoa(h.Year), truths[h], truths[h.Previous()]))
	}
	c := Commit{Release: h.String(), FrozenOn: f.Today.String(), Synthetic: f.Synthetic, Test: f.Key != nil, Policy: p, Universe: u.Hash(), Nonce: nonce(key, h), Attachments: recordsOf(attached)}
	for i, e := range f.entries(h) {
		e.SHA256 = hashOf(blocks[i].Encode())
		c.Blocks = append(c.Blocks, BlockRecord{e.Layer, e.Block, e.From, e.To, e.Epsilon, e.SHA256})
	}
	var err error
	if c.Commitment, err = commitment(c); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return f.Vault.store(ctx, h, u, frozenFiles{c, blocks, attached}, f.claim)
}

// claim asks the registry. Without one the vault decides alone.
func (f *Freezer) claim(ctx context.Context, release, commitment string) (kept string, err error) {
	if f.Registry == nil {
		return commitment, nil
	}
	return f.Registry.Claim(ctx, release, commitment)
}

func nonce(key *Key, h HalfYear) string {
	m := hmac.New(sha256.New, key[:])
	_, _ = m.Write(appendField(appendField(nil, []byte("nonce")), []byte(h.String())))
	return hex.EncodeToString(m.Sum(nil))
}

func commitment(c Commit) (string, error) {
	policy, err := json.Marshal(c.Policy)
	if err != nil {
		return "", fmt.Errorf("commitment: %w", err)
	}
	var b []byte
	for _, field := range []string{c.Nonce, c.Release, c.FrozenOn, c.Universe, string(policy)} {
		b = appendField(b, []byte(field))
	}
	for _, r := range c.Blocks {
		b = appendField(appendField(appendField(b, []byte(r.Layer)), []byte(r.Block)), []byte(r.SHA256))
	}
	for _, a := range c.Attachments {
		b = appendField(appendField(b, []byte(a.Name)), []byte(a.SHA256))
	}
	return hashOf(b), nil
}
