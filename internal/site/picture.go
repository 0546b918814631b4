package site

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/streetsafe/streetsafe/internal/blob"
)

// pictureWidths are the sizes that there are, in pixels: a few, so that caches
// hold them and nobody can ask for a million.
var pictureWidths = []int{800, 400, 600, 1200, 1600}

func pictureHeight(width int) int { return width * 3 / 4 }

const (
	// maxPictures bounds the pictures in memory, of some 100 KB each, and
	// maxDrawing those that are drawn at once: the largest takes half a second of
	// a core.
	maxPictures = 64
	maxDrawing  = 2

	tilePixels = 256
	// bandShare of a picture is below the map: title, legend and what absence
	// means.
	bandShare = 0.2
	fitZoom   = 12 // a small area is not blown up beyond this
)

// ink are the colours of a look, as site.css has them.
type ink struct {
	card, text, quiet, sea, land, coast, borough, hexLine string
	hexes                                                 []string // low to high: scale.js
}

var (
	onLight = []string{"#dcea76", "#4ac16d", "#21918c", "#3b528b", "#440154"}
	onDark  = []string{"#404688", "#2b748e", "#22a884", "#7ad151", "#fde725"}

	inks = map[string]ink{
		"":         {"#ffffff", "#17212b", "#4d5966", "#dfe7ee", "#f8f8f5", "#aab6c1", "#97a0a9", "#ffffff", onLight},
		"dark":     {"#19212a", "#e8edf2", "#a9b5c1", "#0f1820", "#1b242d", "#465463", "#5c6874", "#080c14", onDark},
		"contrast": {"#ffffff", "#000000", "#000000", "#d8e2ea", "#ffffff", "#000000", "#000000", "#000000", onLight},
	}
)

func inkOf(look string) ink {
	if k, ok := inks[look]; ok {
		return k
	}
	return inks[""]
}

// colourOf is the colour of a class among so many.
func (k ink) colourOf(class, classes int) string {
	if classes < 2 {
		return k.hexes[2]
	}
	return k.hexes[int(math.Round(float64(class)*4/float64(classes-1)))]
}

// point is a place on a picture in pixels.
type point struct{ x, y float64 }

// painter draws on a picture: as SVG, or in pixels.
type painter interface {
	fill(rings [][]point, colour string, alpha float64)
	stroke(lines [][]point, colour string, width float64)
	text(t label)
	finish(title, description string) ([]byte, error)
}

// label is a line of text. Its position is the left or the middle of its
// baseline.
type label struct {
	at     point
	text   string
	size   float64
	bold   bool
	middle bool
	colour string
	halo   string // around the letters; "" for none
}

// outline is one hexagon of a release with its shape.
type outline struct {
	*cell
	ring [][2]float64 // longitude and latitude in degrees
}

