package gazetteer

import (
	"slices"
	"strings"
)

// Kinds that only Details has.
const (
	KindStreet       = "street"
	KindFullPostcode = "full postcode" // a unit of some fifteen addresses, "CR0 1NX"
)

// Details are streets and full postcodes out of files that an operator
// downloads: OS Open Names and the ONS Postcode Directory. They are too large
// to embed. Read them, then hand them to OpenWith; they do not change after.
type Details struct {
	streets []street // sorted by key once indexed
	units   []unit   // sorted by code once indexed
	admins  map[string]string
	credits []string

	bySquare []int32 // numbers of streets, for near
}

// street is a street or a small settlement. It holds no more than it must: Great
// Britain has 900,000 of them.
type street struct {
	key      string // folded name
	name     string
	admin    string // shared between all streets of a place
	kind     string
	lat, lng float32 // 1 m at most is lost
}

type unit struct {
	code     string // without a space
	lat, lng float32
}

// Len returns the number of streets and of full postcodes.
func (d *Details) Len() (streets, postcodes int) { return len(d.streets), len(d.units) }

// OpenWith is Open with details of streets and postcodes.
func OpenWith(d *Details) (*Index, error) {
	x, err := Open()
	if err != nil {
		return nil, err
	}
	slices.SortFunc(d.streets, func(a, b street) int {
		if c := strings.Compare(a.key, b.key); c != 0 {
			return c
		}
		return strings.Compare(a.admin, b.admin)
	})
	// A long road comes in sections; one of them in each place is enough.
	d.streets = slices.CompactFunc(d.streets, func(a, b street) bool { return a.key == b.key && a.admin == b.admin && a.kind == b.kind })
	slices.SortFunc(d.units, func(a, b unit) int { return strings.Compare(a.code, b.code) })
	d.units = slices.CompactFunc(d.units, func(a, b unit) bool { return a.code == b.code })
	d.indexSquares()
	x.details = d
	return x, nil
}

// add notes a street or settlement, sharing the text of where it lies.
func (d *Details) add(s street) {
	s.key = fold(s.name)
	if s.key == "" {
		return
	}
	if d.admins == nil {
		d.admins = map[string]string{}
	}
	shared, ok := d.admins[s.admin]
	if !ok {
		d.admins[s.admin], shared = s.admin, s.admin
	}
	s.admin = shared
	d.streets = append(d.streets, s)
}

func (d *Details) credit(text string) {
	if !slices.Contains(d.credits, text) {
		d.credits = append(d.credits, text)
	}
}

// postcodesFrom returns the full postcodes that q is or begins: it must reach
// into the inward part, "CR0 1".
func (d *Details) postcodesFrom(q string, limit int) (found []Place) {
	code := strings.ToUpper(strings.ReplaceAll(q, " ", ""))
	_, district, ok := splitPostcode(q)
	if !ok || len(code) <= len(district) {
		return nil
	}
	i, _ := slices.BinarySearchFunc(d.units, code, func(u unit, c string) int { return strings.Compare(u.code, c) })
	for ; i < len(d.units) && len(found) < limit && strings.HasPrefix(d.units[i].code, code); i++ {
		u := d.units[i]
		// "CR01AA" begins with the letters of "CR0 1" and so does "CR0 11"; the
		// inward part always has three.
		found = append(found, Place{Name: u.code[:len(u.code)-3] + " " + u.code[len(u.code)-3:], Kind: KindFullPostcode,
			Lat: float64(u.lat), Lng: float64(u.lng), Zoom: 17})
	}
	return found
}

// maxStreets bounds how many streets one search looks at: "high street" has
// 2,500 namesakes.
const maxStreets = 4000

// search returns streets for folded words: the name or its beginning, then
// words of where it lies ("george street croydon"), then with one typing error.
func (d *Details) search(q string, limit int) []Place {
	if len(d.streets) == 0 || q == "" || limit <= 0 {
		return nil
	}
	if found := d.named(q, limit); len(found) > 0 {
		return found
	}
	if long := spellOut(q); long != q {
		if found := d.named(long, limit); len(found) > 0 {
			return found
		}
	}
	if len(q) < 5 || len(q) > longestTypo {
		return nil
	}
	for _, near := range oneTypo(q) {
		if found := d.beginning(near, nil, limit); len(found) > 0 {
			return found
		}
	}
	return nil
}

// named tries every split of the words into a name and where it lies.
func (d *Details) named(q string, limit int) []Place {
	words := strings.Fields(q)
	for n := len(words); n > 0; n-- {
		if found := d.beginning(strings.Join(words[:n], " "), words[n:], limit); len(found) > 0 {
			return found
		}
	}
	return nil
}

// beginning returns streets whose name begins with prefix and whose place has
// words that begin with each of where.
func (d *Details) beginning(prefix string, where []string, limit int) (found []Place) {
	i, _ := slices.BinarySearchFunc(d.streets, prefix, func(s street, p string) int { return strings.Compare(s.key, p) })
	for end := min(len(d.streets), i+maxStreets); i < end && len(found) < limit && strings.HasPrefix(d.streets[i].key, prefix); i++ {
		s := d.streets[i]
		if len(where) > 0 && (s.key != prefix || !lies(s.admin, where)) {
			continue
		}
		found = append(found, s.place())
	}
	return found
}

func lies(admin string, where []string) bool {
	folded := fold(admin)
	for _, w := range where {
		if !beginsWord(folded, w) {
			return false
		}
	}
	return true
}

var shortWords = map[string]string{
	"st": "street", "rd": "road", "ave": "avenue", "av": "avenue", "ln": "lane", "dr": "drive", "cl": "close", "ct": "court",
	"pl": "place", "sq": "square", "gdns": "gardens", "cres": "crescent", "ter": "terrace", "gro": "grove", "wlk": "walk", "hse": "house",
}

// spellOut writes the usual short words of street names out, except at the
// beginning, where "st" is a saint.
func spellOut(q string) string {
	words := strings.Fields(q)
	for i, w := range words {
		if long := shortWords[w]; i > 0 && long != "" {
			words[i] = long
		}
	}
	return strings.Join(words, " ")
}

// oneTypo lists the texts that are one typing error away from q: some 54 for
// each letter, of which each costs one binary search.
func oneTypo(q string) []string {
	const letters = "abcdefghijklmnopqrstuvwxyz "
	out := make([]string, 0, 55*len(q))
	for i := range len(q) {
		out = append(out, q[:i]+q[i+1:])
		if i+1 < len(q) {
			out = append(out, q[:i]+q[i+1:i+2]+q[i:i+1]+q[i+2:])
		}
	}
	for i := range len(q) {
		for j := range len(letters) {
			out = append(out, q[:i]+letters[j:j+1]+q[i+1:], q[:i]+letters[j:j+1]+q[i:])
		}
	}
	return out
}
