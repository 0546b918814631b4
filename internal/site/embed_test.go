package site_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"html"
	"image/png"
	"io"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/site"
)

func TestEmbed_framing(t *testing.T) {
	for name, tt := range map[string]struct {
		origins []string
		want    string
	}{
		"unless said otherwise every page over TLS": {nil, "frame-ancestors 'self' https: http://localhost:* http://127.0.0.1:*"},
		"a list": {[]string{"https://www.example.gov.uk", "https://*.example.org"}, "frame-ancestors 'self' https://www.example.gov.uk https://*.example.org"},
	} {
		t.Run(name, func(t *testing.T) {
			s := fixture(t, site.Config{EmbedOrigins: tt.origins})
			w := get(s, "/embed")
			if csp := w.Header().Get("Content-Security-Policy"); !strings.HasSuffix(csp, tt.want) || w.Header().Get("X-Frame-Options") != "" {
				t.Errorf("policy %q, expected %q", csp, tt.want)
			}
			if w.Header().Get("Set-Cookie") != "" {
				t.Error("an embed sets a cookie")
			}
			for _, p := range []string{"/map", "/embed/builder", "/whatchanged"} {
				if csp := get(s, p).Header().Get("Content-Security-Policy"); !strings.HasSuffix(csp, "frame-ancestors 'none'") {
					t.Errorf("%s may be framed: %q", p, csp)
				}
			}
		})
	}
}

// What a first view loads, compressed, before any tile: scripts with all that
// they import, styles, the basemap and the names of a town and its surroundings.
func TestEmbed_underHundredKilobytes(t *testing.T) {
	s := shared(t)
	size := func(target string) int {
		w := get(s, target, "Accept-Encoding", "br")
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d", target, w.Code)
		}
		return w.Body.Len()
	}
	page := get(s, "/embed").Body.String()
	total, seen := size("/embed"), map[string]bool{}
	load := func(target string) {
		if !seen[target] {
			seen[target] = true
			total += size(target)
		}
	}
	root := ""
	for _, m := range regexp.MustCompile(`(?:href|src)="(site/a/[^"]+\.(?:js|css))"`).FindAllStringSubmatch(page, -1) {
		if path.Base(m[1]) != "noscript.css" {
			load("/" + m[1])
		}
		root, _, _ = strings.Cut("/"+m[1], "/site/site.css")
	}
	root = root[:strings.Index(root, "/a/")+3+12] + "/"
	for _, name := range []string{"app/basemap.js", "basemap/base.json", "basemap/labels-few.json", "basemap/labels-255-170.json", "basemap/labels-256-170.json", "basemap/labels-255-171.json", "basemap/labels-256-171.json"} {
		load(root + name)
	}
	// A screen of tiles is some 10 KB more; the browser test counts those too.
	const most = 82_000
	t.Logf("%d bytes in %d files", total, len(seen)+1)
	if total > most || len(seen) < 15 {
		t.Errorf("an embed loads %d bytes in %d files, at most %d may be", total, len(seen), most)
	}
}

func TestEmbed_reasons(t *testing.T) {
	s := shared(t)
	page := get(s, "/embed?view=forces&force=london&look=contrast").Body.String()
	for _, want := range []string{"Why people feel unsafe, 2025", "1,045", `data-look="contrast"`, "Absence of colour is not safety."} {
		if !strings.Contains(page, want) {
			t.Errorf("the table lacks %q", want)
		}
	}
	if strings.Contains(page, "leaflet.js") {
		t.Error("a table loads the map")
	}
}

