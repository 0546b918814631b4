package action

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Dir is the directory of the published actions beside the releases, and
// ManifestFile the list of its files.
const (
	Dir          = "actions"
	ManifestFile = "manifest.json"
)

// Manifest lists the published files.
type Manifest struct {
	Format int             `json:"format"`
	Files  []ManifestEntry `json:"files"`
}

// ManifestEntry is one file of a Manifest.
type ManifestEntry struct {
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Write puts files into the directory of published actions below a release
// directory, unless they are there already, and reports whether anything changed.
// Each file takes its name when it is whole, the manifest last: whoever reads in
// between finds that the hashes do not fit, and keeps what was there. One process
// at a time may call it.
func Write(public string, files []File) (changed bool, err error) {
	dir := filepath.Join(public, Dir)
	m := Manifest{Format: documentFormat, Files: []ManifestEntry{}}
	for _, f := range files {
		sum := sha256.Sum256(f.Body)
		m.Files = append(m.Files, ManifestEntry{f.Name, int64(len(f.Body)), hex.EncodeToString(sum[:])})
	}
	list, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return false, fmt.Errorf("publish actions: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return false, fmt.Errorf("publish actions: %w", err)
	}
	for _, f := range append(files[:len(files):len(files)], File{ManifestFile, append(list, '\n')}) {
		wrote, err := writeFile(filepath.Join(dir, f.Name), f.Body)
		if err != nil {
			return changed, fmt.Errorf("publish actions: %w", err)
		}
		changed = changed || wrote
	}
	return changed, nil
}

// writeFile replaces a file in one step, unless it is as it should be.
func writeFile(name string, body []byte) (wrote bool, err error) {
	switch there, err := os.ReadFile(name); {
	case err == nil && bytes.Equal(there, body):
		return false, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return false, err
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".draft-")
	if err != nil {
		return false, err
	}
	defer os.Remove(f.Name()) // nothing is left under this name once it was renamed
	_, err = f.Write(body)
	if err := errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return false, err
	}
	return true, os.Rename(f.Name(), name)
}
