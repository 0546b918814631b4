package release

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/streetsafe/streetsafe/internal/report"
)

// subset is a set of themes that is shown as one number.
type subset struct {
	name   string // column in tiles and files
	label  string
	themes uint8 // bit for each Theme
}

// subsets lists the sums of themes that are shown, the total first.
var subsets = [...]subset{
	{"count", "all reports", 1<<EnvironmentalOnly | 1<<BehaviouralOnly | 1<<BothGroups},
	{"environmental", "reports that name something about the place", 1<<EnvironmentalOnly | 1<<BothGroups},
	{"behavioural", "reports that name something people did", 1<<BehaviouralOnly | 1<<BothGroups},
	{"environmental_only", "reports about the place alone", 1 << EnvironmentalOnly},
	{"behavioural_only", "reports about what people did alone", 1 << BehaviouralOnly},
	{"both", "reports that name both", 1 << BothGroups},
}

func (s subset) size() int {
	n := 0
	for t := range NumThemes {
		n += int(s.themes >> t & 1)
	}
	return n
}

func (s subset) has(t int) bool { return s.themes>>t&1 == 1 }

// Block is one frozen block: noisy counts, and for each value that may be made
// of them one bit that says whether the true count has reached the floor. The
// bits are exact, so a block is never published; what is shown of it is.
//
//	layer  values               floors
//	L8     slot                 [0] slot            [1] resolution-7 cell
//	L6     parent*3 + theme     [0] parent*6 + sum  [1] resolution-5 cell*6 + sum
//	LF     force*12 + factor    [0] the same        [1] none
type Block struct {
	Layer  Layer
	Name   string // the half-year, or the year of LF
	Values []int64
	Floors [2]bitset
}

// shape is how many values and floor bits a block of a layer has.
func (u *Universe) shape(l Layer) (values int, floors [2]int) {
	switch l {
	case L8:
		return u.Slots(), [2]int{u.Slots(), u.Slots() / perMiddle}
	case L6:
		return u.Parents() * NumThemes, [2]int{u.Parents() * len(subsets), len(u.middles) * len(subsets)}
	}
	n := len(u.forces) * report.NumFactors
	return n, [2]int{n, 0}
}

// blockMagic names the file format and its version.
const blockMagic = "SSBL1\n"

// Encode returns the bytes of the block, the same for the same content.
func (b *Block) Encode() []byte {
	out := appendText(appendText([]byte(blockMagic), string(b.Layer)), b.Name)
	out = binary.AppendUvarint(out, uint64(len(b.Values)))
	for _, v := range b.Values {
		out = binary.AppendVarint(out, v)
	}
	for _, f := range b.Floors {
		out = appendText(out, string(f))
	}
	return out
}

// DecodeBlock reads what Encode wrote for this universe. A block that lacks a
// cell of the universe, or has one too many, is refused.
func DecodeBlock(b []byte, u *Universe) (*Block, error) {
	if !bytes.HasPrefix(b, []byte(blockMagic)) {
		return nil, errors.New("not a block file")
	}
	r := reader{b: b[len(blockMagic):]}
	out := &Block{Layer: Layer(r.text()), Name: r.text()}
	out.Values = make([]int64, r.count(len(r.b)))
	for i := range out.Values {
		out.Values[i] = r.varint()
	}
	for i := range out.Floors {
		out.Floors[i] = bitset(bytes.Clone([]byte(r.text())))
	}
	if r.err != nil || len(r.b) != 0 {
		return nil, errors.New("the block file is damaged")
	}
	return out, out.fits(u)
}

func (b *Block) fits(u *Universe) error {
	if b.Layer != L8 && b.Layer != L6 && b.Layer != LF {
		return fmt.Errorf("block of unknown layer %q", b.Layer)
	}
	values, floors := u.shape(b.Layer)
	if len(b.Values) != values || len(b.Floors[0]) != len(newBitset(floors[0])) || len(b.Floors[1]) != len(newBitset(floors[1])) {
		return fmt.Errorf("block %s/%s has %d values for %d of the universe", b.Layer, b.Name, len(b.Values), values)
	}
	return nil
}
