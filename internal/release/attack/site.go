package attack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/streetsafe/streetsafe/internal/release"
	"github.com/streetsafe/streetsafe/internal/report"
)

// vaultSite is the real thing: a vault and a public directory on disk.
type vaultSite struct {
	dir   string
	seed  uint64
	items []release.Item
	u     *release.Universe
}

func openVault(_ Subject, dir string, seed uint64) (Site, error) {
	u, err := universe(7)
	return &vaultSite{dir: dir, seed: seed, u: u}, err
}

func (s *vaultSite) builder() (*release.Builder, error) {
	return release.NewBuilder(context.Background(), release.Options{
		VaultDir: filepath.Join(s.dir, "vault"), PublicDir: s.publicDir(), Universe: s.u, Source: s,
		Today: half.Next().ReadyOn(release.DefaultPolicy()), Key: release.TestKey(s.seed), Testing: true, Synthetic: true,
	})
}

func (s *vaultSite) publicDir() string { return filepath.Join(s.dir, "public") }

// Items makes the site a release.Source.
func (s *vaultSite) Items(_ context.Context, from, to report.Day, fn func(release.Item) error) error {
	for _, it := range s.items {
		if it.Received >= from && it.Received < to {
			if err := fn(it); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *vaultSite) Receive(items []release.Item) { s.items = append(s.items, items...) }

func (s *vaultSite) Freeze() error {
	b, err := s.builder()
	if err != nil {
		return err
	}
	return b.Build(context.Background(), half, half.Next())
}

func (s *vaultSite) Read() (string, error) { return hashTree(s.publicDir()) }

func (s *vaultSite) Restart() (Site, error) {
	again := *s
	b, err := again.builder()
	if err != nil {
		return nil, err
	}
	return &again, b.Publish(context.Background())
}

func (s *vaultSite) Rebuilt() error {
	b, err := s.builder()
	if err != nil {
		return err
	}
	checks, err := b.VerifyRebuilt()
	for _, c := range checks {
		err = errors.Join(err, c.Err)
	}
	if len(checks) != 3 {
		err = errors.Join(err, fmt.Errorf("%d releases instead of 3", len(checks)))
	}
	return err
}

func hashTree(dir string) (string, error) {
	h := sha256.New()
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		fmt.Fprintf(h, "%s %d\n", filepath.ToSlash(rel), len(b))
		_, _ = h.Write(b)
		return err
	})
	return hex.EncodeToString(h.Sum(nil)), err
}

// memorySite is an installation of a broken way of making releases.
type memorySite struct {
	subject Subject
	u       *release.Universe
	items   []release.Item
	seed    uint64
	frozen  *release.Frozen

	again bool // a second freeze counts again under the same key
	fresh bool // noise is drawn for each request
	reads uint64
}

func openMemory(s Subject, _ string, seed uint64) (Site, error) {
	u, err := universe(7)
	return &memorySite{subject: s, u: u, seed: seed}, err
}

func (s *memorySite) Receive(items []release.Item) { s.items = append(s.items, items...) }

func (s *memorySite) draw(key *release.Key) release.Frozen {
	truth := s.subject.Count(s.u, s.subject.Policy, half, s.items)
	return s.subject.frozen(half, s.subject.Noise(s.u, s.subject.Policy, key, half, truth, nil))
}

func (s *memorySite) Freeze() error {
	if s.frozen != nil && !s.again {
		return release.ErrFrozen
	}
	f := s.draw(release.TestKey(s.seed))
	s.frozen = &f
	return nil
}

func (s *memorySite) Read() (string, error) {
	f := *s.frozen
	if s.fresh {
		s.reads++
		f = s.draw(release.TestKey(s.seed<<32 + s.reads))
	}
	return s.hash(f)
}

func (s *memorySite) hash(f release.Frozen) (string, error) {
	b, err := json.Marshal(release.Derive(s.u, f))
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), err
}

func (s *memorySite) Restart() (Site, error) { return s, nil }

func (s *memorySite) Rebuilt() error {
	read, err1 := s.Read()
	want, err2 := s.hash(*s.frozen)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	if read != want {
		return errors.New("what is public does not come from the frozen blocks")
	}
	return nil
}
