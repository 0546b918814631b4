package ogc

import (
	"fmt"
	"net/url"
	"strings"
)

const (
	specFeatures = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/"
	specTiles    = "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/"
	specCommon   = "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/"

	relTilingSchemes = "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes"
	relTilingScheme  = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
	relTilesets      = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"
	relGeodata       = "http://www.opengis.net/def/rel/ogc/1.0/geodata"

	crs84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"

	absence = "A place without a number is not a safe place. It may have no reports, too few to show, or none that anybody sent."
)

// conformsTo lists the conformance classes that the tests hold this to.
var conformsTo = []string{
	specCommon + "core", specCommon + "landing-page", specCommon + "json", specCommon + "html", specCommon + "oas30",
	specFeatures + "core", specFeatures + "geojson", specFeatures + "html", specFeatures + "oas30",
	specTiles + "core", specTiles + "tileset", specTiles + "tilesets-list", specTiles + "geodata-tilesets", specTiles + "mvt", specTiles + "oas30",
	"http://www.opengis.net/spec/tms/2.0/conf/tilematrixset", "http://www.opengis.net/spec/tms/2.0/conf/json-tilematrixset",
}

// link is a web link (RFC 8288) as OGC APIs write it.
type link struct {
	Href      string `json:"href"`
	Rel       string `json:"rel"`
	Type      string `json:"type,omitempty"`
	Title     string `json:"title,omitempty"`
	Templated bool   `json:"templated,omitempty"`
}

// at is the address of a resource below /ogc.
func (v *visit) at(parts ...string) string {
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return v.base + "ogc/" + strings.Join(parts, "/")
}

// selves are the links of a resource to itself in this form and the other.
func (v *visit) selves(typ string) []link {
	here := v.at(v.path...)
	with := func(f string) string {
		q := "?f=" + f
		if v.plain != "" {
			q += "&" + v.plain
		}
		return here + q
	}
	js, html := link{with(formatJSON), "self", typ, "This document", false}, link{with(formatHTML), "alternate", "text/html", "This document as a page", false}
	if v.format == formatHTML {
		js.Rel, html.Rel = "alternate", "self"
	}
	return []link{js, html}
}

func (v *visit) landing() (*page, error) {
	links := append(v.selves(typeJSON),
		link{Href: v.at("api"), Rel: "service-desc", Type: typeOpenAPI, Title: "The interface as an OpenAPI document"},
		link{Href: v.at("api") + "?f=html", Rel: "service-doc", Type: "text/html", Title: "The interface in words"},
		link{Href: v.at("conformance"), Rel: "conformance", Type: typeJSON, Title: "Conformance classes"},
		link{Href: v.at("collections"), Rel: "data", Type: typeJSON, Title: "Collections: hexagons, police forces, what was done"},
		link{Href: v.at("tileMatrixSets"), Rel: relTilingSchemes, Type: typeJSON, Title: "Tile matrix sets"},
		link{Href: v.base + "catalog.jsonld", Rel: "describedby", Type: "application/ld+json", Title: "Catalogue of the releases (DCAT)"},
		link{Href: v.licence, Rel: "license", Title: "Licence"})
	doc := map[string]any{"title": "StreetSafe: where people feel unsafe", "description": "Public releases and what was done, as OGC API - Features and Tiles. " + absence, "links": links}
	html := &htmlPage{Title: "StreetSafe: open data for maps", Lead: []string{
		"Where people said that they feel unsafe, by hexagon and half-year, and what councils and police did about it. " + absence,
		"Give the address of this page to QGIS or another GIS as an OGC API - Features connection."}}
	html.Tables = append(html.Tables, linkTable("What is here", links))
	return &page{typeJSON, doc, html}, nil
}

