package gazetteer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streetsafe/streetsafe/internal/gazetteer"
)

// nameRow is a line of OS Open Names.
func nameRow(name, other, kind string, east, north float64, place string) string {
	return fmt.Sprintf("osgb1,http://x/1,%s,,%s,,transportNetwork,%s,%.0f,%.0f,1,2,0,0,0,0,CR0,http://x,%s,http://x,town,Croydon,http://x,b,Greater London,,,London,,England,,,,", name, other, kind, east, north, place)
}

var openNames = strings.Join([]string{
	nameRow("George Street", "", "Named Road", 532500, 165500, "Croydon"),
	nameRow("George Street", "", "Section Of Named Road", 532600, 165500, "Croydon"),
	nameRow("George Street", "", "Named Road", 258700, 665400, "Glasgow"),
	nameRow("Wellesley Road", "", "Named Road", 532400, 165900, "Croydon"),
	nameRow("St James's Road", "", "Named Road", 532300, 166500, "Croydon"),
	nameRow("Penrhyn Close", "Clos Penrhyn", "Named Road", 318000, 176000, "Cardiff"),
	nameRow("Shirley Oaks", "", "Suburban Area", 535600, 166300, "London"),
	nameRow("Crystal Palace", "", "Railway Station", 534100, 170500, "London"),
	nameRow("CR0 1NX", "", "Postcode", 532450, 165700, "Croydon"),
}, "\n")

const postcodeDirectory = "\xef\xbb\xbfpcd,pcd2,PCDS,dointr,doterm,oseast1m,lat,long\n" +
	`"CR01LB","CR0  1LB","CR0 1LB","198001","","532","51.374","-0.098"` + "\n" +
	`"CR01LD","CR0  1LD","CR0 1LD","198001","","532","51.375","-0.099"` + "\n" +
	`"CR01ZZ","CR0  1ZZ","CR0 1ZZ","198001","199001","532","51.375","-0.099"` + "\n" +
	`"GY1 1AA","GY1  1AA","GY1 1AA","198001","","","99.999999","0.000000"` + "\n"

func detailed(t testing.TB) *gazetteer.Index {
	t.Helper()
	var d gazetteer.Details
	if n, err := d.ReadOpenNames(strings.NewReader(openNames)); err != nil || n != 8 {
		t.Fatalf("%d places, %v", n, err)
	}
	if n, err := d.ReadPostcodeDirectory(strings.NewReader(postcodeDirectory)); err != nil || n != 2 {
		t.Fatalf("%d postcodes, %v", n, err)
	}
	x, err := gazetteer.OpenWith(&d)
	if err != nil {
		t.Fatal(err)
	}
	if streets, codes := d.Len(); streets != 7 || codes != 3 {
		t.Fatalf("%d streets and %d postcodes", streets, codes)
	}
	return x
}

func TestIndex_Landmark(t *testing.T) {
	for name, c := range map[string]struct {
		x                *gazetteer.Index
		lat, lng         float64
		want, kind, near string
	}{
		"station":                           {open(t), 51.3755, -0.0925, "East Croydon", gazetteer.KindStation, "Croydon"},
		"no station near":                   {open(t), 51.3500, -0.0600, "Selsdon", gazetteer.KindArea, "Croydon"},
		"street before town":                {detailed(t), 51.3744, -0.0974, "George Street", gazetteer.KindStreet, "Croydon"},
		"station before street further off": {detailed(t), 51.3753, -0.0926, "East Croydon", gazetteer.KindStation, "Croydon"},
		"nothing for miles":                 {detailed(t), 58.9, -8, "", "", ""},
		"no point":                          {detailed(t), math.NaN(), 0, "", "", ""},
	} {
		p, metres, ok := c.x.Landmark(c.lat, c.lng)
		if p.Name != c.want || ok != (c.want != "") || c.kind != "" && p.Kind != c.kind || !strings.HasPrefix(p.Admin, c.near) {
			t.Errorf("%s: %+v, %.0f m, %v", name, p, metres, ok)
		}
		if c.kind == gazetteer.KindStation && metres > 400 {
			t.Errorf("%s: %.0f m away", name, metres)
		}
	}
}

