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

// format is the version of the manifests, which whoever serves a release must
// know.
const format = 1

// edition counts the sets of files that a release may have. Raise it when the
// same blocks begin to give other files or other bytes, and keep what the
// editions before wrote: a release that is published stays as it is, and
// `release verify` makes it again in its own edition.
//
//	0  tiles, GeoJSON, cells.csv, forces.csv, method.txt
//	1  and cells.csv-metadata.json, forces.csv-metadata.json, areas.geojson,
//	   and the bounds in the manifest
//	2  and method.cy.txt
const edition = 2

// The sentences that stand wherever the numbers do.
const (
	guarantee = "The guarantee is for each report, not for each person: several reports of one person are protected less than one."
	absence   = "A place without a number is not a safe place. It may have no reports, too few to show, or none that anybody sent."
)

// manifest is a release's manifest.json.
type manifest struct {
	public.Manifest
	Edition     int            `json:"edition,omitempty"`
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
	Columns     []string       `json:"columns"`          // at resolutions 6 and 5
	Bounds      *[4]float64    `json:"bounds,omitempty"` // west, south, east, north in degrees
}

// writeIndex writes the list of releases beside them, and the catalogue. They
// are the files that change: a new release is added to them.
func writeIndex(dir string, about About) error {
	list, err := readManifests(dir)
	if err != nil {
		return err
	}
	actions, err := publishedActions(dir)
	if err != nil {
		return err
	}
	catalog, err := catalogue(list, actions, about)
	if err != nil {
		return err
	}
	index := public.Index{Format: format, Guarantee: guarantee, Absence: absence, Releases: []public.Release{}}
	for _, m := range list {
		index.Synthetic = index.Synthetic || m.Synthetic
		index.Releases = append(index.Releases, public.Release{ID: m.Release, Kind: m.Kind, From: m.From, To: m.To, Synthetic: m.Synthetic,
			Manifest: m.Release + "/" + public.ManifestFile, SHA256: m.hash})
	}
	b, err := json.MarshalIndent(index, "", " ")
	if err != nil {
		return err
	}
	// The manifest is last: it is what a server looks at.
	return errors.Join(replaceFile(filepath.Join(dir, public.CatalogFile), catalog),
		replaceFile(filepath.Join(dir, public.ManifestFile), append(b, '\n')))
}

// publishedActions lists the files of published actions; none when there are none.
func publishedActions(dir string) ([]string, error) {
	m, err := published(filepath.Join(dir, public.ActionsDir))
	if err != nil || m == nil {
		return nil, err
	}
	var names []string
	for _, f := range m.Files {
		names = append(names, f.Path)
	}
	return names, nil
}

// listed is a release that is published, and the hash of its manifest.
type listed struct {
	manifest
	hash string
}

// readManifests reads the manifest of every release in a directory, by name.
func readManifests(dir string) ([]listed, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list releases: %w", err)
	}
	var list []listed
	for _, e := range entries {
		// A release begins with its year: other folders may have manifests of their own.
		if !e.IsDir() || e.Name()[0] < '0' || e.Name()[0] > '9' {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.Name(), public.ManifestFile))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		m := listed{hash: hashOf(b)}
		if err := errors.Join(err, json.Unmarshal(b, &m.manifest)); err != nil {
			return nil, fmt.Errorf("release %s: %w", e.Name(), err)
		}
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b listed) int { return strings.Compare(a.Release, b.Release) })
	return list, nil
}

func replaceFile(name string, b []byte) error {
	if err := os.WriteFile(name+".new", b, 0o644); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	return os.Rename(name+".new", name)
}
