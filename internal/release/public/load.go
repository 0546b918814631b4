package public

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/streetsafe/streetsafe/internal/blob"
)

const formatKnown = 1

// fileSet is every file by its path. It is immutable.
type fileSet struct {
	byPath   map[string]*file
	paths    []string
	hashes   map[string]string // of the manifest, by release
	releases int
	bytes    int64
}

type source struct {
	url, name string
	hash      string // expected; empty for the index
	cache     string
}

// load reads a directory. Files of releases that are loaded already are taken
// over.
func load(dir string, had *fileSet) (*fileSet, error) {
	raw, err := os.ReadFile(filepath.Join(dir, ManifestFile))
	if errors.Is(err, fs.ErrNotExist) && had == nil && exists(filepath.Join(dir, ActionsDir, ManifestFile)) {
		return &fileSet{}, nil // actions come before the first release
	}
	if err != nil {
		return nil, fmt.Errorf("public releases: %w (make them with `streetsafe release build`)", err)
	}
	var index Index
	if err := json.Unmarshal(raw, &index); err != nil {
		return nil, fmt.Errorf("public releases: %s: %w", ManifestFile, err)
	}
	set := &fileSet{byPath: map[string]*file{}, hashes: map[string]string{}, releases: len(index.Releases)}
	list := []source{{url: "/" + ManifestFile, name: filepath.Join(dir, ManifestFile), cache: cacheIndex}}
	if name := filepath.Join(dir, CatalogFile); exists(name) {
		list = append(list, source{url: "/" + CatalogFile, name: name, cache: cacheIndex})
	}
	for _, r := range index.Releases {
		if had != nil && had.hashes[r.ID] != "" && had.hashes[r.ID] != r.SHA256 {
			return nil, fmt.Errorf("public release %s is not what it was: published releases never change", r.ID)
		}
		set.hashes[r.ID] = r.SHA256
		files, err := sources(dir, r)
		if err != nil {
			return nil, err
		}
		list = append(list, files...)
	}
	if had != nil {
		for id := range had.hashes {
			if set.hashes[id] == "" {
				return nil, fmt.Errorf("public release %s is gone: published releases stay", id)
			}
		}
	}
	return set, set.fill(list, had)
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// sources lists the files of a release by its manifest.
func sources(dir string, r Release) ([]source, error) {
	fail := func(err error) ([]source, error) { return nil, fmt.Errorf("public release %s: %w", r.ID, err) }
	if !safePath(r.ID) || strings.Contains(r.ID, "/") || r.Manifest != r.ID+"/"+ManifestFile {
		return fail(errors.New("its name is not one"))
	}
	raw, err := os.ReadFile(filepath.Join(dir, r.ID, ManifestFile))
	if err != nil {
		return fail(err)
	}
	var m Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return fail(err)
	}
	if m.Format != formatKnown || m.Release != r.ID {
		return fail(fmt.Errorf("its manifest is of release %q, format %d", m.Release, m.Format))
	}
	list := []source{{url: "/" + r.Manifest, name: filepath.Join(dir, r.ID, ManifestFile), hash: r.SHA256, cache: cacheForever}}
	for _, f := range m.Files {
		if !safePath(f.Path) {
			return fail(fmt.Errorf("path %q", f.Path))
		}
		list = append(list, source{url: "/" + r.ID + "/" + f.Path, name: filepath.Join(dir, r.ID, filepath.FromSlash(f.Path)), hash: f.SHA256, cache: cacheForever})
	}
	return list, nil
}

// safePath holds for a relative path of plain names that stays where it is.
func safePath(p string) bool {
	if p == "" || path.Clean(p) != p || p[0] == '/' || strings.HasPrefix(p, "..") {
		return false
	}
	for i := range len(p) {
		c := p[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("._-/", c) >= 0) {
			return false
		}
	}
	return !strings.Contains("/"+p, "/.")
}

func (set *fileSet) fill(list []source, had *fileSet) error {
	made := make([]*file, len(list))
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, s := range list {
		if had != nil && s.hash != "" && had.byPath[s.url] != nil {
			made[i] = had.byPath[s.url]
			continue
		}
		work.Go(func() error {
			f, err := read(s)
			made[i] = f
			return err
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	for i, s := range list {
		set.byPath[s.url] = made[i]
		set.paths = append(set.paths, s.url)
		set.bytes += int64(len(made[i].body.Body()))
	}
	slices.Sort(set.paths)
	return nil
}

func read(s source) (*file, error) {
	body, err := os.ReadFile(s.name)
	if err != nil {
		return nil, fmt.Errorf("public release: %w", err)
	}
	b := blob.New(typeOf(s.url), body)
	if s.hash != "" && b.SHA256() != s.hash {
		return nil, fmt.Errorf("public release: %s is not what its manifest says: it was changed or cut off", s.name)
	}
	return &file{body: b, cache: []string{s.cache}, ranges: path.Ext(s.url) == ".pmtiles"}, nil
}

func typeOf(url string) string {
	if strings.HasSuffix(url, ".csv-metadata.json") {
		return "application/csvm+json" // CSV on the Web
	}
	switch path.Ext(url) {
	case ".json":
		return "application/json"
	case ".jsonld":
		return "application/ld+json"
	case ".geojson":
		return "application/geo+json"
	case ".mvt":
		return "application/vnd.mapbox-vector-tile"
	case ".atom":
		return "application/atom+xml; charset=utf-8"
	case ".csv":
		return "text/csv; charset=utf-8"
	case ".txt":
		return "text/plain; charset=utf-8"
	case ".pmtiles":
		return "application/vnd.pmtiles"
	}
	return "application/octet-stream"
}