// Landmark looks at the squares around a point only: it must find what looking
// at every street finds.
func TestIndex_Landmark_everyStreet(t *testing.T) {
	rnd := rand.New(rand.NewPCG(4, 2026))
	var rows []string
	for i := range 2000 {
		rows = append(rows, nameRow(fmt.Sprintf("Street %d", i), "", "Named Road", 430000+rnd.Float64()*5000, 1180000+rnd.Float64()*5000, "Lerwick"))
	}
	var d gazetteer.Details
	if _, err := d.ReadOpenNames(strings.NewReader(strings.Join(rows, "\n"))); err != nil {
		t.Fatal(err)
	}
	x, err := gazetteer.OpenWith(&d)
	if err != nil {
		t.Fatal(err)
	}
	all := x.Search("street", 4000)
	for range 300 {
		lat, lng := gazetteer.NationalGrid(430000+rnd.Float64()*5000, 1180000+rnd.Float64()*5000)
		best := math.Inf(1)
		for _, p := range all {
			best = min(best, math.Hypot((p.Lng-lng)*math.Cos(lat*math.Pi/180), p.Lat-lat)*111_195)
		}
		p, metres, ok := x.Landmark(lat, lng)
		if best < 395 && (!ok || p.Kind != gazetteer.KindStreet || math.Abs(metres-best) > 2) {
			t.Fatalf("at %f, %f: %+v, %.0f m, the nearest street is %.0f m away", lat, lng, p, metres, best)
		}
	}
}

func TestIndex_Search_details(t *testing.T) {
	x := detailed(t)
	for _, c := range []struct {
		q, name, kind, in string
	}{
		{"George Street", "George Street", gazetteer.KindStreet, "Croydon"},
		{"george st glasgow", "George Street", gazetteer.KindStreet, "Glasgow"},
		{"George Street, Croydon", "George Street", gazetteer.KindStreet, "Croydon"},
		{"wellesl", "Wellesley Road", gazetteer.KindStreet, ""},
		{"wellesley rd", "Wellesley Road", gazetteer.KindStreet, ""},
		{"welesley road", "Wellesley Road", gazetteer.KindStreet, ""},
		{"wlelesley road", "Wellesley Road", gazetteer.KindStreet, ""},
		{"saint james road", "St James's Road", gazetteer.KindStreet, ""},
		{"clos penrhyn", "Clos Penrhyn", gazetteer.KindStreet, ""},
		{"shirley oaks", "Shirley Oaks", gazetteer.KindArea, ""},
		{"cr0 1lb", "CR0 1LB", gazetteer.KindFullPostcode, ""},
		{"CR01NX", "CR0 1NX", gazetteer.KindFullPostcode, ""},
		{"cr0 1l", "CR0 1LB", gazetteer.KindFullPostcode, ""},
		{"CR0", "CR0", gazetteer.KindPostcode, ""},
		{"Croydon", "Croydon", gazetteer.KindTown, ""},
		{"croydn", "Croydon", gazetteer.KindTown, ""},
	} {
		found := x.Search(c.q, 8)
		if len(found) == 0 || found[0].Name != c.name || found[0].Kind != c.kind || !strings.Contains(found[0].Admin, c.in) {
			t.Errorf("%q finds %+v, expected %s, %s", c.q, found, c.kind, c.name)
		}
	}
	if found := x.Search("st james road", 1); len(found) != 1 || found[0].Name == "" {
		t.Errorf("one typing error more: %+v", found)
	}
	at := x.Search("CR0 1NX", 1)[0]
	if math.Abs(at.Lat-51.3738) > 0.002 || math.Abs(at.Lng+0.0974) > 0.002 {
		t.Errorf("CR0 1NX is at %v, %v", at.Lat, at.Lng)
	}
	for _, q := range []string{"CR0 1ZZ", "GY1 1AA"} {
		if found := x.Search(q, 1); len(found) > 0 && found[0].Kind == gazetteer.KindFullPostcode {
			t.Errorf("%s, which is gone or nowhere, is found: %+v", q, found)
		}
	}
	if limit := x.Search("george street", 1); len(limit) != 1 {
		t.Errorf("%d places, asked for one", len(limit))
	}
	for _, want := range []string{"GeoNames", "OS data", "Royal Mail"} {
		if !strings.Contains(x.Attribution(), want) {
			t.Errorf("the attribution lacks %s: %s", want, x.Attribution())
		}
	}
}

