package site

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/streetsafe/streetsafe/internal/release/public"
)

// Files of the data that pages are made from.
const (
	indexPath   = "/" + public.ManifestFile
	actionsPath = "/actions/actions.json"
)

// The kinds of releases.
const (
	kindHalfYear     = "half-year"
	kindTwelveMonths = "twelve-months"
)

// themes are the columns that the map offers: all reports, those that name
// something about the place, those that name something people did, and those
// that name both. "count" is at every resolution, the others at 6 and 5.
var themes = []string{"count", "environmental", "behavioural", "both"}

const coarsestRes, themeRes, finestRes = 5, 6, 8

// model is what the pages say: everything comes out of published files, and
// nothing of it changes.
type model struct {
	synthetic bool
	releases  []*edition // newest first; of the same end the half-year first
	byID      map[string]*edition
	actions   *actionList // empty when none are published
	breaks    map[string]map[string]map[int][]int
	pages     *pageCache
	pictures  *pageCache
}

// edition is one release.
type edition struct {
	public.Release
	FrozenOn string
	Zooms    map[string]int // resolution of a zoom
	MaxZoom  int
	cells    map[string]*cell
	list     []*cell // as in the table
	Forces   []forceFigures
	Year     string // of the table by force
	tiles    map[int][]int
	notes    map[string]bool // which files of methodNotes there are

	mu       sync.Mutex // guards outlines
	outlines map[int][]outline
}

// cell is one hexagon that is shown.
type cell struct {
	ID       string
	Res      int
	Lat, Lng float64
	counts   []int // as in themes; 0 is not shown
}

// forceFigures is a line of the table by force and factor.
type forceFigures struct {
	ID, Name string
	Counts   map[string]int // by factor; absent is not shown
	Box      *[4]float64    // around it; nil when the release has no outlines
}

// readModel makes the pages' figures from what is published.
func readModel(data *public.Handler) (*model, error) {
	m := &model{byID: map[string]*edition{}, actions: &actionList{}, breaks: map[string]map[string]map[int][]int{}, pages: newPageCache(maxPages), pictures: newPageCache(maxPictures)}
	body, _, ok := data.Open(indexPath)
	if !ok {
		body = []byte("{}") // before the first release the pages say so
	}
	var index public.Index
	if err := json.Unmarshal(body, &index); err != nil {
		return nil, fmt.Errorf("site: %s: %w", indexPath, err)
	}
	m.synthetic = index.Synthetic
	tiles := tileRuns(data.Paths())
	for _, r := range index.Releases {
		e, err := readEdition(data, r)
		if err != nil {
			return nil, fmt.Errorf("site: release %s: %w", r.ID, err)
		}
		e.tiles = tiles[r.ID]
		m.byID[r.ID] = e
		m.releases = append(m.releases, e)
	}
	slices.SortFunc(m.releases, func(a, b *edition) int {
		if a.To != b.To { // dates as YYYY-MM-DD
			return strings.Compare(b.To, a.To)
		}
		return strings.Compare(b.From, a.From)
	})
	for _, kind := range []string{kindHalfYear, kindTwelveMonths} {
		m.breaks[kind] = breaksOf(m.releases, kind)
	}
	if body, _, ok := data.Open(actionsPath); ok {
		list, err := readActions(body)
		if err != nil {
			return nil, err
		}
		m.actions = list
		m.synthetic = m.synthetic || list.Synthetic
	}
	return m, nil
}

