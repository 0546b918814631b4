package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Actions keeps what was done about places: every version of every action, for
// ever. Nothing is overwritten, and both engines refuse to change or delete a row.
// A store does not read what is in them.
type Actions interface {
	// AddActionVersion keeps a version of an action and writes to the audit log in
	// one transaction, so that there is no change without its entry. Number is one
	// more than that of the version before, 1 for a new action; ErrExists says that
	// somebody else was faster. Seq is given by the store and returned.
	AddActionVersion(ctx context.Context, v ActionVersion, e AuditEntry) (ActionVersion, error)

	// ActionVersions returns all versions after a Seq, in order.
	ActionVersions(ctx context.Context, after int64) ([]ActionVersion, error)

	// ActionRevision is the Seq of the last version, 0 for none.
	ActionRevision(ctx context.Context) (int64, error)
}

// ActionVersion is an action as somebody wrote it.
type ActionVersion struct {
	Seq    int64  // 1, 2, 3 ... over all actions, without a gap
	ID     string // of the action
	Number int    // 1, 2, 3 ... of the action
	At     time.Time
	Who    string // address of the account, or "system"
	Change string // what they did, in a word
	Body   []byte // JSON
}

// MaxActionBody is how large an action may be: twenty thousand cells.
const MaxActionBody = 1 << 20

// ValidateActionVersion refuses what no engine stores. The error is ErrInvalid.
func ValidateActionVersion(v ActionVersion) error {
	switch {
	case v.ID == "" || len(v.ID) > maxAccountText || v.Number < 1:
		return fmt.Errorf("an action needs an identifier and a version from 1 on: %w", ErrInvalid)
	case v.Who == "" || v.Change == "" || v.At.IsZero() || len(v.Who) > maxAuditText || len(v.Change) > maxAuditText:
		return fmt.Errorf("a version of an action says who did what and when: %w", ErrInvalid)
	case len(v.Body) > MaxActionBody || !json.Valid(v.Body):
		return fmt.Errorf("an action is JSON of up to %d bytes: %w", MaxActionBody, ErrInvalid)
	}
	return nil
}
