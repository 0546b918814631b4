package release

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb/encoding/mvt"
	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/pmtiles"
	"github.com/streetsafe/streetsafe/internal/release/public"
	"github.com/streetsafe/streetsafe/tiles"
)

// Check is one thing that Verify looked at.
type Check struct {
	Release string
	What    string
	Detail  string // in numbers
	Err     error  // nil when it holds
}

// VerifyPublic checks a directory of releases from the outside, as anybody could:
// every file is the one that its manifest lists and no other is there, every
// number keeps floor and rounding, and tables, GeoJSON, tiles and archive say
// the same.
func VerifyPublic(dir string) ([]Check, error) {
	raw, err := os.ReadFile(filepath.Join(dir, public.ManifestFile))
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	var index public.Index
	if err := json.Unmarshal(raw, &index); err != nil {
		return nil, fmt.Errorf("verify: %s: %w", public.ManifestFile, err)
	}
	var checks []Check
	for _, r := range index.Releases {
		v := &verifier{dir: filepath.Join(dir, r.ID), read: map[string][]byte{}}
		for _, step := range []struct {
			what string
			do   func() (string, error)
		}{
			{"files are those of the manifest", func() (string, error) { return v.files(r) }},
			{"floor, threshold and rounding of every number", v.numbers},
			{"GeoJSON by resolution says what the table says", v.geoJSON},
			{"tiles say what the table says", v.tiles},
			{"the archive holds the tiles", v.archive},
		} {
			detail, err := step.do()
			checks = append(checks, Check{r.ID, step.what, detail, err})
			if err != nil {
				break // the rest would only repeat it
			}
		}
	}
	return checks, nil
}

// VerifyRebuilt makes everything public again from the frozen blocks alone and
// compares: nothing published may depend on anything else.
func (b *Builder) VerifyRebuilt() ([]Check, error) {
	sets, err := b.Datasets()
	if err != nil {
		return nil, err
	}
	var checks []Check
	for _, d := range sets {
		err := b.compareRebuilt(d)
		checks = append(checks, Check{d.ID, "every byte comes from the frozen blocks", fmt.Sprintf("%d cells shown", len(d.Cells[finestRes])), err})
	}
	return checks, nil
}

func (b *Builder) compareRebuilt(d Dataset) error {
	there, err := published(filepath.Join(b.publicDir, d.ID))
	if err != nil {
		return err
	}
	if there == nil {
		return errors.New("it is not published: run `streetsafe release build`")
	}
	if there.Edition < 0 || there.Edition > edition {
		return fmt.Errorf("it was published by a newer program (edition %d, this one knows %d): check it with that one", there.Edition, edition)
	}
	temp, err := os.MkdirTemp("", "streetsafe-verify-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	if err := writeDataset(temp, d, there.Edition); err != nil {
		return err
	}
	return sameTree(temp, filepath.Join(b.publicDir, d.ID))
}

