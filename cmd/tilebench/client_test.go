package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

func endpointOf(s *httptest.Server) endpoint {
	addr := s.Listener.Addr().String()
	return endpoint{addr: addr, host: addr, accept: "gzip"}
}

func TestClient_get(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Host", r.Host)
		w.Header().Set("Content-Type", r.Header.Get("Accept-Encoding"))
		switch r.URL.Path {
		case "/empty":
			w.WriteHeader(http.StatusNoContent)
		case "/chunks":
			for i := range 3 {
				fmt.Fprintf(w, "%d", i)
				_ = http.NewResponseController(w).Flush()
			}
		case "/bye":
			w.Header().Set("Connection", "close")
			fmt.Fprint(w, "bye")
		case "/large":
			_, _ = w.Write(bytes.Repeat([]byte("x"), 300_000))
		default:
			fmt.Fprint(w, r.URL.RequestURI())
		}
	}))
	defer s.Close()
	c := endpointOf(s).client()
	defer c.close()
	for _, keep := range []bool{true, false} {
		for _, tt := range []struct{ path, body string }{
			{"/a?b=c", "/a?b=c"}, {"/empty", ""}, {"/chunks", "012"}, {"/bye", "bye"}, {"/after", "/after"},
			{"/large", strings.Repeat("x", 300_000)}, {"/end", "/end"},
		} {
			var a answer
			if err := c.get([]byte(tt.path), &a, keep); err != nil {
				t.Fatalf("%s: %v", tt.path, err)
			}
			if a.size != len(tt.body) || keep && string(a.body) != tt.body {
				t.Errorf("%s: %d bytes, want %d", tt.path, a.size, len(tt.body))
			}
			if keep && tt.body != "" && a.typ != "gzip" {
				t.Errorf("%s: the server saw Accept-Encoding %q", tt.path, a.typ)
			}
		}
	}
}

// A server may end a connection that waits for its next request at any time.
func TestClient_get_afterHangUp(t *testing.T) {
	var opened atomic.Int32
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			opened.Add(1)
			b := make([]byte, 1024)
			if _, err := conn.Read(b); err == nil {
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na")
			}
			_ = conn.Close()
		}
	}()
	c := endpoint{addr: l.Addr().String(), host: "x"}.client()
	defer c.close()
	var a answer
	for range 3 {
		if err := c.get([]byte("/"), &a, false); err != nil {
			t.Fatal(err)
		}
	}
	if opened.Load() != 3 {
		t.Errorf("%d connections for three answers", opened.Load())
	}
}

func TestClient_get_nobodyThere(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	e := endpointOf(s)
	s.Close()
	var a answer
	if err := e.client().get([]byte("/"), &a, false); err == nil {
		t.Error("no error without a server")
	}
}

func TestDrive_everyRequestOnce(t *testing.T) {
	tr := testTrace(t, 1, 3000)
	to, err := parseTarget("/{z}/{x}/{y}{filter}")
	if err != nil {
		t.Fatal(err)
	}
	for _, conns := range []int{1, 7} {
		var asked atomic.Int64
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			switch {
			case strings.HasPrefix(r.URL.Path, "/6/"):
				w.WriteHeader(http.StatusNoContent)
			case strings.HasPrefix(r.URL.Path, "/7/"):
				http.Error(w, "no", http.StatusInternalServerError)
			default:
				fmt.Fprint(w, r.URL.RequestURI())
			}
		}))
		got, err := drive(endpointOf(s), to, tr, conns)
		s.Close()
		if err != nil {
			t.Fatal(err)
		}
		if asked.Load() != int64(len(tr.requests)) {
			t.Errorf("%d connections: %d requests, want %d", conns, asked.Load(), len(tr.requests))
		}
		for i, r := range tr.requests {
			want, size := 200, len(to.appendPath(nil, tr, r))
			switch r.z {
			case 6:
				want, size = 204, 0
			case 7:
				want, size = 500, len("no\n")
			}
			if int(got.status[i]) != want || int(got.sizes[i]) != size || got.times[i] <= 0 {
				t.Fatalf("request %d: status %d, %d bytes, %v; want %d, %d", i, got.status[i], got.sizes[i], got.times[i], want, size)
			}
		}
	}
}

func TestDrive_brokenServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "SSH-2.0-OpenSSH\r\n")
			_ = conn.Close()
		}
	}()
	to, err := parseTarget("/{z}/{x}/{y}")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := drive(endpoint{addr: l.Addr().String()}, to, testTrace(t, 1, 100), 4); err == nil {
		t.Error("no error from a server that does not speak HTTP")
	}
}

