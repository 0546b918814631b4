package site

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/streetsafe/streetsafe/internal/words"
)

const (
	// An embed is as wide as its column; oEmbed wants a number.
	defaultWidth = 640
	minWidth     = 240
	maxWidth     = 1600

	cacheAge = 3600 // seconds that a site may keep an answer
)

// oembedAnswer is a response of type rich (oEmbed 1.0, 2.3.4.4).
type oembedAnswer struct {
	Version         string `json:"version"`
	Type            string `json:"type"`
	Title           string `json:"title"`
	ProviderName    string `json:"provider_name"`
	ProviderURL     string `json:"provider_url"`
	CacheAge        int    `json:"cache_age"`
	HTML            string `json:"html"`
	Width           int    `json:"width"`
	Height          int    `json:"height"`
	ThumbnailURL    string `json:"thumbnail_url"`
	ThumbnailWidth  int    `json:"thumbnail_width"`
	ThumbnailHeight int    `json:"thumbnail_height"`
}

// oembed tells other sites how to embed a page of this one.
func (v *visit) oembed() {
	asked := v.r.URL.Query()
	switch asked.Get("format") {
	case "", "json":
	default: // oEmbed 1.0, 2.3.3
		v.fail(http.StatusNotImplemented, "This provider answers in JSON only: format=json.")
		return
	}
	q, base, ok := v.embeddable(asked.Get("url"))
	if !ok {
		v.fail(http.StatusNotFound, "The url parameter is not a map of this site.")
		return
	}
	width := bounded(asked.Get("maxwidth"), defaultWidth, minWidth, maxWidth)
	if most := bounded(asked.Get("maxheight"), maxHeight+embedChrome, 1, maxHeight+embedChrome); q.height()+embedChrome > most {
		q.Height = max(minHeight, most-embedChrome)
	}
	out := &view{Translator: v.words.Pick(q.Lang, ""), Query: q, Absolute: base}
	s := v.snippets(out, q)
	a := oembedAnswer{Version: "1.0", Type: "rich", Title: s.Title, ProviderName: "StreetSafe", ProviderURL: base, CacheAge: cacheAge,
		HTML: frame(base, q, s, width), Width: width, Height: s.Frame,
		ThumbnailURL: s.Picture + "&w=" + strconv.Itoa(pictureWidths[0]), ThumbnailWidth: pictureWidths[0], ThumbnailHeight: pictureHeight(pictureWidths[0])}
	raw, err := json.Marshal(a)
	if err != nil { // it holds numbers and texts alone
		v.fail(http.StatusInternalServerError, "")
		return
	}
	v.sendJSON(cachePage, raw)
}

// bounded reads a number within bounds; what is none gives the default.
func bounded(s string, otherwise, least, most int) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return otherwise
	}
	return min(max(n, least), most)
}

// embeddable reads the address of a map of this site, and gives its state and
// the root under which it was asked.
func (v *visit) embeddable(address string) (q query, base string, ok bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
		return q, "", false
	}
	root, err := url.Parse(v.base())
	if err != nil || !strings.EqualFold(u.Host, root.Host) {
		return q, "", false
	}
	if v.cfg.Base == "" {
		root.Scheme = u.Scheme // a proxy may speak TLS for us
	}
	switch strings.TrimPrefix(u.Path, root.Path) {
	case "map", "embed":
		q = parseQuery(u.Query(), v.model)
		q.Body, q.Status, q.Cell = "", "", ""
		if !v.words.Has(q.Lang) {
			q.Lang = words.Fallback
		}
		if _, fits := accentFits(q.Look, q.Accent); !fits {
			q.Accent = ""
		}
		return q, root.String(), strings.HasPrefix(u.Path, root.Path)
	}
	return q, "", false
}

// snippets are the ways of embedding a state.
type snippets struct {
	Title, Alt, Iframe, Script string
	Picture, PictureSVG, Image string // the address of a picture, and the line that shows it
	Frame                      int    // height of the frame in pixels
}

// snippets makes them.
func (v *visit) snippets(out *view, q query) snippets {
	s := snippets{Title: v.titleOf(out, q), Frame: q.height() + embedChrome}
	s.Iframe = frame(out.Absolute, q, s, 0)
	s.Script = fmt.Sprintf(`<script async src="%s" data-map="%s" data-title="%s"></script>`, html.EscapeString(out.Absolute+strings.TrimPrefix(pathScript, "/")),
		html.EscapeString(q.String()), html.EscapeString(s.Title))
	picture := q
	picture.Height, picture.View, picture.Cell = 0, "", ""
	s.Picture = out.Absolute + "picture/map.png?" + picture.String()
	if e := q.edition(v.model); e != nil {
		width := float64(pictureWidths[0])
		if c, err := v.compose(picture, e, width, float64(pictureHeight(pictureWidths[0]))); err == nil {
			s.Alt = c.title + ". " + c.description
		}
	}
	s.PictureSVG = strings.Replace(s.Picture, "map.png", "map.svg", 1)
	s.Image = fmt.Sprintf(`<img src="%s" alt="%s" width="%d" height="%d">`, html.EscapeString(s.Picture), html.EscapeString(s.Alt), pictureWidths[0], pictureHeight(pictureWidths[0]))
	return s
}

// titleOf names an embed for those who cannot see it.
func (v *visit) titleOf(out *view, q query) string {
	if f := v.model.newestForces(); f != nil && q.View == viewForces {
		return out.T("embed.reasons", "Year", f.Year)
	}
	e := q.edition(v.model)
	if e == nil {
		return out.T("map.title")
	}
	return out.T("embed.title", "Period", e.period(out.Translator))
}

// frame is one line that embeds a state; width 0 is that of the column.
func frame(base string, q query, s snippets, width int) string {
	wide := "100%"
	if width > 0 {
		wide = strconv.Itoa(width)
	}
	return fmt.Sprintf(`<iframe src="%s" title="%s" width="%s" height="%d" loading="lazy" style="border:0;max-width:100%%"></iframe>`,
		html.EscapeString(base+"embed?"+q.String()), html.EscapeString(s.Title), wide, s.Frame)
}
