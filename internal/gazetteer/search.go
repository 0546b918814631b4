package gazetteer

import (
	"cmp"
	"slices"
	"strings"
)

// How well a name matches, best first.
const (
	rankExact      = iota
	rankPrefix     // the name begins with the query
	rankWord       // each word of the query begins a word of the name or of where it lies
	rankTypo       // the name, or a word of it, with one typing error or two
	rankTypoPrefix // its beginning with one
	rankNone
)

// maxQueryBytes bounds the work a query can cause; no place has a longer name.
const maxQueryBytes = 100

type match struct {
	entry int32
	rank  uint8
	typos uint8
}

// Search returns at most limit places for what somebody typed, the best first:
// a coordinate ("51.37, -0.10"), a postcode or its beginning, a name, the
// beginning of one or of a word in it, or one with typing errors (one from
// four letters, two from eight). Among equals the more populous comes first.
// Case, accents, apostrophes and "St" for "Saint" make no difference. A full
// postcode finds its district.
func (x *Index) Search(q string, limit int) []Place {
	if limit <= 0 || len(q) > maxQueryBytes {
		return nil
	}
	if p, ok := coordinate(q); ok {
		return []Place{p}
	}
	if x.details != nil {
		if found := x.details.postcodesFrom(q, limit); len(found) > 0 {
			return found
		}
	}
	// A postcode area is also the beginning of names ("sm" of Smethwick):
	// those fill up what the codes leave.
	found := x.postcodes(q, limit)
	folded, stationsOnly := stationQuery(fold(q))
	if folded == "" {
		return found
	}
	if len(found) > 0 {
		if _, district, _ := splitPostcode(q); district != "" {
			return found
		}
		found = found[:min(len(found), 1)]
	}
	return x.named(folded, stationsOnly, limit-len(found), found)
}

// named appends places by name: those that match to the letter, then streets,
// then those with a typing error.
func (x *Index) named(folded string, stationsOnly bool, limit int, found []Place) []Place {
	all := x.matches(newKey(folded), stationsOnly, limit)
	exact := slices.IndexFunc(all, func(m match) bool { return m.rank >= rankTypo })
	if exact < 0 {
		exact = len(all)
	}
	for _, m := range all[:exact] {
		found = append(found, x.entries[m.entry].place)
	}
	if x.details != nil && !stationsOnly {
		streets := x.details.search(folded, limit-exact)
		found, limit = append(found, streets...), limit-len(streets)
	}
	for _, m := range all[exact:max(exact, min(len(all), limit))] {
		found = append(found, x.entries[m.entry].place)
	}
	return found
}

// stationQuery takes the word "station" off a query that has others.
func stationQuery(folded string) (rest string, only bool) {
	for _, tail := range []string{" railway station", " train station", " station"} {
		if rest, only := strings.CutSuffix(folded, tail); only && rest != "" {
			return rest, true
		}
	}
	return folded, false
}

// matches is one pass over all names: with 9,000 of them that takes a fraction
// of a millisecond, and there is no second structure to keep right.
func (x *Index) matches(q key, stationsOnly bool, limit int) []match {
	var all []match
	for i := range x.entries {
		e := &x.entries[i]
		if stationsOnly && e.place.Kind != KindStation {
			continue
		}
		if m := e.match(q); m.rank < rankNone {
			m.entry = int32(i)
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b match) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.typos, b.typos),
			cmp.Compare(x.entries[b.entry].importance, x.entries[a.entry].importance),
			cmp.Compare(a.entry, b.entry))
	})
	return all[:min(len(all), max(0, limit))]
}

// match is the best match of a query among the names of an entry.
func (e *entry) match(q key) match {
	best := match{rank: rankNone}
	for i := range e.keys {
		m := q.against(&e.keys[i])
		if m.rank == rankNone && len(q.words) > 1 && q.wordsIn(&e.keys[i], e.admin) {
			m.rank = rankWord
		}
		if m.rank < best.rank || m.rank == best.rank && m.typos < best.typos {
			best = m
		}
	}
	return best
}

func (q *key) against(k *key) match {
	if len(k.words) == 0 { // a name of punctuation alone
		return match{rank: rankNone}
	}
	if strings.HasPrefix(k.text, q.text) {
		if len(k.text) == len(q.text) {
			return match{rank: rankExact}
		}
		return match{rank: rankPrefix}
	}
	for _, w := range k.words[1:] {
		if strings.HasPrefix(k.text[w.start:], q.text) {
			return match{rank: rankWord}
		}
	}
	limit := maxTypos(len(q.text))
	if limit == 0 {
		return match{rank: rankNone}
	}
	if maybe(q.mask, k.mask, limit, false) {
		if n, ok := typos(q.text, k.text, limit, false); ok {
			return match{rank: rankTypo, typos: uint8(n)}
		}
	}
	if len(k.words) > 1 && len(q.words) == 1 {
		for _, w := range k.words {
			if maybe(q.mask, w.mask, limit, false) {
				if n, ok := typos(q.text, k.text[w.start:w.end], limit, false); ok {
					return match{rank: rankTypo, typos: uint8(n) + 1}
				}
			}
		}
	}
	// A word still being typed forgives one error only: half a word with two
	// has too many neighbours.
	if maybe(q.mask, k.mask, 1, true) {
		if n, ok := typos(q.text, k.text, 1, true); ok {
			return match{rank: rankTypoPrefix, typos: uint8(n)}
		}
	}
	return match{rank: rankNone}
}

// wordsIn holds when the first word of q begins a word of the name and every
// other begins a word of the name or of admin: "newport wales", "hill tulse".
func (q *key) wordsIn(k *key, admin string) bool {
	for i, w := range q.words {
		word := q.text[w.start:w.end]
		if !beginsWord(k.text, word) && (i == 0 || !beginsWord(admin, word)) {
			return false
		}
	}
	return true
}

func beginsWord(text, word string) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], word)
		if i < 0 {
			return false
		}
		if at += i; at == 0 || text[at-1] == ' ' {
			return true
		}
		at++
	}
}

// All lists the places of some kinds, the most important first; postcodes by
// code, after them.
func (x *Index) All(kinds ...string) []Place {
	named := slices.Clone(x.entries)
	slices.SortStableFunc(named, func(a, b entry) int { return cmp.Compare(b.importance, a.importance) })
	var out []Place
	add := func(p Place) {
		if slices.Contains(kinds, p.Kind) {
			out = append(out, p)
		}
	}
	for _, e := range named {
		add(e.place)
	}
	for _, c := range x.codes {
		add(c.place)
	}
	return out
}
