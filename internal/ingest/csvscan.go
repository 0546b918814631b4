package ingest

import (
	"bytes"
	"strings"
)

// encoding/csv reads about 40 MB/s here and allocates for each record, which is
// a third of the time an import has. This scanner finds the ends of records
// without copying, so that chunks can be cut in one goroutine and parsed in
// many; a fuzz test holds it to encoding/csv.

// recordKind is what nextRecord found.
type recordKind uint8

const (
	wholeRecord  recordKind = iota
	needMore                // the record does not end in the data
	brokenQuotes            // a quoted field that does not end properly; n is its first line
)

// nextRecord returns the length of the record at the start of b, its line end
// included. final says that nothing follows b. After broken quotes reading goes
// on with the next line, so that one stray quote costs one row.
func nextRecord(b []byte, delim byte, final bool) (n int, kind recordKind) {
	line := bytes.IndexByte(b, '\n') + 1
	if line == 0 {
		if !final {
			return 0, needMore
		}
		line = len(b)
	}
	if bytes.IndexByte(b[:line], '"') < 0 {
		return line, wholeRecord
	}
	for i := 0; i < len(b); {
		if b[i] != '"' {
			end := plainEnd(b[i:], delim)
			i += end
			if i == len(b) {
				break
			}
			if b[i] == '\n' {
				return i + 1, wholeRecord
			}
			i++
			continue
		}
		end, after := quotedEnd(b[i+1:], delim)
		switch after {
		case endOfRecord:
			return i + 1 + end, wholeRecord
		case endOfField:
			i += 1 + end
		case endOfData:
			if !final && len(b) < maxRecordBytes {
				return 0, needMore
			}
			return line, brokenQuotes
		case endBroken:
			return line, brokenQuotes
		case endAtQuote:
			if !final {
				return 0, needMore
			}
			return len(b), wholeRecord
		}
	}
	if !final {
		return 0, needMore
	}
	return len(b), wholeRecord
}

// plainEnd returns the index of the delimiter or line end that ends an unquoted
// field, or len(b).
func plainEnd(b []byte, delim byte) int {
	for i, c := range b {
		if c == delim || c == '\n' {
			return i
		}
	}
	return len(b)
}

type quotedAfter uint8

const (
	endOfField  quotedAfter = iota // a delimiter follows; n is past it
	endOfRecord                    // a line end follows; n is past it
	endAtQuote                     // the data end with the closing quote
	endOfData                      // no closing quote
	endBroken                      // something else follows the quote
)

// quotedEnd scans a quoted field from behind its opening quote.
func quotedEnd(b []byte, delim byte) (n int, after quotedAfter) {
	for i := 0; ; {
		q := bytes.IndexByte(b[i:], '"')
		if q < 0 {
			return len(b), endOfData
		}
		i += q + 1
		rest := b[i:]
		switch {
		case len(rest) == 0, len(rest) == 1 && rest[0] == '\r':
			return i + len(rest), endAtQuote
		case rest[0] == '"':
			i++
		case rest[0] == delim:
			return i + 1, endOfField
		case rest[0] == '\n':
			return i + 1, endOfRecord
		case rest[0] == '\r' && rest[1] == '\n':
			return i + 2, endOfRecord
		default:
			return i, endBroken
		}
	}
}

// trimLineEnd removes one line end.
func trimLineEnd(s string) string {
	return strings.TrimSuffix(strings.TrimSuffix(s, "\n"), "\r")
}

// splitFields appends the fields of one record without its line end. It reports
// false when quotes do not match. lenient takes a quote inside a quoted field
// for a character unless a delimiter or the end follows.
func splitFields(dst []string, record string, delim byte, lenient bool) ([]string, bool) {
	for {
		if len(record) > 0 && record[0] == '"' {
			field, rest, more, ok := quotedField(record[1:], delim, lenient)
			if !ok {
				return dst, false
			}
			dst = append(dst, field)
			if !more {
				return dst, true
			}
			record = rest
			continue
		}
		i := strings.IndexByte(record, delim)
		if i < 0 {
			return append(dst, record), true
		}
		dst = append(dst, record[:i])
		record = record[i+1:]
	}
}

// quotedField takes a quoted field from behind its opening quote; more says
// that a delimiter followed.
func quotedField(s string, delim byte, lenient bool) (field, rest string, more, ok bool) {
	for i := 0; ; {
		q := strings.IndexByte(s[i:], '"')
		if q < 0 {
			return "", "", false, false
		}
		i += q + 1
		switch {
		case i == len(s):
			return unquote(s[:i-1]), "", false, true
		case s[i] == delim:
			return unquote(s[:i-1]), s[i+1:], true, true
		case s[i] == '"':
			i++
		case !lenient:
			return "", "", false, false
		}
	}
}

// unquote undoubles quotes and, as encoding/csv does, makes CRLF a line feed.
func unquote(s string) string {
	if strings.IndexByte(s, '"') >= 0 {
		s = strings.ReplaceAll(s, `""`, `"`)
	}
	if strings.IndexByte(s, '\r') >= 0 {
		s = strings.ReplaceAll(s, "\r\n", "\n")
	}
	return s
}

// guessDelimiter picks the separator of a header line.
func guessDelimiter(header []byte) byte {
	best, most := byte(','), bytes.Count(header, []byte(","))
	for _, d := range []byte(";\t") {
		if n := bytes.Count(header, []byte{d}); n > most {
			best, most = d, n
		}
	}
	return best
}
