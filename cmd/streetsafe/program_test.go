package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/internal/store/postgres"
	"github.com/streetsafe/streetsafe/internal/store/postgres/pgtest"
	"github.com/streetsafe/streetsafe/internal/store/sqlite"
)

// patience is how long a test waits for what must come, before it fails.
const patience = 60 * time.Second

// shared is what the tests with real processes have in common, made when the
// first of them needs it.
var shared struct {
	program  func() (string, error)         // path of the built program
	database func() (*pgtest.Server, error) // a PostgreSQL, nil where there is none
}

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	manyWait()
	dir, err := os.MkdirTemp("", "streetsafe-program-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	var running *pgtest.Server
	defer func() {
		if running != nil {
			running.Close()
		}
	}()
	shared.program = sync.OnceValues(func() (string, error) {
		path := filepath.Join(dir, "streetsafe")
		if out, err := exec.Command("go", "build", "-buildvcs=false", "-ldflags=-s -w", "-o", path, ".").CombinedOutput(); err != nil {
			return "", fmt.Errorf("build the program: %w: %s", err, out)
		}
		return path, nil
	})
	shared.database = sync.OnceValues(func() (s *pgtest.Server, err error) {
		running, err = pgtest.Start()
		if errors.Is(err, pgtest.ErrMissing) {
			return nil, nil
		}
		return running, err
	})
	flag.Parse()
	if flag.Lookup("test.run").Value.String() == "" { // nearly all tests: begin with what takes long
		go shared.program()
	}
	return m.Run()
}

// manyWait lets more tests run at once than there are processors: they wait for
// databases, time-outs and paced answers more than they work.
func manyWait() {
	if err := flag.Set("test.parallel", "4"); err != nil {
		panic(err) // package testing has renamed it
	}
}

// needDatabase returns the shared PostgreSQL.
func needDatabase(t *testing.T) *pgtest.Server {
	t.Helper()
	s, err := shared.database()
	if err != nil {
		t.Fatal(err)
	}
	return pgtest.Need(t, s)
}

// ownDatabase starts a PostgreSQL that the test may stop.
func ownDatabase(t *testing.T) *pgtest.Server {
	t.Helper()
	if !needDatabase(t).Ours() {
		t.Skip("the server is not ours to stop")
	}
	s, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// keep makes a database outlive a test whose whole server goes.
type keep struct{ testing.TB }

func (keep) Cleanup(func()) {}

// process is a running program.
type process struct {
	t         *testing.T
	name      string
	args      []string
	cmd       *exec.Cmd
	url       string // of a server, once it listens
	out       output
	log       output
	user      *url.Userinfo // who fetches; made when first needed
	listening chan string
	ended     chan struct{}
	err       error // how it ended, once ended is closed
}

// output is what a process has written so far.
type output struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// launch starts the built program, and waits until a server listens.
func launch(t *testing.T, args ...string) *process {
	t.Helper()
	p := launchOnly(t, args...)
	if args[0] != "serve" {
		return p
	}
	select {
	case p.url = <-p.listening:
	case <-p.ended:
	case <-time.After(patience):
	}
	if p.url == "" {
		t.Fatalf("%s did not start: %s", p.name, p.log.String())
	}
	return p
}

// launchOnly starts the built program. It is killed when the test ends.
func launchOnly(t *testing.T, args ...string) *process {
	t.Helper()
	path, err := shared.program()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, name: strings.Join(args[:min(2, len(args))], " "), args: args, cmd: exec.Command(path, args...), ended: make(chan struct{}), listening: make(chan string, 1)}
	p.cmd.Dir = t.TempDir()
	p.cmd.Stderr = &p.log
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			fmt.Fprintln(&p.out, lines.Text())
			if address, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
				p.listening <- address
			}
		}
		p.err = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("log of %s:\n%s", p.name, p.log.String())
		}
	})
	return p
}

// serveStore starts a server. It keeps its saved map in a directory of its own.
func serveStore(t *testing.T, s storage, args ...string) *process {
	t.Helper()
	return launch(t, append(serveArgs(t, s), args...)...)
}

func serveArgs(t *testing.T, s storage) []string {
	if s.url == "" {
		return []string{"serve", "--listen", "127.0.0.1:0", "--proof-bits", "-1", "--data", s.dir}
	}
	args := []string{"serve", "--listen", "127.0.0.1:0", "--proof-bits", "-1", "--data", t.TempDir(), "--database-url", s.url}
	if s.readURL != "" {
		args = append(args, "--database-read-url", s.readURL)
	}
	return args
}

// kill ends a process as kill -9 does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.ended
}

