package site

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"

	"github.com/streetsafe/streetsafe/internal/blob"
)

const (
	pathEmbed   = "/embed"
	pathBuilder = "/embed/builder"
	pathScript  = "/embed/v1.js"

	// The script version may be mended, and the pages that use it must get that
	// within a day.
	cacheScript = "public, max-age=86400"

	// embedChrome is about what stands above and below an embed's map.
	embedChrome = 172

	defaultAccent = "#1f4e79" // site.css
)

// embedData is what an embed says without a script.
type embedData struct {
	mapData
	Full string // the same view on a page of its own
}

// embed is the page that others frame.
func (v *visit) embed() {
	v.page("embed", v.cfg.EmbedOrigins, func(out *view) error {
		if _, ok := accentFits(out.Query.Look, out.Query.Accent); !ok {
			out.Query.Accent = ""
		}
		e := out.Query.edition(v.model)
		cfg := v.scriptConfig(out, e)
		cfg.Origins = v.cfg.EmbedOrigins
		out.Config = cfg
		full := out.Query
		full.Height, full.Accent, full.View = 0, "", ""
		out.Data = embedData{v.mapData(out, e), out.Absolute + "map?" + full.String()}
		return nil
	})
}

// script is what pages load to embed a map that sizes itself.
func (v *visit) script() {
	v.open(cacheScript)
	v.assets.byName["site/v1.js"].Serve(v.w, v.r)
}

// builderData is the page that makes embeds.
type builderData struct {
	mapData
	snippets
	Looks   []choice
	Colour  string // as the field has it
	Hint    string // what is wrong with the colour
	Height  int
	Preview string
	Areas   []choice // forces with the box around each
}

// builder makes the line that embeds a map.
func (v *visit) builder() {
	v.page("builder", nil, func(out *view) error {
		q, e := out.Query, out.Query.edition(v.model)
		out.Config = v.scriptConfig(out, e)
		d := builderData{mapData: v.mapData(out, e), Height: q.height(), Colour: defaultAccent}
		for _, l := range append([]string{""}, looks...) {
			d.Looks = append(d.Looks, choice{l, out.T("look." + cmp.Or(l, "auto")), l == q.Look})
		}
		if q.Accent != "" {
			d.Colour = "#" + q.Accent
			if ratio, ok := accentFits(q.Look, q.Accent); !ok {
				d.Hint = out.T(hintOf(ratio), "Ratio", strconv.FormatFloat(ratio, 'f', 1, 64))
				q.Accent = ""
			}
		}
		if f := v.model.newestForces(); f != nil {
			for _, force := range f.Forces {
				if b := force.Box; b != nil {
					at := fmt.Sprintf("%.4f,%.4f,%.4f,%.4f", b[0], b[1], b[2], b[3])
					d.Areas = append(d.Areas, choice{at, force.Name, at == q.Box})
				}
			}
		}
		d.snippets, d.Preview = v.snippets(out, q), "../embed?"+q.String()
		out.Data = d
		return nil
	})
}

// hintOf tells what a colour of too little contrast is still good for.
func hintOf(ratio float64) string {
	if ratio < leastControl {
		return "builder.accent.faint"
	}
	return "builder.accent.text"
}

// sendJSON answers with a document that any page may read.
func (v *visit) sendJSON(cache string, raw []byte) {
	v.open(cache)
	blob.New(typeJSON, raw).Serve(v.w, v.r)
}

// fail answers in one line what is wrong.
func (v *visit) fail(status int, text string) {
	v.open("public, max-age=60")
	v.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	v.w.WriteHeader(status)
	if v.r.Method != http.MethodHead {
		_, _ = v.w.Write([]byte(text + "\n")) // the client may be gone, and there is nobody else to tell
	}
}
