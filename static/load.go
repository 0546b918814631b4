package static

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/css"
	"github.com/tdewolff/minify/v2/js"
)

// Load returns every file by its path, our own scripts and style sheets without
// comments and white space: a third of the page's bytes, which readers of the
// code need and browsers do not. No name is shortened across files, so each
// module stays a module. Vendored files are as their hashes say.
func Load() (map[string][]byte, error) {
	m := minify.New()
	m.Add("text/javascript", &js.Minifier{Version: 2022})
	m.Add("text/css", &css.Minifier{})
	types := map[string]string{".js": "text/javascript", ".css": "text/css"}
	files := map[string][]byte{}
	err := fs.WalkDir(Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(Files, name)
		if err != nil {
			return err
		}
		if typ := types[path.Ext(name)]; typ != "" && strings.HasPrefix(name, "app/") {
			var out bytes.Buffer
			if err := m.Minify(typ, &out, bytes.NewReader(body)); err != nil {
				return fmt.Errorf("shorten %s: %w", name, err)
			}
			body = out.Bytes()
		}
		files[name] = body
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load static files: %w", err)
	}
	return files, nil
}
