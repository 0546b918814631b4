package public

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// cellsFile is the table of all cells of a release.
const cellsFile = "cells.csv"

// Figures are what the newest release says of cells, for a page about a place.
// They are immutable.
type Figures struct {
	Release Release
	cells   map[string]map[string]int
}

// ReadFigures reads the newest release of a directory: of those that end last,
// the one that covers most. The zero Figures when there is none yet. A table
// whose hash is not that of the manifests is an error.
func ReadFigures(dir string) (*Figures, error) {
	raw, err := os.ReadFile(filepath.Join(dir, ManifestFile))
	if errors.Is(err, os.ErrNotExist) {
		return &Figures{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("public releases: %w", err)
	}
	var index Index
	if err := json.Unmarshal(raw, &index); err != nil {
		return nil, fmt.Errorf("public releases: %s: %w", ManifestFile, err)
	}
	if index.Format != formatKnown {
		return nil, fmt.Errorf("public releases: %s has format %d, known is %d", ManifestFile, index.Format, formatKnown)
	}
	if len(index.Releases) == 0 {
		return &Figures{}, nil
	}
	newest := slices.MaxFunc(index.Releases, func(a, b Release) int {
		if a.To != b.To { // dates as YYYY-MM-DD
			return strings.Compare(a.To, b.To)
		}
		return strings.Compare(b.From, a.From)
	})
	table, err := readTable(dir, newest)
	if err != nil {
		return nil, fmt.Errorf("public release %s: %w", newest.ID, err)
	}
	f := &Figures{Release: newest}
	if f.cells, err = parseCells(bytes.NewReader(table)); err != nil {
		return nil, fmt.Errorf("public release %s: %s: %w", newest.ID, cellsFile, err)
	}
	return f, nil
}

// readTable reads the table of a release and checks it against the manifests.
func readTable(dir string, r Release) ([]byte, error) {
	raw, err := readChecked(filepath.Join(dir, filepath.FromSlash(r.Manifest)), r.SHA256)
	if err != nil {
		return nil, err
	}
	var m Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(m.Files, func(f File) bool { return f.Path == cellsFile })
	if i < 0 {
		return nil, errors.New("there is no " + cellsFile)
	}
	return readChecked(filepath.Join(dir, r.ID, cellsFile), m.Files[i].SHA256)
}

func readChecked(name, hash string) ([]byte, error) {
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != hash {
		return nil, fmt.Errorf("%s is not the file of its manifest", name)
	}
	return raw, nil
}

// parseCells reads a table into its numbers by cell and column.
func parseCells(r io.Reader) (map[string]map[string]int, error) {
	rows := csv.NewReader(r)
	head, err := rows.Read()
	if err != nil {
		return nil, err
	}
	cell, count := slices.Index(head, "cell"), slices.Index(head, "count")
	if cell < 0 || count < 0 {
		return nil, errors.New("it has no cells or no counts")
	}
	cells := map[string]map[string]int{}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return cells, nil
		}
		if err != nil {
			return nil, err
		}
		c := map[string]int{}
		cells[row[cell]] = c
		// The count and what stands behind it up to the last column, which says
		// whether the release is synthetic.
		for i := count; i < len(row)-1; i++ {
			if row[i] == "" {
				continue
			}
			if c[head[i]], err = strconv.Atoi(row[i]); err != nil {
				return nil, err
			}
		}
	}
}

// At returns what is shown of a cell, named by its H3 index in hexadecimal, by
// column, such as "count": nothing, when it is not shown, for whatever reason.
func (f *Figures) At(cell string) map[string]int { return f.cells[cell] }
