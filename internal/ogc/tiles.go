package ogc

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// WebMercatorQuad, as the OGC registered it (17-083r4, annex D).
const (
	mercatorQuad    = "WebMercatorQuad"
	mercatorQuadURI = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
	mercatorCRS     = "http://www.opengis.net/def/crs/EPSG/0/3857"
	mercatorHalf    = math.Pi * 6378137 // metres from the middle of the world to its edge
	tilePixels      = 256
	pixelMetres     = 0.00028 // that scale denominators assume
	deepestZoom     = 24
)

type matrixSetDoc struct {
	ID          string      `json:"id"`
	Title       string      `json:"title"`
	URI         string      `json:"uri"`
	CRS         string      `json:"crs"`
	OrderedAxes []string    `json:"orderedAxes"`
	ScaleSet    string      `json:"wellKnownScaleSet"`
	Box         box2D       `json:"boundingBox"`
	Matrices    []matrixDoc `json:"tileMatrices"`
	Links       []link      `json:"links"`
}

type matrixDoc struct {
	ID     string     `json:"id"`
	Scale  float64    `json:"scaleDenominator"`
	Cell   float64    `json:"cellSize"`
	Corner string     `json:"cornerOfOrigin"`
	Origin [2]float64 `json:"pointOfOrigin"`
	Width  int        `json:"tileWidth"`
	Height int        `json:"tileHeight"`
	Across int        `json:"matrixWidth"`
	Down   int        `json:"matrixHeight"`
}

type box2D struct {
	LowerLeft  [2]float64 `json:"lowerLeft"`
	UpperRight [2]float64 `json:"upperRight"`
	CRS        string     `json:"crs,omitempty"`
}

func (v *visit) matrixSets() (*page, error) {
	self := v.at("tileMatrixSets", mercatorQuad)
	doc := map[string]any{"links": v.selves(typeJSON), "tileMatrixSets": []map[string]any{{"id": mercatorQuad, "title": "Web Mercator", "uri": mercatorQuadURI, "crs": mercatorCRS,
		"links": []link{{Href: self, Rel: "self", Type: typeJSON, Title: mercatorQuad}}}}}
	return &page{typeJSON, doc, &htmlPage{Title: "Tile matrix sets", Tables: []table{{Caption: "Tile matrix sets", Head: []string{"Set", "Reference system"},
		Rows: [][]cell{{{mercatorQuad, self + "?f=html"}, {Text: mercatorCRS}}}}}}}, nil
}

func (v *visit) matrixSet() (*page, error) {
	d := matrixSetDoc{ID: mercatorQuad, Title: "Web Mercator", URI: mercatorQuadURI, CRS: mercatorCRS, OrderedAxes: []string{"X", "Y"},
		ScaleSet: "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible", Links: v.selves(typeJSON),
		Box: box2D{[2]float64{-mercatorHalf, -mercatorHalf}, [2]float64{mercatorHalf, mercatorHalf}, mercatorCRS}}
	t := table{Caption: "Tile matrices", Head: []string{"Matrix", "Scale 1 to", "Tiles across"}}
	for z := range deepestZoom + 1 {
		n := 1 << z
		m := matrixDoc{ID: strconv.Itoa(z), Cell: 2 * mercatorHalf / float64(tilePixels*n), Corner: "topLeft", Origin: [2]float64{-mercatorHalf, mercatorHalf},
			Width: tilePixels, Height: tilePixels, Across: n, Down: n}
		m.Scale = m.Cell / pixelMetres
		d.Matrices = append(d.Matrices, m)
		t.Rows = append(t.Rows, []cell{{Text: m.ID}, {Text: fmt.Sprintf("%.0f", m.Scale)}, {Text: strconv.Itoa(n)}})
	}
	return &page{typeJSON, d, &htmlPage{Title: mercatorQuad, Crumbs: []crumb{{"Tile matrix sets", v.at("tileMatrixSets") + "?f=html"}}, Tables: []table{t}}}, nil
}

