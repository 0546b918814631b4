package server

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"github.com/streetsafe/streetsafe/internal/analysis"
	"github.com/streetsafe/streetsafe/internal/report"
)

// about is what is printed on every file: what it shows, of when, from where.
func (p *profileAnswer) about() [][2]string {
	filter := p.Filter
	var from, to string
	if v, err := url.ParseQuery(filter); err == nil {
		if f, err := report.ParseFilter(v); err == nil {
			from, to = p.period(f)
		}
	}
	if filter == "" {
		filter = "none"
	}
	out := [][2]string{
		{"title", "StreetSafe area profile"}, {"area", p.Name}, {"place", p.Place}, {"filter", filter},
		{"first_day", from}, {"last_day", to}, {"source", "StreetSafe reports, batch " + strconv.FormatUint(p.Generation, 10)},
		{"made", p.Made}, {"hexagons", fmt.Sprintf("%d of H3 resolution %d", p.Hexagons, p.Res)}, {"km2", decimal(p.Km2)},
		{"note", "Counts are of reports, not of danger. Few reports do not make a place safe."},
	}
	if p.Synthetic {
		out = append(out, [2]string{"synthetic", "Every report is made up."})
	}
	for _, l := range p.Limits {
		out = append(out, [2]string{"limit", l})
	}
	return out
}

var profileColumns = []string{"section", "name", "count", "share", "elsewhere", "ratio", "ratio_low", "ratio_high", "verdict", "lat", "lng", "detail"}

// writeProfileCSV writes one table: each line says in which section it is.
func writeProfileCSV(w http.ResponseWriter, p *profileAnswer) error {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="streetsafe-profile.csv"`)
	c := csv.NewWriter(w)
	row := func(values map[string]string) {
		line := make([]string, len(profileColumns))
		for i, name := range profileColumns {
			line[i] = harmless(values[name])
		}
		_ = c.Write(line) // the client may be gone, and there is nobody else to tell
	}
	_ = c.Write(profileColumns)
	for _, a := range p.about() {
		row(map[string]string{"section": "about", "name": a[0], "detail": a[1]})
	}
	row(map[string]string{"section": "total", "name": "reports", "count": whole(p.Area.Total), "share": decimal(p.Share), "detail": "share of " + whole(p.Whole.Total)})
	for _, f := range p.Factors {
		row(partRow("factor", f.Factor, f))
	}
	row(partRow("light", "after_dark", p.Dark))
	for _, m := range p.Area.ByMonth {
		row(map[string]string{"section": "month", "name": m.Month, "count": whole(m.Count)})
	}
	for d, counts := range p.Area.Matrix.Counts {
		for k, n := range counts {
			row(map[string]string{"section": "day_and_time", "name": p.Area.Matrix.Weekdays[k] + " " + p.Area.Matrix.Dayparts[d], "count": whole(n)})
		}
	}
	for _, t := range p.Top {
		row(map[string]string{"section": "place", "name": t.Cell, "count": whole(t.Count), "lat": degrees(t.Lat), "lng": degrees(t.Lng), "detail": t.Place})
	}
	c.Flush()
	return nil
}

func partRow(section, name string, p part) map[string]string {
	out := map[string]string{"section": section, "name": name, "count": whole(p.Count), "share": decimal(p.Share), "elsewhere": decimal(p.Elsewhere), "verdict": string(p.Verdict)}
	addRatio(out, p.Ratio)
	return out
}

func addRatio(out map[string]string, r analysis.Ratio) {
	for name, x := range map[string]float64{"ratio": r.Estimate, "ratio_low": r.Low, "ratio_high": r.High} {
		if v, ok := finite(x); ok {
			out[name] = decimal(round3(v))
		}
	}
}

func whole(n int64) string     { return strconv.FormatInt(n, 10) }
func decimal(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
func degrees(x float64) string { return strconv.FormatFloat(x, 'f', 6, 64) }

// harmless keeps a spreadsheet from taking a text for a formula. Numbers, which
// may begin with a minus, are left alone.
func harmless(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		if _, err := strconv.ParseFloat(s, 64); err != nil {
			return "'" + s
		}
	}
	return s
}

// writeProfileGeoJSON writes the area and its busiest places as features.
func writeProfileGeoJSON(w http.ResponseWriter, p *profileAnswer) error {
	fc := geojson.NewFeatureCollection()
	about := map[string]string{}
	for _, a := range p.about() {
		about[a[0]] = strings.TrimPrefix(about[a[0]]+"; "+a[1], "; ")
	}
	fc.ExtraMembers = geojson.Properties{"about": about}
	area := geojson.NewFeature(p.Shape.Geometry())
	area.Properties = geojson.Properties{"kind": "area", "name": p.Name, "reports": p.Area.Total, "share": p.Share, "km2": p.Km2}
	for _, f := range p.Factors {
		area.Properties[f.Factor] = f.Count
	}
	fc.Append(area)
	for i, t := range p.Top {
		var r orb.Ring
		for _, at := range closed(t.Boundary) {
			r = append(r, orb.Point(at))
		}
		f := geojson.NewFeature(orb.Polygon{r})
		f.Properties = geojson.Properties{"kind": "place", "rank": i + 1, "cell": t.Cell, "reports": t.Count, "place": t.Place}
		fc.Append(f)
	}
	body, err := json.Marshal(fc)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", typeGeoJSON)
	w.Header().Set("Content-Disposition", `attachment; filename="streetsafe-profile.geojson"`)
	_, _ = w.Write(body) // the client may be gone, and there is nobody else to tell
	return nil
}
