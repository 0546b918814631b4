package server

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gorilla/mux"
	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/pmtiles"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/tiles"
)

// Exports are what is on screen, to take away: the cells of a box under a
// filter, as the policy lets them be seen, with filter, period and source in the
// file itself.

const (
	// exportGrace is how long a client may take for 64 KiB of an export: the
	// server's own limit is for answers that end within it.
	exportGrace = 30 * time.Second
)

// Row is one cell of an export.
type Row struct {
	Cell    h3.Cell
	Count   uint32
	Columns []uint32 // in the order of Export.Columns
}

// Export is a set of cells to write to a file.
type Export struct {
	Name    string // of the layer
	About   []About
	Res     int
	Columns []string // ids of factors
	Rows    []Row    // by cell

	// at lists the cells of another resolution by the same rules.
	at func(res int) *Export
}

// About is one line of what an export holds.
type About struct{ Name, Text string }

// PackageWriter writes an export as a GeoPackage. It is a part, so that the
// server itself links no database.
type PackageWriter func(w io.Writer, e *Export) error

// exportFormat is a format of exports.
type exportFormat struct {
	typ    string
	ending string
	write  func(s *Server, w io.Writer, e *Export) error
}

// sized is a writer that wants to know how many bytes will come, when that is
// known before the first: a client can then tell how far a file is.
type sized interface{ Expect(bytes int64) }

var exportFormats = []exportFormat{
	{"text/csv; charset=utf-8", "csv", func(_ *Server, w io.Writer, e *Export) error { return e.writeCSV(w) }},
	{typeGeoJSON, "geojson", func(_ *Server, w io.Writer, e *Export) error { return e.writeGeoJSON(w) }},
	{pmtiles.ContentType, "pmtiles", func(_ *Server, w io.Writer, e *Export) error { return e.writePMTiles(w) }},
	{"application/geopackage+sqlite3", "gpkg", func(s *Server, w io.Writer, e *Export) error { return s.packages(w, e) }},
}

// export answers /api/v1/export.{format}.
func (s *Server) export(w http.ResponseWriter, r *http.Request) error {
	i := slices.IndexFunc(exportFormats, func(f exportFormat) bool { return f.ending == mux.Vars(r)["format"] })
	if i < 0 || exportFormats[i].ending == "gpkg" && s.packages == nil {
		return s.notFound(w, r)
	}
	format := exportFormats[i]
	v, err := parseQuery(r, withFilter("bbox", "res", "reason")...)
	if err != nil {
		return err
	}
	f, err := report.ParseFilter(v)
	if err != nil {
		return err
	}
	box := everywhere
	if b := v.Get("bbox"); b != "" {
		if box, err = report.ParseBox(b); err != nil {
			return badParam("bbox", b, "west,south,east,north in degrees, west of east and south of north, such as -0.5,51.3,0.3,51.7")
		}
	}
	res, err := intParam(v, "res", 9, tiles.MinResolution, tiles.MaxResolution)
	if err != nil {
		return err
	}
	grant, err := s.granted(r, access.Ask{Surface: access.SurfaceExport, Filter: f, Res: res, Why: v.Get("reason")})
	if err != nil {
		return err
	}
	leave, err := s.desk.take(r)
	if err != nil {
		return err
	}
	defer leave()
	view := s.view(s.cube.Current(), grant)
	e := view.export(box, grant.ClampRes(res))
	e.About = s.aboutExport(view, box, e)
	if r.Method == http.MethodGet {
		what := fmt.Sprintf("%s of %d cells, %s", format.ending, len(e.Rows), grant.Filter.Query())
		if err := s.recordExport(r, grant, what, v.Get("reason")); err != nil {
			return err
		}
	}
	h := w.Header()
	h.Set("Content-Type", format.typ)
	h.Set("Content-Disposition", `attachment; filename="streetsafe-`+e.Name+`.`+format.ending+`"`)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Total-Count", strconv.Itoa(len(e.Rows)))
	if r.Method == http.MethodHead {
		return nil
	}
	out := exportWriter{bufio.NewWriterSize(&patientWriter{w: w, control: http.NewResponseController(w)}, 64<<10), h}
	if err := format.write(s, out, e); err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	return out.Flush()
}

// exportWriter gathers pieces of a file.
type exportWriter struct {
	*bufio.Writer
	header http.Header
}

// Expect tells the client how long the file is. Call it before the first write.
func (x exportWriter) Expect(bytes int64) {
	x.header.Set("Content-Length", strconv.FormatInt(bytes, 10))
}

// patientWriter gives a client time anew for each piece it takes, and sends
// each piece at once, so that the client can show how far it is.
type patientWriter struct {
	w       io.Writer
	control *http.ResponseController
}

func (p *patientWriter) Write(b []byte) (int, error) {
	_ = p.control.SetWriteDeadline(time.Now().Add(exportGrace)) // not every writer has deadlines
	n, err := p.w.Write(b)
	if err == nil {
		_ = p.control.Flush() // nor is every one buffered
	}
	return n, err
}