func readEdition(data *public.Handler, r public.Release) (*edition, error) {
	e := &edition{Release: r, cells: map[string]*cell{}, notes: map[string]bool{}, outlines: map[int][]outline{}}
	open := func(name string) []byte {
		body, _, _ := data.Open("/" + r.ID + "/" + name)
		return body
	}
	var about struct {
		FrozenOn string `json:"frozen_on"`
		Tiles    struct {
			MaxZoom     int            `json:"maxzoom"`
			Resolutions map[string]int `json:"resolution_of_zoom"`
		} `json:"tiles"`
	}
	if err := json.Unmarshal(open(public.ManifestFile), &about); err != nil {
		return nil, err
	}
	e.FrozenOn, e.Zooms, e.MaxZoom = about.FrozenOn, about.Tiles.Resolutions, about.Tiles.MaxZoom
	for _, n := range methodNotes {
		e.notes[n.file] = open(n.file) != nil
	}
	if err := e.readCells(open("cells.csv")); err != nil {
		return nil, fmt.Errorf("cells.csv: %w", err)
	}
	if table := open("forces.csv"); table != nil {
		if err := e.readForces(table); err != nil {
			return nil, fmt.Errorf("forces.csv: %w", err)
		}
	}
	if areas := open("areas.geojson"); areas != nil {
		if err := e.readAreas(areas); err != nil {
			return nil, fmt.Errorf("areas.geojson: %w", err)
		}
	}
	return e, nil
}

// readAreas puts boxes around the areas of the table by force.
func (e *edition) readAreas(raw []byte) error {
	var doc struct {
		Features []struct {
			ID       string
			Geometry *struct{ Coordinates [][][][2]float64 }
		}
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return err
	}
	for _, f := range doc.Features {
		i := slices.IndexFunc(e.Forces, func(x forceFigures) bool { return x.ID == f.ID })
		if i < 0 || f.Geometry == nil {
			continue
		}
		box := [4]float64{180, 90, -180, -90}
		for _, polygon := range f.Geometry.Coordinates {
			for _, ring := range polygon {
				for _, p := range ring {
					box = [4]float64{min(box[0], p[0]), min(box[1], p[1]), max(box[2], p[0]), max(box[3], p[1])}
				}
			}
		}
		e.Forces[i].Box = &box
	}
	return nil
}

// table calls fn for each row of a CSV file, with the fields that are named.
func table(raw []byte, names []string, fn func(fields []string) error) error {
	rows := csv.NewReader(bytes.NewReader(raw))
	head, err := rows.Read()
	if err != nil {
		return err
	}
	at := make([]int, len(names))
	for i, name := range names {
		if at[i] = slices.Index(head, name); at[i] < 0 {
			return fmt.Errorf("no column %s", name)
		}
	}
	fields := make([]string, len(names))
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for i, k := range at {
			fields[i] = row[k]
		}
		if err := fn(fields); err != nil {
			return err
		}
	}
}

func (e *edition) readCells(raw []byte) error {
	return table(raw, append([]string{"cell", "resolution", "lat", "lng"}, themes...), func(f []string) error {
		c := &cell{ID: f[0], counts: make([]int, len(themes))}
		var err1, err2, err3 error
		c.Res, err1 = strconv.Atoi(f[1])
		c.Lat, err2 = strconv.ParseFloat(f[2], 64)
		c.Lng, err3 = strconv.ParseFloat(f[3], 64)
		if err := errors.Join(err1, err2, err3); err != nil {
			return err
		}
		for i, field := range f[4:] {
			if field == "" {
				continue
			}
			n, err := strconv.Atoi(field)
			if err != nil {
				return err
			}
			c.counts[i] = n
		}
		e.cells[c.ID] = c
		e.list = append(e.list, c)
		return nil
	})
}

func (e *edition) readForces(raw []byte) error {
	return table(raw, []string{"year", "force_id", "force", "factor", "count"}, func(f []string) error {
		n, err := strconv.Atoi(f[4])
		if err != nil {
			return err
		}
		e.Year = f[0]
		i := slices.IndexFunc(e.Forces, func(x forceFigures) bool { return x.ID == f[1] })
		if i < 0 {
			i = len(e.Forces)
			e.Forces = append(e.Forces, forceFigures{ID: f[1], Name: f[2], Counts: map[string]int{}})
		}
		e.Forces[i].Counts[f[3]] = n
		return nil
	})
}