func TestDetails_refuse(t *testing.T) {
	for name, s := range map[string]string{
		"short line":  "a,b,c\n",
		"no position": nameRow("A Street", "", "Named Road", math.NaN(), 1, "X"),
		"outside":     nameRow("A Street", "", "Named Road", 9e6, 1, "X"),
	} {
		var d gazetteer.Details
		if _, err := d.ReadOpenNames(strings.NewReader(s)); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, s := range map[string]string{
		"empty": "", "no column": "pcds,lat,long\n", "no number": "pcds,doterm,lat,long\nCR0 1LB,,x,y\n", "short line": "pcds,doterm,lat,long\nCR0 1LB\n",
	} {
		var d gazetteer.Details
		if _, err := d.ReadPostcodeDirectory(strings.NewReader(s)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzReadOpenNames(f *testing.F) {
	f.Add(openNames)
	f.Add("\xef\xbb\xbf\"")
	f.Fuzz(func(t *testing.T, s string) {
		var d gazetteer.Details
		n, err := d.ReadOpenNames(strings.NewReader(s))
		if streets, units := d.Len(); err == nil && streets+units < n-strings.Count(s, ",") {
			t.Errorf("%d places said, %d kept", n, streets+units)
		}
	})
}

func FuzzReadPostcodeDirectory(f *testing.F) {
	f.Add(postcodeDirectory)
	f.Fuzz(func(t *testing.T, s string) {
		var d gazetteer.Details
		n, err := d.ReadPostcodeDirectory(strings.NewReader(s))
		if _, units := d.Len(); units != n {
			t.Errorf("%d postcodes said, %d kept, %v", n, units, err)
		}
	})
}

// host answers instead of another host.
type host struct {
	body   string
	status int
	err    error
	asked  []string
}

func (h *host) RoundTrip(r *http.Request) (*http.Response, error) {
	h.asked = append(h.asked, r.URL.String())
	if h.err != nil {
		return nil, h.err
	}
	return &http.Response{StatusCode: h.status, Body: io.NopCloser(strings.NewReader(h.body)), Request: r}, nil
}

const nominatim = `[{"lat":"51.3762","lon":"-0.0982","name":"Katharine Street","display_name":"Katharine Street, Croydon, London"},
 {"lat":"x","lon":"0","display_name":"Nowhere"},{"lat":"51","lon":"0","name":"","display_name":"Somewhere, Kent"}]`

const photon = `{"features":[{"geometry":{"coordinates":[-0.0982,51.3762]},"properties":{"name":"Katharine Street","city":"Croydon","county":"Greater London"}},
 {"geometry":{"coordinates":[]},"properties":{"name":"Nowhere"}},{"geometry":{"coordinates":[0,51]},"properties":{"street":"High Street","housenumber":"7"}}]}`

func TestOutside(t *testing.T) {
	for kind, body := range map[string]string{"nominatim": nominatim, "photon": photon} {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &host{body: body, status: http.StatusOK}
				o, err := gazetteer.NewOutside(gazetteer.OutsideConfig{Kind: kind, URL: "https://places.example/", Attribution: "© them", Country: "gb", Client: &http.Client{Transport: h}})
				if err != nil {
					t.Fatal(err)
				}
				found, err := o.Search(t.Context(), "katharine street", 5)
				if err != nil || len(found) != 2 || found[0].Name != "Katharine Street" || found[0].Lat != 51.3762 || found[0].Lng != -0.0982 || !strings.HasPrefix(found[0].Admin, "Croydon") {
					t.Fatalf("%+v, %v", found, err)
				}
				// Asked once for a day, however it is written.
				if again, err := o.Search(t.Context(), " Katharine  STREET", 1); err != nil || len(again) != 1 {
					t.Errorf("%+v, %v", again, err)
				}
				if len(h.asked) != 1 || !strings.HasPrefix(h.asked[0], "https://places.example/") {
					t.Fatalf("asked %v", h.asked)
				}
				start := time.Now()
				if _, err := o.Search(t.Context(), "other", 5); err != nil {
					t.Fatal(err)
				}
				if d := time.Since(start); d != time.Second || len(h.asked) != 2 {
					t.Errorf("the second question went after %v", d)
				}
				time.Sleep(25 * time.Hour) // in the bubble: a day passes
				if _, err := o.Search(t.Context(), "katharine street", 5); err != nil || len(h.asked) != 3 {
					t.Errorf("a day later: %d questions, %v", len(h.asked), err)
				}
				synctest.Wait()
				time.Sleep(2 * time.Second)
			})
		})
	}
}

