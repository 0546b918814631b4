package ogc

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/streetsafe/streetsafe/internal/tilecache"
)

//go:embed page.html style.css
var files embed.FS

var (
	pageTemplate = template.Must(template.ParseFS(files, "page.html"))
	styleSheet   = mustStyle()
)

func mustStyle() *tilecache.Entry {
	b, err := files.ReadFile("style.css")
	if err != nil {
		panic(err) // it is embedded
	}
	return entry(typeCSS, b)
}

// htmlPage is a resource in words and tables.
type htmlPage struct {
	Title  string
	Lead   []string
	Crumbs []crumb
	Tables []table
	Links  []crumb // to the pages before and after
}

type crumb struct{ Text, Href string }

type table struct {
	Caption string
	Head    []string
	Rows    [][]cell // the first cell of a row is its head
}

type cell struct{ Text, Href string }

func linkTable(caption string, links []link) table {
	t := table{Caption: caption, Head: []string{"What", "Form", "Relation"}}
	for _, l := range links {
		title, href := l.Title, l.Href
		if title == "" {
			title = l.Rel
		}
		if l.Templated {
			title, href = title+": "+l.Href, ""
		}
		t.Rows = append(t.Rows, []cell{{title, href}, {Text: l.Type}, {Text: l.Rel}})
	}
	return t
}

func (v *visit) crumbs(c *collection) []crumb {
	return []crumb{{"Collections", v.at("collections") + "?f=html"}, {c.Title, v.at("collections", c.ID) + "?f=html"}}
}

// maxHTMLRows bounds a page: who wants more takes the data.
const maxHTMLRows = 200

func (v *visit) itemsHTML(c *collection, d itemsDoc, shown []*feature) *htmlPage {
	if v.format != formatHTML {
		return nil
	}
	p := &htmlPage{Title: "Features of " + c.Title, Crumbs: v.crumbs(c), Lead: []string{fmt.Sprintf("%d of %d features.", d.Returned, d.Matched), absence}}
	t := table{Caption: "Features", Head: []string{"Feature"}}
	names := map[string]bool{}
	rows := make([]map[string]any, min(len(shown), maxHTMLRows))
	for i := range rows {
		if json.Unmarshal(shown[i].properties, &rows[i]) == nil { // they were made by us
			for name := range rows[i] {
				names[name] = true
			}
		}
	}
	columns := slices.Sorted(maps.Keys(names))
	t.Head = append(t.Head, columns...)
	for i, row := range rows {
		cells := []cell{{shown[i].id, v.at("collections", c.ID, "items", shown[i].id) + "?f=html"}}
		for _, name := range columns {
			cells = append(cells, cell{Text: text(row[name])})
		}
		t.Rows = append(t.Rows, cells)
	}
	if len(shown) > len(rows) {
		p.Lead = append(p.Lead, fmt.Sprintf("The table has the first %d; the GeoJSON has all.", len(rows)))
	}
	p.Tables = []table{t}
	for _, l := range d.Links {
		if l.Rel == "prev" || l.Rel == "next" {
			p.Links = append(p.Links, crumb{l.Title, l.Href})
		}
	}
	return p
}

func (v *visit) itemHTML(c *collection, f *feature) *htmlPage {
	p := &htmlPage{Title: c.Title + ", feature " + f.id, Crumbs: v.crumbs(c)}
	t := table{Caption: "Properties", Head: []string{"Property", "Value"}}
	var row map[string]any
	if json.Unmarshal(f.properties, &row) == nil { // they were made by us
		for _, name := range slices.Sorted(maps.Keys(row)) {
			t.Rows = append(t.Rows, []cell{{Text: name}, {Text: text(row[name])}})
		}
	}
	p.Tables = []table{t}
	return p
}

// text is a value in a table: lists and objects as JSON.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

func sortRows(rows [][]cell) {
	slices.SortFunc(rows, func(a, b []cell) int { return strings.Compare(a[0].Text+"\x00"+a[1].Text, b[0].Text+"\x00"+b[1].Text) })
}

func escape(s string) string { return url.QueryEscape(s) }

func (v *visit) render(p *htmlPage) ([]byte, error) {
	var b bytes.Buffer
	js := v.at(v.path...) + "?f=json"
	if v.plain != "" {
		js += "&" + v.plain
	}
	err := pageTemplate.Execute(&b, map[string]any{"Page": p, "Home": v.at() + "?f=html", "Style": v.at("style.css"), "JSON": js})
	if err != nil {
		return nil, fmt.Errorf("ogc: page: %w", err)
	}
	return b.Bytes(), nil
}