// tileRuns lists by release and zoom which tiles there are, so that a page never
// asks for one that is not: row, first and last column of each run.
func tileRuns(paths []string) map[string]map[int][]int {
	type at struct{ y, x int }
	all := map[string]map[int][]at{}
	for _, p := range paths {
		parts := strings.Split(p, "/") // "", release, z, x, y.mvt
		if len(parts) != 5 || !strings.HasSuffix(parts[4], ".mvt") {
			continue
		}
		z, err1 := strconv.Atoi(parts[2])
		x, err2 := strconv.Atoi(parts[3])
		y, err3 := strconv.Atoi(strings.TrimSuffix(parts[4], ".mvt"))
		if errors.Join(err1, err2, err3) != nil {
			continue
		}
		if all[parts[1]] == nil {
			all[parts[1]] = map[int][]at{}
		}
		all[parts[1]][z] = append(all[parts[1]][z], at{y, x})
	}
	out := map[string]map[int][]int{}
	for id, zooms := range all {
		out[id] = map[int][]int{}
		for z, list := range zooms {
			slices.SortFunc(list, func(a, b at) int { return (a.y-b.y)<<20 + a.x - b.x })
			var runs []int
			for _, t := range list {
				if n := len(runs); n > 0 && runs[n-3] == t.y && runs[n-1] == t.x-1 {
					runs[n-1] = t.x
					continue
				}
				runs = append(runs, t.y, t.x, t.x)
			}
			out[id][z] = runs
		}
	}
	return out
}

const classes = 5

// breaksOf gives lower bounds of classes by theme and resolution, the same for
// all releases of a kind, so that half-years can be compared by colour.
func breaksOf(list []*edition, kind string) map[string]map[int][]int {
	out := map[string]map[int][]int{}
	for i, theme := range themes {
		out[theme] = map[int][]int{}
		for res := coarsestRes; res <= finestRes; res++ {
			low, high := 0, 0
			for _, e := range list {
				if e.Kind != kind {
					continue
				}
				for _, c := range e.list {
					if n := c.counts[i]; c.Res == res && n > 0 {
						high = max(high, n)
						if low == 0 || n < low {
							low = n
						}
					}
				}
			}
			if high > 0 {
				out[theme][res] = steps(low, high)
			}
		}
	}
	return out
}

// steps divides a range evenly by ratio, in numbers that read well.
func steps(low, high int) []int {
	out := []int{low}
	for i := 1; i < classes; i++ {
		n := readable(float64(low) * math.Pow(float64(high)/float64(low), float64(i)/classes))
		if n > out[len(out)-1] && n <= high {
			out = append(out, n)
		}
	}
	return out
}

// readable rounds to one of the steps of a scale, and to fives as releases are.
func readable(v float64) int {
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	best := unit
	for _, s := range []float64{1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10} {
		if math.Abs(s*unit-v) < math.Abs(best-v) {
			best = s * unit
		}
	}
	return int(math.Round(best/5) * 5)
}

// newest is the release that the map begins with: the last half-year, or nil.
func (m *model) newest() *edition {
	for _, e := range m.releases {
		if e.Kind == kindHalfYear {
			return e
		}
	}
	if len(m.releases) > 0 {
		return m.releases[0]
	}
	return nil
}

// newestForces is the newest release that has figures by force; nil for none.
func (m *model) newestForces() *edition {
	for _, e := range m.releases {
		if len(e.Forces) > 0 {
			return e
		}
	}
	return nil
}

// bounds is the box around the hexagons of the finest resolution that has any:
// west, south, east, north in degrees.
func (e *edition) bounds() [4]float64 {
	box := [4]float64{-8.2, 49.8, 1.8, 59} // the United Kingdom, as long as nothing is shown
	for res := finestRes; res >= coarsestRes; res-- {
		first := true
		for _, c := range e.list {
			if c.Res != res {
				continue
			}
			if first {
				box, first = [4]float64{c.Lng, c.Lat, c.Lng, c.Lat}, false
			}
			box = [4]float64{min(box[0], c.Lng), min(box[1], c.Lat), max(box[2], c.Lng), max(box[3], c.Lat)}
		}
		if !first {
			break
		}
	}
	return box
}

// firstDay and lastDay are those of receipt.
func (e *edition) firstDay() time.Time { return day(e.From) }
func (e *edition) lastDay() time.Time  { return day(e.To).AddDate(0, 0, -1) }

// day reads YYYY-MM-DD; what is no day is the zero time.
func day(s string) time.Time {
	t, _ := time.Parse(time.DateOnly, s)
	return t
}