func TestCall_likeHTTP(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("dark") != "" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		fmt.Fprint(w, r.URL.RequestURI(), r.Header.Get("Accept-Encoding"))
	})
	s := httptest.NewServer(h)
	defer s.Close()
	tr := testTrace(t, 2, 1000)
	to, err := parseTarget("/{z}/{x}/{y}{filter}")
	if err != nil {
		t.Fatal(err)
	}
	direct, err := call(h, to, tr, "gzip")
	if err != nil {
		t.Fatal(err)
	}
	wire, err := drive(endpointOf(s), to, tr, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i := range tr.requests {
		if direct.status[i] != wire.status[i] || direct.sizes[i] != wire.sizes[i] {
			t.Fatalf("request %d: %d, %d bytes in the handler; %d, %d over HTTP", i, direct.status[i], direct.sizes[i], wire.status[i], wire.sizes[i])
		}
	}
}

func TestRecord_sameBytes(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["ETag"] = []string{`"` + r.RequestURI + `"`}
		w.Header().Set("Content-Type", "text/x")
		if strings.Contains(r.RequestURI, "dark") {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		fmt.Fprint(w, r.RequestURI)
	})
	tr := testTrace(t, 3, 500)
	to, err := parseTarget("/{z}/{x}/{y}{filter}")
	if err != nil {
		t.Fatal(err)
	}
	b, covered, err := record(h, to, tr, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(covered.requests) != len(tr.requests) {
		t.Fatalf("%d of %d requests covered", len(covered.requests), len(tr.requests))
	}
	for _, r := range tr.requests {
		path := string(to.appendPath(nil, tr, r))
		want, got := httptest.NewRecorder(), httptest.NewRecorder()
		req := httptest.NewRequest(http.MethodGet, path, nil)
		h.ServeHTTP(want, req)
		b.ServeHTTP(got, req)
		if got.Code != want.Code || got.Body.String() != want.Body.String() || etagOf(got.Header()) != etagOf(want.Header()) {
			t.Fatalf("%s: %d %q, want %d %q", path, got.Code, got.Body, want.Code, want.Body)
		}
	}
	rec := httptest.NewRecorder()
	if b.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/other", nil)); rec.Code != http.StatusNotFound {
		t.Errorf("unknown path: %d", rec.Code)
	}
	broken := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) })
	if _, _, err := record(broken, to, tr, ""); err == nil {
		t.Error("no error from a handler that fails")
	}
}

func TestParseURL(t *testing.T) {
	good := []struct{ raw, addr, host, path string }{
		{"http://127.0.0.1:7800/public.hex/{z}/{x}/{y}.pbf?a=b", "127.0.0.1:7800", "127.0.0.1:7800", "/public.hex/3/1/2.pbf?a=b"},
		{"http://localhost/{z}/{x}/{y}", "localhost:80", "localhost", "/3/1/2"},
		{"http://[::1]:99/t/{z}/{x}/{y}", "[::1]:99", "[::1]:99", "/t/3/1/2"},
	}
	tr := &trace{queries: []string{""}}
	for _, tt := range good {
		e, to, err := parseURL(tt.raw)
		if err != nil {
			t.Errorf("%s: %v", tt.raw, err)
			continue
		}
		path := string(to.appendPath(nil, tr, request{z: 3, x: 1, y: 2}))
		if e.addr != tt.addr || e.host != tt.host || path != tt.path {
			t.Errorf("%s: %s, %s, %s", tt.raw, e.addr, e.host, path)
		}
	}
	for _, bad := range []string{
		"", "127.0.0.1:80/{z}/{x}/{y}", "https://127.0.0.1/{z}/{x}/{y}", "http://127.0.0.1/", "http://%zz/{z}/{x}/{y}",
		"http://example.org/{z}/{x}/{y}", "http://10.0.0.1/{z}/{x}/{y}", "http://127.0.0.1.example.org/{z}/{x}/{y}", // others' servers
	} {
		if _, _, err := parseURL(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

// BenchmarkClient compares the driver's client with net/http's on answers of
// a tile's size: what it costs is taken from the server on the same cores.
func BenchmarkClient(b *testing.B) {
	body := bytes.Repeat([]byte("x"), 2000)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }))
	defer s.Close()
	b.Run("own", func(b *testing.B) {
		c := endpointOf(s).client()
		defer c.close()
		var a answer
		b.ReportAllocs()
		for b.Loop() {
			if err := c.get([]byte("/12/2046/1364.mvt"), &a, false); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("net-http", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r, err := s.Client().Get(s.URL + "/12/2046/1364.mvt")
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				b.Fatal(err)
			}
			_ = r.Body.Close()
		}
	})
	b.Run("own-reading-only", func(b *testing.B) {
		text := []byte("HTTP/1.1 200 OK\r\nContent-Type: application/vnd.mapbox-vector-tile\r\nCache-Control: private, no-cache\r\n" +
			"Etag: \"0123456789abcdef0123456789abcdef\"\r\nContent-Length: 2000\r\n\r\n" + string(body))
		var a answer
		src := bytes.NewReader(text)
		r := bufio.NewReaderSize(src, readBuffer)
		b.ReportAllocs()
		for b.Loop() {
			src.Reset(text)
			r.Reset(src)
			if err := readAnswer(r, &a, false); err != nil {
				b.Fatal(err)
			}
		}
	})
}
