package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/streetsafe/streetsafe/internal/release/public"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/synth"
)

// storeOf makes a store with made-up reports of 2025.
func storeOf(t *testing.T, dir string, n int) storage {
	t.Helper()
	s := storage{dir: dir}
	st, err := s.create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	from, to := report.DayOf(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)), report.DayOf(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	b, err := synth.New(synth.Config{Seed: 1, Reports: n, From: from, To: to})
	if err != nil {
		t.Fatal(err)
	}
	for batch := range b.Batches(demoBatch) {
		if _, err := st.Insert(t.Context(), demoSource, batch); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// From the store to a served file, with the clock of the test.
func TestRelease_endToEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	std := &streams{out: &strings.Builder{}}
	o := releaseOptions{storage: storeOf(t, dir, 20_000), now: func() time.Time { return time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC) }}
	if err := runReleaseBuild(t.Context(), std, o, []string{"2025-H2"}); err == nil || !strings.Contains(err.Error(), "2026-03-02") {
		t.Errorf("a build two days early: %v", err)
	}
	o.now = func() time.Time { return time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC) }
	if err := runReleaseBuild(t.Context(), std, o, nil); err != nil {
		t.Fatal(err)
	}
	if err := runReleaseBuild(t.Context(), std, o, []string{"2025-H1"}); err == nil {
		t.Error("a second build of a half-year was not refused")
	}
	if err := runReleaseList(t.Context(), std, o); err != nil {
		t.Fatal(err)
	}
	if err := runReleaseVerify(t.Context(), std, o, nil); err != nil {
		t.Fatal(err)
	}
	out := std.out.(*strings.Builder).String()
	for _, want := range []string{"2025-H2 frozen and published", "1.00 of 1", "ready from 2026-08-30", "every byte comes from the frozen blocks"} {
		if !strings.Contains(out, want) {
			t.Errorf("the output lacks %q:\n%s", want, out)
		}
	}
	h, err := public.NewHandler(o.publicDir())
	if err != nil {
		t.Fatal(err)
	}
	if h.Releases() != 3 {
		t.Errorf("%d releases are served", h.Releases())
	}
	// A copy is checked without a store.
	mustRun(t, "release", "verify", o.publicDir())
	if err := os.Remove(filepath.Join(o.publicDir(), "2025-H1", "cells.csv")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := run(t, "release", "verify", o.publicDir()); err == nil {
		t.Error("a missing file was not seen")
	}
}

func TestRelease_refuses(t *testing.T) {
	dir := t.TempDir()
	storeOf(t, dir, 100)
	outline := filepath.Join(dir, "empty.geojson")
	if err := os.WriteFile(outline, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"build", "--data", t.TempDir()}, {"build", "--data", dir, "2025"}, {"build", "--data", dir, "--policy", outline},
		{"build", "--data", dir, "--boundaries", outline}, {"verify", t.TempDir()}, {"list", "--data", t.TempDir()},
	} {
		if out, _, err := run(t, append([]string{"release"}, args...)...); err == nil {
			t.Errorf("streetsafe release %s succeeded: %s", strings.Join(args, " "), out)
		}
	}
}

// Without reports there is nothing to release, which is no error.
func TestBuildReleases_empty(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	st, err := storage{dir: dir}.create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	log := slog.New(slog.DiscardHandler)
	public1, err := buildReleases(t.Context(), log, st, dir)
	if err != nil {
		t.Fatal(err)
	}
	if h, err := public.NewHandler(public1); err != nil || h.Releases() != 0 {
		t.Fatalf("an empty store has releases: %v", err)
	}
}
