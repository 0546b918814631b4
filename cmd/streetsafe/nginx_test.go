package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
)

// frontEnd is an nginx with the configuration of the documentation.
type frontEnd struct {
	t      *testing.T
	dir    string
	client *http.Client // resolves every name to it and trusts its certificate
}

// startNginx runs docs/nginx.conf with other addresses and files in it.
func startNginx(t *testing.T, first, second, public string) frontEnd {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		if program = "/usr/sbin/nginx"; os.Getenv("CI") != "" {
			t.Fatal("no nginx here: install it")
		} else if _, err := os.Stat(program); err != nil {
			t.Skip("no nginx here: install it")
		}
	}
	conf, err := os.ReadFile("../../docs/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	roots := certificate(t, dir)
	port := freePort(t)
	text := strings.NewReplacer(
		"127.0.0.1:8081", first, "127.0.0.1:8082", second, "127.0.0.1:8090", public,
		"listen 443 ssl", "listen 127.0.0.1:"+port+" ssl",
		"/etc/ssl/certs/", dir+"/", "/etc/ssl/private/", dir+"/",
		"/var/cache/nginx", dir, "/var/log/nginx", dir,
	).Replace(string(conf))
	main := fmt.Sprintf("%[3]sdaemon off;\nworker_processes 1;\npid %[1]s/pid;\nerror_log %[1]s/errors.log;\nevents {}\nhttp {\n"+
		"client_body_temp_path %[1]s/body;\nproxy_temp_path %[1]s/proxy;\nfastcgi_temp_path %[1]s/f;\nuwsgi_temp_path %[1]s/u;\nscgi_temp_path %[1]s/s;\n%[2]s}\n", dir, text, workers())
	path := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(path, []byte(main), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-c", path, "-p", dir)
	var said output
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // ends it and its workers
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	})
	f := frontEnd{t, dir, &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", "127.0.0.1:"+port)
		},
	}}}
	eventually(t, "nginx answers", func() bool {
		resp, err := f.client.Get("https://hub.example.org/healthz")
		if err == nil {
			resp.Body.Close()
		}
		return err == nil
	})
	return f
}

// workers lets those that nginx starts as root read the test's directory.
func workers() string {
	if os.Getuid() == 0 {
		return "user root;\n"
	}
	return ""
}

// certificate writes a certificate for the names in the documentation.
func certificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: []string{"hub.example.org", "public.example.org"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range template.DNSNames {
		for ending, block := range map[string]*pem.Block{".pem": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "PRIVATE KEY", Bytes: private}} {
			if err := os.WriteFile(filepath.Join(dir, name+ending), pem.EncodeToMemory(block), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(c)
	return pool
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func (f frontEnd) get(address string, user *url.Userinfo) (status int, head http.Header, body []byte) {
	f.t.Helper()
	req, err := http.NewRequestWithContext(f.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	req.URL.User = user
	resp, err := f.client.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(resp.Body); err != nil {
		f.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, body
}

// Behind nginx with the documented configuration a replica may die without
// anybody noticing, what is private is not kept, what is public is, and nothing
// of a sender is written down.
func TestNginx(t *testing.T) {
	t.Parallel()
	s := storage{url: needDatabase(t).NewDatabase(t)}
	st := openAt(t, s, nil)
	insert(t, st, "a", 200)
	user := credentials(t, serveArgs(t, s))
	options := []string{"--public-url", "https://hub.example.org", "--trusted-proxy", "127.0.0.0/8"}
	one, two := serveStore(t, s, options...), serveStore(t, s, options...)
	var asked atomic.Int64
	public := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		fmt.Fprint(w, "a tile for everybody")
	}))
	defer public.Close()
	host := func(address string) string { return strings.TrimPrefix(address, "http://") }
	f := startNginx(t, host(one.url), host(two.url), host(public.URL))

	const tile = "https://hub.example.org" + croydonTile
	status, head, want := f.get(tile, user)
	if status != http.StatusOK || len(want) == 0 || !strings.Contains(head.Get("Cache-Control"), "private") {
		t.Fatalf("a tile: status %d, %d bytes, %v", status, len(want), head)
	}
	if status, _, _ := f.get(tile, nil); status != http.StatusUnauthorized {
		t.Errorf("a tile for nobody after one for an officer: status %d", status)
	}
	key := uuid.NewString()
	f.post(key)

	one.kill()
	for range 20 {
		if status, _, body := f.get(tile, user); status != http.StatusOK || !bytes.Equal(body, want) {
			t.Errorf("after a replica was killed: status %d, %d bytes", status, len(body))
		}
	}
	f.post(key)
	f.post(uuid.NewString())
	wantExactly(t, st, 200, 2)

	for range 3 {
		if status, _, body := f.get("https://public.example.org/2026-H1/8/127/85.mvt", nil); status != http.StatusOK || string(body) != "a tile for everybody" {
			t.Errorf("a public tile: status %d, %q", status, body)
		}
	}
	if asked.Load() != 1 {
		t.Errorf("the public server was asked %d times for one tile", asked.Load())
	}
	public.Close()
	if status, _, _ := f.get("https://public.example.org/2026-H1/8/127/85.mvt", nil); status != http.StatusOK {
		t.Errorf("a public tile without its server: status %d", status)
	}
	f.wantNoTrace(key)
}

// post sends a report.
func (f frontEnd) post(key string) {
	f.t.Helper()
	body := fmt.Sprintf(`{"lat":51.3762,"lng":-0.0982,"factors":["badly_lit"],"key":%q}`, key)
	resp, err := f.client.Post("https://hub.example.org/api/v1/reports", "application/json", strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		f.t.Errorf("a report through nginx: status %d", resp.StatusCode)
	}
}

// wantNoTrace looks for a report in everything that nginx has written.
func (f frontEnd) wantNoTrace(key string) {
	f.t.Helper()
	err := filepath.WalkDir(f.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || filepath.Base(path) == "nginx.conf" {
			return err
		}
		text, err := os.ReadFile(path)
		for _, never := range []string{key, "51.3762", "/api/v1/reports", "client: "} {
			if bytes.Contains(text, []byte(never)) {
				f.t.Errorf("%s has %q", path, never)
			}
		}
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
}
