package release

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sort"

	"github.com/streetsafe/streetsafe/tiles"
)

// maxPMPart bounds what one compressed part may become, so that a small archive
// cannot ask for all memory.
const maxPMPart = 64 << 20

// PMTiles reads an archive of gzip-compressed tiles, to check what was written.
type PMTiles struct {
	b       []byte
	entries []pmEntry
	data    []byte
	tiles   int
}

var errPMTiles = errors.New("pmtiles: damaged, or not an archive of version 3 with gzip")

// ReadPMTiles reads the directories of an archive.
func ReadPMTiles(b []byte) (*PMTiles, error) {
	if len(b) < pmHeaderBytes || string(b[:8]) != "PMTiles\x03" || b[97] != pmGzip || b[98] != pmGzip {
		return nil, errPMTiles
	}
	a := &PMTiles{b: b}
	part := func(at int) ([]byte, error) {
		from, n := binary.LittleEndian.Uint64(b[at:]), binary.LittleEndian.Uint64(b[at+8:])
		return cut(b, from, n)
	}
	root, err1 := part(8)
	leaves, err2 := part(40)
	data, err3 := part(56)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	a.data = data
	top, err := readPMDirectory(root)
	if err != nil {
		return nil, err
	}
	for _, e := range top {
		if e.run > 0 {
			a.entries = append(a.entries, e)
			continue
		}
		leaf, err := cut(leaves, e.offset, uint64(e.length))
		if err != nil {
			return nil, err
		}
		below, err := readPMDirectory(leaf)
		if err != nil {
			return nil, err
		}
		a.entries = append(a.entries, below...)
	}
	for i, e := range a.entries {
		if e.run == 0 || i > 0 && e.id < a.entries[i-1].id+uint64(a.entries[i-1].run) {
			return nil, errPMTiles
		}
		a.tiles += int(e.run)
	}
	return a, nil
}

func cut(b []byte, from, n uint64) ([]byte, error) {
	if from > uint64(len(b)) || n > uint64(len(b))-from {
		return nil, errPMTiles
	}
	return b[from : from+n], nil
}

func readPMDirectory(z []byte) ([]pmEntry, error) {
	b, err := gunzipped(z)
	if err != nil {
		return nil, err
	}
	r := reader{b: b}
	entries := make([]pmEntry, r.count(len(b)))
	last := uint64(0)
	for i := range entries {
		last += r.uvarint()
		entries[i].id = last
	}
	for i := range entries {
		entries[i].run = uint32(r.count(1 << 30))
	}
	for i := range entries {
		entries[i].length = uint32(r.count(1 << 31))
	}
	for i := range entries {
		switch v := r.uvarint(); {
		case v > 0:
			entries[i].offset = v - 1
		case i > 0:
			entries[i].offset = entries[i-1].offset + uint64(entries[i-1].length)
		default:
			r.fail()
		}
	}
	if r.err != nil {
		return nil, errPMTiles
	}
	return entries, nil
}

func gunzipped(b []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("pmtiles: %w", err)
	}
	out, err := io.ReadAll(io.LimitReader(r, maxPMPart+1))
	if err != nil {
		return nil, fmt.Errorf("pmtiles: %w", err)
	}
	if len(out) > maxPMPart {
		return nil, errPMTiles
	}
	return out, nil
}

// Tiles is how many tiles the archive has.
func (a *PMTiles) Tiles() int { return a.tiles }

// Tile returns a tile's bytes, nil when the archive does not have it.
func (a *PMTiles) Tile(t tiles.Tile) ([]byte, error) {
	id := pmTileID(t)
	i := sort.Search(len(a.entries), func(i int) bool { return a.entries[i].id > id }) - 1
	if i < 0 || id >= a.entries[i].id+uint64(a.entries[i].run) {
		return nil, nil
	}
	z, err := cut(a.data, a.entries[i].offset, uint64(a.entries[i].length))
	if err != nil {
		return nil, err
	}
	return gunzipped(z)
}
