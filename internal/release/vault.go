package release

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

const (
	ledgerFile   = "ledger.jsonl"
	universeFile = "universe.bin"
	commitFile   = "commit.json"
	lockFile     = ".lock"
	draftPrefix  = ".draft-"

	// pendingPrefix stands before a release whose files are complete and whose
	// half-year is not known yet to be this vault's.
	pendingPrefix = ".pending-"
)

// ErrFrozen is an attempt to make a block that was made before.
var ErrFrozen = errors.New("release: the block is frozen: it is never made again")

// Vault is the directory of the frozen blocks. It holds floor bits, which are
// exact, so it is as private as the store; the public gets what Publish writes.
// There is one vault for a body of reports, since two would draw the noise twice:
// the registry gives each half-year to one of them.
type Vault struct{ dir string }

// OpenVault opens the vault in a directory, making it when there is none. A
// freeze that was cut off after its files were complete is entered in the ledger.
func OpenVault(dir string) (*Vault, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open vault: %w", err)
	}
	v := &Vault{dir}
	return v, v.settle()
}

// Commit is what a freeze puts on record beside its blocks.
type Commit struct {
	Release   string        `json:"release"`
	FrozenOn  string        `json:"frozen_on"`
	Synthetic bool          `json:"synthetic"`
	Test      bool          `json:"test"` // made with a key that others know: never published
	Policy    Policy        `json:"policy"`
	Universe  string        `json:"universe"` // its hash
	Blocks    []BlockRecord `json:"blocks"`
	// Nonce keeps the commitment from being a test of guesses: the floor bits it
	// covers are exact, and somebody who knows all reports but one could try both
	// outcomes. It is as private as the blocks.
	Nonce      string `json:"nonce"`
	Commitment string `json:"commitment"` // SHA-256 over nonce, policy, universe, blocks and attachments; public

	Attachments []AttachmentRecord `json:"attachments,omitempty"`
}

// BlockRecord is one block of a commit.
type BlockRecord struct {
	Layer   Layer  `json:"layer"`
	Block   string `json:"block"`
	From    string `json:"from"`
	To      string `json:"to"`
	Epsilon string `json:"epsilon"`
	SHA256  string `json:"sha256"`
}

func (r BlockRecord) entry() Entry {
	return Entry{Layer: r.Layer, Block: r.Block, From: r.From, To: r.To, Epsilon: r.Epsilon, SHA256: r.SHA256}
}

// Frozen is a release as the vault keeps it.
type Frozen struct {
	Half   HalfYear
	Commit Commit
	Noisy
	Attachments []Attachment
}

// List returns the half-years that are frozen, oldest first.
func (v *Vault) List() ([]HalfYear, error) {
	entries, err := os.ReadDir(v.dir)
	if err != nil {
		return nil, fmt.Errorf("list releases: %w", err)
	}
	var out []HalfYear
	for _, e := range entries {
		if h, err := ParseHalfYear(e.Name()); err == nil && e.IsDir() {
			out = append(out, h)
		}
	}
	slices.SortFunc(out, func(a, b HalfYear) int { return strings.Compare(a.String(), b.String()) })
	return out, nil
}

// Ledger reads the ledger and checks its chain.
func (v *Vault) Ledger() (*Ledger, error) { return readLedger(filepath.Join(v.dir, ledgerFile)) }

