// Package access says who may see what: accounts with passwords, sessions,
// one-time links and API tokens, single sign-on, the audit log, and the policy
// that turns who asks for what into what they get.
//
// Nothing about a client is kept on disk but what it logged in as: no address,
// no user agent.
package access

import (
	"context"
	"strings"
)

// Role is what an account is for.
type Role uint8

// The roles. Nobody is a visitor without a session.
const (
	Nobody Role = iota
	Public
	Planner
	Officer
	Admin
)

var roleNames = [...]string{"signed-out", "public", "planner", "officer", "admin"}

// String returns the identifier, such as "planner".
func (r Role) String() string { return roleNames[r] }

// ParseRole reads a role that an account can have.
func ParseRole(s string) (Role, error) {
	for _, r := range []Role{Officer, Planner, Admin} {
		if strings.EqualFold(strings.TrimSpace(s), r.String()) {
			return r, nil
		}
	}
	return Nobody, invalid("role %q: expected officer, planner or admin", s)
}

// National is the area of accounts that are bound to none.
const National = "national"

// ParseArea reads the area of an account: "national", or the code of a force or
// council such as E09000008. A planner belongs to a council.
func ParseArea(s string, role Role) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" || strings.EqualFold(s, National) {
		if role == Planner {
			return "", invalid("a planner belongs to a council: give its code as the area, such as E09000008")
		}
		return National, nil
	}
	if len(s) > maxAreaCode {
		return "", invalid("area %q: expected %s or a code of at most %d letters, digits, hyphens and underscores", s, National, maxAreaCode)
	}
	for _, c := range s {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return "", invalid("area %q: expected %s or the code of a force or council, such as metropolitan or E09000008", s, National)
		}
	}
	return s, nil
}

const maxAreaCode = 40

// ParseEmail returns an address as accounts are found by: in lower case. It
// only wants what tells an address from a typing error.
func ParseEmail(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at == len(s)-1 || len(s) > maxEmail || strings.ContainsAny(s, " \t\r\n<>\"") {
		return "", invalid("address %q: expected something like name@example.org", s)
	}
	return s, nil
}

// maxEmail is the longest address there is (RFC 5321, 4.5.3.1.3).
const maxEmail = 254

// Scopes are what an API token may be used for.
type Scopes uint8

// The scopes.
const (
	ScopeTiles   Scopes = 1 << iota // tiles, TileJSON and scale
	ScopeFigures                    // summary, cells and places
	ScopeExport                     // exports, which also need a reason

	allScopes = ScopeTiles | ScopeFigures | ScopeExport
)

var scopeNames = []string{"tiles", "figures", "export"}

// ScopeNames lists the scopes that a token can have.
func ScopeNames() []string { return append([]string(nil), scopeNames...) }

// ParseScopes reads names separated by spaces or commas.
func ParseScopes(s string) (Scopes, error) {
	var out Scopes
next:
	for _, item := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' }) {
		for i, name := range scopeNames {
			if item == name {
				out |= 1 << i
				continue next
			}
		}
		return 0, invalid("scope %q: expected some of %s", item, strings.Join(scopeNames, ", "))
	}
	if out == 0 {
		return 0, invalid("a token needs a scope: some of %s", strings.Join(scopeNames, ", "))
	}
	return out, nil
}

// String returns the names separated by spaces, as ParseScopes reads them.
func (s Scopes) String() string {
	var names []string
	for i, name := range scopeNames {
		if s&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// Identity is who asks. It is never changed once it is made.
type Identity struct {
	Account int64  // 0 without an account
	Email   string // "" without one
	Role    Role
	Area    string
	Region  *Region // nil for everywhere
	Unbound bool    // the boundary of Area is not known, so nothing may be shown
	Scopes  Scopes
	Token   bool // acts by an API token
	Demo    bool // a visitor of the demo
	SSO     bool // logged in through OpenID Connect

	session sessionKey // zero without a session
	scope   string
	tag     string
}

// nobody is every visitor without a session.
var nobody = &Identity{Role: Nobody}

// NewIdentity returns an identity for tests and for parts that act by
// themselves. region is nil for everywhere.
func NewIdentity(role Role, area string, region *Region) *Identity {
	return Identity{Role: role, Area: area, Region: region, Scopes: allScopes}.sealed()
}

// sealed fills in what is derived from the rest.
func (i Identity) sealed() *Identity {
	i.scope = i.Role.String() + "@" + National
	if i.Region != nil {
		i.scope = i.Role.String() + "@" + i.Region.ID()
	}
	if i.scope != fullScope {
		i.tag = shortHash(i.scope)
	}
	return &i
}

// SignedIn reports whether there is an account or a demo visitor behind it.
func (i *Identity) SignedIn() bool { return i.Role != Nobody }

type contextKey struct{}

// NewContext returns a context that carries who asks.
func NewContext(ctx context.Context, who *Identity) context.Context {
	return context.WithValue(ctx, contextKey{}, who)
}

// FromContext returns who asks; a visitor who is nobody when the context does
// not say.
func FromContext(ctx context.Context) *Identity {
	if who, ok := ctx.Value(contextKey{}).(*Identity); ok {
		return who
	}
	return nobody
}
