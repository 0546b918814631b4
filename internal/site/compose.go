package site

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// composition is a picture before it is drawn.
type composition struct {
	scene
	ink
	full               float64 // height with the band below the map
	title, description string
	absence, source    string
	legend             string
	breaks             []int
	hexes              []drawnHex
	base               *baseMap
	names              []placeName
}

type drawnHex struct {
	ring  []point
	class int
}

// compose finds what is to be seen: hexagons within the map, with words for
// those who cannot see it.
func (v *visit) compose(q query, e *edition, width, height float64) (*composition, error) {
	tr := v.words.Pick(q.Lang, "")
	c := &composition{scene: sceneOf(q, e, width, height*(1-bandShare)), ink: inkOf(q.Look), full: height, base: v.assets.base, names: v.assets.names}
	theme := q.theme()
	res := c.resolution(e, theme)
	list, err := v.outlines(e, res)
	if err != nil {
		return nil, err
	}
	c.breaks = v.model.breaks[e.Kind][theme][res]
	column, n, low, high := slices.Index(themes, theme), 0, 0, 0
	for _, o := range list {
		count := o.counts[column]
		if count == 0 {
			continue
		}
		hex := drawnHex{class: classOf(c.breaks, count)}
		for _, p := range o.ring {
			hex.ring = append(hex.ring, c.at(p[1], p[0]))
		}
		if !touches(hex.ring, c.width, c.height) {
			continue
		}
		c.hexes = append(c.hexes, hex)
		if at := c.at(o.Lat, o.Lng); at.x >= 0 && at.x <= c.width && at.y >= 0 && at.y <= c.height {
			n++
			high = max(high, count)
			if low == 0 || count < low {
				low = count
			}
		}
	}
	c.title = tr.T("embed.title", "Period", e.period(tr))
	if theme != themes[0] {
		c.title += ": " + tr.T("theme."+theme)
	}
	if e.Synthetic {
		c.title = tr.T("synthetic.title") + " " + c.title
	}
	c.absence, c.source, c.legend = tr.T("read.absence.bold"), tr.T("picture.source"), tr.T("js.legend")
	c.description = tr.T("picture.none")
	if n > 0 {
		c.description = tr.T("picture.alt", "Count", n, "Low", low, "High", high)
	}
	c.description += " " + c.absence
	return c, nil
}

func classOf(breaks []int, n int) int {
	k := len(breaks) - 1
	for k > 0 && n < breaks[k] {
		k--
	}
	return max(k, 0)
}

func touches(ring []point, width, height float64) bool {
	x0, y0, x1, y1 := box(ring)
	return x1 >= 0 && x0 <= width && y1 >= 0 && y0 <= height
}

func box(ring []point) (x0, y0, x1, y1 float64) {
	x0, y0, x1, y1 = math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, p := range ring {
		x0, y0, x1, y1 = min(x0, p.x), min(y0, p.y), max(x1, p.x), max(y1, p.y)
	}
	return x0, y0, x1, y1
}

func rectangle(x, y, w, h float64) [][]point {
	return [][]point{{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}}}
}

func (c *composition) paint(p painter) {
	c.ground(p)
	for class := range max(len(c.breaks), 1) {
		var rings [][]point
		for _, h := range c.hexes {
			if h.class == class {
				rings = append(rings, h.ring)
			}
		}
		if len(rings) > 0 {
			p.fill(rings, c.colourOf(class, len(c.breaks)), 0.85)
			p.stroke(closed(rings), c.hexLine, 0.6)
		}
	}
	if c.zoom > 7 {
		p.stroke(c.shapes(c.base.boroughs), c.borough, 0.8)
	}
	c.labels(p)
	c.band(p)
}

// closed repeats the first point of rings, which strokes need.
func closed(rings [][]point) [][]point {
	out := make([][]point, len(rings))
	for i, r := range rings {
		out[i] = append(slices.Clone(r), r[0])
	}
	return out
}

func (c *composition) ground(p painter) {
	p.fill(rectangle(0, 0, c.width, c.height), c.sea, 1)
	p.fill(c.shapes(c.base.world), c.land, 1)
	a, b := c.world(c.base.box[0], c.base.box[1]), c.world(c.base.box[2], c.base.box[3])
	p.fill(rectangle(a.x, a.y, b.x-a.x, b.y-a.y), c.sea, 1)
	land := c.shapes(c.base.land)
	p.fill(land, c.land, 1)
	p.stroke(land, c.coast, 1)
	p.stroke(c.shapes(c.base.borders), c.coast, 1)
}

// shapes are those lines of the basemap that the picture shows.
func (c *composition) shapes(list [][]point) [][]point {
	var out [][]point
	for _, shape := range list {
		line := make([]point, len(shape))
		for i, w := range shape {
			line[i] = c.world(w.x, w.y)
		}
		if touches(line, c.width, c.height) {
			out = append(out, line)
		}
	}
	return out
}

