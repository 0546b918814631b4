package cube

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
)

// The snapshot file, all numbers little-endian:
//
//	head      fileHead
//	origin    head.origin bytes, then zeros to a multiple of 8
//	sections  head.sections times a section
//	check     CRC-32C of all before it, as 8 bytes
//	data      the sections' columns, back to back
//
// A section is one level of one part, of its tree or of its rows: for each
// column the number of elements as 8 bytes, then the elements of each, filled up
// with zeros to a multiple of 8.
//
// FileVersion must change with anything that a column means, the order of the
// planes and the steps of the ladders among them.

// FileVersion is the version of the snapshot files that this program writes and
// reads. A file of another is of no use and its snapshot has to be built again.
const FileVersion = 1

const (
	fileMagic    = "SSCUBE\r\n" // the line end shows a transfer as text
	fileHeadSize = 48
	sectionSize  = 40
	fileAlign    = 8
	checkSize    = 8
	maxOrigin    = 1 << 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// fileHead is the head of a file. It has fileHeadSize bytes.
type fileHead struct {
	Magic      [8]byte
	Version    uint32
	Origin     uint32 // length
	Generation uint64
	Size       uint64 // of the whole file
	Sections   uint32
	Shards     uint32
	Reports    uint64 // in all parts that add
}

// section says where a level of a part is. It has sectionSize bytes.
type section struct {
	Root     uint64 // the shard's H3 index
	Part     uint16 // in its shard
	Kind     sectionKind
	Negative uint8 // 1 for a part of retractions
	Res      uint8
	_        [3]uint8
	Offset   uint64
	Size     uint64
	Sum      uint32 // CRC-32C of the data
	_        [4]uint8
}

type sectionKind uint8

const (
	treeSection sectionKind = iota // a level of the part's tree
	rowsSection                    // a level of the part's rows
)

// ErrUnsettled says that a snapshot was taken in the middle of a merge, so that
// its parts cannot be written: take the one of Cube.Settled.
var ErrUnsettled = errors.New("cube: snapshot of the middle of a merge")

// WriteFile writes the snapshot to a file, through a temporary one beside it
// which then takes its place, so that a reader finds the old one or the new one
// whole. origin, at most 1024 bytes, says whose reports these are, as generations
// count from 1 in every store; ReadFile wants it again.
func (s *Snapshot) WriteFile(path, origin string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".tmp*")
	if err != nil {
		return fmt.Errorf("cube: write snapshot: %w", err)
	}
	defer func() {
		if err != nil {
			_ = f.Close() // the error that matters came before
			_ = os.Remove(f.Name())
			err = fmt.Errorf("cube: write snapshot: %w", err)
		}
	}()
	if err := s.writeTo(f, origin); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the new name durable.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// writeTo writes the data first and, once their sums are known, the head.
func (s *Snapshot) writeTo(f *os.File, origin string) error {
	if !littleEndian {
		return errors.New("snapshot files are for little-endian machines")
	}
	if len(origin) > maxOrigin {
		return fmt.Errorf("origin of %d bytes", len(origin))
	}
	sections, columns, err := s.sections()
	if err != nil {
		return err
	}
	headSize := int64(fileHeadSize + pad(len(origin)) + len(sections)*sectionSize + checkSize)
	if _, err := f.Seek(headSize, io.SeekStart); err != nil {
		return err
	}
	w := &summingWriter{w: bufio.NewWriterSize(f, 1<<18), offset: uint64(headSize)}
	for i := range sections {
		w.sum = 0
		sections[i].Offset = w.offset
		for _, c := range columns[i] {
			w.write(binary.LittleEndian.AppendUint64(nil, uint64(c.count())))
		}
		for _, c := range columns[i] {
			w.write(c.bytes())
			w.write(make([]byte, pad(c.count()*c.size)-c.count()*c.size))
		}
		sections[i].Size, sections[i].Sum = w.offset-sections[i].Offset, w.sum
	}
	if w.err == nil {
		w.err = w.w.Flush()
	}
	if w.err != nil {
		return w.err
	}
	_, err = f.WriteAt(s.head(origin, sections, w.offset), 0)
	return err
}

// head is everything before the data.
func (s *Snapshot) head(origin string, sections []section, size uint64) []byte {
	h := fileHead{
		Version: FileVersion, Origin: uint32(len(origin)), Generation: s.generation, Size: size,
		Sections: uint32(len(sections)), Shards: uint32(len(s.shards)), Reports: uint64(s.Len()),
	}
	copy(h.Magic[:], fileMagic)
	b := mustAppend(nil, h)
	b = append(b, origin...)
	b = append(b, make([]byte, pad(len(origin))-len(origin))...)
	b = mustAppend(b, sections)
	return binary.LittleEndian.AppendUint64(b, uint64(crc32.Checksum(b, castagnoli)))
}

// mustAppend appends a value of fixed size.
func mustAppend(b []byte, v any) []byte {
	b, err := binary.Append(b, binary.LittleEndian, v)
	if err != nil {
		panic(err) // the types are those of this file
	}
	return b
}

// sections lists the sections with their columns, without offsets and sums.
func (s *Snapshot) sections() ([]section, [][]column, error) {
	var sections []section
	var columns [][]column
	for _, sh := range s.shards {
		for n, p := range sh.parts {
			about := section{Root: uint64(sh.root), Part: uint16(n), Negative: uint8(sideOf(p))}
			for res := minRes; res <= maxRes; res++ {
				about.Res = uint8(res)
				r := p.at(res)
				if r == nil {
					return nil, nil, ErrUnsettled
				}
				about.Kind = treeSection
				sections, columns = append(sections, about), append(columns, p.tree.at(res).columns())
				about.Kind = rowsSection
				sections, columns = append(sections, about), append(columns, r.columns())
			}
		}
	}
	return sections, columns, nil
}

// pad is n filled up to a multiple of fileAlign.
func pad(n int) int { return (n + fileAlign - 1) &^ (fileAlign - 1) }

// summingWriter keeps the offset, a sum of what was written, and the first error.
type summingWriter struct {
	w      *bufio.Writer
	offset uint64
	sum    uint32
	err    error
}

func (w *summingWriter) write(b []byte) {
	if w.err != nil {
		return
	}
	w.sum = crc32.Update(w.sum, castagnoli, b)
	w.offset += uint64(len(b))
	_, w.err = w.w.Write(b)
}
