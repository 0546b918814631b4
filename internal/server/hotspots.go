package server

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/analysis"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/tiles"
)

// backgroundSteps is how much coarser the surroundings are that a cell is held
// to: three resolutions are 343 cells, and the six around as many each. A city
// then does not light up as one, and a quiet town has its hotspots too.
const backgroundSteps = 3

const (
	defaultClusters = 20
	maxClusters     = 200
)

type hotFactor struct {
	Factor    string  `json:"factor"`
	Count     int64   `json:"count"`
	Share     float64 `json:"share"`     // of the reports in the cluster
	Elsewhere float64 `json:"elsewhere"` // of the reports outside it
}

type hotPeak struct {
	spot
	Count  int64   `json:"count"`
	Around int64   `json:"around"` // with its neighbours
	Z      float64 `json:"z"`
	Q      float64 `json:"q"`
}

type hotCluster struct {
	Rank    int              `json:"rank"`
	Total   int64            `json:"total"`
	Cells   []string         `json:"cells"`
	Peak    hotPeak          `json:"peak"`
	Nearby  float64          `json:"nearby"`  // reports of a cell with reports in the surroundings, on average
	Factors []hotFactor      `json:"factors"` // the leading three
	Daypart string           `json:"daypart,omitempty"`
	When    float64          `json:"daypart_share"` // of the reports that say when
	Outline [][][][2]float64 `json:"outline"`       // coordinates of a MultiPolygon
}

type hotCell struct {
	Cell   string  `json:"cell"`
	Count  int64   `json:"count"`
	Around int64   `json:"around"`
	Z      float64 `json:"z"`
	Q      float64 `json:"q"`
	Hot    bool    `json:"hot"`
}

// hotspots ranks the clusters of cells that stand out of their surroundings.
// All that may be seen is compared, whatever is on screen, so that panning
// changes no verdict; the box only picks what is listed.
func (s *Server) hotspots(w http.ResponseWriter, r *http.Request) error {
	v, err := parseQuery(r, withFilter("bbox", "res", "top")...)
	if err != nil {
		return err
	}
	st, err := s.study(r, v, studyAsk{surface: access.SurfaceFigures, lo: tiles.MinResolution + backgroundSteps, hi: analysisRes, def: 9})
	if err != nil {
		return err
	}
	top, err := intParam(v, "top", defaultClusters, 0, maxClusters)
	if err != nil {
		return err
	}
	key := st.key("h") + "|" + st.box.String() + "|" + strconv.Itoa(top)
	return s.respondJSON(w, r, key, func() (any, error) { return s.findHotspots(st, top) })
}

func (s *Server) findHotspots(st *study, top int) (any, error) {
	out := struct {
		head
		Background int          `json:"background_res"`
		Study      int          `json:"study_cells"` // that were compared
		Level      float64      `json:"level"`       // false discovery rate
		Total      int          `json:"total"`       // clusters everywhere
		Shown      int          `json:"shown"`       // clusters on screen
		Clusters   []hotCluster `json:"clusters"`
		Cells      []hotCell    `json:"cells"`
	}{head: s.head(st), Background: st.res - backgroundSteps, Level: hotspotLevel, Clusters: []hotCluster{}, Cells: []hotCell{}}
	counts := analysis.CountCells(st.snap, st.region, st.res, st.filter)
	found := analysis.FindHotspots(counts, analysis.HotspotQuery{Region: st.region, Background: out.Background, Q: hotspotLevel})
	out.Study, out.Total = found.Study, len(found.Clusters)
	for i, c := range found.Clusters {
		if !slices.ContainsFunc(c.Cells, st.shows) {
			continue
		}
		if out.Shown++; out.Shown > top {
			continue
		}
		one, err := s.hotCluster(st, counts, c)
		if err != nil {
			return nil, err
		}
		one.Rank = i + 1
		out.Clusters = append(out.Clusters, one)
	}
	for _, c := range found.Scores {
		if len(out.Cells) < maxTop && st.shows(c.Cell) {
			out.Cells = append(out.Cells, hotCell{c.Cell.String(), c.Count, c.Around, round3(c.Z), c.Q, c.Hot})
		}
	}
	return out, nil
}

const hotspotLevel = 0.05

func (s *Server) hotCluster(st *study, counts analysis.Counts, c analysis.Cluster) (hotCluster, error) {
	p := c.Peak
	out := hotCluster{Total: c.Total, Nearby: round3(nearby(counts, c, st.res-backgroundSteps)), Factors: []hotFactor{},
		Peak: hotPeak{s.spot(p.Cell), p.Count, p.Around, round3(p.Z), p.Q}}
	for _, cell := range c.Cells {
		out.Cells = append(out.Cells, cell.String())
	}
	polygons, err := h3.CellsToMultiPolygon(c.Cells)
	if err != nil {
		return out, fmt.Errorf("outline of a cluster at %s: %w", p.Cell, err)
	}
	for _, p := range polygons {
		rings := [][][2]float64{closed(ring(p.GeoLoop))}
		for _, hole := range p.Holes {
			rings = append(rings, closed(ring(hole)))
		}
		out.Outline = append(out.Outline, rings)
	}
	st.why(&out, c.Cells)
	return out, nil
}

// why fills in what is said in a cluster more than elsewhere.
func (st *study) why(out *hotCluster, cells []h3.Cell) {
	in := st.snap.Cells(cells, st.filter)
	whole := st.wholeFigures()
	for _, f := range st.grant.ColumnsAt(st.res).List() {
		if n := in.ByFactor[f]; n > 0 {
			out.Factors = append(out.Factors, hotFactor{f.ID(), n, round3(share(n, in.Total)), round3(share(whole.ByFactor[f]-n, whole.Total-in.Total))})
		}
	}
	slices.SortStableFunc(out.Factors, func(a, b hotFactor) int { return int(b.Count - a.Count) })
	out.Factors = out.Factors[:min(len(out.Factors), leadingFactors)]
	var most, known int64
	for d := range report.UnknownDaypart {
		var n int64
		for _, x := range in.Matrix[d] {
			n += x
		}
		known += n
		if n > most {
			most, out.Daypart = n, d.String()
		}
	}
	out.When = round3(share(most, known))
}

// nearby is how many reports a cell with reports has on average in the
// surroundings of a cluster's peak, the cluster left out.
func nearby(counts analysis.Counts, c analysis.Cluster, background int) float64 {
	around := map[h3.Cell]bool{}
	disk, err := access.Ancestor(c.Peak.Cell, background).GridDisk(1)
	if err != nil {
		return 0 // cannot happen: the cell is valid
	}
	for _, d := range disk {
		around[d] = true
	}
	var total, cells int64
	for i, cell := range counts.Cells {
		if _, own := slices.BinarySearch(c.Cells, cell); !own && around[access.Ancestor(cell, background)] {
			total += counts.N[i]
			cells++
		}
	}
	return share(total, cells)
}

func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// round3 keeps three decimals: more would promise too much.
func round3(x float64) float64 {
	v, err := strconv.ParseFloat(strconv.FormatFloat(x, 'f', 3, 64), 64)
	if err != nil {
		return x
	}
	return v
}

func closed(r [][2]float64) [][2]float64 {
	if len(r) > 0 && r[0] != r[len(r)-1] {
		r = append(r, r[0])
	}
	return r
}
