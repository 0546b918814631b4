package public_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/streetsafe/streetsafe/internal/release/public"
)

// publishTable writes a release that holds nothing but a table of cells.
func publishTable(t *testing.T, dir string, r public.Release, table string) public.Release {
	t.Helper()
	put := func(name string, b []byte) string {
		if err := os.MkdirAll(filepath.Join(dir, r.ID), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, r.ID, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(b)
		return hex.EncodeToString(sum[:])
	}
	m := public.Manifest{Format: 1, Release: r.ID, Files: []public.File{{Path: "cells.csv", Bytes: int64(len(table)), SHA256: put("cells.csv", []byte(table))}}}
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	r.Manifest, r.SHA256 = r.ID+"/manifest.json", put("manifest.json", raw)
	return r
}

func publishIndex(t *testing.T, dir string, format int, releases ...public.Release) {
	t.Helper()
	raw, err := json.Marshal(public.Index{Format: format, Releases: releases})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, public.ManifestFile), raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

const tableHead = "resolution,cell,lat,lng,count,environmental,synthetic\r\n"

func TestReadFigures(t *testing.T) {
	dir := t.TempDir()
	if f, err := public.ReadFigures(dir); err != nil || f.Release.ID != "" || len(f.At("88194ad32bfffff")) != 0 {
		t.Fatalf("an empty directory: %+v, %v", f, err)
	}
	publishIndex(t, dir, 1)
	if f, err := public.ReadFigures(dir); err != nil || f.Release.ID != "" {
		t.Fatalf("no release: %+v, %v", f, err)
	}
	half := publishTable(t, dir, public.Release{ID: "2025-H2", From: "2025-07-01", To: "2026-01-01"}, tableHead+"8,88194ad32bfffff,51.1,-0.1,15,,false\r\n")
	year := publishTable(t, dir, public.Release{ID: "2025", From: "2025-01-01", To: "2026-01-01"}, tableHead+"8,88194ad32bfffff,51.1,-0.1,40,,false\r\n6,86194ad37ffffff,51.1,-0.1,90,55,false\r\n")
	old := publishTable(t, dir, public.Release{ID: "2024", From: "2024-01-01", To: "2025-01-01"}, tableHead)
	publishIndex(t, dir, 1, old, half, year)
	f, err := public.ReadFigures(dir)
	if err != nil {
		t.Fatal(err)
	}
	for cell, want := range map[string]map[string]int{
		"88194ad32bfffff": {"count": 40}, "86194ad37ffffff": {"count": 90, "environmental": 55}, "88194ad327fffff": {},
	} {
		if got := f.At(cell); f.Release.ID != "2025" || !maps.Equal(got, want) {
			t.Errorf("%s of %s: %v, want %v", cell, f.Release.ID, got, want)
		}
	}
}

func TestReadFigures_refuses(t *testing.T) {
	for name, spoil := range map[string]func(dir string, r public.Release){
		"another format":  func(dir string, r public.Release) { publishIndex(t, dir, 2, r) },
		"a changed table": func(dir string, r public.Release) { publishTable(t, dir, r, tableHead+"8,x,0,0,5,,false\r\n") },
		"no cells":        func(dir string, r public.Release) { publishIndex(t, dir, 1, publishTable(t, dir, r, "a,b\r\n")) },
		"no number": func(dir string, r public.Release) {
			publishIndex(t, dir, 1, publishTable(t, dir, r, tableHead+"8,x,0,0,many,,false\r\n"))
		},
		"ragged rows": func(dir string, r public.Release) {
			publishIndex(t, dir, 1, publishTable(t, dir, r, tableHead+"8,x\r\n"))
		},
		"an empty table": func(dir string, r public.Release) { publishIndex(t, dir, 1, publishTable(t, dir, r, "")) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			r := publishTable(t, dir, public.Release{ID: "2025", From: "2025-01-01", To: "2026-01-01"}, tableHead)
			publishIndex(t, dir, 1, r)
			if _, err := public.ReadFigures(dir); err != nil {
				t.Fatal(err)
			}
			spoil(dir, r)
			if f, err := public.ReadFigures(dir); err == nil {
				t.Errorf("read %+v", f)
			}
		})
	}
}
