package site

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"strconv"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// rasterPainter draws a picture in pixels.
type rasterPainter struct {
	img *image.RGBA
	r   *vector.Rasterizer
	err error
}

var _ painter = (*rasterPainter)(nil)

func newRaster(width, height int) *rasterPainter {
	return &rasterPainter{img: image.NewRGBA(image.Rect(0, 0, width, height)), r: vector.NewRasterizer(width, height)}
}

// rgba reads "#rrggbb".
func rgba(colour string, alpha float64) color.NRGBA {
	n, _ := strconv.ParseUint(colour[1:], 16, 32) // the colours are ours
	return color.NRGBA{uint8(n >> 16), uint8(n >> 8), uint8(n), uint8(math.Round(alpha * 255))}
}

// clamp keeps far points near, where the rasteriser does not have to walk to.
func (p *rasterPainter) clamp(at point) (x, y float32) {
	const margin = 4
	b := p.img.Bounds()
	return float32(min(max(at.x, -margin), float64(b.Dx()+margin))), float32(min(max(at.y, -margin), float64(b.Dy()+margin)))
}

func (p *rasterPainter) flush(colour string, alpha float64) {
	p.r.DrawOp = draw.Over
	p.r.Draw(p.img, p.img.Bounds(), image.NewUniform(rgba(colour, alpha)), image.Point{})
}

// ring adds one outline to what the next flush draws. All turn the same way: the
// rasteriser would take the area of one that turns back from the others'.
func (p *rasterPainter) ring(ring []point) {
	area := 0.0
	for i, at := range ring {
		next := ring[(i+1)%len(ring)]
		area += at.x*next.y - next.x*at.y
	}
	for i := range ring {
		k := i
		if area < 0 {
			k = len(ring) - 1 - i
		}
		x, y := p.clamp(ring[k])
		if i == 0 {
			p.r.MoveTo(x, y)
		} else {
			p.r.LineTo(x, y)
		}
	}
	p.r.ClosePath()
}

func (p *rasterPainter) fill(rings [][]point, colour string, alpha float64) {
	b := p.img.Bounds()
	p.r.Reset(b.Dx(), b.Dy())
	for _, ring := range rings {
		p.ring(ring)
	}
	p.flush(colour, alpha)
}

// stroke draws each piece of a line as a thin rectangle.
func (p *rasterPainter) stroke(lines [][]point, colour string, width float64) {
	b := p.img.Bounds()
	p.r.Reset(b.Dx(), b.Dy())
	for _, line := range lines {
		for i := 1; i < len(line); i++ {
			a, c := line[i-1], line[i]
			d := math.Hypot(c.x-a.x, c.y-a.y)
			if d == 0 || max(a.x, c.x) < 0 || max(a.y, c.y) < 0 || min(a.x, c.x) > float64(b.Dx()) || min(a.y, c.y) > float64(b.Dy()) {
				continue
			}
			nx, ny := -(c.y-a.y)/d*width/2, (c.x-a.x)/d*width/2
			p.ring([]point{{a.x + nx, a.y + ny}, {c.x + nx, c.y + ny}, {c.x - nx, c.y - ny}, {a.x - nx, a.y - ny}})
		}
	}
	p.flush(colour, 1)
}

func (p *rasterPainter) text(t label) {
	ttf := goregular.TTF
	if t.bold {
		ttf = gobold.TTF
	}
	f, err := opentype.Parse(ttf)
	if err != nil {
		p.err = err
		return
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: t.size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		p.err = err
		return
	}
	defer face.Close()
	d := font.Drawer{Dst: p.img, Face: face}
	left := t.at.x
	if t.middle {
		left -= float64(d.MeasureString(t.text)) / 64 / 2
	}
	write := func(colour string, dx, dy float64) {
		d.Src = image.NewUniform(rgba(colour, 1))
		d.Dot = fixed.Point26_6{X: fixed.Int26_6(math.Round((left + dx) * 64)), Y: fixed.Int26_6(math.Round((t.at.y + dy) * 64))}
		d.DrawString(t.text)
	}
	if t.halo != "" {
		for k := range 8 {
			a := float64(k) * math.Pi / 4
			write(t.halo, 1.4*math.Cos(a), 1.4*math.Sin(a))
		}
	}
	write(t.colour, 0, 0)
}

func (p *rasterPainter) finish(string, string) ([]byte, error) {
	if p.err != nil {
		return nil, fmt.Errorf("picture: %w", p.err)
	}
	var b bytes.Buffer
	err := png.Encode(&b, p.img)
	return b.Bytes(), err
}
