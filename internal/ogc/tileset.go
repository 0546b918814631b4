package ogc

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/streetsafe/streetsafe/internal/release/public"
)

// tileset is the tiles of a release.
type tileset struct {
	Release string
	Title   string
	Box     rect
	MinZoom int
	MaxZoom int
	Layers  []layer
	Limits  []limit
}

type layer struct {
	ID          string            `json:"id"`
	Description string            `json:"description,omitempty"`
	MinZoom     int               `json:"minzoom"`
	MaxZoom     int               `json:"maxzoom"`
	Fields      map[string]string `json:"fields"`
}

// limit is which tiles of a zoom there are.
type limit struct {
	Zoom                           int
	MinRow, MaxRow, MinCol, MaxCol int
}

// readTileset reads what the release's archive says of its tiles: the header and
// the metadata of PMTiles, version 3. It is nil when the release has no archive.
func readTileset(data source, r public.Release, limits []limit) (*tileset, error) {
	const header, e7 = 127, 1e7
	raw, _, ok := data.Open("/" + r.ID + "/tiles.pmtiles")
	if !ok {
		return nil, nil
	}
	if len(raw) < header || string(raw[:8]) != "PMTiles\x03" {
		return nil, errors.New("tiles.pmtiles is not of version 3")
	}
	at, n := binary.LittleEndian.Uint64(raw[24:]), binary.LittleEndian.Uint64(raw[32:])
	if at > uint64(len(raw)) || n > uint64(len(raw))-at {
		return nil, errors.New("tiles.pmtiles is damaged")
	}
	z, err := gzip.NewReader(bytes.NewReader(raw[at : at+n]))
	if err != nil {
		return nil, fmt.Errorf("tiles.pmtiles: %w", err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("tiles.pmtiles: %w", err)
	}
	var about struct {
		Name   string
		Layers []layer `json:"vector_layers"`
	}
	if err := json.Unmarshal(text, &about); err != nil {
		return nil, fmt.Errorf("tiles.pmtiles: %w", err)
	}
	t := &tileset{Release: r.ID, Title: about.Name, Layers: about.Layers, Limits: limits, MinZoom: int(raw[100]), MaxZoom: int(raw[101])}
	for i := range t.Box {
		t.Box[i] = float64(int32(binary.LittleEndian.Uint32(raw[102+4*i:]))) / e7
	}
	return t, nil
}

// tileLimits reads from the paths of all files which tiles each release has.
func tileLimits(paths []string) map[string][]limit {
	byZoom := map[string]map[int]*limit{}
	for _, p := range paths {
		name, ok := strings.CutSuffix(p, ".mvt")
		parts := strings.Split(name, "/")
		if !ok || len(parts) != 5 {
			continue
		}
		z, err1 := strconv.Atoi(parts[2])
		x, err2 := strconv.Atoi(parts[3])
		y, err3 := strconv.Atoi(parts[4])
		if errors.Join(err1, err2, err3) != nil {
			continue
		}
		zooms := byZoom[parts[1]]
		if zooms == nil {
			zooms = map[int]*limit{}
			byZoom[parts[1]] = zooms
		}
		l := zooms[z]
		if l == nil {
			l = &limit{z, y, y, x, x}
			zooms[z] = l
		}
		l.MinRow, l.MaxRow, l.MinCol, l.MaxCol = min(l.MinRow, y), max(l.MaxRow, y), min(l.MinCol, x), max(l.MaxCol, x)
	}
	out := map[string][]limit{}
	for release, zooms := range byZoom {
		for _, l := range zooms {
			out[release] = append(out[release], *l)
		}
		slices.SortFunc(out[release], func(a, b limit) int { return a.Zoom - b.Zoom })
	}
	return out
}
