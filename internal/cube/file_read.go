package cube

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"sync/atomic"

	"github.com/uber/h3-go/v4"
)

// The reasons for which ReadFile refuses a file, told apart with errors.Is. A
// file that does not exist is fs.ErrNotExist. Whichever it is, the snapshot has
// to be built from the store.
var (
	// ErrFileVersion says that another version of the program wrote the file, or
	// a machine with another byte order.
	ErrFileVersion = errors.New("snapshot file of another version")

	// ErrFileOrigin says that the file is of the reports of another store.
	ErrFileOrigin = errors.New("snapshot file of another origin")

	// ErrFileDamaged says that the file is no snapshot, or not whole, or that
	// some of it is not as it was written.
	ErrFileDamaged = errors.New("snapshot file is damaged")
)

// ReadFile reads a file that WriteFile has written for the same origin. The
// error wraps one of the reasons above and says where in the file it is.
func ReadFile(path, origin string) (*Snapshot, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cube: read snapshot: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("cube: read snapshot: %w", err)
	}
	s, err := readSnapshot(f, info.Size(), origin)
	if err != nil {
		return nil, fmt.Errorf("cube: read snapshot %s: %w", path, err)
	}
	return s, nil
}

// readSnapshot reads a file of so many bytes.
func readSnapshot(f io.ReaderAt, size int64, origin string) (*Snapshot, error) {
	head, sections, err := readHead(f, size, origin)
	if err != nil {
		return nil, err
	}
	s, err := outlineOf(head, sections)
	if err != nil {
		return nil, err
	}
	// A part's levels are read in any order and by all cores; what fails first
	// is as good as any.
	var failed atomic.Pointer[error]
	parallel(len(sections), func(i int) {
		if failed.Load() != nil {
			return
		}
		if err := s.readSection(f, &sections[i]); err != nil {
			failed.Store(&err)
		}
	})
	if err := failed.Load(); err != nil {
		return nil, *err
	}
	return s.assemble(head)
}

// readHead reads and checks everything before the data.
func readHead(f io.ReaderAt, size int64, origin string) (*fileHead, []section, error) {
	var h fileHead
	b := make([]byte, fileHeadSize)
	if err := readAt(f, b, 0); err != nil {
		return nil, nil, err
	}
	if _, err := binary.Decode(b, binary.LittleEndian, &h); err != nil {
		return nil, nil, err
	}
	switch {
	case string(h.Magic[:]) != fileMagic:
		return nil, nil, fmt.Errorf("%w: no snapshot", ErrFileDamaged)
	case h.Version != FileVersion || !littleEndian:
		return nil, nil, fmt.Errorf("%w: %d, this program reads %d", ErrFileVersion, h.Version, FileVersion)
	case h.Size != uint64(size):
		return nil, nil, fmt.Errorf("%w: %d bytes of %d", ErrFileDamaged, size, h.Size)
	case h.Origin > maxOrigin || int64(h.Sections) > size/sectionSize:
		return nil, nil, fmt.Errorf("%w: in the head", ErrFileDamaged)
	}
	originEnd := fileHeadSize + pad(int(h.Origin))
	end := originEnd + int(h.Sections)*sectionSize
	b = make([]byte, end+checkSize)
	if err := readAt(f, b, 0); err != nil {
		return nil, nil, err
	}
	if uint64(crc32.Checksum(b[:end], castagnoli)) != binary.LittleEndian.Uint64(b[end:]) {
		return nil, nil, fmt.Errorf("%w: in the head", ErrFileDamaged)
	}
	if got := string(b[fileHeadSize:][:h.Origin]); got != origin {
		return nil, nil, fmt.Errorf("%w: %q, not %q", ErrFileOrigin, got, origin)
	}
	sections := make([]section, h.Sections)
	if _, err := binary.Decode(b[originEnd:end], binary.LittleEndian, sections); err != nil {
		return nil, nil, err
	}
	return &h, sections, nil
}

// readAt fills b.
func readAt(f io.ReaderAt, b []byte, offset int64) error {
	n, err := f.ReadAt(b, offset)
	switch {
	case n == len(b):
		return nil
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%w: it ends early", ErrFileDamaged)
	}
	return err
}

// halfRead is a snapshot whose parts have no columns yet.
type halfRead struct {
	Snapshot
	parts map[partID]*part
}

type partID struct {
	root h3.Cell
	part int
}

