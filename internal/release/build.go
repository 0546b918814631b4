package release

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Options say what to build from and where to.
type Options struct {
	VaultDir  string     // private: frozen blocks
	PublicDir string     // what the public gets
	Policy    *Policy    // nil is the default
	Universe  *Universe  // nil is the vault's, or the default for an empty one
	Source    Source     // of reports
	Today     report.Day // injected clock
	Synthetic bool
	Registry  Registry                                    // may be nil
	Attach    func(context.Context) ([]Attachment, error) // see Freezer
	About     About                                       // for the catalogue
	Key       *Key                                        // tests only, see Freezer
	Testing   bool
}

// Builder freezes and publishes releases. Freezing happens once for each
// half-year; publishing can be repeated, with the same bytes.
type Builder struct {
	Freezer
	publicDir string
	about     About
}

// NewBuilder opens the vault and checks the policy.
func NewBuilder(ctx context.Context, o Options) (*Builder, error) {
	v, err := OpenVault(o.VaultDir)
	if err != nil {
		return nil, err
	}
	p := DefaultPolicy()
	if o.Policy != nil {
		p = *o.Policy
	}
	if err := errors.Join(p.Check(), o.About.check()); err != nil {
		return nil, err
	}
	u := o.Universe
	if u == nil {
		if u, err = vaultUniverse(v); err != nil {
			return nil, err
		}
	}
	b := &Builder{publicDir: o.PublicDir, about: o.About, Freezer: Freezer{Vault: v, Universe: u, Policy: p, Source: o.Source, Today: o.Today,
		Synthetic: o.Synthetic, Registry: o.Registry, Attach: o.Attach, Key: o.Key, Testing: o.Testing}}
	return b, b.agree(ctx)
}

func vaultUniverse(v *Vault) (*Universe, error) {
	if u, ok, err := v.Universe(); err != nil || ok {
		return u, err
	}
	return DefaultUniverse()
}

// agree takes up freezes that were cut off, tells the registry of releases that
// it does not know, and refuses a vault that has other blocks than the registry
// remembers.
func (b *Builder) agree(ctx context.Context) error {
	if err := b.Vault.recover(ctx, b.claim); err != nil || b.Registry == nil {
		return err
	}
	halves, err := b.Vault.List()
	if err != nil {
		return err
	}
	for _, h := range halves {
		c, err := b.Vault.commit(h)
		if err != nil {
			return err
		}
		known, err := b.Registry.Claim(ctx, h.String(), c.Commitment)
		if err != nil {
			return err
		}
		if known != c.Commitment {
			return fmt.Errorf("release: the store remembers another %v than this vault has: a body of reports has one vault", h)
		}
	}
	return nil
}

// Build freezes half-years and publishes everything that is frozen.
func (b *Builder) Build(ctx context.Context, halves ...HalfYear) error {
	if err := b.Freeze(ctx, halves...); err != nil {
		return err
	}
	return b.Publish(ctx)
}

// BuildReady freezes every half-year from a day on that is closed for long
// enough and not frozen yet, publishes all, and returns what it froze.
func (b *Builder) BuildReady(ctx context.Context, from report.Day) ([]HalfYear, error) {
	var due []HalfYear
	for h := HalfYearOf(from); h.ReadyOn(b.Policy) <= b.Today; h = h.Next() {
		switch err := b.Check(ctx, h); {
		case err == nil:
			due = append(due, h)
		case !errors.Is(err, ErrFrozen):
			return nil, err
		}
	}
	return due, b.Build(ctx, due...)
}

// Publish writes every frozen release, and the twelve months of every two in a
// row, unless they are there.
func (b *Builder) Publish(ctx context.Context) error {
	sets, err := b.Datasets()
	if err != nil {
		return err
	}
	for _, d := range sets {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := Publish(b.publicDir, d, b.about); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(b.publicDir, 0o755); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	return writeIndex(b.publicDir, b.about) // there even when no release is
}

// Datasets derives what is shown from everything that is frozen, oldest first.
func (b *Builder) Datasets() ([]Dataset, error) {
	halves, err := b.Vault.List()
	if err != nil {
		return nil, err
	}
	var out []Dataset
	var last *Frozen
	for _, h := range halves {
		f, err := b.Vault.Load(h, b.Universe)
		if err != nil {
			return nil, err
		}
		if f.Commit.Test && !b.Testing {
			return nil, fmt.Errorf("release %v was made with a test key: it is never published", h)
		}
		out = append(out, Derive(b.Universe, f))
		if last != nil && last.Half.Next() == h {
			year, err := DeriveTwelveMonths(b.Universe, *last, f)
			if err != nil {
				return nil, err
			}
			out = append(out, year)
		}
		last = &f
	}
	return out, nil
}