// A colour that cannot be read is not used, and the builder says why.
func TestAccent(t *testing.T) {
	s := shared(t)
	for _, tt := range []struct {
		query, hint string
		used        bool
	}{
		{"accent=1f4e79", "", true},
		{"accent=8a8a8a", "That is enough for lines, but text needs 4.5 to 1.", false},
		{"accent=ffee00", "Lines and buttons need 3 to 1, text 4.5 to 1.", false},
		{"accent=ffee00&look=dark", "", true},
		{"accent=1f4e79&look=dark", "Refused: contrast", false},
	} {
		colour := strings.TrimPrefix(strings.Split(tt.query, "&")[0], "accent=")
		page := html.UnescapeString(get(s, "/embed?"+tt.query).Body.String())
		if got := strings.Contains(page, `"accent":"`+colour+`"`); got != tt.used {
			t.Errorf("%s: used %v", tt.query, got)
		}
		builder := get(s, "/embed/builder?"+tt.query).Body.String()
		hint := regexp.MustCompile(`id="accent-hint"[^>]*>([^<]*)`).FindStringSubmatch(builder)
		if hint == nil || !strings.Contains(hint[1], tt.hint) || tt.hint == "" && hint[1] != "" {
			t.Errorf("%s: the builder says %q, expected %q", tt.query, hint, tt.hint)
		}
		iframe := regexp.MustCompile(`<textarea id="iframe"[^>]*>([^<]*)`).FindStringSubmatch(builder)
		if iframe == nil || strings.Contains(iframe[1], "accent=") != tt.used {
			t.Errorf("%s: the line to copy is %q", tt.query, iframe)
		}
	}
}

func TestBuilder_lines(t *testing.T) {
	s := fixture(t, site.Config{Base: "https://maps.example.org/"})
	page := get(s, "/embed/builder?box=-0.2,51.3,0,51.4&lang=cy&h=500&theme=environmental").Body.String()
	text := func(id string) string {
		m := regexp.MustCompile(`<textarea id="` + id + `"[^>]*>([^<]*)`).FindStringSubmatch(page)
		if m == nil {
			t.Fatalf("no %s", id)
		}
		return html.UnescapeString(m[1])
	}
	const state = "lang=cy&amp;theme=environmental&amp;box=-0.2000,51.3000,0.0000,51.4000"
	if got := text("iframe"); !strings.HasPrefix(got, `<iframe src="https://maps.example.org/embed?`+state+`&amp;h=500" title="Ble mae pobl`) || strings.Contains(got, "\n") || !strings.HasSuffix(got, "</iframe>") {
		t.Errorf("iframe: %s", got)
	}
	if got := text("script"); !strings.HasPrefix(got, `<script async src="https://maps.example.org/embed/v1.js" data-map="`+state) {
		t.Errorf("script: %s", got)
	}
	if got := text("image"); !strings.HasPrefix(got, `<img src="https://maps.example.org/picture/map.png?`+state+`" alt="`) || !strings.Contains(got, "1 hecsagon, gyda thua 200 i 200 adroddiad") {
		t.Errorf("picture: %s", got)
	}
	if !strings.Contains(page, `<option value="-0.5000,51.2000,0.3000,51.7000">London, all of it</option>`) {
		t.Error("no area to choose for a force with an outline")
	}
	w := get(s, "/embed/v1.js")
	if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "public, max-age=86400" || w.Header().Get("Cross-Origin-Resource-Policy") != "cross-origin" || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/javascript") {
		t.Errorf("the script: %d %v", w.Code, w.Header())
	}
}

