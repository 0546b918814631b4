package gazetteer_test

import (
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/gazetteer"
)

func open(t testing.TB) *gazetteer.Index {
	t.Helper()
	x, err := gazetteer.Open()
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestOpen_Size(t *testing.T) {
	x := open(t)
	if x.Len() < 8500 || x.Len() > 10_000 {
		t.Errorf("%d places", x.Len())
	}
	for _, name := range []string{"GeoNames", "CC BY 4.0", "Trainline", "ODbL", "Wikipedia", "CC BY-SA 3.0"} {
		if !strings.Contains(x.Attribution(), name) {
			t.Errorf("attribution lacks %q", name)
		}
	}
}

func TestIndex_Search(t *testing.T) {
	x := open(t)
	tests := []struct {
		name, query string
		want        string // name of the first answer
		kind        string
	}{
		{"exact", "Croydon", "Croydon", "town"},
		{"prefix", "croyd", "Croydon", "town"},
		{"city", "birm", "Birmingham", "city"},
		{"importance", "sutt", "Sutton", "town"},
		{"usual name", "Hull", "Kingston upon Hull", "city"},
		{"word prefix", "ealing br", "Ealing Broadway", "station"},
		{"two words", "new addin", "New Addington", "area"},
		{"other order", "hill tulse", "Tulse Hill", "area"},
		{"place and country", "newport wales", "Newport", "city"},
		{"one typo", "croyden", "Croydon", "town"},
		{"swapped letters", "bormley", "Bromley", "town"},
		{"two typos", "wolverhmaptn", "Wolverhampton", "city"},
		{"typo in a beginning", "birmimgh", "Birmingham", "city"},
		{"saint", "saint albans", "St Albans", "city"},
		{"st with a full stop", "St. Albans", "St Albans", "city"},
		{"apostrophe", "kings cross", "King's Cross", "town"},
		{"curly apostrophe", "King’s Cross", "King's Cross", "town"},
		{"accents", "CWMBRÂN", "Cwmbran", "town"},
		{"accents over a hyphen", "Tŷ-crôes", "Ty Croes", "station"},
		{"welsh", "Caerdydd", "Cardiff", "city"},
		{"welsh accents", "abertawe", "Swansea", "city"},
		{"station", "east croydon station", "East Croydon", "station"},
		{"station code", "ECR", "East Croydon", "station"},
		{"spaces and case", "  cROYDON  ", "Croydon", "town"},
		{"hyphens", "stoke on trent", "Stoke-on-Trent", "city"},
		{"outcode", "CR0", "CR0", "postcode"},
		{"full postcode", "cr0 1nx", "CR0", "postcode"},
		{"full postcode closed up", "cr01nx", "CR0", "postcode"},
		{"half a postcode", "SM1 1", "SM1", "postcode"},
		{"postcode in the middle of London", "SW1A 1AA", "SW1", "postcode"},
		{"postcode outside the tables", "M1 1AE", "M", "postcode area"},
		{"postcode area", "cr", "CR", "postcode area"},
		{"coordinate", "51.37, -0.10", "51.37000, -0.10000", "coordinate"},
		{"coordinate with a space", "51.37 -0.1", "51.37000, -0.10000", "coordinate"},
		{"hemispheres", "51.37N 0.1W", "51.37000, -0.10000", "coordinate"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found := x.Search(tt.query, 5)
			if len(found) == 0 {
				t.Fatalf("Search(%q) found nothing", tt.query)
			}
			if found[0].Name != tt.want || found[0].Kind != tt.kind {
				t.Errorf("Search(%q) = %+v, want %s %s first", tt.query, found, tt.kind, tt.want)
			}
		})
	}
}

func TestIndex_Search_limits(t *testing.T) {
	x := open(t)
	for _, limit := range []int{-1, 0, 1, 3, 8} {
		if got := len(x.Search("st", limit)); got != max(0, limit) {
			t.Errorf("limit %d: %d places", limit, got)
		}
	}
	for _, nothing := range []string{"", "   ", "'", "zzzzqqqq", "999, 999", "91, 0", strings.Repeat("a", 500), "日本"} {
		if found := x.Search(nothing, 5); len(found) != 0 {
			t.Errorf("Search(%q) = %+v", nothing, found)
		}
	}
}

