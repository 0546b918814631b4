// Package pmtiles writes and reads PMTiles archives of vector tiles, version 3. It
// knows tiles alone, not what they show:
// https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md
package pmtiles

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

// The numbers below are those of the specification.
const (
	headerBytes = 127
	rootBytes   = 16384 - headerBytes // the header and the root directory fit the first 16 KiB
	typeGzip    = 2
	typeMVT     = 1
	leafEntries = 4096 // a leaf is one more request for a client, of some 10 KB
)

type entry struct {
	id     uint64 // of the tile, or of the first tile in a leaf
	offset uint64
	length uint32
	run    uint32 // tiles in a row with this content; 0 marks a leaf
}

// ContentType is what archives are served as.
const ContentType = "application/vnd.pmtiles"

// Archive is an archive in the making.
type Archive struct {
	MinZoom, MaxZoom         int
	West, South, East, North float64 // degrees
	Metadata                 []byte  // JSON, as section 5 of the specification has it
	Level                    int     // of gzip; 0 for the best
	tiles                    []tile
}

type tile struct {
	id   uint64
	body []byte
}

// Add puts a tile into the archive, which keeps its bytes.
func (a *Archive) Add(t tiles.Tile, mvt []byte) {
	a.tiles = append(a.tiles, tile{tileID(t), mvt})
}

// tileID numbers tiles along a Hilbert curve, zoom after zoom.
func tileID(t tiles.Tile) uint64 {
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

// Len is how many tiles have been added.
func (a *Archive) Len() int { return len(a.tiles) }

// Encode returns the archive, clustered: tiles in the order of their ids, equal
// contents once. The same tiles and level give the same bytes.
func (a *Archive) Encode() ([]byte, error) {
	slices.SortFunc(a.tiles, func(x, y tile) int { return cmp.Compare(x.id, y.id) })
	entries, data, contents, err := a.layOut()
	if err != nil {
		return nil, err
	}
	root, leaves, err := directories(entries)
	if err != nil {
		return nil, err
	}
	metadata, err := gzipped(a.Metadata)
	if err != nil {
		return nil, err
	}
	h := a.header()
	offset := uint64(headerBytes)
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
func (a *Archive) layOut() (entries []entry, data []byte, contents int, err error) {
	known := map[string]entry{}
	g := gzipper{level: a.Level}
	for _, t := range a.tiles {
		at, ok := known[string(t.body)]
		if !ok {
			z, err := g.compress(t.body)
			if err != nil {
				return nil, nil, 0, err
			}
			at = entry{offset: uint64(len(data)), length: uint32(len(z))}
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

func (a *Archive) header() []byte {
	h := make([]byte, headerBytes)
	copy(h, "PMTiles\x03")
	h[96] = 1 // clustered
	h[97], h[98], h[99] = typeGzip, typeGzip, typeMVT
	h[100], h[101] = byte(a.MinZoom), byte(a.MaxZoom)
	for i, degrees := range []float64{a.West, a.South, a.East, a.North} {
		binary.LittleEndian.PutUint32(h[102+4*i:], uint32(int32(degrees*1e7)))
	}
	h[118] = byte(min(a.MinZoom+6, a.MaxZoom))
	binary.LittleEndian.PutUint32(h[119:], uint32(int32((a.West+a.East)/2*1e7)))
	binary.LittleEndian.PutUint32(h[123:], uint32(int32((a.South+a.North)/2*1e7)))
	return h
}

// directories returns the root directory and, when it would not fit with all
// entries, the leaves it points to.
func directories(entries []entry) (root, leaves []byte, err error) {
	root, err = directory(entries)
	if err != nil || len(root) <= rootBytes {
		return root, nil, err
	}
	for size := leafEntries; ; size *= 2 {
		var pointers []entry
		leaves = nil
		for part := range slices.Chunk(entries, size) {
			leaf, err := directory(part)
			if err != nil {
				return nil, nil, err
			}
			pointers = append(pointers, entry{id: part[0].id, offset: uint64(len(leaves)), length: uint32(len(leaf))})
			leaves = append(leaves, leaf...)
		}
		root, err = directory(pointers)
		if err != nil || len(root) <= rootBytes {
			return root, leaves, err
		}
	}
}

func directory(entries []entry) ([]byte, error) {
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
	level int // 0 for the best
	out   bytes.Buffer
	w     *gzip.Writer
}

func (g *gzipper) compress(b []byte) ([]byte, error) {
	g.out.Reset()
	if g.w == nil {
		w, err := gzip.NewWriterLevel(&g.out, cmp.Or(g.level, gzip.BestCompression))
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
