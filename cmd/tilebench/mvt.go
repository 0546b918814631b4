package main

import (
	"encoding/binary"
	"errors"
)

// The field numbers of the vector tile specification that counting needs.
const (
	fieldLayer   = 3 // in a tile
	fieldName    = 1 // in a layer
	fieldFeature = 2

	wireBytes = 2
)

var errMVT = errors.New("damaged vector tile")

// countFeatures counts the features of one layer of an uncompressed tile.
func countFeatures(tile []byte, layer string) (n int, err error) {
	err = eachField(tile, func(number uint64, value []byte) error {
		if number != fieldLayer {
			return nil
		}
		features, name := 0, ""
		err := eachField(value, func(number uint64, value []byte) error {
			switch number {
			case fieldName:
				name = string(value)
			case fieldFeature:
				features++
			}
			return nil
		})
		if name == layer {
			n += features
		}
		return err
	})
	return n, err
}

// eachField calls do with every length-delimited field of a protocol buffer
// message and steps over the others.
func eachField(b []byte, do func(number uint64, value []byte) error) error {
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		if n <= 0 {
			return errMVT
		}
		b = b[n:]
		switch tag & 7 {
		case 0:
			_, n = binary.Uvarint(b)
		case 1:
			n = 8
		case 5:
			n = 4
		case wireBytes:
			size, at := binary.Uvarint(b)
			if at <= 0 || size > uint64(len(b)-at) {
				return errMVT
			}
			n = at + int(size)
			if err := do(tag>>3, b[at:n]); err != nil {
				return err
			}
		default:
			return errMVT
		}
		if n <= 0 || n > len(b) {
			return errMVT
		}
		b = b[n:]
	}
	return nil
}
