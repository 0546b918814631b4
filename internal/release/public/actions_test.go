package public_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streetsafe/streetsafe/internal/release/public"
)

// writeActions publishes one file of actions, the manifest last.
func writeActions(t testing.TB, dir, body string) {
	t.Helper()
	dir = filepath.Join(dir, public.ActionsDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	m := public.Manifest{Format: 1}
	for _, name := range []string{"actions.json", "actions.atom"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		m.Files = append(m.Files, public.File{Path: name, Bytes: int64(len(body)), SHA256: sha([]byte(body))})
	}
	writeJSON(t, filepath.Join(dir, "manifest.json"), m)
}

// Actions are there beside the releases, change, and keep what they were while
// files and manifest do not fit together.
func TestHandler_ReloadActions(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "2025-H1")
	h := handler(t, dir)
	const path = "/actions/actions.json"
	reload := func(want, fails bool) {
		t.Helper()
		changed, err := h.ReloadActions()
		if changed != want || (err != nil) != fails {
			t.Fatalf("changed %v, %v; want %v, failure %v", changed, err, want, fails)
		}
	}
	shows := func(want string) {
		t.Helper()
		if w := get(h, "GET", path); w.Body.String() != want {
			t.Errorf("%s gives %d %q, want %q", path, w.Code, w.Body.String(), want)
		}
	}
	reload(false, false) // none yet
	if w := get(h, "GET", path); w.Code != 404 {
		t.Errorf("without actions: %d", w.Code)
	}
	first := strings.Repeat("first ", 100)
	writeActions(t, dir, first)
	reload(true, false)
	reload(false, false)
	shows(first)
	w := get(h, "GET", path)
	tag := w.Header().Get("Etag")
	if w.Header().Get("Cache-Control") != "public, max-age=300" || !strings.HasPrefix(tag, `"`) {
		t.Errorf("headers %v", w.Header())
	}
	if w := get(h, "GET", "/actions/actions.atom"); w.Header().Get("Content-Type") != "application/atom+xml; charset=utf-8" {
		t.Errorf("the feed is %v", w.Header())
	}
	for _, paths := range []string{path, "/actions/manifest.json", "/2025-H1/cells.csv"} {
		if !slices.Contains(h.Paths(), paths) {
			t.Errorf("%s is not among the paths", paths)
		}
	}
	if body, open, ok := h.Open(path); !ok || string(body) != first || open != tag {
		t.Errorf("opened: %q, %s, %v", body, open, ok)
	}

	// Half a change: the file is new, the manifest is not; then the other way.
	if err := os.WriteFile(filepath.Join(dir, "actions", "actions.json"), []byte("second"), 0o600); err != nil {
		t.Fatal(err)
	}
	reload(false, false)
	shows(first)
	writeActions(t, dir, "second")
	if err := os.WriteFile(filepath.Join(dir, "actions", "actions.json"), []byte("torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	reload(false, true)
	shows(first)
	if got := handler(t, dir); get(got, "GET", path).Code != 404 || get(got, "GET", "/2025-H1/cells.csv").Code != 200 {
		t.Error("torn actions are served, or keep the releases from being served")
	}
	writeActions(t, dir, "second")
	reload(true, false)
	shows("second")
	if get(h, "GET", path, "If-None-Match", tag).Code != 200 {
		t.Error("the ETag stayed")
	}
	if err := os.RemoveAll(filepath.Join(dir, "actions")); err != nil {
		t.Fatal(err)
	}
	reload(false, false)
	shows("second")
	for name, manifest := range map[string]public.Manifest{
		"another format": {Format: 9}, "a file elsewhere": {Format: 1, Files: []public.File{{Path: "../manifest.json"}}},
		"a file below": {Format: 1, Files: []public.File{{Path: "a/b.json"}}}, "a hidden file": {Format: 1, Files: []public.File{{Path: ".lock"}}},
	} {
		writeActions(t, dir, "third")
		writeJSON(t, filepath.Join(dir, "actions", "manifest.json"), manifest)
		if _, err := h.ReloadActions(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	shows("second")
}

// Actions are served before the first release, which then comes beside them.
func TestNewHandler_actionsAlone(t *testing.T) {
	dir := t.TempDir()
	writeActions(t, dir, "first")
	h := handler(t, dir)
	if w := get(h, "GET", "/actions/actions.json"); w.Body.String() != "first" || h.Releases() != 0 {
		t.Errorf("%d %s, %d releases", w.Code, w.Body, h.Releases())
	}
	if w := get(h, "GET", "/manifest.json"); w.Code != 404 {
		t.Errorf("a list of releases: %d", w.Code)
	}
	write(t, dir, "2025-H1")
	if err := h.Reload(); err != nil || h.Releases() != 1 {
		t.Errorf("%d releases, %v", h.Releases(), err)
	}
}

func TestHandler_FollowActions(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "2025-H1")
	h := handler(t, dir)
	ctx, cancel := context.WithCancel(context.Background())
	tick, failures, ended := make(chan time.Time), make(chan error, 9), make(chan struct{})
	go func() {
		h.FollowActions(ctx, tick, func(err error) { failures <- err })
		close(ended)
	}()
	turn := func() { tick <- time.Time{}; tick <- time.Time{} } // the second is taken after the look of the first
	writeActions(t, dir, "first")
	turn()
	if w := get(h, "GET", "/actions/actions.json"); w.Body.String() != "first" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	writeActions(t, dir, "second")
	if err := os.Remove(filepath.Join(dir, "actions", "actions.json")); err != nil {
		t.Fatal(err)
	}
	turn()
	turn()
	cancel()
	<-ended
	if len(failures) != 1 {
		t.Errorf("%d failures were told of, want the first of them", len(failures))
	}
}
