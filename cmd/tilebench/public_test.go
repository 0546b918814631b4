package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/release/public"
)

// A directory of one release is served and asked; what it lacks is left out.
func TestPublic(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		t.Helper()
		full := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, b, 0o600); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(b)
		return hex.EncodeToString(sum[:])
	}
	asJSON := func(v any) []byte {
		t.Helper()
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	tile := []byte(strings.Repeat("tile", 300))
	table := []byte("resolution,cell,lat,lng,count,environmental,behavioural,environmental_only,behavioural_only,both,synthetic\r\n")
	m := asJSON(public.Manifest{Format: 1, Release: "2025-H1", Files: []public.File{{Path: "12/1/2.mvt", Bytes: int64(len(tile)), SHA256: write("2025-H1/12/1/2.mvt", tile)},
		{Path: "cells.csv", Bytes: int64(len(table)), SHA256: write("2025-H1/cells.csv", table)}}})
	write("manifest.json", asJSON(public.Index{Format: 1, Releases: []public.Release{
		{ID: "2025-H1", Kind: "half-year", From: "2025-01-01", To: "2025-07-01", Manifest: "2025-H1/manifest.json", SHA256: write("2025-H1/manifest.json", m)}}}))
	root := newRoot()
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs([]string{"public", "--dir", dir, "--conns", "1,2", "--requests", "50"})
	if err := root.Execute(); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if text := out.String(); strings.Count(text, "tiles") != 2 || strings.Count(text, "tables and GeoJSON") != 2 || strings.Contains(text, "OGC") {
		t.Errorf("it printed\n%s", text)
	}
}
