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
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// run executes a command to its end and returns what it printed.
func run(t *testing.T, args ...string) (out, errOut string, err error) {
	t.Helper()
	var o, e bytes.Buffer
	cmd := newRoot(&streams{in: strings.NewReader(""), out: &o, err: &e})
	cmd.SetArgs(args)
	err = cmd.ExecuteContext(t.Context())
	return o.String(), e.String(), err
}

func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	out, errOut, err := run(t, args...)
	if err != nil {
		t.Fatalf("streetsafe %s: %v\n%s%s", strings.Join(args, " "), err, out, errOut)
	}
	return out
}

// start runs a serving command until the test ends, or until the returned
// function is called, and returns its address, with a token in it where the
// server wants one.
func start(t *testing.T, args ...string) (url string, stop func()) {
	t.Helper()
	url, _, stop = startServer(t, args...)
	if args[0] == "serve" {
		url = authorised(t, url, args)
	}
	return url, stop
}

// startBare returns the address as it is, and what was printed before it.
func startBare(t *testing.T, args ...string) (url string, printed []string) {
	t.Helper()
	url, printed, _ = startServer(t, args...)
	return url, printed
}

func startServer(t *testing.T, args ...string) (url string, printed []string, stop func()) {
	t.Helper()
	if !slices.Contains(args, "--listen") {
		args = append(args, "--listen", "127.0.0.1:0")
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	var log bytes.Buffer
	cmd := newRoot(&streams{in: strings.NewReader(""), out: w, err: &log, passwords: cheapPasswords})
	cmd.SetArgs(args)
	ended := make(chan error, 1)
	go func() {
		err := cmd.ExecuteContext(ctx)
		w.CloseWithError(io.EOF)
		ended <- err
	}()
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if u, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
			url = u
			break
		}
		printed = append(printed, lines.Text())
	}
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("streetsafe %s ended with %v\n%s", strings.Join(args, " "), err, log.String())
		}
		if strings.Contains(log.String(), "level=ERROR") || strings.Contains(log.String(), "level=WARN") {
			t.Errorf("the log is not clean:\n%s", log.String())
		}
	}
	t.Cleanup(stop)
	if url == "" {
		t.Fatalf("streetsafe %s did not start: %s", strings.Join(args, " "), log.String())
	}
	return url, printed, stop
}

func getJSON[T any](t *testing.T, url string) T {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var v T
	if err := json.NewDecoder(resp.Body).Decode(&v); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d, %v", url, resp.StatusCode, err)
	}
	return v
}

type totals struct {
	Total      int64
	Generation uint64
	Synthetic  bool
}

func TestCommands_helpHasExamples(t *testing.T) {
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Runnable() && c.Name() != "help" && c.Name() != "completion" && (c.Example == "" || c.Short == "") {
			t.Errorf("streetsafe %s --help lacks examples or a description", c.CommandPath())
		}
		for _, child := range c.Commands() {
			walk(child)
		}
	}
	walk(newRoot(&streams{}))
	for _, name := range []string{"demo", "serve", "import", "migrate", "doctor", "version"} {
		out := mustRun(t, name, "--help")
		if !strings.Contains(out, "Examples:") || !strings.Contains(out, "streetsafe "+name) {
			t.Errorf("streetsafe %s --help:\n%s", name, out)
		}
	}
}

func TestFlags_fromEnvironment(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "from-env")
	t.Setenv("STREETSAFE_DATA", dir)
	mustRun(t, "migrate", "up")
	if _, err := os.Stat(filepath.Join(dir, "streetsafe.db")); err != nil {
		t.Errorf("STREETSAFE_DATA was not used: %v", err)
	}
	t.Setenv("STREETSAFE_CACHE_MB", "lots")
	if _, _, err := run(t, "serve"); err == nil || !strings.Contains(err.Error(), "STREETSAFE_CACHE_MB") {
		t.Errorf("got %v, want an error that names STREETSAFE_CACHE_MB", err)
	}
}

func TestDemo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	url, stop := start(t, "demo", "--data", dir, "--reports", "2500", "--seed", "9")
	first := getJSON[totals](t, url+"/api/v1/summary")
	if first.Total != 2500 || !first.Synthetic {
		t.Errorf("the API says %+v", first)
	}
	stop()

	// A second start uses the data again.
	url, stop = start(t, "demo", "--data", dir)
	if second := getJSON[totals](t, url+"/api/v1/summary"); second != first {
		t.Errorf("the second start says %+v, the first %+v", second, first)
	}
	stop()

	if _, _, err := run(t, "demo", "--data", dir, "--reports", "99"); err == nil || !strings.Contains(err.Error(), "--reports 2500 --seed 9") {
		t.Errorf("other flags over the same data: %v", err)
	}
}

