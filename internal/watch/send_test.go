package watch_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/streetsafe/streetsafe/internal/watch"
)

// clock is a time that a test moves on.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

type flaky struct {
	fail int
	got  []watch.Message
}

func (f *flaky) Send(_ context.Context, m watch.Message) error {
	f.got = append(f.got, m)
	if len(f.got) <= f.fail {
		return errors.New("nobody there")
	}
	return nil
}

func TestWatcher_Deliver(t *testing.T) {
	c, sink := &clock{now}, &flaky{fail: 2}
	b := newBench(t, officer(), history(t, 32), sink)
	b.Now = c.now
	b.save(t, wish)
	b.alerts(t)
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{0, 1}, {0, 1}, {59 * time.Second, 1}, {time.Minute, 2}, {4 * time.Minute, 3}, {100 * time.Hour, 3}} {
		c.at = c.at.Add(step.after)
		if err := b.Deliver(context.Background(), "https://hub.example.org"); err != nil {
			t.Fatal(err)
		}
		if len(sink.got) != step.want {
			t.Errorf("after another %s: tried %d times, want %d", step.after, len(sink.got), step.want)
		}
	}
	m := sink.got[0]
	if m.Event != "alert" || m.View != wish.Name || m.Link != "https://hub.example.org/hub?at=51.5,-0.1,14" || m.Reports != 32 || m.ID != sink.got[2].ID {
		t.Errorf("%+v", m)
	}
}

func TestWebhook_Send(t *testing.T) {
	secret, status := []byte("0123456789abcdef"), http.StatusNoContent
	var problem string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var m watch.Message
		if err := json.Unmarshal(body, &m); err != nil || m.View != "Soho" || m.To != "" || strings.Contains(string(body), "ann@") {
			problem = fmt.Sprintf("body %s, %v", body, err)
		}
		if got, want := r.Header.Get(watch.SignatureHeader), watch.Sign(secret, now, body); got != want || !strings.HasPrefix(got, fmt.Sprintf("t=%d,v1=", now.Unix())) || got == watch.Sign([]byte("x"), now, body) {
			problem = "signature " + got
		}
		if status == http.StatusFound {
			w.Header().Set("Location", "http://127.0.0.1:1/")
		}
		w.WriteHeader(status)
	}))
	defer srv.Close()
	h := &watch.Webhook{URL: srv.URL, Secret: secret, Now: func() time.Time { return now }}
	m := watch.Message{Event: "alert", View: "Soho", To: "ann@example.org"}
	for _, c := range []struct {
		status int
		ok     bool
	}{{204, true}, {200, true}, {500, false}, {302, false}} {
		status = c.status
		if err := h.Send(context.Background(), m); (err == nil) != c.ok || problem != "" {
			t.Errorf("status %d: %v; %s", c.status, err, problem)
		}
	}
}

// mailServer takes one mail and returns what it heard.
func mailServer(t *testing.T) (addr string, heard <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	out := make(chan string, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		var all strings.Builder
		say := func(s string) { fmt.Fprint(conn, s+"\r\n") }
		say("220 test")
		in, data := bufio.NewScanner(conn), false
		for in.Scan() {
			line := in.Text()
			all.WriteString(line + "\n")
			switch {
			case data && line == ".":
				data = false
				say("250 taken")
			case data:
			case strings.HasPrefix(line, "EHLO"):
				say("250 test")
			case line == "DATA":
				data = true
				say("354 go on")
			case line == "QUIT":
				say("221 bye")
				out <- all.String()
				return
			default:
				say("250 ok")
			}
		}
	}()
	return l.Addr().String(), out
}

func TestMail_Send(t *testing.T) {
	addr, heard := mailServer(t)
	m := &watch.Mail{Addr: addr, From: "hub@example.org", Insecure: true, Now: func() time.Time { return now }}
	err := m.Send(context.Background(), watch.Message{ID: 7, View: "Soho\r\nBcc: x@example.org", Sentence: "32 reports, expected 10.", Link: "https://hub.example.org/hub", To: "ann@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	got := <-heard
	for _, want := range []string{"MAIL FROM:<hub@example.org>", "RCPT TO:<ann@example.org>", "Message-ID: <alert-7@example.org>", "32 reports, expected 10."} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %q:\n%s", want, got)
		}
	}
	if head, _, _ := strings.Cut(got, "\n\n"); strings.Contains(head, "\nBcc:") {
		t.Errorf("a view's name added a header:\n%s", head)
	}
	if err := m.Send(context.Background(), watch.Message{}); err != nil {
		t.Errorf("nobody to write to: %v", err)
	}
	// Without TLS nothing is said, unless the operator allows it.
	addr, _ = mailServer(t)
	m = &watch.Mail{Addr: addr, From: "hub@example.org", Now: func() time.Time { return now }}
	if err := m.Send(context.Background(), watch.Message{To: "ann@example.org"}); err == nil {
		t.Error("a mail is sent in the clear")
	}
}
