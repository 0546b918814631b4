package server

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/tiles"
)

const tilesPrefix = "/tiles/reports/"

// tileRequest is everything that the bytes of a tile depend on, beside the
// reports under it.
type tileRequest struct {
	tile    tiles.Tile
	res     int
	query   *tileQuery
	grant   access.Grant // what of the query may be answered
	geoJSON bool
	version string // of the tile set, as the address names it; may be empty
}

func (s *Server) parseTileRequest(who *access.Identity, r *http.Request) (req tileRequest, err error) {
	if err := req.parsePath(strings.TrimPrefix(r.URL.Path, tilesPrefix)); err != nil {
		return req, err
	}
	if req.query, err = s.queries.parse(r.URL.RawQuery); err != nil {
		return req, err
	}
	if req.res, err = req.query.resolution(req.tile.Z); err != nil {
		return req, err
	}
	req.grant, err = s.decide(who, access.Ask{Surface: access.SurfaceMap, Filter: req.query.filter, Res: req.res})
	req.res = req.grant.ClampRes(req.res)
	return req, err
}

// parsePath reads {z}/{x}/{y}.{ext} with or without {generation}/ before it. It
// is done by hand, since routing by patterns takes longer than a hot tile.
func (t *tileRequest) parsePath(path string) error {
	rest, ext, _ := cutLast(path, '.')
	switch ext {
	case "mvt":
	case "geojson":
		t.geoJSON = true
	default:
		return newProblem(http.StatusNotFound, "Tiles end in .mvt or .geojson.")
	}
	rest, y, ok1 := cutLast(rest, '/')
	rest, x, ok2 := cutLast(rest, '/')
	version, z, versioned := cutLast(rest, '/')
	if !versioned {
		version, z = "", rest
	}
	if !ok1 || !ok2 || strings.ContainsRune(version, '/') {
		return newProblem(http.StatusNotFound, "A tile's address is /tiles/reports/{z}/{x}/{y}.mvt or .geojson.")
	}
	t.version = version
	var err error
	if t.tile, err = tiles.ParseTile(z, x, y); err != nil {
		return tileProblem(err)
	}
	return nil
}

func cutLast(s string, sep byte) (before, after string, found bool) {
	if i := strings.LastIndexByte(s, sep); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

func tileProblem(err error) error {
	var te *tiles.TileError
	if errors.As(err, &te) && !te.Outside && !strings.HasPrefix(te.Value, "-") {
		return badParam(te.Part, te.Value, "a whole number without leading zeros")
	}
	return newProblem(http.StatusNotFound, "This tile is outside the world: zoom goes from 0 to "+strconv.Itoa(tiles.MaxZoom)+", x and y from 0 to 2^zoom - 1.")
}

// key packs the request and the last change under the tile into a cache key. A
// batch elsewhere on the map leaves the entry valid.
func (t *tileRequest) key(generation uint64) string {
	f := &t.grant.Filter
	var buf [96]byte
	b := append(buf[:0], 't', byte(t.tile.Z), byte(t.res), flag(t.geoJSON)|flag(t.query.withCell)<<1)
	b = binary.LittleEndian.AppendUint32(b, t.tile.X)
	b = binary.LittleEndian.AppendUint32(b, t.tile.Y)
	b = binary.LittleEndian.AppendUint64(b, generation)
	b = binary.LittleEndian.AppendUint16(b, uint16(f.Factors))
	b = binary.LittleEndian.AppendUint32(b, uint32(f.From))
	b = binary.LittleEndian.AppendUint32(b, uint32(f.To))
	b = append(b, byte(f.Dayparts), byte(f.Weekdays), byte(f.Dark))
	return string(append(b, t.grant.Scope...))
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// tileQuery is a query string of a tile, read.
type tileQuery struct {
	raw      string
	filter   report.Filter
	res      int // noRes when the query does not ask for one
	withCell bool
}

const noRes = -1

var emptyTileQuery = &tileQuery{res: noRes}

func parseTileQuery(raw string) (*tileQuery, error) {
	v, err := parseQuery(&http.Request{URL: &url.URL{RawQuery: raw}}, withFilter("res", "cell")...)
	if err != nil {
		return nil, err
	}
	q := &tileQuery{raw: raw}
	if q.filter, err = report.ParseFilter(v); err != nil {
		return nil, err
	}
	if q.res, err = intParam(v, "res", noRes, tiles.MinResolution, tiles.MaxResolution); err != nil {
		return nil, err
	}
	switch v.Get("cell") {
	case "", "0":
	case "1":
		q.withCell = true
	default:
		return nil, badParam("cell", v.Get("cell"), "0 or 1")
	}
	return q, nil
}

// resolution is the one to draw at a zoom.
func (q *tileQuery) resolution(zoom uint32) (int, error) {
	if q.res == noRes {
		return tiles.ResolutionForZoom(zoom), nil
	}
	res, err := tiles.ClampResolution(zoom, q.res)
	if err != nil {
		lo, hi := tiles.ResolutionRange(zoom)
		return 0, badParam("res", strconv.Itoa(q.res), fmt.Sprintf("an H3 resolution from %d to %d at zoom %d", lo, hi, zoom))
	}
	return res, nil
}

// memoSlots bounds the queries that are remembered. A map on screen asks with
// one query for hundreds of tiles, so few are in use at a time; one that falls
// into a taken slot is read again, which costs 2 us.
const memoSlots = 512

// queryMemo remembers query strings that were read. It is only a short cut: the
// response cache has keys of its own, made from what was read.
type queryMemo struct {
	seed  maphash.Seed
	slots [memoSlots]atomic.Pointer[tileQuery]
}

func newQueryMemo() *queryMemo { return &queryMemo{seed: maphash.MakeSeed()} }

func (m *queryMemo) parse(raw string) (*tileQuery, error) {
	if raw == "" {
		return emptyTileQuery, nil
	}
	slot := &m.slots[maphash.String(m.seed, raw)%memoSlots]
	if q := slot.Load(); q != nil && q.raw == raw {
		return q, nil
	}
	q, err := parseTileQuery(raw)
	if err != nil {
		return nil, err
	}
	if len(raw) <= maxMemoQuery {
		slot.Store(q)
	}
	return q, nil
}

// maxMemoQuery keeps what the memo holds under 512 KB. The longest canonical
// query has some 350 bytes.
const maxMemoQuery = 1024
