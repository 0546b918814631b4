package main

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

func TestForm_settings(t *testing.T) {
	t.Parallel()
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