func TestOEmbed(t *testing.T) {
	s := fixture(t, site.Config{Base: "https://maps.example.org/public/"})
	ask := func(params ...string) (int, map[string]any, http.Header) {
		q := url.Values{}
		for i := 0; i < len(params); i += 2 {
			q.Set(params[i], params[i+1])
		}
		w := get(s, "/oembed?"+q.Encode())
		var a map[string]any
		_ = json.Unmarshal(w.Body.Bytes(), &a) // errors have no JSON
		return w.Code, a, w.Header()
	}
	code, a, head := ask("url", "https://maps.example.org/public/map?theme=both&lang=cy", "format", "json")
	if code != http.StatusOK || head.Get("Content-Type") != "application/json" || a["version"] != "1.0" || a["type"] != "rich" || a["width"] != 640.0 || a["height"] != 592.0 {
		t.Errorf("%d %v %v", code, a, head)
	}
	if h, _ := a["html"].(string); !strings.Contains(h, `src="https://maps.example.org/public/embed?lang=cy&amp;theme=both"`) {
		t.Errorf("html %s", h)
	}
	if thumb, _ := a["thumbnail_url"].(string); get(s, strings.TrimPrefix(thumb, "https://maps.example.org/public")).Header().Get("Content-Type") != "image/png" {
		t.Errorf("thumbnail %s is no picture", thumb)
	}
	if _, a, _ := ask("url", "https://maps.example.org/public/embed?h=900", "maxwidth", "300", "maxheight", "500"); a["width"] != 300.0 || a["height"] != 500.0 {
		t.Errorf("within 300 by 500: %v by %v", a["width"], a["height"])
	}
	if code, _, _ := ask("url", "https://maps.example.org/public/map", "format", "xml"); code != http.StatusNotImplemented {
		t.Errorf("XML gives %d", code)
	}
	for _, address := range []string{"", "https://evil.example/map", "https://maps.example.org/map", "https://maps.example.org/public/manifest.json", "https://x@maps.example.org/public/map", "javascript:alert(1)", "https://maps.example.org.evil.example/public/map"} {
		if code, _, _ := ask("url", address); code != http.StatusNotFound {
			t.Errorf("%q gives %d", address, code)
		}
	}
	// Pages lead to it.
	for _, p := range []string{"/map?theme=both", "/embed?theme=both"} {
		m := regexp.MustCompile(`<link rel="alternate" type="application/json\+oembed" href="https://maps.example.org/public([^"]+)"`).FindStringSubmatch(get(s, p).Body.String())
		if m == nil {
			t.Errorf("%s has no link to its oEmbed", p)
			continue
		}
		if w := get(s, html.UnescapeString(m[1])); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "theme=both") {
			t.Errorf("%s leads to %d %s", p, w.Code, w.Body)
		}
	}
}

func TestPicture(t *testing.T) {
	s := shared(t)
	const at = "?at=51.3700,-0.0900,12"
	w := get(s, "/picture/map.png"+at)
	img, err := png.Decode(w.Body)
	if err != nil || img.Bounds().Dx() != 800 || img.Bounds().Dy() != 600 {
		t.Fatalf("%d, %v", w.Code, err)
	}
	if r, g, b, _ := img.At(400, 240).RGBA(); r == g && g == b {
		t.Error("the hexagon in the middle has no colour")
	}
	again := get(fixture(t, site.Config{}), "/picture/map.png"+at)
	if got, want := again.Body.Bytes(), get(s, "/picture/map.png"+at).Body.Bytes(); !bytes.Equal(got, want) {
		t.Error("the same picture has other bytes")
	}
	w = get(s, "/picture/map.svg"+at+"&look=dark")
	body := w.Body.String()
	for d := xml.NewDecoder(strings.NewReader(body)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("SVG: %v", err)
		}
	}
	for _, want := range []string{"<title id=\"t\">Made-up data. Where people feel unsafe, January to June 2026</title>", "2 hexagons are shown, with about 15 to 45 reports each. Absence of colour is not safety.", `width="800" height="600"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the picture lacks %q", want)
		}
	}
	if strings.Contains(body, "<script") || strings.Contains(body, "href") {
		t.Error("the picture loads or runs something")
	}
	for _, q := range []string{"?w=5000", "?w=801", "?w=-1", "?w=x"} {
		if got := get(s, "/picture/map.svg"+q).Body.String(); !strings.Contains(got, `width="800" height="600"`) {
			t.Errorf("%s: %.120s", q, got)
		}
	}
	if got := get(s, "/picture/map.svg?w=1200").Body.String(); !strings.Contains(got, `width="1200" height="900"`) {
		t.Errorf("1200 wide: %.120s", got)
	}
}