type tilesetDoc struct {
	Title    string     `json:"title"`
	About    string     `json:"description,omitempty"`
	DataType string     `json:"dataType"`
	CRS      string     `json:"crs"`
	URI      string     `json:"tileMatrixSetURI"`
	Access   string     `json:"accessConstraints,omitempty"`
	Licence  string     `json:"license,omitempty"`
	Media    []string   `json:"mediaTypes,omitempty"`
	Limits   []limitDoc `json:"tileMatrixSetLimits,omitempty"`
	Box      *box2D     `json:"boundingBox,omitempty"`
	Layers   []layerDoc `json:"layers,omitempty"`
	Links    []link     `json:"links"`
}

type limitDoc struct {
	Matrix string `json:"tileMatrix"`
	MinRow int    `json:"minTileRow"`
	MaxRow int    `json:"maxTileRow"`
	MinCol int    `json:"minTileCol"`
	MaxCol int    `json:"maxTileCol"`
}

type layerDoc struct {
	ID         string         `json:"id"`
	About      string         `json:"description,omitempty"`
	DataType   string         `json:"dataType"`
	Dimension  int            `json:"geometryDimension"`
	MinMatrix  string         `json:"minTileMatrix"`
	MaxMatrix  string         `json:"maxTileMatrix"`
	Properties map[string]any `json:"propertiesSchema"`
}

// head is what the list of tile sets says of one, too.
func (v *visit) tilesetHead(c *collection) tilesetDoc {
	self := v.at("collections", c.ID, "tiles", mercatorQuad)
	return tilesetDoc{Title: c.tiles.Title, DataType: "vector", CRS: mercatorCRS, URI: mercatorQuadURI, Links: []link{
		{Href: self, Rel: "self", Type: typeJSON, Title: "The tile set"},
		{Href: self + "?f=html", Rel: "alternate", Type: "text/html", Title: "The tile set as a page"},
		{Href: v.at("tileMatrixSets", mercatorQuad), Rel: relTilingScheme, Type: typeJSON, Title: mercatorQuad},
		{Href: v.base + c.Release + "/" + tileJSONFile, Rel: "alternate", Type: typeJSON, Title: "The same as TileJSON"},
		{Href: v.at("collections", c.ID), Rel: relGeodata, Type: typeJSON, Title: c.Title},
	}}
}

func (v *visit) tilesetList(c *collection) (*page, error) {
	d := v.tilesetHead(c)
	return &page{typeJSON, map[string]any{"links": v.selves(typeJSON), "tilesets": []tilesetDoc{d}},
		&htmlPage{Title: "Tile sets of " + c.Title, Crumbs: v.crumbs(c), Tables: []table{linkTable("Tile sets", d.Links)}}}, nil
}

func (v *visit) tileset(c *collection) (*page, error) {
	d, t := v.tilesetHead(c), c.tiles
	d.About, d.Access, d.Licence, d.Media = absence, "unclassified", v.licence, []string{typeMVT}
	d.Box = &box2D{[2]float64{t.Box[0], t.Box[1]}, [2]float64{t.Box[2], t.Box[3]}, crs84}
	for _, l := range t.Limits {
		d.Limits = append(d.Limits, limitDoc{strconv.Itoa(l.Zoom), l.MinRow, l.MaxRow, l.MinCol, l.MaxCol})
	}
	tbl := table{Caption: "Layers", Head: []string{"Layer", "Property", "What it is"}}
	for _, l := range t.Layers {
		properties := map[string]any{}
		for name, about := range l.Fields {
			kind := "number"
			if strings.HasPrefix(about, "String") {
				kind = "string"
			}
			properties[name] = map[string]string{"type": kind, "description": about}
			tbl.Rows = append(tbl.Rows, []cell{{Text: l.ID}, {Text: name}, {Text: about}})
		}
		dimension := 2
		if l.ID == "meta" {
			dimension = 0
		}
		d.Layers = append(d.Layers, layerDoc{l.ID, l.Description, "vector", dimension, strconv.Itoa(l.MinZoom), strconv.Itoa(l.MaxZoom),
			map[string]any{"type": "object", "properties": properties}})
	}
	sortRows(tbl.Rows)
	d.Links = append(d.Links, link{Href: v.at("collections", c.ID, "tiles", mercatorQuad) + "/{tileMatrix}/{tileRow}/{tileCol}", Rel: "item", Type: typeMVT, Title: "A tile", Templated: true})
	return &page{typeJSON, d, &htmlPage{Title: d.Title, Lead: []string{d.About}, Crumbs: v.crumbs(c), Tables: []table{tbl, linkTable("What is here", d.Links)}}}, nil
}