func sameTree(want, got string) error {
	for _, pair := range [][2]string{{want, got}, {got, want}} {
		err := filepath.WalkDir(pair[0], func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			rel, err := filepath.Rel(pair[0], name)
			if err != nil {
				return err
			}
			a, err1 := os.ReadFile(name)
			b, err2 := os.ReadFile(filepath.Join(pair[1], rel))
			if err := errors.Join(err1, err2); err != nil {
				return err
			}
			if !bytes.Equal(a, b) {
				return fmt.Errorf("%s differs from what the blocks give", rel)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

type verifier struct {
	dir      string
	manifest manifest
	read     map[string][]byte
	rows     map[h3.Cell]Cell
}

func (v *verifier) files(r public.Release) (string, error) {
	raw, err := os.ReadFile(filepath.Join(v.dir, public.ManifestFile))
	if err != nil {
		return "", err
	}
	if hashOf(raw) != r.SHA256 {
		return "", errors.New("manifest.json is not the one that the list of releases names")
	}
	if err := json.Unmarshal(raw, &v.manifest); err != nil {
		return "", err
	}
	if err := v.manifest.Policy.Check(); err != nil {
		return "", err
	}
	size := int64(0)
	for _, f := range v.manifest.Files {
		b, err := os.ReadFile(filepath.Join(v.dir, filepath.FromSlash(f.Path)))
		if err != nil {
			return "", err
		}
		if hashOf(b) != f.SHA256 || int64(len(b)) != f.Bytes {
			return "", fmt.Errorf("%s is not what the manifest says", f.Path)
		}
		v.read[f.Path] = b
		size += f.Bytes
	}
	err = filepath.WalkDir(v.dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(v.dir, name)
		if err == nil && v.read[filepath.ToSlash(rel)] == nil && rel != public.ManifestFile {
			err = fmt.Errorf("%s is not in the manifest", rel)
		}
		return err
	})
	return fmt.Sprintf("%d files, %d bytes", len(v.manifest.Files), size), err
}

// numbers reads the tables and holds every number to the rules.
func (v *verifier) numbers() (string, error) {
	rows, err := csv.NewReader(bytes.NewReader(v.read["cells.csv"])).ReadAll()
	if err != nil || len(rows) == 0 {
		return "", errors.Join(err, errors.New("cells.csv has no head"))
	}
	t := v.manifest.Policy.ShownFrom.HalfYear
	if v.manifest.Kind == KindTwelveMonths {
		t = v.manifest.Policy.ShownFrom.TwelveMonths
	}
	least := map[int][len(subsets)]int{8: {t.Res8}, 7: {t.Res7}, 6: themeThresholds(t.Res6, t.Res6Two, t.Res6One), 5: themeThresholds(t.Res5, t.Res5Two, t.Res5One)}
	v.rows = map[h3.Cell]Cell{}
	numbers := 0
	for _, row := range rows[1:] {
		c := Cell{Cell: h3.CellFromString(row[1])}
		res := c.Cell.Resolution()
		if !c.Cell.IsValid() || strconv.Itoa(res) != row[0] || least[res][0] == 0 {
			return "", fmt.Errorf("cells.csv: %v", row)
		}
		for j, field := range row[4 : len(row)-1] {
			if field == "" && j > 0 {
				continue
			}
			n, err := strconv.ParseUint(field, 10, 32)
			if err != nil || v.manifest.checkNumber(int(n), least[res][j]) != nil {
				return "", fmt.Errorf("cells.csv: %v shows %q", c.Cell, field)
			}
			if j == 0 {
				c.Count = uint32(n)
			} else {
				c.Columns[j-1] = uint32(n)
			}
			numbers++
		}
		if _, twice := v.rows[c.Cell]; twice {
			return "", fmt.Errorf("cells.csv: %v comes twice", c.Cell)
		}
		v.rows[c.Cell] = c
	}
	return fmt.Sprintf("%d numbers", numbers), v.checkForces(&numbers)
}

func (m *manifest) checkNumber(n, least int) error {
	r := m.Policy.Rounding
	// A threshold that is no multiple of the rounding may round down.
	if n%r != 0 || n < (least+r/2)/r*r || least == 0 {
		return fmt.Errorf("%d is shown: expected a multiple of %d from %d on", n, r, least)
	}
	return nil
}

func (v *verifier) checkForces(numbers *int) error {
	b, ok := v.read["forces.csv"]
	if !ok {
		return nil
	}
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil || len(rows) == 0 {
		return errors.Join(err, errors.New("forces.csv has no head"))
	}
	for _, row := range rows[1:] {
		n, err := strconv.Atoi(row[len(row)-2])
		if err := errors.Join(err, v.manifest.checkNumber(n, v.manifest.Policy.ShownFrom.ForceYearFactor)); err != nil {
			return fmt.Errorf("forces.csv: %w", err)
		}
		*numbers++
	}
	return v.checkAreas(rows[1:])
}

func (v *verifier) geoJSON() (string, error) {
	total := 0
	for res := coarsestRes; res <= finestRes; res++ {
		n, err := v.features(v.read["res"+strconv.Itoa(res)+".geojson"])
		if err != nil {
			return "", fmt.Errorf("res%d.geojson: %w", res, err)
		}
		total += n
	}
	if total != len(v.rows) {
		return "", fmt.Errorf("GeoJSON has %d cells, the table %d", total, len(v.rows))
	}
	return fmt.Sprintf("%d cells", total), nil
}

// features compares the features of a GeoJSON document with the table.
func (v *verifier) features(b []byte) (int, error) {
	var doc struct {
		Features []struct {
			ID         uint64
			Properties map[string]any
		}
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return 0, err
	}
	for _, f := range doc.Features {
		name, _ := f.Properties["cell"].(string)
		c := h3.CellFromString(name)
		if tiles.FeatureID(c) != f.ID {
			return 0, fmt.Errorf("%s has the id of another cell", name)
		}
		delete(f.Properties, "cell")
		if err := v.sameNumbers(c, f.Properties); err != nil {
			return 0, err
		}
	}
	return len(doc.Features), nil
}

func (v *verifier) sameNumbers(c h3.Cell, properties map[string]any) error {
	row, ok := v.rows[c]
	if !ok {
		return fmt.Errorf("%v is not in the table", c)
	}
	want := map[string]any{"count": float64(row.Count)}
	for i, name := range Columns() {
		if row.Columns[i] > 0 {
			want[name] = float64(row.Columns[i])
		}
	}
	if len(properties) != len(want) {
		return fmt.Errorf("%v has %v, the table %v", c, properties, want)
	}
	for k, n := range want {
		if properties[k] != n {
			return fmt.Errorf("%v has %v, the table %v", c, properties, want)
		}
	}
	return nil
}

// tiles decodes every tile. The deepest zoom must show the whole finest level.
func (v *verifier) tiles() (string, error) {
	count := 0
	seen := map[h3.Cell]bool{}
	for _, name := range v.tileNames() {
		layers, err := mvt.Unmarshal(v.read[name])
		if err != nil || len(layers) != 2 {
			return "", fmt.Errorf("%s: %d layers, %v", name, len(layers), err)
		}
		z, _ := strconv.Atoi(strings.Split(name, "/")[0])
		res := tileResolution(z)
		for _, f := range layers[0].Features {
			id, _ := f.ID.(float64)
			c, err := tiles.CellFromFeatureID(uint64(id), res)
			if err != nil {
				return "", fmt.Errorf("%s: %w", name, err)
			}
			if err := v.sameNumbers(c, f.Properties); err != nil {
				return "", fmt.Errorf("%s: %w", name, err)
			}
			seen[c] = seen[c] || z == maxTileZoom
		}
		if _, err := v.features(v.read[strings.TrimSuffix(name, ".mvt")+".geojson"]); err != nil {
			return "", fmt.Errorf("%s as GeoJSON: %w", name, err)
		}
		count++
	}
	for c := range v.rows {
		if c.Resolution() == finestRes && !seen[c] {
			return "", fmt.Errorf("%v is in no tile of zoom %d", c, maxTileZoom)
		}
	}
	return fmt.Sprintf("%d tiles", count), nil
}

func (v *verifier) tileNames() []string {
	var names []string
	for name := range v.read {
		if strings.HasSuffix(name, ".mvt") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (v *verifier) archive() (string, error) {
	a, err := pmtiles.Read(v.read["tiles.pmtiles"])
	if err != nil {
		return "", err
	}
	names := v.tileNames()
	if len(names) != a.Tiles() {
		return "", fmt.Errorf("the archive has %d tiles of %d", a.Tiles(), len(names))
	}
	for _, name := range names {
		parts := strings.Split(strings.TrimSuffix(name, ".mvt"), "/")
		t, err := tiles.ParseTile(parts[0], parts[1], parts[2])
		if err != nil {
			return "", err
		}
		b, err := a.Tile(t)
		if err != nil || !bytes.Equal(b, v.read[name]) {
			return "", fmt.Errorf("%s differs in the archive (%v)", name, err)
		}
	}
	return fmt.Sprintf("%d tiles", len(names)), nil
}
