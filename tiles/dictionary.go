package tiles

// dictionary numbers the values of a layer, one dictionary for all properties,
// in the order in which they first come. It is emptied by moving on to the next
// round, so that a tile costs what it holds and not what the table could.
type dictionary struct {
	values []byte // the layer's value fields, in order
	n      uint32 // how many they are
	round  uint32 // entries of other rounds are empty

	// Most counts on a map are small: those need no hashing. Round in the upper
	// half, number in the lower.
	small [1024]uint64

	// The rest is in an open-addressed table, a power of two in size.
	slots []slot
	used  int
}

type slot struct {
	round, value, number uint32
}

// firstSlots is the table's size when the first large value comes, enough for
// most tiles: 6 KB.
const firstSlots = 512

func (d *dictionary) reset() {
	d.values, d.n, d.used = d.values[:0], 0, 0
	d.round++
	if d.round == 0 { // after 4 billion tiles, old rounds would come back to life
		clear(d.small[:])
		clear(d.slots)
		d.round = 1
	}
}

// uint is the number of v in the dictionary.
func (d *dictionary) uint(v uint32) uint32 {
	if v < uint32(len(d.small)) {
		if e := d.small[v]; uint32(e>>32) == d.round {
			return uint32(e)
		}
		n := d.add(v)
		d.small[v] = uint64(d.round)<<32 | uint64(n)
		return n
	}
	if 2*d.used >= len(d.slots) {
		d.grow()
	}
	s := d.find(v)
	if s.round != d.round {
		*s = slot{d.round, v, d.add(v)}
		d.used++
	}
	return s.number
}

// text is the number of a new string of up to 125 bytes, which is never looked
// up: each cell's index is its own.
func (d *dictionary) text(s []byte) uint32 {
	d.values = appendStringValue(d.values, s)
	d.n++
	return d.n - 1
}

func (d *dictionary) add(v uint32) uint32 {
	d.values = appendUintValue(d.values, uint64(v))
	d.n++
	return d.n - 1
}

// find is the slot of v, or the empty one where it belongs. At least half of the
// slots are empty.
func (d *dictionary) find(v uint32) *slot {
	mask := uint32(len(d.slots) - 1)
	// Fibonacci hashing: the multiplier is 2^32 over the golden ratio.
	h := v * 2654435769
	for i := (h ^ h>>16) & mask; ; i = (i + 1) & mask {
		if s := &d.slots[i]; s.round != d.round || s.value == v {
			return s
		}
	}
}

func (d *dictionary) grow() {
	old := d.slots
	d.slots = make([]slot, max(firstSlots, 2*len(old)))
	for _, s := range old {
		if s.round == d.round {
			*d.find(s.value) = s
		}
	}
}
