package release

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/streetsafe/streetsafe/internal/pmtiles"
	"github.com/streetsafe/streetsafe/internal/release/public"
	"github.com/streetsafe/streetsafe/tiles"
)

// Publish writes what a dataset shows as a directory of immutable files, and
// adds it to the list and the catalogue beside it. A release that is there already is left as it
// is, byte for byte; another one under its name is refused.
func Publish(dir string, d Dataset, about About) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	final := filepath.Join(dir, d.ID)
	if there, err := published(final); err != nil || there != nil {
		if err == nil && !slices.Equal(there.Commitments, d.Commits) {
			err = fmt.Errorf("publish: %s has another release %s: published releases never change", dir, d.ID)
		}
		return errors.Join(err, writeIndex(dir, about))
	}
	draft, err := os.MkdirTemp(dir, draftPrefix)
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	defer os.RemoveAll(draft) // nothing is left under this name once it was renamed
	if err := writeDataset(draft, d, edition); err != nil {
		return fmt.Errorf("publish %s: %w", d.ID, err)
	}
	if err := errors.Join(os.Chmod(draft, 0o755), os.Rename(draft, final)); err != nil {
		return fmt.Errorf("publish %s: %w", d.ID, err)
	}
	return writeIndex(dir, about)
}

func published(dir string) (*manifest, error) {
	b, err := os.ReadFile(filepath.Join(dir, public.ManifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var m manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return &m, nil
}

// output writes files below a directory and keeps their hashes.
type output struct {
	dir   string
	made  map[string]bool // directories
	files []public.File

	edition int
}

func (o *output) write(name string, b []byte) error {
	full := filepath.Join(o.dir, filepath.FromSlash(name))
	if dir := filepath.Dir(full); !o.made[dir] {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		o.made[dir] = true
	}
	o.files = append(o.files, public.File{Path: name, Bytes: int64(len(b)), SHA256: hashOf(b)})
	return os.WriteFile(full, b, 0o644)
}

// writeDataset writes the files of a release as an edition has them.
func writeDataset(dir string, d Dataset, edition int) error {
	o := &output{dir: dir, made: map[string]bool{}, edition: edition}
	if err := o.writeTiles(d); err != nil {
		return err
	}
	for res := coarsestRes; res <= finestRes; res++ {
		g, err := geoJSON(d.Cells[res], layerOf(res), d.Synthetic)
		if err != nil {
			return err
		}
		if err := o.write("res"+strconv.Itoa(res)+".geojson", g); err != nil {
			return err
		}
	}
	cells, err := cellsCSV(d)
	if err != nil {
		return err
	}
	note, err := methodNote(d, methodText)
	if err != nil {
		return err
	}
	if err := errors.Join(o.write("cells.csv", cells), o.write("method.txt", note)); err != nil {
		return err
	}
	if d.hasForces() {
		if err := o.write("forces.csv", forcesCSV(d)); err != nil {
			return err
		}
	}
	for _, a := range d.Attachments {
		if err := o.write(a.Name, a.Body); err != nil {
			return err
		}
	}
	if o.edition >= 1 {
		if err := o.writeAbout(d); err != nil {
			return err
		}
	}
	if o.edition >= 2 {
		note, err := methodNote(d, methodWelsh)
		if err := errors.Join(err, o.write("method.cy.txt", note)); err != nil {
			return err
		}
	}
	return o.writeManifest(d)
}

// hasForces holds for a release with the table of its year, if only its head.
func (d Dataset) hasForces() bool { return strings.HasSuffix(d.ID, "-H2") }

// writeAbout writes what came with edition 1: the tables described for machines,
// and the areas with their outlines.
func (o *output) writeAbout(d Dataset) error {
	about, err := cellsMetadata(d)
	if err := errors.Join(err, o.write("cells.csv"+metadataSuffix, about)); err != nil || !d.hasForces() {
		return err
	}
	if about, err = forcesMetadata(d); err != nil {
		return err
	}
	areas, err := areasGeoJSON(d)
	return errors.Join(err, o.write("forces.csv"+metadataSuffix, about), o.write(areasFile, areas))
}

// writeTiles writes the pyramid as single files and as one archive.
func (o *output) writeTiles(d Dataset) error {
	archive := pmtiles.Archive{MinZoom: minTileZoom, MaxZoom: maxTileZoom}
	var err error
	archive.West, archive.South, archive.East, archive.North, err = d.bounds(o.edition)
	if err != nil {
		return err
	}
	if archive.Metadata, err = tileMetadata(d); err != nil {
		return err
	}
	err = drawTiles(d, func(t drawn) error {
		archive.Add(t.tile, slices.Clone(t.mvt))
		return errors.Join(o.write(t.tile.String()+".mvt", t.mvt), o.write(t.tile.String()+".geojson", t.geojson))
	})
	if err != nil {
		return err
	}
	b, err := archive.Encode()
	if err != nil {
		return err
	}
	return o.write("tiles.pmtiles", b)
}

// tileMetadata is the JSON that a PMTiles archive carries.
func tileMetadata(d Dataset) ([]byte, error) {
	about := map[string]string{}
	for _, s := range subsets[1:] {
		about[s.name] = "Number. About how many " + s.label + "; absent where not shown. Resolutions 6 and 5 only."
	}
	layers := tiles.VectorLayers(layerOf(coarsestRes), maxTileZoom, about)
	layers[0].Fields["count"] = "Number. About how many reports, noisy and rounded."
	return json.Marshal(map[string]any{"name": d.title(), "type": "overlay", "version": strconv.Itoa(format),
		"description": absence, "vector_layers": layers})
}

func (o *output) writeManifest(d Dataset) error {
	slices.SortFunc(o.files, func(a, b public.File) int { return strings.Compare(a.Path, b.Path) })
	m := manifest{
		Manifest: public.Manifest{Format: format, Release: d.ID, Files: o.files},
		Edition:  o.edition, Kind: d.Kind, From: d.From.String(), To: d.To.String(), FrozenOn: d.FrozenOn, Synthetic: d.Synthetic,
		Guarantee: guarantee, Absence: absence, Policy: d.Policy, Commitments: d.Commits, Universe: d.Universe,
		Tiles: manifestTiles{MinZoom: minTileZoom, MaxZoom: maxTileZoom, Resolutions: map[string]int{}, Layer: tileLayer, Columns: Columns()},
		Shown: map[string]int{},
	}
	if o.edition >= 1 {
		west, south, east, north, err := d.bounds(o.edition)
		if err != nil {
			return err
		}
		m.Tiles.Bounds = &[4]float64{floor5(west), floor5(south), -floor5(-east), -floor5(-north)}
	}
	for z := minTileZoom; z <= maxTileZoom; z++ {
		m.Tiles.Resolutions[strconv.Itoa(z)] = tileResolution(z)
	}
	for res, cells := range d.Cells {
		m.Shown[strconv.Itoa(res)] = len(cells)
	}
	b, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(o.dir, public.ManifestFile), append(b, '\n'), 0o644)
}
