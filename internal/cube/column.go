package cube

import (
	"unsafe"

	"github.com/streetsafe/streetsafe/tiles"
)

// element is what columns are made of. All of them are numbers of fixed size
// without padding, so that a column's bytes in memory, on a little-endian
// machine, are its bytes in a file.
type element interface {
	uint16 | uint32 | uint64 | line | box | compactRing | tiles.Vertex
}

// The sizes that files hold.
var (
	_ [64]byte = [unsafe.Sizeof(line{})]byte{}
	_ [16]byte = [unsafe.Sizeof(box{})]byte{}
	_ [32]byte = [unsafe.Sizeof(compactRing{})]byte{}
	_ [8]byte  = [unsafe.Sizeof(tiles.Vertex{})]byte{}
)

// column is a column of any type, as files see it.
type column struct {
	bytes func() []byte // what it holds
	make  func(n int)   // gives it room for n elements
	count func() int
	size  int // of an element, in bytes
}

func columnOf[T element](s *[]T) column {
	size := int(unsafe.Sizeof(*new(T)))
	return column{
		bytes: func() []byte {
			return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(*s))), len(*s)*size)
		},
		make: func(n int) {
			if n > 0 {
				*s = make([]T, n)
			}
		},
		count: func() int { return len(*s) },
		size:  size,
	}
}

// columns lists what a level of a tree consists of, in the order of the file.
func (n *nodes) columns() []column {
	return []column{
		columnOf(&n.keys), columnOf(&n.child), columnOf(&n.rings.compact), columnOf(&n.rings.wide),
		columnOf(&n.rings.wideEnds), columnOf(&n.boxes), columnOf(&n.gens),
	}
}

// columns lists what the rows of a level consist of, in the order of the file.
func (r *rows) columns() []column {
	return []column{
		columnOf(&r.start), columnOf(&r.lines), columnOf(&r.ranks), columnOf(&r.index), columnOf(&r.days), columnOf(&r.starts),
		columnOf(&r.ladders[byNothing].counts), columnOf(&r.ladders[byTime].counts), columnOf(&r.ladders[byTimeWeek].counts),
	}
}

// bytesOf is how much memory columns take.
func bytesOf(cs []column) int {
	n := 0
	for _, c := range cs {
		n += c.count() * c.size
	}
	return n
}

var littleEndian = func() bool {
	one := uint16(1)
	return *(*byte)(unsafe.Pointer(&one)) == 1
}()