// labels writes names of places, the most important first, none over another.
func (c *composition) labels(p painter) {
	unit := c.unit()
	zoom := c.zoom - math.Log2(c.width/800)
	var taken [][4]float64
	for _, n := range c.names {
		at := c.world(n.x, n.y)
		if float64(n.from) > zoom || at.x < 0 || at.x > c.width || at.y < 12*unit || at.y > c.height-4*unit {
			continue
		}
		half := float64(len(n.name)) * 3.6 * unit
		own := [4]float64{at.x - half, at.y - 12*unit, at.x + half, at.y + 4*unit}
		if own[0] < 2 || own[2] > c.width-2 || slices.ContainsFunc(taken, func(o [4]float64) bool {
			return own[0] < o[2] && own[2] > o[0] && own[1] < o[3] && own[3] > o[1]
		}) {
			continue
		}
		taken = append(taken, own)
		p.text(label{at: at, text: n.name, size: 12 * unit, bold: n.from < 9, middle: true, colour: c.text, halo: c.land})
	}
}

// unit is a pixel of a picture 800 wide.
func (c *composition) unit() float64 { return c.width / 800 }

// band is what stands below the map.
func (c *composition) band(p painter) {
	u, top := c.unit(), c.height
	p.fill(rectangle(0, top, c.width, c.full-top), c.card, 1)
	p.text(label{at: point{16 * u, top + 29*u}, text: c.title, size: 18 * u, bold: true, colour: c.text})
	x := 16 * u
	p.text(label{at: point{x, top + 54*u}, text: c.legend, size: 13 * u, colour: c.text})
	x += float64(len([]rune(c.legend)))*7*u + 14*u
	for i, low := range c.breaks {
		words := strconv.Itoa(low) + "+"
		if i+1 < len(c.breaks) {
			words = fmt.Sprintf("%d–%d", low, c.breaks[i+1]-1)
		}
		p.fill(rectangle(x, top+42*u, 16*u, 15*u), c.colourOf(i, len(c.breaks)), 1)
		p.stroke(closed(rectangle(x, top+42*u, 16*u, 15*u)), c.quiet, 0.8)
		p.text(label{at: point{x + 22*u, top + 54*u}, text: words, size: 13 * u, colour: c.text})
		x += (22 + float64(len([]rune(words)))*7.4 + 16) * u
	}
	p.text(label{at: point{16 * u, top + 77*u}, text: c.absence, size: 13 * u, bold: true, colour: c.text})
	for i, line := range wrap(c.source, sourceLine) {
		p.text(label{at: point{16 * u, top + (96+14*float64(i))*u}, text: line, size: 10.5 * u, colour: c.quiet})
	}
}

// sourceLine is how many letters of the smallest text are in a line.
const sourceLine = 138

// wrap breaks a text between words.
func wrap(text string, most int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len([]rune(line+" "+word)) > most {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	return append(lines, line)
}

// baseMap is the offline basemap in the square of the world.
type baseMap struct {
	world, land, borders, boroughs [][]point
	box                            [4]float64 // left, top, right, bottom of what land is about
}

// placeName is a name on the map from a zoom on.
type placeName struct {
	name string
	x, y float64 // in the square of the world
	from int
	row  name // as in the file
}

// readBase reads the parts of the basemap: lines of differences, longitude first.
func readBase(parts ...[]byte) (*baseMap, error) {
	var doc struct {
		Scale                          float64
		Box                            [4]float64
		World, Land, Borders, Boroughs [][]float64
	}
	for _, raw := range parts {
		if err := json.Unmarshal(raw, &doc); err != nil {
			return nil, fmt.Errorf("basemap: %w", err)
		}
	}
	lines := func(list [][]float64) [][]point {
		out := make([][]point, 0, len(list))
		for _, l := range list {
			line := make([]point, 0, len(l)/2)
			lng, lat := 0.0, 0.0
			for i := 0; i+1 < len(l); i += 2 {
				lng, lat = lng+l[i], lat+l[i+1]
				x, y := project(lat/doc.Scale, lng/doc.Scale)
				line = append(line, point{x, y})
			}
			out = append(out, line)
		}
		return out
	}
	b := &baseMap{world: lines(doc.World), land: lines(doc.Land), borders: lines(doc.Borders), boroughs: lines(doc.Boroughs)}
	b.box[0], b.box[1] = project(doc.Box[3], doc.Box[0])
	b.box[2], b.box[3] = project(doc.Box[1], doc.Box[2])
	return b, nil
}

// readNames reads names of places, the most important first.
func (l labels) readNames() ([]placeName, error) {
	var out []placeName
	for zoom, list := range l.Zooms {
		from, err := strconv.Atoi(zoom)
		if err != nil {
			return nil, fmt.Errorf("names of places: %w", err)
		}
		for _, n := range list {
			text, ok1 := n[0].(string)
			lng, ok2 := n[1].(float64)
			lat, ok3 := n[2].(float64)
			if !ok1 || !ok2 || !ok3 {
				return nil, fmt.Errorf("names of places: %v is no name with a place", n)
			}
			x, y := project(lat/float64(l.Scale), lng/float64(l.Scale))
			out = append(out, placeName{text, x, y, from, n})
		}
	}
	slices.SortFunc(out, func(a, b placeName) int {
		if a.from != b.from {
			return a.from - b.from
		}
		return strings.Compare(a.name, b.name)
	})
	return out, nil
}