// export lists the cells of a resolution whose centre lies in a box, by cell.
func (v *view) export(box report.Box, res int) *Export {
	var columns report.Factors
	if !v.grant.Grouped {
		columns = v.grant.ColumnsAt(res)
	}
	width := columns.Len()
	e := &Export{Name: "reports", Res: res, Columns: columns.IDs(), at: func(res int) *Export { return v.export(box, res) }}
	in := inBox(box, res)
	add := func(c h3.Cell, n uint32, cols []uint32) {
		if n > 0 && (box == everywhere || in(c)) {
			e.Rows = append(e.Rows, Row{c, n, slices.Clone(cols)})
		}
	}
	if v.grant.Grouped || v.grant.Region != nil && res < access.RegionResolution {
		for c, n := range v.table(res, columns) {
			add(c, n.count, n.columns[:width])
		}
	} else {
		cover := []tiles.Tile{{}}
		if box != everywhere {
			cover = tilesOver(box)
		}
		v.eachUnder(cover, cube.Query{Res: res, Filter: v.grant.Filter, Columns: columns}, add)
	}
	slices.SortFunc(e.Rows, func(a, b Row) int { return cmp.Compare(a.Cell, b.Cell) })
	return e
}

// periodOf says which days are counted, both inclusive. An open end is that of the data.
func periodOf(v *view) string {
	f, from, to := v.grant.Filter, "the first report", "the latest report"
	if _, ok := v.snap.Bounds(); ok {
		first, last := v.snap.Days()
		from, to = first.String(), last.String()
	}
	if f.HasWindow() && f.From >= f.To {
		return "no day"
	}
	if f.HasWindow() && f.From != report.MinDay {
		from = f.From.String()
	}
	if f.HasWindow() && f.To <= report.MaxDay {
		to = (f.To - 1).String()
	}
	return from + " to " + to
}

func (s *Server) aboutExport(v *view, box report.Box, e *Export) []About {
	filter, period := v.grant.Filter.Query(), periodOf(v)
	if filter == "" {
		filter = "none"
	}
	total := int64(0)
	for _, r := range e.Rows {
		total += int64(r.Count)
	}
	about := []About{
		{"title", "StreetSafe: reports of where people feel unsafe in public, by H3 cell"},
		{"filter", filter}, {"period", period}, {"bbox", box.String()}, {"resolution", strconv.Itoa(e.Res)},
		{"cells", strconv.Itoa(len(e.Rows))}, {"reports", strconv.FormatInt(total, 10)},
		{"source", s.labelled("StreetSafe")}, {"generation", strconv.FormatUint(v.snap.Generation(), 10)},
		{"exported", s.today().String()},
		{"note", "A cell that is missing has no report that matches; that does not make it safe."},
	}
	for _, l := range v.grant.Limits {
		about = append(about, About{"limit", l})
	}
	return about
}

func (e *Export) writeCSV(w io.Writer) error {
	if _, err := io.WriteString(w, byteOrderMark); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	for _, a := range e.About {
		if err := out.Write([]string{"# " + a.Name + ": " + a.Text}); err != nil {
			return err
		}
	}
	if err := out.Write(append([]string{"cell", "lat", "lng", "count"}, e.Columns...)); err != nil {
		return err
	}
	row := make([]string, 4+len(e.Columns))
	for _, r := range e.Rows {
		lat, lng := centre(r.Cell)
		row[0], row[3] = r.Cell.String(), strconv.FormatUint(uint64(r.Count), 10)
		row[1], row[2] = strconv.FormatFloat(lat, 'f', -1, 64), strconv.FormatFloat(lng, 'f', -1, 64)
		for i, n := range r.Columns {
			row[4+i] = strconv.FormatUint(uint64(n), 10)
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// aboutMembers is About for formats that keep it as an object.
func (e *Export) aboutMembers() map[string]string {
	about := map[string]string{}
	for _, a := range e.About {
		if about[a.Name] != "" {
			a.Text = about[a.Name] + " " + a.Text
		}
		about[a.Name] = a.Text
	}
	return about
}

func (e *Export) writeGeoJSON(w io.Writer) error {
	head, err := json.Marshal(e.aboutMembers())
	if err != nil {
		return err
	}
	g := tiles.NewGeoJSONWriter(&withMember{w: w, member: append([]byte(`"about":`), head...)}, e.layer())
	for _, r := range e.Rows {
		if err := g.Cell(r.Cell, r.Count, r.Columns); err != nil {
			return err
		}
	}
	return g.Close()
}

// withMember puts a member at the beginning of a JSON object that is written
// through it (RFC 7946, 6.1: foreign members).
type withMember struct {
	w      io.Writer
	member []byte // nil when it is written
}

func (m *withMember) Write(b []byte) (int, error) {
	if m.member == nil || len(b) == 0 {
		return m.w.Write(b)
	}
	rest, ok := bytes.CutPrefix(b, []byte("{"))
	if !ok {
		return 0, fmt.Errorf("begins with %q and is no object", b[0])
	}
	head := append([]byte("{"), m.member...)
	m.member = nil
	if _, err := m.w.Write(append(append(head, ','), rest...)); err != nil {
		return 0, err
	}
	return len(b), nil
}
