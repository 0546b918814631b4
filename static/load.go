package static

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"strings"
	"sync"

	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/css"
	"github.com/tdewolff/minify/v2/js"
)

// Load returns every file by its path. The map is the caller's own, the bytes are
// shared and never to be changed: the hub and the form of one process both want them,
// and shortening takes longer than all else at start.
func Load() (map[string][]byte, error) {
	files, err := loaded()
	return maps.Clone(files), err
}

var loaded = sync.OnceValues(func() (map[string][]byte, error) { return load(Files) })

// LoadPublic is Load for the public pages.
func LoadPublic() (map[string][]byte, error) { return load(PublicFiles) }

// load reads the files, our own scripts and style sheets without
// comments and white space: a third of the page's bytes, which readers of the
// code need and browsers do not. No name is shortened across files, so each
// module stays a module. Vendored files are as their hashes say.
func load(from fs.FS) (map[string][]byte, error) {
	m := minify.New()
	m.Add("text/javascript", &js.Minifier{Version: 2022})
	m.Add("text/css", &css.Minifier{})
	types := map[string]string{".js": "text/javascript", ".css": "text/css"}
	files := map[string][]byte{}
	err := fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		if typ := types[path.Ext(name)]; typ != "" && !strings.HasPrefix(name, "vendor/") {
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
