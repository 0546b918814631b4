package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"
)

// AuditEntry is one line of the audit log: who did what, to which cell, why and
// when. Each entry holds the hash of the one before, so that none can be
// changed, taken out or put in without breaking all that follow.
type AuditEntry struct {
	Seq      int64 // 1, 2, 3 ... without a gap
	At       time.Time
	Who      string // address of the account, or "system"
	What     string
	Cell     string // H3 index, "" when it is about no cell
	Why      string // the reason that was given
	Previous SecretHash
	Hash     SecretHash
}

// maxAuditText bounds each text of an entry, in bytes.
const maxAuditText = 2000

// ValidateAudit refuses an entry that tells too little or too much. The error
// is ErrInvalid.
func ValidateAudit(e AuditEntry) error {
	if e.Who == "" || e.What == "" || e.At.IsZero() {
		return fmt.Errorf("an audit entry says who, what and when: %w", ErrInvalid)
	}
	for _, text := range []string{e.Who, e.What, e.Cell, e.Why} {
		if len(text) > maxAuditText {
			return fmt.Errorf("an audit entry with a text of %d bytes, over %d: %w", len(text), maxAuditText, ErrInvalid)
		}
	}
	return nil
}

// Chain returns the entry as the one after last: numbered, to the second, and
// hashed.
func (e AuditEntry) Chain(last AuditEntry) AuditEntry {
	e.Seq, e.Previous = last.Seq+1, last.Hash
	e.At = e.At.UTC().Truncate(time.Second)
	e.Hash = e.sum()
	return e
}

// sum hashes the entry. Every field is preceded by its length, so that no two
// entries read alike.
func (e AuditEntry) sum() SecretHash {
	h := sha256.New()
	field := func(b []byte) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(b)))
		h.Write(n[:])
		h.Write(b)
	}
	field([]byte("streetsafe audit 1"))
	field(e.Previous[:])
	field([]byte(strconv.FormatInt(e.Seq, 10)))
	field([]byte(e.At.UTC().Format(time.RFC3339)))
	for _, text := range []string{e.Who, e.What, e.Cell, e.Why} {
		field([]byte(text))
	}
	var sum SecretHash
	h.Sum(sum[:0])
	return sum
}

// AuditCheck is what a walk along the chain found.
type AuditCheck struct {
	Entries int64
	Head    AuditEntry // the last sound entry
	Broken  int64      // the first entry that does not fit, 0 when all do
	Why     string     // what is wrong with it
}

// Anchor names the state of the log in one line: kept outside the store, it
// also proves later that the end of the log was not cut off.
func (c AuditCheck) Anchor() string {
	return fmt.Sprintf("%d:%s", c.Head.Seq, hex.EncodeToString(c.Head.Hash[:]))
}

// auditPage is how many entries are read at a time.
const auditPage = 1000

// VerifyAudit walks along the whole chain. anchor is one that was noted before,
// or "".
func VerifyAudit(ctx context.Context, a Access, anchor string) (AuditCheck, error) {
	var c AuditCheck
	met := anchor == ""
	for {
		page, err := a.Audit(ctx, c.Head.Seq, auditPage)
		if err != nil {
			return c, fmt.Errorf("verify the audit log: %w", err)
		}
		for _, e := range page {
			c.Entries++
			if c.Why = e.misfit(c.Head); c.Why != "" {
				c.Broken = e.Seq
				return c, nil
			}
			c.Head = e
			met = met || c.Anchor() == anchor
		}
		if len(page) < auditPage {
			break
		}
	}
	if !met {
		c.Broken, c.Why = c.Head.Seq+1, "the log does not hold the entry "+anchor+" that was noted before: its end was cut off or written anew"
	}
	return c, nil
}

func (e AuditEntry) misfit(last AuditEntry) string {
	switch {
	case e.Seq != last.Seq+1:
		return fmt.Sprintf("entry %d follows entry %d: those between are gone", e.Seq, last.Seq)
	case e.Previous != last.Hash:
		return fmt.Sprintf("entry %d does not continue entry %d", e.Seq, last.Seq)
	case e.Hash != e.sum():
		return fmt.Sprintf("entry %d was changed after it was written", e.Seq)
	}
	return ""
}
