package ogc

import "net/http"

type object = map[string]any

// api is the interface as an OpenAPI 3.0 document.
func (v *visit) api() (*page, error) {
	var ids, tiled []string
	for _, c := range v.collections {
		ids = append(ids, c.ID)
		if c.tiles != nil {
			tiled = append(tiled, c.ID)
		}
	}
	paths := object{
		"/":                           get("landing", "What is here", typeJSON, "landing"),
		"/api":                        get("api", "This document", typeOpenAPI, "any"),
		"/conformance":                get("conformance", "Conformance classes", typeJSON, "conformance"),
		"/collections":                get("collections", "All collections", typeJSON, "collections"),
		"/collections/{collectionId}": get("collection", "A collection", typeJSON, "collection", ref("collectionId")),
		"/collections/{collectionId}/items": get("items", "Features of a collection", typeGeoJSON, "features",
			ref("collectionId"), ref("limit"), ref("offset"), ref("bbox"), ref("datetime")),
		"/collections/{collectionId}/items/{featureId}": get("item", "A feature", typeGeoJSON, "feature", ref("collectionId"), ref("featureId")),
		"/tileMatrixSets":                   get("tileMatrixSets", "Tile matrix sets", typeJSON, "any"),
		"/tileMatrixSets/{tileMatrixSetId}": get("tileMatrixSet", "A tile matrix set", typeJSON, "any", ref("tileMatrixSetId")),
	}
	if len(tiled) > 0 {
		paths["/collections/{tiledId}/tiles"] = get(".collection.vector.getTileSetsList", "Tile sets of a collection", typeJSON, "any", ref("tiledId"))
		paths["/collections/{tiledId}/tiles/{tileMatrixSetId}"] = get(".collection.vector.getTileSet", "A tile set", typeJSON, "any", ref("tiledId"), ref("tileMatrixSetId"))
		paths["/collections/{tiledId}/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}"] = tileOperation()
	}
	doc := object{
		"openapi": "3.0.3",
		"info": object{"title": "StreetSafe: open data for maps", "version": "1.0.0", "description": "Public releases and what was done, by OGC API - Features and OGC API - Tiles. " + absence,
			"license": object{"name": "Licence", "url": v.licence}},
		"servers": []object{{"url": v.base + "ogc"}},
		"paths":   paths,
		"components": object{"parameters": parameters(ids, tiled), "schemas": schemas(), "responses": object{
			"problem": object{"description": "The request cannot be met; detail says why.", "content": object{typeProblem: object{"schema": schema("problem")}}}}},
	}
	t := table{Caption: "Resources", Head: []string{"Path below /ogc", "What it is"}}
	for path, item := range paths {
		t.Rows = append(t.Rows, []cell{{Text: path}, {Text: item.(object)["get"].(object)["summary"].(string)}})
	}
	sortRows(t.Rows)
	return &page{typeOpenAPI, doc, &htmlPage{Title: "The interface", Tables: []table{t}, Lead: []string{
		"Every resource but a tile is there as JSON (f=json) and as a page (f=html). A parameter that a resource does not have is refused.",
		"Features take limit (1 to 10,000, 1,000 unless given), offset, bbox (west,south,east,north in degrees) and datetime (a day or time, or two with a slash between)."}}}, nil
}

func ref(parameter string) object { return object{"$ref": "#/components/parameters/" + parameter} }

func schema(name string) object { return object{"$ref": "#/components/schemas/" + name} }

func get(id, summary, typ, of string, params ...object) object {
	return object{"get": object{"operationId": id, "summary": summary, "parameters": append(params, ref("f")), "responses": object{
		"200": object{"description": summary, "content": object{typ: object{"schema": schema(of)}, "text/html": object{"schema": object{"type": "string"}}}},
		"400": object{"$ref": "#/components/responses/problem"}, "404": object{"$ref": "#/components/responses/problem"},
		"500": object{"$ref": "#/components/responses/problem"}}}}
}

func tileOperation() object {
	return object{"get": object{"operationId": ".collection.vector.getTile", "summary": "A vector tile",
		"parameters": []object{ref("tiledId"), ref("tileMatrixSetId"), ref("tileMatrix"), ref("tileRow"), ref("tileCol"),
			{"name": "f", "in": "query", "schema": object{"type": "string", "enum": []string{"mvt"}}}},
		"responses": object{
			"200": object{"description": "A tile", "content": object{typeMVT: object{"schema": object{"type": "string", "format": "binary"}}}},
			"204": object{"description": "Nothing is shown there"},
			"400": object{"$ref": "#/components/responses/problem"}, "404": object{"$ref": "#/components/responses/problem"}}}}
}