// A demo that was stopped while it made its data completes them.
func TestDemo_resumes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	url, stop := start(t, "demo", "--data", dir, "--reports", "2500")
	want := getJSON[totals](t, url+"/api/v1/summary")
	stop()
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
	url, _ = start(t, "demo", "--data", dir)
	if got := getJSON[totals](t, url+"/api/v1/summary"); got != want {
		t.Errorf("after resuming %+v, want %+v", got, want)
	}
}

func TestDemo_refusesOtherAddresses(t *testing.T) {
	for _, listen := range []string{":8080", "0.0.0.0:8080", "192.0.2.1:80", "[::]:8080", "example.org:80"} {
		_, _, err := run(t, "demo", "--data", t.TempDir(), "--listen", listen)
		if err == nil || !strings.Contains(err.Error(), "loopback only") {
			t.Errorf("demo --listen %s: got %v, want a refusal that says why", listen, err)
		}
	}
	for _, bad := range [][]string{
		{"--listen", "8080"}, {"--cache-mb", "-1"}, {"--basemap-url", "tiles/{z}/{x}/{y}"},
		{"--basemap-url", "https://t.example.org/{z}/{x}.png"}, {"--basemap-url", "https://t.example.org/{z}/{x}/{y}.png"},
	} {
		if _, _, err := run(t, append([]string{"serve", "--data", t.TempDir()}, bad...)...); err == nil || !strings.Contains(err.Error(), bad[0]) {
			t.Errorf("serve %s: got %v", strings.Join(bad, " "), err)
		}
	}
}

func TestServe_noStore(t *testing.T) {
	if _, _, err := run(t, "serve", "--data", filepath.Join(t.TempDir(), "none")); err == nil || !strings.Contains(err.Error(), "streetsafe import") {
		t.Errorf("got %v, want an error that says what to do", err)
	}
}

const threeReports = `external_id,lat,lng,occurred_at,factors
a1,51.3727,-0.1099,2026-01-09T22:30:00Z,badly_lit|followed
a2,51.3730,-0.1102,2026-01-10T12:00:00Z,badly_lit
a3,51.5074,-0.1278,2026-02-01T01:00:00Z,verbal_group
`

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

type importSummary struct {
	Read, Accepted, Duplicates, Revised, Rejected int64
	Rejects                                       string `json:"rejects_file"`
}