// Universe returns the universe that the first freeze fixed; ok is false when
// there was none yet.
func (v *Vault) Universe() (u *Universe, ok bool, err error) {
	b, err := os.ReadFile(filepath.Join(v.dir, universeFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read universe: %w", err)
	}
	u, err = DecodeUniverse(b)
	return u, err == nil, err
}

// Load reads a frozen release and checks every hash: of its files, of its
// commitment, and in the ledger.
func (v *Vault) Load(h HalfYear, u *Universe) (Frozen, error) {
	f := Frozen{Half: h}
	wrap := func(err error) error { return fmt.Errorf("load release %v: %w", h, err) }
	c, err := v.commit(h)
	if err != nil {
		return f, wrap(err)
	}
	f.Commit = c
	ledger, err := v.Ledger()
	if err != nil {
		return f, wrap(err)
	}
	if err := c.Policy.Check(); err != nil {
		return f, wrap(err)
	}
	if hash := u.Hash(); hash != c.Universe {
		return f, wrap(fmt.Errorf("it was made for another universe (%.12s, not %.12s)", c.Universe, hash))
	}
	if want, err := commitment(c); err != nil || want != c.Commitment {
		return f, wrap(errors.New("the commitment does not fit the blocks: commit.json was changed"))
	}
	for _, r := range c.Blocks {
		if !slices.ContainsFunc(ledger.Entries, func(e Entry) bool { return e.Layer == r.Layer && e.Block == r.Block && e.SHA256 == r.SHA256 }) {
			return f, wrap(fmt.Errorf("block %s/%s is not in the ledger with this hash", r.Layer, r.Block))
		}
		b, err := os.ReadFile(filepath.Join(v.dir, h.String(), string(r.Layer)+".bin"))
		if err != nil {
			return f, wrap(err)
		}
		if hashOf(b) != r.SHA256 {
			return f, wrap(fmt.Errorf("block %s/%s was changed after it was frozen", r.Layer, r.Block))
		}
		block, err := DecodeBlock(b, u)
		if err != nil {
			return f, wrap(err)
		}
		if block.Layer != r.Layer || block.Name != r.Block {
			return f, wrap(fmt.Errorf("the file of %s/%s holds %s/%s", r.Layer, r.Block, block.Layer, block.Name))
		}
		f.put(block)
	}
	if f.L8 == nil || f.L6 == nil {
		return f, wrap(errors.New("a block is missing"))
	}
	if f.Attachments, err = v.loadAttachments(h, c); err != nil {
		return f, wrap(err)
	}
	return f, nil
}

func (n *Noisy) put(b *Block) {
	switch b.Layer {
	case L8:
		n.L8 = b
	case L6:
		n.L6 = b
	case LF:
		n.LF = b
	}
}

func (v *Vault) commit(h HalfYear) (Commit, error) {
	return readCommit(filepath.Join(v.dir, h.String()), h)
}

func readCommit(dir string, h HalfYear) (Commit, error) {
	var c Commit
	b, err := os.ReadFile(filepath.Join(dir, commitFile))
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return c, fmt.Errorf("%s: %w", commitFile, err)
	}
	if c.Release != h.String() {
		return c, fmt.Errorf("%s is of release %s", commitFile, c.Release)
	}
	return c, nil
}

// lock keeps other processes from writing in this vault. The system lets go of it
// when a process ends, however it ends.
func (v *Vault) lock() (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(v.dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock vault: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(fmt.Errorf("lock vault: %w", err), f.Close())
	}
	return func() { _ = f.Close() }, nil // closing lets go, and nothing was written
}

func (v *Vault) fixUniverse(u *Universe) error {
	fixed, ok, err := v.Universe()
	if err != nil {
		return err
	}
	if !ok {
		return writeSynced(filepath.Join(v.dir, universeFile), u.Encode())
	}
	if fixed.Hash() != u.Hash() {
		return errors.New("release: the vault has blocks of another universe: leave the boundaries as they were at the first release, or begin a new vault with a new body of reports")
	}
	return nil
}

// settle enters releases in the ledger whose files are complete: the one that
// was just stored, and any whose freeze was cut off there.
func (v *Vault) settle() error {
	unlock, err := v.lock()
	if err != nil {
		return err
	}
	defer unlock()
	halves, err := v.List()
	if err != nil {
		return err
	}
	ledger, err := v.Ledger()
	if err != nil {
		return err
	}
	var lines []byte
	for _, h := range halves {
		c, err := v.commit(h)
		if err != nil {
			return fmt.Errorf("release %v: %w", h, err)
		}
		for _, r := range c.Blocks {
			if ledger.Has(r.Layer, r.Block) {
				continue
			}
			line, hash, err := ledger.line(r.entry())
			if err != nil {
				return err
			}
			e := r.entry()
			e.Prev = ledger.last
			ledger.Entries, ledger.last = append(ledger.Entries, e), hash
			lines = append(lines, line...)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(v.dir, ledgerFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	_, err = f.Write(lines)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return syncDir(v.dir)
}
