package public

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
	"strings"
	"time"
)

// ActionsDir is the directory, beside the releases, of what was done about places.
// It lives: unlike releases its files change, and are served with a short time to
// be cached for.
const ActionsDir = "actions"

// ReloadActions loads the published actions when their manifest has changed, and
// reports whether it did. When a file is missing or is not the one of the manifest,
// which is so while a new state is being written, what was served before stays.
// A missing directory is no error.
func (h *Handler) ReloadActions() (changed bool, err error) {
	dir := filepath.Join(h.dir, ActionsDir)
	raw, err := os.ReadFile(filepath.Join(dir, ManifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("published actions: %w", err)
	}
	sum := sha256.Sum256(raw)
	hash := hex.EncodeToString(sum[:])
	if had := h.actions.Load(); had != nil && had.hashes[ActionsDir] == hash {
		return false, nil
	}
	var m Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return false, fmt.Errorf("published actions: %s: %w", ManifestFile, err)
	}
	if m.Format != formatKnown {
		return false, fmt.Errorf("published actions: %s has format %d, known is %d", ManifestFile, m.Format, formatKnown)
	}
	set := &fileSet{byPath: map[string]*file{}, hashes: map[string]string{ActionsDir: hash}}
	list := []source{{url: "/" + ActionsDir + "/" + ManifestFile, name: filepath.Join(dir, ManifestFile), hash: hash, cache: cacheIndex}}
	for _, f := range m.Files {
		if !safePath(f.Path) || strings.Contains(f.Path, "/") || f.Path == ManifestFile {
			return false, fmt.Errorf("published actions: path %q", f.Path)
		}
		list = append(list, source{url: "/" + ActionsDir + "/" + f.Path, name: filepath.Join(dir, f.Path), hash: f.SHA256, cache: cacheIndex})
	}
	if err := set.fill(list, nil); err != nil {
		return false, fmt.Errorf("published actions: %w", err)
	}
	h.actions.Store(set)
	return true, nil
}

// FollowActions loads the published actions whenever they have changed, looking at
// every tick until ctx ends. failed, which may be nil, hears the first error of
// each run of them.
func (h *Handler) FollowActions(ctx context.Context, tick <-chan time.Time, failed func(error)) {
	failing := false
	for {
		_, err := h.ReloadActions()
		if err != nil && !failing && failed != nil {
			failed(err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick:
		}
	}
}

// find returns the file of a path, nil when it is not published.
func (h *Handler) find(path string) *file {
	if f := h.files.Load().byPath[path]; f != nil {
		return f
	}
	if set := h.actions.Load(); set != nil {
		return set.byPath[path]
	}
	return nil
}
