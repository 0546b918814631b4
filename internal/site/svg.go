package site

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"strconv"
)

// svgPainter writes a picture as SVG 1.1 without styles, scripts or links, so
// that mail programs and word processors take it.
type svgPainter struct {
	width, height int
	b             bytes.Buffer
}

var _ painter = (*svgPainter)(nil)

func newSVG(width, height int) *svgPainter { return &svgPainter{width: width, height: height} }

// number writes a coordinate with one decimal at most.
func number(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

func (p *svgPainter) path(lines [][]point, end string) {
	p.b.WriteString(`<path d="`)
	for _, line := range lines {
		for i, at := range line {
			command := "L"
			if i == 0 {
				command = "M"
			}
			p.b.WriteString(command + number(at.x) + " " + number(at.y))
		}
		p.b.WriteString(end)
	}
	p.b.WriteByte('"')
}

func (p *svgPainter) fill(rings [][]point, colour string, alpha float64) {
	if len(rings) == 0 {
		return
	}
	p.path(rings, "Z")
	fmt.Fprintf(&p.b, ` fill="%s"`, colour)
	if alpha < 1 {
		fmt.Fprintf(&p.b, ` fill-opacity="%s"`, strconv.FormatFloat(alpha, 'f', -1, 64))
	}
	p.b.WriteString("/>\n")
}

func (p *svgPainter) stroke(lines [][]point, colour string, width float64) {
	if len(lines) == 0 {
		return
	}
	p.path(lines, "")
	fmt.Fprintf(&p.b, ` fill="none" stroke="%s" stroke-width="%s"/>`+"\n", colour, number(width))
}

func (p *svgPainter) text(t label) {
	fmt.Fprintf(&p.b, `<text x="%s" y="%s" font-size="%s" fill="%s"`, number(t.at.x), number(t.at.y), number(t.size), t.colour)
	if t.bold {
		p.b.WriteString(` font-weight="600"`)
	}
	if t.middle {
		p.b.WriteString(` text-anchor="middle"`)
	}
	if t.halo != "" {
		fmt.Fprintf(&p.b, ` stroke="%s" stroke-width="3" stroke-linejoin="round" paint-order="stroke"`, t.halo)
	}
	p.b.WriteString(">" + html.EscapeString(t.text) + "</text>\n")
}

func (p *svgPainter) finish(title, description string) ([]byte, error) {
	head := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-labelledby="t d" font-family="system-ui, Arial, sans-serif">
<title id="t">%s</title><desc id="d">%s</desc>
`, p.width, p.height, p.width, p.height, html.EscapeString(title), html.EscapeString(description))
	return append(append([]byte(head), p.b.Bytes()...), "</svg>\n"...), nil
}
