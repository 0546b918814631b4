package pmtiles

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

// maxPart bounds what one compressed part may become, so that a small archive
// cannot ask for all memory.
const maxPart = 64 << 20

// Reader finds tiles in an archive with gzip-compressed ones, to check what was
// written.
type Reader struct {
	b       []byte
	entries []entry
	data    []byte
	tiles   int
}

var errDamaged = errors.New("pmtiles: damaged, or not an archive of version 3 with gzip")

// Read reads the directories of an archive. It takes bytes from anywhere: what is
// no archive is an error.
func Read(b []byte) (*Reader, error) {
	if len(b) < headerBytes || string(b[:8]) != "PMTiles\x03" || b[97] != typeGzip || b[98] != typeGzip {
		return nil, errDamaged
	}
	a := &Reader{b: b}
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
	top, err := readDirectory(root)
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
		below, err := readDirectory(leaf)
		if err != nil {
			return nil, err
		}
		a.entries = append(a.entries, below...)
	}
	for i, e := range a.entries {
		if e.run == 0 || i > 0 && e.id < a.entries[i-1].id+uint64(a.entries[i-1].run) {
			return nil, errDamaged
		}
		a.tiles += int(e.run)
	}
	return a, nil
}

func cut(b []byte, from, n uint64) ([]byte, error) {
	if from > uint64(len(b)) || n > uint64(len(b))-from {
		return nil, errDamaged
	}
	return b[from : from+n], nil
}

func readDirectory(z []byte) ([]entry, error) {
	b, err := gunzipped(z)
	if err != nil {
		return nil, err
	}
	r := varints{b: b}
	entries := make([]entry, r.count(len(b)))
	last := uint64(0)
	for i := range entries {
		last += r.next()
		entries[i].id = last
	}
	for i := range entries {
		entries[i].run = uint32(r.count(1 << 30))
	}
	for i := range entries {
		entries[i].length = uint32(r.count(1 << 31))
	}
	for i := range entries {
		switch v := r.next(); {
		case v > 0:
			entries[i].offset = v - 1
		case i > 0:
			entries[i].offset = entries[i-1].offset + uint64(entries[i-1].length)
		default:
			r.fail()
		}
	}
	if r.err != nil {
		return nil, errDamaged
	}
	return entries, nil
}

func gunzipped(b []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("pmtiles: %w", err)
	}
	out, err := io.ReadAll(io.LimitReader(r, maxPart+1))
	if err != nil {
		return nil, fmt.Errorf("pmtiles: %w", err)
	}
	if len(out) > maxPart {
		return nil, errDamaged
	}
	return out, nil
}

// Zooms are the least and the deepest zoom that the archive says it has.
func (a *Reader) Zooms() (least, deepest int) { return int(a.b[100]), int(a.b[101]) }

// Metadata is the archive's JSON.
func (a *Reader) Metadata() ([]byte, error) {
	z, err := cut(a.b, binary.LittleEndian.Uint64(a.b[24:]), binary.LittleEndian.Uint64(a.b[32:]))
	if err != nil {
		return nil, err
	}
	return gunzipped(z)
}

// Tiles is how many tiles the archive has.
func (a *Reader) Tiles() int { return a.tiles }

// Tile returns a tile's bytes, nil when the archive does not have it.
func (a *Reader) Tile(t tiles.Tile) ([]byte, error) {
	id := tileID(t)
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

// varints reads numbers one after another, and remembers when one was damaged.
type varints struct {
	b   []byte
	err error
}

func (r *varints) fail() { r.err, r.b = errDamaged, nil }

func (r *varints) next() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

// count is a number that may not be above most, so that a damaged file cannot
// ask for more memory than its own size warrants.
func (r *varints) count(most int) int {
	n := r.next()
	if n > uint64(max(most, 0)) {
		r.fail()
		return 0
	}
	return int(n)
}