// outlines reads the hexagons of a resolution once.
func (v *visit) outlines(e *edition, res int) ([]outline, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if list, ok := e.outlines[res]; ok {
		return list, nil
	}
	raw, _, ok := v.data.Open(fmt.Sprintf("/%s/res%d.geojson", e.ID, res))
	if !ok {
		return nil, fmt.Errorf("release %s has no outlines of resolution %d", e.ID, res)
	}
	var doc struct {
		Features []struct {
			Geometry   struct{ Coordinates [][][2]float64 }
			Properties struct{ Cell string }
		}
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	var list []outline
	for _, f := range doc.Features {
		if c := e.cells[f.Properties.Cell]; c != nil && len(f.Geometry.Coordinates) > 0 {
			list = append(list, outline{c, f.Geometry.Coordinates[0]})
		}
	}
	e.outlines[res] = list
	return list, nil
}

// scene is what a picture shows: a part of the world at a scale.
type scene struct {
	width, height float64 // of the map in pixels
	size          float64 // of the whole world in pixels
	x, y          float64 // of the left upper corner in those
	zoom          float64
}

// sceneOf looks at what a state asks for.
func sceneOf(q query, e *edition, width, height float64) scene {
	s := scene{width: width, height: height}
	if q.At != "" {
		var lat, lng float64
		var zoom int
		_, _ = fmt.Sscanf(q.At, "%f,%f,%d", &lat, &lng, &zoom) // parseAt wrote it
		// A state's zoom is of a map about 800 pixels wide.
		s.zoom = float64(zoom) + math.Log2(width/800)
		s.size = tilePixels * math.Exp2(s.zoom)
		x, y := project(lat, lng)
		s.x, s.y = x*s.size-width/2, y*s.size-height/2
		return s
	}
	box, ok := boxOf(q.Box)
	if !ok {
		box = e.bounds()
	}
	x0, y0 := project(box[3], box[0])
	x1, y1 := project(box[1], box[2])
	const room = 1.12 // around what is asked for
	s.zoom = math.Min(fitZoom+math.Log2(width/800), math.Log2(math.Min(width/((x1-x0)*room+1e-9), height/((y1-y0)*room+1e-9))/tilePixels))
	s.size = tilePixels * math.Exp2(s.zoom)
	s.x, s.y = (x0+x1)/2*s.size-width/2, (y0+y1)/2*s.size-height/2
	return s
}

func (s scene) at(lat, lng float64) point {
	x, y := project(lat, lng)
	return s.world(x, y)
}

// world places a point of the world's square.
func (s scene) world(x, y float64) point { return point{x*s.size - s.x, y*s.size - s.y} }

// resolution is what a release's tiles show at the scale, with the theme.
func (s scene) resolution(e *edition, theme string) int {
	z := int(math.Round(s.zoom - math.Log2(s.width/800)))
	res := coarsestRes
	for zoom, r := range e.Zooms {
		if n, err := strconv.Atoi(zoom); err == nil && n <= z && (theme == themes[0] || r <= themeRes) {
			res = max(res, r)
		}
	}
	return res
}

// picture answers with the map as it stands in an e-mail or on paper.
func (v *visit) picture() {
	q := parseQuery(v.r.URL.Query(), v.model)
	if !v.words.Has(q.Lang) {
		q.Lang = v.words.Pick("", "").Lang
	}
	width := pictureWidths[0]
	if n, err := strconv.Atoi(v.r.URL.Query().Get("w")); err == nil && slices.Contains(pictureWidths, n) {
		width = n
	}
	e := q.edition(v.model)
	if e == nil {
		v.data.ServeHTTP(v.w, v.r)
		return
	}
	state := query{Lang: q.Lang, Release: e.ID, Theme: q.Theme, At: q.At, Box: q.Box, Look: q.Look}
	vector := strings.HasSuffix(v.r.URL.Path, ".svg")
	key := fmt.Sprint(vector, width, state.String())
	b, err := v.model.pictures.get(key, func() (*blob.Blob, error) {
		select {
		case v.drawing <- struct{}{}:
			defer func() { <-v.drawing }()
			return v.draw(state, e, width, vector)
		case <-v.r.Context().Done():
			return nil, v.r.Context().Err()
		}
	})
	if v.r.Context().Err() != nil {
		return // nobody waits any more
	}
	if err != nil {
		v.cfg.Log.Error("a picture could not be made", "error", err)
		v.fail(http.StatusInternalServerError, http.StatusText(http.StatusInternalServerError))
		return
	}
	v.open(cachePage)
	if vector {
		v.w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'none'; sandbox")
	}
	b.Serve(v.w, v.r)
}

func (v *visit) draw(q query, e *edition, width int, vector bool) (*blob.Blob, error) {
	height := pictureHeight(width)
	var p painter = newRaster(width, height)
	typ := "image/png"
	if vector {
		p, typ = newSVG(width, height), "image/svg+xml"
	}
	c, err := v.compose(q, e, float64(width), float64(height))
	if err != nil {
		return nil, err
	}
	c.paint(p)
	raw, err := p.finish(c.title, c.description)
	if err != nil {
		return nil, err
	}
	return blob.New(typ, raw), nil
}
