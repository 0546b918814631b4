package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/streetsafe/streetsafe/internal/report"
)

// ErrExists says that an address, a subject or a name is taken.
var ErrExists = errors.New("exists already")

// Access keeps who may use the hub and what they did. Both engines implement it
// beside Store. Secrets are kept only as hashes; times are whole seconds in
// UTC. All methods may be called at the same time, by several processes too.
type Access interface {
	// AddAccount adds an account and returns its ID. Password, Issuer and
	// Subject may be empty. ErrExists when the address or the subject is taken.
	AddAccount(ctx context.Context, a Account) (int64, error)

	// Account and the two after it find an account, or ErrNotFound. Addresses
	// are compared as AccountEmail writes them.
	Account(ctx context.Context, id int64) (Account, error)
	AccountByEmail(ctx context.Context, email string) (Account, error)
	AccountBySubject(ctx context.Context, issuer, subject string) (Account, error)

	// Accounts lists all accounts by address.
	Accounts(ctx context.Context) ([]Account, error)

	// UpdateAccount replaces everything but ID and CreatedAt. ErrNotFound.
	UpdateAccount(ctx context.Context, a Account) error

	// AddSession keeps a session.
	AddSession(ctx context.Context, s Session) error

	// Session finds a session and its account, or ErrNotFound. Whether they are
	// still good is the caller's to judge.
	Session(ctx context.Context, hash SecretHash) (Session, Account, error)

	// SeeSession remembers when a session was last used.
	SeeSession(ctx context.Context, hash SecretHash, at time.Time) error

	// Sessions lists the sessions of an account, the newest first.
	Sessions(ctx context.Context, account int64) ([]Session, error)

	// EndSession ends one session. Ending one that is not there is no error.
	EndSession(ctx context.Context, hash SecretHash) error

	// EndSessions ends all sessions of an account but the one to keep, which
	// may be the zero hash.
	EndSessions(ctx context.Context, account int64, keep SecretHash) error

	// AddLink keeps a one-time link in place of all others of its account.
	AddLink(ctx context.Context, l Link) error

	// Link finds a link, or ErrNotFound. The caller looks at ExpiresAt.
	Link(ctx context.Context, hash SecretHash) (Link, error)

	// UseLink takes a link away. Of several callers one gets it, the others
	// ErrNotFound.
	UseLink(ctx context.Context, hash SecretHash) (Link, error)

	// AddToken keeps an API token and returns its ID.
	AddToken(ctx context.Context, t Token) (int64, error)

	// TokenByHash finds a token and its account, or ErrNotFound.
	TokenByHash(ctx context.Context, hash SecretHash) (Token, Account, error)

	// Tokens lists the tokens of an account, of all for account 0, by ID.
	Tokens(ctx context.Context, account int64) ([]Token, error)

	// UseToken remembers the day on which a token was last used.
	UseToken(ctx context.Context, id int64, on report.Day) error

	// RevokeToken makes a token useless for ever, or ErrNotFound.
	RevokeToken(ctx context.Context, id int64) error

	// AccessRevision grows whenever an account changes, a session ends or a
	// token is revoked: what was read before then must be read again.
	AccessRevision(ctx context.Context) (int64, error)

	// AccessSecret is a random secret of this store, 64 hexadecimal digits,
	// for keyed hashes that every replica must make alike.
	AccessSecret(ctx context.Context) (string, error)

	// Sweep deletes sessions and links that ended before a time.
	Sweep(ctx context.Context, before time.Time) error

	// AppendAudit adds an entry to the audit log and returns it with Seq,
	// Previous and Hash filled in. When it returns, the entry is durable.
	AppendAudit(ctx context.Context, e AuditEntry) (AuditEntry, error)

	// Audit lists up to limit entries after a sequence number, in order.
	Audit(ctx context.Context, after int64, limit int) ([]AuditEntry, error)

	// AuditHead is the last entry, the zero one when there is none.
	AuditHead(ctx context.Context) (AuditEntry, error)
}

// Account is somebody who may use the hub.
type Account struct {
	ID        int64
	Email     string // as AccountEmail writes it; unique
	Role      string
	Area      string
	Password  string // Argon2id as a PHC string; "" when none is set
	Issuer    string // of OpenID Connect; "" for an account of our own
	Subject   string // what the issuer calls the account; unique in it
	Disabled  bool
	CreatedAt time.Time
}

// SecretHash is the SHA-256 of a secret that only its holder has.
type SecretHash [sha256.Size]byte

// Session is one browser that is logged in.
type Session struct {
	Hash      SecretHash
	Account   int64
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time // whatever happens
}

// Link lets its holder set a password once.
type Link struct {
	Hash      SecretHash
	Account   int64 // 0 to make the first administrator
	ExpiresAt time.Time
}

// Token lets a program act for an account.
type Token struct {
	ID        int64
	Hash      SecretHash
	Account   int64
	Name      string
	Scopes    string // separated by spaces
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedOn    report.Day // zero for never
	Revoked   bool
}

// ValidateAccount refuses what no engine stores. The error is ErrInvalid.
func ValidateAccount(a Account) error {
	switch {
	case a.Email == "" || len(a.Email) > maxAccountText:
		return fmt.Errorf("address of %d bytes: %w", len(a.Email), ErrInvalid)
	case a.Role == "" || a.Area == "" || len(a.Area) > maxAccountText:
		return fmt.Errorf("an account needs a role and an area: %w", ErrInvalid)
	case (a.Issuer == "") != (a.Subject == "") || len(a.Issuer) > maxAccountText || len(a.Subject) > maxAccountText:
		return fmt.Errorf("issuer and subject belong together: %w", ErrInvalid)
	}
	return nil
}

// maxAccountText bounds the texts of an account. An e-mail address has at most
// 254 bytes (RFC 5321, 4.5.3.1.3), a subject at most 255 (OpenID Connect 1.0).
const maxAccountText = 255
