package ogc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/streetsafe/streetsafe/internal/ogc"
	"github.com/streetsafe/streetsafe/tiles/tilestest"
)

// The schemas of OGC API - Features hold for every kind of answer. They are the
// OGC's own, of opengeospatial/ogcapi-features (testdata/LICENSE-ogc).
func TestConformance_featuresSchemas(t *testing.T) {
	raw, err := os.ReadFile("testdata/ogcapi-features-1-oas30.yaml")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		t.Fatal(err)
	}
	h := handler(t, ogc.Config{})
	id := read[items](t, h, cellsAt).Features[0]
	for target, name := range map[string]string{
		"ogc/": "landingPage", "ogc/conformance": "confClasses", "ogc/collections": "collections", "ogc/collections/cells-2025-H1": "collection",
		"ogc/collections/areas-2025": "collection", "ogc/collections/cells-2025-H1/items?limit=5": "featureCollectionGeoJSON", "ogc/collections/areas-2025/items": "featureCollectionGeoJSON",
		"ogc/collections/areas-2025/items/west": "featureGeoJSON", "ogc/nothing": "exception", "ogc/collections?x=1": "exception",
	} {
		w := get(h, host+target)
		var v any
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		if err := doc.Components.Schemas[name].Value.VisitJSON(v, openapi3.EnableFormatValidation()); err != nil {
			t.Errorf("%s is no %s: %v", target, name, err)
		}
		if strings.HasPrefix(name, "feature") {
			if _, err := tilestest.CheckGeoJSON(w.Body.Bytes()); err != nil {
				t.Errorf("%s: %v", target, err)
			}
		}
	}
	if id.ID == nil {
		t.Error("a feature has no id")
	}
}

// compile reads a JSON schema, or one of the definitions in it.
func compile(t *testing.T, file, part string) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile(file + part)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, what string, body []byte) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err == nil {
		err = s.Validate(v)
	}
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

// The schema of TileJSON is its own (mapbox/tilejson-spec), those of tile sets
// and tile matrix sets state what 17-083r4 and 20-057 require.
func TestConformance_tilesSchemas(t *testing.T) {
	h := handler(t, ogc.Config{})
	tileJSON := compile(t, "testdata/tilejson-3.0.0-schema.json", "")
	for _, id := range []string{"2025-H1", "2025-H2", "2025-H2-12m"} {
		validate(t, tileJSON, "TileJSON of "+id, get(h, host+id+"/tiles.json").Body.Bytes())
		for at, part := range map[string]string{"/tiles": "tileSets", "/tiles/WebMercatorQuad": "tileSet"} {
			target := host + "ogc/collections/cells-" + id + at
			validate(t, compile(t, "testdata/tiles.schema.json", "#/$defs/"+part), target, get(h, target).Body.Bytes())
		}
	}
	for at, part := range map[string]string{"ogc/tileMatrixSets": "tileMatrixSets", "ogc/tileMatrixSets/WebMercatorQuad": "tileMatrixSet"} {
		validate(t, compile(t, "testdata/tiles.schema.json", "#/$defs/"+part), at, get(h, host+at).Body.Bytes())
	}
	set := read[struct {
		TileJSON         string
		Tiles            []string
		MinZoom, MaxZoom int
		Bounds           [4]float64
		VectorLayers     []struct {
			ID     string
			Fields map[string]string
		} `json:"vector_layers"`
	}](t, h, host+"2025-H1/tiles.json")
	if set.TileJSON != "3.0.0" || set.MaxZoom != 12 || len(set.VectorLayers) != 2 || set.VectorLayers[0].Fields["environmental"] == "" || set.Bounds[0] > -0.1 || set.Bounds[2] < -0.1 || set.Bounds[2] > 1 {
		t.Errorf("TileJSON is %+v", set)
	}
	if path := strings.NewReplacer("{z}", "0", "{x}", "0", "{y}", "0").Replace(set.Tiles[0]); get(files(t), strings.Replace(path, host, "/", 1)).Code != http.StatusOK {
		t.Errorf("%s is no tile", path)
	}
}

