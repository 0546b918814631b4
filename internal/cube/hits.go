package cube

// hits are cells of one shard with counts, by key.
type hits struct {
	keys   []uint32
	at     []place
	counts []int32
	cols   []int32
	width  int
}

// place says where the outline of a hit is.
type place struct{ part, node uint32 }

func (h *hits) reset(width int) {
	h.keys, h.at, h.counts, h.cols, h.width = h.keys[:0], h.at[:0], h.counts[:0], h.cols[:0], width
}

func (h *hits) copy(from *hits, i int) {
	h.keys = append(h.keys, from.keys[i])
	h.at = append(h.at, from.at[i])
	h.counts = append(h.counts, from.counts[i])
	h.cols = append(h.cols, from.cols[i*h.width:(i+1)*h.width]...)
}

// merge fills h with the hits of a and b, and their sum where both have a cell.
func (h *hits) merge(a, b *hits) {
	h.reset(a.width)
	i, j := 0, 0
	for i < len(a.keys) || j < len(b.keys) {
		switch {
		case j == len(b.keys) || i < len(a.keys) && a.keys[i] < b.keys[j]:
			h.copy(a, i)
			i++
		case i == len(a.keys) || a.keys[i] > b.keys[j]:
			h.copy(b, j)
			j++
		default:
			h.copy(a, i)
			n := len(h.keys) - 1
			h.counts[n] += b.counts[j]
			for c := range h.width {
				h.cols[n*h.width+c] += b.cols[j*h.width+c]
			}
			i, j = i+1, j+1
		}
	}
}