// stop ends a server in good order.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Error(err)
	}
	if err := p.wait(); err != nil {
		p.t.Errorf("%s ended with %v", p.name, err)
	}
}

// wait returns how a process ended.
func (p *process) wait() error {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.err
	case <-time.After(patience):
		p.t.Fatalf("%s does not end", p.name)
		return nil
	}
}

// eventually asks until the answer is yes, and fails the test after patience.
func eventually(t *testing.T, what string, yes func() bool) time.Duration {
	t.Helper()
	start := time.Now()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for !yes() {
		if time.Since(start) > patience {
			t.Fatalf("gave up waiting: %s", what)
		}
		<-look.C
	}
	return time.Since(start)
}

// client gives up on a server that hangs.
var client = &http.Client{Timeout: 20 * time.Second}

// ready is the answer of /readyz.
type ready struct {
	Ready      bool
	Reason     string
	Behind     uint64
	Generation uint64
	Reports    int64
}

func (p *process) ready() ready {
	p.t.Helper()
	var r ready
	status, body := p.fetch("/readyz")
	if err := json.Unmarshal(body, &r); err != nil || status != http.StatusOK {
		p.t.Fatalf("/readyz: status %d, %v: %s", status, err, body)
	}
	return r
}

// credentials makes an account for the server with these arguments.
func credentials(t *testing.T, args []string) *url.Userinfo {
	t.Helper()
	u, err := url.Parse(authorised(t, "http://localhost", args))
	if err != nil {
		t.Fatal(err)
	}
	return u.User
}

// look gets a path and returns the status, 0 when there was no answer.
func (p *process) look(path string) int {
	req, err := http.NewRequest(http.MethodGet, p.url+path, nil)
	if err != nil {
		return 0
	}
	req.URL.User = p.user
	resp, err := client.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0
	}
	return resp.StatusCode
}

// fetch gets a path, which must be answered.
func (p *process) fetch(path string) (status int, body []byte) {
	p.t.Helper()
	if p.user == nil {
		p.user = credentials(p.t, p.args)
	}
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.url+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	req.URL.User = p.user
	resp, err := client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(resp.Body); err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, body
}

// logIn tries to log in and returns the status, 0 without an answer.
func (p *process) logIn() int {
	resp, err := client.PostForm(p.url+"/login", url.Values{"email": {"o@example.org"}, "password": {"three random words"}})
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// submit sends a report with a key of its own through the API, as nobody in
// particular, and returns the status, 0 when there was no answer.
func (p *process) submit(key string) int {
	body := fmt.Sprintf(`{"lat":51.3762,"lng":-0.0982,"factors":["badly_lit"],"day":%q,"key":%q}`, report.DayOf(time.Now()).String(), key)
	resp, err := client.Post(p.url+"/api/v1/reports", "application/json", strings.NewReader(body))
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0
	}
	if resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") == "" {
		p.t.Error("refused without a Retry-After")
	}
	return resp.StatusCode
}

// openAt opens a store, made where there is none, whose clock may stand back.
func openAt(t *testing.T, s storage, now func() time.Time) store.Store {
	t.Helper()
	var st store.Store
	var err error
	if s.url != "" {
		st, err = postgres.Open(t.Context(), postgres.Options{URL: s.url, Migrate: true, MaxConns: 4, Now: now})
	} else {
		st, err = sqlite.Open(t.Context(), s.path(), sqlite.Options{Create: true, Now: now})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

// daysAgo is a clock that stands back.
func daysAgo(n int) func() time.Time {
	return func() time.Time { return time.Now().AddDate(0, 0, -n) }
}

// engines runs a test on both engines.
func engines(t *testing.T, test func(*testing.T, storage)) {
	t.Run("sqlite", func(t *testing.T) { test(t, storage{dir: t.TempDir()}) })
	t.Run("postgres", func(t *testing.T) { test(t, storage{url: needDatabase(t).NewDatabase(t)}) })
}

// wantExactly wants a store to hold so many reports, published and waiting, and
// nothing wrong with it.
func wantExactly(t *testing.T, st store.Store, published, waiting int64) {
	t.Helper()
	ctx := context.Background()
	n, err := st.Count(ctx, report.Filter{}, 0)
	if err != nil || n != published {
		t.Errorf("%d reports are published, %v; want %d", n, err, published)
	}
	w, err := st.Waiting(ctx)
	if err != nil || w != waiting {
		t.Errorf("%d reports wait, %v; want %d", w, err, waiting)
	}
	problems, err := st.Check(ctx)
	if err != nil {
		t.Error(err)
	}
	for _, p := range problems {
		t.Error(p.What)
	}
}