func (v *visit) conformance() (*page, error) {
	t := table{Caption: "Conformance classes", Head: []string{"Class"}}
	for _, c := range conformsTo {
		t.Rows = append(t.Rows, []cell{{Text: c}})
	}
	return &page{typeJSON, map[string]any{"conformsTo": conformsTo, "links": v.selves(typeJSON)},
		&htmlPage{Title: "Standards that this keeps to", Tables: []table{t}}}, nil
}

type collectionDoc struct {
	ID          string   `json:"id"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Extent      extent   `json:"extent"`
	ItemType    string   `json:"itemType"`
	CRS         []string `json:"crs"`
	Synthetic   bool     `json:"synthetic"`
	Links       []link   `json:"links"`
}

type extent struct {
	Spatial  spatial  `json:"spatial"`
	Temporal temporal `json:"temporal"`
}

type spatial struct {
	BBox [][4]float64 `json:"bbox"`
	CRS  string       `json:"crs"`
}

type temporal struct {
	Interval [][2]*string `json:"interval"`
}

func (v *visit) describe(c *collection) collectionDoc {
	d := collectionDoc{ID: c.ID, Title: c.Title, Description: c.Description, ItemType: "feature", CRS: []string{crs84}, Synthetic: c.Synthetic,
		Extent: extent{Spatial: spatial{[][4]float64{c.Box}, crs84}, Temporal: temporal{[][2]*string{{moment(c.First, "T00:00:00Z"), moment(c.Last, "T23:59:59Z")}}}}}
	d.Links = []link{
		{Href: v.at("collections", c.ID), Rel: "self", Type: typeJSON, Title: c.Title},
		{Href: v.at("collections", c.ID) + "?f=html", Rel: "alternate", Type: "text/html", Title: c.Title},
		{Href: v.at("collections", c.ID, "items"), Rel: "items", Type: typeGeoJSON, Title: "Features"},
		{Href: v.at("collections", c.ID, "items") + "?f=html", Rel: "items", Type: "text/html", Title: "Features as a page"},
		{Href: v.licence, Rel: "license", Title: "Licence"},
	}
	if c.Release != "" {
		d.Links = append(d.Links, link{Href: v.base + c.Release + "/method.txt", Rel: "describedby", Type: "text/plain", Title: "How these numbers were made"})
	}
	if c.tiles != nil {
		d.Links = append(d.Links, link{Href: v.at("collections", c.ID, "tiles"), Rel: relTilesets, Type: typeJSON, Title: "Vector tiles of all resolutions"})
	}
	return d
}

// moment is a day as a time, nil for none.
func moment(day, clock string) *string {
	if day == "" {
		return nil
	}
	day += clock
	return &day
}

func (v *visit) list() (*page, error) {
	docs := make([]collectionDoc, len(v.collections))
	t := table{Caption: "Collections", Head: []string{"Collection", "From", "To", "What it is"}}
	for i, c := range v.collections {
		docs[i] = v.describe(c)
		t.Rows = append(t.Rows, []cell{{c.Title, v.at("collections", c.ID) + "?f=html"}, {Text: c.First}, {Text: c.Last}, {Text: c.Description}})
	}
	links := v.selves(typeJSON)
	return &page{typeJSON, map[string]any{"links": links, "collections": docs}, &htmlPage{Title: "Collections", Lead: []string{absence}, Tables: []table{t}}}, nil
}

func (v *visit) collection(c *collection) (*page, error) {
	d := v.describe(c)
	return &page{typeJSON, d, &htmlPage{Title: c.Title, Lead: []string{c.Description}, Crumbs: []crumb{{"Collections", v.at("collections") + "?f=html"}},
		Tables: []table{
			{Caption: "Extent", Head: []string{"What", "Value"}, Rows: [][]cell{{{Text: "Identifier"}, {Text: c.ID}}, {{Text: "Days"}, {Text: c.First + " to " + c.Last}},
				{{Text: "West, south, east, north"}, {Text: fmt.Sprint(c.Box[0], ", ", c.Box[1], ", ", c.Box[2], ", ", c.Box[3])}}}},
			linkTable("What is here", d.Links)}}}, nil
}
