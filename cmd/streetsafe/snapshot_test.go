package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// reload starts from the data directory and tells what the map holds and where
// it came from.
func reload(t *testing.T, dir string) (reports int64, log string) {
	t.Helper()
	st, err := storage{dir: dir}.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	var b bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&b, nil))
	l, err := loadLive(t.Context(), logger, st, newSnapshotFile(dir, st, logger))
	if err != nil {
		t.Fatal(err)
	}
	checkAgainstSQL(t, st, l)
	return l.cube.Current().Total(report.Filter{}), b.String()
}

func checkAgainstSQL(t *testing.T, st store.Store, l *live) {
	t.Helper()
	for _, f := range cubeFilters(l.cube.Current().Days()) {
		n, err := compare(t.Context(), st, l.cube.Current(), f)
		if err != nil || n > 0 {
			t.Errorf("%q: %d cells differ from SQL, %v", f.Query(), n, err)
		}
	}
}

func TestSnapshotFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	importJSON(t, "--data", dir, write(t, "three.csv", threeReports))
	_, stop := start(t, "serve", "--data", dir)
	stop() // saves the map
	if n, log := reload(t, dir); n != 3 || !strings.Contains(log, "from=snapshot") {
		t.Errorf("%d reports; %s", n, log)
	}

	// What was published since is read from the store, corrections included.
	importJSON(t, "--data", dir, write(t, "more.csv", threeReports))
	mustRun(t, "withdraw", "--data", dir, "--reason", "test", "three.csv", "a2")
	if n, log := reload(t, dir); n != 5 || !strings.Contains(log, "from=snapshot") {
		t.Errorf("%d reports; %s", n, log)
	}
}

// Whatever is wrong with the file, the map is built from the store, and the log
// says so.
func TestSnapshotFile_useless(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	importJSON(t, "--data", dir, write(t, "three.csv", threeReports))
	_, stop := start(t, "serve", "--data", dir)
	stop()
	path := filepath.Join(dir, snapshotName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	for name, content := range map[string][]byte{
		"truncated": whole[:len(whole)/2], "empty": {}, "one bit flipped": flipped, "not ours": []byte("hello, this is a text of no use"),
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if n, log := reload(t, dir); n != 3 || !strings.Contains(log, "from=store") || !strings.Contains(log, "saved map") {
			t.Errorf("%s: %d reports; %s", name, n, log)
		}
	}

	// The file of another store with the same generation.
	other := t.TempDir()
	importJSON(t, "--data", other, write(t, "other.csv", strings.ReplaceAll(threeReports, "badly_lit", "rundown")))
	if err := os.WriteFile(filepath.Join(other, snapshotName), whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if n, log := reload(t, other); n != 3 || !strings.Contains(log, "from=store") {
		t.Errorf("another store's file: %d reports; %s", n, log)
	}
}
