package access

import (
	"context"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/store"
)

// Event is something for the audit log.
type Event struct {
	Who  string // address of the account; "" for the system
	What string
	Cell h3.Cell // 0 for none
	Why  string
}

// System is who acts when nobody does, such as the command line.
const System = "system"

// Record writes an event to the audit log. What must be audited is not answered
// when this fails. A demo without a log, see KeepLog, forgets it.
func (g *Gate) Record(ctx context.Context, e Event) error {
	if g.audit == nil {
		return nil
	}
	entry := store.AuditEntry{At: g.now(), Who: e.Who, What: e.What, Why: e.Why}
	if entry.Who == "" {
		entry.Who = System
	}
	if e.Cell != 0 {
		entry.Cell = e.Cell.String()
	}
	_, err := g.audit.AppendAudit(ctx, entry)
	return err
}

// auditLog is the part of a store that entries are added to.
type auditLog interface {
	AppendAudit(context.Context, store.AuditEntry) (store.AuditEntry, error)
}

// KeepLog gives a demo a log, so that what its pages say of the log is true there as
// well. A gate with accounts has its own.
func (g *Gate) KeepLog(kept store.Access) {
	if g.isDemo {
		g.audit = kept
	}
}

// RecentAudit lists the last entries, the newest first.
func (g *Gate) RecentAudit(ctx context.Context, limit int) ([]store.AuditEntry, error) {
	if g.store == nil {
		return nil, nil
	}
	head, err := g.store.AuditHead(ctx)
	if err != nil {
		return nil, err
	}
	all, err := g.store.Audit(ctx, max(0, head.Seq-int64(limit)), limit)
	if err != nil {
		return nil, err
	}
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all, nil
}

// VerifyAudit walks along the audit log.
func (g *Gate) VerifyAudit(ctx context.Context) (store.AuditCheck, error) {
	return store.VerifyAudit(ctx, g.store, "")
}
