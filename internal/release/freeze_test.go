package release_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/streetsafe/streetsafe/internal/release"
	"github.com/streetsafe/streetsafe/internal/report"
)

func TestFreezer_Check_refuses(t *testing.T) {
	src := body(items(t, 100, 1))
	tests := []struct {
		name   string
		half   release.HalfYear
		change func(*release.Options)
		want   error
	}{
		{"59 days after it closed", h2, func(o *release.Options) { o.Today-- }, release.ErrTooEarly},
		{"while it runs", h2, func(o *release.Options) { o.Today = h2.From() + 3 }, release.ErrTooEarly},
		{"60 days after it closed", h2, nil, nil},
		{"a given key in production", h2, func(o *release.Options) { o.Testing = false }, release.ErrTestKey},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			b := builder(t, dir, src, tt.change)
			if err := b.Build(t.Context(), tt.half); !errors.Is(err, tt.want) {
				t.Errorf("Build = %v, expected %v", err, tt.want)
			}
			_, err := os.Stat(filepath.Join(dir, "vault", tt.half.String()))
			if (err == nil) != (tt.want == nil) {
				t.Errorf("the block is there: %v", err)
			}
		})
	}
}

// A block is made once: not again by the same program, not by one that lost its
// files, not by a second vault over the same store.
func TestFreezer_Freeze_onlyOnce(t *testing.T) {
	dir := t.TempDir()
	src := body(items(t, 2000, 1))
	reg := &registry{kept: map[string]string{}}
	use := func(o *release.Options) { o.Registry = reg }
	b := builder(t, dir, src, use)
	if err := b.Build(t.Context(), h1, h2); err != nil {
		t.Fatal(err)
	}
	if err := b.Build(t.Context(), h1); !errors.Is(err, release.ErrFrozen) {
		t.Errorf("a second build: %v", err)
	}
	if err := builder(t, dir, src, use).Build(t.Context(), h2); !errors.Is(err, release.ErrFrozen) {
		t.Errorf("a second build after a restart: %v", err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "vault", h1.String())); err != nil {
		t.Fatal(err)
	}
	if err := builder(t, dir, src, nil).Freeze(t.Context(), h1); !errors.Is(err, release.ErrFrozen) {
		t.Errorf("a build after the files were lost: %v, the ledger should remember", err)
	}
	other := builder(t, t.TempDir(), src, use)
	if err := other.Freeze(t.Context(), h1); !errors.Is(err, release.ErrLost) {
		t.Errorf("a build in another vault: %v, the store should remember", err)
	}
	reg.kept[h2.String()] = "something else"
	_, err := release.NewBuilder(t.Context(), release.Options{VaultDir: dir + "/vault", PublicDir: dir + "/public", Universe: croydon(t), Source: src, Today: today, Registry: reg})
	if err == nil {
		t.Error("a vault that contradicts the store was opened")
	}
}

// Two that build at the same moment: one wins, and what it made stays.
func TestFreezer_Freeze_race(t *testing.T) {
	dir := t.TempDir()
	src := body(items(t, 500, 1))
	var wait sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		b := builder(t, dir, src, func(o *release.Options) { o.Key = release.TestKey(uint64(i)) })
		wait.Go(func() { errs[i] = b.Freeze(t.Context(), h1) })
	}
	wait.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, release.ErrFrozen) {
			t.Errorf("a loser was told %v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d builds won", won)
	}
	b := builder(t, dir, src, nil)
	if _, err := b.Vault.Load(h1, croydon(t)); err != nil {
		t.Error(err)
	}
}

// The keys of production are random, so two builds differ; and no file holds
// one.
func TestFreezer_Freeze_randomKeys(t *testing.T) {
	src := body(items(t, 500, 1))
	commitments := map[string]bool{}
	for range 2 {
		b := builder(t, t.TempDir(), src, func(o *release.Options) { o.Key, o.Testing = nil, false })
		if err := b.Build(t.Context(), h1); err != nil {
			t.Fatal(err)
		}
		f, err := b.Vault.Load(h1, croydon(t))
		if err != nil {
			t.Fatal(err)
		}
		if f.Commit.Test {
			t.Error("a production block is marked as a test")
		}
		commitments[f.Commit.Commitment] = true
	}
	if len(commitments) != 2 {
		t.Error("two builds drew the same noise")
	}
}

// A block of the test key is never published by production.
func TestBuilder_Datasets_refusesTestBlocks(t *testing.T) {
	dir := t.TempDir()
	src := body(items(t, 500, 1))
	if err := builder(t, dir, src, nil).Freeze(t.Context(), h1); err != nil {
		t.Fatal(err)
	}
	b := builder(t, dir, src, func(o *release.Options) { o.Key, o.Testing = nil, false })
	if err := b.Publish(t.Context()); err == nil {
		t.Error("blocks of a known key were published")
	}
}

