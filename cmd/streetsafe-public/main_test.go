package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/release/public"
)

func TestRun_servesAndKeepsNoLog(t *testing.T) {
	dir := t.TempDir()
	index, err := json.Marshal(public.Index{Format: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "manifest.json"), index, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	var log bytes.Buffer
	reload, ended := make(chan os.Signal), make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"--dir", dir, "--listen", "127.0.0.1:0"}, w, &log, reload)
		w.CloseWithError(io.EOF)
	}()
	lines := bufio.NewScanner(r)
	if !lines.Scan() {
		t.Fatalf("it did not start: %v\n%s", <-ended, log.String())
	}
	url := strings.TrimPrefix(lines.Text(), "listening on ")
	for path, want := range map[string]int{"/manifest.json": 200, "/manifest.json?x=SECRET": 404, "/SECRET": 404} {
		resp, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil || resp.StatusCode != want {
			t.Errorf("%s gives %d, expected %d (%v)", path, resp.StatusCode, want, err)
		}
	}
	reload <- os.Interrupt // whichever signal: it stands for SIGHUP
	reload <- os.Interrupt // taken only when the first one was dealt with
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if l := log.String(); strings.Contains(l, "SECRET") || strings.Contains(l, "ERROR") || strings.Count(l, "releases loaded") < 2 {
		t.Errorf("the log is\n%s", l)
	}
}

func TestRun_refuses(t *testing.T) {
	for _, args := range [][]string{{"--dir", t.TempDir()}, {"stray"}, {"--no-such-flag"}} {
		if err := run(t.Context(), args, io.Discard, io.Discard, nil); err == nil {
			t.Errorf("%v was accepted", args)
		}
	}
}
