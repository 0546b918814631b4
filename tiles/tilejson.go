package tiles

// TileJSON describes a tile set: https://github.com/mapbox/tilejson-spec,
// version 3.0.0. It marshals with encoding/json; embed it to add fields of
// your own, which the specification allows.
type TileJSON struct {
	TileJSON     string        `json:"tilejson"` // always TileJSONVersion
	Tiles        []string      `json:"tiles"`    // URL templates with {z}, {x} and {y}
	VectorLayers []VectorLayer `json:"vector_layers"`
	Name         string        `json:"name,omitempty"`
	Description  string        `json:"description,omitempty"`
	Version      string        `json:"version,omitempty"` // of the tiles, as in 1.0.0
	Attribution  string        `json:"attribution,omitempty"`
	Scheme       string        `json:"scheme,omitempty"` // "xyz", which is the default
	MinZoom      int           `json:"minzoom"`
	MaxZoom      int           `json:"maxzoom"`
	FillZoom     *int          `json:"fillzoom,omitempty"`
	Bounds       *[4]float64   `json:"bounds,omitempty"` // west, south, east, north in degrees
	Center       *[3]float64   `json:"center,omitempty"` // lng, lat in degrees, zoom
	Data         []string      `json:"data,omitempty"`   // GeoJSON URLs
	Legend       string        `json:"legend,omitempty"`
	Template     string        `json:"template,omitempty"`
}

// TileJSONVersion is the version of the specification that TileJSON follows.
const TileJSONVersion = "3.0.0"

// VectorLayer describes one layer of a tile.
type VectorLayer struct {
	ID          string            `json:"id"`
	Description string            `json:"description,omitempty"`
	MinZoom     int               `json:"minzoom"`
	MaxZoom     int               `json:"maxzoom"`
	Fields      map[string]string `json:"fields"` // property to what it holds
}

// VectorLayers describes the layers that an Encoder with this Layer writes, from
// zoom 0 to maxZoom. about gives each column's description; a column that it
// lacks is called a number.
func VectorLayers(o Layer, maxZoom int, about map[string]string) []VectorLayer {
	cells := map[string]string{propCount: "Number. Reports in the cell, each once."}
	for _, c := range o.Columns {
		cells[c] = "Number"
		if a, ok := about[c]; ok {
			cells[c] = a
		}
	}
	if o.WithCell {
		cells[propCell] = "String. The cell's H3 index."
	}
	return []VectorLayer{
		{ID: o.name(), Description: "Hexagons of the H3 grid, whole.", MaxZoom: maxZoom, Fields: cells},
		{ID: metaLayer, Description: "One point with what a legend needs.", MaxZoom: maxZoom, Fields: map[string]string{
			propResolution: "Number. H3 resolution of the cells; with a feature's id it gives the cell.",
			propCells:      "Number. Cells in the tile.",
			propMin:        "Number. Smallest count.",
			propMax:        "Number. Largest count.",
			propSum:        "Number. Sum of the counts. Cells at the border are in more than one tile: never add it up.",
			propBreaks:     "String. Lower bounds of five classes, with commas.",
		}},
	}
}
