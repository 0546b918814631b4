package server_test

import (
	"net/http"
	"net/http/httptest"
)

// benchRequests are what the document of the API is held to.
func benchRequests() []*http.Request {
	var out []*http.Request
	for _, target := range []string{
		"/api/v1/events?since=1",
		"/api/v1/areas", "/api/v1/areas?kind=ward", "/api/v1/areas?kind=x", "/api/v1/areas/ward/W03", "/api/v1/areas/ward/x",
		"/api/v1/areas/ward/figures?from=2026-08-01", "/api/v1/areas/x/figures",
		"/api/v1/lighting?res=9&top=5", "/api/v1/lighting?area=ward/W04&from=2026-08-01", "/api/v1/lighting?area=x/W04", "/api/v1/lighting?res=3", "/api/v1/lighting?bbox=-30,30,-29,31",
		"/api/v1/lighting.csv?res=9&reason=to+repair", "/api/v1/lighting.csv", "/api/v1/lighting.xlsx?reason=to+repair&top=2",
		"/api/v1/export.csv?res=9&bbox=-0.2,51.3,0,51.5&reason=to+repair", "/api/v1/export.geojson?res=6&reason=to+repair", "/api/v1/export.csv", "/api/v1/export.shp",
		"/api/v1/lighting?res=9&by=rate&top=3", "/api/v1/lighting?by=colour",
		"/tiles/lamps.json", "/tiles/lamps/16/32749/21831.mvt", "/tiles/lamps/16/1/1.mvt", "/tiles/lamps/8/1/1.mvt",
		"/tiles/areas/ward.json", "/tiles/areas/x.json", "/tiles/areas/ward/8/127/85.mvt", "/tiles/areas/ward/8/1/1.mvt", "/tiles/areas/ward/8/999/1.mvt",
	} {
		out = append(out, httptest.NewRequest(http.MethodGet, target, nil))
	}
	for _, x := range []struct{ method, target, body string }{
		{http.MethodPost, "/api/v1/views", croydonView}, {http.MethodPost, "/api/v1/views", croydonView}, {http.MethodPost, "/api/v1/views", `{"name":""}`},
		{http.MethodGet, "/api/v1/views", ""}, {http.MethodPost, "/api/v1/views/seen", `{"up_to":1}`}, {http.MethodPost, "/api/v1/views/1", `{"alert":false}`},
		{http.MethodPost, "/api/v1/views/9", `{"alert":false}`}, {http.MethodDelete, "/api/v1/views/1", ""}, {http.MethodDelete, "/api/v1/views/1", ""},
	} {
		out = append(out, sendJSON(x.method, x.target, x.body))
	}
	return out
}
