package gazetteer

import "math/bits"

// maxTypos is how many typing errors are forgiven in a word of n letters.
// Short words have too many neighbours for even one.
func maxTypos(n int) int {
	switch {
	case n < 4:
		return 0
	case n < 8:
		return 1
	}
	return 2
}

// longestTypo bounds the words that are measured: longer names are found by
// their beginnings.
const longestTypo = 40

// typos is the number of typing errors (a letter more, less, wrong, or two
// neighbours swapped: the optimal string alignment form of the
// Damerau-Levenshtein distance) between q and the whole of s, or between q and
// the best beginning of s when prefix is set. ok is false above limit.
//
// Only the band of cells within limit of the diagonal is filled: the cost is
// (2*limit+1)*len(q).
func typos(q, s string, limit int, prefix bool) (n int, ok bool) {
	if len(q) > longestTypo || len(s) < len(q)-limit {
		return 0, false
	}
	if len(s) > len(q)+limit {
		if !prefix {
			return 0, false
		}
		s = s[:len(q)+limit]
	}
	var rows [3][longestTypo + 8]int8
	before, last, now := &rows[0], &rows[1], &rows[2]
	const far = 100
	for j := range len(s) + 1 {
		last[j] = int8(min(j, far))
	}
	for i := 1; i <= len(q); i++ {
		low, high := max(1, i-limit), min(len(s), i+limit)
		for j := range now[:len(s)+1] {
			now[j] = far
		}
		if i <= limit {
			now[0] = int8(i)
		}
		for j := low; j <= high; j++ {
			cost := int8(1)
			if q[i-1] == s[j-1] {
				cost = 0
			}
			d := min(last[j-1]+cost, last[j]+1, now[j-1]+1)
			if i > 1 && j > 1 && q[i-1] == s[j-2] && q[i-2] == s[j-1] {
				d = min(d, before[j-2]+1)
			}
			now[j] = d
		}
		before, last, now = last, now, before
	}
	best := int(last[len(s)])
	if prefix {
		for j := range len(s) + 1 {
			best = min(best, int(last[j]))
		}
	}
	return best, best <= limit
}

// maybe is false when more letters differ than limit errors can explain.
// For a beginning only the letters that q has and s lacks count.
func maybe(q, s uint32, limit int, prefix bool) bool {
	if prefix {
		return bits.OnesCount32(q&^s) <= limit
	}
	return bits.OnesCount32(q^s) <= 2*limit
}