// Cut off after the files were complete and before the ledger: the next start
// enters them, and they stay frozen.
func TestOpenVault_settlesAfterCrash(t *testing.T) {
	dir := t.TempDir()
	src := body(items(t, 500, 1))
	if err := builder(t, dir, src, nil).Freeze(t.Context(), h1); err != nil {
		t.Fatal(err)
	}
	ledger := filepath.Join(dir, "vault", "ledger.jsonl")
	want, err := os.ReadFile(ledger)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(ledger); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "vault", ".draft-123"), 0o700); err != nil { // an earlier cut
		t.Fatal(err)
	}
	reg := &registry{kept: map[string]string{}}
	b := builder(t, dir, src, func(o *release.Options) { o.Registry = reg })
	if got, err := os.ReadFile(ledger); err != nil || string(got) != string(want) {
		t.Errorf("the ledger is %q, expected %q (%v)", got, want, err)
	}
	if reg.kept[h1.String()] == "" {
		t.Error("the store was not told")
	}
	if err := b.Freeze(t.Context(), h1); !errors.Is(err, release.ErrFrozen) {
		t.Errorf("it can be made again: %v", err)
	}
}

// Damage of any kept file is seen.
func TestVault_Load_damage(t *testing.T) {
	u := croydon(t)
	for name, change := range map[string]func(b []byte) []byte{
		"L8.bin":      func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"L6.bin":      func(b []byte) []byte { return b[:len(b)-1] },
		"LF.bin":      func(b []byte) []byte { b[len(b)-1] ^= 0x80; return b },
		"commit.json": func(b []byte) []byte { return []byte(strings.Replace(string(b), `"floor": 5`, `"floor": 4`, 1)) },
		"commit.json (hash)": func(b []byte) []byte {
			return []byte(strings.Replace(string(b), `"frozen_on": "2026`, `"frozen_on": "2027`, 1))
		},
		"../ledger.jsonl":           func(b []byte) []byte { return []byte(strings.Replace(string(b), "3/5", "1/5", 1)) },
		"../ledger.jsonl (removed)": func(b []byte) []byte { return b[strings.Index(string(b), "\n")+1:] },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			b := builder(t, dir, body(items(t, 500, 1)), nil)
			if err := b.Freeze(t.Context(), h2); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, "vault", h2.String(), strings.Split(name, " ")[0])
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := b.Vault.Load(h2, u); err != nil {
				t.Fatalf("before the damage: %v", err)
			}
			if err := os.WriteFile(file, change(raw), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Vault.Load(h2, u); err == nil {
				t.Error("the damage was not seen")
			}
		})
	}
}

// The ledger test: what all blocks spend on a report, computed anew for every
// day of two years, is never above 1 and exactly 1 where a year is complete.
func TestLedger_Spent_isOne(t *testing.T) {
	b := builder(t, t.TempDir(), body(items(t, 500, 1)), func(o *release.Options) { o.Today += 365 })
	halves := []release.HalfYear{h1, h2, h2.Next()}
	if err := b.Freeze(t.Context(), halves...); err != nil {
		t.Fatal(err)
	}
	ledger, err := b.Vault.Ledger()
	if err != nil {
		t.Fatal(err)
	}
	for d := h1.From() - 10; d < h2.Next().To()+10; d++ {
		want := big.NewRat(0, 1)
		switch release.HalfYearOf(d) {
		case h1, h2:
			want = big.NewRat(1, 1)
		case h2.Next(): // the year's table is not made yet
			want = big.NewRat(17, 20)
		}
		got, err := ledger.Spent(d)
		if err != nil || got.Cmp(want) != 0 {
			t.Fatalf("a report received on %v has spent %v, expected %v (%v)", d, got, want, err)
		}
	}
	if len(ledger.Entries) != 7 {
		t.Errorf("the ledger has %d entries", len(ledger.Entries))
	}
	p := release.DefaultPolicy()
	perReport := new(big.Rat)
	for _, e := range ledger.Entries {
		r, ok := new(big.Rat).SetString(e.Epsilon)
		if !ok || e.Epsilon != p.Epsilon[e.Layer] {
			t.Fatalf("entry %+v", e)
		}
		if e.Block == h1.String() || e.Block == "2025" {
			perReport.Add(perReport, r)
		}
	}
	if perReport.Cmp(big.NewRat(1, 1)) != 0 {
		t.Errorf("the blocks of one report spend %v", perReport)
	}
}

