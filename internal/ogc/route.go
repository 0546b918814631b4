package ogc

import "strings"

// route finds the resource of a path.
func (v *visit) route(path string) (*resource, error) {
	if release, ok := strings.CutSuffix(strings.TrimPrefix(path, "/"), "/"+tileJSONFile); ok && !strings.HasPrefix(path, root+"/") {
		t := v.tilesets[release]
		if t == nil {
			return nil, missing("release " + release)
		}
		v.path = []string{"", release, tileJSONFile} // never that of a resource below /ogc
		return &resource{make: func(v *visit) (*page, error) { return v.tileJSON(t) }}, nil
	}
	rest := strings.TrimPrefix(strings.TrimPrefix(path, root), "/")
	if rest == "" {
		v.path = nil
		return &resource{make: (*visit).landing}, nil
	}
	v.path = strings.Split(rest, "/")
	switch rest {
	case "api":
		return &resource{make: (*visit).api}, nil
	case "conformance":
		return &resource{make: (*visit).conformance}, nil
	case "collections":
		return &resource{make: (*visit).list}, nil
	case "tileMatrixSets":
		return &resource{make: (*visit).matrixSets}, nil
	case "tileMatrixSets/" + mercatorQuad:
		return &resource{make: (*visit).matrixSet}, nil
	}
	if v.path[0] != "collections" {
		return nil, missing(rest)
	}
	c := v.byID[v.path[1]]
	if c == nil {
		return nil, missing("collection " + v.path[1])
	}
	return v.routeCollection(c, v.path[2:])
}

func (v *visit) routeCollection(c *collection, rest []string) (*resource, error) {
	is := func(want ...string) bool {
		if len(rest) != len(want) {
			return false
		}
		for i, w := range want {
			if w != "*" && w != rest[i] {
				return false
			}
		}
		return true
	}
	switch {
	case is():
		return &resource{make: func(v *visit) (*page, error) { return v.collection(c) }}, nil
	case is("items"):
		return &resource{itemParams, func(v *visit) (*page, error) { return v.items(c) }}, nil
	case is("items", "*"):
		return &resource{make: func(v *visit) (*page, error) { return v.item(c, rest[1]) }}, nil
	case c.tiles != nil && is("tiles"):
		return &resource{make: func(v *visit) (*page, error) { return v.tilesetList(c) }}, nil
	case c.tiles != nil && is("tiles", mercatorQuad):
		return &resource{make: func(v *visit) (*page, error) { return v.tileset(c) }}, nil
	}
	return nil, missing(strings.Join(v.path, "/"))
}
