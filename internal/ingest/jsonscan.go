package ingest

import "bytes"

// scanObject returns the length of the JSON object or array at the start of b,
// or 0 when it does not end there. It only counts brackets outside strings: the
// parser judges the rest, so that one bad feature costs one feature.
func scanObject(b []byte) int {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			n := scanString(b[i:])
			if n == 0 {
				return 0
			}
			i += n - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}

// scanString returns the length of the JSON string at the start of b, quotes
// included, or 0 when it does not end there.
func scanString(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '"':
			return i + 1
		case '\\':
			i++ // whatever is escaped
		}
	}
	return 0
}

// itemKind is what nextItem found.
type itemKind uint8

const (
	objectItem  itemKind = iota
	strayItem            // something that is not an object
	noMoreItems          // the array's end
	needMoreItem
)

// nextItem finds the next element of a JSON array in b: it lies at b[start:end].
func nextItem(b []byte) (start, end int, kind itemKind) {
	for start < len(b) && bytes.IndexByte([]byte(" \t\r\n,"), b[start]) >= 0 {
		start++
	}
	if start == len(b) {
		return start, start, needMoreItem
	}
	switch b[start] {
	case ']':
		return start, start + 1, noMoreItems
	case '{':
		n := scanObject(b[start:])
		if n == 0 {
			return start, start, needMoreItem
		}
		return start, start + n, objectItem
	}
	n := bytes.IndexAny(b[start:], ",]\n{")
	if n < 0 {
		return start, start, needMoreItem
	}
	return start, start + max(n, 1), strayItem
}

// featuresStart returns the offset behind the opening bracket of the top-level
// member "features", or 0 when b does not hold it.
func featuresStart(b []byte) int {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			n := scanString(b[i:])
			if n == 0 {
				return 0
			}
			isKey := depth == 1 && string(b[i:i+n]) == `"features"`
			i += n - 1
			if isKey {
				if at := bracketAfterColon(b[i+1:]); at > 0 {
					return i + 1 + at
				}
			}
		}
	}
	return 0
}

// bracketAfterColon returns the offset behind ":[", white space allowed.
func bracketAfterColon(b []byte) int {
	rest := bytes.TrimLeft(b, " \t\r\n")
	if len(rest) == 0 || rest[0] != ':' {
		return 0
	}
	rest = bytes.TrimLeft(rest[1:], " \t\r\n")
	if len(rest) == 0 || rest[0] != '[' {
		return 0
	}
	return len(b) - len(rest) + 1
}
