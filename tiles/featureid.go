package tiles

import (
	"fmt"

	"github.com/uber/h3-go/v4"
)

const (
	// An H3 index of a cell, from the top: reserved bit, 4 bits mode (1 for a
	// cell), 3 reserved, 4 resolution, 7 base cell, 15 digits of 3 bits, those
	// past the resolution all ones.
	h3CellMode    = 1 << 59
	h3ResShift    = 52
	h3IDMask      = 1<<h3ResShift - 1
	h3DigitBits   = 3
	h3FinestRes   = 15
	h3BaseCellLen = 7
)

// FeatureID is the identity of a cell among those of its resolution: base cell
// and digits. It is below 1<<52, so that JavaScript holds it exactly, which it
// does not an H3 index. CellFromFeatureID turns it back.
func FeatureID(c h3.Cell) uint64 {
	res := int(c>>h3ResShift) & 15
	return uint64(c) & h3IDMask >> (h3DigitBits * (h3FinestRes - res))
}

// CellFromFeatureID is the cell of resolution res that has the feature id. An
// id or a resolution that no cell has is an error.
func CellFromFeatureID(id uint64, res int) (h3.Cell, error) {
	if res < 0 || res > h3FinestRes || id>>(h3BaseCellLen+h3DigitBits*res) != 0 {
		return 0, fmt.Errorf("tiles: no cell of resolution %d has the feature id %d", res, id)
	}
	unused := h3DigitBits * (h3FinestRes - res)
	c := h3.Cell(h3CellMode | uint64(res)<<h3ResShift | id<<unused | (1<<unused - 1))
	if !c.IsValid() {
		return 0, fmt.Errorf("tiles: no cell of resolution %d has the feature id %d", res, id)
	}
	return c, nil
}
