package gazetteer

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// key is a name made ready for comparing.
type key struct {
	text  string // folded
	mask  uint32 // which letters it has, see letters
	words []word
}

type word struct {
	start, end int // in key.text
	mask       uint32
}

func newKey(name string) key {
	k := key{text: fold(name)}
	k.mask = letters(k.text)
	for start := 0; start < len(k.text); {
		end := len(k.text)
		if i := strings.IndexByte(k.text[start:], ' '); i >= 0 {
			end = start + i
		}
		k.words = append(k.words, word{start, end, letters(k.text[start:end])})
		start = end + 1
	}
	return k
}

// fold makes names that people would call the same compare equal: lower case,
// no accents, no apostrophes or full stops, other punctuation a space,
// "saint" written "st", "&" written "and". The result is ASCII letters, digits
// and single spaces for every Latin name.
func fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range norm.NFD.String(s) {
		switch {
		case r == '\'' || r == '’' || r == '‘' || r == '`' || r == '.' || unicode.Is(unicode.Mn, r):
		case r == '&':
			b.WriteString(" and ")
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if space && b.Len() > 0 {
				b.WriteByte(' ')
			}
			space = false
			b.WriteRune(unicode.ToLower(r))
			continue
		default:
			space = true
		}
	}
	words := strings.Fields(b.String())
	for i, w := range words {
		if w == "saint" {
			words[i] = "st"
		}
	}
	return strings.Join(words, " ")
}

// letters is a set of the letters and digits in s, folded onto 32 bits. One
// typing error changes at most two of them, so a comparison of two sets
// settles most pairs without measuring the distance.
func letters(s string) uint32 {
	var m uint32
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z':
			m |= 1 << (c - 'a')
		case c >= '0' && c <= '9':
			m |= 1 << 26
		}
	}
	return m
}
