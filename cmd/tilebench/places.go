package main

import (
	"fmt"
	"math"
	"slices"

	h3 "github.com/uber/h3-go/v4"
)

// position is a place on the Web Mercator square, both coordinates in [0, 1),
// y down.
type position struct{ x, y float64 }

// places tells a trace where there is something to look at.
type places struct {
	// at are positions of reports, each as likely as any other: towns come up
	// as often as they have reports.
	at []position
	// filled are the tiles of zoom filledZoom that hold the centre of a cell
	// with reports, as Morton codes in order.
	filled []uint64
}

const (
	// samplePositions is enough that no town is missed, and nothing beside a
	// cube.
	samplePositions = 20_000

	filledZoom = 17
)

// collector gathers the places of a body while it is made.
type collector struct {
	every, seen int
	sample      []h3.Cell
	cells       []h3.Cell // all that came, made distinct now and then
	distinct    int
}

func newCollector(reports int) *collector {
	return &collector{every: max(1, reports/samplePositions)}
}

func (c *collector) see(cell h3.Cell) {
	if c.seen%c.every == 0 {
		c.sample = append(c.sample, cell)
	}
	c.seen++
	c.cells = append(c.cells, cell)
	if len(c.cells) > 2*c.distinct+1<<20 {
		c.compact()
	}
}

func (c *collector) compact() {
	slices.Sort(c.cells)
	c.cells = slices.Compact(c.cells)
	c.distinct = len(c.cells)
}

// places ends the gathering.
func (c *collector) places() (places, error) {
	c.compact()
	var p places
	for _, cell := range c.sample {
		at, err := centre(cell)
		if err != nil {
			return p, err
		}
		p.at = append(p.at, at)
	}
	for _, cell := range c.cells {
		at, err := centre(cell)
		if err != nil {
			return p, err
		}
		p.filled = append(p.filled, morton(uint32(at.x*(1<<filledZoom)), uint32(at.y*(1<<filledZoom))))
	}
	slices.Sort(p.filled)
	p.filled = slices.Clip(slices.Compact(p.filled))
	return p, nil
}

// has reports whether a cell with reports is centred in the tile. Tiles deeper
// than filledZoom have what the one above them has.
func (p *places) has(z, x, y uint32) bool {
	if z > filledZoom {
		x, y, z = x>>(z-filledZoom), y>>(z-filledZoom), filledZoom
	}
	shift := 2 * (filledZoom - z)
	first := morton(x, y) << shift
	i, _ := slices.BinarySearch(p.filled, first)
	return i < len(p.filled) && p.filled[i]>>shift == first>>shift
}

// morton interleaves the bits of a tile's column and row, so that the tiles
// below one of a lower zoom have codes in one run.
func morton(x, y uint32) uint64 { return spreadBits(x) | spreadBits(y)<<1 }

func spreadBits(v uint32) uint64 {
	b := uint64(v)
	b = (b | b<<16) & 0x0000ffff0000ffff
	b = (b | b<<8) & 0x00ff00ff00ff00ff
	b = (b | b<<4) & 0x0f0f0f0f0f0f0f0f
	b = (b | b<<2) & 0x3333333333333333
	return (b | b<<1) & 0x5555555555555555
}

func centre(c h3.Cell) (position, error) {
	p, err := c.LatLng()
	if err != nil {
		return position{}, fmt.Errorf("cell %s: %w", c, err)
	}
	return positionOf(p.Lat, p.Lng), nil
}

// positionOf projects degrees to the Web Mercator square.
func positionOf(lat, lng float64) position {
	sin := math.Sin(lat * math.Pi / 180)
	return position{
		x: clampUnit(lng/360 + 0.5),
		y: clampUnit(0.5 - math.Log((1+sin)/(1-sin))/(4*math.Pi)),
	}
}

func clampUnit(v float64) float64 { return min(max(v, 0), math.Nextafter(1, 0)) }
