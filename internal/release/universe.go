package release

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/uber/h3-go/v4"
)

// Resolutions of what a release shows, finest first.
const (
	finestRes   = 8
	middleRes   = 7
	themeRes    = 6
	coarsestRes = 5
)

const (
	// perParent is how many resolution-8 slots a resolution-6 cell has. A pentagon
	// has fewer cells: the slots left over get noise like all others, and never a
	// report.
	perParent = 49
	perMiddle = 7

	// maxUniverse keeps slot numbers within the 24 bits that a Tally has for them.
	// The United Kingdom has 10,000 cells of resolution 6, Europe 300,000.
	maxUniverse = 1<<24/perParent - 1
	maxForces   = 255
)

// Universe is the set of cells that blocks cover, reports or none, and the
// police force (or other area) that each resolution-8 cell belongs to. It is a
// set of resolution-6 cells with all their descendants, so that every sum has
// all its parts. It is immutable.
type Universe struct {
	parents []h3.Cell // resolution 6, ascending
	forces  []Force
	force   []uint8 // for each resolution-8 slot, an index of forces
	where   map[h3.Cell]int32
	middles []h3.Cell // resolution 5, ascending
	inRes5  []int32   // for each parent, an index of middles
}

// Force is an area of the yearly tables.
type Force struct {
	ID   string // stable, such as E23000001
	Name string
}

// NewUniverse makes a universe of resolution-6 cells. forceOf gives the force,
// as an index of forces, of each resolution-8 cell.
func NewUniverse(parents []h3.Cell, forces []Force, forceOf func(h3.Cell) int) (*Universe, error) {
	u := &Universe{parents: slices.Clone(parents), forces: slices.Clone(forces)}
	slices.Sort(u.parents)
	u.parents = slices.Compact(u.parents)
	u.force = make([]uint8, len(u.parents)*perParent)
	for slot := range u.force {
		f := forceOf(u.Cell8(slot))
		if f < 0 || f >= len(forces) {
			return nil, fmt.Errorf("universe: cell %v has force %d of %d", u.Cell8(slot), f, len(forces))
		}
		u.force[slot] = uint8(f)
	}
	return u, u.index()
}

func (u *Universe) index() error {
	if len(u.parents) == 0 || len(u.parents) > maxUniverse || len(u.forces) == 0 || len(u.forces) > maxForces {
		return fmt.Errorf("universe: %d cells and %d forces: expected 1 to %d and 1 to %d", len(u.parents), len(u.forces), maxUniverse, maxForces)
	}
	u.where = make(map[h3.Cell]int32, len(u.parents))
	u.inRes5 = make([]int32, len(u.parents))
	for i, c := range u.parents {
		if c.Resolution() != themeRes || !c.IsValid() {
			return fmt.Errorf("universe: %v is not a cell of resolution %d", c, themeRes)
		}
		u.where[c] = int32(i)
		// Ascending cells keep descendants of one ancestor together.
		if p := parentOf(c, coarsestRes); len(u.middles) == 0 || u.middles[len(u.middles)-1] != p {
			u.middles = append(u.middles, p)
		}
		u.inRes5[i] = int32(len(u.middles) - 1)
	}
	return nil
}

// Slots is how many resolution-8 slots there are, seven for each of resolution
// 7 and 49 for each of resolution 6.
func (u *Universe) Slots() int { return len(u.force) }

// Parents is how many resolution-6 cells there are.
func (u *Universe) Parents() int { return len(u.parents) }

// Forces lists the areas of the yearly tables.
func (u *Universe) Forces() []Force { return slices.Clone(u.forces) }

// Cell8 is the resolution-8 cell of a slot. Below a pentagon it may be no cell.
func (u *Universe) Cell8(slot int) h3.Cell {
	c := childOf(u.parents[slot/perParent], slot%perParent/perMiddle)
	return childOf(c, slot%perMiddle)
}