// outlineOf makes the parts that the sections speak of.
func outlineOf(h *fileHead, sections []section) (*halfRead, error) {
	s := &halfRead{Snapshot: Snapshot{generation: h.Generation}, parts: map[partID]*part{}}
	seen := map[section]bool{}
	for _, sec := range sections {
		root, id := h3.Cell(sec.Root), partID{h3.Cell(sec.Root), int(sec.Part)}
		which := section{Root: sec.Root, Part: sec.Part, Kind: sec.Kind, Res: sec.Res}
		if seen[which] || sec.Res < minRes || sec.Res > maxRes || sec.Kind > rowsSection || sec.Negative > 1 || resolutionOf(root) != minRes {
			return nil, fmt.Errorf("%w: in the list of sections", ErrFileDamaged)
		}
		seen[which] = true
		n := len(s.shards)
		if n == 0 || s.shards[n-1].root != root {
			if n > 0 && s.shards[n-1].root > root {
				return nil, fmt.Errorf("%w: in the order of shards", ErrFileDamaged)
			}
			s.shards = append(s.shards, &shard{root: root})
			n++
		}
		sh := s.shards[n-1]
		if s.parts[id] == nil {
			if id.part != len(sh.parts) {
				return nil, fmt.Errorf("%w: in the order of parts", ErrFileDamaged)
			}
			p := &part{tree: &tree{root: root}, negative: sec.Negative == 1}
			s.parts[id] = p
			sh.parts = append(sh.parts, p)
		}
		if sec.Kind == rowsSection {
			s.parts[id].rows[sec.Res-minRes] = &rows{}
		}
	}
	if len(seen) != 2*numLevels*len(s.parts) || len(s.shards) != int(h.Shards) {
		return nil, fmt.Errorf("%w: sections are missing", ErrFileDamaged)
	}
	return s, nil
}

// readSection reads and checks the columns of one section.
func (s *halfRead) readSection(f io.ReaderAt, sec *section) error {
	p := s.parts[partID{h3.Cell(sec.Root), int(sec.Part)}]
	damaged := func(what string) error {
		return fmt.Errorf("%w: %s at offset %d", ErrFileDamaged, what, sec.Offset)
	}
	columns := p.tree.at(int(sec.Res)).columns()
	if sec.Kind == rowsSection {
		columns = p.at(int(sec.Res)).columns()
	}
	counts := make([]byte, 8*len(columns))
	if sec.Offset > math.MaxInt64 || sec.Size < uint64(len(counts)) {
		return damaged("no section")
	}
	offset := int64(sec.Offset)
	if err := readAt(f, counts, offset); err != nil {
		return err
	}
	sum := crc32.Checksum(counts, castagnoli)
	offset += int64(len(counts))
	left := sec.Size - uint64(len(counts))
	for i, c := range columns {
		n := binary.LittleEndian.Uint64(counts[8*i:])
		if n > left/uint64(c.size) {
			return damaged("a column too long")
		}
		c.make(int(n))
		used := int(n) * c.size
		if err := readAt(f, c.bytes(), offset); err != nil {
			return err
		}
		sum = crc32.Update(sum, castagnoli, c.bytes())
		fill := make([]byte, pad(used)-used)
		if left < uint64(pad(used)) {
			return damaged("a column too long")
		}
		if err := readAt(f, fill, offset+int64(used)); err != nil {
			return err
		}
		sum = crc32.Update(sum, castagnoli, fill)
		offset, left = offset+int64(pad(used)), left-uint64(pad(used))
	}
	if left != 0 || sum != sec.Sum {
		return damaged("wrong sum")
	}
	return nil
}

// assemble checks that the columns fit together and completes what files do not
// hold.
func (s *halfRead) assemble(h *fileHead) (*Snapshot, error) {
	for i, sh := range s.shards {
		for _, p := range sh.parts {
			if !p.fits() {
				return nil, fmt.Errorf("%w: columns of %s do not fit together", ErrFileDamaged, sh.root)
			}
			p.tree.bound()
			for i := range p.tree.levels {
				p.tree.levels[i].rings.measure()
			}
		}
		s.shards[i] = newShard(sh.root, sh.parts)
	}
	snap := newSnapshot(s.generation, s.shards)
	if uint64(snap.Len()) != h.Reports {
		return nil, fmt.Errorf("%w: %d reports of %d", ErrFileDamaged, snap.Len(), h.Reports)
	}
	return snap, nil
}

// fits checks the lengths of columns against each other.
func (p *part) fits() bool {
	for res := minRes; res <= maxRes; res++ {
		n, r := p.tree.at(res), p.at(res)
		cells := n.len()
		ok := len(n.rings.compact) == cells && len(r.start) == cells+1 && len(r.index) == cells
		if res < maxRes {
			ok = ok && len(n.child) == cells+1 && len(n.boxes) == cells && int(n.child[cells]) == p.tree.at(res+1).len()
		}
		if res <= genRes {
			ok = ok && len(n.gens) == cells
		}
		if !ok {
			return false
		}
		blocks := (r.len() + blockRows - 1) / blockRows
		ok = len(r.lines) == blocks*numPlanes && len(r.ranks) == blocks*numPlanes && r.len() == p.len()
		for k := range r.ladders {
			r.ladders[k].step = ladderSteps[k]
		}
		if !ok {
			return false
		}
	}
	return p.tree.at(minRes).len() == 1
}
