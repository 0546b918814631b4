package tiles

import (
	"encoding/binary"
	"math/bits"
)

// The protocol buffer tags of the vector tile specification 2.1, field<<3 | wire
// type: https://github.com/mapbox/vector-tile-spec/tree/master/2.1
const (
	tagTileLayer = 3<<3 | 2

	tagLayerName    = 1<<3 | 2
	tagLayerFeature = 2<<3 | 2
	tagLayerKey     = 3<<3 | 2
	tagLayerValue   = 4<<3 | 2
	tagLayerExtent  = 5 << 3
	tagLayerVersion = 15 << 3

	tagFeatureID       = 1 << 3
	tagFeatureTags     = 2<<3 | 2
	tagFeatureType     = 3 << 3
	tagFeatureGeometry = 4<<3 | 2

	tagValueString = 1<<3 | 2
	tagValueUint   = 5 << 3

	typePoint   = 1
	typePolygon = 3

	mvtVersion = 2

	// A command integer is the command's number and how often it repeats.
	commandMoveTo    = 1<<3 | 1
	commandLineTo    = 2 // to be combined with count<<3
	commandClosePath = 1<<3 | 7
)

// metaFeature is the feature of the layer "meta": a point in the middle of the
// tile with the properties 0 to 5, each with the value of its own number.
const metaFeature = "\x12\x17" + // feature, 23 bytes
	"\x12\x0c\x00\x00\x01\x01\x02\x02\x03\x03\x04\x04\x05\x05" + // tags
	"\x18\x01" + // type
	"\x22\x05\x09\x80\x20\x80\x20" // geometry: MoveTo (2048, 2048)

// headRoom is the most bytes that putHead needs for a layer of this name.
func headRoom(name string) int {
	return 1 + binary.MaxVarintLen32 + 2 + 1 + varintLen(uint64(len(name))) + len(name)
}

// putHead writes what comes before a layer's features into the bytes just before
// start and returns where it begins. The layer is the rest of b; its length is
// known only at the end, so the head grows backwards.
func putHead(b []byte, start int, name string) int {
	fields := 2 + 1 + varintLen(uint64(len(name))) + len(name)
	size := uint64(fields + len(b) - start)
	at := start - fields - varintLen(size) - 1
	head := append(b[:at], tagTileLayer)
	head = binary.AppendUvarint(head, size)
	head = append(head, tagLayerVersion, mvtVersion, tagLayerName)
	head = binary.AppendUvarint(head, uint64(len(name)))
	_ = append(head, name...)
	return at
}

func appendKey(b []byte, key string) []byte {
	b = binary.AppendUvarint(append(b, tagLayerKey), uint64(len(key)))
	return append(b, key...)
}

func appendUintValue(b []byte, v uint64) []byte {
	b = append(b, tagLayerValue, byte(1+varintLen(v)), tagValueUint)
	return binary.AppendUvarint(b, v)
}

// appendStringValue writes a string of up to 125 bytes.
func appendStringValue(b, s []byte) []byte {
	b = append(b, tagLayerValue, byte(2+len(s)), tagValueString, byte(len(s)))
	return append(b, s...)
}

func appendExtent(b []byte) []byte {
	return binary.AppendUvarint(append(b, tagLayerExtent), Extent)
}

func varintLen(v uint64) int {
	return (bits.Len64(v|1) + 6) / 7
}

func zigzag(v int32) uint32 { return uint32(v<<1) ^ uint32(v>>31) }

// putUvarint writes v at b[n:] and returns where it ends. The caller has made
// room; binary.PutUvarint's loop is too slow for the inner one.
func putUvarint(b []byte, n int, v uint64) int {
	for v >= 0x80 {
		b[n] = byte(v) | 0x80
		v >>= 7
		n++
	}
	b[n] = byte(v)
	return n + 1
}
