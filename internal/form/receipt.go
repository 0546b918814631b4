package form

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	h3 "github.com/uber/h3-go/v4"
)

const (
	receiptBytes      = aes.BlockSize
	receiptResolution = 8  // some 0.7 km²: a neighbourhood, never a spot
	receiptVersion    = 1  // first byte, also the check that a code is one
	receiptRandom     = 11 // 88 random bits: two receipts of a place have nothing in common
	receiptGroup      = 4  // letters between hyphens
)

var errReceipt = errors.New("this is no place code")

// receipts makes and opens place receipts. A receipt is one AES block: a
// version, the cell of resolution 8 and 88 random bits, under a key of the
// installation. It is stored nowhere: who has it can open the place, and it
// leads to no report, since nothing about a report is in it.
type receipts struct{ block cipher.Block }

func newReceipts(key []byte) (*receipts, error) {
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("form: receipts: %w", err)
	}
	return &receipts{b}, nil
}

// issue makes a new receipt for the place that a cell of resolution 8 or finer
// lies in.
func (r *receipts) issue(c h3.Cell) (out [receiptBytes]byte, err error) {
	place, err := c.Parent(receiptResolution)
	if err != nil {
		return out, fmt.Errorf("place of a cell: %w", err)
	}
	out[0] = receiptVersion
	binary.BigEndian.PutUint32(out[1:], packCell(place))
	_, _ = rand.Read(out[receiptBytes-receiptRandom:]) // never fails (crypto/rand)
	r.block.Encrypt(out[:], out[:])
	return out, nil
}

// open returns the place that a receipt opens, a cell of resolution 8.
func (r *receipts) open(code [receiptBytes]byte) (h3.Cell, error) {
	r.block.Decrypt(code[:], code[:])
	c := unpackCell(binary.BigEndian.Uint32(code[1:]))
	if code[0] != receiptVersion || !c.IsValid() {
		return 0, errReceipt
	}
	return c, nil
}

// An index of resolution 8 is: mode 1, resolution 8, a base cell of 7 bits,
// 8 digits of 3 bits, and ones to the end. Base cell and digits are 31 bits
// (H3, "H3Index bit layout").
const (
	cellHead  = 1<<59 | receiptResolution<<52
	cellShift = 3 * (15 - receiptResolution)
	cellTail  = 1<<cellShift - 1
)

func packCell(c h3.Cell) uint32 { return uint32(uint64(c) >> cellShift & (1<<31 - 1)) }

func unpackCell(n uint32) h3.Cell { return h3.Cell(cellHead | uint64(n)<<cellShift | cellTail) }

// Crockford's alphabet leaves out letters that are misread: I, L, O and U.
var receiptAlphabet = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// formatReceipt writes a receipt for people: 26 letters in groups of four.
func formatReceipt(code [receiptBytes]byte) string {
	s := receiptAlphabet.EncodeToString(code[:])
	var b strings.Builder
	for i := 0; i < len(s); i += receiptGroup {
		if i > 0 {
			b.WriteByte('-')
		}
		b.WriteString(s[i:min(i+receiptGroup, len(s))])
	}
	return b.String()
}

// parseReceipt reads a receipt as people copy it: any case, spaces or hyphens,
// and the letters that Crockford's alphabet reads for others.
func parseReceipt(s string) (code [receiptBytes]byte, err error) {
	s = strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(s))
	raw, err := receiptAlphabet.DecodeString(s)
	if err != nil || len(raw) != receiptBytes {
		return code, errReceipt
	}
	return [receiptBytes]byte(raw), nil
}
