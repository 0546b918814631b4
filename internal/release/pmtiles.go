package release

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/streetsafe/streetsafe/tiles"
)

// The numbers below are those of the PMTiles specification, version 3:
// https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md
const (
	pmHeaderBytes = 127
	pmRootBytes   = 16384 - pmHeaderBytes // the header and the root directory fit the first 16 KiB
	pmGzip        = 2
	pmMVT         = 1
	pmLeafEntries = 4096 // a leaf is one more request for a client, of some 10 KB
)

type pmEntry struct {
	id     uint64 // of the tile, or of the first tile in a leaf
	offset uint64
	length uint32
	run    uint32 // tiles in a row with this content; 0 marks a leaf
}

// pmArchive is a PMTiles archive in the making.
type pmArchive struct {
	MinZoom, MaxZoom         int
	West, South, East, North float64 // degrees
	Metadata                 []byte  // JSON
	tiles                    []pmTile
}

type pmTile struct {
	id   uint64
	body []byte
}

func (a *pmArchive) add(t tiles.Tile, mvt []byte) {
	a.tiles = append(a.tiles, pmTile{pmTileID(t), mvt})
}

// pmTileID numbers tiles along a Hilbert curve, zoom after zoom.
func pmTileID(t tiles.Tile) uint64 {
	id := (uint64(1)<<(2*t.Z) - 1) / 3
	x, y := t.X, t.Y
	for s := uint32(1) << t.Z >> 1; s > 0; s >>= 1 {
		var rx, ry uint32
		if x&s != 0 {
			rx = 1
		}
		if y&s != 0 {
			ry = 1
		}
		id += uint64(s) * uint64(s) * uint64(3*rx^ry)
		if ry == 0 { // turn the quadrant
			if rx == 1 {
				x, y = s-1-x&(s-1), s-1-y&(s-1)
			}
			x, y = y, x
		}
		x, y = x&(s-1), y&(s-1)
	}
	return id
}

// encode returns the archive, clustered: tiles in the order of their ids, equal
// neighbours once.
func (a *pmArchive) encode() ([]byte, error) {
	slices.SortFunc(a.tiles, func(x, y pmTile) int { return cmp.Compare(x.id, y.id) })
	entries, data, contents, err := a.layOut()
	if err != nil {
		return nil, err
	}
	root, leaves, err := pmDirectories(entries)
	if err != nil {
		return nil, err
	}
	metadata, err := gzipped(a.Metadata)
	if err != nil {
		return nil, err
	}
	h := a.header()
	offset := uint64(pmHeaderBytes)
	for i, part := range [][]byte{root, metadata, leaves, data} {
		binary.LittleEndian.PutUint64(h[8+16*i:], offset)
		binary.LittleEndian.PutUint64(h[16+16*i:], uint64(len(part)))
		offset += uint64(len(part))
	}
	binary.LittleEndian.PutUint64(h[72:], uint64(len(a.tiles)))
	binary.LittleEndian.PutUint64(h[80:], uint64(len(entries)))
	binary.LittleEndian.PutUint64(h[88:], uint64(contents))
	return slices.Concat(h, root, metadata, leaves, data), nil
}

// layOut compresses the tiles and puts them one after another. A content that
// comes again is not stored again.
func (a *pmArchive) layOut() (entries []pmEntry, data []byte, contents int, err error) {
	known := map[string]pmEntry{}
	var g gzipper
	for _, t := range a.tiles {
		at, ok := known[string(t.body)]
		if !ok {
			z, err := g.compress(t.body)
			if err != nil {
				return nil, nil, 0, err
			}
			at = pmEntry{offset: uint64(len(data)), length: uint32(len(z))}
			known[string(t.body)] = at
			data = append(data, z...)
		}
		if n := len(entries); n > 0 && entries[n-1].offset == at.offset && entries[n-1].id+uint64(entries[n-1].run) == t.id {
			entries[n-1].run++
			continue
		}
		at.id, at.run = t.id, 1
		entries = append(entries, at)
	}
	return entries, data, len(known), nil
}

func (a *pmArchive) header() []byte {
	h := make([]byte, pmHeaderBytes)
	copy(h, "PMTiles\x03")
	h[96] = 1 // clustered
	h[97], h[98], h[99] = pmGzip, pmGzip, pmMVT
	h[100], h[101] = byte(a.MinZoom), byte(a.MaxZoom)
	for i, degrees := range []float64{a.West, a.South, a.East, a.North} {
		binary.LittleEndian.PutUint32(h[102+4*i:], uint32(int32(degrees*1e7)))
	}
	h[118] = byte(min(a.MinZoom+6, a.MaxZoom))
	binary.LittleEndian.PutUint32(h[119:], uint32(int32((a.West+a.East)/2*1e7)))
	binary.LittleEndian.PutUint32(h[123:], uint32(int32((a.South+a.North)/2*1e7)))
	return h
}

// pmDirectories returns the root directory and, when it would not fit with all
// entries, the leaves it points to.
func pmDirectories(entries []pmEntry) (root, leaves []byte, err error) {
	root, err = pmDirectory(entries)
	if err != nil || len(root) <= pmRootBytes {
		return root, nil, err
	}
	for size := pmLeafEntries; ; size *= 2 {
		var pointers []pmEntry
		leaves = nil
		for part := range slices.Chunk(entries, size) {
			leaf, err := pmDirectory(part)
			if err != nil {
				return nil, nil, err
			}
			pointers = append(pointers, pmEntry{id: part[0].id, offset: uint64(len(leaves)), length: uint32(len(leaf))})
			leaves = append(leaves, leaf...)
		}
		root, err = pmDirectory(pointers)
		if err != nil || len(root) <= pmRootBytes {
			return root, leaves, err
		}
	}
}

func pmDirectory(entries []pmEntry) ([]byte, error) {
	b := binary.AppendUvarint(nil, uint64(len(entries)))
	last := uint64(0)
	for _, e := range entries {
		b = binary.AppendUvarint(b, e.id-last)
		last = e.id
	}
	for _, e := range entries {
		b = binary.AppendUvarint(b, uint64(e.run))
	}
	for _, e := range entries {
		b = binary.AppendUvarint(b, uint64(e.length))
	}
	for i, e := range entries {
		if i > 0 && e.offset == entries[i-1].offset+uint64(entries[i-1].length) {
			b = append(b, 0) // right after the one before
		} else {
			b = binary.AppendUvarint(b, e.offset+1)
		}
	}
	return gzipped(b)
}

// gzipper compresses one piece after another; a new writer for each would take
// longer than its work.
type gzipper struct {
	out bytes.Buffer
	w   *gzip.Writer
}

func (g *gzipper) compress(b []byte) ([]byte, error) {
	g.out.Reset()
	if g.w == nil {
		w, err := gzip.NewWriterLevel(&g.out, gzip.BestCompression)
		if err != nil {
			return nil, err
		}
		g.w = w
	}
	g.w.Reset(&g.out)
	_, err := g.w.Write(b)
	if err := errors.Join(err, g.w.Close()); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return bytes.Clone(g.out.Bytes()), nil
}

func gzipped(b []byte) ([]byte, error) { return new(gzipper).compress(b) }