func TestOutside_fails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &host{status: http.StatusOK}
		o, err := gazetteer.NewOutside(gazetteer.OutsideConfig{Kind: "nominatim", URL: "https://places.example", Attribution: "© them", Client: &http.Client{Transport: h}})
		if err != nil {
			t.Fatal(err)
		}
		for _, set := range []func(){
			func() { h.body = "<html>" }, func() { h.status = http.StatusTooManyRequests }, func() { h.err = errors.New("no route for secret place") },
		} {
			set()
			if found, err := o.Search(t.Context(), "secret place", 5); err == nil || strings.Contains(err.Error(), "secret") {
				t.Errorf("%+v, %v", found, err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := o.Search(ctx, "secret place", 5); err == nil {
			t.Error("somebody who has gone is waited for")
		}
		time.Sleep(2 * time.Second)
	})
	for _, c := range []gazetteer.OutsideConfig{{}, {Kind: "photon"}, {Kind: "photon", URL: "ftp://x", Attribution: "x"}, {Kind: "photon", URL: "https://x"}} {
		if _, err := gazetteer.NewOutside(c); err == nil {
			t.Errorf("%+v: accepted", c)
		}
	}
}

// A search among as many streets as Great Britain has: under 5 ms whatever is
// typed, a typing error included.
func BenchmarkIndex_Search_details(b *testing.B) {
	var rows strings.Builder
	for i := range 900_000 {
		name := fmt.Sprintf("%s%x Road", string(rune('A'+i%26)), i*7919)
		if i%350 == 0 {
			name = "High Street" // 2,500 of them, as there are
		}
		rows.WriteString(nameRow(name, "", "Named Road", 200_000+float64(i%1000)*400, 100_000+float64(i/1000)*500, fmt.Sprintf("Town %d", i%5000)))
		rows.WriteByte('\n')
	}
	var d gazetteer.Details
	if _, err := d.ReadOpenNames(strings.NewReader(rows.String())); err != nil {
		b.Fatal(err)
	}
	x, err := gazetteer.OpenWith(&d)
	if err != nil {
		b.Fatal(err)
	}
	for name, q := range map[string]string{"name": "c1eef0", "typo": "hihg street", "typo_nowhere": "qqqqzzqqqq road", "town": "croydon",
		"street_and_town": "high street town 4900", "street_and_nowhere": "high street nowhere", "postcode": "cr0 1nx"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				x.Search(q, 8)
			}
		})
	}
	b.Run("landmark", func(b *testing.B) {
		for b.Loop() {
			x.Landmark(51.3762, -0.0982)
		}
	})
}