func parameters(ids, tiled []string) object {
	inPath := func(name, about string, s object) object {
		return object{"name": name, "in": "path", "required": true, "description": about, "schema": s}
	}
	inQuery := func(name, about string, s object) object {
		return object{"name": name, "in": "query", "required": false, "description": about, "schema": s, "style": "form", "explode": false}
	}
	whole := func(least int) object { return object{"type": "integer", "minimum": least} }
	limit := whole(1)
	limit["maximum"], limit["default"] = maxLimit, defaultLimit
	offset := whole(0)
	offset["default"] = 0
	p := object{
		"collectionId":    inPath("collectionId", "A collection", oneOf(ids)),
		"featureId":       inPath("featureId", "A feature's id", object{"type": "string"}),
		"tileMatrixSetId": inPath("tileMatrixSetId", "A tile matrix set", oneOf([]string{mercatorQuad})),
		"tileMatrix":      inPath("tileMatrix", "Zoom", whole(0)), "tileRow": inPath("tileRow", "Row, from the north", whole(0)), "tileCol": inPath("tileCol", "Column, from the west", whole(0)),
		"f":      inQuery("f", "The form of the answer", oneOf([]string{formatJSON, formatHTML})),
		"limit":  inQuery("limit", "Features on a page; more than the maximum gives the maximum", limit),
		"offset": inQuery("offset", "Features to leave out before the page", offset),
		"bbox": inQuery("bbox", "Features that meet a box: west, south, east, north in degrees",
			object{"type": "array", "items": object{"type": "number"}, "minItems": 4, "maxItems": 6}),
		"datetime": inQuery("datetime", "Features that hold at a time or in an interval, either end of which may be open (..)", object{"type": "string"}),
	}
	if len(tiled) > 0 {
		p["tiledId"] = inPath("tiledId", "A collection with tiles", oneOf(tiled))
	}
	return p
}

// oneOf is a text out of a list; any text when the list is empty, since OpenAPI
// has no empty enumeration.
func oneOf(values []string) object {
	if len(values) == 0 {
		return object{"type": "string"}
	}
	return object{"type": "string", "enum": values}
}

func schemas() object {
	text, number := object{"type": "string"}, object{"type": "number"}
	list := func(of object) object { return object{"type": "array", "items": of} }
	need := func(members object, required ...string) object {
		return object{"type": "object", "required": required, "properties": members}
	}
	links := list(schema("link"))
	box := list(number)
	box["minItems"], box["maxItems"] = 4, 4
	interval := list(object{"type": "string", "format": "date-time", "nullable": true})
	interval["minItems"], interval["maxItems"] = 2, 2
	return object{
		"any":         object{"type": "object"},
		"link":        need(object{"href": text, "rel": text, "type": text, "title": text, "templated": object{"type": "boolean"}}, "href", "rel"),
		"landing":     need(object{"title": text, "description": text, "links": links}, "links"),
		"conformance": need(object{"conformsTo": list(text)}, "conformsTo"),
		"collections": need(object{"links": links, "collections": list(schema("collection"))}, "links", "collections"),
		"collection": need(object{"id": text, "title": text, "description": text, "links": links, "itemType": text, "crs": list(text), "synthetic": object{"type": "boolean"},
			"extent": object{"type": "object", "properties": object{
				"spatial":  object{"type": "object", "properties": object{"bbox": list(box), "crs": text}},
				"temporal": object{"type": "object", "properties": object{"interval": list(interval)}}}}}, "id", "links"),
		"feature": need(object{"type": object{"type": "string", "enum": []string{"Feature"}}, "id": object{"oneOf": []object{text, {"type": "integer"}}},
			"geometry": object{"type": "object", "nullable": true}, "properties": object{"type": "object"}, "links": links}, "type", "id", "geometry", "properties"),
		"features": need(object{"type": object{"type": "string", "enum": []string{"FeatureCollection"}}, "numberMatched": object{"type": "integer"}, "numberReturned": object{"type": "integer"},
			"links": links, "features": list(schema("feature"))}, "type", "features"),
		"problem": need(object{"type": text, "title": text, "status": object{"type": "integer", "minimum": http.StatusBadRequest}, "detail": text, "code": text, "description": text}, "code"),
	}
}
