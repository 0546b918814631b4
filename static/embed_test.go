package static_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"github.com/streetsafe/streetsafe/static"
)

// The first load of the map page on a slow phone is what these hold down.
// Measured with brotli at its best level, as every browser of today takes it.
const (
	hubBudgetBytes     = 56 << 10
	landingBudgetBytes = 5 << 10
	basemapBudgetBytes = 76 << 10 // fetched after the first hexagons
)

func read(t *testing.T, name string) []byte {
	t.Helper()
	files, err := static.Load()
	if err != nil {
		t.Fatal(err)
	}
	body, ok := files[name]
	if !ok {
		t.Fatalf("the page needs %s, which is not embedded", name)
	}
	return body
}

func compressed(t *testing.T, body []byte) int {
	t.Helper()
	var out bytes.Buffer
	w := brotli.NewWriterLevel(&out, brotli.BestCompression)
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}

var (
	reference = regexp.MustCompile(`(?:src|href)="/static/([^"]+\.(?:js|css|svg))"`)
	module    = regexp.MustCompile(`(?:from|import)\s*['"](\.[^'"]+)['"]`)
	inline    = regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|<script(?:[^>]*)>[^<]|javascript:`)
	preload   = regexp.MustCompile(`rel="modulepreload" href="/static/([^"]+)"`)
)

// loads returns every file that a page needs, its modules' modules included.
func loads(t *testing.T, page string) map[string]bool {
	t.Helper()
	found := map[string]bool{page: true}
	var follow func(name string)
	follow = func(name string) {
		if found[name] {
			return
		}
		found[name] = true
		if !strings.HasPrefix(name, "app/") || path.Ext(name) != ".js" {
			return
		}
		for _, m := range module.FindAllSubmatch(read(t, name), -1) {
			follow(path.Join(path.Dir(name), string(m[1])))
		}
	}
	for _, m := range reference.FindAllSubmatch(read(t, page), -1) {
		follow(string(m[1]))
	}
	return found
}

func TestPages_Budget(t *testing.T) {
	for page, budget := range map[string]int{"hub.html": hubBudgetBytes, "index.html": landingBudgetBytes} {
		total := 0
		for name := range loads(t, page) {
			total += compressed(t, read(t, name))
		}
		t.Logf("%s: %d bytes of %d", page, total, budget)
		if total > budget {
			t.Errorf("%s and what it loads are %d bytes compressed, budget %d: leave something out or load it later", page, total, budget)
		}
	}
}

func TestBasemap_Budget(t *testing.T) {
	total := 0
	for _, name := range []string{"basemap/base.json", "basemap/labels.json"} {
		total += compressed(t, read(t, name))
	}
	t.Logf("basemap: %d bytes of %d", total, basemapBudgetBytes)
	if total > basemapBudgetBytes {
		t.Errorf("basemap is %d bytes compressed, budget %d", total, basemapBudgetBytes)
	}
}

func TestPages_NothingInlineOrForeign(t *testing.T) {
	for _, page := range []string{"hub.html", "index.html", "lighting.html"} {
		body := read(t, page)
		if m := inline.Find(body); m != nil {
			t.Errorf("%s: %q breaks the content security policy", page, m)
		}
		if m := regexp.MustCompile(`(?:src|href|action)="(?:https?:)?//[^"]*"`).Find(body); m != nil {
			t.Errorf("%s: %q leaves for another host", page, m)
		}
	}
}

func TestHub_PreloadsEachModule(t *testing.T) {
	preloaded := map[string]bool{}
	for _, m := range preload.FindAllSubmatch(read(t, "hub.html"), -1) {
		preloaded[string(m[1])] = true
	}
	for name := range loads(t, "hub.html") {
		if path.Ext(name) != ".js" || name == "app/hub.js" || name == "app/theme.js" {
			continue
		}
		if !preloaded[name] {
			t.Errorf("%s is not preloaded: it costs one more round trip", name)
		}
		delete(preloaded, name)
	}
	for name := range preloaded {
		t.Errorf("%s is preloaded but never used", name)
	}
}

func TestVendor_HashesMatchManifest(t *testing.T) {
	raw, err := os.ReadFile("vendor/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Packages []struct{ Name, Version, Licence string }
		Files    []struct{ File, SHA256 string }
	}
	if err := json.Unmarshal(raw, &manifest); err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{"vendor/manifest.json": true}
	for _, f := range manifest.Files {
		listed[f.File] = true
		body, err := os.ReadFile(f.File)
		if err != nil {
			t.Error(err)
			continue
		}
		if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != f.SHA256 {
			t.Errorf("%s was changed by hand: run `npm ci && npm run vendor`", f.File)
		}
	}
	for _, dir := range []string{"vendor", "basemap"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if name := dir + "/" + e.Name(); !listed[name] {
				t.Errorf("%s is not in vendor/manifest.json", name)
			}
		}
	}
}

func TestVendor_PackagesHaveLicencesAndPins(t *testing.T) {
	raw, err := os.ReadFile("vendor/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Packages []struct{ Name, Version, Licence string }
	}
	if err := json.Unmarshal(raw, &manifest); err != nil {
		t.Fatal(err)
	}
	raw, err = os.ReadFile("package.json")
	if err != nil {
		t.Fatal(err)
	}
	var pkg struct{ DevDependencies map[string]string }
	if err := json.Unmarshal(raw, &pkg); err != nil {
		t.Fatal(err)
	}
	if len(manifest.Packages) == 0 {
		t.Fatal("no packages in vendor/manifest.json")
	}
	for _, p := range manifest.Packages {
		if p.Licence == "" {
			t.Errorf("%s has no licence", p.Name)
		}
		if pkg.DevDependencies[p.Name] != p.Version {
			t.Errorf("%s: vendored %s, pinned %q", p.Name, p.Version, pkg.DevDependencies[p.Name])
		}
	}
	exact := regexp.MustCompile(`^\d+\.\d+\.\d+$`)
	for name, version := range pkg.DevDependencies {
		if !exact.MatchString(version) {
			t.Errorf("%s %q is not an exact version", name, version)
		}
	}
}

func TestLoad_KeepsModulesAndVendoredFiles(t *testing.T) {
	files, err := static.Load()
	if err != nil {
		t.Fatal(err)
	}
	exported := regexp.MustCompile(`(?m)^export (?:async )?(?:function|const|class) (\w+)`)
	for name, body := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(name, "app/") {
			if !bytes.Equal(body, source) {
				t.Errorf("%s is not served as it is", name)
			}
			continue
		}
		if len(body) > len(source) {
			t.Errorf("%s grew from %d to %d bytes", name, len(source), len(body))
		}
		if bytes.Contains(body, []byte("@typedef")) {
			t.Errorf("%s still has its comments", name)
		}
		for _, m := range exported.FindAllSubmatch(source, -1) {
			if !regexp.MustCompile(`export[^;]*\b` + string(m[1]) + `\b`).Match(body) {
				t.Errorf("%s no longer exports %s", name, m[1])
			}
		}
	}
}