// Cell7 is the resolution-7 cell number i, of which Slots()/7 exist.
func (u *Universe) Cell7(i int) h3.Cell {
	return childOf(u.parents[i/perMiddle], i%perMiddle)
}

// Slot is the slot of a cell of resolution 8 or finer; ok is false when it is
// outside the universe.
func (u *Universe) Slot(c h3.Cell) (slot int, ok bool) {
	i, ok := u.where[parentOf(c, themeRes)]
	return int(i)*perParent + digit(c, middleRes)*perMiddle + digit(c, finestRes), ok
}

// An H3 index holds its resolution in four bits from bit 52 on and, for each
// resolution from 1 to 15, a digit of three bits; unused digits are 7. Parents
// and children by bits are forty times faster than by a call into C, and tests
// hold them to H3's own.
const resolutionShift = 52

func digitShift(res int) int { return 3 * (15 - res) }

func digit(c h3.Cell, res int) int { return int(c>>digitShift(res)) & 7 }

func parentOf(c h3.Cell, res int) h3.Cell {
	c = c&^(15<<resolutionShift) | h3.Cell(res)<<resolutionShift
	return c | (1<<digitShift(res) - 1)
}

func childOf(c h3.Cell, d int) h3.Cell {
	res := int(c>>resolutionShift)&15 + 1
	c = c&^(15<<resolutionShift) | h3.Cell(res)<<resolutionShift
	return c&^(7<<digitShift(res)) | h3.Cell(d)<<digitShift(res)
}

// universeMagic names the file format and its version.
const universeMagic = "SSUV1\n"

// Encode returns the bytes of the universe, the same for the same content.
func (u *Universe) Encode() []byte {
	b := []byte(universeMagic)
	b = binary.AppendUvarint(b, uint64(len(u.forces)))
	for _, f := range u.forces {
		b = appendText(appendText(b, f.ID), f.Name)
	}
	b = binary.AppendUvarint(b, uint64(len(u.parents)))
	last := uint64(0)
	for _, c := range u.parents {
		// The lowest bits of a resolution-6 cell are all unused digits.
		n := uint64(c) >> digitShift(themeRes)
		b = binary.AppendUvarint(b, n-last)
		last = n
	}
	for i := 0; i < len(u.force); {
		j := i
		for j < len(u.force) && u.force[j] == u.force[i] {
			j++
		}
		b = append(binary.AppendUvarint(b, uint64(j-i)), u.force[i])
		i = j
	}
	return b
}

// Hash names the content of the universe.
func (u *Universe) Hash() string {
	sum := sha256.Sum256(u.Encode())
	return hex.EncodeToString(sum[:])
}

// DecodeUniverse reads what Encode wrote.
func DecodeUniverse(b []byte) (*Universe, error) {
	if !bytes.HasPrefix(b, []byte(universeMagic)) {
		return nil, errors.New("universe: not a universe file")
	}
	r := reader{b: b[len(universeMagic):]}
	u := &Universe{forces: make([]Force, r.count(maxForces))}
	for i := range u.forces {
		u.forces[i] = Force{r.text(), r.text()}
	}
	u.parents = make([]h3.Cell, r.count(len(r.b)))
	last := uint64(0)
	for i := range u.parents {
		n := r.uvarint()
		if n == 0 {
			r.fail()
		}
		last += n
		u.parents[i] = h3.Cell(last<<digitShift(themeRes) | (1<<digitShift(themeRes) - 1))
	}
	slots := len(u.parents) * perParent
	u.force = make([]uint8, 0, slots)
	for r.err == nil && len(u.force) < slots {
		n, f := r.uvarint(), r.byte()
		if n == 0 || n > uint64(slots-len(u.force)) || int(f) >= len(u.forces) {
			r.fail()
			break
		}
		for range n {
			u.force = append(u.force, f)
		}
	}
	if r.err != nil || len(r.b) != 0 {
		return nil, errors.New("universe: the file is damaged")
	}
	return u, u.index()
}