// tile answers for a tile with the published file: the one that the public
// server sends, headers and all. done is false when the path is none of a tile.
func (h *Handler) tile(w http.ResponseWriter, r *http.Request, v *visit) (done bool, err error) {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, root+"/"), "/")
	if len(parts) != 7 || parts[0] != "collections" || parts[2] != "tiles" {
		return false, nil
	}
	c := v.byID[parts[1]]
	if c == nil || c.tiles == nil || parts[3] != mercatorQuad {
		return true, missing("tile set " + parts[1] + "/" + parts[3])
	}
	for name, values := range v.query {
		if name != "f" || len(values) > 1 || values[0] != "mvt" {
			return true, fail(http.StatusBadRequest, "UnknownParameter", "a tile has the parameter f alone, which is mvt")
		}
	}
	z, row, col, ok := c.tiles.find(parts[4], parts[5], parts[6])
	if !ok {
		return true, missing(fmt.Sprintf("tile %s/%s/%s is outside the tile set: it", parts[4], parts[5], parts[6]))
	}
	file := fmt.Sprintf("/%s/%d/%d/%d.mvt", c.Release, z, col, row)
	if _, _, ok := h.data.Open(file); !ok {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable") // a release never changes
		w.WriteHeader(http.StatusNoContent)
		return true, nil
	}
	clone := r.Clone(r.Context())
	clone.URL = &url.URL{Path: file}
	h.data.ServeHTTP(w, clone)
	return true, nil
}

// find reads a tile's place and holds it to the limits of the tile set.
func (t *tileset) find(matrix, row, col string) (z, y, x int, ok bool) {
	n := [3]int{}
	for i, text := range []string{matrix, row, col} {
		var err error
		if n[i], err = strconv.Atoi(text); err != nil || strconv.Itoa(n[i]) != text {
			return 0, 0, 0, false
		}
	}
	for _, l := range t.Limits {
		if l.Zoom == n[0] && n[1] >= l.MinRow && n[1] <= l.MaxRow && n[2] >= l.MinCol && n[2] <= l.MaxCol {
			return n[0], n[1], n[2], true
		}
	}
	return 0, 0, 0, false
}

// tileJSON is a release's tiles for MapLibre, QGIS and whoever reads TileJSON.
func (v *visit) tileJSON(t *tileset) (*page, error) {
	centre := [3]float64{(t.Box[0] + t.Box[2]) / 2, (t.Box[1] + t.Box[3]) / 2, float64(min(t.MinZoom+6, t.MaxZoom))}
	return &page{typ: typeJSON, doc: map[string]any{
		"tilejson": "3.0.0", "tiles": []string{v.base + t.Release + "/{z}/{x}/{y}.mvt"}, "vector_layers": t.Layers, "name": t.Title,
		"description": absence, "version": "1.0.0", "attribution": `<a href="` + v.licence + `">Open Government Licence</a>`, "scheme": "xyz",
		"minzoom": t.MinZoom, "maxzoom": t.MaxZoom, "bounds": t.Box, "center": centre,
	}}, nil
}