// Every place has to be found by its own name, first or beside namesakes.
func TestIndex_Search_everyTown(t *testing.T) {
	x := open(t)
	for _, town := range []string{"Croydon", "Sutton", "Bromley", "Woolwich", "Surbiton", "Wallington",
		"Orpington", "Purley", "Carshalton", "Beckenham", "Crystal Palace", "Thornton Heath", "Coulsdon", "Cheam"} {
		found := x.Search(town, 3)
		if len(found) == 0 || found[0].Name != town {
			t.Errorf("Search(%q) = %+v", town, found)
			continue
		}
		// South London, not a namesake elsewhere.
		if p := found[0]; p.Lat < 51.2 || p.Lat > 51.6 || p.Lng < -0.5 || p.Lng > 0.3 {
			t.Errorf("Search(%q) leads to %+v", town, p)
		}
	}
}

func TestIndex_Search_postcodeAreas(t *testing.T) {
	const all = `AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY
		E EC EH EN EX FK FY G GL GU HA HD HG HP HR HS HU HX IG IP IV KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML
		N NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF
		TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO ZE`
	x := open(t)
	codes := strings.Fields(all)
	if len(codes) != 121 {
		t.Fatalf("%d areas in the test, 121 exist without the Crown dependencies and BX", len(codes))
	}
	for _, code := range codes {
		found := x.Search(code+"99 9ZZ", 1)
		if len(found) != 1 || found[0].Name != code || found[0].Kind != gazetteer.KindPostcodeArea {
			t.Errorf("%s: %+v", code, found)
		}
	}
}

func TestIndex_Nearest(t *testing.T) {
	x := open(t)
	tests := []struct {
		name     string
		lat, lng float64
		want     string // "" for none
		within   float64
	}{
		{"centre of Croydon", 51.3762, -0.0982, "Croydon", 1000},
		{"Bromley South", 51.4000, 0.0174, "Bromley", 1000},
		{"Cardiff", 51.4816, -3.1791, "Cardiff", 500},
		{"North Sea", 55, 3, "", 0},
		{"New York", 40.7, -74, "", 0},
		{"pole", 90, 0, "", 0},
		{"dateline", 0, 180, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, metres, ok := x.Nearest(tt.lat, tt.lng)
			if ok != (tt.want != "") || p.Name != tt.want || metres > tt.within && ok {
				t.Errorf("Nearest(%v, %v) = %+v, %v m, %v", tt.lat, tt.lng, p, metres, ok)
			}
		})
	}
}

func FuzzIndex_Search(f *testing.F) {
	for _, seed := range []string{
		"croydon", "cr0 1nx", "SW1A 1AA", "51.37, -0.10", // what people type
		"", " ", "'", "&", "station", " station", ",", "--", // nothing left after folding
		"NaN, Inf", "0x1p4, 1e5", "+-1, 2", "1e999 0", // numbers that ParseFloat knows
		"\xff\xfe", "é́́́", "ǰ", "İstanbul", "ﬁ", // bytes and letters that change length
		"a b c d e f g h i j k l m n o p q r s t u v w x y z",
	} {
		f.Add(seed)
	}
	x := open(f)
	f.Fuzz(func(t *testing.T, q string) {
		found := x.Search(q, 8)
		if len(found) > 8 {
			t.Fatalf("%d places", len(found))
		}
		for _, p := range found {
			if p.Name == "" || p.Kind == "" || p.Zoom == 0 || !(p.Lat >= -90 && p.Lat <= 90 && p.Lng >= -180 && p.Lng <= 180) {
				t.Fatalf("Search(%q) gives %+v", q, p)
			}
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		open(b)
	}
}

func BenchmarkIndex_Search(b *testing.B) {
	x := open(b)
	for _, q := range []string{"s", "croy", "croydon", "wolverhmaptn", "new addington croydon", "cr0 1nx", "zzzzqqqq"} {
		b.Run(strings.ReplaceAll(q, " ", "_"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				x.Search(q, 8)
			}
		})
	}
}

func BenchmarkIndex_Nearest(b *testing.B) {
	x := open(b)
	for b.Loop() {
		x.Nearest(51.3762, -0.0982)
	}
}
