package release

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Entry is one line of the ledger: a block that was frozen, what it spends on
// every report of its period, and the line before it.
type Entry struct {
	Layer   Layer  `json:"layer"`
	Block   string `json:"block"`
	From    string `json:"from"`    // first day of receipt
	To      string `json:"to"`      // day after the last one
	Epsilon string `json:"epsilon"` // spent on each report received in between, a fraction
	SHA256  string `json:"sha256"`  // of the block file
	Prev    string `json:"prev"`    // SHA-256 of the line before, empty in the first
}

// Ledger is the list of all blocks ever frozen. It outlives their files: a block
// that is in the ledger is never made again, even when its files are gone.
type Ledger struct {
	Entries []Entry
	last    string // hash of the last line
}

// Has reports whether a block was ever frozen.
func (l *Ledger) Has(layer Layer, block string) bool {
	for _, e := range l.Entries {
		if e.Layer == layer && e.Block == block {
			return true
		}
	}
	return false
}

// Spent computes anew what all blocks together spend on a report received on a
// day.
func (l *Ledger) Spent(d report.Day) (*big.Rat, error) {
	sum := new(big.Rat)
	for _, e := range l.Entries {
		from, err1 := report.ParseDay(e.From)
		to, err2 := report.ParseDay(e.To)
		eps, err3 := parseFraction(e.Epsilon)
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, fmt.Errorf("ledger: %s/%s: %w", e.Layer, e.Block, err)
		}
		if d >= from && d < to {
			sum.Add(sum, eps)
		}
	}
	return sum, nil
}

// checkBudget refuses entries that would spend more than total on any report.
func (l *Ledger) checkBudget(add []Entry, total string) error {
	limit, err := parseFraction(total)
	if err != nil {
		return err
	}
	all := Ledger{Entries: append(append([]Entry(nil), l.Entries...), add...)}
	for _, e := range all.Entries { // the sum is greatest where some period begins
		d, err := report.ParseDay(e.From)
		if err != nil {
			return fmt.Errorf("ledger: %w", err)
		}
		spent, err := all.Spent(d)
		if err != nil {
			return err
		}
		if spent.Cmp(limit) > 0 {
			return fmt.Errorf("ledger: reports received on %v would have spent %s of %s", d, spent.RatString(), total)
		}
	}
	return nil
}

// line returns the line for an entry and what the ledger's last hash becomes.
func (l *Ledger) line(e Entry) ([]byte, string, error) {
	e.Prev = l.last
	b, err := json.Marshal(e)
	if err != nil {
		return nil, "", fmt.Errorf("ledger: %w", err)
	}
	sum := sha256.Sum256(b)
	return append(b, '\n'), hex.EncodeToString(sum[:]), nil
}

// ParseLedger reads a ledger and checks that no line was changed, left out or
// moved.
func ParseLedger(b []byte) (*Ledger, error) {
	l := &Ledger{}
	for i, line := range bytes.Split(bytes.TrimSuffix(b, []byte("\n")), []byte("\n")) {
		if len(b) == 0 {
			break
		}
		var e Entry
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("ledger: line %d: %w", i+1, err)
		}
		if e.Prev != l.last {
			return nil, fmt.Errorf("ledger: line %d does not follow the line before it: lines were changed or removed", i+1)
		}
		if l.Has(e.Layer, e.Block) {
			return nil, fmt.Errorf("ledger: line %d: block %s/%s was frozen twice", i+1, e.Layer, e.Block)
		}
		sum := sha256.Sum256(line)
		l.Entries, l.last = append(l.Entries, e), hex.EncodeToString(sum[:])
	}
	return l, nil
}

func readLedger(file string) (*Ledger, error) {
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return &Ledger{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	return ParseLedger(b)
}
