package server

import (
	"fmt"
	"net/http"
	"sync"

	"github.com/gorilla/mux"
	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/areas"
	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/exposure"
	"github.com/streetsafe/streetsafe/internal/lamps"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/tiles"
)

// Workbench is what an operator has imported beside the reports. It is replaced
// as a whole and never changed; its zero value has nothing in it.
type Workbench struct {
	Revision int64              // of the store's library: goes into cache keys
	Kinds    []*areas.Kind      // by name
	Lamps    *lamps.Index       // nil for none
	Exposure *exposure.Exposure // what counts of hexagons are divided by; nil for none

	mu      sync.Mutex                        // guards members
	members map[*areas.Kind]map[h3.Cell]int32 // which area a cell belongs to, -1 for none
}

// SetWorkbench replaces what is imported.
func (s *Server) SetWorkbench(w *Workbench) { s.workbench.Store(w) }

func (s *Server) kind(name string) (*Workbench, *areas.Kind, error) {
	w := s.workbench.Load()
	for _, k := range w.Kinds {
		if k.Name == name {
			return w, k, nil
		}
	}
	return w, nil, newProblem(http.StatusNotFound, "There are no boundaries of this kind. /api/v1/areas lists what there is; an administrator loads them with `streetsafe areas import`.")
}

// find returns which area of a kind holds the centre of a cell, -1 for none.
// Each cell is located once for each import: doing so takes a microsecond, and
// there are hundred thousands.
func (w *Workbench) find(k *areas.Kind, cells []h3.Cell) []int32 {
	out := make([]int32, len(cells))
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.members == nil {
		w.members = map[*areas.Kind]map[h3.Cell]int32{}
	}
	known := w.members[k]
	if known == nil || len(known) > maxMembers {
		known = map[h3.Cell]int32{}
		w.members[k] = known
	}
	for i, c := range cells {
		n, ok := known[c]
		if !ok {
			lat, lng := centre(c)
			n = int32(k.Find(lng, lat))
			known[c] = n
		}
		out[i] = n
	}
	return out
}

// maxMembers bounds what find remembers, to some 100 MB.
const maxMembers = 4_000_000

// counted are cells with reports, and how many.
type counted struct {
	cells []h3.Cell
	n     []uint32
}

// counts lists the cells of a resolution with reports that may be seen and whose
// centre lies in a box.
func (v *view) counts(box report.Box, f report.Filter, res int) counted {
	var out counted
	in := inBox(box, res)
	add := func(c h3.Cell, n uint32) {
		if n > 0 && (box == everywhere || in(c)) {
			out.cells, out.n = append(out.cells, c), append(out.n, n)
		}
	}
	if v.grant.Grouped {
		for c, n := range v.table(res, 0) {
			add(c, n.count)
		}
		return out
	}
	cover := []tiles.Tile{{}}
	if box != everywhere {
		cover = tilesOver(box)
	} else if v.grant.Region != nil {
		cover = tilesOver(v.grant.Region.Bounds())
	}
	v.eachUnder(cover, cube.Query{Res: res, Filter: f}, func(c h3.Cell, n uint32, _ []uint32) { add(c, n) })
	return out
}

var everywhere = report.Box{West: -180, South: -90, East: 180, North: 90}

// workbenchRoutes are what is built on imported data, and what is taken away.
func (s *Server) workbenchRoutes(m *mux.Router) {
	get := func(path string, h handler) {
		m.Handle(path, s.answer(h)).Methods(http.MethodGet, http.MethodHead)
	}
	get("/api/v1/areas", s.listAreas)
	get("/api/v1/areas/{kind}/figures", s.areaFigures)
	get("/api/v1/areas/{kind}/{id}", s.area)
	get("/api/v1/lighting", s.lighting)
	get("/api/v1/lighting.csv", s.lightCSV)
	get("/api/v1/lighting.xlsx", s.lightXLSX)
	get("/api/v1/export.{format}", s.export)
	s.viewRoutes(m)
	get("/hub/lighting", s.mapPage("lighting.html"))
	get("/tiles/areas/{kind}.json", s.areaTileJSON)
	get("/tiles/areas/{kind}/{z}/{x}/{y}.mvt", s.areaTile)
	get("/tiles/lamps.json", s.lampTileJSON)
	get("/tiles/lamps/{z}/{x}/{y}.mvt", s.lampTile)
}

// mapOnly asks the policy for what shows no reports, but belongs to the hub.
func (s *Server) mapOnly(r *http.Request) error {
	_, err := s.granted(r, access.Ask{Surface: access.SurfaceMap})
	return err
}

func (w *Workbench) key(kind, rest string) string {
	return fmt.Sprintf("%s%d|%s", kind, w.Revision, rest)
}
