package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A wrong command line is told in one line without the parsers' words.
func TestCommands_wrongUsage(t *testing.T) {
	file := write(t, "three.csv", threeReports)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"import"}, "no file is named; see streetsafe import --help"},
		{[]string{"import", "--nope", file}, "there is no flag --nope; see streetsafe import --help"},
		{[]string{"import", "--dry-run=perhaps", file}, `--dry-run "perhaps": expected true or false; see streetsafe import --help`},
		{[]string{"import", "--preset", "nope", file}, `--preset: unknown preset "nope": expected one of `},
		{[]string{"import", "--timezone", "Croydon/Purley", file}, "--timezone: unknown time zone"},
		{[]string{"import", "--area", "moon", file}, `--area: area "moon": expected uk, world`},
		{[]string{"import", "--format", "xlsx", file}, `--format: unknown format "xlsx": expected auto, csv`},
		{[]string{"demo", "--reports", "lots"}, `--reports "lots": expected a whole number; see streetsafe demo --help`},
		{[]string{"demo", "--seed", "-1"}, `--seed "-1": expected a whole number, 0 or more; see streetsafe demo --help`},
		{[]string{"serve", "now"}, "expected: streetsafe serve [flags]; see streetsafe serve --help"},
		{[]string{"sources", "show"}, "expected: streetsafe sources show NAME [flags]; see streetsafe sources show --help"},
	} {
		_, _, err := run(t, c.args...)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || !strings.Contains(err.Error(), " --help") || strings.Contains(err.Error(), "\n") {
			t.Errorf("streetsafe %s: %v, want %s", strings.Join(c.args, " "), err, c.want)
		}
	}
	t.Setenv("STREETSAFE_CACHE_MB", "lots")
	if _, _, err := run(t, "serve"); err == nil || !strings.Contains(err.Error(), `STREETSAFE_CACHE_MB "lots": expected a whole number`) || strings.Contains(err.Error(), "strconv") {
		t.Errorf("a wrong environment variable: %v", err)
	}
}

func TestVersion_flag(t *testing.T) {
	if flag, command := mustRun(t, "--version"), mustRun(t, "version"); flag != command {
		t.Errorf("--version prints %q, version %q", flag, command)
	}
}

func TestLog_durations(t *testing.T) {
	for _, format := range []string{"json", "text"} {
		var out bytes.Buffer
		log, err := newLog(&out, format, "info")
		if err != nil {
			t.Fatal(err)
		}
		log.Info("map loaded", slog.Duration("took", 1200*time.Millisecond))
		if want := map[string]string{"json": `"took":"1.2s"`, "text": "took=1.2s"}[format]; !strings.Contains(out.String(), want) {
			t.Errorf("%s, want %s", out.String(), want)
		}
	}
}

// A busy port is noticed before reports are made up for nothing.
func TestDemo_busyPort(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	dir := filepath.Join(t.TempDir(), "none")
	if _, _, err := run(t, "demo", "--data", dir, "--reports", "100", "--listen", busy.Addr().String()); err == nil || !strings.Contains(err.Error(), "choose a port with --listen") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Error("the demo made a store all the same")
	}
}

// A demo that was killed while it made up reports looks sound, but is not whole.
func TestDoctor_incompleteDemo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, stop := start(t, "demo", "--data", dir, "--reports", "100")
	stop()
	if out := mustRun(t, "doctor", "--data", dir); !strings.Contains(out, "the made-up reports are complete") {
		t.Errorf("a whole demo: %s", out)
	}
	st, err := storage{dir: dir}.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := st.SetMeta(t.Context(), metaDemoDone, "false"); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	out, _, err := run(t, "doctor", "--data", dir)
	if err == nil || !strings.Contains(out, "the made-up reports are incomplete") || !strings.Contains(out, "streetsafe demo --data "+dir) {
		t.Errorf("error %v\n%s", err, out)
	}
}

func TestImport_grandTotal(t *testing.T) {
	a, b := write(t, "a.csv", threeReports), write(t, "b.csv", threeReports+"a1,51.3727,-0.1099,2026-01-09T22:30:00Z,badly_lit|followed\n")
	out, errOut, err := run(t, "import", "--dry-run", a, b)
	const want = "\n2 files: 7 rows read, 6 accepted, 1 duplicates, 0 revised, 0 skipped, 0 rejected; dry run: nothing was stored\n"
	if err != nil || !strings.HasSuffix(out, want) {
		t.Errorf("%v\n%s%s", err, out, errOut)
	}
	if out := mustRun(t, "import", "--dry-run", "--json", a, b); strings.Count(out, "\n") != 2 || strings.Contains(out, "2 files") {
		t.Errorf("JSON is one summary a line:\n%s", out)
	}
}

// The place for rejects is looked at before anything is stored.
func TestImport_rejectsUnwritable(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	file := write(t, "three.csv", threeReports)
	rejects := filepath.Join(t.TempDir(), "no", "such", "dir.csv")
	if _, _, err := run(t, "import", "--data", dir, "--rejects", rejects, file); err == nil || !strings.HasPrefix(err.Error(), "--rejects: "+rejects+" cannot be written") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Error("the import made a store all the same")
	}

	// The place by default only matters when rows are rejected.
	t.Chdir(t.TempDir())
	if err := os.Mkdir("three.csv.rejects.csv", 0o700); err != nil {
		t.Fatal(err)
	}
	out, errOut, err := run(t, "import", "--data", dir, "--json", file)
	var s importSummary
	if err != nil || json.Unmarshal([]byte(out), &s) != nil || s.Accepted != 3 || !strings.Contains(errOut, "--rejects names another place") {
		t.Errorf("%v\n%s%s", err, out, errOut)
	}
}

// Messages name the file once and have no package names in them.
func TestImport_messagesNameTheFileOnce(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{
		filepath.Join(dir, "missing.csv"), write(t, "wrong.csv", "name,age\nx,1\n"),
		write(t, "empty.csv", ""), write(t, "outside.csv", strings.ReplaceAll(threeReports, ",51.", ",41.")), dir,
	} {
		_, errOut, err := run(t, "import", "--dry-run", "--rejects", filepath.Join(dir, "r.csv"), path)
		line, _, _ := strings.Cut(errOut, "\n")
		if err == nil || !strings.HasPrefix(line, "streetsafe: "+path+": ") || strings.Count(line, filepath.Base(path)) != 1 || strings.Contains(line, "ingest") {
			t.Errorf("%v: %s", err, errOut)
		}
	}
}

// Where nobody watches, the summary stands alone.
func TestImport_quietWithoutTerminal(t *testing.T) {
	out, errOut, err := run(t, "import", "--dry-run", write(t, "three.csv", threeReports))
	if err != nil || errOut != "" || !strings.HasPrefix(out, "three.csv (csv, canonical)") {
		t.Errorf("%v\n%q\n%q", err, errOut, out)
	}
}
