package gazetteer

import (
	"cmp"
	"slices"
	"strings"
)

// postcode is a postcode district or area.
type postcode struct {
	code  string // "CR0" or "CR"
	place Place
}

// splitPostcode takes a postcode or the beginning of one, in any case and
// spacing, apart. area is "CR" for "cr0 1nx", district "CR0"; the inward part
// is dropped. ok is false for text that is no beginning of a British postcode.
func splitPostcode(q string) (area, district string, ok bool) {
	first, second, spaced := strings.Cut(strings.ToUpper(strings.TrimSpace(q)), " ")
	code := first + strings.ReplaceAll(second, " ", "")
	if len(code) == 0 || len(code) > 7 {
		return "", "", false
	}
	outward := code
	if n := len(code); n >= 5 && isInward(code[n-3:]) {
		outward = code[:n-3]
	} else if spaced {
		if !beginsInward(code[len(first):]) {
			return "", "", false
		}
		outward = first
	}
	letters := 0
	for letters < len(outward) && isUpper(outward[letters]) {
		letters++
	}
	rest := outward[letters:]
	if letters == 0 || letters > 2 || len(rest) > 2 {
		return "", "", false
	}
	if rest == "" {
		return outward, "", !spaced
	}
	if !isDigit(rest[0]) || len(rest) == 2 && !isDigit(rest[1]) && !isUpper(rest[1]) {
		return "", "", false
	}
	return outward[:letters], outward, true
}

func isInward(s string) bool { return len(s) == 3 && beginsInward(s) }

// beginsInward holds for the first letters of "1NX".
func beginsInward(s string) bool {
	for i := range len(s) {
		if i == 0 && !isDigit(s[i]) || i > 0 && !isUpper(s[i]) {
			return false
		}
	}
	return len(s) <= 3
}

func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// postcodes answers a query that is a postcode or the beginning of one: the
// district itself, the districts it may become ("CR" or "CR1" typed so far),
// and the area when the district is not in the tables.
func (x *Index) postcodes(q string, limit int) []Place {
	area, district, ok := splitPostcode(q)
	if !ok {
		return nil
	}
	if district == "" {
		return x.codesFrom(area, limit, func(c string) bool { return len(c) == len(area) || isDigit(c[len(area)]) })
	}
	found := x.codesFrom(district, limit, func(c string) bool { return true })
	if len(found) > 0 {
		return found
	}
	// Central London splits districts by a last letter ("SW1A") that the
	// table does not have.
	if last := len(district) - 1; isUpper(district[last]) {
		if found = x.codesFrom(district[:last], 1, func(c string) bool { return c == district[:last] }); len(found) > 0 {
			return found
		}
	}
	return x.codesFrom(area, 1, func(c string) bool { return c == area })
}

func (x *Index) codesFrom(prefix string, limit int, keep func(code string) bool) []Place {
	i, _ := slices.BinarySearchFunc(x.codes, prefix, func(p postcode, s string) int { return strings.Compare(p.code, s) })
	var found []Place
	for ; i < len(x.codes) && len(found) < limit && strings.HasPrefix(x.codes[i].code, prefix); i++ {
		if keep(x.codes[i].code) {
			found = append(found, x.codes[i].place)
		}
	}
	return found
}

// addPostcodeAreas places each postcode area at its post town, and sorts the
// codes: shorter numbers first within an area, as people count them.
func (x *Index) addPostcodeAreas() {
	best := make(map[string]*entry)
	for i := range x.entries {
		e := &x.entries[i]
		if name := e.place.Name; e.place.Kind != KindStation && (best[name] == nil || best[name].importance < e.importance) {
			best[name] = e
		}
	}
	for pair := range strings.FieldsSeq(postTowns) {
		code, name, _ := strings.Cut(pair, ":")
		town := best[strings.ReplaceAll(name, "_", " ")]
		if town == nil {
			continue // a test holds that there is none
		}
		p := town.place
		p.Admin = strings.TrimSuffix(p.Name+", "+p.Admin, ", ")
		p.Name, p.Kind, p.Zoom = code, KindPostcodeArea, zoomFor(row{kind: KindPostcodeArea})
		x.codes = append(x.codes, postcode{code: code, place: p})
	}
	slices.SortFunc(x.codes, func(a, b postcode) int { return cmp.Compare(a.code, b.code) })
}

// postTowns names the main post town of every geographic postcode area.
const postTowns = `
AB:Aberdeen AL:St_Albans B:Birmingham BA:Bath BB:Blackburn BD:Bradford BH:Bournemouth BL:Bolton
BN:Brighton BR:Bromley BS:Bristol BT:Belfast CA:Carlisle CB:Cambridge CF:Cardiff CH:Chester
CM:Chelmsford CO:Colchester CR:Croydon CT:Canterbury CV:Coventry CW:Crewe DA:Dartford DD:Dundee
DE:Derby DG:Dumfries DH:Durham DL:Darlington DN:Doncaster DT:Dorchester DY:Dudley E:London
EC:London EH:Edinburgh EN:Enfield_Town EX:Exeter FK:Falkirk FY:Blackpool G:Glasgow GL:Gloucester
GU:Guildford HA:Harrow HD:Huddersfield HG:Harrogate HP:Hemel_Hempstead HR:Hereford HS:Stornoway
HU:Kingston_upon_Hull HX:Halifax IG:Ilford IP:Ipswich IV:Inverness KA:Kilmarnock KT:Kingston_upon_Thames
KW:Kirkwall KY:Kirkcaldy L:Liverpool LA:Lancaster LD:Llandrindod_Wells LE:Leicester LL:Llandudno
LN:Lincoln LS:Leeds LU:Luton M:Manchester ME:Rochester MK:Milton_Keynes ML:Motherwell N:London
NE:Newcastle_upon_Tyne NG:Nottingham NN:Northampton NP:Newport NR:Norwich NW:London OL:Oldham
OX:Oxford PA:Paisley PE:Peterborough PH:Perth PL:Plymouth PO:Portsmouth PR:Preston RG:Reading
RH:Redhill RM:Romford S:Sheffield SA:Swansea SE:London SG:Stevenage SK:Stockport SL:Slough
SM:Sutton SN:Swindon SO:Southampton SP:Salisbury SR:Sunderland SS:Southend-on-Sea
ST:Stoke-on-Trent SW:London SY:Shrewsbury TA:Taunton TD:Galashiels TF:Telford TN:Tonbridge
TQ:Torquay TR:Truro TS:Middlesbrough TW:Twickenham UB:Southall W:London WA:Warrington WC:London
WD:Watford WF:Wakefield WN:Wigan WR:Worcester WS:Walsall WV:Wolverhampton YO:York ZE:Lerwick`