func importJSON(t *testing.T, args ...string) importSummary {
	t.Helper()
	var s importSummary
	out := mustRun(t, append([]string{"import", "--json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return s
}

func TestImport_twiceAddsNothing(t *testing.T) {
	dir, file := t.TempDir(), write(t, "three.csv", threeReports)
	if s := importJSON(t, "--data", dir, file); s.Read != 3 || s.Accepted != 3 {
		t.Errorf("first import: %+v", s)
	}
	if s := importJSON(t, "--data", dir, file); s.Accepted != 0 || s.Duplicates != 3 {
		t.Errorf("second import: %+v", s)
	}
}

func TestImport_rejects(t *testing.T) {
	dir := t.TempDir()
	file := write(t, "mixed.csv", threeReports+"a4,-0.11,51.37,2026-01-01,badly_lit\na5,51.37,-0.11,2026-01-01,dim\n")
	rejects := filepath.Join(dir, "out.csv")
	s := importJSON(t, "--data", dir, "--rejects", rejects, file)
	if s.Accepted != 3 || s.Rejected != 2 || s.Rejects != rejects {
		t.Errorf("got %+v", s)
	}
	got, err := os.ReadFile(rejects)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"line,field,value,reason,expected", "5,", "swapped_lat_lng", "6,factors,dim,unknown_factor"} {
		if !strings.Contains(string(got), want) {
			t.Errorf("the rejects lack %q:\n%s", want, got)
		}
	}
}

func TestImport_wrongFileStops(t *testing.T) {
	dir := t.TempDir()
	for name, file := range map[string]string{
		"another table": write(t, "wrong.csv", "name,age\nx,1\n"),
		"no file":       filepath.Join(dir, "missing.csv"),
	} {
		if _, errOut, err := run(t, "import", "--data", dir, file); err == nil || errOut == "" {
			t.Errorf("%s: error %v, message %q", name, err, errOut)
		}
	}
	if _, _, err := run(t, "import", "--data", dir, "--source", "x", "a.csv", "b.csv"); err == nil || !strings.Contains(err.Error(), "--source") {
		t.Errorf("--source with two files: %v", err)
	}
}

func TestImport_dryRunStoresNothing(t *testing.T) {
	dir, file := filepath.Join(t.TempDir(), "none"), write(t, "three.csv", threeReports)
	if s := importJSON(t, "--data", dir, "--dry-run", file); s.Accepted != 3 {
		t.Errorf("got %+v", s)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("a dry run made %s", dir)
	}
}

// An import beside a running server appears on its map without a restart.
func TestServe_followsImports(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	importJSON(t, "--data", dir, write(t, "three.csv", threeReports))
	url, _ := start(t, "serve", "--data", dir)
	if got := getJSON[totals](t, url+"/api/v1/summary"); got.Total != 3 || got.Synthetic {
		t.Fatalf("got %+v", got)
	}
	holdUnpublished(t, url)
	importJSON(t, "--data", dir, write(t, "more.csv", strings.ReplaceAll(threeReports, "2026-01", "2025-12")))
	waitFor(t, func() bool { return getJSON[totals](t, url+"/api/v1/summary").Total == 6 })

	// The same file with a changed row under its old name revises one report.
	revised := write(t, "more.csv", strings.ReplaceAll(strings.ReplaceAll(threeReports, "2026-01", "2025-12"), "verbal_group", "rundown"))
	if s := importJSON(t, "--data", dir, revised); s.Revised != 1 || s.Duplicates != 2 {
		t.Errorf("got %+v", s)
	}
	waitFor(t, func() bool { return getJSON[totals](t, url+"/api/v1/summary?factors=rundown").Total == 1 })
	if got := getJSON[totals](t, url+"/api/v1/summary"); got.Total != 6 {
		t.Errorf("after the revision the map has %d reports, want 6", got.Total)
	}
}

// waitFor asks until the answer is yes: the server looks at the store a few
// times a second.
func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	for range 20_000 {
		if ok() {
			return
		}
		if t.Context().Err() != nil {
			break
		}
	}
	t.Fatal("the map did not follow the store")
}

func TestDoctor(t *testing.T) {
	dir := t.TempDir()
	importJSON(t, "--data", dir, write(t, "three.csv", threeReports))
	var d diagnosis
	if err := json.Unmarshal([]byte(mustRun(t, "doctor", "--data", dir, "--json")), &d); err != nil {
		t.Fatal(err)
	}
	if !d.OK || d.Reports != 3 || len(d.Sources) != 1 || len(d.Checks) == 0 {
		t.Errorf("got %+v", d)
	}
	if out := mustRun(t, "doctor", "--data", dir); !strings.Contains(out, "Everything fits together.") {
		t.Errorf("got %s", out)
	}
	out, _, err := run(t, "doctor", "--data", filepath.Join(dir, "none"))
	if err == nil || !strings.Contains(out, "what to do: make one with") {
		t.Errorf("without a store: error %v\n%s", err, out)
	}
}

// A store that somebody else changed behind SQL's back is told.
func TestDoctor_damagedFile(t *testing.T) {
	dir := t.TempDir()
	importJSON(t, "--data", dir, write(t, "three.csv", threeReports))
	path := storage{dir: dir}.path()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 2 * 4096; i < len(b); i++ {
		b[i] ^= 0x5a
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, _, err := run(t, "doctor", "--data", dir); err == nil || !strings.Contains(out, "WRONG") {
		t.Errorf("a damaged file passed: error %v\n%s", err, out)
	}
}

func TestDoctor_url(t *testing.T) {
	t.Parallel()
	url, stop := start(t, "demo", "--data", t.TempDir(), "--reports", "10")
	if out := mustRun(t, "doctor", "--url", url); !strings.Contains(out, `"ready":true`) {
		t.Errorf("got %s", out)
	}
	stop()
	if _, _, err := run(t, "doctor", "--url", url); err == nil {
		t.Error("a server that is gone passed")
	}
}

func TestMigrate(t *testing.T) {
	dir := t.TempDir()
	if out := mustRun(t, "migrate", "up", "--data", dir); !strings.Contains(out, "0001") || !strings.Contains(out, "applied on") {
		t.Errorf("got %s", out)
	}
	if out := mustRun(t, "migrate", "status", "--data", dir); !strings.Contains(out, "applied on") {
		t.Errorf("got %s", out)
	}
}

func TestVersion(t *testing.T) {
	if out := mustRun(t, "version"); !strings.HasPrefix(out, "streetsafe dev (go") {
		t.Errorf("got %s", out)
	}
}
