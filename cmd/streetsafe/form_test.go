package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A report that was sent is durable when its answer comes, waits, and leaves
// no trace of its sender anywhere under the data directory or in the log.
func TestForm_leavesNoTrace(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", t.TempDir())
	url, stop := start(t, "demo", "--data", dir, "--reports", "500", "--proof-bits", "-1", "--log-level", "debug")
	const body = `{"lat":51.376234,"lng":-0.098265,"factors":["badly_lit"],"day":"2026-01-05","daypart":"night","key":"3f0f1f9a-3f62-4c37-9a51-2d8f8a2a7d6e"}`
	for range 2 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/api/v1/reports", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("User-Agent", "TracerPhone/7.1")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusAccepted || string(answer) != `{"status":"received"}` {
			t.Fatalf("status %d, %s, %v", resp.StatusCode, answer, err)
		}
	}
	scan(t, dir, os.Getenv("TMPDIR"))
	stop()
	scan(t, dir, os.Getenv("TMPDIR"))
	raw, err := os.ReadFile(filepath.Join(dir, "streetsafe.db"))
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(raw, []byte("3f0f1f9a-3f62-4c37-9a51-2d8f8a2a7d6e")); n == 0 {
		t.Error("the report is not in the store")
	}
}

// scan looks through every file for what must never be on disk.
func scan(t *testing.T, dirs ...string) {
	t.Helper()
	files := 0
	never := regexp.MustCompile(`51\.3762|0\.0982|TracerPhone|127\.0\.0\.1|\d\d:\d\d:\d\d\.`)
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			files++
			raw, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			if m := never.Find(raw); m != nil {
				t.Errorf("%s has %q", name, m)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files == 0 {
		t.Error("there was nothing to look through")
	}
}

func TestForm_settings(t *testing.T) {
	dir := t.TempDir()
	short := filepath.Join(dir, "short.key")
	if err := os.WriteFile(short, []byte("too short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"--form-key-file", short}, {"--form-key-file", filepath.Join(dir, "none.key")},
		{"--form-area", "atlantis"}, {"--trusted-proxy", "10.0.0.1"}, {"--support-file", filepath.Join(dir, "none.json")},
		{"--form-basemap", "https://tile.example/{z}/{x}/{y}.png"}, {"--exit-url", "javascript:x"}, {"--proof-bits", "60"},
	} {
		if _, _, err := run(t, append([]string{"demo", "--data", dir, "--reports", "50", "--listen", "127.0.0.1:0"}, args...)...); err == nil {
			t.Errorf("%v is accepted", args)
		}
	}
	url, stop := start(t, "demo", "--data", dir, "--no-form")
	defer stop()
	resp, err := http.Get(url + "/report")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("the form is off and answers with status %d", resp.StatusCode)
	}
}
