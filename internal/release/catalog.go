package release

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/streetsafe/streetsafe/internal/release/public"
	"github.com/streetsafe/streetsafe/internal/report"
)

// About is what a catalogue says of whoever publishes. The zero About is valid.
type About struct {
	Publisher string // name of the body that publishes; empty says "operator of this StreetSafe"
	Licence   string // URL of the licence; empty is the Open Government Licence v3
	Contact   string // https: or mailto: URL; may be empty
	URL       string // under which the directory is served, with its pages; may be empty
}

// DefaultLicence is the Open Government Licence for public sector information.
const DefaultLicence = "http://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"

func (a About) check() error {
	for name, value := range map[string]string{"licence": a.Licence, "contact": a.Contact, "public URL": a.URL} {
		u, err := url.Parse(value)
		web := err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
		if value != "" && !web && (name != "contact" || err != nil || u.Scheme != "mailto") {
			return fmt.Errorf("%s %q is not a URL: write it as https://example.org/", name, value)
		}
	}
	return nil
}

// Words of the European Union's authority tables, which DCAT-AP asks for.
const (
	euAuthority = "http://publications.europa.eu/resource/authority/"
	euFormat    = euAuthority + "file-type/"
	ianaType    = "https://www.iana.org/assignments/media-types/"
	ogcSpec     = "http://www.opengis.net/spec/"
)

type jsonld = map[string]any

func iri(s string) jsonld { return jsonld{"@id": s} }

func english(s string) jsonld { return jsonld{"@language": "en", "@value": s} }

func typed(kind, s string) jsonld { return jsonld{"@type": "xsd:" + kind, "@value": s} }

// catalogue describes all releases for open-data portals: DCAT 3
// (https://www.w3.org/TR/vocab-dcat-3/) with what DCAT-AP 3 makes mandatory, as
// JSON-LD. Without About.URL its addresses are relative to the catalogue's own.
// actions are the files of published actions, which change. It is a pure function
// of what is published.
func catalogue(list []listed, actions []string, about About) ([]byte, error) {
	if about.Licence == "" {
		about.Licence = DefaultLicence
	}
	if about.Publisher == "" {
		about.Publisher = "The operator of this StreetSafe"
	}
	if about.URL != "" && !strings.HasSuffix(about.URL, "/") {
		about.URL += "/"
	}
	c := cataloguer{about}
	root := jsonld{
		"@context": jsonld{"dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/", "foaf": "http://xmlns.com/foaf/0.1/",
			"spdx": "http://spdx.org/rdf/terms#", "vcard": "http://www.w3.org/2006/vcard/ns#", "xsd": "http://www.w3.org/2001/XMLSchema#"},
		"@id": c.at("catalog.jsonld#catalog"), "@type": "dcat:Catalog",
		"dct:title":       []jsonld{english("StreetSafe: where people feel unsafe"), {"@language": "cy", "@value": "StreetSafe: lle mae pobl yn teimlo'n anniogel"}},
		"dct:description": english(absence + " " + guarantee), "dct:publisher": c.publisher(), "dct:license": iri(about.Licence),
		"dct:language": []jsonld{iri(euAuthority + "language/ENG"), iri(euAuthority + "language/CYM")},
	}
	var sets []jsonld
	latest := ""
	for _, m := range list {
		d, err := c.dataset(m)
		if err != nil {
			return nil, fmt.Errorf("catalogue: %s: %w", m.Release, err)
		}
		sets, latest = append(sets, d), max(latest, m.FrozenOn)
	}
	if len(list) > 0 {
		root["dct:modified"] = typed("date", latest)
		if about.URL != "" {
			root["dcat:service"] = c.service(list)
		}
		if len(actions) > 0 {
			sets = append(sets, c.actions(actions))
		}
		root["dcat:dataset"] = append(sets, c.series(KindHalfYear, "StreetSafe, half-years"), c.series(KindTwelveMonths, "StreetSafe, twelve months"))
	}
	b, err := json.MarshalIndent(root, "", " ")
	return append(b, '\n'), err
}

type cataloguer struct{ about About }

// at is the address of a published file.
func (c cataloguer) at(name string) string { return c.about.URL + name }

func (c cataloguer) publisher() jsonld {
	return jsonld{"@type": "foaf:Agent", "foaf:name": english(c.about.Publisher)}
}

func (c cataloguer) seriesID(kind string) string { return c.at("catalog.jsonld#" + kind) }

func (c cataloguer) series(kind, title string) jsonld {
	return jsonld{"@id": c.seriesID(kind), "@type": []string{"dcat:DatasetSeries", "dcat:Dataset"}, "dct:title": english(title),
		"dct:description":        english("Releases of one kind, each frozen when it was made. " + absence),
		"dct:accrualPeriodicity": iri(euAuthority + "frequency/ANNUAL_2"), "dct:publisher": c.publisher()}
}

