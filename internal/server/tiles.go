package server

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/tiles"
)

// maxTileZoom is the deepest zoom that TileJSON announces: at 18 a cell of the
// finest resolution is as large as the screen, and clients overzoom from there.
const maxTileZoom = 18

func (s *Server) tile(w http.ResponseWriter, r *http.Request) error {
	return s.tileFor(access.FromContext(r.Context()), w, r)
}

func (s *Server) tileFor(who *access.Identity, w http.ResponseWriter, r *http.Request) error {
	if !who.SignedIn() {
		return signIn(who)
	}
	req, err := s.parseTileRequest(who, r)
	if err != nil {
		return err
	}
	snap := s.cube.Current()
	a := answerTo{
		key: req.key(max(snap.TileGeneration(req.tile), s.historyFrom())), typ: typeMVT, cache: revalidate,
		make: func() ([]byte, error) { return s.view(snap, req.grant).drawTile(&req) },
	}
	if req.geoJSON {
		a.typ = typeGeoJSON
	}
	// A URL with a generation may be kept for ever, but only while it is the
	// one on the map: a replica that is ahead or behind must not freeze its
	// tile under another's name.
	if req.version != "" && req.version == s.tilesVersion(snap, &req.grant) {
		a.cache = forever
	}
	return s.respond(w, r, a)
}

// drawing holds the buffers that drawing a tile needs.
type drawing struct {
	selection cube.Selection
	encoder   *tiles.Encoder
}

var drawings = sync.Pool{New: func() any { return &drawing{encoder: tiles.NewEncoder()} }}

// drawTile selects and encodes. A tile with more cells than a client should
// load is drawn one resolution coarser: every report still counts.
func (v *view) drawTile(req *tileRequest) ([]byte, error) {
	d := drawings.Get().(*drawing)
	defer drawings.Put(d)
	snap, filter := v.snap, v.grant.Filter
	q := cube.Query{Tile: req.tile, Res: req.res, Filter: filter, Columns: filter.Factors & v.grant.ColumnsAt(req.res)}
	for snap.Select(q, &d.selection); d.selection.Len() > tiles.MaxFeatures && q.Res > tiles.MinResolution; {
		q.Res--
		snap.Select(q, &d.selection)
	}
	layer := tiles.Layer{Res: q.Res, Columns: q.Columns.IDs(), WithCell: req.query.withCell}
	shown := v.visible(q, &d.selection)
	if req.geoJSON {
		return drawGeoJSON(&d.selection, shown, layer)
	}
	d.encoder.Reset(req.tile, layer)
	for i := range d.selection.Len() {
		if count, columns := shown(i); count > 0 {
			d.encoder.Cell(d.selection.Cell(i), d.selection.Ring(i), count, columns)
		}
	}
	// The encoder's buffer is used again by the next tile.
	return append([]byte(nil), d.encoder.Finish()...), nil
}

func drawGeoJSON(sel *cube.Selection, shown func(int) (uint32, []uint32), layer tiles.Layer) ([]byte, error) {
	var out bytes.Buffer
	g, any := tiles.NewGeoJSONWriter(&out, layer), false
	for i := range sel.Len() {
		count, columns := shown(i)
		if count == 0 {
			continue
		}
		any = true
		if err := g.Cell(sel.Cell(i), count, columns); err != nil {
			return nil, err
		}
	}
	if !any {
		return nil, nil
	}
	if err := g.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// tilesVersion names the bytes behind versioned tile URLs: the generation, and
// the body of reports that it counts in, and whose view they are: a browser
// that keeps them for ever must not show them to whoever logs in next.
func (s *Server) tilesVersion(snap *cube.Snapshot, g *access.Grant) string {
	v := strconv.FormatUint(snap.Generation(), 10)
	if s.cfg.StoreID != "" {
		v += "-" + s.cfg.StoreID
	}
	if g.Tag != "" {
		v += "-" + g.Tag
	}
	return v
}

// tileSet is TileJSON 3.0.0 with what our own clients want to know at once.
type tileSet struct {
	tiles.TileJSON
	Generation uint64   `json:"generation"`
	Synthetic  bool     `json:"synthetic"`
	Total      int64    `json:"total"`
	FirstDay   string   `json:"first_day,omitempty"`
	LastDay    string   `json:"last_day,omitempty"`
	Limits     []string `json:"limits,omitempty"`
}

func (s *Server) tileJSON(w http.ResponseWriter, r *http.Request) error {
	v, err := parseQuery(r, withFilter("cell")...)
	if err != nil {
		return err
	}
	f, err := report.ParseFilter(v)
	if err != nil {
		return err
	}
	grant, err := s.granted(r, access.Ask{Surface: access.SurfaceMap, Filter: f})
	if err != nil {
		return err
	}
	f = grant.Filter
	withCell := v.Get("cell") == "1"
	snap := s.cube.Current()
	base := baseURL(r)
	key := fmt.Sprintf("j%d|%s|%v|%s|%s", snap.Generation(), f.Query(), withCell, base, grant.Scope)
	return s.respondJSON(w, r, key, func() (any, error) {
		query := f.Query()
		if withCell {
			query = strings.TrimPrefix(query+"&cell=1", "&")
		}
		if query != "" {
			query = "?" + query
		}
		columns := f.Factors & grant.ColumnsAt(grant.MaxRes)
		return s.describe(s.view(snap, grant), tiles.Layer{Columns: columns.IDs(), WithCell: withCell},
			base+"/tiles/reports/"+s.tilesVersion(snap, &grant)+"/{z}/{x}/{y}.mvt"+query), nil
	})
}

func (s *Server) describe(v *view, layer tiles.Layer, template string) tileSet {
	snap := v.snap
	about := map[string]string{}
	for _, x := range report.AllFactorsList() {
		about[x.ID()] = "Number. Reports that name: " + x.Label()
	}
	set := tileSet{
		TileJSON: tiles.TileJSON{
			TileJSON: tiles.TileJSONVersion, Tiles: []string{template}, Name: "StreetSafe reports",
			Description: s.labelled("Where people feel unsafe in public: counts of reports by H3 cell."),
			Attribution: s.labelled("StreetSafe"), Scheme: "xyz", MaxZoom: maxTileZoom,
			VectorLayers: tiles.VectorLayers(layer, maxTileZoom, about),
		},
		Generation: snap.Generation(), Synthetic: s.cfg.Synthetic,
		Total: v.total(), Limits: v.grant.Limits,
	}
	if b, ok := v.bounds(); ok {
		set.Bounds = &[4]float64{b.West, b.South, b.East, b.North}
		set.Center = &[3]float64{(b.West + b.East) / 2, (b.South + b.North) / 2, 6}
		first, last := snap.Days()
		set.FirstDay, set.LastDay = first.String(), last.String()
	}
	return set
}

// labelled says that the data are made up, where they are.
func (s *Server) labelled(text string) string {
	if s.cfg.Synthetic {
		return text + " (synthetic data)"
	}
	return text
}

// baseURL is the address under which the client reached us, for URLs that
// other programs must be able to open.
func baseURL(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}
