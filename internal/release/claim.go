package release

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// claimFunc enters a commitment in the registry unless there is one, and returns the
// one that is there.
type claimFunc func(ctx context.Context, release, commitment string) (kept string, err error)

// store writes a release so that it is there as a whole or not at all, and is the
// only one of its half-year that any vault has: the files are complete on disk
// before the release is claimed, and take its name once the claim is ours. What
// is cut off in between is taken up by the next recover.
func (v *Vault) store(ctx context.Context, h HalfYear, u *Universe, files frozenFiles, ours claimFunc) error {
	unlock, err := v.lock()
	if err != nil {
		return err
	}
	err = v.write(h, u, files)
	if err == nil {
		err = v.promote(ctx, h, ours)
	}
	unlock()
	if err != nil {
		return fmt.Errorf("freeze %v: %w", h, err)
	}
	return v.settle()
}

// frozenFiles is what a freeze puts on disk.
type frozenFiles struct {
	commit   Commit
	blocks   []*Block
	attached []Attachment
}

// write completes the files of a release under a name of their own.
func (v *Vault) write(h HalfYear, u *Universe, files frozenFiles) error {
	for _, name := range []string{h.String(), pendingPrefix + h.String()} {
		if _, err := os.Stat(filepath.Join(v.dir, name)); !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(ErrFrozen, err)
		}
	}
	if err := v.fixUniverse(u); err != nil {
		return err
	}
	draft, err := os.MkdirTemp(v.dir, draftPrefix)
	if err != nil {
		return err
	}
	defer os.RemoveAll(draft) // nothing is left under this name once it was renamed
	for _, b := range files.blocks {
		if err := writeSynced(filepath.Join(draft, string(b.Layer)+".bin"), b.Encode()); err != nil {
			return err
		}
	}
	record, err := json.MarshalIndent(files.commit, "", "  ")
	if err != nil {
		return err
	}
	if err := errors.Join(storeAttachments(draft, files.attached), writeSynced(filepath.Join(draft, commitFile), append(record, '\n')), syncDir(draft)); err != nil {
		return err
	}
	return errors.Join(os.Rename(draft, filepath.Join(v.dir, pendingPrefix+h.String())), syncDir(v.dir))
}

// promote claims what waits and gives it its name. When the claim is another
// vault's, what waits is thrown away unread.
func (v *Vault) promote(ctx context.Context, h HalfYear, ours claimFunc) error {
	waits := filepath.Join(v.dir, pendingPrefix+h.String())
	c, err := readCommit(waits, h)
	if err != nil {
		return err
	}
	kept, err := ours(ctx, h.String(), c.Commitment)
	if err != nil {
		return fmt.Errorf("the store did not take the claim; run it again, which takes up where it stopped: %w", err)
	}
	if kept != c.Commitment {
		return errors.Join(ErrLost, os.RemoveAll(waits))
	}
	return errors.Join(os.Rename(waits, filepath.Join(v.dir, h.String())), syncDir(v.dir))
}

// recover takes up freezes that were cut off between the files and the claim. It
// never draws again: the claim decides between what waits here and what another
// vault has.
func (v *Vault) recover(ctx context.Context, ours claimFunc) error {
	unlock, err := v.lock()
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(v.dir)
	for _, e := range entries {
		name, waits := strings.CutPrefix(e.Name(), pendingPrefix)
		h, bad := ParseHalfYear(name)
		if !waits || bad != nil {
			continue
		}
		if lost := v.promote(ctx, h, ours); lost != nil && !errors.Is(lost, ErrLost) {
			err = errors.Join(err, fmt.Errorf("release %v: %w", h, lost))
		}
	}
	unlock()
	if err != nil {
		return err
	}
	return v.settle()
}
