package release

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/streetsafe/streetsafe/internal/release/public"
)

// format is the version of the published files. Raise it when the same blocks
// begin to give other bytes.
const format = 1

// The sentences that stand wherever the numbers do.
const (
	guarantee = "The guarantee is for each report, not for each person: several reports of one person are protected less than one."
	absence   = "A place without a number is not a safe place. It may have no reports, too few to show, or none that anybody sent."
)

// manifest is a release's manifest.json.
type manifest struct {
	public.Manifest
	Kind        string         `json:"kind"`
	From        string         `json:"from"` // first day of receipt
	To          string         `json:"to"`   // day after the last one
	FrozenOn    string         `json:"frozen_on"`
	Synthetic   bool           `json:"synthetic"`
	Guarantee   string         `json:"guarantee"`
	Absence     string         `json:"absence"`
	Policy      Policy         `json:"policy"`
	Commitments []string       `json:"commitments"` // salted hashes of the frozen blocks
	Universe    string         `json:"universe"`
	Tiles       manifestTiles  `json:"tiles"`
	Shown       map[string]int `json:"cells_shown"` // by resolution
}

type manifestTiles struct {
	MinZoom     int            `json:"minzoom"`
	MaxZoom     int            `json:"maxzoom"`
	Resolutions map[string]int `json:"resolution_of_zoom"`
	Layer       string         `json:"layer"`
	Columns     []string       `json:"columns"` // at resolutions 6 and 5
}

// writeIndex writes the list of releases beside them. It is the one file that
// changes: a new release is added to it.
func writeIndex(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("list releases: %w", err)
	}
	index := public.Index{Format: format, Guarantee: guarantee, Absence: absence, Releases: []public.Release{}}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || !e.IsDir() {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.Name(), public.ManifestFile))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var m manifest
		if err := errors.Join(err, json.Unmarshal(b, &m)); err != nil {
			return fmt.Errorf("release %s: %w", e.Name(), err)
		}
		index.Synthetic = index.Synthetic || m.Synthetic
		index.Releases = append(index.Releases, public.Release{ID: m.Release, Kind: m.Kind, From: m.From, To: m.To, Synthetic: m.Synthetic,
			Manifest: m.Release + "/" + public.ManifestFile, SHA256: hashOf(b)})
	}
	slices.SortFunc(index.Releases, func(a, b public.Release) int { return strings.Compare(a.ID, b.ID) })
	b, err := json.MarshalIndent(index, "", " ")
	if err != nil {
		return err
	}
	name := filepath.Join(dir, public.ManifestFile)
	if err := os.WriteFile(name+".new", append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("write index: %w", err)
	}
	return os.Rename(name+".new", name)
}