func (c cataloguer) dataset(m listed) (jsonld, error) {
	last, err := report.ParseDay(m.To)
	if err != nil {
		return nil, err
	}
	d := jsonld{
		"@id": c.at("catalog.jsonld#" + m.Release), "@type": "dcat:Dataset", "dct:identifier": m.Release,
		"dct:title":       english(titleOf(m.Release, m.Synthetic)),
		"dct:description": english("About how many reports of feeling unsafe there were in hexagons of the H3 grid, with noise, so that nobody can tell who reported. " + absence + " " + guarantee),
		"dct:issued":      typed("date", m.FrozenOn), "dct:publisher": c.publisher(), "dcat:inSeries": iri(c.seriesID(m.Kind)),
		"dct:temporal":     jsonld{"@type": "dct:PeriodOfTime", "dcat:startDate": typed("date", m.From), "dcat:endDate": typed("date", (last - 1).String())},
		"dcat:theme":       iri(euAuthority + "data-theme/JUST"),
		"dcat:keyword":     []jsonld{english("public safety"), english("fear of crime"), english("H3"), english("differential privacy")},
		"dct:accessRights": iri(euAuthority + "access-right/PUBLIC"),
		"dct:language":     iri(euAuthority + "language/ENG"),
		"foaf:page":        jsonld{"@id": c.at(m.Release + "/method.txt"), "@type": "foaf:Document"},
	}
	if c.about.Contact != "" {
		d["dcat:contactPoint"] = jsonld{"@type": "vcard:Organization", "vcard:fn": c.about.Publisher, contactWord(c.about.Contact): iri(c.about.Contact)}
	}
	if b := m.Tiles.Bounds; b != nil {
		d["dct:spatial"] = jsonld{"@type": "dct:Location", "dcat:bbox": jsonld{"@type": "http://www.opengis.net/ont/geosparql#wktLiteral",
			"@value": fmt.Sprintf("POLYGON((%[1]v %[2]v, %[3]v %[2]v, %[3]v %[4]v, %[1]v %[4]v, %[1]v %[2]v))", b[0], b[1], b[2], b[3])}}
	}
	var list []jsonld
	for _, f := range m.Files {
		k, ok := kindOf(f.Path)
		if !ok {
			continue
		}
		if slices.ContainsFunc(m.Files, func(about public.File) bool { return about.Path == f.Path+metadataSuffix }) {
			k.standard = "https://www.w3.org/TR/tabular-metadata/"
		}
		one := c.distribution(m.Release+"/"+f.Path, k)
		one["dcat:byteSize"] = typed("nonNegativeInteger", fmt.Sprint(f.Bytes))
		one["spdx:checksum"] = jsonld{"@type": "spdx:Checksum", "spdx:algorithm": iri("http://spdx.org/rdf/terms#checksumAlgorithm_sha256"),
			"spdx:checksumValue": typed("hexBinary", f.SHA256)}
		list = append(list, one)
	}
	if len(list) == 0 {
		return nil, errors.New("it has no file to take away")
	}
	d["dcat:distribution"] = list
	return d, nil
}

func contactWord(contact string) string {
	if strings.HasPrefix(contact, "mailto:") {
		return "vcard:hasEmail"
	}
	return "vcard:hasURL"
}

// fileKind is what a catalogue says of a kind of file.
type fileKind struct {
	title, media, format string
	standard             string // that it keeps to
}

// kindOf tells the files that are worth a line: not each tile, nor what
// describes another file.
func kindOf(name string) (k fileKind, ok bool) {
	switch {
	case strings.Contains(name, "/"):
		return k, false
	case path.Ext(name) == ".csv":
		return fileKind{"Table " + name, "text/csv", "CSV", "https://www.rfc-editor.org/rfc/rfc4180"}, true
	case path.Ext(name) == ".geojson":
		return fileKind{"GeoJSON " + name, "application/geo+json", "GEOJSON", "https://www.rfc-editor.org/rfc/rfc7946"}, true
	case path.Ext(name) == ".pmtiles":
		return fileKind{"Vector tiles in one file", "application/vnd.pmtiles", "", "https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md"}, true
	}
	return k, false
}

// actions describes what was done: living files, so without size and checksum.
func (c cataloguer) actions(files []string) jsonld {
	var list []jsonld
	for _, name := range files {
		if k, ok := kindOf(name); ok {
			list = append(list, c.distribution(public.ActionsDir+"/"+name, k))
		}
	}
	return jsonld{"@id": c.at("catalog.jsonld#actions"), "@type": "dcat:Dataset", "dct:identifier": "actions", "dct:title": english("StreetSafe: what was done"),
		"dct:description": english("What councils and police did about places where people said that they feel unsafe: seen, planned, done, or why not."),
		"dct:publisher":   c.publisher(), "dct:accrualPeriodicity": iri(euAuthority + "frequency/IRREG"), "dcat:distribution": list,
		"dcat:theme": iri(euAuthority + "data-theme/JUST"), "dct:accessRights": iri(euAuthority + "access-right/PUBLIC")}
}

func (c cataloguer) distribution(path string, k fileKind) jsonld {
	at := c.at(path)
	d := jsonld{"@id": at + "#distribution", "@type": "dcat:Distribution", "dct:title": english(k.title),
		"dcat:accessURL": iri(at), "dcat:downloadURL": iri(at), "dcat:mediaType": iri(ianaType + k.media),
		"dct:license": iri(c.about.Licence), "dct:conformsTo": iri(k.standard)}
	if k.format != "" {
		d["dct:format"] = iri(euFormat + k.format)
	}
	return d
}

// service is the OGC API that stands beside the files.
func (c cataloguer) service(list []listed) jsonld {
	var serves []jsonld
	for _, m := range list {
		serves = append(serves, iri(c.at("catalog.jsonld#"+m.Release)))
	}
	return jsonld{"@id": c.at("ogc/"), "@type": "dcat:DataService", "dct:title": english("StreetSafe, OGC API - Features and Tiles"),
		"dcat:endpointURL": iri(c.at("ogc/")), "dcat:endpointDescription": iri(c.at("ogc/api")), "dcat:servesDataset": serves,
		"dct:conformsTo": []jsonld{iri(ogcSpec + "ogcapi-features-1/1.0/conf/core"), iri(ogcSpec + "ogcapi-tiles-1/1.0/conf/core")},
		"dct:publisher":  c.publisher(), "dct:license": iri(c.about.Licence)}
}
