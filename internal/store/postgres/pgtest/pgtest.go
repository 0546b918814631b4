// Package pgtest gives tests a real PostgreSQL: the one that
// STREETSAFE_TEST_POSTGRES_URL names, or one that it starts for them from the
// programs on this machine.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// EnvURL names the environment variable with the address of a server to test
// on: a role that may make databases.
const EnvURL = "STREETSAFE_TEST_POSTGRES_URL"

// ErrMissing says that this machine has no PostgreSQL to start.
var ErrMissing = errors.New("no PostgreSQL here: install it, or set " + EnvURL)

// startPatience is how long a server may take to start on a busy machine.
const startPatience = 60 * time.Second

// Server is a running server.
type Server struct {
	url     *url.URL
	dir     string    // "" when the server is not ours
	process *exec.Cmd // nil when it is not ours or stopped
	bin     string
	as      *syscall.Credential
}

// Main is the body of a TestMain: it starts a server, hands it over, runs the
// tests and stops the server. Where there is none, the tests run with nil, and
// Need says what becomes of them.
func Main(m *testing.M, use func(*Server)) int {
	s, err := Start()
	if err != nil && !errors.Is(err, ErrMissing) {
		fmt.Fprintln(os.Stderr, "start PostgreSQL:", err)
		return 1
	}
	if s != nil {
		defer s.Close()
	}
	use(s)
	return m.Run()
}

// Need returns the server. Without one it skips the test, except where CI is
// set: there it fails.
func Need(t testing.TB, s *Server) *Server {
	t.Helper()
	switch {
	case s != nil:
	case os.Getenv("CI") != "":
		t.Fatal(ErrMissing)
	default:
		t.Skip(ErrMissing)
	}
	return s
}

// Start starts a server on a free port of the loopback interface, or returns
// the one that EnvURL names.
func Start() (*Server, error) {
	if v := os.Getenv(EnvURL); v != "" {
		u, err := url.Parse(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", EnvURL, err)
		}
		return &Server{url: u}, nil
	}
	bin, err := findBin()
	if err != nil {
		return nil, err
	}
	as, err := credential()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "streetsafe-postgres-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, bin: bin, as: as}
	if err := s.initialise(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) initialise() error {
	if err := s.own(); err != nil {
		return err
	}
	init := s.command("initdb", "-D", s.data(), "-U", "streetsafe", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	if out, err := init.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	s.url = address(port)
	return s.Resume()
}

// own gives the directory to whom the server runs as.
func (s *Server) own() error {
	if s.as == nil {
		return nil
	}
	return os.Chown(s.dir, int(s.as.Uid), int(s.as.Gid))
}

func address(port int) *url.URL {
	return &url.URL{
		Scheme: "postgres", User: url.User("streetsafe"),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Path: "/postgres", RawQuery: "sslmode=disable",
	}
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// command runs a program of the server as a user who is not root, which
// PostgreSQL demands.
func (s *Server) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(s.bin, name), args...)
	c.Dir = s.dir
	if s.as != nil {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: s.as}
	}
	return c
}

// Resume starts the server that Stop has stopped and waits until it answers.
//
// fsync is off: these tests kill programs, not machines, and what a killed
// server has written stays in the memory of the machine.
func (s *Server) Resume() error {
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	p := s.command("postgres", "-D", s.data(), "-p", s.url.Port(), "-h", "127.0.0.1",
		"-c", "fsync=off", "-c", "unix_socket_directories=", "-c", "max_connections=200",
		"-c", "shared_buffers=128MB", "-c", "max_wal_size=2GB", "-c", "timezone=Pacific/Auckland")
	p.Stdout, p.Stderr = log, log
	if err := p.Start(); err != nil {
		return err
	}
	s.process = p
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
	defer cancel()
	for {
		c, err := pgx.Connect(ctx, s.url.String())
		if err == nil {
			return c.Close(ctx)
		}
		select {
		case <-ctx.Done():
			text, _ := os.ReadFile(log.Name())
			return fmt.Errorf("the server does not answer: %w: %s", err, text)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Stop ends the server at once, as a crash would. It recovers when it resumes.
func (s *Server) Stop() error {
	if s.process == nil {
		return nil
	}
	if err := s.process.Process.Signal(syscall.SIGQUIT); err != nil {
		return err
	}
	s.process.Wait() // its exit status says only that it was told to go
	s.process = nil
	return nil
}

// Close ends the server and removes its files, if they are ours.
func (s *Server) Close() error {
	err := s.Stop()
	if s.dir != "" {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}

// Ours reports whether the server may be stopped.
func (s *Server) Ours() bool { return s.dir != "" }

// NewDatabase makes an empty database and returns its URL. It is dropped when the
// test ends, unless the server is ours and goes as a whole: dropping takes a
// checkpoint each time.
func (s *Server) NewDatabase(t testing.TB) string {
	t.Helper()
	name := "test_" + uuid.NewString()
	s.admin(t, `CREATE DATABASE `+pgx.Identifier{name}.Sanitize())
	if s.Ours() {
		return s.databaseURL(name)
	}
	t.Cleanup(func() {
		s.admin(t, `DROP DATABASE IF EXISTS `+pgx.Identifier{name}.Sanitize()+` WITH (FORCE)`)
	})
	return s.databaseURL(name)
}

func (s *Server) databaseURL(name string) string {
	u := *s.url
	u.Path = "/" + name
	return u.String()
}

func (s *Server) admin(t testing.TB, query string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
	defer cancel()
	c, err := pgx.Connect(ctx, s.url.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, query); err != nil {
		t.Fatal(err)
	}
}

// findBin returns the directory with initdb and postgres: on the path, or where
// Debian keeps them.
func findBin() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(real), nil
		}
	}
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // fails only for a bad pattern
	for i := len(dirs) - 1; i >= 0; i-- {
		if _, err := os.Stat(filepath.Join(dirs[i], "initdb")); err == nil {
			return dirs[i], nil
		}
	}
	return "", ErrMissing
}

// credential returns whom the server runs as when we are root, else nil.
func credential() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
		gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(errUID, errGID)
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
