package form

import (
	"bytes"
	"fmt"
	"html/template"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
	h3 "github.com/uber/h3-go/v4"
)

// quietZone is the white margin around a QR code that scanners need, in modules
// (ISO/IEC 18004).
const quietZone = 4

type posterData struct {
	Place    string // where the poster hangs, as it was asked for
	Label    string // in words
	Tag      string
	Code     template.HTML // the QR code as SVG
	Address  string        // the same in letters
	SVG, PNG string        // the code alone
	Ask      bool          // no place yet: show the form instead
}

// poster makes a page to print, with a code that opens the form near a place.
func (v *visit) poster() {
	out := v.newView("poster", "")
	q := v.r.URL.Query()
	data := posterData{Place: clip(q.Get("place")), Tag: cleanTag(q.Get("c"))}
	c, label, ok := v.posterPlace(data.Place)
	if !ok {
		data.Ask = true
		if data.Place != "" {
			out.Errors = []pageError{{"place", v.tr.T("poster.error.unknown")}}
		}
		out.Data = data
		v.render(http.StatusOK, out)
		return
	}
	link := v.posterLink(c, data.Tag)
	modules, err := encodeQR(link)
	if err != nil {
		v.trouble(http.StatusInternalServerError) // cannot happen: the address is short
		return
	}
	data.Label, data.Address = label, strings.TrimPrefix(strings.TrimPrefix(v.base(v.r), "https://"), "http://")+pathStart
	data.Code = template.HTML(modules.svg()) //nolint:gosec // made of numbers alone
	own := func(p string) string { return address(p, v.tr.Lang, "", "place", c.String(), "c", data.Tag) }
	data.SVG, data.PNG = own(pathPoster+".svg"), own(pathPoster+".png")
	out.Print, out.Data = true, data
	v.render(http.StatusOK, out)
}

// posterPlace finds what a poster is for: a cell, a position or a name.
func (v *visit) posterPlace(place string) (c h3.Cell, label string, ok bool) {
	if c, ok := parseHint(place); ok {
		return c, v.placeLabel(c), v.cfg.Area.Contains(centre(c))
	}
	list := v.find(place, false).found
	if len(list) == 0 {
		return 0, "", false
	}
	c, ok = parseHint(list[0].Cell)
	return c, list[0].Name, ok
}

// posterLink is what the code says: the form, the cell of the poster, and the
// campaign. It names nobody.
func (v *visit) posterLink(c h3.Cell, tag string) string {
	link := v.base(v.r) + pathStart + "?at=" + c.String()
	if tag != "" {
		link += "&c=" + tag
	}
	return link
}

// base returns the address of this site without a slash at its end.
func (h *Handler) base(r *http.Request) string {
	if h.cfg.BaseURL != "" {
		return h.cfg.BaseURL
	}
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func (v *visit) posterSVG() {
	if m, ok := v.posterCode(); ok {
		writeBody(v.w, http.StatusOK, "image/svg+xml", []byte(m.svg()))
	}
}

func (v *visit) posterPNG() {
	m, ok := v.posterCode()
	if !ok {
		return
	}
	body, err := m.png()
	if err != nil {
		v.trouble(http.StatusInternalServerError) // cannot happen: a small picture
		return
	}
	writeBody(v.w, http.StatusOK, "image/png", body)
}

func (v *visit) posterCode() (modules, bool) {
	q := v.r.URL.Query()
	c, _, ok := v.posterPlace(clip(q.Get("place")))
	if !ok {
		v.trouble(http.StatusNotFound)
		return modules{}, false
	}
	m, err := encodeQR(v.posterLink(c, cleanTag(q.Get("c"))))
	if err != nil {
		v.trouble(http.StatusInternalServerError) // cannot happen: the address is short
		return modules{}, false
	}
	return m, true
}

// modules are the squares of a QR code.
type modules struct{ code barcode.Barcode }

// encodeQR uses level Q, which survives a quarter of the code being dirty.
func encodeQR(text string) (modules, error) {
	c, err := qr.Encode(text, qr.Q, qr.Unicode)
	if err != nil {
		return modules{}, fmt.Errorf("QR code: %w", err)
	}
	return modules{c}, nil
}

func (m modules) size() int { return m.code.Bounds().Dx() }

func (m modules) dark(x, y int) bool {
	r, _, _, _ := m.code.At(x, y).RGBA()
	return r < 1<<15
}

// svg draws runs of dark modules, one unit each.
func (m modules) svg() string {
	n := m.size() + 2*quietZone
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges" class="qr"><path fill="#fff" d="M0 0h%dv%dH0z"/><path fill="#000" d="`, n, n, n, n)
	for y := range m.size() {
		for x := 0; x < m.size(); x++ {
			from := x
			for x < m.size() && m.dark(x, y) {
				x++
			}
			if x > from {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from+quietZone, y+quietZone, x-from, x-from)
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return b.String()
}

// modulePixels makes a picture of some 600 pixels, sharp on paper to 5 cm.
const modulePixels = 12

func (m modules) png() ([]byte, error) {
	n := (m.size() + 2*quietZone) * modulePixels
	img := image.NewPaletted(image.Rect(0, 0, n, n), color.Palette{color.White, color.Black})
	for y := range n {
		for x := range n {
			if mx, my := x/modulePixels-quietZone, y/modulePixels-quietZone; mx >= 0 && my >= 0 && mx < m.size() && my < m.size() && m.dark(mx, my) {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	var b bytes.Buffer
	err := png.Encode(&b, img)
	return b.Bytes(), err
}

// maxTag bounds a campaign tag; maxTags how many are told apart; posterStep is
// what their counts are rounded down to.
const (
	maxTag     = 24
	maxTags    = 1000
	posterStep = 10
)

// cleanTag keeps a tag that can name a campaign and hardly a person: at most 24
// lower-case letters, digits and hyphens. Anything else is no tag.
func cleanTag(s string) string {
	s = strings.ToLower(s)
	if len(s) > maxTag || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return ""
	}
	return s
}

// tally counts how often the posters of each campaign were opened, in memory.
// It counts openings of the first page, never reports.
type tally struct {
	mu    sync.Mutex // guards byTag
	byTag map[string]int
}

func newTally() *tally { return &tally{byTag: map[string]int{}} }

func (t *tally) count(tag string) {
	tag = cleanTag(tag)
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.byTag[tag]; tag == "" || !known && len(t.byTag) >= maxTags {
		return
	}
	t.byTag[tag]++
}

// PosterOpens tells how often the first page was opened from the posters of
// each campaign since the start of the process, for officers: in whole tens, so
// that a poster made for one person does not tell when they opened it.
func (h *Handler) PosterOpens() map[string]int {
	h.posters.mu.Lock()
	defer h.posters.mu.Unlock()
	out := map[string]int{}
	for tag, n := range h.posters.byTag {
		if tens := n / posterStep * posterStep; tens > 0 {
			out[tag] = tens
		}
	}
	return out
}

// Languages returns the tags of the languages the form speaks, English first.
func (h *Handler) Languages() []string {
	var out []string
	for _, tr := range h.words.all() {
		out = append(out, tr.Lang)
	}
	return slices.Clip(out)
}