func TestParseLedger_refuses(t *testing.T) {
	b := builder(t, t.TempDir(), body(items(t, 100, 1)), nil)
	if err := b.Freeze(t.Context(), h1, h2); err != nil {
		t.Fatal(err)
	}
	l, err := b.Vault.Ledger()
	if err != nil {
		t.Fatal(err)
	}
	line := func(e release.Entry) string { j, _ := json.Marshal(e); return string(j) + "\n" }
	twice := l.Entries[0]
	for name, text := range map[string]string{
		"not JSON": "x", "out of order": line(l.Entries[1]) + line(l.Entries[0]), "first line gone": line(l.Entries[1]),
		"twice": line(twice) + line(twice),
	} {
		if _, err := release.ParseLedger([]byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// BuildReady takes what is due and nothing else, and is quick to say so again.
func TestBuilder_BuildReady(t *testing.T) {
	dir := t.TempDir()
	src := body(items(t, 1000, 1))
	b := builder(t, dir, src, nil)
	made, err := b.BuildReady(t.Context(), h1.From()+40)
	if err != nil || len(made) != 2 || made[0] != h1 || made[1] != h2 {
		t.Fatalf("BuildReady made %v, %v", made, err)
	}
	if made, err = b.BuildReady(t.Context(), h1.From()); err != nil || len(made) != 0 {
		t.Errorf("a second BuildReady made %v, %v", made, err)
	}
	if made, err = builder(t, t.TempDir(), src, func(o *release.Options) { o.Today = h1.From() }).BuildReady(t.Context(), h1.From()); err != nil || len(made) != 0 {
		t.Errorf("BuildReady before anything is ready made %v, %v", made, err)
	}
}

type failing struct{ body }

func (f failing) Items(ctx context.Context, from, to report.Day, fn func(release.Item) error) error {
	if err := f.body.Items(ctx, from, to, fn); err != nil {
		return err
	}
	return errors.New("the disk is gone")
}

// A source that fails half-way leaves no block.
func TestFreezer_Freeze_failingSource(t *testing.T) {
	dir := t.TempDir()
	b := builder(t, dir, failing{items(t, 100, 1)}, nil)
	if err := b.Build(t.Context(), h1); err == nil {
		t.Fatal("it was built")
	}
	if halves, err := b.Vault.List(); err != nil || len(halves) != 0 {
		t.Errorf("the vault has %v, %v", halves, err)
	}
}

type registry struct {
	mu    sync.Mutex
	kept  map[string]string
	fails bool
}

func (r *registry) Frozen(_ context.Context, name string) (string, bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, ok := r.kept[name]
	return c, ok, nil
}

func (r *registry) Claim(_ context.Context, name, commitment string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fails {
		return "", errors.New("the connection is gone")
	}
	if _, ok := r.kept[name]; !ok {
		r.kept[name] = commitment
	}
	return r.kept[name], nil
}

// Two hosts on one store, each with a vault of its own, that build at the same
// moment: one draws, and the other has nothing that it could publish.
func TestFreezer_Freeze_twoHosts(t *testing.T) {
	src := body(items(t, 500, 1))
	reg := &registry{kept: map[string]string{}}
	hosts := make([]*release.Builder, 4)
	errs := make([]error, len(hosts))
	var wait sync.WaitGroup
	for i := range hosts {
		hosts[i] = builder(t, t.TempDir(), src, func(o *release.Options) { o.Registry, o.Key = reg, release.TestKey(uint64(i)) })
	}
	for i, b := range hosts {
		wait.Go(func() { errs[i] = b.Freeze(t.Context(), h1) })
	}
	wait.Wait()
	won := 0
	for i, b := range hosts {
		halves, err := b.Vault.List()
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case errs[i] == nil && len(halves) == 1:
			won++
			if f, err := b.Vault.Load(h1, croydon(t)); err != nil || f.Commit.Commitment != reg.kept[h1.String()] {
				t.Errorf("the store remembers another release than the vault has: %v", err)
			}
		case !errors.Is(errs[i], release.ErrLost) || len(halves) != 0:
			t.Errorf("a loser has %v and was told %v", halves, errs[i])
		}
	}
	if won != 1 {
		t.Errorf("%d hosts drew", won)
	}
}

// Cut off between the files and the claim: the next start takes up the same
// draw, or throws it away when another host was first.
func TestNewBuilder_takesUpTheClaim(t *testing.T) {
	src := body(items(t, 500, 1))
	reg := &registry{kept: map[string]string{}}
	use := func(i int) func(o *release.Options) {
		return func(o *release.Options) { o.Registry, o.Key = reg, release.TestKey(uint64(i)) }
	}
	dirs := []string{t.TempDir(), t.TempDir()}
	for i, dir := range dirs {
		b := builder(t, dir, src, use(i))
		reg.fails = true
		if err := b.Freeze(t.Context(), h1); err == nil {
			t.Fatal("it was frozen without a claim")
		}
		if halves, err := b.Vault.List(); err != nil || len(halves) != 0 {
			t.Errorf("before the claim the vault has %v, %v", halves, err)
		}
		if err := b.Freeze(t.Context(), h1); !errors.Is(err, release.ErrFrozen) {
			t.Errorf("it drew again while a draw waits: %v", err)
		}
		reg.fails = false
	}
	for i, dir := range dirs {
		b := builder(t, dir, src, use(i))
		halves, err := b.Vault.List()
		if err != nil || len(halves) != 1-i {
			t.Errorf("host %d has %v, %v", i, halves, err)
		}
		want := [...]error{release.ErrFrozen, release.ErrLost}[i]
		if err := b.Freeze(t.Context(), h1); !errors.Is(err, want) {
			t.Errorf("host %d freezes again: %v, expected %v", i, err, want)
		}
		if left, err := filepath.Glob(filepath.Join(dir, "vault", ".pending-*")); err != nil || len(left) != 0 {
			t.Errorf("host %d keeps %v", i, left)
		}
	}
}
