package access

import (
	"context"
	"net/http"
	"time"
)

// What the external tests need of the inside.

type Hasher struct{ h *hasher }

func NewHasher(p Params) (Hasher, error) {
	return Hasher{newHasher(p)}, nil
}

func (h Hasher) Hash(ctx context.Context, password string) (string, error) {
	return h.h.hash(ctx, password)
}

func (h Hasher) Verify(ctx context.Context, phc, password string) (ok, again bool, err error) {
	return h.h.verify(ctx, phc, password)
}

func ParsePHC(s string) (Params, error) {
	k, err := parsePHC(s)
	return k.params, err
}

type Backoff struct{ b *backoff }

func NewBackoff(now func() time.Time) Backoff { return Backoff{newBackoff(now)} }

func (b Backoff) Begin(account, client string) time.Duration { return b.b.begin(account, client) }
func (b Backoff) Succeed(account, client string)             { b.b.succeed(account, client) }
func (b Backoff) Len() int                                   { return len(b.b.tries) }

func (g *Gate) Hear(ctx context.Context) error { return g.hear(ctx) }

func (p Proxies) Client(r *http.Request) string { return p.client(r) }

const MaxKeys = maxKeys
