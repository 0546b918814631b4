package server

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/streetsafe/streetsafe/internal/pmtiles"
	"github.com/streetsafe/streetsafe/tiles"
)

const (
	// archiveZoom is the deepest zoom of an archive: the first that shows the
	// finest resolution. Clients overzoom from there.
	archiveZoom = 16
	// archiveLevel is how archives are compressed: the best level takes five
	// times as long for a tenth fewer bytes, and somebody waits.
	archiveLevel = 6
)

// deepestZoom is the last zoom that shows a resolution, or none finer.
func deepestZoom(res int) uint32 {
	z := uint32(archiveZoom)
	for z > 0 && tiles.ResolutionForZoom(z) > res {
		z--
	}
	return z
}

// writePMTiles writes the pyramid of tiles down to the resolution of the export.
// Each zoom shows the resolution that the map shows there, and each tile what the
// map's tile does of the cells of the export.
func (e *Export) writePMTiles(w io.Writer) error {
	deepest := deepestZoom(e.Res)
	box, err := e.bounds()
	if err != nil {
		return err
	}
	archive := pmtiles.Archive{MaxZoom: int(deepest), West: box[0], South: box[1], East: box[2], North: box[3], Level: archiveLevel}
	if archive.Metadata, err = e.archiveMetadata(int(deepest)); err != nil {
		return err
	}
	level, rings := e, [][]tiles.Vertex(nil)
	for z := int(deepest); z >= 0; z-- {
		res := min(tiles.ResolutionForZoom(uint32(z)), e.Res)
		if level.Res != res {
			level, rings = e.at(res), nil
		}
		if rings == nil {
			if rings, err = level.rings(); err != nil {
				return err
			}
		}
		level.addTiles(&archive, uint32(z), rings)
	}
	b, err := archive.Encode()
	if err != nil {
		return fmt.Errorf("encode archive: %w", err)
	}
	if s, ok := w.(sized); ok {
		s.Expect(int64(len(b)))
	}
	_, err = w.Write(b)
	return err
}

func (e *Export) rings() ([][]tiles.Vertex, error) {
	out := make([][]tiles.Vertex, len(e.Rows))
	for i, r := range e.Rows {
		ring, err := tiles.AppendOutline(nil, r.Cell)
		if err != nil {
			return nil, fmt.Errorf("outline of %s: %w", r.Cell, err)
		}
		out[i] = ring
	}
	return out, nil
}

// addTiles draws the tiles of one zoom.
func (e *Export) addTiles(a *pmtiles.Archive, z uint32, rings [][]tiles.Vertex) {
	shown := map[tiles.Tile][]int32{}
	var touched []tiles.Tile
	for i, ring := range rings {
		touched = tiles.AppendTouched(touched[:0], ring, z)
		for _, t := range touched {
			shown[t] = append(shown[t], int32(i))
		}
	}
	encoder, layer := tiles.NewEncoder(), e.layer()
	for t, cells := range shown { // the archive puts them in order
		encoder.Reset(t, layer)
		for _, i := range cells {
			r := &e.Rows[i]
			encoder.Cell(r.Cell, rings[i], r.Count, r.Columns)
		}
		if mvt := encoder.Finish(); len(mvt) > 0 {
			a.Add(t, append([]byte(nil), mvt...))
		}
	}
}

func (e *Export) layer() tiles.Layer {
	return tiles.Layer{Res: e.Res, Columns: e.Columns, WithCell: true}
}

// bounds are a box around the cells in degrees: west, south, east, north. An
// archive without a cell is of the whole world.
func (e *Export) bounds() (b [4]float64, err error) {
	if len(e.Rows) == 0 {
		return [4]float64{-180, -85, 180, 85}, nil
	}
	b = [4]float64{180, 90, -180, -90}
	for _, r := range e.Rows {
		boundary, err := r.Cell.Boundary()
		if err != nil {
			return b, fmt.Errorf("boundary of %s: %w", r.Cell, err)
		}
		for _, p := range boundary {
			b[0], b[1], b[2], b[3] = min(b[0], p.Lng), min(b[1], p.Lat), max(b[2], p.Lng), max(b[3], p.Lat)
		}
	}
	return b, nil
}

// archiveMetadata is the JSON of an archive: what the specification asks of
// vector tiles, and what every export says of itself.
func (e *Export) archiveMetadata(deepest int) ([]byte, error) {
	about := e.aboutMembers()
	return json.Marshal(map[string]any{"name": about["title"], "description": about["note"], "attribution": about["source"], "type": "overlay",
		"version": strconv.Itoa(drawingVersion), "vector_layers": tiles.VectorLayers(e.layer(), deepest, nil), "about": about})
}
