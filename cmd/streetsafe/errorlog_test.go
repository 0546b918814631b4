package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
)

// A request that panics is the one thing of which net/http logs who sent it.
func TestServeHTTP_logsNoAddress(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- serveHTTP(ctx, log, listener, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("the handler failed") }))
	}()
	if r, err := http.Get("http://" + listener.Addr().String() + "/"); err == nil {
		_, _ = io.Copy(io.Discard, r.Body)
		r.Body.Close()
		t.Errorf("status %d from a handler that panics", r.StatusCode)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, "panic serving a client: the handler failed") || strings.Contains(text, "127.0.0.1") {
		t.Errorf("logged: %s", text)
	}
}

func TestErrorLog(t *testing.T) {
	for message, want := range map[string]string{
		"http: TLS handshake error from 192.0.2.7:40312: EOF":       "http: TLS handshake error from a client: EOF",
		"http: TLS handshake error from [2001:db8::7%eth0]:1: EOF":  "http: TLS handshake error from a client: EOF",
		"http: Accept error: too many open files; retrying in 5ms":  "http: Accept error: too many open files; retrying in 5ms",
		"http: superfluous response.WriteHeader call from x.go:12:": "http: superfluous response.WriteHeader call from x.go:12:",
	} {
		var out bytes.Buffer
		errorLog(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))).Print(message)
		if !strings.Contains(out.String(), `msg="`+want+`"`) {
			t.Errorf("%q is logged as %s", message, out.String())
		}
	}
}
