package access

import (
	"context"

	"github.com/streetsafe/streetsafe/internal/store"
)

// Acting returns who an account is, for what the server does in its name while
// nobody is logged in, such as watching a saved view. Account 0 is the demo's
// officer. store.ErrNotFound when the account is disabled or not there.
func (g *Gate) Acting(ctx context.Context, account int64) (*Identity, error) {
	if g.isDemo {
		if account != 0 {
			return nil, store.ErrNotFound
		}
		return g.demoView(Officer.String()), nil
	}
	a, err := g.store.Account(ctx, account)
	if err != nil {
		return nil, err
	}
	if a.Disabled {
		return nil, store.ErrNotFound
	}
	who, err := g.identity(a)
	if err != nil {
		return nil, err
	}
	who.Scopes = allScopes
	return who.sealed(), nil
}