// What requests and answers are is what the OpenAPI document says, for every
// resource in it.
func TestConformance_openAPI(t *testing.T) {
	h := handler(t, ogc.Config{})
	w := get(h, host+"ogc/api")
	if w.Header().Get("Content-Type") != "application/vnd.oai.openapi+json;version=3.0" {
		t.Errorf("the document is %s", w.Header().Get("Content-Type"))
	}
	doc, err := openapi3.NewLoader().LoadFromData(w.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background(), openapi3.DisableExamplesValidation()); err != nil {
		t.Fatal(err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"application/geo+json", "application/vnd.oai.openapi+json", "application/problem+json"} {
		openapi3filter.RegisterBodyDecoder(kind, openapi3filter.JSONBodyDecoder)
	}
	for _, kind := range []string{"application/vnd.mapbox-vector-tile", "text/html"} {
		openapi3filter.RegisterBodyDecoder(kind, openapi3filter.FileBodyDecoder)
	}
	fill := strings.NewReplacer("{collectionId}", "cells-2025-H1", "{tiledId}", "cells-2025-H1", "{featureId}", "west", "{tileMatrixSetId}", "WebMercatorQuad", "{tileMatrix}", "0", "{tileRow}", "0", "{tileCol}", "0")
	for path := range doc.Paths.Map() {
		target := fill.Replace(path)
		if strings.HasSuffix(target, "/west") {
			target = "/collections/areas-2025/items/west"
		}
		query := ""
		if strings.HasSuffix(path, "/items") {
			query = "?limit=2&offset=1&bbox=-1,51,0,52&datetime=2025-03-01/.."
		}
		check(t, h, router, host+"ogc"+target+query)
	}
}

func check(t *testing.T, h http.Handler, router interface {
	FindRoute(*http.Request) (*routers.Route, map[string]string, error)
}, target string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	route, params, err := router.FindRoute(r)
	if err != nil {
		t.Fatalf("%s: %v", target, err)
	}
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route}
	if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
		t.Errorf("%s: %v", target, err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Errorf("%s gives %d: %s", target, w.Code, w.Body)
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: w.Code, Header: w.Header(), Options: &openapi3filter.Options{IncludeResponseStatus: true}}
	out.SetBodyBytes(w.Body.Bytes())
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		t.Errorf("%s: %v", target, err)
	}
}

// The stated classes are those that are tested here, and each resource has the
// links that they require.
func TestConformance_classesAndLinks(t *testing.T) {
	h := handler(t, ogc.Config{})
	classes := read[struct{ ConformsTo []string }](t, h, host+"ogc/conformance").ConformsTo
	for _, want := range []string{"ogcapi-features-1/1.0/conf/core", "ogcapi-features-1/1.0/conf/geojson", "ogcapi-features-1/1.0/conf/html", "ogcapi-features-1/1.0/conf/oas30",
		"ogcapi-tiles-1/1.0/conf/core", "ogcapi-tiles-1/1.0/conf/tileset", "ogcapi-tiles-1/1.0/conf/tilesets-list", "ogcapi-tiles-1/1.0/conf/geodata-tilesets", "ogcapi-tiles-1/1.0/conf/mvt"} {
		if !slices.Contains(classes, "http://www.opengis.net/spec/"+want) {
			t.Errorf("%s is not stated", want)
		}
	}
	for target, rels := range map[string][]string{
		"ogc/":                                                {"self", "alternate", "service-desc", "service-doc", "conformance", "data", "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes", "license"},
		"ogc/collections":                                     {"self", "alternate"},
		"ogc/collections/cells-2025-H1":                       {"self", "alternate", "items", "license", "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"},
		"ogc/collections/areas-2025":                          {"self", "alternate", "items", "license"},
		"ogc/collections/areas-2025/items":                    {"self", "alternate", "collection"},
		"ogc/collections/areas-2025/items/west":               {"self", "alternate", "collection"},
		"ogc/collections/cells-2025-H1/tiles/WebMercatorQuad": {"self", "item", "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme", "http://www.opengis.net/def/rel/ogc/1.0/geodata"},
	} {
		l := read[struct{ Links links }](t, h, host+target).Links
		for _, rel := range rels {
			if l.find(rel) == "" {
				t.Errorf("%s has no link %q", target, rel)
			}
		}
	}
	// As requirement 15 of Features has it, each collection in the list is one of
	// its own, and times are those of RFC 3339.
	stamp := regexp.MustCompile(`"interval":\[\["\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ","\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"\]\]`)
	list := get(h, host+"ogc/collections").Body.String()
	if n := len(stamp.FindAllString(list, -1)); n != 13 || strings.Count(list, `"itemType":"feature"`) != 13 {
		t.Errorf("%d of 13 collections have an interval", n)
	}
}
